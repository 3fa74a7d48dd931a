"""Committed files that somebody has changed: the command that reads them says so."""

import shutil

import pytest

from agnbook import storage
from agnbook.ask import command_line, seals, skill, source_names
from agnbook.errors import ResultsError
from agnbook.sky import registry


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """A copy of the committed small files, to be changed."""
    (tmp_path / "results").mkdir()
    names = ["SHA256SUMS", "source_names.csv", *seals.REGISTRIES]
    names += [f"results/{path.name}" for path in (storage.DATA / "results").glob("*.json")]
    for name in names:
        shutil.copy(storage.DATA / name, tmp_path / name)
    monkeypatch.delenv("AGNBOOK_PUBLISH", raising=False)
    monkeypatch.setattr(storage, "DATA", tmp_path)
    for cached in (source_names._table, source_names._index, seals._listed, registry.entries):
        cached.cache_clear()
    yield tmp_path
    monkeypatch.undo()
    for cached in (source_names._table, source_names._index, seals._listed, registry.entries):
        cached.cache_clear()


#: File -> what reads it.
READERS = {
    "source_names.csv": lambda: command_line.main(["lookup", "3C 84"]),
    "results/artifacts.json": lambda: command_line.main(["lookup", "3C 84"]),
    "catalogs.toml": lambda: command_line.main(["catalogs"]),
    "peers.toml": lambda: command_line.main(["score", "absent.csv", "--exam", "agn-galactic"]),
    "light_curves.toml": lambda: command_line.main(["catalogs"]),
}


@pytest.mark.parametrize("how", ["changed", "removed", "emptied", "not listed"])
@pytest.mark.parametrize("name", READERS)
def test_what_was_changed_is_noticed_by_the_command_that_reads_it(copied, name, how, capsys):
    path = copied / name
    if how == "changed":
        content = path.read_bytes()
        at = next(k for k in range(len(content) // 2, len(content)) if chr(content[k]).isdigit())
        path.write_bytes(content[:at] + (b"1" if content[at : at + 1] != b"1" else b"2") + content[at + 1 :])
    elif how == "removed":
        path.unlink()
    elif how == "emptied":
        path.write_bytes(b"")
    else:
        lines = (copied / seals.LIST).read_text().splitlines(keepends=True)
        (copied / seals.LIST).write_text("".join(line for line in lines if not line.endswith(f"data/{name}\n")))
    assert READERS[name]() == 2
    error = capsys.readouterr().err
    assert name in error and ("is not there" in error or "not as it was sealed" in error) and error.count("\n") == 1


def test_a_changed_claim_is_noticed_before_it_is_said(copied):
    assert "cross-validation" in skill.skill("blazars")[0]
    path = next((copied / "results").glob("1?_classify*.json"))
    path.write_text(path.read_text().replace('"ours": 0.', '"ours": 0.9', 1))
    with pytest.raises(ResultsError, match="not as it was sealed"):
        skill.skill("blazars")


def test_without_the_list_nothing_is_trusted(copied):
    (copied / seals.LIST).unlink()
    with pytest.raises(ResultsError, match="SHA256SUMS"):
        source_names.sources_of("3C 84")
