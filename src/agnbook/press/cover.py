"""The cover's picture and answers, drawn and written from the published claims.

Numbers come from claims and the sentences around them say what was measured, never which way it came out.
"""

import math
from collections import Counter
from dataclasses import dataclass
from html import escape

from agnbook.chapter import claims
from agnbook.press import reading, scorecard

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
    promised : stands for the paper's value where the paper promises rather than measures.
    """

    title: str
    ours: str
    later: str
    low: float
    high: float
    promised: float | None = None


LINES = (
    Line("Redshift: root mean squared error", "redshift.flipout.rmse", "later.redshift.paper_rmse", 0.2, 0.6),
    Line("Redshift: truth within ± 3 sigma", "redshift.flipout.coverage997", "later.redshift.paper_coverage3sigma", 0, 1,
         THREE_SIGMA),
    Line("BL Lac or FSRQ: accuracy", "classes.bias_init.accuracy", "later.bcu.bias_init.accuracy", 0.8, 1),
    Line("AGN or Galactic: area under the ROC curve", "shift.auc_two_class_unweighted", "later.two_class.auc.observed", 0.8, 1),
    Line("21 parameters of a simulated light curve: mean absolute error / prior sd", "banp.mae", "", 0, 0.6),
    Line("Mass of a simulated black hole: mean absolute error / dex", "banp.logm_mae", "", 0, 0.4),
)  # fmt: skip

#: Question -> (part, answer). A name in braces is a claim: its value, ``|paper`` the paper's, ``|n`` its sample, ``|%`` per cent.
ANSWERS = {
    "How far away is it, how sure are we, and is it a BL Lac or a quasar?": (
        "I",
        "The paper's network is off by {redshift.flipout.rmse} in redshift (the paper: {redshift.flipout.rmse|paper}); its "
        "three-sigma intervals hold {redshift.coverage997.lowest|%} to {redshift.coverage997.highest|%} of the redshifts, by "
        "the reading of its text, this book's {redshift.best.coverage997|%}. Of {later.bcu.bias_init.accuracy|n} blazar "
        "candidates classified since, its classifier calls {later.bcu.bias_init.accuracy|%} right (always BL Lac: "
        "{later.bcu.always_bll.accuracy|%}).",
    ),
    "What if the sources we ask about differ from those we learned from?": (
        "II",
        "Weighted to look like the unknowns, {shift.n_eff|n} known sources count as {shift.n_eff} (the paper: "
        "{shift.n_eff|paper}). An active galaxy outranks a Galactic source with probability {shift.auc_two_class_unweighted}, "
        "with weights {shift.auc_two_class_weighted}, and {later.two_class.auc.observed} on "
        "{later.two_class.auc.observed|n} sources named since.",
    ),
    "What does the flicker of a quasar tell about its black hole?": (
        "III",
        "In simulations its mass to {banp.logm_mae} dex (the paper: {banp.logm_mae|paper}). In {quasars.mass.gain|n} real "
        "quasars flicker changes the {quasars.mass.rms_luminosity} dex error from redshift and luminosity by "
        "{quasars.mass.gain} dex.",
    ),
    "What came true?": (
        "IV",
        "{later.new_associations} of {later.new_associations|n} unassociated sources have a counterpart now, and "
        "{later.redshift.n} active galaxies a redshift: {later.redshift.coverage95|%} of these lie in the 95 % intervals of the "
        "book's table. "
        "{later.sealed.unassociated} forecasts are sealed and wait.",
    ),
}  # fmt: skip


#: Part -> the chapters that may open it, by number, the first that is there.
OPENERS = {"I": ("10", "11"), "II": ("20", "21"), "III": ("30", "31"), "IV": ("41",)}


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
        words += f" ({claims.interval_text(interval)})"
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
    return (
        f'<div class="promise-line"><p class="title">{title}</p>'
        f'<div class="track" aria-hidden="true"><b>{line.low:g}</b><div>{marks}</div><b>{line.high:g}</b></div>'
        f'<p class="words">{words}</p></div>'
    )


def picture(entries: list[dict]) -> str:
    """Return the cover's picture as HTML: paper, ours and later data side by side, a line a measure that has been published."""
    found = {entry["id"]: entry for entry in entries}
    lines = [_line(line, found) for line in LINES if line.ours in found]
    return '<div class="promise">' + "".join(lines) + "</div>"


def answers(entries: list[dict]) -> str:
    """Return the questions with their answers as a definition list; one without all its claims stands alone."""
    found = {entry["id"]: entry for entry in entries}
    lines = []
    for question, (part, answer) in ANSWERS.items():
        try:
            text = _answer(answer, found)
        except KeyError:
            text = f"See Part {part}."
        opener = next(page for number in OPENERS[part] if (page := reading.find(number)))
        lines += [f"[**Part {part}**](../{opener}.ipynb) {question}", f": {text}", ""]
    return "\n".join(lines)


def verdicts(entries: list[dict]) -> str:
    """Return the verdicts by part of the book as a Markdown table."""
    shown = claims.VERDICTS[:3]
    lines = [f"| Part | {' | '.join(shown)} |", "|---" * (len(shown) + 1) + "|"]
    for name in dict.fromkeys(scorecard.part(entry["chapter"]) for entry in entries):
        counts = Counter(entry["verdict"] for entry in entries if scorecard.part(entry["chapter"]) == name)
        lines.append(f"| {name} | " + " | ".join(str(counts[verdict]) for verdict in shown) + " |")
    return "\n".join(lines) + "\n"
