"""One source, one answer: look-up, tables, app, pages and published tables agree, or say what differs; asked in any name."""

import numpy as np
import pandas as pd
import pytest
from astropy.table import Table

from agnbook.ask import classify, lookup, redshift, report, source_names
from agnbook.blazars.shipped_blazars import BlazarNetwork
from agnbook.sky import catalogs, features, source_classes

pytestmark = pytest.mark.needs("4fgl-dr4")
GROUPS = [name.rstrip("+") for name in source_classes.NAMES]


@pytest.fixture(scope="module")
def lac(both_latitudes):
    return both_latitudes


@pytest.fixture(scope="module")
def blazars(lac):
    """Answers for every blazar of 4LAC, by the source's name of today, beside the published table."""
    rows = features.blazar_features(lac, clean=False).info.reset_index(drop=True)
    answer = classify.classify(Table.from_pandas(rows)).to_pandas()
    return answer.set_axis(source_names.todays_names(answer["Source_Name"])), source_names.published("blazar_classes")


@pytest.fixture(scope="module")
def redshifts(lac):
    rows = lac[np.isnan(features.known_redshift(lac))].reset_index(drop=True)
    answer = redshift.redshift(Table.from_pandas(rows)).to_pandas()
    return answer.set_axis(source_names.todays_names(answer["Source_Name"])), source_names.published("agn_redshifts")


@pytest.fixture(scope="module")
def groups():
    dr4 = catalogs.read("4fgl-dr4", ["Source_Name", *features.GAMMA_COLUMNS])
    answer = classify.classify(Table.from_pandas(dr4), "six").to_pandas().set_index("Source_Name")
    return answer, source_names.published("shift_catalogue_unweighted").loc[answer.index]


@pytest.mark.needs("4lac-dr3-h", "4lac-dr3-l")
def test_every_published_blazar_stands_beside_the_network_s_answer(blazars):
    answer, published = blazars
    assert set(published.index) <= set(answer.index)
    both = answer.loc[published.index]
    for column, name in {"fsrq": "probability_fsrq", "low": "low", "high": "high"}.items():
        np.testing.assert_array_equal(both[f"published_{name}"], published[f"probability_{column}"])
    assert (both["published_model"] == classify.FIVE_VOTERS).all() and not both["in_training"].any()
    others = answer.drop(published.index)
    assert others["published_probability_fsrq"].isna().all() and (others["published_model"] == "").all()
    # the same network, mean over resamples, is published too: it and the one that answers are of one mind
    difference = (both["probability_fsrq"] - published["probability_bias_init"]).abs()
    assert difference.median() < 0.02 and (difference < 0.25).all()


@pytest.mark.needs("4lac-dr3-h", "4lac-dr3-l")
def test_every_published_redshift_is_given_again(redshifts):
    answer, published = redshifts
    assert set(published.index) <= set(answer.index)
    both = answer.loc[published.index]
    for column in ("z_q500", "z_low68", "z_high68", "z_low95", "z_high95"):
        np.testing.assert_allclose(both[column], published[column], atol=1.5e-5)  # single precision and five decimals
    np.testing.assert_array_equal(both["published_z_q500"], published["z_q500"])


def test_every_six_group_answer_is_the_published_one(groups):
    answer, published = groups
    for name, short in zip(source_classes.NAMES, GROUPS, strict=True):
        np.testing.assert_array_equal(answer[f"published_{name}"], published[f"NN_{short}"])
        np.testing.assert_allclose(answer[name], published[f"NN_{short}"], atol=6e-5)  # four decimals


def test_the_look_up_says_what_the_tables_say(groups):
    published = {stem: source_names.published(stem) for stem in ("shift_catalogue_unweighted", "blazar_classes", "agn_redshifts")}
    known = sorted(set().union(*(table.index for table in published.values())))
    for source in known[::37]:
        rows = lookup.describe(source)[1].drop_duplicates("prediction").set_index("prediction")
        if source in (table := published["blazar_classes"]).index:
            assert list(rows.loc["P(FSRQ), five voters", ["value", "low", "high"]]) == list(
                table.loc[source, ["probability_fsrq", "probability_low", "probability_high"]]
            )
        if source in (table := published["agn_redshifts"]).index:
            assert rows.loc["redshift, median", "value"] == table.loc[source, "z_q500"]
        six = published["shift_catalogue_unweighted"]
        if source in six.index and np.isfinite(six.loc[source, "NN_bll"]):
            for short in GROUPS:
                assert rows.loc[f"P({short}+), random forest", "value"] == six.loc[source, f"RF_{short}"]
                assert rows.loc[f"P({short}+), network", "value"] == six.loc[source, f"NN_{short}"]


def test_the_app_says_what_the_tables_say():
    for source in list(source_names.published("blazar_classes").index[::150]):
        shown, row = report.of_source(source), source_names.published("blazar_classes").loc[source]
        assert (shown.fsrq, *shown.interval) == tuple(row[["probability_fsrq", "probability_low", "probability_high"]])
        six = source_names.published("shift_catalogue_unweighted")
        if shown.groups is not None:
            for name, short in zip(source_classes.NAMES, GROUPS, strict=True):
                assert shown.groups.loc[name, "forest"] == six.loc[source, f"RF_{short}"]
                assert shown.groups.loc[name, "network"] == six.loc[source, f"NN_{short}"]


@pytest.mark.needs("4lac-dr3-h", "4lac-dr3-l")
def test_another_name_is_no_way_around_held_out_answers(lac):
    """Training sources under all their names, and under none but their position, get the answer of those that never saw them."""
    names = source_names._table().set_index("source")["names"]
    z = features.known_redshift(lac)
    rows = lac[np.isfinite(z)].iloc[::60].reset_index(drop=True)
    today = source_names.todays_names(rows["Source_Name"])
    expected = redshift.redshift(Table.from_pandas(rows))
    assert expected["in_training"].all()
    others = [[n for n in names[source].split(" | ") if len(source_names.sources_of(n)) == 1] for source in today]
    asked = {
        "counterpart": rows["ASSOC1"], "last name": [each[-1] for each in others], "second name": [each[1] for each in others],
        "position": [f"mine {row}" for row in range(len(rows))],
    }  # fmt: skip
    for how, given in asked.items():
        answer = redshift.redshift(Table.from_pandas(rows.assign(Source_Name=list(given))))
        assert answer["in_training"].all(), how
        np.testing.assert_array_equal(answer["z_q500"], expected["z_q500"])


@pytest.mark.needs("4lac-dr3-h", "4lac-dr3-l", "fl16y")
def test_fl16y_names_are_known_to_the_six_groups_and_the_blazar_network(lac):
    dr4 = catalogs.read("4fgl-dr4", ["Source_Name", "CLASS1", *features.GAMMA_COLUMNS])
    taught = features.gamma_features(dr4)
    associated = set(taught.X.index[taught.y == 1])
    table = source_names._table()
    fl16y = table["names"].str.extract(r"(FL16Y [^|]+?)(?: \||$)")[0]
    rows = dr4.merge(table.assign(later=fl16y), left_on="Source_Name", right_on="source").dropna(subset=["later"])
    rows = rows[rows["Source_Name"].isin(associated)].drop(columns="source").iloc[::20]
    answer = classify.classify(Table.from_pandas(rows.assign(Source_Name=rows["later"])), "six")
    assert answer["in_training"].all() and (answer["networks"] < 51).all()
    network, blazar = BlazarNetwork.load(), features.blazar_features(lac, ("bll", "fsrq"))
    rows = blazar.info.reset_index(drop=True).iloc[::30]
    by_name = classify.classify(Table.from_pandas(rows))
    by_counterpart = classify.classify(Table.from_pandas(rows.assign(Source_Name=rows["ASSOC1"])))
    assert by_name["in_training"].all() and by_counterpart["in_training"].all()
    np.testing.assert_array_equal(by_name["probability_fsrq"], by_counterpart["probability_fsrq"])
    expected = network.answer(rows, rows["Source_Name"])["probability_fsrq"]
    np.testing.assert_allclose(by_name["probability_fsrq"], expected, atol=5e-6)
    assert isinstance(by_name.to_pandas(), pd.DataFrame) and len(set(by_name["model_sha256"])) == 1
