"""A user's table in the app: read from an upload, answered by whichever models its columns suffice for, written for download."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from agnbook.ask import classify, memory_size, redshift, skill, tables
from agnbook.errors import BookError, FeatureError

#: Largest upload, in bytes as it comes and unpacked (text and FITS; the columns of Parquet), and in rows.
LARGEST_FILE, MOST_TEXT, MOST_UNPACKED, MOST_ROWS = 20_000_000, 100_000_000, 500_000_000, 100_000


def read_upload(name: str, content: bytes):
    """Read an uploaded file.

    Parameters
    ----------
    name : what the user calls it; only its ending is used.
    content : its bytes.

    Returns
    -------
    astropy.table.Table

    Raises
    ------
    BookError
        For a file that is too large (`LARGEST_FILE`, `MOST_ROWS`), of unknown format, or damaged.
    """
    if len(content) > LARGEST_FILE:
        raise FeatureError(f"The file has {len(content) / 1e6:.0f} MB; the app takes {LARGEST_FILE / 1e6:.0f}. Use the command.")
    packed = ".gz" if name.lower().endswith(".gz") else ""
    ending = next((each for each in tables.FORMATS if name.lower().removesuffix(".gz").endswith(each)), None)
    if ending is None:
        raise FeatureError("The file's ending tells no format. Use .fits or .csv (these also with .gz), .ecsv, .vot or .parquet.")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"upload{ending}{packed}"
        path.write_bytes(content)
        if tables.FORMATS[ending] == "parquet":
            memory_size.check_parquet(path, MOST_ROWS, MOST_UNPACKED)
        try:
            table = tables.read(path, most_unpacked=MOST_TEXT)
        except BookError as error:
            raise type(error)(str(error).replace(str(path), "the file")) from error
    if len(table) > MOST_ROWS:
        raise FeatureError(f"The table has {len(table)} rows; the app takes {MOST_ROWS}. Use the command `agnbook classify`.")
    return table


@dataclass
class Answers:
    """The book's answers to a user's table.

    Attributes
    ----------
    given : the table as it was read.
    table : astropy.table.Table of the answers, one row a source.
    notes : part of `PARTS` -> why it is missing. May quote the table.
    """

    given: object
    table: object
    notes: dict[str, str]


def _classes(table):
    """`classify.classify`, with what its answers were worth for known blazars."""
    answers = classify.classify(table)
    known = dict(
        zip(("observed_fsrq", "observed_low", "observed_high"), skill.observed_fraction(answers["probability_fsrq"]), strict=True)
    )
    for position, (column, values) in enumerate(known.items(), answers.colnames.index("probability_fsrq") + 1):
        answers.add_column(values.round(4), name=column, index=position)
    return answers


#: Part of the answer -> (prefix of its flags, function).
PARTS = {
    "BL Lac or FSRQ": ("", _classes),
    "six groups": ("groups_", lambda table: classify.classify(table, groups="six")),
    "redshift": ("redshift_", redshift.redshift),
}
_FLAGS = (
    "problem",
    "not_given",
    "without",
    "expected_rmse",
    "no_sed",
    "out_of_range",
    "extrapolated",
    "networks",
    "density_ratio",
    "in_training",
    "model",
    "published_model",
    "model_sha256",
)


def answer(table) -> Answers:
    """Answer a table: whichever of `PARTS` its columns suffice for.

    Raises
    ------
    FeatureError
        Where they suffice for none, with the reason of each part.
    """
    from astropy.table import Table

    columns, errors = {}, {}
    for part, (prefix, compute) in PARTS.items():
        try:
            answers = compute(table)
        except FeatureError as error:
            errors[part] = error
        else:
            columns |= {f"{prefix}{name}" if name in _FLAGS else name: answers[name] for name in answers.colnames}
    if not columns:
        raise FeatureError("\n".join(f"{part}: {error}" for part, error in errors.items()))
    return Answers(table, Table(columns), {part: str(error) for part, error in errors.items()})


def download(table, ending: str) -> bytes:
    """Return a table as the bytes of a file; texts that a spreadsheet would run as formulas are made harmless in CSV."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"table{ending}"
        tables.write(table, path)
        return path.read_bytes()
