"""Every model that answers for a source, side by side, with what each learned from."""

from functools import cache

import numpy as np
import pandas as pd

from agnbook.ask import classify, redshift, source_names
from agnbook.errors import CatalogError
from agnbook.sky import catalogs

#: What the models learned from.
LEARNED = {
    "groups": "associated sources of 4FGL-DR4, 10 columns", "class": "blazars of known class in 4LAC-DR3",
    "redshift": "active galaxies of 4LAC-DR3 with a redshift",
}  # fmt: skip


def models(report, single: float | None) -> pd.DataFrame:
    """Every model that answers for a source, side by side; `single` is the P(FSRQ) of the 7-42-1 network."""
    rows = []
    for model, name in (("forest", "random forest, six groups"), ("network", "networks, six groups")):
        if report.groups is not None and model in report.groups:
            best = report.groups[model].idxmax()
            sd = report.groups[f"{model}_sd"][best]
            rows.append((name, LEARNED["groups"], f"{best} {report.groups[model][best]:.2f} ± {sd:.2f}"))
    if report.interval:
        rows.append(
            ("five voters, BL Lac or FSRQ", LEARNED["class"],
             f"P(FSRQ) {report.fsrq:.3f} ({report.interval[0]:.3f} to {report.interval[1]:.3f})")
        )  # fmt: skip
    if single is not None and np.isfinite(single):
        rows.append(("7-42-1 network, BL Lac or FSRQ", LEARNED["class"], f"P(FSRQ) {single:.3f}"))
    if report.redshift:
        z = report.redshift
        rows.append(
            ("trees and forest, redshift", LEARNED["redshift"], f"{z['median']:.2f} ({z['low68']:.2f} to {z['high68']:.2f})")
        )
    return pd.DataFrame(rows, columns=["model", "learned from", "answer"])


@cache
def _lac():
    """Both files of 4LAC-DR3 as an astropy table and the row of each source; (None, {}) where they are not there."""
    from astropy.table import Table

    try:
        table = catalogs.read_4lac()
    except CatalogError:
        return None, {}
    names = source_names.todays_names(table["Source_Name"])
    return Table.from_pandas(table.drop(columns="file")), {name: row for row, name in enumerate(names)}


def asked_anew(report, source: str) -> float | None:
    """Ask the models for a source whose class or redshift is known, from its row in 4LAC: they answer as if it were not.

    Fills in the redshift where none is published; returns the 7-42-1 network's P(FSRQ).
    """
    table, rows = _lac()
    if source not in rows:
        return None
    one = table[rows[source] : rows[source] + 1]
    single = float(classify.classify(one)["probability_fsrq"][0])
    if report.redshift is None:
        found = redshift.redshift(one)
        if np.isfinite(found["z_q500"][0]):
            ends = {name: float(found[f"z_{name}"][0]) for name in ("low68", "high68", "low95", "high95")}
            report.redshift = {"median": float(found["z_q500"][0])} | ends
            levels, quantiles = redshift.redshift_posterior(one)
            report.posterior = levels, quantiles[0]
            report.sha256["redshift"] = str(found["model_sha256"][0])
            report.redshift_meaning = (
                f"Its redshift is known: {report.facts['redshift']}. The model answers here without having seen it."
                if "redshift" in report.facts else "Answered from its row in 4LAC-DR3."
            )  # fmt: skip
    return single
