"""The exact posterior: its prior and likelihood against independent formulas, and its indifference to a wrong network."""

import celerite2
import numpy as np
import pytest
from astropy.table import Table
from celerite2 import terms
from scipy import stats

from agnbook.ask import command_line, light_curves, measurements, simulator
from agnbook.banp import exact, posterior, summary
from agnbook.errors import BookError
from agnbook.judge import calibration
from agnbook.lightcurves import dataset, kalman, population


@pytest.fixture
def wrong():
    """The shipped network with every answer moved by a fifth of the prior standard deviation in mass."""
    own = posterior.shipped("independent")
    own.outputs = type(own.outputs)(own.outputs.mean + 0.2 * own.outputs.scale * np.eye(7)[4], own.outputs.scale)
    return own


@pytest.fixture(scope="module")
def curves():
    return summary.simulate_chunk("independent", 77, 0, 200)


@pytest.fixture(scope="module")
def features(curves):
    return summary.features(curves, False)


def test_log_density_is_that_of_the_samples():
    drawn = population.sample(100_000, np.random.default_rng(0))[:, :7]
    proposal = stats.multivariate_t(drawn.mean(axis=0), np.cov(drawn, rowvar=False), df=5, seed=1)
    points = proposal.rvs(200_000)
    weight = np.exp(population.log_density(np.c_[points, np.zeros(len(points))]) - proposal.logpdf(points))
    assert weight.mean() == pytest.approx(1, abs=5 * weight.std() / np.sqrt(len(weight)))
    assert weight.std() < 5  # else the line before says little
    for moment in (lambda x: x, lambda x: x**2, lambda x: x * np.roll(x, 1, axis=1), lambda x: x * np.roll(x, 2, axis=1)):
        scaled = [(each - drawn.mean(axis=0)) / drawn.std(axis=0) for each in (points, drawn)]
        np.testing.assert_allclose(weight @ moment(scaled[0]) / weight.sum(), moment(scaled[1]).mean(axis=0), atol=0.04)
    outside = np.zeros((2, 8))
    outside[:, 4:7] = [[6.9, -24, 1.0], [8.0, -24, 3.2]]
    assert (population.log_density(outside) == -np.inf).all()


def test_separate_likelihood_agrees_with_celerite2():
    rng = np.random.default_rng(0)
    times, errors = np.sort(rng.uniform(0, 3000, 50)), rng.uniform(0.01, 0.06, (50, 6))
    magnitudes = 20 + rng.standard_normal((50, 6))
    log_tau, log_sf, means = (
        rng.uniform((-3, 0, 1, 2), (-2, 1, 2, 3), (6, 4)).T,
        rng.uniform(-1, 0, (4, 6)),
        20 + rng.standard_normal((4, 6)),
    )
    found = kalman.separate_log_likelihood(log_tau, log_sf, means, times, magnitudes, errors)
    for j in range(4):
        expected = 0.0
        for b in range(6):
            kernel = terms.RealTerm(a=10 ** (2 * log_sf[j, b]), c=10 ** -log_tau[j, b])
            gp = celerite2.GaussianProcess(kernel, mean=means[j, b])
            gp.compute(times, yerr=errors[:, b])
            expected += gp.log_likelihood(magnitudes[:, b])
        assert found[j] == pytest.approx(expected, rel=1e-9)


@pytest.mark.slow
def test_a_wrong_network_cannot_make_it_wrong(wrong, curves, features):
    own, mass = posterior.shipped("independent"), population.LOG_MASS
    honest, n_honest = exact.sample_targets(own, curves, features, 200, 1000)
    other, n_other = exact.sample_targets(wrong, curves, features, 200, 1000, seed=1)
    assert np.median(n_honest) > 1.2 * np.median(n_other) > 100
    spread = honest[..., mass].std(axis=1)
    network = wrong.sample_targets(features, 200)
    moved = [((each[..., mass].mean(axis=1) - honest[..., mass].mean(axis=1)) / spread).mean() for each in (network, other)]
    assert moved[0] > 0.3 and abs(moved[1]) < 0.05
    uniform = [stats.kstest(calibration.sbc_ranks(curves.targets, each)[:, mass], "uniform").pvalue for each in (network, other)]
    assert uniform[0] < 1e-4 and uniform[1] > 1e-3


def test_draws_are_repeatable_and_follow_the_weights(curves, features):
    own, one = posterior.shipped("independent"), slice(0, 1)
    latents, effective = exact.sample(own, curves.take(one), features[one], 50, 500, seed=3)
    again, _ = exact.sample(own, curves.take(one), features[one], 50, 500, seed=3)
    np.testing.assert_array_equal(latents, again)
    assert latents.shape == (1, 50, 8) and 50 < effective[0] <= 500


def test_impossible_proposals_give_no_answer(curves, features):
    own, one = posterior.shipped("independent"), slice(0, 1)
    own.outputs = type(own.outputs)(own.outputs.mean - 100 * np.eye(7)[4], own.outputs.scale)  # masses below the population's
    latents, effective = exact.sample(own, curves.take(one), features[one], 50, 500)
    assert np.isnan(latents).all() and effective[0] == 0


@pytest.mark.parametrize("setting", ["dc2_like", "lsst_bright"])
def test_with_one_driver_it_stays_near_the_network_and_covers_the_truth(setting):
    own, curves = posterior.shipped(setting), summary.simulate_chunk(setting, 78, 0, 6)
    found = summary.features(curves).astype(np.float32)
    draws, effective = exact.sample_targets(own, curves, found, 100, 1500)
    assert np.median(effective) > exact.FEW_DRAWS
    spread = draws.std(axis=1) + 1e-3
    assert np.median(np.abs(draws.mean(axis=1) - curves.targets) / spread) < 1.5
    network = own.sample_targets(found, 100)
    assert np.median(np.abs(draws.mean(axis=1) - network.mean(axis=1)) / spread) < 1


def test_the_limit_of_the_bright_population_and_scattered_slopes_are_in_the_density():
    bright = population.sample(50, np.random.default_rng(3), "lsst_bright")
    assert np.isfinite(population.log_density(bright, "lsst_bright")).all()
    faint = bright.copy()
    faint[:, 5] += 10
    assert (population.log_density(faint, "lsst_bright") == -np.inf).all()
    slopes = bright.copy()
    slopes[:, 7] = 0.3
    fall = population.log_density(bright, slope_scatter=0.3) - population.log_density(slopes, slope_scatter=0.3)
    np.testing.assert_allclose(fall, 0.5)
    with pytest.raises(BookError, match="faint"):
        population.log_density(bright, "faint")


SIMULATOR = ["--model", "simulator", "--setting", "independent"]


def table_of(curves, row):
    seen = curves.is_visit[row]
    return Table(
        {"object": np.full(seen.sum(), "one"), "time": curves.times[row, seen]}
        | {f"mag_{band}": curves.observed[row, seen, b] for b, band in enumerate(population.BANDS)}
        | {f"error_{band}": curves.error[row, seen, b] for b, band in enumerate(population.BANDS)}
    )


@pytest.mark.slow
def test_light_curves_tells_the_effective_draws(curves, monkeypatch):
    table = table_of(curves, 0)
    asked = {"model": "simulator", "setting": "independent"}
    answer, *_ = light_curves.light_curves(table, exact=True, **asked)
    network, *_ = light_curves.light_curves(table, **asked)
    assert 100 < answer["effective_draws"][0] <= 4000 and not np.isfinite(network["effective_draws"][0])
    given = simulator.visits(measurements.read(table)[0])
    each = dataset.from_arrays(given.times, given.magnitudes, given.errors)
    own, found = posterior.shipped("independent"), summary.features(each, False)
    expected, _ = exact.sample_targets(own, each, found, simulator.DRAWS, seed=simulator._seed("one"))
    assert answer["log_mass_q500"][0] == pytest.approx(np.median(expected[0, :, population.LOG_MASS]), abs=1e-4)
    monkeypatch.setattr(exact, "sample_targets", lambda *_, **__: (np.full((1, 10, 21), np.nan), np.zeros(1)))
    impossible, *_ = light_curves.light_curves(table, exact=True, **asked)
    assert "No draw" in impossible["problem"][0] and np.isnan(impossible["log_mass_q500"][0])
    assert impossible["chi2"][0] == answer["chi2"][0]  # what the fit says of the curve stays


@pytest.mark.parametrize("setting, words", [("independent", "rms of log mass"), ("dc2_like", "gain over the network")])
def test_the_command_says_how_the_exact_posterior_did(setting, words, tmp_path, capsys):
    table_of(summary.simulate_chunk(setting, 80, 0, 1), 0).write(tmp_path / "one.csv")
    assert command_line.main(["lightcurve", str(tmp_path / "one.csv"), *SIMULATOR[:3], setting, "--exact"]) == 0
    out, err = capsys.readouterr()
    assert "effective_draws" in out.splitlines()[0] and words in err


@pytest.mark.slow
def test_without_the_unseen_times_the_continuous_driver_is_nearest():
    """Log-likelihoods of posterior draws from visits alone: within a nat of the exact ones, unlike the stepped driver's."""
    curves = summary.simulate_chunk("dc2_like", 79, 0, 3)
    own, found = posterior.shipped("dc2_like"), summary.features(curves).astype(np.float32)
    for row in range(len(curves)):
        drawn = exact.sample(own, curves.take(slice(row, row + 1)), found[row : row + 1], 60, 1000)[0][0]
        seen = curves.is_visit[row]
        visits = dataset.from_arrays(*(each[row, seen] for each in (curves.times, curves.observed, curves.error)))
        right = exact._one_driver(drawn, curves, row, True)
        continuous, steps = (np.std(exact._one_driver(drawn, visits, 0, kind) - right) for kind in (False, True))
        assert continuous < 1 < steps / 3


@pytest.mark.parametrize(
    "mean, scatter, error, words, status",
    [
        (45, 0.2, 0.01, "no magnitude", 3),
        (-20, 0.2, 0.01, "no magnitude", 3),
        (22, 8.0, 0.001, "No draw", 3),
        (22, 0.2, 1e-6, "effective draws: do not", 0),
    ],
)
def test_curves_from_nowhere_give_few_draws_or_none(mean, scatter, error, words, status, tmp_path, capsys):
    rng = np.random.default_rng(0)
    times, magnitudes = np.sort(rng.uniform(0, 3650, 300)), mean + scatter * rng.standard_normal((300, 6))
    given = dataset.from_arrays(times, magnitudes, np.full((300, 6), error))
    latents, effective = exact.sample(posterior.shipped("independent"), given, summary.features(given, False), 100, 1000)
    assert np.isfinite(latents).all() if effective[0] else np.isnan(latents).all()
    table_of(given, 0).write(tmp_path / "strange.csv")
    assert command_line.main(["lightcurve", str(tmp_path / "strange.csv"), *SIMULATOR, "--exact"]) == status
    assert words in capsys.readouterr().out  # in the object's own row


def test_the_density_is_finite_wherever_it_is_not_zero():
    far = np.tile([2.4, 0.17, -0.5, -0.479, 8.5, -24, 1.5, 0.0], (4, 1))
    far[:, 4] = [7.0001, 15, 20, 60]
    assert np.isfinite(population.log_density(far)).all()
