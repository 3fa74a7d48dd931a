"""Which source a name means: any release of 4FGL, FL16Y, 3FGL, 3FHL, a counterpart, in any spelling; else which lies there.

The names come from the committed table that `name_table` makes, so that a source is itself wherever it is asked for: in a
look-up, in a table to be answered, among the sources that taught a model.
"""

import difflib
import re
import unicodedata
from functools import cache

import numpy as np
import pandas as pd

from agnbook import committed, storage
from agnbook.ask import seals
from agnbook.ask.name_table import SEPARATOR
from agnbook.blazars import catalogue
from agnbook.errors import CatalogError, ResultsError
from agnbook.sky import catalogs, registry

#: A gamma-ray source's name, simplified; a letter marks confused, extended and component sources.
_GAMMA = re.compile(r"(j\d{4}\.\d[+-]\d{4})([a-z]?)")
#: Radius that holds 99.9 % of positions over that of the 95 % ellipse, for a Gaussian error in two dimensions.
_WIDER = float(np.sqrt(np.log(1e-3) / np.log(5e-2)))
#: Smallest radius within which a position means a source, degrees: that of a bright source's own scatter between releases.
_SMALLEST_RADIUS = 0.03
#: Characters of a name that a message shows.
_LONGEST = 80


def simplified(name: str) -> str:
    """Return a name without what people write differently: capitals, spaces, underscores, dashes, the release of 4FGL.

    Letters that nobody sees, as come along when one copies from a page, are none.
    """
    name = "".join(letter for letter in unicodedata.normalize("NFKC", str(name)) if unicodedata.category(letter) != "Cf")
    name = re.sub(r"[\s_]+", "", name).lower().translate(str.maketrans("‐‑‒−–—", "------"))
    name = re.sub(r"^(4fgl(-?dr\d)?|fl16y)(?=j)", "", name)
    return re.sub(r"^(markarian|mrk)(?=\d)", "mkn", name)


@cache
def _table() -> pd.DataFrame:
    path = storage.DATA / "source_names.csv"
    seals.check("source_names.csv", seals.RECORDS)
    try:
        return pd.read_csv(path, keep_default_na=False, dtype=str)[["source", "release", "names"]]
    except (OSError, ValueError, KeyError) as error:
        raise ResultsError(f"Cannot read the names of sources in {path}: {error}. Restore it with `git checkout data`.") from None


@cache
def _index() -> dict[str, tuple[str, dict[str, None]]]:
    """Simplified name -> the name as it is written, and the sources that bear it."""
    index = {}
    for source, names in zip(_table()["source"], _table()["names"], strict=True):
        for name in names.split(SEPARATOR):
            index.setdefault(key := simplified(name), (name, {}))[1][source] = None
            if (gamma := _GAMMA.fullmatch(key)) and gamma[2]:
                index.setdefault(gamma[1], (name, {}))[1][source] = None
    own = {simplified(source): (source, {source: None}) for source in _table()["source"]}
    return index | own  # a source's own name is no other's


def sources_of(name: str) -> list[str]:
    """Return the sources called `name`, by their names in 4FGL-DR4 (or in the last release that had them); often one or none."""
    index, key = _index(), simplified(name)
    if key not in index and (gamma := _GAMMA.fullmatch(key)):
        key = gamma[1]  # a letter that the catalogues do not write
    return list(index[key][1]) if key in index else []


def todays_names(names) -> list[str]:
    """Return each source's name in 4FGL-DR4; a name that is not known, or means several sources, stays as it is."""
    found = [sources_of(name) for name in names]
    return [each[0] if len(each) == 1 else name for each, name in zip(found, names, strict=True)]


@cache
def source_table() -> pd.DataFrame:
    """Every source of 4FGL-DR4 and, where the file is there, of 4LAC-DR3, indexed by name."""
    columns = ["Source_Name", "ASSOC1", "ASSOC2", "CLASS1", "RAJ2000", "DEJ2000", "GLON", "GLAT", "Conf_95_SemiMajor"]
    latest = catalogs.read("4fgl-dr4", columns).set_index("Source_Name")
    try:
        parts = [catalogs.read_fits(registry.find(f"4lac-dr3-{letter}", download=False)) for letter in "hl"]
    except CatalogError:
        return latest
    kept = ["ASSOC1", "CLASS", "Redshift", "RAJ2000", "DEJ2000", "GLON", "GLAT"]
    lac = pd.concat(parts)
    lac.index = pd.Index(todays_names(lac["Source_Name"]), name="Source_Name")
    return latest.join(lac[kept].add_suffix("_4LAC"), how="outer")


@cache
def _later() -> pd.DataFrame:
    table = catalogs.read("fl16y", ["Source_Name", "CLASS1", "ASSOC1"])
    return table.set_index(table["Source_Name"].map(simplified))


def later_class(source: str) -> str:
    """Return class and counterpart of a source in FL16Y, two years of data after 4FGL-DR4; "" where that has it not.

    The source is found by the name that the table of names gives it there.
    """
    try:
        later = _later()
    except CatalogError:
        return ""
    names = _table().set_index("source")["names"].get(source, "")
    own = next((name for name in names.split(SEPARATOR) if name.startswith("FL16Y")), None)
    if own is None or simplified(own) not in later.index:
        return ""
    row = later.loc[simplified(own)]
    told = row["CLASS1"].strip() or "none"
    return f"{told}, {row['ASSOC1'].strip()}" if row["ASSOC1"].strip() else told


@cache
def published(stem: str) -> pd.DataFrame:
    """Return a committed table of predictions, indexed by the sources' names of today."""
    if stem.startswith("shift"):
        return committed.load_table(f"results/{stem}.csv").set_index("Source_Name")
    table = catalogue.read(stem)
    table.index = pd.Index(todays_names(table["Source_Name"]), name="Source_Name")
    return table.drop(columns="Source_Name")


def _unit_vectors(degrees: np.ndarray) -> np.ndarray:
    longitude, latitude = np.deg2rad(degrees).T
    return np.stack([np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude), np.sin(latitude)], axis=1)


def nearest_sources(positions) -> list[str]:
    """Return the source of 4FGL-DR4 that each position means, "" where there is none.

    Parameters
    ----------
    positions : array (n, 2), right ascension and declination in degrees (J2000); NaN where there is none.

    Returns
    -------
    list of str
        The nearest source, if it is no farther than the circle around its 95 % ellipse, widened to 99.9 %.
    """
    from scipy.spatial import KDTree

    positions = np.asarray(positions, float)
    table = source_table().dropna(subset=["RAJ2000"])
    radius = np.maximum(_WIDER * table["Conf_95_SemiMajor"].fillna(0).to_numpy(float), _SMALLEST_RADIUS)
    given = np.isfinite(positions).all(axis=1) & (np.abs(positions[:, 1]) <= 90)
    found = np.full(len(positions), "", dtype=object)
    if given.any():
        tree = KDTree(_unit_vectors(table[["RAJ2000", "DEJ2000"]].to_numpy(float)))
        chord, row = tree.query(_unit_vectors(positions[given]))
        close = np.rad2deg(2 * np.arcsin(np.minimum(chord / 2, 1))) <= radius[row]
        found[given] = np.where(close, table.index.to_numpy(object)[row], "")
    return found.tolist()


def sources_within(position: tuple[float, float], radius: float) -> list[str]:
    """Return the sources of 4FGL-DR4 within a radius of a position, all in degrees, nearest first."""
    table = source_table().dropna(subset=["RAJ2000"])
    here = _unit_vectors(np.array([position], float))[0]
    chord = np.linalg.norm(_unit_vectors(table[["RAJ2000", "DEJ2000"]].to_numpy(float)) - here, axis=1)
    order = np.argsort(chord, kind="stable")
    close = np.rad2deg(2 * np.arcsin(np.minimum(chord[order] / 2, 1))) <= radius
    return table.index[order][close].tolist()


def identify(names, positions=None) -> list[list[str]]:
    """Return the sources that each row of a table may be, by its name, else by where it lies.

    Parameters
    ----------
    names : n texts
    positions : array (n, 2) as for `nearest_sources`, or None. It counts only where the name is not known.
    """
    found = [sources_of(name) for name in names]
    unknown = [row for row, sources in enumerate(found) if not sources]
    if positions is not None and unknown:
        try:
            nearest = nearest_sources(np.asarray(positions, float)[unknown])
        except CatalogError:  # without 4FGL-DR4 names must do
            return found
        for row, source in zip(unknown, nearest, strict=True):
            found[row] = [source] if source else []
    return found


def match(names, sources: list[list[str]], known) -> list[str]:
    """Return which of the `known` sources each row is; "" where it is none of them.

    Parameters
    ----------
    names : n texts
    sources : from `identify`
    known : names in any release, such as those of the sources that taught a model.
    """
    by_text, by_source = {}, {}
    for name in known:
        by_text.setdefault(simplified(name), name)
        for source in sources_of(name):
            by_source.setdefault(source, name)
    return [
        by_text.get(simplified(name)) or next((by_source[source] for source in here if source in by_source), "")
        for name, here in zip(names, sources, strict=True)
    ]


def beside(sources: list[list[str]], stem: str, columns: dict[str, str]) -> dict[str, np.ndarray]:
    """Return what a `published` table says of each row: NaN where it does not know the source.

    Parameters
    ----------
    sources : from `identify`; a row that may be several sources gets none.
    columns : column of the table -> name of the answer.
    """
    rows = published(stem)[list(columns)].reindex([each[0] if len(each) == 1 else "" for each in sources])
    return {answer: rows[column].to_numpy(float) for column, answer in columns.items()}


def find_sources(name: str) -> list[str]:
    """Return the sources called `name`; see `sources_of`.

    Raises
    ------
    CatalogError
        When there is none, with the names that come closest; when the only one is of an earlier release and nothing is
        published of it.
    """
    if found := sources_of(name):
        release = _table().set_index("source")["release"]
        kept = [source for source in found if release[source] == "4FGL-DR4" or _is_published(source)]
        if kept:
            return kept
        raise CatalogError(f"{name} was in {release[found[0]]} and is not in 4FGL-DR4, nor is any other source in its place.")
    index, key = _index(), simplified(name)
    starts = [other for other in index if len(key) > 3 and other.startswith(key)]
    near = [index[other][0] for other in (starts or _close(key, index))[:5]]
    advice = f"Did you mean {', '.join(near)}?" if near else "Give a 4FGL name, such as '4FGL J1104.4+3812', or a counterpart."
    shown = name if len(name) <= _LONGEST else f"{name[:_LONGEST]}..."
    raise CatalogError(f"No source of 4FGL-DR4 or 4LAC-DR3 is called {shown!r}. {advice}")


def _is_published(source: str) -> bool:
    return any(source in published(stem).index for stem in ("blazar_classes", "agn_redshifts"))


def _close(key: str, index) -> list[str]:
    """Names that differ by a slip: of the same letters (another catalogue's prefix is no slip) and nearly the same digits.

    Of gamma-ray sources' names, which are places, those that differ in one character.
    """
    if _GAMMA.fullmatch(key):
        return [other for other in index if len(other) == len(key) and sum(a != b for a, b in zip(other, key, strict=True)) == 1]
    letters = re.sub(r"[^a-z]", "", key)
    alike = [other for other in index if re.sub(r"[^a-z]", "", other) == letters]
    return difflib.get_close_matches(key, alike, n=5, cutoff=0.75) if letters else []
