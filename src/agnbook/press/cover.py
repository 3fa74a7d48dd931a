"""The cover's picture and answers, drawn and written from the published claims.

Numbers come from claims and the sentences around them say what was measured, never which way it came out.
"""

import math
from collections import Counter
from dataclasses import dataclass
from html import escape

from agnbook.chapter import claims
from agnbook.press import reading, tables

#: What a three-sigma interval of a normal distribution promises.
THREE_SIGMA = math.erf(3 / math.sqrt(2))


@dataclass(frozen=True)
class Line:
    """One line of the picture.

    Attributes
    ----------
    title : what is measured.
    ours : claim on the paper's own kind of sample; its `paper` is the paper's value.
    later : claim on data that came after the paper, "" where there are none.
    low, high : ends of the axis.
    better : "left" or "right", where a better method lies.
    promised : stands for the paper's value where the paper promises rather than measures.
    """

    title: str
    ours: str
    later: str
    low: float
    high: float
    better: str
    promised: float | None = None


LINES = (
    Line("Redshift: root mean squared error", "redshift.flipout.rmse", "later.redshift.paper_rmse", 0.2, 0.6, "left"),
    Line("Redshift: truth within ± 3 sigma", "redshift.flipout.coverage997", "later.redshift.paper_coverage3sigma", 0, 1,
         "right", THREE_SIGMA),
    Line("BL Lac or FSRQ: accuracy", "classes.bias_init.accuracy", "later.bcu.bias_init.accuracy", 0.8, 1, "right"),
    Line("AGN or Galactic: area under the ROC curve", "shift.auc_two_class_unweighted", "later.two_class.auc.observed", 0.8, 1,
         "right"),
    Line("21 parameters of a simulated light curve: mean absolute error / prior sd", "banp.mae", "", 0, 0.6,
         "left"),
    Line("Mass of a simulated black hole: mean absolute error / dex", "banp.logm_mae", "", 0, 0.4,
         "left"),
)  # fmt: skip

#: Question -> (part, answer). A name in braces is a claim: its value, ``|paper`` the paper's, ``|n`` its sample, ``|%`` per cent.
ANSWERS = {
    "How far away is a blazar, of which kind, and how sure are we?": (
        "I",
        "A catalogue's columns give its redshift to {redshift.best.rmse} rms and its kind in {classes.best.accuracy|%} of cases. "
        "Three-sigma error bars hold {redshift.coverage997.lowest|%} to {redshift.coverage997.highest|%} of the true redshifts "
        "as the paper draws them, {redshift.best.coverage997|%} as this book does.",
    ),
    "Are the sources we ask about like those we learned from?": (
        "II",
        "Weighted until they look like the unknown ones, {shift.n_eff|n} known sources are worth {shift.n_eff}. An active galaxy "
        "outranks a Galactic source in {shift.auc_two_class_unweighted|%} of all pairs of known ones, and in "
        "{later.two_class.auc.observed|%} among {later.two_class.auc.observed|n} that were identified since.",
    ),
    "What does the flicker of a quasar tell about its black hole?": (
        "III",
        "In simulations its mass to {banp.logm_mae} dex (the paper: {banp.logm_mae|paper}). For {quasars.mass.gain|n} real "
        "quasars redshift and luminosity give it to {quasars.mass.rms_luminosity} dex, and flicker changes that by "
        "{quasars.mass.gain} dex.",
    ),
    "What came true?": (
        "IV",
        "{later.new_associations} of {later.new_associations|n} unknown sources have a counterpart now, and {later.redshift.n} "
        "active galaxies a redshift: {later.redshift.coverage95|%} of those lie inside this book's 95 % intervals. "
        "{later.sealed.unassociated} new forecasts are sealed and wait.",
    ),
}  # fmt: skip


#: Part -> the number of the chapter that opens it, and what that is.
OPENERS = {
    "I": ("10", "The paper on one page"),
    "II": ("20", "The paper on one page"),
    "III": ("30", "The paper on one page"),
    "IV": ("41", "Follow the sources"),
}


def _answer(text: str, found: dict[str, dict]) -> str:
    """Fill a template of `ANSWERS`; a `KeyError` names a claim that is not published."""
    parts = []
    for number, piece in enumerate(text.replace("}", "{").split("{")):
        if number % 2 == 0:
            parts.append(piece)
            continue
        name, _, what = piece.partition("|")
        entry = found[name]
        value = {"paper": entry["paper"], "n": entry["n"]}.get(what, entry["ours"])
        text = f"{claims.number(100 * value)} %" if what == "%" else claims.number(value)
        parts.append(f'<a href="scorecard.html#claim-{name}">{text}</a>')
    return "".join(parts)


def _place(value: float, line: Line) -> float:
    """Return where a value lies on a line's axis, in per cent; beyond the ends at the ends."""
    return min(max(100 * (value - line.low) / (line.high - line.low), 0), 100)


def _series(kind: str, value: float, interval, line: Line) -> tuple[str, str]:
    """Return the marks of one series, and its numbers in words."""
    marks, words = "", claims.number(value)
    if interval:
        low, high = (_place(end, line) for end in interval)
        marks = f'<i class="bar {kind}" style="left:{low:.1f}%;width:{high - low:.1f}%"></i>'
        words += f" ({tables.typeset(claims.interval_text(interval))})"
    return marks + f'<i class="mark {kind}" style="left:{_place(value, line):.1f}%"></i>', words


def _line(line: Line, found: dict[str, dict]) -> str:
    ours, later = found[line.ours], found.get(line.later)
    paper = line.promised if line.promised is not None else ours["paper"]
    drawn = {"paper": _series("paper", paper, None, line), "ours": _series("ours", ours["ours"], ours["interval"], line)}
    if later:
        drawn["later"] = _series("later", later["ours"], later["interval"], line)
    name = {"paper": "paper" if line.promised is None else "promised", "ours": f"ours, n = {ours['n']}" if ours["n"] else "ours"}
    if later:
        name["later"] = f"later data, n = {later['n']}"
    marks = "".join(marks for marks, _ in drawn.values())
    words = " ".join(f'<span class="{kind}">{name[kind]}: {text}</span>' for kind, (_, text) in drawn.items())
    links = {"ours": line.ours, "later": line.later}
    title = f'<a href="scorecard.html#claim-{links["ours"]}">{escape(line.title)}</a>'
    better = "← better" if line.better == "left" else "better →"
    return (
        f'<div class="promise-line"><p class="title">{title} <span class="better">{better}</span></p>'
        f'<div class="track" aria-hidden="true"><b>{line.low:g}</b><div>{marks}</div><b>{line.high:g}</b></div>'
        f'<p class="words">{words}</p></div>'
    )


def picture(entries: list[dict]) -> str:
    """Return the cover's picture as HTML: paper, ours and later data side by side, a line a measure that has been published."""
    found = {entry["id"]: entry for entry in entries}
    lines = [_line(line, found) for line in LINES if line.ours in found]
    return '<div class="promise">' + "".join(lines) + "</div>"


def answers(entries: list[dict]) -> str:
    """Return the questions with their answers as a grid of cards; a question without all its claims stands alone."""
    found = {entry["id"]: entry for entry in entries}
    lines = ["::::{grid} 1 1 2 2", ":gutter: 3", ""]
    for question, (part, answer) in ANSWERS.items():
        try:
            text = _answer(answer, found)
        except KeyError:
            text = ""
        number, words = OPENERS[part]
        way = f"[Part {part}. {words} →](../{reading.find(number)}.ipynb)"
        lines += [f":::{{grid-item-card}} {question}", text, "", way, ":::", ""]
    return "\n".join([*lines, "::::", ""])


def verdicts(entries: list[dict]) -> str:
    """Return how the papers' numbers fared as a sentence."""
    counts = Counter(entry["verdict"] for entry in entries)
    return (
        f"Of the papers' numbers that could be compared **{counts['reproduced']} are reproduced** and **{counts['differs']} "
        f"differ**, each with its reason; {counts['beyond']} results of this book go beyond them. All stand on the "
        "{ref}`scorecard <scorecard>`, with interval, sample and the cell that made them. None is typed by hand.\n"
    )
