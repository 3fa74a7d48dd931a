"""The papers' feature tables: exact counts on the real catalogue, clear errors on bad input."""

import numpy as np
import pandas as pd
import pytest
from simulated import catalogue

from agnbook.errors import FeatureError
from agnbook.judge import cross_validation
from agnbook.sky import features, source_classes

needs_both = pytest.mark.needs("4lac-dr3-h", "4lac-dr3-l")


@pytest.fixture
def table():
    """Six synthetic sources with every column the features need; no catalogue required."""
    rng = np.random.default_rng(0)
    n = 6
    columns = {name: rng.uniform(1, 2, n) for name in {*features.REDSHIFT_FEATURES, *features.BLAZAR_FEATURES}}
    columns |= {
        "Source_Name": [f"4FGL J000{i}.0+0000" for i in range(n)],
        "CLASS": ["bll", "FSRQ", "bcu", "bll", "fsrq", "rdg"],
        "SpectrumType": ["PowerLaw", "LogParabola"] * 3,
        "SED_class": ["LSP", "", "HSP", "LSP", "LSP", ""],
        "Flags": [0, 0, 0, 4, 0, 0],
        "Redshift": [0.1, 1.0, -np.inf, 0.3, 0.8, 0.02],
        "nu_syn": [1e13, 0.0, 1e15, 1e12, 1e13, 0.0],
        "nuFnu_syn": [1e-12, 0.0, 1e-11, 1e-12, 1e-12, 0.0],
    }
    return pd.DataFrame(columns)


@pytest.mark.needs("4lac-dr3-h")
def test_redshift_sample_is_the_papers(high_latitude):
    table = features.redshift_features(high_latitude)
    assert table.X.shape == (1224, 24)
    counts = source_classes.physical_class(table.info).value_counts().to_dict()
    assert counts == {"bll": 738, "fsrq": 390, "bcu": 59, "rdg": 26, "nlsy1": 5, "agn": 3, "css": 3}
    assert np.isfinite(table.X.to_numpy()).all() and (table.y > 0).all()
    assert (table.info["SED_class"] == "").sum() == (~features.has_sed(table.info)).sum() == 170
    cuts = features.redshift_cuts(high_latitude)
    assert list(cuts["sources"]) == [3407, 1806, 1794, 1224]
    assert cuts["fsrq"].iloc[0] - cuts["fsrq"].iloc[-1] == 365


@needs_both
def test_blazar_sample_is_the_papers(both_latitudes):
    table = features.blazar_features(both_latitudes)
    assert table.X.shape == (3120, 7)
    assert ((table.y == 0).sum(), (table.y == 1).sum(), np.isnan(table.y).sum()) == (1335, 670, 1115)
    assert len(features.blazar_features(both_latitudes, clean=False)) > 3120


@pytest.mark.needs("4lac-dr3-h")
def test_unknown_redshifts_share_the_encoding(high_latitude):
    known, unknown = features.redshift_features(high_latitude), features.redshift_features(high_latitude, known=False)
    assert np.isnan(unknown.y).all() and list(unknown.X) == list(known.X)
    for name in ("CLASS", "SED_class"):
        for frame in (known, unknown):
            codes = frame.X[name].groupby(frame.info[name].str.lower().to_numpy()).unique()
            assert codes.map(len).eq(1).all()
        both = pd.concat([known.X[name], unknown.X[name]])
        labels = pd.concat([known.info[name], unknown.info[name]]).str.lower()
        assert both.groupby(labels.to_numpy()).nunique().drop("", errors="ignore").eq(1).all()


def test_split_sizes_and_seed():
    train, validation, test = cross_validation.paper_split(1224, held_out=0.1)
    assert (len(train), len(validation), len(test)) == (1101, 61, 62)
    assert [len(rows) for rows in cross_validation.paper_split(2005, held_out=0.2)] == [1604, 200, 201]
    assert sorted([*train, *validation, *test]) == list(range(1224))
    assert list(test) == list(cross_validation.paper_split(1224, held_out=0.1)[2])


def test_synthetic_table_gives_logs_codes_and_targets(table):
    result = features.redshift_features(table)
    assert len(result) == 5
    assert result.X["Pivot_Energy"].iloc[0] == pytest.approx(np.log(table["Pivot_Energy"][0]))
    assert result.X["nu_syn"].iloc[1] == pytest.approx(np.log(1e12))
    assert result.X.loc[result.info["SED_class"] == "", "SED_class"].eq(result.X["SED_class"].iloc[0]).all()
    assert list(result.y) == [0.1, 1.0, 0.3, 0.8, 0.02]
    blazars = features.blazar_features(table)
    assert list(blazars.y[:2]) == [0.0, 1.0] and np.isnan(blazars.y[2]) and len(blazars) == 4


def test_missing_columns_are_all_named(table):
    with pytest.raises(FeatureError, match="lacks the columns Frac_Variability, PL_Index"):
        features.redshift_features(table.drop(columns=["PL_Index", "Frac_Variability"]))


def test_empty_table_and_empty_column(table):
    with pytest.raises(FeatureError, match="no rows"):
        features.redshift_features(table.iloc[:0])
    with pytest.raises(FeatureError, match="No row has a finite value in Pivot_Energy"):
        features.blazar_features(table.assign(Pivot_Energy=np.nan))


@pytest.mark.parametrize("value", [0.0, -3.0, np.inf])
def test_values_without_a_logarithm(table, value):
    table.loc[1, "Pivot_Energy"] = value
    with pytest.raises(FeatureError, match=r"Pivot_Energy must be positive and finite.*1 of"):
        features.blazar_features(table)


def test_negative_sed_flux(table):
    table.loc[0, "nuFnu_syn"] = -1e-12
    with pytest.raises(FeatureError, match="nuFnu_syn must be 0"):
        features.blazar_features(table)


def test_nan_in_a_raw_feature(table):
    table.loc[0, "PL_Index"] = np.nan
    with pytest.raises(FeatureError, match="1 rows have NaN or infinite values in PL_Index"):
        features.blazar_features(table)


def test_standardise_uses_the_first_array_only():
    train, other = features.standardise([[1.0, 5.0], [3.0, 5.0]], [[5.0, 6.0]])
    assert train.tolist() == [[-1, 0], [1, 0]] and other.tolist() == [[3, 1]]


def test_the_high_energy_peak_is_compared_with_the_synchrotron_peak_in_one_unit():
    """1 MeV is 1.602e-6 erg: a peak of that height is as high as one of 1 MeV, and e times as high is 1 in the logarithm."""
    rows = catalogue(3).assign(HE_nuFnuPeak=1e-6, nuFnu_syn=1e-6 * 1.602176634e-6 * np.exp([0.0, 1.0, -2.0]))
    np.testing.assert_allclose(features.extended_redshift_matrix(rows)["Compton_dominance"], [0, -1, 2], atol=1e-9)


def test_classes_of_the_synchrotron_peak_ascend_with_its_frequency():
    rows = catalogue(4).assign(SED_class=["LSP", "ISP", "HSP", ""])
    np.testing.assert_array_equal(features.extended_redshift_matrix(rows)["SED_class"], [0, 1, 2, np.nan])
