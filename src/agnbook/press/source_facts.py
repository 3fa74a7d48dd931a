"""Make ``data/source_facts.csv``, what the look-up page tells of each source beside the book's own predictions.

``python -m agnbook.press.source_facts``. It needs the 4FGL releases that come with fermipy; the light build, which reads the
table, needs none of them.
"""

import numpy as np
import pandas as pd

from agnbook import storage
from agnbook.ask import neighbours
from agnbook.sky import catalogs, crossmatch, source_classes

#: Associated sources of 4FGL-DR4 that resemble a source most, kept for each.
NEIGHBOURS = 5
POSITION = {"ra": "RAJ2000", "dec": "DEJ2000", "l": "GLON", "b": "GLAT"}


def _alike(table: pd.DataFrame) -> list[str]:
    """Names of the nearest associated sources in the five gamma-ray columns, without "4FGL "; "" where a column is missing."""
    space = neighbours.space()
    X = (neighbours.design(table) - space.mean) / space.scale
    complete = np.isfinite(X).all(axis=1)
    rows = space.tree.query(X[complete], k=NEIGHBOURS + 1)[1]
    names, own = space.table.index.str.removeprefix("4FGL ").to_numpy(object), table["Source_Name"].str.removeprefix("4FGL ")
    found = np.full(len(table), "", dtype=object)
    found[complete] = [
        " ".join([name for name in names[row] if name != source][:NEIGHBOURS])
        for row, source in zip(rows, own[complete], strict=True)
    ]
    return found.tolist()


def build() -> pd.DataFrame:
    """Collect one row a source of 4FGL-DR4.

    Returns
    -------
    pandas.DataFrame
        ``source``; ``ra``, ``dec``, ``l``, ``b`` (degrees, J2000) and ``radius95`` (degrees, semi-major axis of the 95 %
        ellipse; empty for extended sources); ``class`` and ``counterpart`` in 4FGL-DR4, empty if unassociated; ``fl16y``,
        ``fl16y_class``, ``fl16y_counterpart`` and ``outcome`` of its successor (see `crossmatch.compare`); ``alike``, the
        `NEIGHBOURS` associated sources nearest to it (see `agnbook.ask.neighbours`).
    """
    latest = catalogs.read("4fgl-dr4")
    later = crossmatch.compare(latest, catalogs.read("fl16y")).sources
    table = pd.DataFrame(
        {
            "source": latest["Source_Name"],
            **{
                short: latest[name].round(3)
                for short, name in {"ra": "RAJ2000", "dec": "DEJ2000", "l": "GLON", "b": "GLAT"}.items()
            },
            "radius95": latest["Conf_95_SemiMajor"].round(3),
            "class": source_classes.source_class(latest),
            "counterpart": latest["ASSOC1"].str.strip(),
            "alike": _alike(latest),
        }
    )
    columns = {"successor": "fl16y", "class_after": "fl16y_class", "counterpart_after": "fl16y_counterpart", "outcome": "outcome"}
    return table.merge(later.set_index("source")[list(columns)].rename(columns=columns), left_on="source", right_index=True)


if __name__ == "__main__":
    storage.write_text(storage.DATA / "source_facts.csv", build().to_csv(index=False, lineterminator="\n"))
