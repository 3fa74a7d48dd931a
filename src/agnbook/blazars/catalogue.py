"""Publish predictions as FITS and CSV tables that astropy and TOPCAT open, with units and meanings."""

import time
from pathlib import Path

import numpy as np
import pandas as pd

from agnbook import committed, described_tables, storage
from agnbook.errors import ResultsError

#: Column -> (unit, what it is). Probabilities and redshifts are pure numbers.
CLASS_COLUMNS = {
    "Source_Name": ("", "4FGL name as in 4LAC-DR3"),
    "probability_fsrq": ("", "probability of FSRQ, five voters, all honest 4LAC columns"),
    "probability_low": ("", "lower end of its 95 % interval, from 100 bootstrap resamples of the training sources"),
    "probability_high": ("", "upper end of that interval"),
    "logit_sd": ("", "standard deviation of the logit over the resamples"),
    "probability_fsrq_source": ("", "probability of FSRQ from gamma-ray and synchrotron columns alone"),
    "logit_sd_source": ("", "standard deviation of its logit over the resamples"),
    "probability_bias_init": ("", "probability of FSRQ by the paper's 7-42-1 network, mean over resamples"),
    "called_95": ("", "class called at 95 % expected precision, or none"),
    "called_99": (
        "",
        "class called at 99 % expected precision, or none; none without a synchrotron fit, where that precision was not met",
    ),
    "flagged": ("", "whether 4LAC raises an analysis flag (the paper leaves such sources out)"),
    "no_sed": ("", "whether 4LAC has no synchrotron fit: the classes are then told apart less well"),
    "probability_blind": ("", "probability of FSRQ by five voters that see neither the synchrotron columns nor their gaps"),
    "call_rests_on_gap": ("", "whether called_95 of a source without a synchrotron fit changes when the gap is not seen"),
}
REDSHIFT_COLUMNS = {
    "Source_Name": ("", "4FGL name as in 4LAC-DR3"),
    "z_mean": ("", "mean of the predictive redshift distribution"),
    "z_sd": ("", "its standard deviation"),
    "z_q025": ("", "its 2.5 % quantile"),
    "z_q160": ("", "its 16 % quantile"),
    "z_q500": ("", "its median"),
    "z_q840": ("", "its 84 % quantile"),
    "z_q975": ("", "its 97.5 % quantile"),
    "z_low68": ("", "lower end of the 68.3 % interval, calibrated by class"),
    "z_high68": ("", "upper end of that interval"),
    "z_low95": ("", "lower end of the 95.4 % interval, calibrated by class"),
    "z_high95": ("", "upper end of that interval"),
    "z_mean_no_class": ("", "mean redshift by the same model without the class as an input"),
    "paper_cuts": ("", "whether the source passes the cuts of the paper's redshift sample"),
    "validated": ("", "whether coverage held on held-out known redshifts of the same class and cuts; if not, do not rely on it"),
}


#: Name of a published table -> its columns.
COLUMNS = {"blazar_classes": CLASS_COLUMNS, "agn_redshifts": REDSHIFT_COLUMNS}
#: Published column -> column of `uncertain_votes.summary`.
_FROM_SUMMARY = {
    "probability_fsrq": "five voters.answer", "probability_low": "five voters.low", "probability_high": "five voters.high",
    "logit_sd": "five voters.logit_sd", "probability_fsrq_source": "source alone.answer",
    "logit_sd_source": "source alone.logit_sd", "probability_bias_init": "bias_init.mean",
}  # fmt: skip


def class_table(summary: pd.DataFrame) -> pd.DataFrame:
    """Return the columns of `CLASS_COLUMNS` that come from `uncertain_votes.summary`, indexed there by ``Source_Name``."""
    columns = {name: summary[column].to_numpy() for name, column in _FROM_SUMMARY.items()}
    return pd.DataFrame({"Source_Name": summary.index, **columns})


def checked(table: pd.DataFrame, columns: dict) -> pd.DataFrame:
    """Return the table in the order of `columns`.

    Raises
    ------
    ResultsError
        For other columns than these, repeated or unsafe names (a leading ``=``, ``+``, ``-`` or ``@``
        is a formula in a spreadsheet), missing values, and probabilities outside 0 to 1.
    """
    if set(table.columns) != set(columns):
        raise ResultsError(f"The table's columns differ from the schema: {sorted(set(table.columns) ^ set(columns))}.")
    if table["Source_Name"].duplicated().any():
        raise ResultsError("A source appears twice in the table.")
    for name in table:
        values = table[name]
        if values.isna().any():
            raise ResultsError(f"{name} has missing values.")
        if pd.api.types.is_bool_dtype(values):
            continue
        if not pd.api.types.is_numeric_dtype(values):
            if values.astype(str).str.match(r"[=+\-@\t\r]").any():
                raise ResultsError(f"{name} has a text that a spreadsheet would run as a formula.")
        elif not np.isfinite(values).all() or (name.startswith("probability") and not values.between(0, 1).all()):
            raise ResultsError(f"{name} has values that are infinite, or no probabilities.")
    return table[list(columns)]


def write(
    stem: str, table: pd.DataFrame, columns: dict, *, chapter: str, profile: str, seed: int, version: str, model: str
) -> None:  # fmt: skip
    """Write ``data/results/<stem>.fits`` and ``.csv``; nothing unless a `paper` run publishes.

    Both hold model, version and each column's meaning; the CSV file as comment lines (ECSV, which astropy and TOPCAT read;
    elsewhere skip lines with ``#``). See `described_tables`.
    """
    start = time.perf_counter()
    table = checked(table, columns).round(5)
    if not committed.publishing() or profile != "paper":
        return
    meta = {"MODEL": model, "VERSION": version, "SEED": seed, "DATA": "4LAC-DR3"}
    published, base = described_tables.described(table, columns, meta), Path("results") / stem
    described_tables.write_fits(storage.DATA / f"{base}.fits", published)
    described_tables.write_ecsv(storage.DATA / f"{base}.csv", published)
    for ending in ("fits", "csv"):
        committed.record(
            f"{base}.{ending}", chapter=chapter, profile=profile, seed=seed, version=version,
            wall_seconds=time.perf_counter() - start,
        )  # fmt: skip


def read(stem: str) -> pd.DataFrame:
    """Read a published table after checking its sha256; see `write`."""
    return described_tables.read_fits(committed.verify(f"results/{stem}.fits")).to_pandas()
