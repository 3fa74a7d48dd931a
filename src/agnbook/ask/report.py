"""Everything the app says of one source, as numbers: class, redshift, neighbours, place on the sky, warnings."""

import tempfile
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from agnbook import committed
from agnbook.ask import classify, lookup, neighbours, redshift, source_names, tables, user_columns
from agnbook.blazars.shipped_blazars import BlazarNetwork
from agnbook.errors import BookError, FeatureError
from agnbook.judge import calibration
from agnbook.sky import catalogs, features, source_classes

#: Largest upload, in bytes and rows.
LARGEST_FILE, MOST_ROWS = 20_000_000, 100_000
#: Known blazars with the most similar answer, whose classes tell what an answer of the network is worth.
SIMILAR = 200
_RARE = "Six groups: sources like it are rare among those with a known class; the models extrapolate."
QUANTILES = {"z_q025": 0.025, "z_q160": 0.16, "z_q500": 0.5, "z_q840": 0.84, "z_q975": 0.975}


@dataclass
class Report:
    """What the book can say of one source; a part is None or empty where it can say nothing.

    Attributes
    ----------
    name : as in the catalogue or in the user's table.
    facts : what is known: counterpart, classes, position, redshift.
    fsrq : probability that a blazar is an FSRQ; `fsrq_meaning` explains it and its uncertainty in a sentence.
    interval : ends of its 95 % interval, over resamples of the training sources.
    observed : ends of the 95 % interval of `observed_fraction`.
    groups : pandas.DataFrame (6 rows), probability and sd of the six groups; index: group. `groups_meaning` says whose.
    redshift : ``median``, ``low68``, ``high68``, ``low95``, ``high95``.
    posterior : (levels, quantiles) of the predictive redshift distribution.
    features : the five gamma-ray columns of `neighbours.COLUMNS`.
    neighbours : see `neighbours.nearest`.
    position : Galactic longitude and latitude in degrees.
    warnings : reasons not to trust the answer; texts of the book's own, without anything the user wrote.
    """

    name: str
    facts: dict[str, str] = field(default_factory=dict)
    fsrq: float | None = None
    fsrq_meaning: str = ""
    interval: tuple[float, float] | None = None
    observed: tuple[float, float] | None = None
    groups: pd.DataFrame | None = None
    groups_meaning: str = ""
    redshift: dict[str, float] | None = None
    posterior: tuple[np.ndarray, np.ndarray] | None = None
    features: dict[str, float] | None = None
    neighbours: pd.DataFrame | None = None
    position: tuple[float, float] | None = None
    warnings: list[str] = field(default_factory=list)

    def row(self) -> dict:
        """Return the report as one row of a table."""
        row = {"Source_Name": self.name}
        if self.fsrq is not None:
            row |= {"probability_fsrq": self.fsrq}
        if self.interval:
            row |= {"probability_low": self.interval[0], "probability_high": self.interval[1]}
        if self.groups is not None:
            row |= {f"probability_{name.rstrip('+')}_group": value for name, value in self.groups["probability"].items()}
        if self.redshift:
            row |= {f"z_{name}": value for name, value in self.redshift.items()}
        if self.neighbours is not None:
            row["nearest_sources"] = "; ".join(self.neighbours["source"])
        return row | {"warnings": " ".join(self.warnings)}


@cache
def _held_out() -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of known blazars by networks that were trained without them, sorted, and whether each is an FSRQ."""
    votes = committed.load_table("results/blazar_votes_networks.csv").set_index("Source_Name")["bias_init|validation.0"]
    votes = votes.rename(index=source_names.new_names())
    klass = source_classes.gamma_class(source_names.source_table().reindex(votes.index).fillna({"CLASS1": ""}))
    blazar = klass.isin(["bll", "fsrq"]).to_numpy()
    votes, klass = votes[blazar], klass[blazar]
    order = np.argsort(votes.to_numpy(), kind="stable")
    return votes.to_numpy()[order], (klass == "fsrq").to_numpy()[order]


def observed_fraction(probability) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return how often known blazars that got such an answer are FSRQs.

    Parameters
    ----------
    probability : array (n,), answers of the 7-42-1 network; NaN where there is none.

    Returns
    -------
    fraction, low, high : arrays (n,)
        Of the `SIMILAR` known blazars to which the network's recipe, trained without them, gave the nearest probabilities
        (as many below as above, where there are), the fraction of FSRQs with its 95 % Wilson interval; NaN for NaN.
    """
    known, is_fsrq = _held_out()
    probability = np.asarray(probability, float)
    first = np.clip(np.searchsorted(known, probability) - SIMILAR // 2, 0, len(known) - SIMILAR)
    counts = np.diff(np.concatenate([[0], np.cumsum(is_fsrq)])[np.stack([first, first + SIMILAR])], axis=0)[0]
    limits = np.array([calibration.wilson_interval(k, SIMILAR) for k in range(SIMILAR + 1)])
    low, high = limits[counts].T
    return tuple(np.where(np.isnan(probability), np.nan, values) for values in (counts / SIMILAR, low, high))


def _width(z) -> float:
    """Width of 68.3 % intervals in ln(1 + z)."""
    return np.log1p(z["high68"]) - np.log1p(z["low68"])


@cache
def _widest_tenth() -> float:
    return float(
        _width(source_names.published("agn_redshifts").rename(columns=lambda name: name.removeprefix("z_"))).quantile(0.9)
    )


def _shared_warnings(report: Report, no_sed: bool = False, out_of_range: str = "", not_given: str = "") -> list[str]:
    """Warnings that hold for a source of the catalogue and for one of the user's."""
    told = []
    if not_given:
        told.append(f"Not given: {not_given}. Without these columns there is no P(FSRQ).")
    if no_sed:
        told.append("No synchrotron fit (SED): BL Lacs and FSRQs are then told apart much less well.")
    if out_of_range:
        told.append(f"Outside the range of the training sources: {out_of_range}. The models extrapolate; do not trust them.")
    ends = report.interval or report.observed
    if ends and ends[0] < 0.5 < ends[1]:
        told.append("The 95 % interval includes one half: the class is open.")
    if report.redshift and _width(report.redshift) > _widest_tenth():
        told.append("The redshift is vague: its 68 % interval in ln(1 + z) is wider than nine of ten that the book publishes.")
    if report.position and abs(report.position[1]) < 10:
        told.append(
            "Within 10 degrees of the Galactic plane: diffuse emission and confusion with Galactic sources; the papers' redshift "
            "sample has no such sources."
        )
    return told


def _add_neighbours(report: Report, leave_out: str = "") -> None:
    """Fill in the neighbours and their warning, where the features allow it."""
    try:
        report.neighbours, isolation = neighbours.nearest(report.features, leave_out=leave_out)
    except FeatureError:
        return
    report.neighbours = _with_redshifts(report.neighbours)
    if isolation > 0.99:
        report.warnings.append(
            "Isolated: its nearest neighbour in feature space is farther away than for 99 % of the associated 4FGL sources."
        )


def _out_of_range(values: dict[str, float]) -> str:
    """Names of the gamma-ray features outside the blazar network's training range."""
    network = BlazarNetwork.load()
    x, n = neighbours.design(pd.DataFrame([values]))[0], len(neighbours.COLUMNS)
    slack = 1e-6 * (network.high - network.low)[:n]
    outside = (x < network.low[:n] - slack) | (x > network.high[:n] + slack)
    return ", ".join(np.array(neighbours.COLUMNS)[outside])


@cache
def _catalogue() -> pd.DataFrame:
    columns = dict.fromkeys(["Source_Name", "CLASS1", "Flags", *features.GAMMA_COLUMNS, *neighbours.COLUMNS])
    return catalogs.read("4fgl-dr4", list(columns)).set_index("Source_Name")


def _six_groups_extrapolate(source: str) -> bool:
    """Whether sources like one of 4FGL-DR4 are rare among the associated ones."""
    from astropy.table import Table

    one = _catalogue().loc[[source], features.GAMMA_COLUMNS].reset_index()
    return bool(classify.classify(Table.from_pandas(one), groups="six")["extrapolated"][0])


def _with_redshifts(table: pd.DataFrame) -> pd.DataFrame:
    """Add the measured redshift (where 4LAC-DR3 is there) and the book's prediction of each neighbour."""
    sources, predicted = source_names.source_table(), source_names.published("agn_redshifts")["z_q500"]
    measured = sources["Redshift_4LAC"] if "Redshift_4LAC" in sources else pd.Series(dtype=float)
    measured = measured.where(measured > 0).reindex(table["source"]).to_numpy(float)
    return table.assign(redshift=measured, predicted_redshift=predicted.reindex(table["source"]).to_numpy(float))


def of_source(source: str) -> Report:
    """Report on a source of the catalogues from the committed predictions.

    Parameters
    ----------
    source : a name that `source_names.find_sources` returns.

    Raises
    ------
    BookError
        Where 4FGL-DR4 or a committed table is missing.
    """
    facts, _ = lookup.describe(source)
    report = Report(source, facts)
    no_sed = False
    if source in (table := source_names.published("blazar_classes")).index:
        row = table.loc[source]
        report.fsrq, low, high = (float(row[f"probability_{name}"]) for name in ("fsrq", "low", "high"))
        report.interval = low, high
        report.fsrq_meaning = f"Five voters; 95 % interval {low:.3f} to {high:.3f} over resamples of the training sources."
        no_sed = bool(row["no_sed"])
    if source in (table := source_names.published("agn_redshifts")).index:
        row = table.loc[source]
        ends = {name: float(row[f"z_{name}"]) for name in ("low68", "high68", "low95", "high95")}
        report.redshift = {"median": float(row["z_q500"])} | ends
        report.posterior = np.array(list(QUANTILES.values())), row[list(QUANTILES)].to_numpy(float)
    table = source_names.published("shift_catalogue_unweighted")
    if source in table.index and np.isfinite(table.loc[source, "RF_bll"]):
        row, short = table.loc[source], [name.rstrip("+") for name in source_classes.NAMES]
        report.groups = pd.DataFrame(
            {"probability": [row[f"RF_{name}"] for name in short], "sd": [row[f"RF_{name}_std"] for name in short]},
            source_classes.NAMES,
        ).astype(float)
        report.groups_meaning = "Random forest, mean and standard deviation over training splits."
        network = source_classes.NAMES[int(np.argmax([row[f"NN_{name}"] for name in short]))]
        if network != (forest := report.groups["probability"].idxmax()):
            report.warnings.append(f"The models disagree: most likely group {forest} by the forest, {network} by the network.")
    klass, flags, outside = "", 0, ""
    if source in _catalogue().index:
        row = _catalogue().loc[source]
        report.features = row[neighbours.COLUMNS].astype(float).to_dict()
        report.position = float(row["GLON"]), float(row["GLAT"])
        klass, flags = row["CLASS1"].strip().lower(), row["Flags"]
        outside = _out_of_range(report.features) if klass in ("bll", "fsrq", "bcu") else ""
        _add_neighbours(report, leave_out=source)
        if _six_groups_extrapolate(source):
            report.warnings.append(_RARE)
    report.warnings += _shared_warnings(report, no_sed, outside)
    if flags:
        report.warnings.append("4FGL raises an analysis flag: its position or spectrum may be wrong.")
    if klass == "bcu":
        report.warnings.append(
            "A blazar of uncertain type: such sources are fainter than those the models learnt from, and tests on known blazars "
            "flatter the answer."
        )
    if klass in ("", "unk"):
        report.warnings.append("No association: it need not be an active galaxy at all.")
    return report


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
    ending = next((ending for ending in tables.FORMATS if name.lower().endswith(ending) and ending != ".fits.gz"), None)
    if ending is None:
        raise FeatureError("The file's ending tells no format. Use .fits, .csv, .ecsv, .vot, .xml or .parquet.")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"upload{ending}"
        path.write_bytes(content)
        try:
            table = tables.read(path)
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
        zip(("observed_fsrq", "observed_low", "observed_high"), observed_fraction(answers["probability_fsrq"]), strict=True)
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
_FLAGS = ("not_given", "no_sed", "out_of_range", "extrapolated", "networks", "density_ratio", "model_sha256")


def answer(table) -> Answers:
    """Answer a table: whichever of `PARTS` its columns suffice for.

    Raises
    ------
    FeatureError
        Where they suffice for none; the first part's error.
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
        raise next(iter(errors.values()))
    return Answers(table, Table(columns), {part: str(error) for part, error in errors.items()})


def _column(table, name: str) -> np.ndarray | None:
    """A numeric column of any capitals, or None."""
    found = next((column for column in table.colnames if column.lower() == name.lower()), None)
    return None if found is None else user_columns.numbers(table, found, name)


def _galactic(table) -> np.ndarray | None:
    """Galactic longitude and latitude in degrees, shape (n, 2), from either pair of columns; None without one."""
    from astropy import units
    from astropy.coordinates import SkyCoord

    for frame, pair in {"galactic": ("GLON", "GLAT"), "icrs": ("RAJ2000", "DEJ2000")}.items():
        lon, lat = (_column(table, name) for name in pair)
        if lon is not None and lat is not None:
            lat = np.where(np.abs(lat) <= 90, lat, np.nan)
            place = SkyCoord(lon * units.deg, lat * units.deg, frame=frame).galactic
            return np.stack([place.l.deg, place.b.deg], axis=1)
    return None


def of_row(answers: Answers, number: int) -> Report:
    """Report on one row (from 0) of a user's table."""
    columns = answers.table.colnames
    row = dict(zip(columns, answers.table[number], strict=True))
    one = answers.given[number : number + 1]
    report = Report(str(row[columns[0]]))
    if np.isfinite(row.get("probability_fsrq", np.nan)):
        report.fsrq, low, high = (float(row[name]) for name in ("probability_fsrq", "observed_low", "observed_high"))
        report.observed = low, high
        report.fsrq_meaning = (
            f"One 7-42-1 network. How far to believe it: of the {SIMILAR} known blazars with the most similar answers, "
            f"{row['observed_fsrq']:.1%} were FSRQs (95 %: {low:.1%} to {high:.1%}; grey bar)."
        )
    if np.isfinite(row.get(source_classes.NAMES[0], np.nan)):
        values = {
            "probability": [row[name] for name in source_classes.NAMES],
            "sd": [row[f"{name}_sd"] for name in source_classes.NAMES],
        }
        report.groups = pd.DataFrame(values, source_classes.NAMES).astype(float)
        report.groups_meaning = f"{row['groups_networks']} networks of the catalogue, mean and standard deviation."
    if np.isfinite(row.get("z_q500", np.nan)):
        ends = {name: float(row[f"z_{name}"]) for name in ("low68", "high68", "low95", "high95")}
        report.redshift = {"median": float(row["z_q500"])} | ends
        levels, quantiles = redshift.redshift_posterior(one)
        report.posterior = levels, quantiles[0]
    five = [_column(one, name) for name in neighbours.COLUMNS]
    if all(values is not None for values in five):
        report.features = {name: float(values[0]) for name, values in zip(neighbours.COLUMNS, five, strict=True)}
        _add_neighbours(report)
    if (place := _galactic(one)) is not None and np.isfinite(place).all():
        report.position = float(place[0, 0]), float(place[0, 1])
    report.warnings += _shared_warnings(report, bool(row.get("no_sed")), row.get("out_of_range", ""), row.get("not_given", ""))
    if outside := row.get("redshift_out_of_range"):
        report.warnings.append(f"Redshift: outside the training range in {outside}.")
    if row.get("redshift_extrapolated"):
        report.warnings.append("Redshift: the 95 % interval goes beyond the highest redshift in training.")
    if outside := row.get("groups_out_of_range"):
        report.warnings.append(f"Six groups: outside the training range in {outside}.")
    elif row.get("groups_extrapolated"):
        report.warnings.append(_RARE)
    return report


def download(table, ending: str) -> bytes:
    """Return a table as the bytes of a file; texts that a spreadsheet would run as formulas are made harmless in CSV."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"table{ending}"
        tables.write(table, path)
        return path.read_bytes()
