"""The command line: real tables in, scores out, one message for each mistake."""

import io
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from agnbook import catalogs, cli, later


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """Predictions for every unassociated source of 4FGL-DR4: the truth of FL16Y, blurred."""
    answer = later.answers(later.get_exam("agn-galactic"))["answer"]
    rng = np.random.default_rng(0)
    agn = np.clip(np.where(answer == "agn", 0.8, 0.3) + rng.normal(0, 0.1, len(answer)), 0.01, 0.99)
    path = tmp_path_factory.mktemp("tables") / "mine.csv"
    pd.DataFrame({"Source_Name": answer.index, "agn": agn, "mine": 1 - agn}).to_csv(path, index=False)
    return path


def test_score_prints_a_table_and_csv(table, capsys):
    arguments = ["score", str(table), "--exam", "agn-galactic", "--column", "galactic=mine"]
    assert cli.main(arguments) == 0
    assert "logloss" in capsys.readouterr().out
    assert cli.main([*arguments, "--csv"]) == 0
    scores = pd.read_csv(io.StringIO(capsys.readouterr().out), index_col=0)
    assert scores.loc["auc", "value"] > 0.95
    assert scores.loc["auc", "low"] <= scores.loc["auc", "value"] <= scores.loc["auc", "high"]


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--exam", "nothing"], "nothing"),
        (["--exam", "six-groups"], "spp+"),
        (["--exam", "agn-galactic", "--column", "agn"], "CLASS=COLUMN"),
        (["--exam", "agn-galactic", "--newer", "absent.fit"], "absent.fit"),
    ],
)
def test_a_mistake_is_one_message_and_status_2(table, capsys, arguments, message):
    assert cli.main(["score", str(table), *arguments]) == 2
    error = capsys.readouterr().err
    assert error.startswith("agnbook: ") and message in error and "Traceback" not in error


def test_an_absent_table_is_reported(capsys):
    assert cli.main(["score", "absent.csv", "--exam", "agn-galactic"]) == 2
    assert "absent.csv" in capsys.readouterr().err


def test_catalogs_lists_all_and_tells_by_status(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("AGNBOOK_CACHE", str(tmp_path))
    monkeypatch.delenv("AGNBOOK_CATALOGS", raising=False)
    assert cli.main(["catalogs", "--csv"]) == 1
    listed = pd.read_csv(io.StringIO(capsys.readouterr().out)).set_index("name")["status"]
    assert set(listed.index) == set(catalogs.registry())
    assert listed["4lac-dr3-h"] == "missing" and listed["fl16y"] == "verified"


def test_help_shows_examples(capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["--help"])
    assert stop.value.code == 0 and "agnbook score my_predictions.csv" in capsys.readouterr().out


def test_interrupt(monkeypatch):
    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr(catalogs, "status", interrupted)
    assert cli.main(["catalogs"]) == 130


def test_a_closed_pipe_is_no_error():
    command = f"{sys.executable} -m agnbook.cli catalogs | true"
    run = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, timeout=120)
    assert run.stderr == ""
