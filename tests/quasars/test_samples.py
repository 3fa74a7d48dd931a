"""Studies of many quasars: what a simulated share of common variance comes out as, and tables that fit in a file."""

import numpy as np
import pandas as pd
import pytest
from tests.quasars.conftest import cadence, parameters

from agnbook.quasars import heldout, samples, simulate


@pytest.mark.slow
def test_drivers_find_the_simulated_share():
    rng, rows = np.random.default_rng(0), []
    for k in range(10):
        plain = cadence(rng, name=f"curve {k}")
        theta = parameters(plain, heldout.SIMPLE, log_tau=2.4, log_sigma=-0.6, logit_rho=np.log(9), log_excess=-2.0)
        curve = simulate.simulate(plain, theta, rng, samples.LAWS["simple"])
        rows.append(samples.drivers(curve, "simple"))
    table = pd.DataFrame(rows)
    assert (table.rho_low < table.rho).all() and (table.rho < table.rho_high).all()
    assert abs(table.rho.median() - 0.9) < 0.03
    assert ((table.rho_low < 0.9) & (0.9 < table.rho_high)).sum() >= 4  # of 10, 68 % intervals: 4 or fewer once in 20
    assert (table.over_one_driver > 5).all() and (table.over_a_driver_a_band > 5).all()
    assert table.beyond3.sum() < 0.01 * table.measurements.sum()


def test_points_survive_a_file():
    rng = np.random.default_rng(1)
    hidden = heldout.hide(simulate.simulate(plain := cadence(rng, name="7"), parameters(plain), rng))
    found = {"constant": heldout.constant(hidden), "linear": heldout.linear(hidden)}
    table = pd.concat([heldout.points(hidden, found, kind) for kind in ("visit", "band")], ignore_index=True)
    wide = heldout.to_wide(table)
    assert len(wide) == 2 * len(hidden.truth)
    back = heldout.from_wide(wide.astype({"object": int}))  # as a CSV file gives it back
    keys = ["kind", "method", "number"]
    one, other = (t.sort_values(keys).reset_index(drop=True) for t in (table, back))
    assert (one[["object", *keys]] == other[["object", *keys]]).all().all()
    assert np.allclose(
        one[["residual", "log_density", "probability"]], other[["residual", "log_density", "probability"]], atol=5e-4
    )


@pytest.mark.slow
@pytest.mark.needs("stripe82", "stripe82-drw-r")
def test_studies_of_real_quasars_run():
    table = samples.reproduce_macleod("r", 5)
    assert len(table) == 5 and table.offset_tau.abs().median() < 0.05
    points = samples.compare_processes(table["object"].astype(int)[:1])
    assert set(points["method"]) == {"random walk", "oscillator"} and points["residual"].abs().median() < 0.3
