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


def test_a_summary_gives_every_reported_number_with_its_interval():
    rng, tables = np.random.default_rng(2), []
    for k, name in enumerate(("linear", "one band", "one driver", "free rho", "neural process")):
        for kind in ("visit", "band"):
            residual = (0.05 - 0.005 * k) * rng.standard_normal(600)
            tables.append(
                pd.DataFrame({
                    "object": np.arange(600) // 12, "kind": kind, "method": name, "number": np.arange(600) % 12,
                    "residual": residual, "log_density": 0.0, "probability": rng.random(600),
                })
            )  # fmt: skip
    found = heldout.summary(pd.concat(tables, ignore_index=True))
    assert len(found) == 2 * 7
    for value, (low, high), n in found.values():
        assert low < value < high and n == 600
    assert found["heldout.epoch.joint"][0] < found["heldout.epoch.linear"][0]
    assert found["heldout.band.joint_minus_one_band"][1][1] < 0
    value, (low, high), n = heldout.median(rng.standard_normal(400))
    assert low < value < high and n == 400 and high - low < 0.4


def test_pictures_show_what_they_are_given():
    import matplotlib.pyplot as plt

    from agnbook.quasars import fit, pictures

    rng = np.random.default_rng(3)
    plain = cadence(rng)
    curve = simulate.simulate(plain, parameters(plain), rng)
    hidden = heldout.hide(curve)
    found = {"constant": heldout.constant(hidden), "linear": heldout.linear(hidden)}
    table = pd.concat([heldout.points(hidden, found, kind) for kind in ("visit", "band")], ignore_index=True)
    assert len(pictures.light_curve(fit(curve), np.linspace(*curve.times[[0, -1]], 20)).containers) == 5
    assert len(pictures.hidden_visits(hidden, found).containers) == 3
    pairs = pd.DataFrame([heldout.paired(table, "linear", "constant", kind, rng) for kind in ("visit", "band")])
    axes = pictures.paired_differences(pairs.set_index(["kind", "other"]))
    assert [label.get_text() for label in axes[0].get_yticklabels()] == ["constant"]
    assert len(pictures.probabilities(table[table["kind"] == "visit"], ("constant", "linear")).flat) == 2
    plt.close("all")
