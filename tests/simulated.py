"""Made-up tables and small sizes that several tests share."""

import numpy as np
import pandas as pd
import pyarrow as pa

from agnbook.chapter import sizes
from agnbook.redshifts import boosted
from agnbook.sky import features

#: Sizes of a chapter that does not exist.
SETTINGS = sizes.Settings("99_test", "paper", {"epochs": 3})
TINY = {"n_parts": 2, "n_forest": 8, "rounds": 0.05}
#: A middling blazar.
BLAZAR = {
    "PL_Index": 2.1, "LP_Index": 2.0, "Frac_Variability": 0.4, "Pivot_Energy": 1500.0, "Variability_Index": 40.0,
    "nu_syn": 1e14, "nuFnu_syn": 2e-12,
}  # fmt: skip


def blazars(rows: int, seed: int = 0) -> pd.DataFrame:
    """Return invented blazars with the seven columns of 4LAC."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame({name: BLAZAR[name] * rng.uniform(0.8, 1.2, rows) for name in features.BLAZAR_FEATURES})
    table.insert(0, "Source_Name", [f"{seed}-{i}" for i in range(rows)])
    return table


def catalogue(n=60, seed=0):
    """A table with 4LAC's columns and plausible values."""
    rng = np.random.default_rng(seed)
    positive = [*features.POSITIVE, *features.SED_OFFSET, *features.REDSHIFT_RAW, "HE_EPeak", "HE_nuFnuPeak", "Unc_Counterpart"]
    table = pd.DataFrame({name: rng.uniform(0.5, 2.0, n) for name in positive})
    for name, scale in {
        "Flux1000": 1e-10,
        "Energy_Flux100": 1e-11,
        "nuFnu_syn": 1e-12,
        "nu_syn": 1e14,
        "HE_nuFnuPeak": 1e-6,
    }.items():
        table[[column for column in table if column.removeprefix("Unc_") == name]] *= scale
    table["Source_Name"] = [f"4FGL J{i:04d}.0+0000" for i in range(n)]
    table["Redshift"] = rng.uniform(0.1, 2.5, n)
    table["GLAT"], table["RAJ2000"], table["DEJ2000"] = -40.0, 10.0, 20.0
    table["RA_Counterpart"], table["DEC_Counterpart"] = 10.0, 20.5
    table["ASSOC_PROB_BAY"], table["ASSOC_PROB_LR"], table["Flags"] = 0.99, 0.9, 0
    table["SpectrumType"], table["SED_class"], table["VLBI_Counterpart"] = "PowerLaw", "LSP", ""
    table["CLASS"] = np.resize(["bll", "FSRQ", "bcu"], n)
    table["Counterpart_Catalog"], table["ASSOC1"] = "bzcat", np.resize(["PKS 0001+01", "1RXS J0001", "2MASX J01", "S4 0002"], n)
    return table


def synthetic_sample(n=240, seed=1):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.normal(size=(n, 6)), columns=["a", "b", "c", "d", "CLASS_fsrq", "CLASS_bll"])
    X["CLASS_fsrq"] = (X["a"] > 0).astype(float)
    X["CLASS_bll"] = 1 - X["CLASS_fsrq"]
    X.index = [f"s{i}" for i in range(n)]
    z = (0.9 + 0.25 * np.tanh(X["a"]).to_numpy() + rng.normal(0, 0.1, n)) ** 2
    return boosted.RedshiftSample(X, z, np.arange(n) < 2 * n // 3)


def light_curve_table(names=("a", "b"), bands="gri", nights=40, seed=0, rho=0.97) -> pd.DataFrame:
    """Return light curves drawn from the model at irregular nights: tau 250 d, sigma .2 mag at 6000 A."""
    from agnbook import quasars
    from agnbook.quasars import simulate

    parts = []
    for number, name in enumerate(names):
        rng = np.random.default_rng([seed, number])
        times = np.repeat(np.sort(rng.uniform(52000, 55000, nights)).round(3), len(bands)) + np.tile(
            0.01 * np.arange(len(bands)), nights
        )
        band = np.tile(list(bands), nights)
        curve = quasars.light_curve(name, times, band, np.full(len(times), 19.0), np.full(len(times), 0.02), survey="sdss")
        plan = quasars.model.layout(quasars.Model(), curve)
        theta = plan.mean.copy()
        theta[[quasars.model.TAU, quasars.model.SIGMA, quasars.model.RHO]] = np.log10(250), np.log10(0.2), np.log(rho / (1 - rho))
        drawn = simulate.simulate(curve, theta, rng, means=np.full(len(bands), 19.0))
        parts.append(
            pd.DataFrame(
                {
                    "object": name, "time": drawn.times.round(5), "band": np.array(drawn.bands)[drawn.band],
                    "magnitude": drawn.values.round(4), "error": drawn.errors, "z": 1.0,
                }
            )
        )  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def one_row_an_object(table: pd.DataFrame) -> pa.Table:
    """Return light curves as one row an object, cells that hold lists, redshift 1."""
    grouped = table.groupby("object", sort=False)
    columns = {c: [list(g[c]) for _, g in grouped] for c in ("time", "band", "magnitude", "error")}
    return pa.table({"object": list(grouped.groups), "z": [1.0] * len(grouped)} | columns)
