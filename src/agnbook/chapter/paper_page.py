"""The page that lists everything a paper states, read from the claims of all chapters.

`numbers` gives one tidy row a number; `show` prints the rows of one table, figure or section of the paper::

    rows = paper_page.numbers("gharat2023")
    paper_page.show(rows[rows["element"] == "Table 1"])
"""

import re

import pandas as pd

from agnbook import storage
from agnbook.chapter import claims, declared
from agnbook.errors import ResultsError

#: Order of a paper's elements on its page.
_KINDS = ("Table", "Fig.", "Figure", "Eq.", "Sect.", "Abstract")


def numbers(key: str) -> pd.DataFrame:
    """Return every number of a paper that the book's claims name, in the order of the paper's tables, figures and sections.

    Parameters
    ----------
    key : of the paper in ``book/references.bib``; a claim belongs to it whose `where` begins with the key.

    Returns
    -------
    pandas.DataFrame
        One row a number, indexed by the claim's id: ``element`` ("Table 1"), ``what`` (the rest of `where`, or the
        claim's own sentence), ``paper``, ``ours`` (NaN if not tested), ``low`` and ``high`` (the interval of `ours`),
        ``n``, ``baseline`` (`ours` of the claim that is declared as the trivial baseline), ``tolerance``, ``verdict``,
        ``why`` and ``chapter``.

    Raises
    ------
    ResultsError
        If no claim names the paper.
    """
    published = {entry["id"]: entry for entry in claims.load()}
    stated = [claim for chapter in declared.chapters() for claim in declared.read(chapter).values() if claim.paper is not None]
    rows = []
    for claim in stated:
        cited, *place = (part.strip() for part in claim.where.split(","))
        if cited != key or claim.id not in published:
            continue
        entry, trivial = published[claim.id], published.get(claim.baseline, {})
        low, high = entry["interval"] or (None, None)
        rows.append(
            {
                "claim": claim.id, "element": place[0].partition(" (")[0] if place else "",
                "what": ", ".join(place[1:]) or claim.what,
                "paper": entry["paper"], "ours": entry["ours"], "low": low, "high": high, "n": entry["n"],
                "baseline": trivial.get("ours"), "tolerance": entry["tolerance"], "verdict": entry["verdict"],
                "why": entry["why"], "chapter": entry["chapter"],
            }
        )  # fmt: skip
    if not rows:
        raise ResultsError(f"No claim names a number of {key!r}; `where` in data/claims/*.toml begins with a paper's key.")
    values = ["paper", "ours", "low", "high", "n", "baseline", "tolerance"]
    table = pd.DataFrame(rows).set_index("claim").astype(dict.fromkeys(values, float))
    return table.iloc[sorted(range(len(table)), key=lambda row: _place(table["element"].iloc[row]))]


def _place(element: str) -> tuple:
    """Sort key of an element: its kind, then its numbers."""
    kind = next((number for number, name in enumerate(_KINDS) if element.startswith(name)), len(_KINDS))
    return kind, [int(digits) for digits in re.findall(r"\d+", element)]


def count(rows: pd.DataFrame) -> pd.DataFrame:
    """Return how many numbers of each element have which verdict; rows in the paper's order."""
    counts = pd.crosstab(rows["element"], rows["verdict"]).reindex(rows["element"].unique())
    return counts[[verdict for verdict in claims.VERDICTS if verdict in counts]]


def show(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows of `numbers` as a table of six columns, numbers as text and an interval behind ours.

    Without the column ``trivial`` where no row has a trivial method.
    """

    def text(value):
        if pd.isna(value):
            return claims.number(None)
        return f"{value:.0f}" if float(value).is_integer() else claims.number(value)

    def ours(row):
        return text(row["ours"]) + ("" if pd.isna(row["low"]) else f" ({text(row['low'])} – {text(row['high'])})")

    columns = {
        "paper": rows["paper"].map(text),
        "ours": rows.apply(ours, axis=1),
        "trivial": rows["baseline"].map(text),
        "verdict": rows["verdict"],
        "chapter": rows["chapter"].str.split("_").str[0],
    }
    if rows["baseline"].isna().all():
        del columns["trivial"]
    return pd.DataFrame(columns).set_axis(pd.Index(rows["what"], name="number"))


def grid(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows of `numbers` as the paper lays its table out: a column a method, a row a number, each ``paper / ours``.

    Where ours is missing the paper's stands alone. What stands before the first comma of `what` names the method. A star marks
    a number that differs by more than its tolerance; ``trivial`` is the baseline, where all methods share it.
    """
    text = [
        claims.number(row.paper)
        + ("" if pd.isna(row.ours) else f" / {claims.number(row.ours)}")
        + " *" * (row.verdict == "differs")
        for row in rows.itertuples()
    ]
    names = rows["what"].str.partition(",")
    method, number = names[0], names[2].str.strip()
    shown = pd.DataFrame({"method": method, "number": number, "text": text}, rows.index)
    shown = shown.pivot(index="number", columns="method", values="text")[list(dict.fromkeys(method))]
    shown = shown.reindex(dict.fromkeys(number)).rename_axis(columns=None)
    trivial = rows.groupby(number)["baseline"].agg(lambda values: values.iloc[0] if values.nunique() == 1 else None)
    if trivial.notna().any():
        shown["trivial"] = [claims.number(None if pd.isna(trivial[name]) else trivial[name]) for name in shown.index]
    return shown


def title(chapter: str) -> str:
    """Return the title of a chapter, as its source has it."""
    source = storage.ROOT / "notebooks" / f"{chapter}.py"
    found = re.search(r"^# # (.+)$", source.read_text(encoding="utf-8"), re.MULTILINE) if source.exists() else None
    return found[1] if found else chapter


def draw(ax, rows: pd.DataFrame, ends: float = 4.0) -> None:
    """Draw one point a number: ours minus the paper's value, in tolerances, with the interval of ours as a bar.

    Parameters
    ----------
    rows : of `numbers`; those without a value of ours are left out. A count (tolerance 0) is drawn at 0 where it agrees.
    ends : points and bars beyond this many tolerances are drawn there.
    """
    from agnbook.chapter import figures  # matplotlib, which the press does without

    colors = {"reproduced": figures.COLORS["blue"], "differs": figures.COLORS["orange"]}
    tested = rows[rows["ours"].notna()]
    elements = list(tested["element"].unique())
    scale = tested["tolerance"].where(tested["tolerance"] > 0, 1.0)
    inside = {name: ((tested[name] - tested["paper"]) / scale).clip(-ends, ends).to_numpy() for name in ("ours", "low", "high")}
    line = tested["element"].map({element: -number for number, element in enumerate(elements)}).to_numpy(float)
    order = tested.groupby("element").cumcount() / tested.groupby("element")["ours"].transform("size")
    line += 0.35 - 0.7 * order.to_numpy()
    ax.axvspan(-1, 1, color="0.85", lw=0, zorder=0)
    for verdict, color in colors.items():
        here = (tested["verdict"] == verdict).to_numpy()
        ax.hlines(line[here], inside["low"][here], inside["high"][here], color=color, lw=0.8, alpha=0.5)
        ax.plot(inside["ours"][here], line[here], "o", ms=4, color=color, label=verdict)
    ax.set_yticks([-number for number in range(len(elements))], elements)
    ax.set(xlabel="(ours − paper) / tolerance", xlim=(-1.05 * ends, 1.05 * ends))
    ax.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2)  # above the points
