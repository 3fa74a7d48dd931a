"""The data of the look-up page: every committed table that says something of a source, packed into one script.

A script, because a page opened from a disk may not fetch JSON. It needs only the light environment.
"""

import json

import numpy as np
import pandas as pd

from agnbook import committed, storage

GROUPS = ("bll", "fsrq", "bcu", "psr", "msp", "spp")
#: Model on the page -> table of chapter 25 and prefix of its columns.
MODELS = {
    "random forest": ("shift_catalogue_unweighted", "RF"),
    "random forest, weighted": ("shift_catalogue_weighted", "RF"),
    "network": ("shift_catalogue_unweighted", "NN"),
    "network, weighted": ("shift_catalogue_weighted", "NN"),
}
#: What may become of a source; see `agnbook.sky.crossmatch.compare`.
OUTCOMES = ("confirmed", "reclassified", "newly associated", "still unassociated", "vanished")
REDSHIFT = [f"z_{name}" for name in ("q025", "q160", "q500", "q840", "q975", "low68", "high68", "low95", "high95")]
BLAZAR = ["probability_fsrq", "probability_low", "probability_high"]
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_PAIRS = np.array([first + second for first in _DIGITS for second in _DIGITS] + ["--"], dtype=object)


def pack(values: np.ndarray, step: float) -> str:
    """Return values as pairs of base-36 digits, in units of `step`; "--" for NaN."""
    units = np.rint(np.nan_to_num(values) / step).astype(int)
    return "".join(_PAIRS[np.where(np.isnan(values), len(_PAIRS) - 1, units)].ravel())


def _trained(frames: list[pd.DataFrame]) -> str:
    """Return one hexadecimal digit a source: bit k is set if model k was trained on it (by splits that do not answer for it)."""
    bits = np.array([frame["Training_Sample"].eq(True) for frame in frames], dtype=int)
    return "".join(_DIGITS[code] for code in (1 << np.arange(len(frames))) @ bits)


def _later(table: pd.DataFrame) -> str:
    """Return each source's successor in FL16Y as ``name | class | counterpart | outcome``, "=" for an unchanged counterpart."""
    counterpart = table["fl16y_counterpart"].where(table["fl16y_counterpart"] != table["counterpart"], "=")
    outcome = table["outcome"].map({name: str(number) for number, name in enumerate(OUTCOMES)})
    name = table["fl16y"].str.removeprefix("FL16Y ")
    return "\n".join(name + " | " + table["fl16y_class"] + " | " + counterpart + " | " + outcome)


def _table(name: str) -> pd.DataFrame:
    """Read a committed table, ECSV or CSV, indexed by source."""
    return pd.read_csv(committed.verify(f"results/{name}.csv"), comment="#").set_index("Source_Name")


def _by_row(table: pd.DataFrame, columns: list[str], rows: dict[str, int]) -> dict[int, list[float]]:
    """Return ``{row: values}`` of the sources that are on the page, under whichever of their names the table has them."""
    named = {
        rows[source]: values for source, values in zip(table.index, table[columns].to_numpy(float), strict=True) if source in rows
    }
    return {row: [float(f"{value:.4g}") for value in named[row]] for row in sorted(named)}


def sources() -> pd.DataFrame:
    """Return `data/source_facts.csv` with every other name of each source, joined by `` | ``, as ``names``."""
    facts = pd.read_csv(storage.DATA / "source_facts.csv", keep_default_na=False)
    names = pd.read_csv(storage.DATA / "source_names.csv", keep_default_na=False).set_index("source")["names"]
    return facts.assign(names=names.reindex(facts["source"]).to_numpy())


def build() -> dict:
    """Return what the page shows, each list in the order of ``names``.

    ``probability`` holds four models of six groups a source in per mille, ``spread`` their standard deviations over splits
    in the same order; ``trained`` says which of the four models a source taught (see `_trained`). ``fsrq``, ``redshift`` and
    ``sealed`` are ``{row: values}`` of the sources that have them.
    """
    table = sources()
    own = table["source"].str.removeprefix("4FGL ")
    row = {name: number for number, name in enumerate(own)}
    any_name = {name: number for number, names in enumerate(table["names"]) for name in names.split(" | ")}
    any_name |= {f"4FGL {name}": number for name, number in row.items()}
    frames = {name: _table(name).reindex(table["source"]) for name in dict.fromkeys(name for name, _ in MODELS.values())}
    probability, spread = (
        np.stack([frames[name][[f"{short}_{group}{end}" for group in GROUPS]] for name, short in MODELS.values()], axis=1)
        for end in ("", "_std")
    )
    aliases = [
        " | ".join(name for name in names.split(" | ") if name not in (source, later, counterpart))
        for names, source, later, counterpart in zip(
            table["names"], table["source"], table["fl16y"], table["counterpart"], strict=True
        )
    ]
    return {
        "groups": [f"{group}+" for group in GROUPS],
        "models": list(MODELS),
        "names": " ".join(own),
        "aliases": "\n".join(aliases),
        "ra": table["ra"].tolist(),
        "dec": table["dec"].tolist(),
        "radius": [None if value == "" else float(value) for value in table["radius95"]],
        "class": " ".join(table["class"].replace("", "-")),
        "counterpart": "\n".join(table["counterpart"]),
        "outcomes": list(OUTCOMES),
        "later": _later(table),
        "alike": [[row[name] for name in names.split()] for names in table["alike"]],
        "probability": pack(probability, 1e-3),
        "spread": pack(spread, 1e-3),
        "trained": _trained([frames[name] for name, _ in MODELS.values()]),
        "fsrq": _by_row(_table("blazar_classes"), BLAZAR, any_name),
        "redshift": _by_row(_table("agn_redshifts"), REDSHIFT, any_name),
        "sealed": _by_row(_table("sealed_clean_unassociated"), ["agn", "agn_low", "agn_high"], any_name),
    }


def script() -> str:
    """Return the script that assigns `build` to one constant."""
    text = json.dumps(build(), ensure_ascii=True, separators=(",", ":"))
    return f"// Written by agnbook.press.lookup_data.\nconst AGNBOOK_LOOKUP = {text};\n"
