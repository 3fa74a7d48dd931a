"""The models that answer, trained and examined: the studies behind chapter 46.

`sizes` is the chapter's mapping of sizes (`chapter.sizes.Settings`); each function names the ones it reads.
"""

import time

import numpy as np
import pandas as pd
from astropy.table import Table

from agnbook import committed
from agnbook.ask import classify, redshift, source_names
from agnbook.chapter.sizes import Settings
from agnbook.errors import BookError
from agnbook.redshifts import fewer_columns, shipped_redshift
from agnbook.shift import shipped_groups
from agnbook.sky import features, registry, source_classes

#: Columns of `redshift` that the published table holds, too.
INTERVAL_ENDS = ["z_q500", "z_low68", "z_high68", "z_low95", "z_high95"]

#: A middling blazar in catalogue units.
_TYPICAL_BLAZAR = {
    "PL_Index": 2.1, "LP_Index": 2.0, "Frac_Variability": 0.4, "Pivot_Energy": 1500.0, "Variability_Index": 40.0,
    "nu_syn": 1e14, "nuFnu_syn": 2e-12,
}  # fmt: skip


def has_4lac() -> bool:
    """Whether both files of 4LAC-DR3 are to be had on this machine."""
    return bool(registry.status().set_index("name")["status"].filter(like="4lac").eq("verified").all())


def train_redshift(sizes: Settings, lac: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Fit the redshift models on both files of 4LAC-DR3; a publishing `paper` run commits them as plain arrays.

    One sees all columns, one those of 4FGL; what the second costs is returned, see `fewer_columns.cost`. Reads `parts`,
    `forest`, `forest_4fgl` and `rounds` (see `redshifts.boosted.fit_best`).
    """
    from agnbook.redshifts import boosted  # needs LightGBM, which answering does not

    high, low = (lac[lac["file"] == letter] for letter in "hl")
    every = boosted.redshift_sample(high, low)
    made = {}
    for path, sample, trees in (
        (shipped_redshift.REDSHIFT, every, sizes["forest"]),
        (shipped_redshift.REDSHIFT_4FGL, fewer_columns.from_4fgl(every), sizes["forest_4fgl"]),
    ):
        start = time.perf_counter()
        model = boosted.fit_best(sample, seed=seed, n_parts=sizes["parts"], n_forest=trees, rounds=sizes["rounds"])
        made[path] = shipped_redshift.ShippedRedshift.from_fitted(model, sample)
        _publish(path, made[path], sizes, seed, start)
    return fewer_columns.cost(made[shipped_redshift.REDSHIFT], made[shipped_redshift.REDSHIFT_4FGL], every, seed)


def train_groups(sizes: Settings, dr4: pd.DataFrame, seed: int) -> None:
    """Train the networks of the six groups on 4FGL-DR4; a publishing `paper` run commits them.

    Reads `every` (rows of the catalogue), `splits`, `at_least` (see `shift.catalogue.random_splits`) and `epochs`.
    """
    from agnbook.shift import catalogue, ensemble

    start = time.perf_counter()
    gamma = features.gamma_features(dr4.iloc[:: sizes["every"]])
    known = gamma.y == 1
    X, unknown = gamma.X[known].to_numpy(), gamma.X[~known].to_numpy()
    group = source_classes.group_index(gamma.info.loc[known, "physical_class"])
    rng = np.random.default_rng(seed)
    parts, tested = catalogue.random_splits(len(X), sizes["splits"], rng, at_least=sizes["at_least"])
    rng = np.random.default_rng(seed)
    networks = ensemble.train_networks(X, group, parts, rng=rng, n_classes=6, epochs=sizes["epochs"])
    packed = shipped_groups.ShippedGroups.from_networks(
        networks, tested, gamma.X.index[known], X, unknown, group, seed=seed
    )  # fmt: skip
    _publish(shipped_groups.GROUPS, packed, sizes, seed, start)


def _publish(path: str, model, sizes: Settings, seed: int, start: float) -> None:
    seconds = time.perf_counter() - start
    committed.publish_model(path, model, chapter=sizes.chapter, profile=sizes.profile, seed=seed, wall_seconds=seconds)


def agreement(lac: pd.DataFrame, every: int = 1) -> pd.DataFrame:
    """Compare the models' answers with the published tables, for the models that need columns of 4LAC-DR3.

    Parameters
    ----------
    lac : both files of 4LAC-DR3.
    every : ask every n-th source.

    Returns
    -------
    pandas.DataFrame
        ``model``, ``sources``, ``largest difference``, ``median difference``.
    """
    names = pd.Series(source_names.todays_names(lac["Source_Name"]), lac.index)

    def asked(question, known):
        found = question(Table.from_pandas(lac[names.isin(known.index)].iloc[::every])).to_pandas()
        return found.set_axis(source_names.todays_names(found["Source_Name"]))

    published, classes = (source_names.published(stem) for stem in ("agn_redshifts", "blazar_classes"))
    ends = asked(redshift.redshift, published)[INTERVAL_ENDS]
    single = asked(classify.classify, classes)["probability_fsrq"]
    differences = {
        "redshift": (ends - published.loc[ends.index, INTERVAL_ENDS]).abs().to_numpy(),
        "BL Lac or FSRQ": (single - classes["probability_bias_init"].reindex(single.index)).abs().to_numpy(),
    }
    rows = [(name, len(found), np.nanmax(found), np.nanmedian(found)) for name, found in differences.items()]
    return pd.DataFrame(rows, columns=["model", "sources", "largest difference", "median difference"])


def batch_gain(rows: int, one_by_one: int, seed: int) -> pd.DataFrame:
    """Measure processor time a row of blazar classes, asked in a batch of `rows` and asked `one_by_one` times for one.

    Returns
    -------
    pandas.DataFrame
        One row: ``rows``, ``batch_ms``, ``single_ms``.

    Raises
    ------
    BookError
        When a row gets another answer alone than in the batch.
    """
    rng = np.random.default_rng(seed)
    columns = {name: value * rng.uniform(0.9, 1.1, rows) for name, value in _TYPICAL_BLAZAR.items()}
    sources = Table({"Source_Name": [f"{row}" for row in range(rows)]} | columns)
    classify.classify(sources[:1])  # loads the model
    start = time.thread_time()
    together = classify.classify(sources)["probability_fsrq"]
    middle = time.thread_time()
    alone = [classify.classify(sources[row : row + 1])["probability_fsrq"][0] for row in range(one_by_one)]
    end = time.thread_time()
    if not np.allclose(alone, together[:one_by_one], atol=1e-3):
        raise BookError("A row has another answer alone than in a batch.")
    row = {"rows": rows, "batch_ms": 1e3 * (middle - start) / rows, "single_ms": 1e3 * (end - middle) / one_by_one}
    return pd.DataFrame([row])


def speed(questions: dict, rows: int) -> pd.DataFrame:
    """Measure processor seconds for 100 000 sources.

    Parameters
    ----------
    questions : name -> (function of an astropy table, a pandas table to ask it of).
    rows : the table is repeated to as many.

    Returns
    -------
    pandas.DataFrame
        ``question``, ``rows``, ``processor_seconds_per_100000``.
    """
    found = []
    for name, (question, table) in questions.items():
        repeated = pd.concat([table] * -(-rows // len(table)), ignore_index=True).iloc[:rows]
        repeated = Table.from_pandas(repeated.assign(Source_Name=[f"source {number}" for number in range(rows)]))
        question(repeated[:2])  # reading and compiling is not counted
        start = time.process_time()
        question(repeated)
        found.append((name, rows, (time.process_time() - start) / rows * 1e5))
    return pd.DataFrame(found, columns=["question", "rows", "processor_seconds_per_100000"])
