"""Run the book's chapters and keep each pair of ``.py`` source and ``.ipynb`` notebook in step.

``python -m agnbook.press.chapters run|smoke|paper|pairs [chapter ...]``; the Makefile calls it.
"""

import argparse
import base64
import io
import os
import re
import resource
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import jupytext
import nbformat
import papermill
from jupytext.combine import combine_inputs_with_outputs

from agnbook import committed, storage
from agnbook.errors import BookError, SettingsError
from agnbook.press import chapter_style, integrity, lab
from agnbook.sky import registry

NOTEBOOKS = storage.ROOT / "notebooks"
SCRATCH = storage.ROOT / "_build"
CELL_TIMEOUT_SECONDS = 3600
#: One thread a library: the chapters use processes, and one thread makes sums repeatable.
KERNEL_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "TF_ENABLE_ONEDNN_OPTS": "0",
    "TF_CPP_MIN_LOG_LEVEL": "3", "TQDM_DISABLE": "1", "PYTHONHASHSEED": "0", "PYDEVD_DISABLE_FILE_VALIDATION": "1",
}  # fmt: skip


def names() -> list[str]:
    """Return the chapters in order, such as ``"11_prepare_features"``."""
    return [path.stem for path in sorted(NOTEBOOKS.glob("[0-9][0-9]_*.py"))]


def missing_catalogs(name: str) -> list[str]:
    """Return the catalogues a chapter reads that are not to be had on this machine."""
    source = (NOTEBOOKS / f"{name}.py").read_text(encoding="utf-8")
    needed = {entry for entry in registry.entries() if f'"{entry}"' in source}
    missing = []
    for entry in sorted(needed):
        try:
            registry.find(entry, download=False)
        except BookError:
            missing.append(entry)
    return missing


def _selected(wanted: list[str]) -> list[str]:
    known = names()
    chosen = [name for name in known if any(name == want or name.startswith(f"{want}_") for want in wanted)] if wanted else known
    unknown = [want for want in wanted if not any(name == want or name.startswith(f"{want}_") for name in known)]
    if unknown:
        raise SettingsError(f"Unknown chapters: {', '.join(unknown)}; the book has {', '.join(known)}.")
    return chosen


def from_source(name: str) -> nbformat.NotebookNode:
    """Return the notebook of a chapter's source, not executed, with the cell ids of its committed pair."""
    notebook, committed_pair = jupytext.read(NOTEBOOKS / f"{name}.py"), NOTEBOOKS / f"{name}.ipynb"
    if committed_pair.exists():  # what `jupytext --update` does
        notebook = combine_inputs_with_outputs(notebook, nbformat.read(committed_pair, as_version=4), fmt="py:percent")
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    lab.clean(notebook.metadata)
    return notebook


def check_pairs() -> list[str]:
    """Return one line for each chapter whose ``.ipynb`` is missing, stale or not fully executed."""
    problems = []
    for name in names():
        committed = NOTEBOOKS / f"{name}.ipynb"
        if not committed.exists():
            problems.append(f"{name}: no .ipynb; run `make run`")
            continue
        notebook = nbformat.read(committed, as_version=4)
        source = [(cell.cell_type, cell.source, dict(cell.metadata)) for cell in jupytext.read(NOTEBOOKS / f"{name}.py").cells]
        if [(cell.cell_type, cell.source, dict(cell.metadata)) for cell in notebook.cells] != source:
            problems.append(f"{name}: the .ipynb differs from the .py; run `make run`")
            continue
        counts = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
        if counts != list(range(1, len(counts) + 1)):
            problems.append(f"{name}: its code cells were not all executed, once and in order; run `make run`")
    for path in NOTEBOOKS.glob("*.ipynb"):
        if path.stem not in names():
            problems.append(f"{path.stem}: .ipynb without .py")
    return problems


def _smaller_png(encoded: str) -> str:
    """Reduce a figure to 128 colours, a third of its size; `encoded` is base64."""
    from PIL import Image

    buffer = io.BytesIO()
    image = Image.open(io.BytesIO(base64.b64decode(encoded))).convert("RGB")
    image.quantize(128, dither=Image.Dither.NONE).save(buffer, "PNG", optimize=True)
    return base64.b64encode(buffer.getvalue()).decode() + "\n"


class _PeakMemory(threading.Thread):
    """Peak resident memory, in GB, of the processes this one starts while it runs."""

    def __init__(self):
        super().__init__(daemon=True)
        self.peak, self._stop_event = 0.0, threading.Event()

    def run(self):
        import psutil

        while not self._stop_event.wait(0.2):
            total = 0
            for process in psutil.Process().children(recursive=True):
                try:
                    total += process.memory_info().rss
                except psutil.Error:
                    continue
            self.peak = max(self.peak, total / 1e9)

    def stop(self) -> float:
        self._stop_event.set()
        self.join()
        return self.peak


def _processor_seconds() -> float:
    """Return what the ended child processes of this one have used so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _keep(notebook: nbformat.NotebookNode, executed: nbformat.NotebookNode, path: Path) -> None:
    """Write `notebook` with the outputs of `executed`, figures made smaller and nothing of the runner's own notes."""
    for cell, ran in zip(notebook.cells, executed.cells, strict=True):
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = ran.outputs, ran.execution_count
            for output in cell.outputs:
                if "image/png" in output.get("data", {}):
                    output["data"]["image/png"] = _smaller_png(output["data"]["image/png"])
    notebook.metadata["language_info"] = executed.metadata["language_info"]
    lab.clean(notebook.metadata)
    with storage.atomic_write(path) as temporary:
        nbformat.write(notebook, temporary)


def execute(name: str, profile: str) -> dict:
    """Execute one chapter and return ``{"date", "wall_seconds", "processor_seconds", "peak_memory_gb", "hardware"}``.

    Processor seconds, of the kernel and what it waited for, hardly depend on what else the machine does.

    The executed notebook is left as ``_build/<profile>/<name>.ipynb``, also where a cell fails. At
    `book` profile its outputs replace those of the committed one, once it has run to its end.
    """
    os.environ.update(KERNEL_ENVIRONMENT)
    notebook, target = from_source(name), SCRATCH / profile / f"{name}.ipynb"
    target.parent.mkdir(parents=True, exist_ok=True)
    source = target.with_suffix(".source.ipynb")
    nbformat.write(notebook, source)
    if "profile" not in papermill.inspect_notebook(str(source)):
        raise SettingsError(f"{name} has no parameter `profile`: give its `parameters` cell one.")
    memory, start, used = _PeakMemory(), time.perf_counter(), _processor_seconds()
    memory.start()
    try:
        executed = papermill.execute_notebook(
            str(source), str(target), parameters={} if profile == "book" else {"profile": profile}, cwd=str(NOTEBOOKS),
            kernel_name="python3", progress_bar=False, log_output=False, execution_timeout=CELL_TIMEOUT_SECONDS,
        )  # fmt: skip
    finally:
        peak = memory.stop()
        source.unlink()
    if profile == "book":
        _keep(notebook, executed, NOTEBOOKS / f"{name}.ipynb")
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "wall_seconds": round(time.perf_counter() - start, 1),
        "processor_seconds": round(_processor_seconds() - used, 1),
        "peak_memory_gb": round(peak, 2),
        "hardware": committed.hardware(),
    }


def run(wanted: list[str], profile: str) -> int:
    """Execute chapters in order, show progress, keep going after a failure; return the number that failed."""
    chosen, failed = _selected(wanted), 0
    publishes = committed.publishing() and profile != "smoke"
    before = integrity.hashes() if publishes else {}
    runs_path = storage.DATA / "results" / "runs.json"
    for number, name in enumerate(chosen, 1):
        print(f"[{number}/{len(chosen)}] {name} ({profile}) ...", end=" ", flush=True)
        try:
            record = execute(name, profile)
        except BookError as error:
            failed += 1
            print(f"FAILED\n{error}")
        except papermill.PapermillExecutionError as error:
            failed += 1
            own = error.ename in {kind.__name__ for kind in BookError.__subclasses__()}
            print("FAILED\n" + (error.evalue if own else re.sub(r"\x1b\[[0-9;]*m", "", str(error))))
        else:
            print(f"{record['wall_seconds']:.0f} s, {record['peak_memory_gb']:.1f} GB")
            if profile == "book" and publishes:
                storage.update_json(runs_path, {name: record})
        finally:
            if publishes:
                integrity.seal(before)
    if publishes:
        chapter_style.renew()
        integrity.seal(before)
    return failed


def main(arguments: list[str] | None = None) -> int:
    """Command line: returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m agnbook.press.chapters", description=__doc__)
    parser.add_argument("action", choices=["run", "smoke", "paper", "pairs"])
    parser.add_argument("chapters", nargs="*", help="numbers or names; all by default")
    options = parser.parse_args(arguments)
    try:
        if options.action == "pairs":
            problems = check_pairs()
            print("\n".join(problems) or f"{len(names())} pairs agree")
            return bool(problems)
        return bool(run(options.chapters, {"run": "book"}.get(options.action, options.action)))
    except BookError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nInterrupted. Finished chapters are kept; run the same command to go on.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
