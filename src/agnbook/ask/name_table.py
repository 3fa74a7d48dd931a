"""Make ``data/source_names.csv``, every name of every source: ``python -m agnbook.ask.name_table``.

It needs the 4FGL releases that come with fermipy. `source_names` reads the table; it needs none of them.
"""

import tomllib

import pandas as pd

from agnbook import storage
from agnbook.sky import catalogs, crossmatch

#: Between the names of a source; no catalogue uses it.
SEPARATOR = " | "
#: Columns of 4FGL with names of the same source in other catalogues, or of its counterpart.
NAME_COLUMNS = ("ASSOC_4FGL", "ASSOC_FGL", "ASSOC_FHL", "ASSOC1", "ASSOC2", "ASSOC_TEV", "Extended_Source_Name")


def well_known() -> dict[str, list[str]]:
    """Return counterpart, as the catalogues write it -> what else people call it."""
    return tomllib.loads((storage.DATA / "well_known_names.toml").read_text(encoding="utf-8"))


def _names(table: pd.DataFrame, row: int) -> list[str]:
    found = [str(table[column].iat[row]).strip() for column in ("Source_Name", *NAME_COLUMNS) if column in table]
    return [name for name in found if name]


def build() -> pd.DataFrame:
    """Collect the names of all sources of 4FGL-DR4, and of those of earlier releases that have vanished since.

    Returns
    -------
    pandas.DataFrame
        ``source``, the name in the latest release that has it up to 4FGL-DR4; ``release``, which that is; ``names``, all
        names, joined by `SEPARATOR`: those of 4FGL-DR2, -DR3, -DR4 and FL16Y (matched as in `crossmatch.compare`), of
        3FGL, 3FHL and TeVCat, of the counterpart, and its `well_known` ones.
    """
    tables = {name: catalogs.read(name) for name in ("4fgl-dr4", "4fgl-dr3", "4fgl-dr2", "fl16y")}
    latest = tables["4fgl-dr4"]
    names = {source: _names(latest, row) for row, source in enumerate(latest["Source_Name"])}
    release = dict.fromkeys(names, "4FGL-DR4")
    for older in ("4fgl-dr3", "4fgl-dr2"):
        for match in crossmatch.compare(tables[older], latest).sources.itertuples():
            source = match.successor or match.source
            release.setdefault(source, older.upper())
            names.setdefault(source, []).extend(_names(tables[older], match.row_before))
    for match in crossmatch.compare(latest, tables["fl16y"]).sources.itertuples():
        if match.successor:
            names[match.source] += _names(tables["fl16y"], match.row_after)
    others = well_known()
    rows = []
    for source, found in names.items():
        found += [name for counterpart in found for name in others.get(counterpart, [])]
        rows.append((source, release[source], SEPARATOR.join(dict.fromkeys(found))))
    return pd.DataFrame(rows, columns=["source", "release", "names"])


if __name__ == "__main__":
    storage.write_text(storage.DATA / "source_names.csv", build().to_csv(index=False, lineterminator="\n"))
