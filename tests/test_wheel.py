"""The wheel, installed where there is nothing but what it asks for: it answers, and says what more it would need."""

import importlib.metadata
import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from astropy.table import Table
from packaging.requirements import Requirement

from agnbook import extras, storage
from agnbook.errors import BookError
from agnbook.sky import features

PROJECT = tomllib.loads((storage.ROOT / "pyproject.toml").read_text())["project"]
#: A folder that nobody can make or write to, not even root.
NOWHERE = "/proc/nowhere"
HEAVY = ("torch", "tensorflow", "streamlit", "dask", "sklearn", "lightgbm")


def _needed(requirements) -> set[str]:
    """Names of the distributions that these requirements bring, with all that they need in turn."""
    waiting, found = [Requirement(text) for text in requirements], set()
    while waiting:
        requirement = waiting.pop()
        name = requirement.name.lower().replace("_", "-")
        if name in found or (requirement.marker and not requirement.marker.evaluate({"extra": ""})):
            continue
        found.add(name)
        waiting += map(Requirement, importlib.metadata.requires(name) or [])
    return found


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(storage.ROOT)]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode:
        pytest.skip(f"no wheel can be built here: {run.stderr.strip().splitlines()[-1]}")
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def site(wheel, tmp_path_factory):
    """A folder of packages: the wheel's, and links to those of its requirements alone."""
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as file:
        file.extractall(folder)
    for name in _needed(PROJECT["dependencies"]):
        distribution = importlib.metadata.distribution(name)
        for top in {path.parts[0] for path in distribution.files or () if path.parts[0] not in ("..", "__pycache__")}:
            target = Path(distribution.locate_file(top))
            if target.exists() and not (folder / top).exists():
                (folder / top).symlink_to(target)
    return folder


def _run(site, code: str, folder, **environment) -> subprocess.CompletedProcess:
    start = f"import sys; sys.path.insert(0, {str(site)!r}); from agnbook.ask import command_line; "
    clean = {"PATH": os.environ["PATH"], "HOME": NOWHERE, "AGNBOOK_OFFLINE": "1", "PYTHONDONTWRITEBYTECODE": "1"} | environment
    command = [sys.executable, "-S", "-c", start + code]  # -S: without this environment's packages
    return subprocess.run(command, capture_output=True, text=True, env=clean, cwd=folder, timeout=300)


def test_the_lightest_import():
    """The public door opens at once, and nothing heavy comes in with it."""
    code = (
        "import sys, time; start = time.perf_counter(); import agnbook; seconds = time.perf_counter() - start; "
        f"sys.exit(', '.join({set(HEAVY)!r} & set(sys.modules)) or int(seconds > 0.3))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


def test_requirements_are_ranges_and_light():
    for text in PROJECT["dependencies"] + [each for extra in PROJECT["optional-dependencies"].values() for each in extra]:
        assert "==" not in text
    assert not set(HEAVY) & {Requirement(text).name for text in PROJECT["dependencies"]}
    assert set(extras.EXTRAS.values()) <= set(PROJECT["optional-dependencies"])


def test_a_missing_extra_says_what_to_install(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(BookError, match=r"torch.*pip install 'agnbook\[networks\]'"):
        extras.require("torch")
    assert extras.missing("dask.distributed").args[0].endswith("'agnbook[bulk]'") and extras.missing("numpy") is None


@pytest.mark.slow
def test_what_the_wheel_holds(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert not [name for name in names if "/press/" in name or name.startswith("tests") or ".ipynb" in name]
    weights = [f"_data/weights/{name}.safetensors" for name in ("redshift", "redshift_4fgl")]
    settings = "ask/.streamlit/config.toml"  # without them the app would listen to everyone
    for wanted in ("ask/command_line.py", settings, "_data/source_names.csv", *weights):
        assert f"agnbook/{wanted}" in names
    # a chapter that was installed, as on Colab, needs its tables and weights, of which ten are the models of redshifts
    assert wheel.stat().st_size < 20e6


def test_the_wheel_leaves_out_nothing_but_what_the_press_reads():
    """A new file under ``data/`` is named in `pyproject.toml`, or read by nothing else than `press`."""
    build = tomllib.loads((storage.ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    held = {name.removeprefix("data/") for name in build["force-include"] if name.startswith("data/")}
    left = {path.name for path in (storage.ROOT / "data").iterdir() if not path.name.startswith(".")} - held
    assert left == {"source_facts.csv", "versions"}
    for path in (storage.ROOT / "src" / "agnbook").rglob("*.py"):
        if "press" not in path.parts:
            text = path.read_text(encoding="utf-8")
            assert "source_facts" not in text and 'DATA / "versions"' not in text


@pytest.mark.slow
def test_the_wheel_answers_with_its_own_requirements_alone(site, tmp_path):
    """Read-only, without a home: compiled code then stays in memory."""
    lookup = _run(site, "sys.exit(command_line.main(['lookup', 'Mkn 421']))", tmp_path)
    assert lookup.returncode == 0, lookup.stderr
    assert lookup.stdout.startswith("4FGL J1104.4+3812") and "P(bll+), network" in lookup.stdout
    (tmp_path / "t.csv").write_text(
        "Source_Name,PL_Index,LP_Index,Frac_Variability,Pivot_Energy,Variability_Index,nu_syn,nuFnu_syn\n"
        "hard,1.90,1.85,0.35,2100,45.2,2.0e15,4.1e-12\n"
    )
    classify = _run(site, "sys.exit(command_line.main(['classify', 't.csv']))", tmp_path)
    assert classify.returncode == 0 and "hard,0.0030" in classify.stdout, classify.stderr
    own = (storage.ROOT / "book/_static/examples/my_agn.csv").read_text()
    (tmp_path / "agn.csv").write_text(own)
    nowhere = "from numba.core import caching; caching.CacheImpl._locator_classes = []; "
    redshift = _run(site, nowhere + "sys.exit(command_line.main(['redshift', 'agn.csv']))", tmp_path)
    assert redshift.returncode == 3 and "near,0.25893," in redshift.stdout, redshift.stderr
    heavy = _run(site, f"command_line.main(['lookup', 'Mkn 421']); sys.exit(bool({set(HEAVY)!r} & set(sys.modules)))", tmp_path)
    assert heavy.returncode == 0
    assert {path.name for path in tmp_path.iterdir()} == {"t.csv", "agn.csv"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "extra"),
    [
        (["lightcurve", "curves.csv", "--model", "simulator"], "networks"),
        (["bulk", "in", "out", "--model", "blazars", "--scheduler", "tcp://127.0.0.1:1"], "bulk"),
    ],
)
def test_the_wheel_says_which_extra_is_missing(site, tmp_path, arguments, extra):
    (tmp_path / "in").mkdir()
    table = Table({"Source_Name": ["a"]} | {name: [1.0] for name in features.BLAZAR_FEATURES})
    table.write(tmp_path / "in" / "a.parquet", format="parquet")
    (tmp_path / "curves.csv").write_text("object,mjd,band,mag,mag_err\n" + "".join(f"a,{t},i,20,0.1\n" for t in range(30)))
    run = _run(site, f"sys.exit(command_line.main({arguments!r}))", tmp_path)
    assert run.returncode == 2 and f"pip install 'agnbook[{extra}]'" in run.stderr and "Traceback" not in run.stderr
