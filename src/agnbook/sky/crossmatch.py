"""One release of a Fermi-LAT catalogue against another: what happened to each source.

A source is found again by the earlier name that the newer release gives for it, else by its
counterpart (for active galactic nuclei), else by position within the 95 % error ellipses. Nothing
here is tied to particular releases: any two tables with 4FGL column names will do.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from agnbook.errors import CatalogError
from agnbook.sky import source_classes
from agnbook.sky.features import require_columns

OUTCOMES = ("confirmed", "newly associated", "reclassified", "still unassociated", "vanished")


#: Links in the order in which they are trusted.
LINKS = ("name", "counterpart", "position")


#: Farthest that two gamma-ray positions of one source may lie apart, degrees (4FGL, section 4.2: 0.5 deg).
MAX_SEPARATION = 0.5


#: Counterpart positions agree within this or their own uncertainty, whichever is larger, degrees (5 arcsec: radio to X-ray).
COUNTERPART_TOLERANCE = 5 / 3600


#: Counterparts with a position worse than this (large supernova remnants, say) are compared by name only, degrees.
COUNTERPART_WORST = 0.02


@dataclass(frozen=True)
class Crossmatch:
    """What `compare` found.

    Attributes
    ----------
    sources : pandas.DataFrame, one row a source of the older release, in its order
        ``source``, ``successor`` ("" if vanished), ``link`` (one of `LINKS` or ""), ``separation`` (degrees),
        ``ellipse_distance`` (separation over the quadrature sum of both 95 % radii towards each other; NaN unless
        both releases give an ellipse),
        ``class_before``, ``class_after`` (lower case, "" if unassociated), ``counterpart_before``,
        ``counterpart_after``, ``row_before``, ``row_after`` (-1 if vanished), ``outcome`` (one of `OUTCOMES`)
        and ``doubt`` ("" or why the case is ambiguous).
    appeared : pandas.DataFrame
        ``source``, ``class`` and ``row`` of the newer release's sources that have no predecessor.
    """

    sources: pd.DataFrame
    appeared: pd.DataFrame

    def counts(self) -> pd.Series:
        """Return the number of sources of each outcome, in the order of `OUTCOMES`."""
        return self.sources["outcome"].value_counts().reindex(OUTCOMES, fill_value=0)

    @property
    def ambiguous(self) -> pd.DataFrame:
        """The sources with a doubt."""
        return self.sources[self.sources["doubt"] != ""]

    @property
    def newly_associated(self) -> pd.DataFrame:
        """The sources that were unassociated and no longer are."""
        return self.sources[self.sources["outcome"] == "newly associated"]


def ellipse_radius(table: pd.DataFrame, position_angle) -> np.ndarray:
    """Radius of the 95 % error ellipse towards a position angle.

    Parameters
    ----------
    table : rows with ``Conf_95_SemiMajor``, ``Conf_95_SemiMinor``, ``Conf_95_PosAng`` (degrees).
    position_angle : array, shape (n,), degrees east of north.

    Returns
    -------
    numpy.ndarray, shape (n,), degrees; 0 where no ellipse is given (extended sources, 4LAC).
    """
    if "Conf_95_SemiMajor" not in table:
        return np.zeros(len(table))
    major, minor = (table[f"Conf_95_Semi{axis}"].to_numpy(float) for axis in ("Major", "Minor"))
    angle = np.deg2rad(np.asarray(position_angle, float) - table["Conf_95_PosAng"].to_numpy(float))
    with np.errstate(invalid="ignore"):
        radius = major * minor / np.hypot(minor * np.cos(angle), major * np.sin(angle))
    return np.where(np.isfinite(radius), radius, 0.0)


def _column(table: pd.DataFrame, name: str) -> pd.Series:
    return table[name].astype(str) if name in table else pd.Series("", index=table.index)


def _positions(table: pd.DataFrame, right_ascension: str = "RAJ2000", declination: str = "DEJ2000"):
    from astropy import units
    from astropy.coordinates import SkyCoord

    return SkyCoord(table[right_ascension].to_numpy(float), table[declination].to_numpy(float), unit=units.deg)


def _within(first, second, degrees: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Index pairs closer than `degrees` and their separation in degrees."""
    from astropy import units
    from astropy.coordinates import search_around_sky

    if not len(first) or not len(second):
        return np.empty(0, int), np.empty(0, int), np.empty(0)
    left, right, separation, _ = search_around_sky(first, second, degrees * units.deg)
    return left, right, separation.deg


def _equal(left: pd.Series, right: pd.Series) -> pd.DataFrame:
    """Row numbers (old, new) whose non-empty text agrees."""
    left, right = (pd.DataFrame({"key": side.to_numpy(object), name: np.arange(len(side))})
                   for side, name in ((left, "old"), (right, "new")))  # fmt: skip
    return left[left["key"] != ""].merge(right, on="key")[["old", "new"]]


def _counterpart_key(table: pd.DataFrame) -> pd.Series:
    return _column(table, "ASSOC1").str.upper().str.replace(" ", "", regex=False)


def _by_name(old: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    names = [column for column in ("ASSOC_4FGL", "ASSOC_FGL", "Source_Name") if column in new]
    pairs = [_equal(_column(old, "Source_Name"), _column(new, column)) for column in names]
    pairs.append(_equal(_column(old, "Extended_Source_Name"), _column(new, "Extended_Source_Name")))
    return pd.concat(pairs).drop_duplicates()


def _usable_counterparts(table: pd.DataFrame) -> np.ndarray:
    """Rows whose counterpart has a position, and a good one."""
    values = table[["RA_Counterpart", "DEC_Counterpart", "Unc_Counterpart"]].to_numpy(float)
    return np.flatnonzero(np.isfinite(values).all(axis=1) & (values[:, 2] < COUNTERPART_WORST))


def _counterpart_pairs(old: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """Pairs with one counterpart: the same name, or counterpart positions within their uncertainty."""
    pairs = [_equal(_counterpart_key(old), _counterpart_key(new))]
    if "RA_Counterpart" in old and "RA_Counterpart" in new:
        usable = [_usable_counterparts(table) for table in (old, new)]
        places = [_positions(table.iloc[rows], "RA_Counterpart", "DEC_Counterpart")
                  for table, rows in zip((old, new), usable, strict=True)]  # fmt: skip
        left, right, separation = _within(*places, np.hypot(COUNTERPART_WORST, COUNTERPART_WORST))
        left, right = usable[0][left], usable[1][right]
        uncertainty = np.hypot(old["Unc_Counterpart"].to_numpy(float)[left], new["Unc_Counterpart"].to_numpy(float)[right])
        close = separation <= np.maximum(COUNTERPART_TOLERANCE, uncertainty)
        pairs.append(pd.DataFrame({"old": left[close], "new": right[close]}))
    return pd.concat(pairs).drop_duplicates()


def _candidates(old: pd.DataFrame, new: pd.DataFrame, counterpart: pd.DataFrame) -> pd.DataFrame:
    """Every plausible pair: row numbers, most trusted link, separation and ellipse distance, best first."""
    places = _positions(old), _positions(new)
    classes = source_classes.source_class(old), source_classes.source_class(new)
    named = _by_name(old, new)
    agn = np.isin(classes[0][counterpart["old"]], source_classes.AGN_CLASSES) | np.isin(
        classes[1][counterpart["new"]], source_classes.AGN_CLASSES
    )
    major = [table["Conf_95_SemiMajor"].fillna(0.0).max() for table in (old, new) if "Conf_95_SemiMajor" in table]
    left, right, _ = _within(*places, float(np.linalg.norm(major)))
    near = pd.DataFrame({"old": left, "new": right})
    pairs = pd.concat([named.assign(link=0), counterpart[agn].assign(link=1), near.assign(link=2)], ignore_index=True)
    first, second = places[0][pairs["old"]], places[1][pairs["new"]]
    angle = first.position_angle(second).deg
    radii = ellipse_radius(old.iloc[pairs["old"]], angle), ellipse_radius(new.iloc[pairs["new"]], angle + 180.0)
    radius, both = np.hypot(*radii), np.minimum(*radii) > 0
    pairs["separation"] = first.separation(second).deg
    pairs["ellipse_distance"] = np.divide(pairs["separation"], radius, out=np.full(len(pairs), np.nan), where=both)
    inside = (radius > 0) & (pairs["separation"] <= radius)
    kept = np.select([pairs["link"] == 0, pairs["link"] == 1], [True, pairs["separation"] <= MAX_SEPARATION], inside)
    pairs = pairs[kept.astype(bool)].sort_values(["link", "separation", "old", "new"])
    return pairs.drop_duplicates(["old", "new"]).reset_index(drop=True)


def _one_to_one(pairs: pd.DataFrame) -> pd.DataFrame:
    """Take the pairs from best to worst, each source of either release once."""
    taken_old, taken_new, chosen = set(), set(), []
    for row, (old, new) in enumerate(zip(pairs["old"], pairs["new"], strict=True)):
        if old not in taken_old and new not in taken_new:
            taken_old.add(old)
            taken_new.add(new)
            chosen.append(row)
    return pairs.iloc[chosen].set_index("old")


def compare(old: pd.DataFrame, new: pd.DataFrame) -> Crossmatch:
    """Say what became of each source of a release.

    Parameters
    ----------
    old, new : pandas.DataFrame
        Two releases with 4FGL column names (``RAJ2000``, ``DEJ2000``, ``CLASS1`` or ``CLASS``, ...). Names of
        earlier releases (``ASSOC_4FGL``, ``ASSOC_FGL``), error ellipses and counterparts are used where given.

    Returns
    -------
    Crossmatch

    Raises
    ------
    FeatureError, CatalogError
        For missing columns, an empty table, or source names that occur twice.

    Notes
    -----
    A source that loses its association counts as reclassified, with an empty ``class_after``. A source
    is in doubt when several new sources could be its successor ("split" or "crowded"), when the one it
    could be is another source's successor ("merged"), when a name leads outside the ellipses ("moved"),
    or when an associated source has another counterpart than before ("other counterpart").
    """
    for table in (old, new):
        require_columns(table, ["Source_Name", "RAJ2000", "DEJ2000"])
        if (lost := ~np.isfinite(table[["RAJ2000", "DEJ2000"]].to_numpy(float)).all(axis=1)).any():
            raise CatalogError(
                f"{lost.sum()} sources have no position, such as {table['Source_Name'][lost].iloc[0]}; correct or drop them."
            )
        if (repeated := table["Source_Name"].duplicated()).any():
            raise CatalogError(
                f"{repeated.sum()} source names occur twice, such as {table['Source_Name'][repeated].iloc[0]}; give each once."
            )
    old, new = old.reset_index(drop=True), new.reset_index(drop=True)
    counterpart = _counterpart_pairs(old, new)
    pairs = _candidates(old, new, counterpart)
    match = _one_to_one(pairs).reindex(np.arange(len(old)))
    after = match["new"].fillna(-1).astype(int).to_numpy()
    found = after >= 0
    classes = source_classes.source_class(old), np.where(found, source_classes.source_class(new)[after], "")
    table = pd.DataFrame(
        {
            "source": old["Source_Name"],
            "successor": np.where(found, new["Source_Name"].to_numpy(object)[after], ""),
            "link": [LINKS[int(link)] if link == link else "" for link in match["link"]],
            "separation": match["separation"].to_numpy(),
            "ellipse_distance": match["ellipse_distance"].to_numpy(),
            "class_before": classes[0],
            "class_after": classes[1],
            "counterpart_before": _column(old, "ASSOC1"),
            "counterpart_after": np.where(found, _column(new, "ASSOC1").to_numpy(object)[after], ""),
            "row_before": np.arange(len(old)),
            "row_after": after,
        }
    )
    known = classes[0] != "", classes[1] != ""
    table["outcome"] = np.select(
        [~found, ~known[0] & known[1], ~known[0], classes[0] == classes[1]],
        ["vanished", "newly associated", "still unassociated", "confirmed"],
        "reclassified",
    )
    table["doubt"] = _doubts(table, pairs, counterpart)
    rest = np.setdiff1d(np.arange(len(new)), after)
    appeared = pd.DataFrame(
        {"source": new["Source_Name"].to_numpy(object)[rest], "class": source_classes.source_class(new)[rest], "row": rest}
    )
    return Crossmatch(table, appeared)


def _doubts(table: pd.DataFrame, pairs: pd.DataFrame, counterpart: pd.DataFrame) -> np.ndarray:
    n, after = len(table), table["row_after"].to_numpy()
    named = np.bincount(pairs.loc[pairs["link"] == 0, "old"], minlength=n)
    candidates = np.bincount(pairs["old"], minlength=n)
    both = ((table["class_before"] != "") & (table["class_after"] != "")).to_numpy()
    agrees = pd.MultiIndex.from_arrays([np.arange(n), after]).isin(pd.MultiIndex.from_frame(counterpart))
    reasons = {
        "split": named > 1,
        "crowded": (after >= 0) & (candidates > np.maximum(named, 1)),
        "merged": (after < 0) & (candidates > 0),
        "moved": (table["ellipse_distance"] > 1).to_numpy(),
        "other counterpart": both & ~agrees,
    }
    flags = np.column_stack(list(reasons.values()))
    words = np.array(list(reasons), object)
    return np.array([", ".join(words[row]) for row in flags], object)


def histories(releases: dict[str, pd.DataFrame], matches: list[Crossmatch]) -> pd.DataFrame:
    """Follow every source through several releases.

    Parameters
    ----------
    releases : name -> release, oldest first.
    matches : `compare` of each release with the next.

    Returns
    -------
    pandas.DataFrame
        One row a source of the sky; for each release its ``<name>`` there ("" where it is not listed) and ``<name>: class``.
    """
    names = list(releases)
    first = releases[names[0]]
    table = pd.DataFrame(
        {names[0]: first["Source_Name"].to_numpy(object), f"{names[0]}: class": source_classes.source_class(first)}
    )
    for older, newer, found in zip(names[:-1], names[1:], matches, strict=True):
        step = found.sources.set_index("source")
        table[newer] = table[older].map(step["successor"]).fillna("")
        table[f"{newer}: class"] = table[older].map(step["class_after"]).fillna("")
        new = pd.DataFrame({newer: found.appeared["source"], f"{newer}: class": found.appeared["class"]})
        table = pd.concat([table, new], ignore_index=True).fillna("")
    return table
