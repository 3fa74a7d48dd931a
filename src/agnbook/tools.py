"""What the book says about one source or a table: the work behind ``lookup``, ``classify``, ``redshift``, ``lightcurve``."""

import difflib
import re
from functools import cache

import numpy as np
import pandas as pd
from tqdm import tqdm

from agnbook import artifacts, catalogs, claims, crossmatch, features, files, inputs
from agnbook.blazars import catalogue
from agnbook.blazars.networks import BlazarNetwork
from agnbook.errors import CatalogError, FeatureError

WEIGHTS = "weights/blazars_bias_init.json"
#: Rows that are answered at once: bounds the memory of a long table.
BLOCK = 500
#: Seconds of work after which a progress bar appears.
DELAY = 2


def _blocks(n: int, what: str, size: int = BLOCK):
    """Yield slices of `n` rows; where standard error is a terminal, work of more than `DELAY` seconds shows a bar."""
    with tqdm(total=n, desc=f"agnbook: {what}", unit="rows", delay=DELAY, disable=None, leave=False) as bar:
        for first in range(0, n, size):
            yield slice(first, min(first + size, n))
            bar.update(min(size, n - first))


def classify(table, groups: str = "blazars"):
    """Return class probabilities of sources.

    Parameters
    ----------
    table : astropy.table.Table
        A column of names (`inputs.NAME_COLUMNS`) and the columns of the question; capitals do not matter.
    groups : {"blazars", "six"}
        "blazars" tells FSRQs from BL Lacs with the committed 7-42-1 network of chapter 14, from the columns
        `features.BLAZAR_FEATURES` of 4LAC, both SED columns 0 where there is no synchrotron fit. "six" tells the groups
        of chapter 25 apart with its 51 networks, from the columns `features.GAMMA_COLUMNS` of 4FGL.

    Returns
    -------
    astropy.table.Table
        One row for each of the input, in its order: the name, the probabilities (NaN where a feature is not given);
        ``not_given`` and ``out_of_range``, names of columns without a number and of features outside the training
        range; ``model_sha256``. Further, for "blazars": ``probability_fsrq`` and ``no_sed``. For "six": the probabilities
        under the groups' names, with ``_sd``, their standard deviation over the networks; ``networks``, how many
        answered: fewer for a source of the training sample, known by its 4FGL-DR4 name, of which those are
        asked that did not train on it; ``density_ratio``, how much denser unassociated sources are there than the
        associated ones that taught the networks, and ``extrapolated``, whether these are rare there (see
        `shipped.ShippedGroups`).

    Raises
    ------
    FeatureError
        For another kind of groups, missing columns (all named), no rows, blank or repeated names, text or units that do
        not fit, values that must be positive and are not, and one SED column without the other.
    """
    if groups not in GROUPS:
        raise FeatureError(f"Unknown groups {groups!r}; choose one of {', '.join(GROUPS)}.")
    return GROUPS[groups](table)


def _classify_blazars(table):
    from astropy.table import Table

    name, columns = inputs.require(table, features.BLAZAR_FEATURES)
    names = inputs.names(table, name)
    values = pd.DataFrame({column: inputs.numbers(table, columns[column], column) for column in features.BLAZAR_FEATURES})
    values = values.where(np.isfinite(values))
    inputs.refuse_impossible(values, names)
    weights = artifacts.verify(WEIGHTS)
    network = BlazarNetwork.load(weights)
    complete = np.flatnonzero(values.notna().all(axis=1))
    probability, no_sed = np.full(len(names), np.nan), np.zeros(len(names), bool)
    out_of_range = np.full(len(names), "", dtype=object)
    for block in _blocks(len(complete), "blazars", 20_000):
        rows = complete[block]
        found = network.classify(values.iloc[rows])
        probability[rows], no_sed[rows] = found["probability_fsrq"], found["no_sed"]
        out_of_range[rows] = found["out_of_range"]
    return Table(
        {
            name: names.to_numpy(str),
            "probability_fsrq": probability.round(5),
            "not_given": inputs.join_names(features.BLAZAR_FEATURES, values.isna().to_numpy()),
            "no_sed": no_sed,
            "out_of_range": out_of_range.astype(str),
            "model_sha256": np.full(len(names), files.sha256(weights)),
        }
    )


def _classify_six(table):
    from astropy.table import Table

    from agnbook import shipped
    from agnbook.shift.classes import NAMES

    model = shipped.load_groups()
    name, columns = inputs.require(table, features.GAMMA_COLUMNS)
    names = inputs.names(table, name)
    values = pd.DataFrame({column: inputs.numbers(table, columns[column], column) for column in features.GAMMA_COLUMNS})
    values = values.where(np.isfinite(values))
    inputs.refuse_impossible(values, names)
    n, answered = len(names), np.flatnonzero(values.notna().all(axis=1))
    mean, sd = np.full((n, len(NAMES)), np.nan), np.full((n, len(NAMES)), np.nan)
    networks, ratio = np.zeros(n, int), np.full(n, np.nan)
    extrapolated, out_of_range = np.zeros(n, bool), np.full(n, "", dtype=object)
    slack = 1e-6 * (model.highest - model.lowest)  # a training source must not fall out by rounding
    spelt = {simplified(source): source for source in model.names}
    for block in _blocks(len(answered), "six groups", 5_000):
        rows = answered[block]
        X = features.gamma_matrix(values.iloc[rows]).to_numpy()
        mean[rows], sd[rows], networks[rows] = model.probabilities(
            X, [spelt.get(simplified(source), "") for source in names[rows]]
        )
        ratio[rows] = model.density_ratio(X)
        extrapolated[rows] = model.extrapolated(X, ratio[rows])
        outside = (X < model.lowest - slack) | (X > model.highest + slack)
        out_of_range[rows] = inputs.join_names(features.GAMMA_FEATURES, outside)
    answer = {name: names.to_numpy(str)}
    for position, group in enumerate(NAMES):
        answer |= {group: mean[:, position].round(5), f"{group}_sd": sd[:, position].round(5)}
    return Table(
        answer
        | {
            "networks": networks,
            "not_given": inputs.join_names(features.GAMMA_COLUMNS, values.isna().to_numpy()),
            "out_of_range": out_of_range.astype(str),
            "density_ratio": np.array([float(f"{value:.3g}") for value in ratio]),
            "extrapolated": extrapolated,
            "model_sha256": np.full(n, model.sha256),
        }
    )


#: What `classify` can tell apart.
GROUPS = {"blazars": _classify_blazars, "six": _classify_six}


class _Redshifts:
    """A table's rows as the shipped redshift model wants them."""

    def __init__(self, table):
        from agnbook import shipped

        self.shipped = shipped.load_redshift()
        self.name, columns = inputs.require(
            table, [*features.EXTENDED_NUMBERS, *features.EXTENDED_TEXTS], " Where nothing is known, leave the cells empty."
        )
        self.names = inputs.names(table, self.name)
        values = {column: inputs.numbers(table, columns[column], column) for column in features.EXTENDED_NUMBERS}
        no_photon = np.isneginf(values["Highest_energy"])  # none above 10 GeV; the low-latitude file of 4LAC says 0
        values = {column: np.where(np.isfinite(value), value, np.nan) for column, value in values.items()}
        values["Highest_energy"][no_photon] = 0
        values |= {column: inputs.texts(table, columns[column]) for column in features.EXTENDED_TEXTS}
        self.values = pd.DataFrame(values)
        inputs.refuse_impossible(self.values[features.EXTENDED_NUMBERS], self.names)
        dispensable = set(self.shipped.model.columns) - set(self.shipped.always)  # some training sources lacked these, too
        needed = [column for column in features.EXTENDED_NUMBERS if column not in dispensable]
        marks = self.values[needed].isna().assign(**{column: self.values[column] == "" for column in ("CLASS", "SpectrumType")})
        self.not_given = inputs.join_names(marks.columns, marks.to_numpy())
        self.answered, self.in_training = np.flatnonzero(self.not_given == ""), np.zeros(len(self.names), bool)

    def forecasts(self):
        """Yield rows, features and predictive distributions, block by block."""
        spelt = {simplified(source): source for source in self.shipped.names}
        for block in _blocks(len(self.answered), "redshifts"):
            rows = self.answered[block]
            X = features.extended_redshift_matrix(self.values.iloc[rows])
            forecast, self.in_training[rows] = self.shipped.predict(
                X, [spelt.get(simplified(source), "") for source in self.names[rows]]
            )
            yield rows, X, forecast


#: Intervals of `redshift`: suffix of the columns and position among `calibration.SIGMA_LEVELS`.
INTERVALS = {"68": 0, "95": 1}


def redshift(table):
    """Estimate redshifts with the shipped model of chapter 15.

    Parameters
    ----------
    table : astropy.table.Table
        A column of names (`inputs.NAME_COLUMNS`) and the columns `features.EXTENDED_NUMBERS` and `EXTENDED_TEXTS` of
        4LAC; capitals do not matter. Empty cells mean "not measured".

    Returns
    -------
    astropy.table.Table
        One row for each of the input, in its order: the name; the median ``z_q500`` and the ends of the intervals
        of 68.3 and 95.4 %, calibrated by class (``z_low68``, ``z_high68``, ``z_low95``, ``z_high95``), NaN where
        ``not_given`` names columns that the model cannot do without; ``no_sed``, without a synchrotron fit;
        ``out_of_range``, names of features outside the training range; ``extrapolated``, whether the 95.4 % interval
        goes beyond the highest redshift in training; ``in_training``, whether the source, by its name in 4LAC-DR3, is one
        that the model learned from: it is then answered by the part of the model that was fitted without it;
        ``model_sha256``.

    Raises
    ------
    FeatureError
        As for `classify`.
    """
    from astropy.table import Table

    asked = _Redshifts(table)
    n, model = len(asked.names), asked.shipped
    columns = ["z_q500", *(f"z_{side}{level}" for level in INTERVALS for side in ("low", "high"))]
    answer = np.full((n, len(columns)), np.nan)
    out_of_range = np.full(n, "", dtype=object)
    slack = 1e-6 * (model.highest - model.lowest)  # a training source must not fall out by rounding
    for rows, X, forecast in asked.forecasts():
        answer[rows, 0] = forecast.quantile(0.5)
        intervals = model.model.intervals(forecast, X)
        answer[rows, 1:] = intervals[:, list(INTERVALS.values())].reshape(len(rows), -1)
        outside = (X < model.lowest - slack) | (X > model.highest + slack)
        out_of_range[rows] = inputs.join_names(X.columns, outside.to_numpy())
    return Table(
        {asked.name: asked.names.to_numpy(str)}
        | dict(zip(columns, answer.T.round(5), strict=True))
        | {
            "not_given": asked.not_given,
            "no_sed": ~(asked.values["nu_syn"].to_numpy() > 0),
            "out_of_range": out_of_range.astype(str),
            "extrapolated": answer[:, -1] > model.highest_redshift,
            "in_training": asked.in_training,
            "model_sha256": np.full(n, model.sha256),
        }
    )


def redshift_posterior(table) -> tuple[np.ndarray, np.ndarray]:
    """Return the predictive distributions behind `redshift`, before its class-wise calibration, as quantiles.

    Returns
    -------
    levels : numpy.ndarray, shape (L,)
    quantiles : numpy.ndarray, shape (n, L)
        NaN for rows without an answer.
    """
    from agnbook.redshift.intervals import LEVELS

    asked = _Redshifts(table)
    quantiles = np.full((len(asked.names), len(LEVELS)), np.nan)
    for rows, _, forecast in asked.forecasts():
        quantiles[rows] = forecast.quantiles
    return LEVELS, quantiles


#: Suffix of a column of `light_curves` -> level of the posterior quantile in it.
QUANTILES = {"q500": 0.5, "low68": 0.1585, "high68": 0.8415, "low95": 0.023, "high95": 0.977}
DRAWS = 2000


def light_curves(table, setting: str = "dc2_like", tolerance: float = 0.5, step: float | None = None, exact: bool = False):
    """Infer 21 parameters of each object's six-band light curve with a shipped posterior of chapter 32.

    Parameters
    ----------
    table : astropy.table.Table
        See `visits.read`.
    setting : the simulated survey that the model was trained on, a key of `dataset.SETTINGS`
    tolerance : days within which the six bands make up a visit
    step : days between the times of the reconstruction; none is made without it
    exact : weigh the network's draws by the exact likelihood (`banp.exact`), for the setting `independent` alone;
        a tenth of a second more for each object

    Returns
    -------
    parameters : astropy.table.Table
        One row an object, in the table's order: ``object``; ``visits``; ``rows_left_out``; ``problem``, why there is no
        answer; ``chi2`` per datum of the Kalman fit; ``unlike_simulator``, what the curve does not share with the training
        set (words of `Posterior.warnings`); ``effective_draws`` if `exact`; the posterior quantiles `QUANTILES` of each of
        `population.TARGETS`; ``setting``; ``model_sha256``.
    reconstruction : astropy.table.Table or None
        Long: ``object``, ``time``, ``band``, ``magnitude`` of the noiseless curve and its ``sd`` at regular times, for the
        fitted parameters.

    Raises
    ------
    FeatureError
        For an unknown setting, `exact` in another setting than `independent`, a step that is no positive number, and what
        `visits.read` refuses.
    """
    from astropy.table import Table, vstack

    from agnbook import visits
    from agnbook.banp import exact as importance
    from agnbook.banp import posterior, summary
    from agnbook.lightcurves import dataset, kalman, population

    if setting not in dataset.SETTINGS:
        raise FeatureError(f"Unknown setting {setting!r}; choose one of {', '.join(dataset.SETTINGS)}.")
    if exact and setting != "independent":
        raise FeatureError(
            f"Exact posteriors are for the setting independent, not {setting}: the likelihood is known there alone."
        )
    if step is not None and not step > 0:
        raise FeatureError(f"The step of the reconstruction must be a positive number of days, not {step}.")
    objects, shared = visits.read(table, tolerance), dataset.SETTINGS[setting][2]
    model, weights = posterior.shipped(setting), artifacts.verify(f"weights/light_curves_{setting}.safetensors")
    chi2, unlike, effective = np.full(len(objects), np.nan), [""] * len(objects), np.full(len(objects), np.nan)
    problems = [each.problem for each in objects]
    quantiles = np.full((len(objects), len(population.TARGETS), len(QUANTILES)), np.nan)
    parts = []
    for row in (row for block in _blocks(len(objects), "light curves", 1) for row in range(len(objects))[block]):
        if objects[row].problem:
            continue
        curves = dataset.from_arrays(objects[row].times, objects[row].magnitudes, objects[row].errors)
        found = summary.features(curves, shared)
        # one object at a time: its answer does not depend on the rest of the table
        fit = kalman.fit(curves, shared)
        chi2[row] = fit[0, kalman.FIT_COLUMNS.index("chi2")]
        unlike[row] = str(model.warnings(found)[0])
        if exact:
            (draws,), effective[row : row + 1] = importance.sample_targets(model, curves, found, DRAWS)
            if not effective[row]:
                problems[row] = "No draw of the network is possible under the simulation's population."
                continue
        else:
            draws = model.sample_targets(found, DRAWS)[0]
        quantiles[row] = np.quantile(draws, list(QUANTILES.values()), axis=0).T
        if step is not None:
            parts.append(_reconstruct(objects[row], fit, step, shared))
    length = np.array([len(each.times) for each in objects])
    parameters = {
        "object": np.array([each.name for each in objects]),
        "visits": length,
        "rows_left_out": np.array([each.left_out for each in objects]),
        "problem": np.array(problems),
        "chi2": chi2.round(4),
        "unlike_simulator": np.array(unlike, dtype=str),
    }
    if exact:
        parameters["effective_draws"] = effective.round(0)
    for position, target in enumerate(population.TARGETS):
        parameters |= {f"{target}_{name}": quantiles[:, position, k].round(4) for k, name in enumerate(QUANTILES)}
    parameters |= {
        "setting": np.full(len(objects), setting), "model_sha256": np.full(len(objects), files.sha256(weights)),
    }  # fmt: skip
    reconstruction = None
    if step is not None:
        empty = {"object": np.array([], str), "time": np.array([]), "band": np.array([], str), "magnitude": np.array([])}
        reconstruction = vstack(parts) if parts else Table(empty | {"sd": np.array([])})
    return Table(parameters), reconstruction


def _reconstruct(each, fit, step: float, shared: bool):
    """The noiseless curve of one `visits.Object` from its first to its last visit, given the fitted parameters."""
    from astropy.table import Table

    from agnbook.lightcurves import dataset, kalman, population

    grid = np.arange(each.times[0], each.times[-1] + 1e-9, step)
    if len(grid) > dataset.MOST:
        raise FeatureError(f"A step of {step:g} d makes {len(grid)} times for {each.name}; the most is {dataset.MOST}. Widen it.")
    times = np.union1d(each.times, grid)
    seen, wanted = np.isin(times, each.times), np.isin(times, grid)
    observed, error = np.full((1, len(times), 6), np.nan, np.float32), np.full((1, len(times), 6), np.inf, np.float32)
    observed[0, seen], error[0, seen] = each.magnitudes, each.errors
    curves = dataset.Curves(
        np.full((1, 8), np.nan), np.full((1, 21), np.nan), times[None], seen[None], np.full_like(observed, np.nan), observed,
        error, np.array([len(times)]),
    )  # fmt: skip
    mean, sd = kalman.reconstruct(curves, fit[:, :4], fit[:, 10:16], shared)
    n = wanted.sum()
    return Table(
        {
            "object": np.full(6 * n, each.name),
            "time": np.repeat(times[wanted], 6).round(5),
            "band": np.tile(population.BANDS, n),
            "magnitude": mean[0, wanted].ravel().round(5),
            "sd": sd[0, wanted].ravel().round(5),
        }
    )


#: Question -> how its model was examined, and the claims that tell the result: name and claim.
EXAMINED = {
    "blazars": ("in cross-validation", {"accuracy": "classes.bias_init.cv.accuracy", "log loss": "classes.bias_init.cv.logloss"}),
    "redshift": ("in cross-validation", {"rmse": "redshift.best.rmse", "share in 68.3 % intervals": "redshift.best.coverage68"}),
    "dc2_like": ("on simulated curves", {"rms of log mass": "lightcurves.best.logm_rms"}),
    "lsst_bright": ("on simulated curves", {"rms of log mass": "lightcurves.lsst_bright.logm_rms"}),
    "independent": ("on simulated curves", {"rms of log mass": "lightcurves.independent.logm_rms"}),
    "independent, exact": ("on simulated curves", {"rms of log mass": "lightcurves.independent.exact.logm_rms"}),
}


def skill(question: str) -> tuple[str, str]:
    """Say how a shipped model was examined on what it was not trained on, and its scores with 95 % intervals.

    Parameters
    ----------
    question : "six" or a key of `EXAMINED`
    """
    if question == "six":
        held_out = artifacts.notes("weights/groups.npz")["held_out"]
        how, n = "on training sources, by networks that did not see them", held_out["n"]
        found = {name: held_out[key] for name, key in {"accuracy": "accuracy", "log loss": "logloss"}.items()}
    else:
        how, wanted = EXAMINED[question]
        entries = {name: claims.get(identifier) for name, identifier in wanted.items()}
        found = {name: (entry["ours"], *entry["interval"]) for name, entry in entries.items()}
        n = next(iter(entries.values()))["n"]
    scores = ", ".join(f"{name} {value:.3g} ({low:.3g} to {high:.3g})" for name, (value, low, high) in found.items())
    return f"{how} (n {n})", scores


def simplified(name: str) -> str:
    """Return a name without what people write differently: capitals, spaces, underscores, dashes, a leading 4FGL."""
    name = re.sub(r"[\s_]+", "", name).lower().translate(str.maketrans("−–—", "---")).removeprefix("4fgl")
    return re.sub(r"^(markarian|mrk)(?=\d)", "mkn", name)


@cache
def _dr4() -> pd.DataFrame:
    columns = ["Source_Name", "ASSOC1", "ASSOC2", "ASSOC_4FGL", "CLASS1", "RAJ2000", "DEJ2000", "GLON", "GLAT"]
    return catalogs.read("4fgl-dr4", columns).set_index("Source_Name")


@cache
def new_names() -> dict[str, str]:
    """Name in an earlier release -> name in 4FGL-DR4, where that changed, if only by the ``c`` of a confused region."""
    table = _dr4()
    pairs = [(name[:-1], name) for name in table.index if name.endswith("c")]
    pairs += [(old, new) for new, old in table.loc[~table["ASSOC_4FGL"].duplicated(keep=False), "ASSOC_4FGL"].items()]
    return {old: new for old, new in pairs if old and old not in table.index}


@cache
def source_table() -> pd.DataFrame:
    """Every source of 4FGL-DR4 and, where the file is there, of 4LAC-DR3, indexed by name."""
    try:
        parts = [catalogs.read_fits(catalogs.find(f"4lac-dr3-{letter}", download=False)) for letter in "hl"]
    except CatalogError:
        return _dr4()
    kept = ["ASSOC1", "CLASS", "Redshift", "RAJ2000", "DEJ2000", "GLON", "GLAT"]
    lac = pd.concat(parts).set_index("Source_Name")[kept].add_suffix("_4LAC").rename(index=new_names())
    return _dr4().join(lac, how="outer")


@cache
def _index() -> dict[str, tuple[str, dict[str, None]]]:
    """Simplified name -> the name as it is written, and the sources that bear it."""
    table, index = source_table(), {}
    columns = [column for column in ("ASSOC1", "ASSOC2", "ASSOC1_4LAC") if column in table]
    spelt = [(source, source) for source in table.index] + list(new_names().items())
    spelt += [pair for column in columns for pair in zip(table[column].fillna(""), table.index, strict=True)]
    spelt += [(source, source) for stem in ("blazar_classes", "agn_redshifts") for source in published(stem).index]
    for name, source in spelt:
        if key := simplified(name):
            index.setdefault(key, (name, {}))[1][source] = None
    return index


@cache
def published(stem: str) -> pd.DataFrame:
    """Return a committed table of predictions, indexed by the sources' names of today."""
    if stem.startswith("shift"):
        return artifacts.load_table(f"results/{stem}.csv").set_index("Source_Name")
    return catalogue.read(stem).set_index("Source_Name").rename(index=new_names())


@cache
def _earlier() -> dict[str, tuple[str, str]]:
    """Simplified name in an earlier release -> the release, and the source in 4FGL-DR4 ("" if it has vanished)."""
    found = {}
    for release in ("4fgl-dr2", "4fgl-dr3"):
        try:
            sources = crossmatch.compare(catalogs.read(release), catalogs.read("4fgl-dr4")).sources
        except CatalogError:
            continue
        pairs = zip(sources["source"], sources["successor"], strict=True)
        found |= {simplified(source): (release.upper(), successor) for source, successor in pairs}
    return found


def find_sources(name: str) -> list[str]:
    """Return the sources called `name`: a 4FGL name or a counterpart's, in any spelling that `simplified` forgives.

    Raises
    ------
    CatalogError
        When there is none, with the names that come closest, or the release that had it.
    """
    index, key = _index(), simplified(name)
    if key in index:
        return list(index[key][1])
    if re.match(r"j\d{4}\.\d[+-]\d{4}", key) and key in _earlier():  # a name that 4FGL-DR4 does not mention
        release, successor = _earlier()[key]
        if successor:
            return [successor]
        raise CatalogError(f"{name} was in {release} and is not in 4FGL-DR4, nor is any other source in its place.")
    starts = [other for other in index if len(key) > 3 and other.startswith(key)]
    near = [index[other][0] for other in (starts or difflib.get_close_matches(key, index, n=5, cutoff=0.75))[:5]]
    advice = f"Did you mean {', '.join(near)}?" if near else "Give a 4FGL name, such as '4FGL J1104.4+3812', or a counterpart."
    raise CatalogError(f"No source of 4FGL-DR4 or 4LAC-DR3 is called {name!r}. {advice}")


def describe(source: str) -> tuple[dict[str, str], pd.DataFrame]:
    """Return what is known of a source, and what the book predicts for it.

    Parameters
    ----------
    source : str
        A name that `find_sources` returns.

    Returns
    -------
    facts : dict of str
        Names, classes, position (degrees, J2000) and redshift; empty for a source of a 4LAC that is not there.
    predictions : pandas.DataFrame
        Columns ``prediction``, ``value``, ``low``, ``high``, ``interval`` (what low and high are), from the committed
        tables of chapters 15 and 25; no rows where the book predicts nothing.
    """
    facts, rows = {}, []
    if source in source_table().index:
        row = source_table().loc[source]
        given = {column: row[column] for column in row.index if pd.notna(row[column]) and row[column] != ""}
        suffix = "" if "RAJ2000" in given else "_4LAC"
        facts["counterpart"] = ", ".join(
            dict.fromkeys(str(given[column]) for column in ("ASSOC1", "ASSOC2", "ASSOC1_4LAC") if column in given)
        )
        classes = {"4FGL-DR4": given.get("CLASS1", "" if suffix else "none"), "4LAC-DR3": given.get("CLASS_4LAC", "")}
        facts["class"] = ", ".join(f"{str(value).strip()} ({release})" for release, value in classes.items() if value)
        ra, dec, lon, lat = (given[column + suffix] for column in ("RAJ2000", "DEJ2000", "GLON", "GLAT"))
        facts["position"] = f"RA {ra:.4f}, Dec {dec:+.4f} deg (J2000); l {lon:.4f}, b {lat:+.4f} deg"
        if given.get("Redshift_4LAC", 0) > 0:
            facts["redshift"] = f"{given['Redshift_4LAC']:.4g} (4LAC-DR3)"
        facts = {name: value for name, value in facts.items() if value}
    if source in (groups := published("shift_catalogue_unweighted")).index:
        row = groups.loc[source]
        for model, label in (("RF", "random forest"), ("NN", "network")):
            for group in ("bll", "fsrq", "bcu", "psr", "msp", "spp"):
                mean, sd = row[f"{model}_{group}"], row[f"{model}_{group}_std"]
                low, high = max(mean - sd, 0), min(mean + sd, 1)
                interval = f"mean, sd over {row['N_Splits']:.0f} splits"
                if np.isfinite(mean):
                    rows.append((f"P({group}+), {label}", mean, low, high, interval))
    if source in (classes := published("blazar_classes")).index:
        row = classes.loc[source]
        doubt = "; no SED" if row["no_sed"] else ""
        rows.append(("P(FSRQ) of a blazar", *row[[f"probability_{name}" for name in ("fsrq", "low", "high")]], f"95 %{doubt}"))
    if source in (redshifts := published("agn_redshifts")).index:
        row = redshifts.loc[source]
        rows += [("redshift, median", *row[["z_q500", f"z_low{level}", f"z_high{level}"]], f"{text} %, calibrated")
                 for level, text in ((68, "68.3"), (95, "95.4"))]  # fmt: skip
    return facts, pd.DataFrame(rows, columns=["prediction", "value", "low", "high", "interval"])
