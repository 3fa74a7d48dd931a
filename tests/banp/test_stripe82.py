"""The neural process with real visits: what it is shown, what stays hidden, and that it learns."""

from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest
import torch
from simulated import light_curve_table

from agnbook import committed, quasars
from agnbook.banp import anp, stripe82
from agnbook.chapter.sizes import Settings
from agnbook.quasars import heldout
from agnbook.sky.curve_tables import Visits


@pytest.fixture
def visits():
    """Thirty quasars of 40 visits; band u of the first is never measured."""
    rng = np.random.default_rng(0)
    made = {}
    for name in range(30):
        times = np.sort(rng.uniform(51500, 54400, 40))
        errors = np.full((40, 5), 0.03)
        errors[rng.random((40, 5)) < 0.05] = np.nan
        made[name] = Visits(times, np.where(np.isfinite(errors), 20.0, np.nan), errors)
    made[0].errors[:, 0] = np.nan
    return made


@pytest.fixture
def objects():
    rng = np.random.default_rng(1)
    table = pd.DataFrame({"redshift": rng.uniform(0.3, 2.5, 30), "M_i": -25.0, "log_mass": rng.normal(8.9, 0.4, 30)})
    return table.assign(**{f"mag_{band}": 19.5 + 0.2 * k for k, band in enumerate("ugriz")})


def test_the_law_is_the_simulators(objects):
    rng = np.random.default_rng(2)
    n = 20_000
    log_tau, log_sf, rho = stripe82.sample_process(np.full(n, 0.0), np.full(n, -23.0), np.full(n, 9.0), rng)
    # MacLeod et al. (2010) at 4000 A, M_i = -23, 1e9 solar masses: tau = 10^2.4 d, SF = 10^-.51 mag; ugriz lie about it
    at_4000 = [np.interp(np.log10(4000), np.log10([3551, 4686]), values[:, :2].mean(axis=0)) for values in (log_tau, log_sf)]
    assert np.allclose(at_4000, [2.4, -0.51], atol=0.01)
    assert np.isclose(log_tau[:, 1].std(), np.hypot(0.2, stripe82.SCATTER_TAU), rtol=0.05)
    assert (rho <= 1).all() and np.isclose(np.median(rho), 1 - stripe82.UNSHARED, atol=0.002)


def test_simulated_curves_have_the_asked_flicker(visits, objects):
    rng = np.random.default_rng(3)
    curves = stripe82.SimulatedCurves(400, rng, visits, objects)
    sf = np.array([truth.std(axis=0) for truth in curves.truth]) * np.sqrt(2)
    asked = 10 ** curves.targets[:, 5:10]
    assert 0.75 < np.median(sf / asked) < 1.0  # ten years do not show all of it
    correlation = np.array([np.corrcoef(truth.T)[1, 2] for truth in curves.truth])
    assert 0.9 < np.median(correlation) < 1.0


def test_nothing_held_out_reaches_the_context(visits, objects):
    curves = stripe82.SimulatedCurves(20, np.random.default_rng(4), visits, objects)
    rows = np.arange(20)
    context_x, context, x, wanted, _, held = curves.batch(rows, 30, 8, np.random.default_rng(5))
    assert context_x.shape[1] == (~held[0]).sum() and x.shape[1] == 38
    assert context.shape[-1] == wanted.shape[-1] == stripe82.INPUTS
    assert not torch.isnan(context).any() and (wanted[..., 5:10] == 1).all()
    missing = context[..., 5:10] == 0
    assert missing.any() and (context[..., :5][missing] == 0).all() and (context[..., 10:15][missing] == 0).all()
    for row in rows:  # move the truth where it is held out, and draw the same batch again
        times = x[row, held[row], 0].numpy() * stripe82.TIME + stripe82.MIDDLE
        hidden = (np.abs(curves.times[row][:, None] - times) < 0.01).any(axis=1)
        assert hidden.sum() == held[row].sum()
        curves.truth[row] = curves.truth[row] + np.where(hidden[:, None], 3.0, 0.0)
    again = curves.batch(rows, 30, 8, np.random.default_rng(5))
    assert torch.equal(again[1], context)
    assert not torch.equal(again[3], wanted)


def test_a_real_quasar_is_answered_and_its_hidden_values_are_not_seen(visits):
    process = stripe82.process_of("smoke")
    known = np.isfinite(visits[3].values)
    known[::5] = False
    mean, sd = process.answer(visits[3], known, passes=4)
    assert mean.shape == sd.shape == (40, 5) and np.isfinite(mean).all() and (sd > 0).all()
    moved = Visits(visits[3].times, np.where(known, visits[3].values, 7.0), visits[3].errors)
    again, _ = process.answer(moved, known, passes=4)
    assert np.array_equal(mean, again)


@pytest.mark.slow
def test_it_learns_and_resumes(visits, objects, tmp_path):
    tiny = anp.Config(bands=5, targets=18, inputs=stripe82.INPUTS, hidden=16, latent=8)
    options = dict(
        curves=200, validation=40, seconds=60, checkpoint=tmp_path / "a.pt", seed=0, n_context=24, n_extra=8, every=20,
        config=tiny,
    )  # fmt: skip
    _, history = stripe82.learn(visits, objects, max_steps=20, **options)
    process, more = stripe82.learn(visits, objects, max_steps=120, **options)
    assert [entry["step"] for entry in more] == [20, 40, 60, 80, 100, 120] and more[0] == history[0]
    assert more[-1]["loss"] < more[0]["loss"]
    assert process.scales.magnitudes.mean.shape == (5,) and process.notes["steps"] == 120
    assert stripe82.suitable(visits, objects.assign(log_mass=np.nan), 32) == []


@pytest.fixture
def real_curve():
    table = light_curve_table(("7",), nights=60)
    return quasars.light_curve("7", table["time"], table["band"], table["magnitude"], table["error"], survey="sdss")


def test_hidden_values_do_not_reach_their_prediction(real_curve):
    process, hidden = stripe82.process_of("smoke"), heldout.hide(real_curve)
    for kind in ("visit", "band"):
        found = stripe82.predict_hidden(process, hidden, kind, passes=3)
        assert found.mean.shape == (hidden.asked.sum(),) and np.isfinite(found.mean).all() and (found.sd > 0).all()
        unseen = hidden.visit if kind == "visit" else hidden.asked
        moved = replace(real_curve, values=real_curve.values + np.where(unseen, 5.0, 0.0))
        again = stripe82.predict_hidden(process, heldout.Hidden(moved, hidden.visit, hidden.asked), kind, passes=3)
        np.testing.assert_array_equal(again.mean, found.mean)
        nearby = replace(real_curve, values=real_curve.values + np.where(unseen, 0.0, 5.0))
        other = stripe82.predict_hidden(process, heldout.Hidden(nearby, hidden.visit, hidden.asked), kind, passes=3)
        assert np.abs(other.mean - found.mean).max() > 1, "what is known does"


def test_every_hidden_measurement_is_predicted_both_ways(real_curve, monkeypatch):
    monkeypatch.setattr(stripe82.samples, "curves", lambda names: [replace(real_curve, name=str(name)) for name in names])
    table = stripe82.hold_out(["a", "b"], "smoke", passes=2)
    assert set(table["object"]) == {"a", "b"} and set(table["kind"]) == {"visit", "band"}
    assert (table["method"] == "neural process").all()
    number = heldout.hide(replace(real_curve, name="a")).asked.sum()
    assert (table[table["object"] == "a"].groupby("kind").size() == number).all()


@pytest.mark.slow
def test_a_paper_run_commits_the_network_and_others_nothing(visits, objects, data, tmp_path, monkeypatch):
    monkeypatch.setattr(stripe82.storage, "ROOT", tmp_path)
    monkeypatch.setattr(stripe82, "CONFIG", anp.Config(bands=5, targets=18, inputs=stripe82.INPUTS, hidden=8, latent=4))
    monkeypatch.setattr(stripe82.light_curves, "stripe82", lambda names: names)
    monkeypatch.setattr(stripe82.light_curves, "stripe82_objects", lambda: objects)
    monkeypatch.setattr(stripe82.curve_tables, "visits", lambda names, bands: {name: visits[name] for name in names})
    monkeypatch.setattr(stripe82, "learn", partial(stripe82.learn, n_context=24, n_extra=8, config=stripe82.CONFIG))
    sizes = {"curves": 40, "validation": 20, "seconds": 60, "cooldown": 0, "max_steps": 2}
    history = stripe82.train_for(list(visits), Settings("35_test", "book", sizes), 5)
    assert history["step"].tolist() == [2] and not (data / "weights").exists()
    stripe82.train_for(list(visits), Settings("35_test", "paper", sizes), 5)
    found, record = stripe82.Stripe82Process.load(), committed.notes(stripe82.Stripe82Process.WEIGHTS)
    assert found.notes == {"steps": 2, "alpha": stripe82.ALPHA, "curves": 40}
    assert record["parameters"] == anp.count_parameters(found.network) and record["seed"] == 5 and record["steps"] == 2
