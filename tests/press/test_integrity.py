"""Every tampering with what is published is noticed: each is done to a copy of the book's files."""

import base64
import json
import re
import shutil
import subprocess

import nbformat
import pytest

from agnbook import storage
from agnbook.chapter import claims
from agnbook.errors import BookError
from agnbook.press import chapters, integrity


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    root = tmp_path_factory.mktemp("original")
    for name in ("data", "notebooks", "tests", "book/_static"):
        shutil.copytree(storage.ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    return root


@pytest.fixture
def copy(original, tmp_path, monkeypatch):
    """A copy of the published files (hard links; `write` breaks them), which the package takes for the book."""
    root = tmp_path / "book"
    subprocess.run(["cp", "-rl", str(original), str(root)], check=True)
    monkeypatch.setattr(storage, "ROOT", root)
    monkeypatch.setattr(storage, "DATA", root / "data")
    monkeypatch.setattr(chapters, "NOTEBOOKS", root / "notebooks")
    return root


def write(path, text):
    path.unlink()
    path.write_text(text, encoding="utf-8")


def change(path, pattern, replacement):
    text = path.read_text(encoding="utf-8")
    changed = re.sub(pattern, replacement, text, count=1)
    assert changed != text
    write(path, changed)


def test_the_book_is_as_it_was_sealed():
    assert integrity.problems() == []


def test_a_copy_is_as_it_was_sealed_and_the_list_is_that_of_sha256sum(copy):
    assert integrity.problems() == []
    assert subprocess.run(["sha256sum", "--check", "--quiet", integrity.LIST], cwd=copy).returncode == 0


def move_claims(root):
    """Every value by a fifth of its interval."""
    for path in (root / "data" / "results").glob("[0-9][0-9]_*.json"):
        entries = json.loads(path.read_text())
        for entry in entries:
            if entry["interval"] and entry["ours"] is not None:
                entry["ours"] = float(f"{entry['ours'] + 0.2 * (entry['interval'][1] - entry['interval'][0]):.6g}")
        write(path, json.dumps(entries, indent=1, ensure_ascii=False) + "\n")


def figures(notebook):
    return [out.data for cell in notebook.cells for out in cell.get("outputs", []) if "image/png" in out.get("data", {})]


def change_notebook(root, alter):
    path = root / "notebooks" / "11_prepare_features.ipynb"
    notebook = nbformat.read(path, as_version=4)
    alter(notebook)
    path.unlink()
    nbformat.write(notebook, path)


def damage_a_figure(root):
    def alter(notebook):
        raw = bytearray(base64.b64decode(figures(notebook)[0]["image/png"]))
        raw[len(raw) // 2] ^= 1
        figures(notebook)[0]["image/png"] = base64.b64encode(raw).decode() + "\n"

    change_notebook(root, alter)


def exchange_figures(root):
    def alter(notebook):
        one, two = figures(notebook)[:2]
        one["image/png"], two["image/png"] = two["image/png"], one["image/png"]

    change_notebook(root, alter)


def equal_execution_counts(root):
    def alter(notebook):
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.execution_count = 1

    change_notebook(root, alter)


def exchange_folds(root):
    one, two = sorted((root / "data" / "folds").glob("*.csv"))[:2]
    texts = one.read_text(), two.read_text()
    write(one, texts[1])
    write(two, texts[0])


def change_a_digit_of_an_example(root):
    change(root / "book" / "_static" / "examples" / "my_agn.csv", r"\.0", ".1")


def change_the_run_times(root):
    change(root / "data" / "results" / "runs.json", r'"wall_seconds": (\d)', r'"wall_seconds": 9\1')


def change_a_sealed_table_and_its_record(root):
    table = root / "data" / "results" / "sealed_bcu.csv"
    change(table, r"0\.1(\d)", r"0.2\1")
    records = root / "data" / "results" / "artifacts.json"
    entries = json.loads(records.read_text())
    entries["results/sealed_bcu.csv"]["sha256"] = storage.sha256(table)
    write(records, json.dumps(entries, indent=1) + "\n")


def remove_a_record(root):
    records = root / "data" / "results" / "artifacts.json"
    entries = json.loads(records.read_text())
    del entries["results/sealed_bcu.csv"]
    write(records, json.dumps(entries, indent=1) + "\n")


def change_a_weight(root):
    path = root / "data" / "weights" / "banp.safetensors"
    raw = bytearray(path.read_bytes())
    raw[-1] ^= 1
    path.unlink()
    path.write_bytes(raw)


def delete_a_test(root):
    (root / "tests" / "test_storage.py").unlink()


def add_a_table(root):
    (root / "data" / "results" / "better.csv").write_text("a\n1\n")


def remove_a_figure_of_the_paper(root):
    change(root / "data" / "claims" / "12_estimate_redshifts.toml", r"paper = 0\.415", "paper = 0.455")


@pytest.mark.parametrize(
    "tamper, named",
    [
        (move_claims, "redshift.best.rmse: data/results/14_improve_redshifts.json and the executed notebook disagree"),
        (damage_a_figure, "notebooks/11_prepare_features.ipynb: differs from its sha256"),
        (exchange_figures, "notebooks/11_prepare_features.ipynb: differs from its sha256"),
        (equal_execution_counts, "notebooks/11_prepare_features.ipynb: differs from its sha256"),
        (exchange_folds, "data/folds/blazars_10x3.csv: differs from its sha256"),
        (change_a_digit_of_an_example, "book/_static/examples/my_agn.csv: differs from its sha256"),
        (change_the_run_times, "data/results/runs.json: differs from its sha256"),
        (change_a_sealed_table_and_its_record, "data/results/sealed_bcu.csv: differs from its sha256"),
        (remove_a_record, "data/results/sealed_bcu.csv: no record of how it was made"),
        (change_a_weight, "data/weights/banp.safetensors: differs from its record"),
        (delete_a_test, "tests/test_storage.py: named in tests/files.txt, but missing"),
        (add_a_table, "data/results/better.csv: not listed"),
        (remove_a_figure_of_the_paper, "redshift.mlp.rmse: data/results/12_estimate_redshifts.json is not what"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_tampering_is_noticed(copy, tamper, named, capsys):
    tamper(copy)
    assert integrity.main(["check"]) == 1
    assert named in capsys.readouterr().out


def test_every_moved_claim_is_named(copy):
    movable = [entry["id"] for entry in claims.load() if entry["interval"] and entry["interval"][0] != entry["interval"][1]]
    move_claims(copy)
    named = {problem.partition(":")[0] for problem in integrity.problems()}
    assert len(movable) > 200 and set(movable) <= named


def test_claims_moved_and_sealed_again_still_contradict_the_notebooks(copy):
    move_claims(copy)
    integrity.seal()
    assert len(integrity.problems()) > 200


def test_equal_counts_sealed_again_are_still_noticed(copy):
    equal_execution_counts(copy)
    integrity.seal()
    assert any("not all executed, once and in order" in problem for problem in chapters.check_pairs())


def test_a_run_seals_only_what_it_changed(copy):
    change_a_digit_of_an_example(copy)
    before = integrity.hashes()
    change_the_run_times(copy)
    (copy / "data" / "results" / "new.txt").write_text("new")
    integrity.seal(before)
    assert [problem for problem in integrity.problems() if "SHA256SUMS" in problem] == [
        "book/_static/examples/my_agn.csv: differs from its sha256 in data/SHA256SUMS"
    ]


def test_a_missing_list_is_one_clear_error(copy, capsys):
    (copy / integrity.LIST).unlink()
    with pytest.raises(BookError, match=r"SHA256SUMS is missing. Restore it with `git checkout data/SHA256SUMS`"):
        integrity.problems()
    assert integrity.main(["check"]) == 2
