"""A partition at once against one object after the other through the same public functions, same answers."""

import time

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from astropy.table import Table

from agnbook.ask import bulk_curves, bulk_task, classify, light_curves, redshift
from agnbook.ask.curve_options import Options

ROWS = 100_000
VALUES = {
    "Flags": 0, "ASSOC_PROB_BAY": 0.99, "ASSOC_PROB_LR": 0.9, "GLON": 120.0, "GLAT": 45.0, "Frac_Variability": 0.4,
    "PL_Index": 2.1, "LP_Index": 2.0, "LP_beta": 0.1, "Unc_Flux1000": 2e-11, "Unc_PL_Index": 0.05, "Pivot_Energy": 1500.0,
    "Unc_Frac_Variability": 0.1, "Unc_Energy_Flux100": 3e-13, "Variability_Index": 40.0, "Flux1000": 3e-10,
    "Unc_LP_Index": 0.06, "Energy_Flux100": 4e-12, "Signif_Avg": 12.0, "Unc_LP_beta": 0.03, "Highest_energy": 40.0,
    "nuFnu_syn": 2e-12, "nu_syn": 1e14, "HE_EPeak": 500.0, "HE_nuFnuPeak": 3e-12, "RAJ2000": 150.0, "DEJ2000": 30.0,
    "RA_Counterpart": 150.0, "DEC_Counterpart": 30.0, "Unc_Counterpart": 0.01,
}  # fmt: skip


def sources(rows: int) -> pd.DataFrame:
    """Return invented sources with every column that `classify` and `redshift` want."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame({name: value * rng.uniform(0.9, 1.1, rows) for name, value in VALUES.items()})
    table = table.assign(SpectrumType="LogParabola", CLASS="bll", SED_class="HSP", Counterpart_Catalog="NVSS")
    table = table.assign(VLBI_Counterpart="", ASSOC1="PKS 0000+00")
    table.insert(0, "Source_Name", [f"source {i}" for i in range(rows)])
    return table


def seconds_each(function, objects) -> tuple[float, list]:
    """Processor seconds an object of a plain loop, and its answers."""
    function(objects[0])
    start = time.process_time()
    answers = [function(each) for each in objects]
    return (time.process_time() - start) / len(objects), answers


@pytest.mark.parametrize("model, rows", [("blazars", ROWS), ("redshift", ROWS // 20)])
def test_tables(benchmark, tmp_path, model, rows):
    table, todo = sources(rows), bulk_task.plan(model)
    table.head(5).to_parquet(tmp_path / "warm.parquet")
    table.to_parquet(tmp_path / "in.parquet")
    bulk_task.compute(tmp_path / "warm.parquet", tmp_path / "warm_out.parquet", todo)
    record = benchmark.pedantic(bulk_task.compute, (tmp_path / "in.parquet", tmp_path / "out.parquet", todo), rounds=1)
    ask = redshift.redshift if model == "redshift" else classify.classify
    some = np.random.default_rng(1).choice(rows, 40, replace=False)
    slow, answers = seconds_each(ask, [Table.from_pandas(table.iloc[[row]]) for row in some])
    bulk_answers = pd.read_parquet(tmp_path / "out.parquet")
    found, expected = (
        bulk_answers.iloc[some].reset_index(drop=True),
        pd.concat([a.to_pandas() for a in answers], ignore_index=True),
    )
    pd.testing.assert_frame_equal(found, expected, check_dtype=False, atol=2e-5)
    quick = record["cpu"] / rows
    times = f"{1e6 * quick:.3g} us a row from file to file, one by one {1e6 * slow:.3g} us"
    print(f"\n{model}: {rows} rows, {times}; {slow / quick:.0f} times")
    assert slow > 20 * quick


def test_light_curves(benchmark, tmp_path):
    """All of the time is the fit, which no batch makes cheaper: bulk adds next to nothing, and the answers are the same."""
    options = Options(survey="lsst", redshift="redshift")
    (path,), todo = bulk_curves.simulate(tmp_path / "in", 20, 20, share=0.3), bulk_task.plan("lightcurve", options=options)
    bulk_curves.simulate(tmp_path / "warm", 2, 2, share=0.3)
    bulk_task.compute(tmp_path / "warm" / path.name, tmp_path / "warm_out.parquet", todo)
    record = benchmark.pedantic(bulk_task.compute, (path, tmp_path / "out.parquet", todo), rounds=1)
    table = pq.read_table(path)
    slow, answers = seconds_each(
        lambda row: light_curves.light_curves(table.slice(row, 1), options)[0].to_pandas(), range(table.num_rows)
    )
    found = pd.read_parquet(tmp_path / "out.parquet")
    pd.testing.assert_frame_equal(found, pd.concat(answers, ignore_index=True), check_exact=True)
    quick = record["cpu"] / table.num_rows
    print(f"\nlight curves: {1e3 * quick:.0f} ms each from file to file, {1e3 * slow:.0f} ms one by one")
    assert quick < 1.2 * slow
