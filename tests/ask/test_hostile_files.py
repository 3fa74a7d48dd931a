"""Files that are no tables, given to each command: one message, nothing written, nothing run."""

import pytest
from hostile import FILES

from agnbook.ask import command_line

COMMANDS = {
    "classify": ["classify"], "six": ["classify", "--groups", "six"], "redshift": ["redshift"],
    "lightcurve": ["lightcurve", "--survey", "lsst"], "score": ["score", "--exam", "agn-galactic"],
}  # fmt: skip


@pytest.mark.parametrize("what", FILES)
@pytest.mark.parametrize("command", ["classify", "lightcurve"])
def test_a_file_that_is_no_table_is_one_message(what, command, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ending, content = FILES[what]
    path = tmp_path / f"given.{ending}".rstrip(".")
    path.write_bytes(content)
    status = command_line.main([*COMMANDS[command], str(path), "-o", str(tmp_path / "out.csv")])
    printed = capsys.readouterr()
    assert (status, printed.out) == (2, "")
    assert printed.err.startswith("agnbook: ") and printed.err.count("\n") == 1, printed.err
    assert "given" in printed.err or "table" in printed.err.lower()
    assert "should not have happened" not in printed.err and "Traceback" not in printed.err
    assert path.read_bytes() == content and [each.name for each in tmp_path.iterdir()] == [path.name]
