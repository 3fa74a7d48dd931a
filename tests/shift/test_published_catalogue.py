"""The published catalogue: built, written and read back, and what chapter 25 takes from it."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from agnbook import committed
from agnbook.chapter import declared, sizes
from agnbook.shift import catalogue, curves, published_catalogue, spread_studies
from agnbook.sky.source_classes import NAMES

KNOWN = [f"4FGL J{number:04d}.0+0000" for number in range(120)]
REST = [f"4FGL J{number:04d}.0-0000" for number in range(30)]


@pytest.fixture(scope="module")
def made():
    """A catalogue of 120 associated, 30 unassociated sources and one that lacks a feature; with its inputs."""
    rng = np.random.default_rng(0)
    group = np.arange(120) % 6
    X = rng.normal(size=(120, 4)) + np.eye(6)[group][:, :4] * 3
    weight, target = rng.uniform(0.1, 10, 120), rng.normal(size=(30, 4)) + 1
    every = [*KNOWN, "4FGL J9999.9-9999", *REST]
    sizes = {"n_splits": 12, "n_trees": 3, "epochs": 3, "at_least": 1, "seed": 0, "workers": 1}
    return published_catalogue.build(X, group, target, weight, [*KNOWN, *REST], every, **sizes), group, weight


def test_counts_add_up_and_know_their_scatter(made):
    catalogue_, _, _ = made
    counts = catalogue_.counts("nn_weighted", False, REST)
    assert counts["expected"].sum() == pytest.approx(30, rel=1e-4)
    rows = catalogue_.frames[True].loc[REST]
    assert counts.loc["psr+", "expected"] == pytest.approx(rows["NN_psr"].sum())
    assert counts.loc["psr+", "independent_std"] == pytest.approx(np.sqrt((rows["NN_psr_std"] ** 2).sum()))
    scatter = catalogue_.sums("nn_weighted", False)["psr+"].std()
    assert counts.loc["psr+", "repeat_std"] == pytest.approx(scatter / np.sqrt(12))
    assert counts.loc["psr+", "training_std"] == pytest.approx(scatter * np.sqrt(0.7 / 0.3))
    assert len(catalogue_.sums("rf", True)) == 12


def test_differences_are_of_the_pair_they_name(made):
    found = made[0].differences("wRF − RF", REST)
    frames = made[0].frames
    np.testing.assert_allclose(found["bll+"], frames[True].loc[REST, "RF_bll"] - frames[False].loc[REST, "RF_bll"])
    relative = made[0].differences("RF − NN", REST, relative=True)
    spread = np.sqrt((frames[False].loc[REST, "RF_spp_std"] ** 2 + frames[False].loc[REST, "NN_spp_std"] ** 2) / 2)
    difference = frames[False].loc[REST, "RF_spp"] - frames[False].loc[REST, "NN_spp"]
    np.testing.assert_allclose(relative["spp+"], difference / spread)


def test_confusion_tests_with_weights_where_it_says_so(made):
    catalogue_, group, weight = made
    found = catalogue_.confusion("RF", KNOWN, group, weight)
    probability = catalogue_.probabilities("RF", True, KNOWN)
    np.testing.assert_allclose(found[False, True], curves.confusion(group, probability))
    np.testing.assert_allclose(found[True, True], curves.confusion(group, probability, weight))


def test_precisions_are_the_diagonals(made):
    catalogue_, group, weight = made
    found = {short: catalogue_.confusion(short, KNOWN, group, weight) for short in ("RF", "NN")}
    table = published_catalogue.precisions(found)
    assert table.shape == (8, 6)
    np.testing.assert_allclose(table.loc[("tested weighted", "NN, unweighted training")], np.diag(found["NN"][True, False]))


def test_counts_stand_beside_the_paper_s(made):
    counts = {
        (training, False): made[0].counts(training, False, REST).assign(paper=7.4, paper_std=0.31) for training in ("rf", "nn")
    }
    table = published_catalogue.beside_the_paper(counts, "", np.full(6, 5.2))
    assert table.columns.tolist() == ["RF, ours", "RF, paper", "NN, ours", "NN, paper", "same mix"]
    row = counts["nn", False].loc["psr+"]
    assert table.loc["psr+", "NN, ours"] == f"{row['expected']:.0f} ± {row['independent_std']:.1f}"
    assert table.loc["psr+", "RF, paper"] == "7 ± 0.3" and table.loc["psr+", "same mix"] == 5


def test_what_is_published_is_what_was_made(made, data):
    published_catalogue.publish(made[0], chapter="25_test", profile="smoke", seed=3, wall_seconds=1)
    assert not list((data / "results").iterdir())
    published_catalogue.publish(made[0], chapter="25_test", profile="paper", seed=3, wall_seconds=1)
    loaded = published_catalogue.load()
    for weighted, frame in made[0].frames.items():
        pd.testing.assert_frame_equal(loaded.frames[weighted], frame, check_dtype=False, rtol=1e-5)
        record = committed.notes(f"{published_catalogue.FILES[weighted]}.csv")
        assert (record["chapter"], record["seed"]) == ("25_test", 3)
    assert loaded.frames[False].loc["4FGL J9999.9-9999", "N_Splits"] == 0
    assert loaded.frames[True]["Training_Sample"].sum() == 120
    np.testing.assert_allclose(loaded.sums("nn", False), made[0].sums("nn", False), rtol=1e-5)
    assert set(loaded.class_sums["training"]) == set(catalogue.TRAININGS) and NAMES[0] in loaded.class_sums


def test_tolerances_of_counts_are_the_errors_of_both_sides():
    """1.96 times the root of the paper's squared ± and our repeat error; weighted also other starts of the mixtures, twice."""
    stated, sums = declared.read("25_build_the_catalogue"), committed.load_table("results/shift_class_sums.csv")
    models = {"rf": "forest", "nn": "network"}
    spread = {short: committed.load_table(f"results/shift_{model}_counts.csv") for short, model in models.items()}
    for (training, associated), part in sums.groupby(["training", "associated"]):
        variance = (part[list(NAMES)].sem() ** 2).to_dict()
        if training.endswith("weighted"):
            table = spread[training[:2]]
            starts = table[(table["associated"] == associated) & table["set"].str.startswith("gmm ")]
            seeds = starts.groupby("class")["expected"].var()
            variance = {name: value + 2 * seeds[name] for name, value in variance.items()}
        for name, value in variance.items():
            key = f"{'' if associated else 'un'}associated.{training}.{name.rstrip('+')}"
            error = 1.96 * np.sqrt(stated[f"shift.plus_minus.{key}"].paper ** 2 + value)
            assert stated[f"shift.{key}"].tolerance == pytest.approx(error, abs=0.06), key


def test_tolerances_of_ratios_and_falls_are_the_errors_of_both_sides():
    """What the paper's rounding leaves open and our repeat error, as roots of squares."""
    stated, sums = declared.read("25_build_the_catalogue"), committed.load_table("results/shift_class_sums.csv")
    number = {name: value.paper for name, value in declared.read("21_define_classes").items() if "table2" in name}
    rows = sums[(sums["training"] == "rf") & ~sums["associated"]]
    rounding = {"spp": 0.25, "msp": 0.1, "psr": 0.025, "fsrq": 0.05, "bcu": 0.1, "bll": 0.05}
    for short, step in rounding.items():
        error = 1.96 * rows[f"{short}+"].sem() / number[f"shift.table2.{short}"]
        assert stated[f"shift.ratio.{short}"].tolerance == pytest.approx(np.hypot(step, error), abs=0.002), short

    splits = sizes.load("23_measure_its_effect", "book").splits
    widening = stats.t.ppf(0.975, splits - 1) * np.sqrt(1 / splits + 0.3 / 0.7) * np.sqrt(splits)
    scores = committed.load_table("results/shift_forest_scores.csv").query("`class` in @NAMES")
    mixtures = scores[scores["set"].str.startswith("gmm ")]
    one = spread_studies.typical(spread_studies.weight_sets(12), "gmm")
    for score in ("precision", "recall"):
        largest = mixtures[(mixtures["set"] == one) & (mixtures["score"] == score)].set_index("class")
        name = largest["shift"].idxmin()
        repeat = (largest.loc[name, "shift_high"] - largest.loc[name, "shift_low"]) / 2 / widening
        seeds = mixtures[(mixtures["score"] == score) & (mixtures["class"] == name)]["shift"].std()
        error = 1.96 * np.sqrt(repeat**2 + 2 * seeds**2)
        for claim in (f"shift.fall.{score}.most_probable", f"shift.conclusion3.{score}"):
            declared_one = (stated | declared.read("23_measure_its_effect"))[claim]
            assert declared_one.tolerance == pytest.approx(np.hypot(0.05, error), abs=0.002), claim
