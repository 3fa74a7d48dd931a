"""The probabilistic catalogue: many splits, forests and networks, weighted and unweighted training.

Paper 2, section 5. Arrays are ordered "associated sources first, then unassociated"; probabilities
of all splits together have the shape (n_splits, n_sources, n_classes).
"""

import io
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from agnbook import described_tables
from agnbook.errors import ResultsError
from agnbook.shift.ensemble import EPOCHS, require_all_classes, train_networks
from agnbook.shift.forest import MAX_DEPTH, N_TREES, fit_forest
from agnbook.sky.source_classes import NAMES

N_SPLITS, TEST_FRACTION = 51, 0.3
#: The four trainings: random forest and network, without and with importance weights.
TRAININGS = {
    "rf": "random forest, unweighted training", "rf_weighted": "random forest, weighted training",
    "nn": "network, unweighted training", "nn_weighted": "network, weighted training",
}  # fmt: skip
#: Names of the groups in column names.
SHORT = tuple(name.rstrip("+") for name in NAMES)


def random_splits(n: int, n_splits: int, rng: np.random.Generator, test_fraction: float = TEST_FRACTION, at_least: int = 0):
    """Draw random splits into training and test sources.

    Parameters
    ----------
    at_least : int
        Draw whole sets of splits anew until every source is in this many test parts (the paper: 5
        of 51). Labels play no part in it.

    Returns
    -------
    rows : int array, shape (n_splits, n_train)
    tested : bool array, shape (n_splits, n)

    Raises
    ------
    ResultsError
        When 200 sets of splits do not have the wanted coverage.
    """
    n_train = n - int(np.ceil(test_fraction * n))
    for _ in range(200):
        order = rng.permuted(np.tile(np.arange(n), (n_splits, 1)), axis=1)
        tested = np.ones((n_splits, n), dtype=bool)
        np.put_along_axis(tested, order[:, :n_train], False, axis=1)
        if tested.sum(axis=0).min() >= at_least:
            return np.sort(order[:, :n_train], axis=1), tested
    raise ResultsError(f"{n_splits} splits rarely test each of {n} sources {at_least} times; draw more splits or ask for less.")


def predict_forests(
    X, y, rows, X_all, weight=None, *, seed: int, n_classes: int = 6, n_trees: int = N_TREES, max_depth: int = MAX_DEPTH,
    weighting: str = "counts", importances: bool = False,
):  # fmt: skip
    """Fit one forest a split and predict `X_all`, shape (n_splits, n_all, n_classes), float32.

    With ``importances=True`` also return the feature importances, shape (n_splits, features).
    """
    require_all_classes(y, rows, n_classes)
    probability = np.empty((len(rows), len(X_all), n_classes), dtype=np.float32)
    importance = np.empty((len(rows), X.shape[1]))
    for split, part in enumerate(rows):
        forest = fit_forest(
            X[part], y[part], None if weight is None else weight[part], seed=seed * 10_007 + split, n_classes=n_classes,
            n_trees=n_trees, max_depth=max_depth, weighting=weighting,
        )  # fmt: skip
        probability[split] = forest.predict_proba(X_all)
        importance[split] = forest.importances
    return (probability, importance) if importances else probability


def predict_networks(X, y, rows, X_all, weight=None, *, seed: int, n_classes: int = 6, epochs: int = EPOCHS, **options):
    """Train one network a split, all at once, and predict `X_all`, shape (n_splits, n_all, n_classes)."""
    rng = np.random.default_rng(seed)
    return train_networks(X, y, rows, weight, rng=rng, n_classes=n_classes, epochs=epochs, **options).predict_proba(X_all)


@dataclass(frozen=True)
class Run:
    """Every prediction of every split.

    Attributes
    ----------
    probability : training name (keys of `TRAININGS`) -> array (n_splits, n_sources, 6)
    tested : bool array, shape (n_splits, n_associated)
    """

    probability: dict[str, np.ndarray]
    tested: np.ndarray

    @property
    def used(self) -> np.ndarray:
        """Which splits count for which source, shape (n_splits, n_sources): test sets, or all for unassociated."""
        n_splits, n_associated = self.tested.shape
        n = next(iter(self.probability.values())).shape[1]
        return np.hstack([self.tested, np.ones((n_splits, n - n_associated), dtype=bool)])

    def mean(self, training: str) -> np.ndarray:
        """Mean probability of each source over the splits that count, shape (n_sources, 6); NaN if none does."""
        return self._moments(training)[0]

    def std(self, training: str) -> np.ndarray:
        """Standard deviation over the same splits, shape (n_sources, 6)."""
        return self._moments(training)[1]

    def _moments(self, training):
        used, probability = self.used[:, :, None], self.probability[training].astype(float)
        n = used.sum(axis=0).astype(float)
        n[n == 0] = np.nan
        mean = np.where(used, probability, 0).sum(axis=0) / n
        variance = np.where(used, (probability - mean) ** 2, 0).sum(axis=0) / n
        return mean, np.sqrt(variance)

    def class_sums(self, training: str, associated: bool) -> np.ndarray:
        """Expected number of sources in each class, split by split, shape (n_splits, 6).

        A split tests a part of the associated sources only. Its sum is that of all of them, moved by how far the tested
        ones lie from their means over the *other* splits: what the training sources do, and not which sources are tested.
        """
        n = self.tested.shape[1]
        probability = self.probability[training].astype(float)
        if not associated:
            return probability[:, n:].sum(axis=1)
        mean, times = self.mean(training)[:n], self.tested.sum(axis=0)
        often = np.where(times > 1, times / np.maximum(times - 1, 1), 0)[:, None]
        moved = np.where(self.tested[:, :, None], (probability[:, :n] - np.nan_to_num(mean)) * often, 0).sum(axis=1)
        moved *= n / self.tested.sum(axis=1, keepdims=True)
        return np.nanmean(mean, axis=0) * n + moved - moved.mean(axis=0)


def _one_weighting(arguments) -> dict[str, np.ndarray]:
    import torch

    torch.set_num_threads(1)
    suffix, X, y, rows, X_all, weight, n_trees, epochs, seed = arguments
    return {
        f"rf{suffix}": predict_forests(X, y, rows, X_all, weight, seed=seed, n_trees=n_trees),
        f"nn{suffix}": predict_networks(X, y, rows, X_all, weight, seed=seed, epochs=epochs),
    }


def build(
    X_associated, groups, X_unassociated, weight, *, n_splits: int = N_SPLITS, n_trees: int = N_TREES, epochs: int = EPOCHS,
    at_least: int = 0, seed: int = 0, workers: int = 2,
) -> Run:  # fmt: skip
    """Train everything that the catalogue needs: both classifiers, both weightings, every split.

    Parameters
    ----------
    X_associated, X_unassociated : arrays, shapes (n_associated, 10) and (n_unassociated, 10)
    groups : int array, shape (n_associated,), positions in `classes.GROUPS`
    weight : array, shape (n_associated,)
    at_least : test parts that every associated source must be in, see `random_splits`.
    workers : processes; the two weightings run side by side with 2.
    """
    rows, tested = random_splits(len(X_associated), n_splits, np.random.default_rng(seed), at_least=at_least)
    require_all_classes(groups, rows, len(NAMES))
    X_all = np.vstack([X_associated, X_unassociated])
    tasks = [
        (suffix, X_associated, groups, rows, X_all, w, n_trees, epochs, seed)
        for suffix, w in (("", None), ("_weighted", np.asarray(weight, float)))
    ]
    if workers > 1:
        with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
            parts = list(pool.map(_one_weighting, tasks))
    else:
        parts = [_one_weighting(task) for task in tasks]
    found = parts[0] | parts[1]
    return Run({name: found[name] for name in TRAININGS}, tested)


def columns() -> pd.DataFrame:
    """Return name, unit and description of every column of the catalogue, in order."""
    rows = [
        ("Source_Name", "", "4FGL-DR4 source name"),
        ("Sample_Weight", "", "importance weight of an associated source, at most 10; 1 for unassociated sources"),
        (
            "N_Splits",
            "",
            "splits behind the means: those that test the source, all for unassociated ones; 0: a feature is missing",
        ),
        ("Training_Sample", "", "true for an associated source: the other splits trained on it; false for unassociated ones"),
    ]
    for short, text in (("RF", "random forest"), ("NN", "neural network")):
        for suffix, meaning in (("", "mean over splits of the probability"), ("_std", "its standard deviation over splits")):
            rows += [(f"{short}_{name}{suffix}", "", f"{meaning} of class {name}+, {text}") for name in SHORT]
    return pd.DataFrame(rows, columns=["name", "unit", "description"])


def table(run: Run, names, all_names, weight, weighted: bool) -> pd.DataFrame:
    """Return the catalogue of one weighting: one row for each of `all_names`, in that order.

    Parameters
    ----------
    names : source names in the order of `run` (associated first)
    all_names : every source of the input, also those that lack a feature: these rows stay, with
        NaN probabilities and ``N_Splits`` 0.
    weight : array, shape (n_associated,)
    """
    suffix = "_weighted" if weighted else ""
    data = {"Sample_Weight": np.r_[weight, np.ones(len(names) - len(weight))], "N_Splits": run.used.sum(axis=0)}
    data["Training_Sample"] = np.arange(len(names)) < len(weight)
    for short in ("RF", "NN"):
        mean, std = run._moments(f"{short.lower()}{suffix}")
        data |= {f"{short}_{name}": mean[:, k] for k, name in enumerate(SHORT)}
        data |= {f"{short}_{name}_std": std[:, k] for k, name in enumerate(SHORT)}
    frame = pd.DataFrame(data, index=pd.Index(names, name="Source_Name")).reindex(pd.Index(all_names, name="Source_Name"))
    frame["N_Splits"] = frame["N_Splits"].fillna(0).astype(int)
    frame["Training_Sample"] = frame["Training_Sample"].eq(True)
    return frame.reset_index()[columns()["name"].tolist()]


def validate(frame: pd.DataFrame) -> pd.DataFrame:
    """Check a catalogue against its schema and return it.

    Raises
    ------
    ResultsError
        For other columns, repeated names, probabilities outside [0, 1] or not adding up to 1,
        weights outside [0, 10], and empty probabilities of a source that has splits.
    """
    problems = []
    if list(frame.columns) != columns()["name"].tolist():
        raise ResultsError("The catalogue's columns are not those of `catalogue.columns()`; build it again.")
    if frame["Source_Name"].duplicated().any():
        problems.append("source names repeat")
    filled = frame[frame["N_Splits"] > 0]
    if frame.loc[frame["N_Splits"] == 0].filter(regex="^(RF|NN)_").notna().to_numpy().any():
        problems.append("sources without splits have probabilities")
    if not filled["Sample_Weight"].between(0, 10).all():
        problems.append("weights outside [0, 10]")
    for short in ("RF", "NN"):
        probability = filled[[f"{short}_{name}" for name in SHORT]].to_numpy(float)
        if not (np.isfinite(probability).all() and (probability >= 0).all() and (probability <= 1).all()):
            problems.append(f"{short} probabilities outside [0, 1]")
        elif len(probability) and np.abs(probability.sum(axis=1) - 1).max() > 1e-3:
            problems.append(f"{short} probabilities do not add up to 1")
    if problems:
        raise ResultsError(f"The catalogue is wrong: {'; '.join(problems)}. Build it again.")
    return frame


def write_fits(path: Path | str, frame: pd.DataFrame, title: str) -> None:
    """Write a catalogue as a FITS table whose columns say what they are; see `described_tables`."""
    single = {name: np.float32 for name in frame if name not in ("Source_Name", "N_Splits", "Training_Sample")}
    meanings = {row.name: (row.unit, row.description) for row in columns().itertuples(index=False)}
    exact = validate(frame).astype(single | {"N_Splits": np.int16})
    described_tables.write_fits(path, described_tables.described(exact, meanings, {"EXTNAME": "CATALOGUE", "TITLE": title}))


def read_fits(path: Path | str) -> pd.DataFrame:
    """Read a catalogue written by `write_fits` and check it; see `catalogs.read_fits` for errors."""
    from agnbook.sky import catalogs

    return validate(catalogs.read_fits(path))


def csv_text(frame: pd.DataFrame) -> str:
    """Return a catalogue as CSV with four decimals; empty fields where a source lacks a feature."""
    buffer = io.StringIO()
    validate(frame).to_csv(buffer, index=False, float_format="%.4f", lineterminator="\n")
    return buffer.getvalue()
