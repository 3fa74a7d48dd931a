"""What a table of 4FGL sources lacks for a redshift, taken from 4LAC-DR3 where it knows the source by any of its names."""

from functools import cache

import pandas as pd

from agnbook.ask import source_names, user_columns
from agnbook.errors import CatalogError
from agnbook.sky import catalogs


@cache
def _lac() -> pd.DataFrame | None:
    """Both files of 4LAC-DR3, indexed by today's names; None where they are not there."""
    try:
        table = catalogs.read_4lac()
    except CatalogError:
        return None
    return table.set_index(pd.Index(source_names.todays_names(table["Source_Name"])))


def joined(table, columns) -> tuple[object, list[str]]:
    """Return a table with the columns that it lacks from 4LAC-DR3, and their names.

    Parameters
    ----------
    table : astropy.table.Table with a column of names.
    columns : wanted columns, by their names in 4LAC. Those that the table has, in whatever spelling, stay its own.

    Returns
    -------
    table, taken : the table itself and [] where it lacks nothing, or what 4LAC has not, or has no names, or 4LAC-DR3 is not
        there. A source that 4LAC does not know, or that may be several, has no values in what was taken.
    """
    own = user_columns.spelt(table)
    missing = [name for name in columns if user_columns.key(name) not in own]
    named = next((own[key][0] for key in map(user_columns.key, user_columns.NAME_COLUMNS) if key in own), None)
    lac = _lac() if missing and named is not None and len(table) else None
    if lac is None or not set(missing) <= set(lac):
        return table, []
    sources = source_names.identify(user_columns.names(table, named), user_columns.positions(table))
    rows = lac[missing].reindex([each[0] if len(each) == 1 else "" for each in sources])
    if rows.isna().all(axis=None):
        return table, []
    table = table.copy()
    for name in missing:
        values = rows[name]
        table[name] = values.to_numpy(float) if pd.api.types.is_numeric_dtype(lac[name]) else values.fillna("").to_numpy(str)
    return table, missing
