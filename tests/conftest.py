"""Shared fixtures: real catalogues where they are to be had, skips that name what is missing."""

import os

import pytest

from agnbook import storage
from agnbook.errors import CatalogError
from agnbook.press.chapters import KERNEL_ENVIRONMENT
from agnbook.sky import catalogs, registry

os.environ.update(KERNEL_ENVIRONMENT)


def pytest_runtest_setup(item):
    for marker in item.iter_markers("needs"):
        for name in marker.args:
            try:
                registry.find(name, download=False)
            except CatalogError as error:
                pytest.skip(f"{name}: {str(error).splitlines()[0]}")


@pytest.fixture(scope="session")
def high_latitude():
    """4LAC-DR3, high-latitude file; use with ``@pytest.mark.needs("4lac-dr3-h")``."""
    return catalogs.read("4lac-dr3-h")


@pytest.fixture(scope="session")
def both_latitudes():
    """4LAC-DR3, both files; use with ``@pytest.mark.needs("4lac-dr3-h", "4lac-dr3-l")``."""
    return catalogs.read_4lac()


@pytest.fixture(scope="session")
def low_latitude_path():
    """Path of the low-latitude file of 4LAC-DR3, found before a test hides it."""
    return registry.find("4lac-dr3-l", download=False)


@pytest.fixture
def data(tmp_path, monkeypatch):
    """An empty `data/` folder to publish into."""
    monkeypatch.setattr(storage, "DATA", tmp_path)
    monkeypatch.setenv("AGNBOOK_PUBLISH", "1")
    (tmp_path / "results").mkdir()
    return tmp_path
