"""What became of each source: links, outcomes and doubts on small made-up releases and on the real ones."""

import itertools

import numpy as np
import pandas as pd
import pytest

from agnbook.errors import CatalogError, FeatureError
from agnbook.sky import catalogs, crossmatch, source_classes

DEFAULTS = {
    "Source_Name": "", "RAJ2000": 10.0, "DEJ2000": 0.0, "CLASS1": "", "ASSOC1": "", "ASSOC_FGL": "", "Extended_Source_Name": "",
    "Conf_95_SemiMajor": 0.1, "Conf_95_SemiMinor": 0.05, "Conf_95_PosAng": 0.0,
    "RA_Counterpart": np.nan, "DEC_Counterpart": np.nan, "Unc_Counterpart": np.nan,
}  # fmt: skip


def release(*rows):
    return pd.DataFrame([DEFAULTS | row for row in rows])


def one(old, *new):
    """Outcome, link and doubt of a single old source."""
    return crossmatch.compare(release(old), release(*new)).sources.iloc[0]


def test_ellipse_radius_follows_the_position_angle():
    table = release({"Conf_95_PosAng": 30.0}).iloc[[0, 0, 0]]
    np.testing.assert_allclose(crossmatch.ellipse_radius(table, [30.0, 120.0, 210.0]), [0.1, 0.05, 0.1])
    diagonal = crossmatch.ellipse_radius(table.iloc[:1], [75.0])[0]
    x, y = diagonal * np.cos(np.pi / 4), diagonal * np.sin(np.pi / 4)
    assert (x / 0.1) ** 2 + (y / 0.05) ** 2 == pytest.approx(1.0)  # the point lies on the ellipse


def test_no_ellipse_means_radius_zero():
    assert crossmatch.ellipse_radius(release({"Conf_95_SemiMajor": np.nan}), [0.0])[0] == 0
    assert crossmatch.ellipse_radius(pd.DataFrame({"RAJ2000": [1.0, 2.0]}), [0.0, 0.0]).tolist() == [0, 0]


@pytest.mark.parametrize(
    ("before", "after", "outcome"),
    [
        ("bll", "BLL", "confirmed"),
        ("unk", "", "still unassociated"),
        ("", "psr", "newly associated"),
        ("UNK", "bcu", "newly associated"),
        ("bcu", "fsrq", "reclassified"),
        ("bcu", "unk", "reclassified"),
    ],
)
def test_outcome_follows_from_the_classes(before, after, outcome):
    source = one({"Source_Name": "A", "CLASS1": before}, {"Source_Name": "B", "ASSOC_FGL": "A", "CLASS1": after})
    assert (source["outcome"], source["link"], source["successor"]) == (outcome, "name", "B")


def test_position_counts_inside_both_ellipses_only():
    old = {"Source_Name": "A", "RAJ2000": 10.0}
    # both ellipses point north: 0.05 degrees each towards east, together 0.0707
    assert one(old, {"Source_Name": "B", "RAJ2000": 10.07})["link"] == "position"
    assert one(old, {"Source_Name": "B", "RAJ2000": 10.072})["outcome"] == "vanished"
    assert one(old, {"Source_Name": "B", "DEJ2000": 0.14})["ellipse_distance"] == pytest.approx(
        0.14 / np.hypot(0.1, 0.1), rel=1e-6
    )


def test_counterpart_links_active_galaxies_only_and_not_far_away():
    old = {"Source_Name": "A", "CLASS1": "bcu", "ASSOC1": "PKS 0001"}
    new = {"Source_Name": "B", "CLASS1": "bll", "ASSOC1": "pks0001", "RAJ2000": 10.3}
    assert one(old, new)["link"] == "counterpart"
    assert one(old, new | {"RAJ2000": 10.6})["outcome"] == "vanished"
    assert one(old | {"CLASS1": "snr"}, new | {"CLASS1": "snr"})["outcome"] == "vanished"


def test_counterpart_positions_link_two_names_of_one_object():
    place = {"RA_Counterpart": 10.1, "DEC_Counterpart": 0.0, "Unc_Counterpart": 1e-6}
    old = {"Source_Name": "A", "CLASS1": "bll", "ASSOC1": "TXS 1", **place}
    new = {"Source_Name": "B", "CLASS1": "bll", "ASSOC1": "PKS 1", "RAJ2000": 10.3, **place, "RA_Counterpart": 10.1 + 3 / 3600}
    source = one(old, new)
    assert (source["link"], source["doubt"]) == ("counterpart", "moved")
    assert one(old, new | {"RA_Counterpart": 10.1 + 7 / 3600})["outcome"] == "vanished"
    assert one(old, new | {"RA_Counterpart": 10.1 + 7 / 3600, "Unc_Counterpart": 0.0045})["link"] == "counterpart"
    assert one(old, new | {"Unc_Counterpart": 0.5})["outcome"] == "vanished"  # too vague to identify anything


def test_a_name_beats_a_nearer_position():
    source = one({"Source_Name": "A"}, {"Source_Name": "B"}, {"Source_Name": "C", "ASSOC_FGL": "A", "RAJ2000": 10.06})
    assert (source["successor"], source["doubt"]) == ("C", "crowded")


def test_split_merged_moved_and_other_counterpart_are_doubts():
    assert one({"Source_Name": "A"}, *({"Source_Name": n, "ASSOC_FGL": "A"} for n in "BC"))["doubt"] == "split"
    assert one({"Source_Name": "A"}, {"Source_Name": "B", "ASSOC_FGL": "A", "RAJ2000": 10.2})["doubt"] == "moved"
    named = {"CLASS1": "bcu", "ASSOC1": "X"}
    changed = one({"Source_Name": "A", **named}, {"Source_Name": "B", "ASSOC_FGL": "A", **named, "ASSOC1": "Y"})
    assert (changed["outcome"], changed["doubt"]) == ("confirmed", "other counterpart")
    two = release({"Source_Name": "A"}, {"Source_Name": "A2", "RAJ2000": 10.01})
    merged = crossmatch.compare(two, release({"Source_Name": "B", "ASSOC_FGL": "A2"}))
    assert merged.sources["outcome"].tolist() == ["vanished", "still unassociated"]
    assert merged.ambiguous["source"].tolist() == ["A"] and merged.ambiguous["doubt"].tolist() == ["merged"]


def test_extended_sources_are_found_by_their_name():
    extended = {"Conf_95_SemiMajor": np.nan, "Extended_Source_Name": "Vela X", "CLASS1": "PWN"}
    assert one({"Source_Name": "A", **extended}, {"Source_Name": "B", **extended, "RAJ2000": 10.3})["outcome"] == "confirmed"


def test_each_source_is_used_once_and_the_rest_has_appeared():
    old = release({"Source_Name": "A"}, {"Source_Name": "B", "RAJ2000": 10.02})
    new = release(
        {"Source_Name": "C", "RAJ2000": 10.005, "CLASS1": "bll"}, {"Source_Name": "D", "RAJ2000": 50.0, "CLASS1": "msp"}
    )
    found = crossmatch.compare(old, new)
    assert found.sources["successor"].tolist() == ["C", ""]
    assert found.appeared.to_dict("records") == [{"source": "D", "class": "msp", "row": 1}]
    assert found.counts().to_dict() == dict.fromkeys(crossmatch.OUTCOMES, 0) | {"newly associated": 1, "vanished": 1}
    assert found.newly_associated["row_after"].tolist() == [0]


def test_4lac_columns_will_do():
    lac = release({"Source_Name": "A", "CLASS1": "bcu"}).rename(columns={"CLASS1": "CLASS"})
    lac = lac.drop(columns=["Conf_95_SemiMajor", "Conf_95_SemiMinor", "Conf_95_PosAng", "Extended_Source_Name"])
    source = crossmatch.compare(lac, release({"Source_Name": "B", "CLASS1": "bll", "RAJ2000": 10.04})).sources.iloc[0]
    assert (source["link"], source["outcome"], source["doubt"]) == ("position", "reclassified", "other counterpart")
    assert np.isnan(source["ellipse_distance"])


def test_bad_input_is_named():
    good = release({"Source_Name": "A"})
    with pytest.raises(CatalogError, match="1 source names occur twice, such as A"):
        crossmatch.compare(good, release({"Source_Name": "A"}, {"Source_Name": "A"}))
    with pytest.raises(CatalogError, match="1 sources have no position, such as Z"):
        crossmatch.compare(release({"Source_Name": "A"}, {"Source_Name": "Z", "RAJ2000": np.nan}), good)
    with pytest.raises(FeatureError, match="DEJ2000"):
        crossmatch.compare(good.drop(columns="DEJ2000"), good)
    with pytest.raises(FeatureError, match="CLASS"):
        source_classes.source_class(good.drop(columns="CLASS1"))


def test_order_of_rows_does_not_matter():
    rng = np.random.default_rng(0)
    old = release(*({"Source_Name": f"A{i}", "RAJ2000": 10 + rng.uniform(), "DEJ2000": rng.uniform()} for i in range(60)))
    new = release(*({"Source_Name": f"B{i}", "RAJ2000": 10 + rng.uniform(), "DEJ2000": rng.uniform()} for i in range(60)))
    straight = crossmatch.compare(old, new).sources.set_index("source")["successor"]
    shuffled = crossmatch.compare(old.sample(frac=1, random_state=1), new.sample(frac=1, random_state=2))
    pd.testing.assert_series_equal(straight, shuffled.sources.set_index("source")["successor"].loc[straight.index])


@pytest.mark.needs("4fgl-dr4")
def test_a_release_against_itself_changes_nothing():
    dr4 = catalogs.read("4fgl-dr4")
    found = crossmatch.compare(dr4, dr4)
    assert (found.sources["successor"] == found.sources["source"]).all() and not len(found.appeared)
    assert found.counts()[["newly associated", "reclassified", "vanished"]].sum() == 0


@pytest.mark.slow
@pytest.mark.needs("4fgl-dr4", "fl16y")
def test_position_alone_finds_what_the_names_say():
    """The names in FL16Y were matched by its authors; our ellipses must agree without seeing them."""
    dr4, fl16y = catalogs.read("4fgl-dr4"), catalogs.read("fl16y")
    known = crossmatch.compare(dr4, fl16y).sources
    blind = crossmatch.compare(dr4, fl16y.drop(columns=["ASSOC_FGL", "Extended_Source_Name", "ASSOC1", "RA_Counterpart"])).sources
    named = (known["link"] == "name") & known["ellipse_distance"].notna()
    agreement = (known["successor"] == blind["successor"])[named].mean()
    assert named.sum() > 6000 and agreement > 0.98


def test_histories_follow_a_source_through_all_releases():
    def release(names, kinds, formerly):
        return pd.DataFrame(
            {
                "Source_Name": names, "RAJ2000": [10.0 * ord(name[-1]) % 360 for name in names], "DEJ2000": 0.0,
                "CLASS1": kinds, "ASSOC_FGL": formerly,
            }
        )  # fmt: skip

    releases = {
        "one": release(["1A", "1B"], ["", "bll"], ["", ""]),
        "two": release(["2A", "2C"], ["unk", ""], ["1A", ""]),
        "three": release(["3A", "3C"], ["PSR", "bcu"], ["2A", "2C"]),
    }
    tables = list(releases.values())
    table = crossmatch.histories(releases, [crossmatch.compare(*pair) for pair in itertools.pairwise(tables)])
    assert table[["one", "two", "three"]].to_numpy().tolist() == [["1A", "2A", "3A"], ["1B", "", ""], ["", "2C", "3C"]]
    assert table["three: class"].tolist() == ["psr", "", "bcu"] and table["one: class"].tolist() == ["", "bll", ""]
