"""Other people's predictions for Fermi-LAT sources, and redshifts that were measured since 4LAC-DR3.

Every table keeps its author's names and its author's subset of sources: compare on shared names only, pair by pair. Names
of 4FGL-DR2 are led to a later release by `crossmatch.compare`.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from agnbook.errors import CatalogError
from agnbook.sky import catalogs, crossmatch, registry


@dataclass(frozen=True)
class Peer:
    """A published table of class probabilities.

    Attributes
    ----------
    file : name in ``data/peers.toml``.
    release : catalogue whose source names the table uses; its labels are all that the authors could have seen.
    names : column of source names.
    columns : class -> columns whose sum is its probability. Of two classes the second may be missing.
    label : column of a class name instead of probabilities, "" if there is none.
    """

    file: str
    release: str
    names: str
    columns: dict[str, tuple[str, ...]]
    label: str = ""


def _bhat(classes: int, model: str) -> Peer:
    columns = {"agn": (f"AGN_{model}",), "psr": (f"PSR_{model}",)}
    if classes == 3:
        columns["other"] = (f"OTHER_{model}",)
    return Peer("bhat-malyshev-" + {2: "two", 3: "three"}[classes], "4fgl-dr2", "Source_Name_4FGL", columns)


_BHAT_MODELS = ("BDT", "NN", "RF", "LR", "BDT_O", "NN_O", "RF_O", "LR_O")
_SRCPOP = {"agn": ("p_bll", "p_fsrq"), "psr": ("p_pulsar",)}

#: Active galaxy or pulsar, sources without a class. Three-class tables have "other" beside.
PULSAR_PEERS = {
    "srcpop DR4": Peer("srcpop-dr4", "4fgl-dr4", "4FGL-DR4", _SRCPOP),
    "srcpop DR4, 2 classes": Peer("srcpop-dr4-two", "4fgl-dr4", "4FGL-DR4", {"psr": ("p_pulsar",)}),
    "srcpop DR4, 3 classes": Peer("srcpop-dr4-three", "4fgl-dr4", "4FGL-DR4", {"psr": ("p_pulsar",)}),
    "srcpop DR3": Peer("srcpop-dr3", "4fgl-dr3", "4FGL-DR3", _SRCPOP),
    **{f"Bhat & Malyshev, {n} classes, {model}": _bhat(n, model) for n in (2, 3) for model in _BHAT_MODELS},
}

#: Hard classes without probabilities: they have an accuracy, not a log-loss.
LABEL_PEERS = {
    f"Finke et al., {model}": Peer("finke-2021", "4fgl-dr2", "Source_Name", {}, model)
    for model in ("DNN_LAT", "DNN_both_LAT", "DNN", "RNN_LAT", "RNN_both_LAT", "RNN")
}

#: BL Lac or FSRQ, blazar candidates.
BLAZAR_PEERS = {
    **{
        f"paper 1's authors, {model.replace('_', ' ')}": Peer(
            "gharat-bcu", "4lac-dr3", "Source_Name", {"fsrq": (f"p_fsrq_{model}",)}
        )
        for model in ("bias_init_soft_voting", "supervised_greedy", "unsupervised_greedy", "ssl_autoencoder", "ssl_contrastive")
    },
    "Butter et al.": Peer("butter-2022", "4fgl-dr2", "Source_Name", {"fsrq": ("p_fsrq_mean",)}),
    "srcpop DR4": Peer("srcpop-dr4", "4fgl-dr4", "4FGL-DR4", {"bll": ("p_bll",), "fsrq": ("p_fsrq",)}),
}

#: The three networks of paper 1 in its authors' redshift table: column suffixes.
PAPER_NETWORKS = {"frequentist": "frequentist", "flipout": "vi", "reparameterization": "vi_reparameterized"}


@lru_cache(maxsize=4)
def _read(path, size: int) -> pd.DataFrame:
    """One table serves many of its columns: read it once."""
    return pd.read_csv(path) if path.suffix == ".csv" else catalogs.read_fits(path)


def read_table(name: str, names: str = "Source_Name") -> pd.DataFrame:
    """Read a registered table, CSV or FITS, indexed by source name.

    Raises
    ------
    CatalogError
        For a missing or damaged file, no such column of names, or names that occur twice.
    """
    path = registry.find(name)
    table = _read(path, path.stat().st_size)
    if names not in table:
        raise CatalogError(
            f"{path} has no column {names!r} of source names; it has {', '.join(map(str, table.columns[:8]))}, ..."
        )
    table = table.set_index(table[names].astype(str).str.strip().rename("Source_Name"))
    if (repeated := table.index.duplicated()).any():
        raise CatalogError(f"{path} names {repeated.sum()} sources twice, such as {table.index[repeated][0]}.")
    return table


def probabilities(peer: Peer) -> pd.DataFrame:
    """Read a peer's class probabilities, one column a class, indexed by its own source names.

    Rows without any number are left out (NaN: the authors gave no answer). Sums are as published; see `exams.class_columns`.
    """
    table = read_table(peer.file, peer.names)
    values = {kind: table[list(columns)].astype(float).sum(axis=1, min_count=1) for kind, columns in peer.columns.items()}
    return pd.DataFrame(values).dropna(how="all")


def labels(peer: Peer) -> pd.Series:
    """Read a peer's hard classes, indexed by its own source names; sources without one are left out."""
    column = read_table(peer.file, peer.names)[peer.label].dropna().astype(str).str.strip().str.lower()
    return column[column != ""].rename("label")


def lead_names(table, match: crossmatch.Crossmatch):
    """Rename a table's sources from an older release to a newer one.

    Parameters
    ----------
    table : pandas.DataFrame or pandas.Series, indexed by names of the older release.
    match : `crossmatch.compare` of the two releases.

    Returns
    -------
    (table, dict)
        The renamed rows, and counts: ``rows``, ``unknown`` (not names of the older release), ``vanished`` (no successor),
        ``name``, ``counterpart`` and ``position`` (how the others were led).
    """
    found = match.sources.set_index("source")
    known = table.index.isin(found.index)
    there = found.loc[table.index[known]]
    alive = (there["successor"] != "").to_numpy()
    renamed = table[known][alive].set_axis(pd.Index(there["successor"][alive], name="Source_Name"))
    counts = {"rows": len(table), "unknown": int((~known).sum()), "vanished": int((~alive).sum())}
    return renamed, counts | {link: int((there["link"][alive] == link).sum()) for link in crossmatch.LINKS}


def paper_redshifts() -> dict[str, pd.DataFrame]:
    """Read paper 1's published redshifts: network -> columns ``mean`` and ``sd``, indexed by ``Source_Name`` (4LAC-DR3)."""
    table = read_table("gharat-redshifts")
    return {
        name: table[[f"z_mean_{suffix}", f"z_std_{suffix}"]].set_axis(["mean", "sd"], axis=1)
        for name, suffix in PAPER_NETWORKS.items()
    }


#: What `zflag` of 1CGH says.
KINDS = {1.0: "secure", 2.0: "uncertain", 3.0: "limit"}


def _horizon_redshifts() -> pd.DataFrame:
    table = catalogs.read("1cgh")
    older, newer = table["Name_4LACdr3"], table["4FGL_counter_name"]
    return pd.DataFrame(
        {
            "Source_Name": older.where(older != "", newer), "z": table["z"], "kind": table["zflag"].map(KINDS),
            "origin": table["z_origin"], "counterpart": table["Counterpart_name"], "file": "1CGH",
        }
    )  # fmt: skip


def _goldoni_redshifts() -> pd.DataFrame:
    table = catalogs.read("goldoni")
    corrected, limit, quality = (table[name] for name in ("Redshift_corr", "Redshift_LL", "Redshifts quality"))
    secure = (corrected > 0) & (quality >= 1)
    kind = np.select([secure, limit > 0, quality < 0], ["secure", "limit", "withdrawn"], "")
    return pd.DataFrame(
        {
            "Source_Name": table["4FGL name"], "z": np.where(secure, corrected, np.where(limit > 0, limit, np.nan)), "kind": kind,
            "origin": "quality " + quality.round(1).astype(str), "counterpart": table["Counterpart"], "file": "Goldoni",
        }
    )  # fmt: skip


def published_redshifts() -> pd.DataFrame:
    """Read both files of revised redshifts as they are, one row an entry.

    Returns
    -------
    pandas.DataFrame
        ``Source_Name``; ``z`` (for a limit: the limit); ``kind``: "secure" (1CGH: zflag 1; Goldoni: a corrected value of
        quality 1 or more), "uncertain" (zflag 2), "limit" (zflag 3; a lower limit), "withdrawn" (Goldoni: quality -1,
        neither value nor limit); ``origin``, ``counterpart``, ``file``. Rows without a name or a kind are left out.
    """
    table = pd.concat([_horizon_redshifts(), _goldoni_redshifts()], ignore_index=True)
    kept = (table["Source_Name"] != "") & table["kind"].isin(["secure", "uncertain", "limit", "withdrawn"])
    return table[kept & (table["kind"].eq("withdrawn") | (table["z"] > 0))].reset_index(drop=True)
