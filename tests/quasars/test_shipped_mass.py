"""The shipped masses: the regressions of the chapter, what is outside their range, and files."""

import numpy as np
import pandas as pd
import pytest

from agnbook import quasars
from agnbook.errors import ResultsError
from agnbook.quasars import mass, relation, sample, shipped_mass
from agnbook.quasars.model import PRIORS
from agnbook.quasars.simulate import simulate

from .conftest import cadence, parameters
from .test_relation import TRUTH, quasars_of


def table_of(objects, rng):
    """Rows as `sample.table` gives them, of curves that know their quasar well, true to the law of `TRUTH`."""
    n = len(objects)
    expected = relation.design(objects, TRUTH.covariates) @ TRUTH.coefficients.ravel()
    expected[:, 0] += np.log10(1 + objects["redshift"])
    expected[:, 2] -= 0.5 * np.log10(2)
    values = expected + rng.multivariate_normal(np.zeros(4), TRUTH.scatter, n)
    out = pd.DataFrame(values, columns=sample.SHAPE)
    for name, sd in zip(sample.SHAPE, (0.1, 0.1, 0.05, 0.1), strict=True):
        out[f"{name}_sd"] = sd
    for i in range(4):
        for j in range(i):
            out[f"corr_{j}{i}"] = 0.0
    return out.assign(rho=1 / (1 + np.exp(-rng.normal(3.5, 1, n))))


@pytest.fixture(scope="module")
def learnt():
    rng = np.random.default_rng(4)
    objects = quasars_of(1500, rng)
    fits = table_of(objects, rng)
    return shipped_mass.MassModel.learn(fits[:1000], objects[:1000]), fits, objects


def test_masses_of_other_quasars_are_as_good_as_the_model_says(learnt):
    """500 unseen quasars: z-scores of unit width within 4 sampling errors, and luminosity tells more than variability."""
    model, fits, objects = learnt
    found, _ = model.answer(fits[1000:], objects[1000:])
    truth = objects["log_mass"][1000:].to_numpy()
    for values in found.values():
        assert np.std((values[:, 0] - truth) / values[:, 1]) == pytest.approx(1, abs=4 / np.sqrt(2 * 500))
    errors = {name: np.std(values[:, 0] - truth) for name, values in found.items()}
    assert errors["log_mass_with_luminosity"] < errors["log_mass"] < truth.std()


def test_the_polynomial_is_the_chapters_regression(learnt):
    model, fits, objects = learnt
    columns = mass.predictors(model.population, fits[:1000], objects[:1000])
    for name, seen in shipped_mass.PREDICTORS.items():
        values = columns[list(seen)].to_numpy()
        pipeline, sd = mass.regression(values, objects["log_mass"][:1000])
        inside = ((values >= model.polynomials[name].low) & (values <= model.polynomials[name].high)).all(axis=1)
        np.testing.assert_allclose(model.polynomials[name](values[inside]), pipeline.predict(values[inside]), atol=1e-9)
        assert model.polynomials[name].sd == sd


def test_the_training_range_leaves_out_a_thousandth_at_either_end(learnt):
    """Of 1000 quasars one lies outside at each end."""
    model, fits, objects = learnt
    columns = mass.predictors(model.population, fits[:1000], objects[:1000])
    for name, seen in shipped_mass.PREDICTORS.items():
        values, polynomial = columns[list(seen)].to_numpy(), model.polynomials[name]
        assert (
            (values < polynomial.low).sum(axis=0).tolist() == [1] * len(seen) == (values > polynomial.high).sum(axis=0).tolist()
        )


def test_what_is_outside_or_unknown_is_said(learnt):
    model, fits, objects = learnt
    near = objects[:3].assign(redshift=[0.01, 1.0, 1.0], M_i=[-18.0, np.nan, -25.0])
    found, outside = model.answer(fits[:3], near)
    assert any("redshift 0.01, learnt from 0.3" in text for text in outside[0])
    assert any("absolute magnitude -18" in text for text in outside[0])
    assert np.isfinite(found["log_mass"]).all()
    assert list(np.isfinite(found["log_mass_with_luminosity"][:, 0])) == [True, False, True]
    assert not any("redshift" in text for text in outside[2])


@pytest.mark.parametrize("name", ["{}", " {} ", "SDSS {}", "S82_{}", "dbID:{}", "Stripe 82 QSO {}"])
def test_a_quasar_that_taught_the_model_is_known_by_number_and_redshift(learnt, name):
    model, _, objects = learnt
    z = objects["redshift"]
    assert model.taught(name.format(17), z[17]) and model.taught(name.format(17), z[17] + 0.004)
    assert not model.taught(name.format(17), z[17] + 0.05), "another survey's quasar of that number"
    assert not model.taught(name.format(1200), z[1200]), "it was held out"
    assert not model.taught(f"{name.format(17)} b", z[17]) and not model.taught("Mrk 335", z[17])
    assert not model.taught("9" * 30, z[17])


def test_saved_and_loaded_is_the_same(learnt, tmp_path):
    model, fits, objects = learnt
    model.save(tmp_path / "mass.safetensors")
    again = shipped_mass.MassModel.load(tmp_path / "mass.safetensors")
    before, after = (each.answer(fits[:5], objects[:5])[0] for each in (model, again))
    for name, values in before.items():
        np.testing.assert_array_equal(values, after[name])
    assert len(again.sha256) == 64 and model.sha256 == "" and again.taught("17", objects["redshift"][17])
    (tmp_path / "broken.safetensors").write_bytes(b"no weights")
    with pytest.raises(ResultsError, match="does not hold"):
        shipped_mass.MassModel.load(tmp_path / "broken.safetensors")


def test_the_shape_of_one_band_is_the_prior_where_it_cannot_tell(rng):
    curve = cadence(rng, bands="r", seasons=4)
    shape = sample.shape(quasars.fit(simulate(curve, parameters(curve), rng)))
    for name in ("tau_slope", "sigma_slope"):
        assert (shape[name], shape[f"{name}_sd"]) == pytest.approx(PRIORS["broad"][name])
    precision = relation.measured(pd.DataFrame([shape])).precision[0]
    np.testing.assert_allclose(precision[[1, 3]], 0, atol=1e-6)
    assert precision[2, 2] > 0
