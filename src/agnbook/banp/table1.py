"""The paper's Table 1: every row answers for the same test curves, so that differences are paired; seeds have their scatter."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from agnbook.banp import models, process_seeds, summary, train
from agnbook.banp.equal_terms import Summarised, tune
from agnbook.banp.quality import quality
from agnbook.banp.training_runs import SCALE
from agnbook.judge import scores
from agnbook.lightcurves import population

#: Seed of the test curves.
TEST_CURVES = 334
#: Where the tables of `table1` are kept.
TABLES = tuple(f"results/table1_{name}.csv" for name in ("trials", "scores", "differences", "ratios"))
#: The row of the neural process that was trained once and for longer, beside the one of three seeds.
LONG = "neural process, one long run"
#: Scores of a row; see `Answers.values`.
SCORES = ("mae", "sigma", "tau_mae", "tau_sigma", "logm_mae", "logm_sigma", "logm_rms", "own_units_mae")


@dataclass(frozen=True)
class Answers:
    """What a row of the table answered for the test curves, for each of its seeds.

    Attributes
    ----------
    mean, sd : (seeds, n, 21) of the posterior draws, in the targets' units.
    calibration : (seeds,), largest deviation of the split Mahalanobis curve.
    """

    mean: np.ndarray
    sd: np.ndarray
    calibration: np.ndarray

    @classmethod
    def of(cls, samples, truth, prior, nugget: float = 0.0) -> "Answers":
        """Take posterior draws, one array (n, draws, 21) a seed."""
        found = [
            (each.mean(axis=1), each.std(axis=1), quality(truth, each, prior, False, nugget)["calibration"]) for each in samples
        ]
        return cls(*(np.array(part) for part in zip(*found, strict=True)))

    def values(self, truth, prior) -> dict[str, np.ndarray]:
        """Return what each of `SCORES` averages: (seeds, n). ``logm_rms`` is the root of the mean of squares, see `score`.

        ``mae`` and ``sigma``: error of the posterior mean and posterior width in prior standard deviations, all targets;
        ``tau_...``, ``logm_...``: of log tau (six bands) and log mass in dex; ``own_units_mae``: all targets, dex and mag.
        """
        error, tau, mass = np.abs(self.mean - truth), slice(0, 6), population.LOG_MASS
        return {
            "mae": (error / prior).mean(axis=2), "sigma": (self.sd / prior).mean(axis=2),
            "tau_mae": error[..., tau].mean(axis=2), "tau_sigma": self.sd[..., tau].mean(axis=2),
            "logm_mae": error[..., mass], "logm_sigma": self.sd[..., mass], "logm_rms": error[..., mass] ** 2,
            "own_units_mae": error.mean(axis=2),
        }  # fmt: skip


def score(name: str) -> Callable:
    """Return how the values (n,) of one of `SCORES` become a number."""
    return (lambda squares: float(np.sqrt(np.mean(squares)))) if name.endswith("rms") else (lambda values: float(np.mean(values)))


def over_seeds(statistic: Callable, *arrays, n_resamples: int = 300) -> tuple[float, float, float]:
    """Return a statistic's mean over seeds with a 95 % interval that covers both other objects and other seeds.

    Parameters
    ----------
    statistic : called with one row (n,) of each array.
    arrays : (seeds, n), of which one may have a single seed; objects are the same in all.

    Returns
    -------
    tuple of float
        Mean, low, high. The bootstrap over objects and Student's t over seeds add up in quadrature; one seed has no second part.
    """
    seeds = max(len(array) for array in arrays)
    arrays = [np.broadcast_to(array, (seeds, array.shape[1])) for array in arrays]
    each = [statistic(*rows) for rows in zip(*arrays, strict=True)]
    centre = float(np.mean(each))

    def mean(*columns):
        return np.mean([statistic(*(column[:, k] for column in columns)) for k in range(seeds)])

    low, high = scores.bootstrap(mean, *(array.T for array in arrays), n_resamples=n_resamples)
    spread = stats.t.ppf(0.975, seeds - 1) * np.std(each, ddof=1) / np.sqrt(seeds) if seeds > 1 else 0.0
    return centre, centre - math.hypot(centre - low, spread), centre + math.hypot(high - centre, spread)


def answers(sizes, profile: str, seed: int, chosen: dict, processes: list) -> tuple[dict[str, Answers], np.ndarray, np.ndarray]:
    """Ask every row for the test curves. Reads `neural` (curves), `passes` and `curves`.

    Parameters
    ----------
    chosen : the tuned methods, of `equal_terms.tune`
    processes : the neural processes on equal terms, of `process_seeds.trained`

    Returns
    -------
    rows : name -> Answers; beside these the prior mean, the own model as shipped, and the committed neural process (`LONG`).
    truth, prior : (n, 21) targets of the test curves, (21,) standard deviations of the population
    """
    test = Summarised.of(sizes["neural"], TEST_CURVES)
    truth = test.targets
    centre, prior = summary.target_scale("dc2_like", np.random.default_rng(SCALE))
    flat = np.broadcast_to(centre, truth.shape), np.broadcast_to(prior, truth.shape)
    rows = {"prior mean": Answers(flat[0][None], flat[1][None], np.array([np.nan]))}
    for name, (method, networks) in chosen.items():
        draws = [method.sample(network, test, 200, k) for k, network in enumerate(networks)]
        rows[name] = Answers.of(draws, truth, prior, method.nugget)
    own = models.own("dc2_like", profile, seed)
    rows["own, more simulations"] = Answers.of([own.sample_targets(test.features, 200, seed)], truth, prior)
    rows["neural process"] = _of_processes(processes, sizes, truth, prior)
    rows[LONG] = _of_processes([models.neural_process(profile)], sizes, truth, prior)
    return rows, truth, prior


def _of_processes(processes: list, sizes, truth, prior) -> Answers:
    draws = []
    for process in processes:
        curves = train.CurveSet(sizes["neural"], TEST_CURVES, scales=process.scales)
        draws.append(process.answer(curves, passes=sizes["passes"])["samples"])
    return Answers.of(draws, truth, prior, processes[0].scales.whiten.nugget)


#: Pairs of rows whose difference is a question; the first less the second.
QUESTIONS = (
    ("baseline, whitened targets", "paper's baseline"),
    ("baseline, whitened, colours", "baseline, whitened targets"),
    ("own summaries and network", "baseline, whitened, colours"),
    ("own, more simulations", "own summaries and network"),
    ("neural process", "paper's baseline"),
    ("neural process", "baseline, whitened, colours"),
    ("neural process", "own summaries and network"),
    (LONG, "neural process"),
)


def table1(sizes, profile: str, seed: int) -> list[pd.DataFrame]:
    """Return all that chapter 33 says about the paper's parameter columns.

    See `equal_terms.tune`, `process_seeds.trained` and `answers` for the sizes.

    Returns
    -------
    list of pandas.DataFrame
        The trials of `equal_terms.tune` and of `process_seeds.search`. A row of scores a method: `SCORES` with 95 % intervals
        (``mae_low`` ...), ``mae_spread`` and ``sigma_spread`` (standard deviation over seeds), ``calibration``, ``seeds`` and
        ``n``. A row a question and score: ``row``, ``less``, ``score``, ``difference``, ``low``, ``high``. A row a score:
        ``ratio`` of the baseline's to the process's, ``low``, ``high``.
    """
    trials, chosen = tune(sizes)
    searched, processes, _ = process_seeds.trained(sizes, profile, seed)
    searched = searched.assign(method="neural process")[["method", "rate", "seed", "validation", "chosen"]]
    trials = pd.concat([trials, searched], ignore_index=True)
    return [trials, *compared(*answers(sizes, profile, seed, chosen, processes))]


def compared(rows: dict[str, Answers], truth, prior) -> list[pd.DataFrame]:
    """Return the scores of rows, their differences and their ratios, of what `answers` gives; see `table1`."""
    values = {name: row.values(truth, prior) for name, row in rows.items()}
    table = []
    for name, row in rows.items():
        entry = {"row": name, "seeds": len(row.mean), "n": len(truth), "calibration": row.calibration.mean()}
        for key in SCORES:
            entry[key], entry[f"{key}_low"], entry[f"{key}_high"] = over_seeds(score(key), values[name][key])
        for key in ("mae", "sigma"):
            entry[f"{key}_spread"] = values[name][key].mean(axis=1).std(ddof=1) if len(row.mean) > 1 else np.nan
        table.append(entry)
    differences = []
    for ours, other in QUESTIONS:
        for key in ("mae", "logm_rms"):
            both = values[ours][key], values[other][key]
            found = over_seeds(lambda a, b, key=key: score(key)(a) - score(key)(b), *both)
            entry = dict(zip(("difference", "low", "high"), found, strict=True))
            differences.append({"row": ours, "less": other, "score": key} | entry)
    ratios = []
    for key in SCORES:
        both = values["paper's baseline"][key], values["neural process"][key]
        found = over_seeds(lambda a, b, key=key: score(key)(a) / score(key)(b), *both)
        ratios.append({"score": key} | dict(zip(("ratio", "low", "high"), found, strict=True)))
    return [pd.DataFrame(part) for part in (table, differences, ratios)]


def few_visits(sizes, profile: str) -> pd.DataFrame:
    """Ask whether the committed neural process is behind because it sees few visits: give its best rivals as few, tuned again.

    Reads what `table1` reads.

    Returns
    -------
    pandas.DataFrame
        A row a rival: ``row``, ``visits``, ``rate`` (the chosen one), ``mae`` and ``logm_rms`` with 95 % intervals, and
        ``difference``, ``difference_low``, ``difference_high``: the process's ``mae`` less the rival's, paired.
    """
    visits = models.neural_process(profile).notes["context"]
    names = ("baseline, whitened, colours", "own summaries and network")
    trials, chosen = tune(sizes, names, visits)
    test = Summarised.of(sizes["neural"], TEST_CURVES, visits)
    truth = test.targets
    _, prior = summary.target_scale("dc2_like", np.random.default_rng(SCALE))
    process = _of_processes([models.neural_process(profile)], sizes, truth, prior).values(truth, prior)
    rows = []
    for name, (method, networks) in chosen.items():
        draws = [method.sample(network, test, 200, k) for k, network in enumerate(networks)]
        values = Answers.of(draws, truth, prior, method.nugget).values(truth, prior)
        kept = trials[trials["chosen"] & (trials["method"] == name)]
        row = {"row": name, "visits": visits, "n": len(truth), "rate": kept["rate"].iloc[0]}
        for key in ("mae", "logm_rms"):
            row[key], row[f"{key}_low"], row[f"{key}_high"] = over_seeds(score(key), values[key])
        gap = over_seeds(lambda a, b: np.mean(a) - np.mean(b), process["mae"], values["mae"])
        row["difference"], row["difference_low"], row["difference_high"] = gap
        rows.append(row)
    return pd.DataFrame(rows)
