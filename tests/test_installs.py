"""The package's ranges have wheels for each Python and system that it is said to run on; without those interpreters.

Only fermipy, which is pure Python, is built from its source everywhere.
"""

import os
import subprocess
import sys
import tomllib

import pytest
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from agnbook import storage

PYTHONS = ("3.11", "3.12", "3.13")
#: Systems as the resolver calls them. Wheels for Apple's own processors ask for macOS 14.
SYSTEMS = ("x86_64-manylinux_2_28", "aarch64-apple-darwin")
EVERYTHING = ("chapters", "hats")


def _resolve(python: str, system: str, extras: tuple[str, ...]) -> list[str]:
    """Return the versions that a resolver finds; skips the test where no package index answers."""
    wheels = ["--only-binary", ":all:", "--no-binary", "fermipy", "--python-version", python, "--python-platform", system]
    wanted = [word for extra in extras for word in ("--extra", extra)]
    command = [
        sys.executable,
        "-m",
        "uv",
        "pip",
        "compile",
        "--quiet",
        "--no-header",
        "--no-annotate",
        "--python",
        sys.executable,
    ]
    environment = os.environ | {"MACOSX_DEPLOYMENT_TARGET": "14.0", "UV_PYTHON_DOWNLOADS": "never", "UV_HTTP_RETRIES": "1"}
    project = str(storage.ROOT / "pyproject.toml")
    run = subprocess.run([*command, *wheels, *wanted, project], capture_output=True, text=True, env=environment, timeout=300)
    if "Failed to fetch" in run.stderr or "network" in run.stderr:
        pytest.skip("no package index answers")
    assert run.returncode == 0, run.stderr
    return run.stdout.split()


def test_the_pythons_are_those_that_the_package_names():
    project = tomllib.loads((storage.ROOT / "pyproject.toml").read_text())["project"]
    allowed = SpecifierSet(project["requires-python"])
    minors = [f"3.{minor}" for minor in range(8, 20)]
    assert tuple(minor for minor in minors if Version(f"{minor}.1") in allowed) == PYTHONS


@pytest.mark.slow
@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("python", PYTHONS)
def test_everything_has_wheels(python, system):
    """What all extras together resolve to, each of them and the core alone resolve to as well."""
    found = {line.partition("==")[0] for line in _resolve(python, system, EVERYTHING)}
    assert {"agnbook", "torch", "tensorflow", "lightgbm", "streamlit", "lsdb", "numba"} - found == {"agnbook"}


@pytest.mark.slow
@pytest.mark.parametrize("python", PYTHONS)
def test_the_core_has_wheels_for_older_apple_computers(python):
    """Torch and TensorFlow have none there."""
    assert "torch" not in " ".join(_resolve(python, "x86_64-apple-darwin", ()))


@pytest.mark.slow
def test_what_cannot_be_had_is_noticed():
    """Torch for an Intel Mac: the check can fail."""
    with pytest.raises(AssertionError, match="no wheels with a matching platform"):
        _resolve("3.12", "x86_64-apple-darwin", ("networks",))
