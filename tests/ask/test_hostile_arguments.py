"""Names, positions, tables to be graded, addresses and measurements that are none: one message, or the object's own problem."""

import pandas as pd
import pytest
from hostile import COUNT, CURVE, LOOKUPS, MEASUREMENTS, POSITIONS, PREDICTIONS, SCHEDULERS
from simulated import blazars

from agnbook.ask import bulk_workers, command_line, last_guard


def _one_message(status: int, printed) -> str:
    error = printed.err
    assert status == 2 and error.startswith("agnbook: ") and error.count("\n") == 1, error
    assert "Traceback" not in error and "should not have happened" not in error
    assert all(letter.isprintable() or letter == "\n" for letter in error) and len(error) < 6000
    return error


def test_at_least_250_hostile_inputs_are_tried():
    assert COUNT >= 250


@pytest.mark.parametrize("name", LOOKUPS)
def test_a_name_that_is_none(name, capsys):
    status = command_line.main(["lookup", "--", name])
    error = _one_message(status, capsys.readouterr())
    assert ("did you mean" not in error.lower() or len(name.strip()) > 1) and len(error) < 600


@pytest.mark.parametrize(("position", "radius"), POSITIONS)
def test_a_position_that_is_none(position, radius, capsys):
    status = command_line.main(["lookup", f"--at={position}", *([f"--radius={radius}"] if radius else [])])
    _one_message(status, capsys.readouterr())


@pytest.mark.parametrize("what", PREDICTIONS)
@pytest.mark.needs("4fgl-dr4", "fl16y")
def test_a_table_that_cannot_be_graded(what, tmp_path, capsys):
    (tmp_path / "mine.csv").write_text(PREDICTIONS[what])
    status = command_line.main(["score", str(tmp_path / "mine.csv"), "--exam", "agn-galactic"])
    printed = capsys.readouterr()
    _one_message(status, printed)
    assert printed.out == ""


@pytest.mark.slow
@pytest.mark.parametrize("address", SCHEDULERS)
def test_an_address_without_a_scheduler(address, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(bulk_workers, "PATIENCE", 2)
    (tmp_path / "in").mkdir()
    blazars(2).to_parquet(tmp_path / "in" / "a.parquet")
    status = command_line.main(
        ["bulk", str(tmp_path / "in"), str(tmp_path / "out"), "--model", "blazars", f"--scheduler={address}"]
    )
    _one_message(status, capsys.readouterr())


@pytest.mark.parametrize("what", MEASUREMENTS)
def test_measurements_that_are_none_cost_their_object(what, tmp_path, capsys):
    """Eleven measurements of one object with something wrong in each, beside an object of five that says what it lacks."""
    bad = pd.concat([CURVE, CURVE, CURVE.head(1)], ignore_index=True).assign(object="bad", time=range(11))
    table = pd.concat([bad.astype(object).assign(**MEASUREMENTS[what]), CURVE], ignore_index=True)
    table.to_csv(tmp_path / "in.csv", index=False)
    status = command_line.main(["lightcurve", str(tmp_path / "in.csv"), "--survey", "lsst", "-o", str(tmp_path / "out.csv")])
    error = capsys.readouterr().err
    assert status == last_guard.PARTLY and "should not have happened" not in error and "\x1b" not in error, error
    answer = pd.read_csv(tmp_path / "out.csv")
    assert len(answer) == 2 and "0 usable measurements" in answer["problem"][1]
    assert isinstance(answer["problem"][0], str) or isinstance(answer["flags"][0], str), "neither a problem nor a flag"
    assert "(" not in str(answer["problem"][0]).partition("It cannot be answered")[1]
