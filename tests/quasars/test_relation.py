"""The population's laws are found again from simulated measurements, with their errors; masses are judged honestly."""

import numpy as np
import pandas as pd
import pytest

from agnbook.quasars import mass, relation
from agnbook.quasars.model import PRIORS
from agnbook.quasars.sample import SHAPE


def quasars_of(n, rng):
    luminosity = rng.normal(-25, 1.2, n)
    log_mass = 8.8 - 0.25 * (luminosity + 25) + rng.normal(0, 0.35, n)
    return pd.DataFrame({"redshift": rng.uniform(0.3, 2.5, n), "M_i": luminosity, "log_mass": log_mass})


def curves_of(n, rng):
    """Precisions of curves that know log sigma well, log tau badly and a tenth of the time nothing."""
    precision = np.zeros((n, 4, 4))
    precision[:, range(4), range(4)] = 1 / np.array([0.3, 0.25, 0.08, 0.15]) ** 2
    precision[rng.random(n) < 0.1] = 0
    return relation.Measured(precision, np.zeros((n, 4)))


TRUTH = relation.Relation(
    np.array([[2.4, 0.17, 0.03, 0.21], [-0.51, -0.479, 0.131, 0.18]]), np.diag([0.25, 0.1, 0.12, 0.08]) ** 2, ("C", "D")
)


@pytest.mark.slow
def test_coefficients_and_their_errors_are_found_again(rng):
    objects = quasars_of(3000, rng)
    data = relation.simulate(TRUTH, curves_of(3000, rng), objects, rng)
    found, error = relation.with_errors(data, objects, rng=rng)
    z = (found.coefficients - TRUTH.coefficients) / error
    assert np.abs(z).max() < 4 and np.sqrt(np.mean(z**2)) < 2
    np.testing.assert_allclose(np.sqrt(np.diag(found.scatter)), np.sqrt(np.diag(TRUTH.scatter)), rtol=0.2)
    assert error.max() < 0.06


def test_the_fits_own_prior_is_divided_out(rng):
    """A posterior that is the prior says nothing; one made of prior and data gives the data back."""
    mean, sd = np.array([PRIORS["broad"][name] for name in SHAPE]).T
    likelihood = np.array([0.3, 0.2, 0.1, 0.2])
    value = mean + np.array([0.5, -0.1, 0.2, 0.1])
    total = 1 / sd**2 + 1 / likelihood**2
    rows = [(mean, sd), ((mean / sd**2 + value / likelihood**2) / total, 1 / np.sqrt(total))]
    table = pd.DataFrame(
        [dict(zip(SHAPE, m, strict=True)) | {f"{k}_sd": v for k, v in zip(SHAPE, s, strict=True)} for m, s in rows]
    )
    for i in range(4):
        for j in range(i):
            table[f"corr_{j}{i}"] = 0.0
    data = relation.measured(table)
    np.testing.assert_allclose(data.precision[0], 0, atol=1e-6)
    np.testing.assert_allclose(np.diag(data.precision[1]), 1 / likelihood**2, rtol=1e-6)
    np.testing.assert_allclose(data.score[1], value / likelihood**2, rtol=1e-4)


def test_a_poorly_measured_value_shrinks_to_the_population(rng):
    objects = quasars_of(500, rng)
    data = relation.simulate(TRUTH, curves_of(500, rng), objects, rng)
    population = relation.fit_relation(data, objects, ())
    value, variance = relation.expected_values(population, data, objects)
    nothing = data.precision[:, 0, 0] == 0
    spread = relation.design(objects, ()) @ population.coefficients.ravel()
    np.testing.assert_allclose(value[nothing], spread[nothing], atol=1e-9)
    assert variance[~nothing, 0].max() < variance[nothing, 0].min()


def test_predictors_see_no_mass_of_the_object_and_gains_are_paired(rng):
    n = 800
    objects = quasars_of(n, rng)
    columns = objects[["redshift", "M_i"]].assign(
        noise=rng.standard_normal(n), secret=objects["log_mass"] + rng.normal(0, 0.2, n)
    )
    folds = mass.folds(n)
    plain = mass.cross_validated(columns, objects["log_mass"], ("redshift", "M_i"), folds)
    useless = mass.cross_validated(columns, objects["log_mass"], ("redshift", "M_i", "noise"), folds)
    useful = mass.cross_validated(columns, objects["log_mass"], ("redshift", "M_i", "secret"), folds)
    assert mass.score(objects["log_mass"], plain).rms == pytest.approx(0.35, abs=0.04)
    value, (low, high) = mass.gain(objects["log_mass"], useful, plain)
    assert low > 0.1 and low < value < high
    assert mass.gain(objects["log_mass"], useless, plain)[1][0] < 0.002
    assert mass.gain(objects["log_mass"], plain, plain) == (0.0, (0.0, 0.0)), "both sides on the same resamples"
    changed = objects["log_mass"].to_numpy().copy()
    changed[folds == 3] += 5  # a fold's own masses cannot move its predictions' centre, but for the others'
    moved = mass.cross_validated(columns, changed, ("redshift", "M_i"), folds)
    np.testing.assert_array_equal(moved[folds == 3], plain[folds == 3])
    coverage = mass.score(objects["log_mass"], plain)
    assert coverage.coverage68 == pytest.approx(0.683, abs=0.06) and coverage.coverage95 == pytest.approx(0.954, abs=0.03)


def test_prior_and_burke(rng):
    log_mass = rng.normal(8.8, 0.4, 400)
    predicted = mass.cross_validated(pd.DataFrame(index=range(400)), log_mass, (), mass.folds(400))
    assert mass.score(log_mass, predicted).rms == pytest.approx(0.4, abs=0.05)
    assert mass.burke(2.0) == pytest.approx(7.97)


def test_borrowed_widths_keep_luminosity_and_lose_the_object(rng):
    objects = quasars_of(2000, rng)
    fake = mass.borrowed_width(objects, objects["log_mass"], rng)
    own = objects["log_mass"] - (8.8 - 0.25 * (objects["M_i"] + 25))
    left = fake - (8.8 - 0.25 * (objects["M_i"] + 25))
    assert np.corrcoef(fake, objects["M_i"])[0, 1] == pytest.approx(
        np.corrcoef(objects["log_mass"], objects["M_i"])[0, 1], abs=0.05
    )
    assert abs(np.corrcoef(own, left)[0, 1]) < 0.1


def test_the_law_in_the_fits_numbers_by_hand():
    """A quasar at z = 1 with M_i = -24 and 10^9.5 solar masses: 6000 A are 3000 A at rest, tau is twice as long, and a
    damped random walk's sigma is its structure function over the root of 2."""
    objects = pd.DataFrame({"redshift": [1.0], "M_i": [-24.0], "log_mass": [9.5]})
    np.testing.assert_allclose(relation._offset(objects), [[np.log10(2), 0, -np.log10(np.sqrt(2)), 0]])
    level, slope = [1, np.log10(3000 / 4000), -1, 0.5], [0, 1, 0, 0]
    expected = [[*level, 0, 0, 0, 0], [*slope, 0, 0, 0, 0], [0, 0, 0, 0, *level], [0, 0, 0, 0, *slope]]
    np.testing.assert_allclose(relation.design(objects, ("C", "D")), [expected])
