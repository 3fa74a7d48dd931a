"""Which source a name means: spellings, earlier releases, counterparts."""

import difflib
import re
from functools import cache

import pandas as pd

from agnbook import committed
from agnbook.blazars import catalogue
from agnbook.errors import CatalogError
from agnbook.sky import catalogs, crossmatch, registry


def simplified(name: str) -> str:
    """Return a name without what people write differently: capitals, spaces, underscores, dashes, a leading 4FGL."""
    name = re.sub(r"[\s_]+", "", name).lower().translate(str.maketrans("−–—", "---")).removeprefix("4fgl")
    return re.sub(r"^(markarian|mrk)(?=\d)", "mkn", name)


@cache
def _dr4() -> pd.DataFrame:
    columns = ["Source_Name", "ASSOC1", "ASSOC2", "ASSOC_4FGL", "CLASS1", "RAJ2000", "DEJ2000", "GLON", "GLAT"]
    return catalogs.read("4fgl-dr4", columns).set_index("Source_Name")


@cache
def new_names() -> dict[str, str]:
    """Name in an earlier release -> name in 4FGL-DR4, where that changed, if only by the ``c`` of a confused region."""
    table = _dr4()
    pairs = [(name[:-1], name) for name in table.index if name.endswith("c")]
    pairs += [(old, new) for new, old in table.loc[~table["ASSOC_4FGL"].duplicated(keep=False), "ASSOC_4FGL"].items()]
    return {old: new for old, new in pairs if old and old not in table.index}


@cache
def source_table() -> pd.DataFrame:
    """Every source of 4FGL-DR4 and, where the file is there, of 4LAC-DR3, indexed by name."""
    try:
        parts = [catalogs.read_fits(registry.find(f"4lac-dr3-{letter}", download=False)) for letter in "hl"]
    except CatalogError:
        return _dr4()
    kept = ["ASSOC1", "CLASS", "Redshift", "RAJ2000", "DEJ2000", "GLON", "GLAT"]
    lac = pd.concat(parts).set_index("Source_Name")[kept].add_suffix("_4LAC").rename(index=new_names())
    return _dr4().join(lac, how="outer")


@cache
def _index() -> dict[str, tuple[str, dict[str, None]]]:
    """Simplified name -> the name as it is written, and the sources that bear it."""
    table, index = source_table(), {}
    columns = [column for column in ("ASSOC1", "ASSOC2", "ASSOC1_4LAC") if column in table]
    spelt = [(source, source) for source in table.index] + list(new_names().items())
    spelt += [pair for column in columns for pair in zip(table[column].fillna(""), table.index, strict=True)]
    spelt += [(source, source) for stem in ("blazar_classes", "agn_redshifts") for source in published(stem).index]
    for name, source in spelt:
        if key := simplified(name):
            index.setdefault(key, (name, {}))[1][source] = None
    return index


@cache
def published(stem: str) -> pd.DataFrame:
    """Return a committed table of predictions, indexed by the sources' names of today."""
    if stem.startswith("shift"):
        return committed.load_table(f"results/{stem}.csv").set_index("Source_Name")
    return catalogue.read(stem).set_index("Source_Name").rename(index=new_names())


@cache
def _earlier() -> dict[str, tuple[str, str]]:
    """Simplified name in an earlier release -> the release, and the source in 4FGL-DR4 ("" if it has vanished)."""
    found = {}
    for release in ("4fgl-dr2", "4fgl-dr3"):
        try:
            sources = crossmatch.compare(catalogs.read(release), catalogs.read("4fgl-dr4")).sources
        except CatalogError:
            continue
        pairs = zip(sources["source"], sources["successor"], strict=True)
        found |= {simplified(source): (release.upper(), successor) for source, successor in pairs}
    return found


def find_sources(name: str) -> list[str]:
    """Return the sources called `name`: a 4FGL name or a counterpart's, in any spelling that `simplified` forgives.

    Raises
    ------
    CatalogError
        When there is none, with the names that come closest, or the release that had it.
    """
    index, key = _index(), simplified(name)
    if key in index:
        return list(index[key][1])
    if re.match(r"j\d{4}\.\d[+-]\d{4}", key) and key in _earlier():  # a name that 4FGL-DR4 does not mention
        release, successor = _earlier()[key]
        if successor:
            return [successor]
        raise CatalogError(f"{name} was in {release} and is not in 4FGL-DR4, nor is any other source in its place.")
    starts = [other for other in index if len(key) > 3 and other.startswith(key)]
    near = [index[other][0] for other in (starts or difflib.get_close_matches(key, index, n=5, cutoff=0.75))[:5]]
    advice = f"Did you mean {', '.join(near)}?" if near else "Give a 4FGL name, such as '4FGL J1104.4+3812', or a counterpart."
    raise CatalogError(f"No source of 4FGL-DR4 or 4LAC-DR3 is called {name!r}. {advice}")
