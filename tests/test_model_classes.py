"""Every model owns how it is saved, loaded and asked, and each committed file of weights belongs to one of them."""

import inspect
import pkgutil
from importlib import import_module

import numpy as np
import pytest

from agnbook import banp, blazars, committed, lightcurves, quasars, redshifts, shift, storage, weights
from agnbook.banp.neural_process import NeuralProcess
from agnbook.banp.posterior import Posterior
from agnbook.banp.realistic_posterior import RealisticPosterior
from agnbook.banp.stripe82 import Stripe82Process
from agnbook.blazars.shipped_blazars import BlazarNetwork
from agnbook.lightcurves import dataset
from agnbook.quasars.shipped_mass import MassModel
from agnbook.redshifts.shipped_redshift import ShippedRedshift
from agnbook.shift.shipped_groups import ShippedGroups

#: Committed weights -> the model that they are.
OWNERS = {
    "blazars": BlazarNetwork, "groups": ShippedGroups, "redshift": ShippedRedshift, "redshift_4fgl": ShippedRedshift,
    "banp": NeuralProcess, "stripe82_process": Stripe82Process, "quasar_mass": MassModel,
    "banp_whole": NeuralProcess,
    "light_curves_realistic": RealisticPosterior,
    **{f"light_curves_{setting}": Posterior for setting in dataset.SETTINGS},
}  # fmt: skip


def model_classes() -> set[type]:
    """Return the classes of the model rooms that have one of the three methods."""
    modules = [
        import_module(found.name)
        for room in (banp, blazars, lightcurves, quasars, redshifts, shift)
        for found in pkgutil.walk_packages(room.__path__, f"{room.__name__}.")
    ]
    classes = {each for module in modules for each in vars(module).values() if inspect.isclass(each)}
    return {each for each in classes if each.__module__.startswith("agnbook.") and {"save", "load", "answer"} & set(dir(each))}


@pytest.mark.slow  # imports TensorFlow too
def test_a_model_that_can_be_saved_loaded_or_asked_can_be_all_three():
    found = model_classes()
    assert found == set(OWNERS.values())
    for each in found:
        assert {"save", "load", "answer"} <= set(dir(each)), each
        assert inspect.ismethod(each.load) and all(getattr(each, name).__doc__ for name in ("save", "load")), each


def test_every_committed_file_of_weights_has_an_owner():
    assert {path.name for path in (storage.DATA / "weights").iterdir()} == {f"{name}.safetensors" for name in OWNERS}


@pytest.mark.parametrize("name", list(OWNERS))
def test_what_a_model_saves_is_what_it_loaded(name, tmp_path):
    path = committed.verify(f"weights/{name}.safetensors")
    OWNERS[name].load(path).save(tmp_path / path.name)
    before, after = weights.load(path), weights.load(tmp_path / path.name)
    assert before.arrays.keys() == after.arrays.keys() and before.notes == after.notes
    assert all(np.array_equal(after.arrays[key], array) for key, array in before.arrays.items())
    assert all(after.config[key] == value for key, value in before.config.items())  # a size may have been added since
