"""One task of bulk inference: one partition in, its answers out, with a record of what they were computed from.

The record (hash of the input's content, model, hash of its weights or code) stands in the result's own footer, so that file and
record cannot disagree.
"""

import hashlib
import json
import os
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from agnbook import committed, storage
from agnbook.ask import answer_columns, engine
from agnbook.errors import BookError

MODELS = ("blazars", "six", "redshift", "lightcurve", "simulator")
#: Key of the record in a result's Parquet footer.
RECORD = b"agnbook"
#: Light curves of a nested file that are held in memory at once.
BATCH = 200


@dataclass(frozen=True)
class Job:
    """What to compute: a model of `MODELS`, for the simulator one of `dataset.SETTINGS`, the hash of its weights or code,
    for light curves the options with which they are read, as text, and "hats" for the pixels of a HATS catalogue."""

    model: str
    setting: str
    sha256: str
    options: str = ""
    layout: str = ""

    @property
    def reading(self):
        """The `curve_options.Options` of this job, None for tables of features."""
        from agnbook.ask.curve_options import Options

        return Options(**json.loads(self.options)) if self.options else None

    @property
    def question(self):
        """The `light_curves.Question` of this job."""
        from agnbook.ask.light_curves import Question

        options = self.reading
        return Question(options) if self.model == "lightcurve" else Question(options, "simulator", self.setting)


def plan(model: str, setting: str = "dc2_like", options=None) -> Job:
    """Return the job of a model, with the hash of the weights on this machine; a `BookError` for an unknown name.

    `options` are those of `curve_options.Options`, for light curves alone.
    """
    from agnbook.ask import seals

    seals.check(seals.RECORDS)
    if model not in MODELS:
        raise BookError(f"Unknown model {model!r}; choose one of {', '.join(MODELS)}.")
    if model in ("lightcurve", "simulator"):
        from agnbook.ask import simulator
        from agnbook.ask.curve_options import Options

        options = options or Options()
        if options.visits:
            options = replace(options, visits=os.path.realpath(options.visits))
        text = json.dumps(asdict(options), sort_keys=True)
        if model == "lightcurve":
            return Job(model, "", engine_sha256(options.visits), text)
        simulator.check(setting)
        return Job(model, setting, storage.sha256(committed.verify(f"weights/light_curves_{setting}.safetensors")), text)
    from agnbook.blazars import shipped_blazars
    from agnbook.redshifts import shipped_redshift
    from agnbook.shift import shipped_groups

    if model == "redshift":  # two models answer
        both = (shipped_redshift.REDSHIFT, shipped_redshift.REDSHIFT_4FGL)
        return Job(model, "", hashlib.sha256("".join(committed.notes(path)["sha256"] for path in both).encode()).hexdigest())
    weights = {"blazars": shipped_blazars.BLAZARS, "six": shipped_groups.GROUPS}[model]
    return Job(model, "", storage.sha256(committed.verify(weights)))


def engine_sha256(visits: str | None = None) -> str:
    """Hash of the code and the weights of masses that answer light curves, and of a table of visits."""
    from agnbook.quasars import shipped_mass

    own = engine.sha256() + committed.notes(shipped_mass.WEIGHTS)["sha256"]
    if not visits:
        return hashlib.sha256(own.encode()).hexdigest()
    try:
        content = Path(visits).read_bytes()
    except OSError as error:
        raise BookError(f"Cannot read the table of visits {visits}: {error.strerror}.") from error
    return hashlib.sha256(own.encode() + content).hexdigest()


def read_record(path: Path | str) -> dict | None:
    """Return what a result says it was computed from and how fast; None if there is no such file.

    Raises
    ------
    BookError
        For a file that `run` did not write.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not Path(path).exists():
        return None
    try:
        return json.loads(pq.read_metadata(path).metadata[RECORD])
    except (pa.ArrowException, OSError, KeyError, TypeError, ValueError):
        raise BookError(f"{path} was not written by `agnbook bulk`. Move it away, or choose another output folder.") from None


def input_of(source: Path, name: Path, todo: Job) -> Path:
    """Return where a partition lies; a pixel of a HATS catalogue may be a folder of files."""
    if todo.layout == "hats":
        from agnbook.ask import bulk_hats

        return bulk_hats.input_of(source, name)
    return source / name


def _size(source: Path) -> int:
    return sum(path.stat().st_size for path in source.rglob("*")) if source.is_dir() else source.stat().st_size


def _wanted(source: Path, todo: Job) -> dict:
    """The part of the record that decides whether a result still holds."""
    return asdict(todo) | {"bytes": _size(source), "input_sha256": storage.sha256(source)}


def _is_whole(target: Path, rows: int | None) -> bool:
    """Whether a result has its rows, and every page is as it was written, by the checksums in it."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(target, page_checksum_verification=True) as file:
            if file.metadata.num_rows != rows:
                return False
            for batch in file.iter_batches(10_000, use_threads=False):
                batch.validate()
    except (pa.ArrowException, OSError):
        return False
    return True


def current(source: Path, target: Path, todo: Job, strict: bool = False) -> dict | None:
    """Return the record of a result that is there, whole, and made from just this input and model.

    With `strict` a result whose rows have problems does not count.
    """
    record = read_record(target)
    try:
        if record is None or record.get("bytes") != _size(source):  # the size is quicker to compare than the content
            return None
        if strict and record.get("problems", 1):
            return None
        same = all(record.get(name) == value for name, value in _wanted(source, todo).items())
    except OSError:  # the input has gone, or cannot be read: whoever computes it says so
        return None
    return record if same and _is_whole(target, record.get("rows")) else None


def no_file(path: Path) -> str:
    """Say what a partition is that is no file, "" for a file: nobody may wait for what a pipe never says."""
    if path.is_file():
        return ""
    if path.is_symlink() and not path.exists():
        return "is a link that leads nowhere; mend or remove it"
    if path.is_dir():
        return "is a folder without a Parquet file in it, or one that may not be looked into; fill or remove it"
    return "is a pipe, a socket or a device, and no file; remove it"


class _Clock:
    """Processor seconds of this thread in each stage."""

    def __init__(self):
        self.wall, self.last, self.stages = time.perf_counter(), time.thread_time(), {}

    def __call__(self, stage: str) -> None:
        now = time.thread_time()
        self.stages[stage] = self.stages.get(stage, 0.0) + now - self.last
        self.last = now

    def record(self) -> dict:
        stages = {f"cpu_{name}": round(value, 4) for name, value in self.stages.items()}
        return {"seconds": round(time.perf_counter() - self.wall, 3), "cpu": round(sum(self.stages.values()), 3), **stages}


def _answers(source: Path, todo: Job, clock: _Clock):
    """Yield the answers for a partition as data frames: light curves in batches, tables of features at once."""
    curves = todo.model in ("lightcurve", "simulator")
    if todo.model == "simulator":
        import torch

        torch.set_num_threads(1)
    if todo.layout == "hats":
        from agnbook.ask import bulk_hats

        base = next(folder for folder in source.parents if bulk_hats.is_hats(folder))
        clock("start")
        for frame in bulk_hats.read(base, source, BATCH if curves else None):
            answer, rows = _of_curves(frame, todo, clock) if curves else _of_features(frame, todo, clock)
            yield bulk_hats.placed(answer, frame, rows, base)
    elif curves:
        yield from (_of_curves(batch, todo, clock)[0] for batch in _batches(source, clock))
    else:
        from agnbook.ask import tables

        clock("start")
        yield _of_features(tables.read(source), todo, clock)[0]


def _batches(source: Path, clock: _Clock):
    """Yield the light curves of a Parquet file: nested ones some at a time, the rows of a long table at once.

    Of a file without rows, one row without values.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    clock("start")
    try:
        with pq.ParquetFile(source, page_checksum_verification=True) as file:
            nested = any(pa.types.is_nested(field.type) for field in file.schema_arrow)
            if not file.metadata.num_rows:
                yield pa.Table.from_pylist([{}], schema=file.schema_arrow)
                return
            # an object's rows of a long table may lie anywhere in it
            for batch in file.iter_batches(BATCH, use_threads=False) if nested else [file.read(use_threads=False)]:
                if batch.num_rows:
                    yield batch
    except (pa.ArrowException, OSError) as error:
        raise BookError(f"cannot be read as Parquet ({str(error).splitlines()[0]})") from error


def _of_curves(batch, todo: Job, clock: _Clock):
    """Answers to light curves, and the first row of each object."""
    from agnbook.ask import light_curves, measurements

    question = todo.question
    objects = measurements.read(batch, question.options)
    clock("read")
    rows = [light_curves.answer(each, question).row for each in objects]
    clock("model")
    return light_curves.frame(rows, question), [each.row for each in objects]


def _of_features(table, todo: Job, clock: _Clock):
    """Answers to a table of features, and their rows; one without rows is asked as if it had one without values."""
    import pandas as pd
    from astropy.table import Table

    from agnbook.ask import classify, redshift

    if not len(table):
        table = pd.DataFrame(columns=table.colnames, index=[0])
    if not isinstance(table, Table):
        table = Table.from_pandas(table.convert_dtypes(dtype_backend="numpy_nullable"))
    clock("read")
    answer = redshift.redshift(table) if todo.model == "redshift" else classify.classify(table, todo.model)
    answer = answer.to_pandas()
    clock("model")
    return answer, range(len(answer))


def _holds_nothing(source: Path, todo: Job) -> bool:
    """Whether a partition is sound and has no rows; whoever reads one that is not sound says why."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return todo.layout != "hats" and pq.read_metadata(source).num_rows == 0
    except (pa.ArrowException, OSError):
        return False


def _first_problem(answer) -> str:
    row = answer[answer["problem"] != ""].iloc[0]
    return f"{row.iloc[0]}: {row['problem']}"


def compute(source: Path, target: Path, todo: Job, strict: bool = False) -> dict:
    """Compute one partition unless it is there already; return its record.

    This is the task that workers run. A partition whose record was lost with its worker is found again, not computed again.
    One without rows has a result without rows, of the same columns as others.

    Raises
    ------
    BookError
        For a partition that cannot be read, a column that does not fit, other weights on this machine, a full disk; with
        `strict` for the first row with a problem.
    """
    import resource

    import pyarrow as pa
    import pyarrow.parquet as pq

    if (record := current(source, target, todo, strict)) is not None:
        return record
    if (here := plan(todo.model, todo.setting or "dc2_like", todo.reading).sha256) != todo.sha256:
        raise BookError(f"the weights or the code here differ from those of the command ({here[:12]}, {todo.sha256[:12]})")
    before, wanted, nothing = source.stat(), _wanted(source, todo), _holds_nothing(source, todo)
    clock, rows, problems, unanswered, writer = _Clock(), 0, 0, 0, None
    with storage.atomic_write(target) as temporary:
        for answer in _answers(source, todo, clock):
            part = pa.Table.from_pandas(answer, preserve_index=False).replace_schema_metadata(None)
            if nothing:  # what a row without values is answered tells the columns
                answer, part = answer.iloc[:0], part.slice(0, 0)
            if wrong := int((answer["problem"] != "").sum()):
                if strict:
                    raise BookError(f"has a row that cannot be used: {_first_problem(answer)}")
                problems += wrong
            unanswered += int(answer_columns.unanswered(answer).sum())
            writer = writer or pq.ParquetWriter(temporary, part.schema, compression="zstd", write_page_checksum=True)
            writer.write_table(part)
            rows += len(answer)
            clock("write")
        if writer is None:
            raise BookError("has no rows; remove it")
        if (now := source.stat()).st_mtime_ns != before.st_mtime_ns or now.st_size != before.st_size:
            raise BookError("was changed while it was read; run the command again")
        # kilobytes on Linux, bytes on macOS
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if os.uname().sysname == "Darwin" else 1e3)
        record = wanted | {
            "rows": rows,
            "problems": problems,
            "unanswered": unanswered,
            "peak_memory_mb": round(peak),
            **clock.record(),
        }
        writer.add_key_value_metadata({RECORD: json.dumps(record)})
        writer.close()
    return record


def task(source: Path, target: Path, todo: Job, name: Path, strict: bool = False) -> dict:
    """Run `compute` and return an error as text: one bad file must not stop the others."""
    try:
        name.as_posix().encode()
        return compute(input_of(source, name, todo), target / name, todo, strict)
    except OSError as error:
        return {"error": f"cannot be read or written ({error.strerror or error})"}
    except UnicodeEncodeError:
        return {"error": "its name is no UTF-8 text, which Parquet's readers need; rename it"}
    except Exception as error:  # whatever is in a file that may hold anything
        return {"error": str(error) if isinstance(error, BookError) else f"{type(error).__name__}: {error}"}
