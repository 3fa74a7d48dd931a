"""The probabilistic catalogue as it is published: both weightings, and class sums split by split.

`build` trains everything, `publish` writes FITS and CSV, `load` reads the committed files.
Chapter 25; paper 2, section 5.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from agnbook import committed, storage
from agnbook.judge import resampled
from agnbook.shift import catalogue, curves
from agnbook.sky.source_classes import NAMES

#: Weighted training? -> path of the catalogue under ``data/``, without ending.
FILES = {False: "results/shift_catalogue_unweighted", True: "results/shift_catalogue_weighted"}
#: What Figs 13 and 14 subtract: classifier and whether its training was weighted.
PAIRS = {
    "wRF − RF": (("RF", True), ("RF", False)), "wNN − NN": (("NN", True), ("NN", False)),
    "RF − NN": (("RF", False), ("NN", False)), "wRF − wNN": (("RF", True), ("NN", True)),
}  # fmt: skip


@dataclass(frozen=True)
class Published:
    """Catalogue and class sums.

    Attributes
    ----------
    frames : weighted training? -> catalogue indexed by ``Source_Name``; see `catalogue.columns`.
    class_sums : expected number of each class, split by split, with ``training`` and ``associated``; see `catalogue.Run`.
    """

    frames: dict[bool, pd.DataFrame]
    class_sums: pd.DataFrame

    def probabilities(self, short: str, weighted: bool, sources, ending: str = "") -> np.ndarray:
        """Six probabilities (or, with ending ``"_std"``, their deviations) of "RF" or "NN", shape (sources, 6)."""
        columns = [f"{short}_{name}{ending}" for name in catalogue.SHORT]
        return self.frames[weighted].loc[sources, columns].to_numpy(float)

    def sums(self, training: str, associated: bool) -> pd.DataFrame:
        """Expected counts of one training (key of `catalogue.TRAININGS`), one row a split."""
        rows = (self.class_sums["training"] == training) & (self.class_sums["associated"] == associated)
        return self.class_sums.loc[rows, list(NAMES)]

    def counts(self, training: str, associated: bool, sources) -> pd.DataFrame:
        """Expected number of each class among `sources`, with what is uncertain about it.

        ``independent_std`` adds up the sources' own variances, the paper's ±; ``repeat_std`` is the error of another run
        with other splits, the scatter of the sum over splits divided by the root of their number; ``training_std`` that
        of other training sources (`resampled.sampling_std`); ``class_std`` the chance of the draw if the probabilities
        were exact.
        """
        short, weighted = training[:2].upper(), training.endswith("weighted")
        mean, std = (self.probabilities(short, weighted, sources, ending) for ending in ("", "_std"))
        sums = self.sums(training, associated).to_numpy()
        return pd.DataFrame(
            {
                "expected": np.nansum(mean, axis=0), "independent_std": np.sqrt(np.nansum(std**2, axis=0)),
                "repeat_std": sums.std(axis=0, ddof=1) / np.sqrt(len(sums)),
                "training_std": resampled.sampling_std(sums, 1 - catalogue.TEST_FRACTION),
                "class_std": np.sqrt(np.nansum(mean * (1 - mean), axis=0)),
            },
            index=NAMES,
        )  # fmt: skip

    def differences(self, pair: str, sources, relative: bool = False) -> pd.DataFrame:
        """Differences of probabilities between two trainings of `PAIRS`, one column a class.

        With `relative`, over the root mean square of both standard deviations over splits; NaN where both are 0.
        """
        values, deviations = (
            [self.probabilities(short, weighted, sources, ending) for short, weighted in PAIRS[pair]] for ending in ("", "_std")
        )
        difference = values[0] - values[1]
        if relative:
            spread = np.sqrt((deviations[0] ** 2 + deviations[1] ** 2) / 2)
            difference = difference / np.where(spread > 0, spread, np.nan)
        return pd.DataFrame(difference, sources, NAMES)

    def confusion(self, short: str, sources, group, weight) -> dict[tuple[bool, bool], np.ndarray]:
        """Confusion matrices (6, 6) of `curves.confusion` for (tested with weights?, trained with weights?)."""
        return {
            (tested, trained): curves.confusion(group, self.probabilities(short, trained, sources), weight if tested else None)
            for trained in (False, True)
            for tested in (False, True)
        }


def build(associated, group, unassociated, weight, names, all_names, **sizes) -> Published:
    """Train every forest and network of the catalogue.

    Parameters
    ----------
    associated, unassociated : features, shapes (n, 10) and (m, 10); group : int array (n,); weight : array (n,)
    names : the n + m sources in that order; all_names : every source of the input, also those that lack a feature.
    sizes : `n_splits`, `n_trees`, `epochs`, `at_least` and `seed` of `catalogue.build`.
    """
    run = catalogue.build(associated, group, unassociated, weight, **sizes)
    frames = {weighted: catalogue.table(run, names, all_names, weight, weighted) for weighted in FILES}
    sums = [
        pd.DataFrame(run.class_sums(training, associated), columns=NAMES).assign(training=training, associated=associated)
        for training in catalogue.TRAININGS
        for associated in (True, False)
    ]
    indexed = {weighted: frame.set_index("Source_Name") for weighted, frame in frames.items()}
    return Published(indexed, pd.concat(sums))


def beside_the_paper(counts: dict, ending: str, mix) -> pd.DataFrame:
    """Ours and the paper's unassociated counts with the ± of single sources, as text.

    Parameters
    ----------
    counts : (training, associated?) -> table of `Published.counts` with the columns ``paper`` and ``paper_std``
    ending : "" or "_weighted", how the training was weighted
    mix : array (6,), the trivial answer
    """
    columns = {}
    for model in ("rf", "nn"):
        found = counts[f"{model}{ending}", False]
        for label, pair in (("ours", ["expected", "independent_std"]), ("paper", ["paper", "paper_std"])):
            columns[f"{model.upper()}, {label}"] = [f"{value:.0f} ± {std:.1f}" for value, std in found[pair].to_numpy()]
    return pd.DataFrame(columns | {"same mix": np.round(mix).astype(int)}, NAMES)


def precisions(confusion: dict) -> pd.DataFrame:
    """Precision of each class, the diagonals of the matrices of `Published.confusion`.

    Parameters
    ----------
    confusion : classifier -> matrices

    Returns
    -------
    pandas.DataFrame
        One column a class; rows are ("tested unweighted" or "tested weighted", classifier and training).
    """
    word = {False: "unweighted", True: "weighted"}
    rows = {
        (f"tested {word[tested]}", f"{short}, {word[trained]} training"): np.diag(matrix)
        for short, found in confusion.items()
        for (tested, trained), matrix in found.items()
    }
    return pd.DataFrame(rows, NAMES).T


def publish(made: Published, *, chapter: str, profile: str, seed: int, wall_seconds: float) -> None:
    """Write both catalogues as FITS and CSV and the tables beside them, with their records.

    Nothing happens unless a `paper` run publishes.
    """
    if not committed.publishing() or profile != "paper":
        return

    def record(path: str) -> None:
        committed.record(path, chapter=chapter, profile=profile, seed=seed, wall_seconds=wall_seconds)

    tables = {"class_sums": made.class_sums, "catalogue_columns": catalogue.columns()}
    for name, table in tables.items():
        path = f"results/shift_{name}.csv"
        storage.write_text(storage.DATA / path, table.to_csv(index=False, float_format="%.6g", lineterminator="\n"))
        record(path)
    frames = {weighted: frame.reset_index() for weighted, frame in made.frames.items()}
    for weighted, path in FILES.items():
        title = f"4FGL-DR4 class probabilities, {'weighted' if weighted else 'unweighted'} training"
        catalogue.write_fits(storage.DATA / f"{path}.fits", frames[weighted], title)
        storage.write_text(storage.DATA / f"{path}.csv", catalogue.csv_text(frames[weighted]))
        for ending in ("fits", "csv"):
            record(f"{path}.{ending}")


def load() -> Published:
    """Read the committed catalogues and class sums, each checked against its record."""
    frames = {weighted: catalogue.read_fits(committed.verify(f"{path}.fits")) for weighted, path in FILES.items()}
    indexed = {weighted: frame.set_index("Source_Name") for weighted, frame in frames.items()}
    return Published(indexed, committed.load_table("results/shift_class_sums.csv"))
