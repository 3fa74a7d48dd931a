"""Figures and claims of a notebook against its re-execution."""

import base64
import io
import subprocess
import sys

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest

from agnbook import storage
from agnbook.chapter import figures
from agnbook.press import chapters, nbval_extras


def draw(slope, dpi=110):
    """A figure of the book's style in base64: thirty points along a line."""
    figures.use_book_style()
    fig, ax = plt.subplots()
    x = np.linspace(0, 1, 30)
    ax.plot(x, slope * x, "o")
    ax.set(xlabel="redshift", ylabel="log flux", ylim=(-2, 2))
    buffer = io.BytesIO()
    fig.savefig(buffer, format="png", dpi=dpi)
    plt.close(fig)
    return base64.b64encode(buffer.getvalue()).decode()


def test_fewer_colours_and_another_resolution_are_the_same_figure():
    assert nbval_extras.figure_problems([draw(1)], [chapters._smaller_png(draw(1))]) == []
    assert nbval_extras.figure_problems([draw(1)], [draw(1, dpi=100)]) == []


def test_other_data_another_order_and_another_number_of_figures_are_noticed():
    assert "figure 1 differs" in nbval_extras.figure_problems([draw(1)], [draw(-1)])[0]
    assert len(nbval_extras.figure_problems([draw(1), draw(-1)], [draw(-1), draw(1)])) == 2
    assert "holds 1 figures here, its re-execution drew 0" in nbval_extras.figure_problems([draw(1)], [])[0]


@pytest.mark.parametrize(
    "again, problems",
    [
        ("a [0.41, [0.39, 0.43], 62]\n", 0),
        ("a [0.4102, [0.39, 0.4301], 62]\n", 0),
        ("a [0.418, [0.39, 0.43], 62]\n", 1),
        ("a [0.41, [0.39, 0.44], 62]\n", 1),
        ("a [0.41, [0.39, 0.43], 63]\n", 1),
        ("a [0.41, null, 62]\n", 1),
        ("a [null, [0.39, 0.43], 62]\n", 1),
        ("b [0.41, [0.39, 0.43], 62]\n", 2),
    ],
)
def test_claims_are_compared_at_a_hundredth_of_their_interval(again, problems):
    assert len(nbval_extras.claim_problems("a [0.41, [0.39, 0.43], 62]\n", again)) == problems


CELL = """import matplotlib.pyplot as plt
fig, ax = plt.subplots()
ax.plot([0, 1], [{start}, 0.5])
plt.show()"""


def executed(start):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL.format(start=start))])
    from nbclient import NotebookClient

    return NotebookClient(notebook, kernel_name="python3").execute()


@pytest.mark.slow
def test_a_figure_of_other_data_fails_the_comparison_of_outputs(tmp_path, monkeypatch):
    """nbval alone passes it: it never looks at images."""
    monkeypatch.delenv("MPLBACKEND", raising=False)  # which another test's library may have set: no figure would be drawn
    honest, other = executed(0), executed(1)
    assert all(any("image/png" in output.get("data", {}) for output in each.cells[0].outputs) for each in (honest, other))
    nbformat.write(honest, tmp_path / "honest.ipynb")
    tampered = nbformat.v4.new_notebook(cells=honest.cells, metadata=honest.metadata)
    tampered.cells[0].outputs = other.cells[0].outputs
    nbformat.write(tampered, tmp_path / "tampered.ipynb")
    nbval = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:cov", "--nbval", "--nbval-current-env",
             "--nbval-sanitize-with", storage.ROOT / "tests" / "nbval.cfg", "--rootdir", tmp_path]  # fmt: skip
    both = [str(tmp_path / "honest.ipynb"), str(tmp_path / "tampered.ipynb")]
    alone = subprocess.run([*map(str, nbval), *both], capture_output=True, text=True)
    assert alone.returncode == 0, alone.stdout
    with_figures = subprocess.run([*map(str, nbval), "-p", "agnbook.press.nbval_extras", *both], capture_output=True, text=True)
    assert "1 failed, 1 passed" in with_figures.stdout and "tampered.ipynb::Cell 0" in with_figures.stdout
    assert "figure 1 differs from its re-execution" in with_figures.stdout
