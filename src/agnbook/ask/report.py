"""Everything the app says of one source, as numbers: class, redshift, neighbours, place on the sky, warnings."""

from dataclasses import dataclass, field
from functools import cache

import numpy as np
import pandas as pd

from agnbook import committed
from agnbook.ask import classify, gamma_ray_history, lookup, neighbours, redshift, side_by_side, skill, source_names, user_columns
from agnbook.ask.uploads import Answers
from agnbook.blazars.shipped_blazars import BlazarNetwork
from agnbook.errors import FeatureError
from agnbook.sky import catalogs, features, source_classes

_RARE = "Six groups: sources like it are rare among those with a known class; the models extrapolate."
_QUARTERS = (0.025, 0.16, 0.5, 0.84, 0.975)
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
    observed : ends of the 95 % interval of `skill.observed_fraction`.
    groups : pandas.DataFrame (6 rows), probabilities of the six groups, index: group. Columns: ``forest`` and ``network``,
        the models that answered, with ``_sd``; `groups_meaning` explains them.
    redshift : ``median``, ``low68``, ``high68``, ``low95``, ``high95``; where there is none, `no_redshift` says why.
    redshift_meaning : what must be said of the redshift, or "".
    posterior : (levels, quantiles) of the predictive redshift distribution.
    models : pandas.DataFrame, every model that answers: ``model``, ``learned from``, ``answer``.
    spectrum, history : what 4FGL-DR4 measured, see `gamma_ray_history`.
    features : the five gamma-ray columns of `neighbours.COLUMNS`.
    neighbours : see `neighbours.nearest`.
    position : Galactic longitude and latitude in degrees.
    warnings : reasons not to trust the answer; texts of the book's own, without anything the user wrote.
    sha256 : hashes of the tables or weights that the numbers come from, by part.
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
    no_redshift: str = ""
    redshift_meaning: str = ""
    posterior: tuple[np.ndarray, np.ndarray] | None = None
    models: pd.DataFrame | None = None
    spectrum: pd.DataFrame | None = None
    history: pd.DataFrame | None = None
    features: dict[str, float] | None = None
    neighbours: pd.DataFrame | None = None
    position: tuple[float, float] | None = None
    warnings: list[str] = field(default_factory=list)
    sha256: dict[str, str] = field(default_factory=dict)

    def row(self) -> dict:
        """Return the report as one row of a table."""
        row = {"Source_Name": self.name, **{name: self.facts.get(name, "") for name in lookup.FACTS}}
        if self.position:
            row |= {"GLON": self.position[0], "GLAT": self.position[1]}
        if self.fsrq is not None:
            row |= {"probability_fsrq": self.fsrq}
        if self.interval:
            row |= {"probability_low": self.interval[0], "probability_high": self.interval[1]}
        if self.groups is not None:
            for column, values in self.groups.items():
                row |= {f"{column}_{name.rstrip('+')}": value for name, value in values.items()}
        if self.redshift:
            row |= {f"z_{name}": value for name, value in self.redshift.items()}
        if self.posterior is not None and self.redshift:
            row |= {f"z_q{1000 * level:03.0f}": value for level, value in zip(*self.posterior, strict=True) if level in _QUARTERS}
        if self.models is not None:
            row["models"] = "; ".join(f"{each.model}: {each.answer}" for each in self.models.itertuples()).replace("±", "+-")
        if self.neighbours is not None:
            row["nearest_sources"] = "; ".join(self.neighbours["source"])
        hashes = {f"{part}_sha256": value for part, value in self.sha256.items()}
        return row | {"warnings": " ".join(self.warnings)} | hashes


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


def _recorded(table: str) -> str:
    return committed.notes(f"results/{table}")["sha256"]


def _catalogue_warnings(source: str) -> list[str]:
    """Warnings that hold for a source of 4FGL-DR4 however it is asked for."""
    told = []
    row = _catalogue().loc[source] if source in _catalogue().index else {"CLASS1": "", "Flags": 0}
    if row["Flags"]:
        told.append("4FGL raises an analysis flag: its position or spectrum may be wrong.")
    if (klass := row["CLASS1"].strip().lower()) == "bcu":
        told.append(
            "A blazar of uncertain type: such sources are fainter than those the models learnt from, and tests on known blazars "
            "flatter the answer."
        )
    if klass in source_classes.UNASSOCIATED:
        told.append("No association: it need not be an active galaxy at all.")
    return told


def _why_no_redshift(source: str, facts: dict[str, str]) -> str:
    """Why the book has published no redshift of a source."""
    if "redshift" in facts:
        return "None is predicted: its redshift is known."
    if "CLASS_4LAC" not in (table := source_names.source_table()):
        return "None is published: its redshift is known, or it is in no 4LAC-DR3, whose columns the model needs."
    if pd.isna(table["CLASS_4LAC"].get(source)):
        return "None is published: it is not in 4LAC-DR3, the catalogue of active galaxies, whose columns the model needs."
    return "None is published."


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
        report.sha256["class"] = _recorded("blazar_classes.fits")
    if source in (table := source_names.published("agn_redshifts")).index:
        row = table.loc[source]
        ends = {name: float(row[f"z_{name}"]) for name in ("low68", "high68", "low95", "high95")}
        report.redshift = {"median": float(row["z_q500"])} | ends
        report.posterior = np.array(list(QUANTILES.values())), row[list(QUANTILES)].to_numpy(float)
        report.sha256["redshift"] = _recorded("agn_redshifts.fits")
    else:
        report.no_redshift = _why_no_redshift(source, facts)
    table = source_names.published("shift_catalogue_unweighted")
    if source in table.index and np.isfinite(table.loc[source, "RF_bll"]):
        row, short = table.loc[source], [name.rstrip("+") for name in source_classes.NAMES]
        columns = {"forest": "RF_{}", "forest_sd": "RF_{}_std", "network": "NN_{}", "network_sd": "NN_{}_std"}
        report.groups = pd.DataFrame(
            {name: [row[column.format(group)] for group in short] for name, column in columns.items()}, source_classes.NAMES
        ).astype(float)
        report.groups_meaning = "Random forest and networks: mean and standard deviation over training splits."
        report.sha256["groups"] = _recorded("shift_catalogue_unweighted.csv")
        forest, network = (report.groups[model].idxmax() for model in ("forest", "network"))
        if network != forest:
            report.warnings.append(f"The models disagree: most likely group {forest} by the forest, {network} by the network.")
    outside = ""
    if source in _catalogue().index:
        row = _catalogue().loc[source]
        report.features = row[neighbours.COLUMNS].astype(float).to_dict()
        report.position = float(row["GLON"]), float(row["GLAT"])
        outside = _out_of_range(report.features) if row["CLASS1"].strip().lower() in ("bll", "fsrq", "bcu") else ""
        _add_neighbours(report, leave_out=source)
        if _six_groups_extrapolate(source):
            report.warnings.append(_RARE)
    report.models = side_by_side.models(report, side_by_side.asked_anew(report, source))
    report.spectrum, report.history = gamma_ray_history.spectrum(source), gamma_ray_history.history(source)
    report.warnings += [*_shared_warnings(report, no_sed, outside), *_catalogue_warnings(source)]
    return report


def _column(table, name: str) -> np.ndarray | None:
    """A numeric column of any capitals, or None."""
    found = next((column for column in table.colnames if column.lower() == name.lower()), None)
    return None if found is None else user_columns.numbers(table, found, name)


def _galactic(place) -> tuple[float, float]:
    """Galactic longitude and latitude of a right ascension and declination, all in degrees."""
    from astropy import units
    from astropy.coordinates import SkyCoord

    found = SkyCoord(*place * units.deg, frame="icrs").galactic
    return float(found.l.deg), float(found.b.deg)


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
            f"One 7-42-1 network. How far to believe it: of the {skill.SIMILAR} known blazars with the most similar answers, "
            f"{row['observed_fsrq']:.1%} were FSRQs (95 %: {low:.1%} to {high:.1%}; grey bar)."
        )
        report.sha256["class"] = str(row["model_sha256"])
        if np.isfinite(beside := row["published_probability_fsrq"]):
            report.fsrq_meaning += (
                f" Published for this source, by {row['published_model']}: {beside:.3f} "
                f"({row['published_low']:.3f} to {row['published_high']:.3f})."
            )
            if (beside > 0.5) != (report.fsrq > 0.5):
                report.warnings.append(
                    "The five voters that the book publishes, which see more columns, call it the other class."
                )
    if np.isfinite(row.get(source_classes.NAMES[0], np.nan)):
        values = {f"network{end}": [row[f"{name}{end}"] for name in source_classes.NAMES] for end in ("", "_sd")}
        report.groups = pd.DataFrame(values, source_classes.NAMES).astype(float)
        report.groups_meaning = f"{row['groups_networks']} networks of the catalogue, mean and standard deviation."
        report.sha256["groups"] = str(row["groups_model_sha256"])
    if np.isfinite(row.get("z_q500", np.nan)):
        ends = {name: float(row[f"z_{name}"]) for name in ("low68", "high68", "low95", "high95")}
        report.redshift = {"median": float(row["z_q500"])} | ends
        levels, quantiles = redshift.redshift_posterior(one)
        report.posterior = levels, quantiles[0]
        report.sha256["redshift"] = str(row["redshift_model_sha256"])
    elif "redshift" in answers.notes:
        report.no_redshift = "Not answered: the table lacks columns, see above."
    else:
        report.no_redshift = f"Not answered: {row['redshift_not_given']} is not given."
    place = user_columns.positions(one)
    if place is not None and np.isfinite(place).all():
        report.position = _galactic(place[0])
    sources = source_names.identify([report.name], place)[0]
    if len(sources) == 1:
        facts, _ = lookup.describe(sources[0])
        report.facts = {"known as": sources[0], **facts}
        report.spectrum, report.history = gamma_ray_history.spectrum(sources[0]), gamma_ray_history.history(sources[0])
    five = [_column(one, name) for name in neighbours.COLUMNS]
    if all(values is not None for values in five):
        report.features = {name: float(values[0]) for name, values in zip(neighbours.COLUMNS, five, strict=True)}
        _add_neighbours(report, leave_out=sources[0] if len(sources) == 1 else "")
    report.warnings += _shared_warnings(report, bool(row.get("no_sed")), row.get("out_of_range", ""), row.get("not_given", ""))
    if any(row.get(f"{prefix}problem") for prefix in ("", "groups_", "redshift_")):  # it may quote the table: no warning does
        report.warnings.append(
            "Values of this row cannot be and were not used; the column `problem` of the table says which and why."
        )
    if outside := row.get("redshift_out_of_range"):
        report.warnings.append(f"Redshift: outside the training range in {outside}.")
    if row.get("redshift_without"):
        report.warnings.append(
            f"Redshift: from the columns of 4FGL alone; the median is then off by {row['redshift_expected_rmse']:g} (rms)."
        )
    if row.get("redshift_extrapolated"):
        report.warnings.append("Redshift: the 95 % interval goes beyond the highest redshift in training.")
    if outside := row.get("groups_out_of_range"):
        report.warnings.append(f"Six groups: outside the training range in {outside}.")
    elif row.get("groups_extrapolated"):
        report.warnings.append(_RARE)
    report.models = side_by_side.models(report, report.fsrq)
    if len(sources) == 1:  # what is said of the source by its name holds for it in a table, too
        report.warnings = list(dict.fromkeys([*of_source(sources[0]).warnings, *report.warnings]))
    return report
