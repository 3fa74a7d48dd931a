"""The ranks of chapter 34: every model's truths among its posterior samples, judged, located by target, and straightened.

`sizes` is the chapter's mapping of sizes (`chapter.sizes.Settings`); each function names the ones it reads.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from sklearn.linear_model import LinearRegression

from agnbook.banp import models, posterior, summary, train
from agnbook.banp.passes import Mixture, batches
from agnbook.banp.quality import quality
from agnbook.banp.training_runs import SCALE, TEST, VALIDATION, simulations
from agnbook.judge import calibration, rank_shapes
from agnbook.lightcurves import cadence, dataset, noise, population

LEVELS = np.linspace(0, 1, 51)
SETTINGS = ("dc2_like", "lsst_bright", "independent")
MODELS = ("neural process", *(f"own, {setting}" for setting in SETTINGS))
#: Seeds of the neural process's curves: those that judge it, and those that its repair is learnt from.
TEST_CURVES, REPAIR_CURVES = 344, 347


def noised(process, truth, seed: int) -> np.ndarray:
    """Return truths (n, 21) with the noise of the process's training targets.

    The 21 targets follow from eight numbers. In the other directions truths do not vary at all, and a posterior that learnt
    from noised targets has the noise's width there: only noised truths can lie in its volume as often as it says.
    """
    noise_sd = process.scales.whiten.nugget * process.scales.whiten.standard.scale
    return truth + noise_sd * np.random.default_rng(seed).standard_normal(truth.shape)


@dataclass(frozen=True)
class Answers:
    """Truths (n, 21), exchangeable posterior samples (n, m, 21), and an estimate of the truths (n, 21) from the data alone.

    Attributes
    ----------
    moments : mean and covariance of the posterior, independent of the last `ranked` samples; by default half of the samples
        give them.
    """

    truth: np.ndarray
    samples: np.ndarray
    estimate: np.ndarray
    moments: tuple | None = None
    ranked: int = 0

    @property
    def among(self) -> int:
        """The number of draws that `distance_ranks` are taken among."""
        return self.ranked or self.samples.shape[1] - self.samples.shape[1] // 2

    def distance_ranks(self, truth) -> np.ndarray:
        """Return `calibration.mahalanobis_ranks` of truths among these samples."""
        if self.moments is None:
            return calibration.mahalanobis_ranks(truth, self.samples)
        return calibration.distance_ranks(truth, self.samples[:, -self.ranked :], *self.moments)


def curve_table(model: str, repaired: bool, ranks: dict) -> pd.DataFrame:
    """Return calibration curves of ranks by name of test, and what is expected of a perfect posterior.

    Parameters
    ----------
    ranks : test -> (ranks (n,), number of draws that each was taken among)

    Returns
    -------
    pandas.DataFrame
        ``fraction`` below each ``level``, ``expected`` (see `calibration.staircase`), the ``largest`` deviation of the two.
    """
    parts = []
    for test, (values, draws) in ranks.items():
        fraction, expected = calibration.curve(values, LEVELS)[1], calibration.staircase(LEVELS, draws)
        row = {"model": model, "repaired": repaired, "test": test, "level": LEVELS, "n": len(values), "fraction": fraction}
        parts.append(pd.DataFrame(row | {"expected": expected, "largest": np.abs(fraction - expected).max()}))
    return pd.concat(parts)


def joint_ranks(answers: Answers, rng: np.random.Generator) -> dict[str, tuple[np.ndarray, int]]:
    """Return ranks of the joint posterior, and among how many draws: Mahalanobis, its self-test (a sample for truth), and TARP.

    TARP has two kinds of reference: another object's truth (independent of the data), and the estimate from the data.
    """
    m, shuffled = answers.samples.shape[1], answers.truth[rng.permutation(len(answers.truth))]
    ranks = {"mahalanobis": (answers.distance_ranks(answers.truth), answers.among)}
    if answers.moments is None:
        innocent = calibration.mahalanobis_ranks(answers.samples[:, 0], answers.samples[:, 1:])
        ranks["self_test"] = innocent, m - 1 - (m - 1) // 2
    for name, reference in (("tarp_independent", shuffled), ("tarp_dependent", answers.estimate)):
        ranks[name] = calibration.tarp_ranks(answers.truth, answers.samples, reference), m
    return ranks


def target_table(model: str, repaired: bool, ranks) -> pd.DataFrame:
    """Return coverage, `rank_shapes.leanings` and a histogram (``bin_0`` to ``bin_9``) of ranks (n, 21), a row a target."""
    table = {"model": model, "repaired": repaired, "target": population.TARGETS, "n": len(ranks)}
    for level in (0.68, 0.95):
        table[f"coverage{round(100 * level)}"] = (np.abs(ranks - 0.5) < level / 2).mean(axis=0)
    table |= dict(zip(rank_shapes.SHAPES, rank_shapes.leanings(ranks), strict=True))
    table["sbc_deviation"] = [calibration.largest_deviation(column) for column in ranks.T]
    bins = np.clip((10 * ranks).astype(int), 0, 9)
    return pd.DataFrame(table | {f"bin_{k}": (bins == k).mean(axis=0) for k in range(10)})


def _own(setting: str, sizes, profile: str, seed: int) -> tuple[Answers, np.ndarray]:
    """Answers of one of the own models on test curves, and its ranks on validation curves."""
    own, kept, parts = models.own(setting, profile, seed), simulations(profile), {}
    for part, n, part_seed in (("validation", sizes["validation"], VALIDATION), ("test", sizes["test"], TEST)):
        features, latents = summary.simulate_features(setting, n, part_seed, sizes["chunk"], kept)
        parts[part] = features, population.targets_from_latents(latents)
    estimator = LinearRegression().fit(*parts["validation"])
    ranks = [
        rank_shapes.mid_ranks(truth, own.sample_targets(features, sizes["samples"], seed))
        for features, truth in zip(*(np.array_split(part, -(-len(part) // 1000)) for part in parts["validation"]), strict=True)
    ]
    features, truth = parts["test"]
    samples = own.sample_targets(features, sizes["samples"], seed)
    return Answers(truth, samples, estimator.predict(features)), np.concatenate(ranks)


def answers_of_process(process, curves: train.CurveSet, passes: int, seed: int) -> tuple[Answers, np.ndarray, np.ndarray]:
    """Ask the neural process twice `passes` times and once more: moments from the first half, one draw from every pass.

    Returns
    -------
    (answers without an estimate, draws (n, 21) of one more pass, mean and deviation (n, 12) of the magnitudes in the context)
    """
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    parts = []
    for _, cx, cy, tx in batches(process, curves, seed):
        mixture = Mixture.ask(process, cx, cy, tx, 2 * passes + 1)
        drawn = mixture.draws(1, generator)
        parts.append((drawn[:, :-1], drawn[:, -1], *mixture[:passes].moments(), np.hstack([cy.mean(axis=1), cy.std(axis=1)])))
    samples, last, mean, covariance, seen = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Answers(curves.targets, samples, np.zeros_like(mean), (mean, covariance), passes), last, seen


def _process(sizes, profile: str, seed: int) -> tuple[Answers, dict, np.ndarray]:
    """Answers of the neural process on test curves, what may stand in the truths' place, and its ranks on other curves."""
    process = models.neural_process(profile)
    learnt = train.CurveSet(sizes["neural"], REPAIR_CURVES, scales=process.scales)
    judged = train.CurveSet(sizes["neural"], TEST_CURVES, scales=process.scales)
    found, _, seen = answers_of_process(process, learnt, sizes["passes"] // 2, seed)
    ranks = rank_shapes.mid_ranks(found.truth, found.samples)
    estimator = LinearRegression().fit(seen, found.truth)
    found, last, seen = answers_of_process(process, judged, sizes["passes"], seed)
    innocent = {"self_test": last, "mahalanobis_noised": noised(process, found.truth, seed)}
    return Answers(**(vars(found) | {"estimate": estimator.predict(seen)})), innocent, ranks


def judge(name: str, answers: Answers, learnt, seed: int, instead: dict | None = None) -> tuple:
    """Judge one model as it is and with its ranks straightened by what `learnt` ranks (n, 21) say.

    Parameters
    ----------
    instead : more tests by name, each with what stands in the truths' place, (n, 21).

    Returns
    -------
    (curves, targets, innocent leanings); see `curve_table`, `target_table`, `rank_shapes.innocent_leanings`
    """
    rng, beta = np.random.default_rng(seed), rank_shapes.beta_of(learnt)
    straight = Answers(answers.truth, rank_shapes.straighten(answers.samples, beta), answers.estimate)
    curves, targets = [], []
    for repaired, one in ((False, answers), (True, straight)):
        ranks = joint_ranks(one, rng)
        if not repaired:
            for test, truth in (instead or {}).items():
                ranks[test] = answers.distance_ranks(truth), answers.among
        curves.append(curve_table(name, repaired, ranks))
        targets.append(target_table(name, repaired, rank_shapes.mid_ranks(one.truth, one.samples)))
        # the map was learnt from a finite number of curves, whose luck adds to that of the curves that judge it
        targets[-1]["widen"] = np.sqrt(1 + len(one.truth) / len(learnt)) if repaired else 1.0
    if "mahalanobis_noised" in (instead or {}):
        ranks = rank_shapes.mid_ranks(instead["mahalanobis_noised"], answers.samples)
        targets[0]["coverage68_noised"] = target_table(name, False, ranks)["coverage68"]
    return pd.concat(curves), pd.concat(targets), rank_shapes.innocent_leanings(answers.samples)


def ranks(sizes, profile: str, seed: int) -> list[pd.DataFrame]:
    """Judge every model on test curves with unseen cadences, as it is and repaired on others; and the prior, in `dc2_like`.

    Reads `neural`, `passes`, `validation`, `test`, `chunk` and `samples`.

    Returns
    -------
    [curves, targets]
        See `curve_table` and `target_table`; ``limit`` is what the largest leaning of all targets of all models exceeds in
        5 % of repetitions if all of them are perfect.
    """
    answers, instead, learnt = _process(sizes, profile, seed)
    parts = [judge(MODELS[0], answers, learnt, seed, instead)]
    for setting in SETTINGS:
        answers, learnt = _own(setting, sizes, profile, seed)
        parts.append(judge(f"own, {setting}", answers, learnt, seed))
        if setting == "dc2_like":
            rng = np.random.default_rng(seed)
            prior = population.targets_from_latents(population.sample(sizes["samples"], rng))
            useless = Answers(answers.truth, np.broadcast_to(prior, answers.samples.shape), answers.estimate)
            # one set of draws for all objects: a distance test would rank against one mean and one covariance
            tarp = {test: ranks for test, ranks in joint_ranks(useless, rng).items() if test.startswith("tarp")}
            unlearned = curve_table("prior", False, tarp)
    curves, targets, innocent = zip(*parts, strict=True)
    targets = pd.concat(targets, ignore_index=True)
    targets["limit"] = rank_shapes.largest_of_all(innocent) * targets.pop("widen")
    return [pd.concat([*curves, unlearned]), targets]


def _broken_assumptions(n: int, rng: np.random.Generator) -> dict[str, dataset.Curves]:
    """Return `n` curves a case; each case breaks one assumption of `dc2_like`."""
    pool, thin = cadence.pool(max(20, n // 5), rng), cadence.pool(max(20, n // 5), rng, n=100)
    plain = population.sample(n, rng)
    as_trained = dataset.observe(plain, rng, pool)
    period = as_trained.take(slice(None))
    wave = 0.3 * np.sin(2 * np.pi * as_trained.times / rng.uniform(200, 800, (n, 1)) + rng.uniform(0, 6.28, (n, 1)))
    period.observed[...] = as_trained.observed + wave[..., None].astype(np.float32)
    cases = {
        "as trained": dataset.observe(plain, rng, pool),
        "one driver a band": dataset.observe(plain, rng, pool, shared=False),
        "errors twice those stated": dataset.observe(plain, rng, pool),
        "scattered spectral slopes": dataset.observe(
            population.sample(n, rng, "dc2_like", population.REALISTIC_SLOPE_SCATTER), rng, pool
        ),
        "100 visits": dataset.observe(plain, rng, thin),
        "bright, single-visit noise": dataset.simulate(n, rng, pool, "lsst_bright"),
        "plus a periodic signal": period,
    }
    doubled = cases["errors twice those stated"]
    doubled.observed[...] += noise.CONSTANT * np.sqrt(3) * rng.standard_normal(doubled.observed.shape, dtype=np.float32)
    return cases


def stress(sizes, profile: str, seed: int) -> pd.DataFrame:
    """Score the `dc2_like` model where its assumptions fail, with the fraction of curves that its guard flags.

    Reads `stress` (curves a case) and `samples`.
    """
    own, rows = models.own("dc2_like", profile, seed), []
    _, scale = summary.target_scale("dc2_like", np.random.default_rng(SCALE))
    for name, curves in _broken_assumptions(sizes["stress"], np.random.default_rng([seed, 340])).items():
        features = summary.features(curves)
        warned = own.warn(features)
        row = {"case": name, "flagged": warned.any(axis=1).mean()}
        row |= dict(zip(posterior.Guard.SCORES, warned.mean(axis=0), strict=True))
        samples = own.sample_targets(features, sizes["samples"], seed)
        rows.append(row | quality(curves.targets, samples, scale, intervals=False))
    return pd.DataFrame(rows)
