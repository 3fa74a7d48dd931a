"""Likelihood, fit and posterior of real light curves' sizes against celerite2, EzTao and EzTaoX, in one run.

Peers run in a subprocess with the interpreter that AGNBOOK_PEERS names (`requirements-peers.lock`), and are skipped, by
name, without it. The assertions are wide sanity bounds; the times are printed, and a publishing run (AGNBOOK_PUBLISH=1)
leaves them in data/quasars/speed.csv.
"""

import json
import os
import subprocess
import time
from pathlib import Path

import celerite2
import numpy as np
import pandas as pd
import pytest
from celerite2 import terms

from agnbook import committed, quasars, storage
from agnbook.quasars import model as models
from agnbook.quasars import optimise
from agnbook.quasars.simulate import simulate

#: What has been measured, in ms, by size and by what was timed.
MEASURED: dict[tuple[str, str], float] = {}
PEERS = os.environ.get("AGNBOOK_PEERS", "")
#: One likelihood, free rho and means integrated out; `loglike` is what a fit calls.
SIZES = {"Stripe 82 object": (61, "ugriz", "sdss", 8e-4), "long LSST curve": (973, "ugrizy", "lsst", 0.0)}


def milliseconds(function, seconds=1.0):
    """Shortest processor time of a call among repeated ones, in blocks that the clock can resolve."""
    function()
    start = time.process_time()
    function()
    block = max(1, int(2e-3 / max(time.process_time() - start, 1e-6)))
    best, end = np.inf, time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.process_time()
        for _ in range(block):
            function()
        best = min(best, (time.process_time() - start) / block)
    return 1e3 * best


def example(size, seed=0):
    visits, bands, survey, gap = SIZES[size]
    rng = np.random.default_rng(seed)
    nights = 365.25 * rng.integers(0, 9, visits) + rng.uniform(0, 120, visits)
    times = (51000 + np.sort(nights)[:, None] + gap * np.arange(len(bands))).ravel()
    noise = np.tile([0.07, 0.023, 0.024, 0.028, 0.08, 0.1][: len(bands)], visits)
    curve = quasars.light_curve(size, times, np.tile(list(bands), visits), np.full(len(times), 20.0), noise, survey=survey)
    return simulate(curve, models.layout(models.DEFAULT, curve).mean, rng)


def our_likelihood(curve):
    plan = models.layout(models.DEFAULT, curve)
    data = (plan.process, plan.x, plan.slots, curve.times, curve.band, models.centred(curve), curve.errors)
    return lambda: models.loglike(plan.mean, *data, np.ones(len(curve)))


def celerite_likelihood(curve):
    """One Ornstein-Uhlenbeck process a band, the mean integrated out as a second, very slow term."""
    parts = [
        (curve.times[curve.band == b], curve.values[curve.band == b], curve.errors[curve.band == b])
        for b in range(len(curve.bands))
    ]

    def run():
        total = 0.0
        for times, values, errors in parts:
            process = celerite2.GaussianProcess(terms.RealTerm(a=0.02, c=1 / 300) + terms.RealTerm(a=100.0, c=1e-12), mean=20.0)
            process.compute(times, diag=errors**2 + 0.012**2)
            total += process.log_likelihood(values)
        return total

    return run


def peers(curve, tmp_path, *options):
    if not Path(PEERS).is_file():
        pytest.skip("EzTao and EzTaoX: AGNBOOK_PEERS names no Python that has them (requirements-peers.lock)")
    np.savez(tmp_path / "curve.npz", times=curve.times, band=curve.band, values=curve.values, errors=curve.errors)
    script = Path(__file__).with_name("peers_light_curves.py")
    keep = ("PATH", "HOME", "OMP_NUM_THREADS")
    environment = {key: os.environ[key] for key in keep if key in os.environ} | {
        "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false"
    }
    out = subprocess.run([PEERS, script, tmp_path / "curve.npz", *options], env=environment, capture_output=True, text=True)
    assert out.returncode == 0, out.stderr[-2000:]
    return json.loads(out.stdout.splitlines()[-1])


def in_a_batch(curve, count=200):
    """One of many likelihoods in a row, as a fit asks for them."""
    plan = models.layout(models.DEFAULT, curve)
    args = (plan.active, plan.mean, plan.sd, plan.process, plan.x, plan.slots, curve.times, curve.band)
    args += (models.centred(curve), curve.errors, np.ones(len(curve)))
    points = np.tile(plan.mean[plan.active], (count, 1))
    return milliseconds(lambda: optimise.densities(points, plan.mean, *args)) / count


@pytest.mark.parametrize("size", SIZES)
def test_one_likelihood(size, tmp_path):
    curve = example(size)
    ours, batch, celerite = milliseconds(our_likelihood(curve)), in_a_batch(curve), milliseconds(celerite_likelihood(curve))
    print(f"\n{size}, {len(curve)} measurements: likelihood {ours:.4f} ms, {batch:.4f} ms in a batch")
    print(f"celerite2, one band each {celerite:.3f} ms ({celerite / ours:.1f} x)")
    assert ours < celerite
    found = peers(curve, tmp_path)
    theirs, many = found["eztaox_loglike"], found["eztaox_batch"]
    print(f"EzTaoX, jitted, low rank {theirs:.3f} ms ({theirs / ours:.1f} x), {many:.3f} ms in a batch ({many / batch:.1f} x)")
    assert ours < theirs
    MEASURED.update({
        (size, "ours"): ours, (size, "in a batch"): batch, (size, "celerite2"): celerite, (size, "eztaox"): theirs,
        (size, "eztaox, in a batch"): many,
    })  # fmt: skip


def test_fit_and_posterior(tmp_path):
    size = "Stripe 82 object"
    curve = example(size)
    quasars.fit(curve)
    curves = [example(size, seed) for seed in range(40)]  # some need more draws than others: the mean counts
    start = time.process_time()
    for each in curves:
        quasars.fit(each)
    ours = 1e3 * (time.process_time() - start) / len(curves)
    print(f"\nfit and posterior of {len(curve)} measurements in five bands: {ours:.0f} ms in the mean of {len(curves)}")
    assert ours < 2000
    theirs = peers(curve, tmp_path, "fit")["eztao_fits"]
    print(f"EzTao, five one-band fits without a posterior: {theirs:.0f} ms ({theirs / ours:.1f} x)")
    assert ours < theirs
    MEASURED.update({(size, "fit and posterior"): ours, (size, "eztao, five fits"): theirs})


def test_publish():
    if not committed.publishing() or len(MEASURED) < 12:
        pytest.skip("not a publishing run with every peer")
    table = pd.DataFrame([(*key, round(value, 5)) for key, value in MEASURED.items()], columns=["curve", "what", "ms"])
    storage.write_text(storage.DATA / "quasars/speed.csv", table.to_csv(index=False, lineterminator="\n"))
    committed.record("quasars/speed.csv", chapter="36_weigh_real_black_holes", profile="paper", seed=0, wall_seconds=0.0)
