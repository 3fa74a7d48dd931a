"""Every survey's table becomes measurements; what is wrong with one row or object costs only that, in words."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy.table import Table
from astropy.time import Time

from agnbook.ask import curve_files, flux_units, measurements
from agnbook.ask.curve_options import Options
from agnbook.errors import BookError, FeatureError


def long(names=("a", "b"), bands="gri", epochs=30, seed=0) -> pd.DataFrame:
    """Return a long table in plain names: `epochs` in each band of each object, each at its own time."""
    rng = np.random.default_rng(seed)
    parts = [
        pd.DataFrame(
            {
                "object": name, "time": np.sort(rng.uniform(55000, 57000, epochs)), "band": band,
                "magnitude": rng.normal(19, 0.2, epochs), "error": rng.uniform(0.02, 0.03, epochs),
            }
        )
        for name in names
        for band in bands
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def curve(table, name="a", **options):
    """Read a table and clean one of its objects."""
    options = Options(**({"survey": "sdss"} | options))
    (found,) = (each for each in measurements.read(table, options) if each.name == name)
    return measurements.light_curve(found, options)


def same(one, other) -> None:
    assert one.problem == other.problem == "" and one.bands == other.bands
    for key in ("times", "band", "values", "errors", "wavelengths"):
        np.testing.assert_allclose(getattr(one, key), getattr(other, key), rtol=1e-7)


# --- columns and layouts


@pytest.mark.parametrize(
    "columns",
    [
        {"object": "objectId", "time": "midpointMjdTai", "magnitude": "psfMag", "error": "psfMagErr"},
        {"object": "dbID", "time": "expMidptMJD", "band": "filter", "magnitude": "MAG", "error": "magErr"},
        {"time": "expidMptMJD", "band": "filtercode", "magnitude": "mag [mag]", "error": "e_mag"},
        {"time": "Time(days)", "error": "mag_err"},
    ],
)
def test_a_long_table_in_many_spellings(columns):
    table = long()
    found = curve(table.rename(columns=columns))
    same(found, curve(table))
    assert found.bands == ("g", "r", "i") and len(found) == 90
    np.testing.assert_array_equal(found.times, np.sort(table.loc[table["object"] == "a", "time"]))


def test_a_joined_column_does_not_make_a_long_table_wide():
    table = long()
    same(curve(table.assign(mag_i=18.0, err_i=0.1, redshift=1.5)), curve(table))


def test_columns_can_be_named():
    table = long().rename(columns={"time": "epoch", "magnitude": "brightness", "error": "u_brightness"})
    named = {"time": "epoch", "magnitude": "Brightness", "error": "u_brightness"}
    same(curve(table, columns=named), curve(long()))
    with pytest.raises(FeatureError, match=r"no column 'nothing' .--column time=.; it has object, epoch"):
        curve(table, columns=named | {"time": "nothing"})
    with pytest.raises(FeatureError, match="No such role: colour; there are object, time"):
        Options(columns={"colour": "g"})


@pytest.mark.parametrize(
    "spelling", ["mag_{} error_{}", "{}_mag {}_magerr", "psfMag_{} psfMagErr_{}", "{}mag e_{}mag", "{} {}err"]
)
def test_a_wide_table(spelling):
    """One row an epoch; a band that was not observed is NaN."""
    rng = np.random.default_rng(1)
    times, value, error = np.arange(40) * 9.0, rng.normal(19, 0.2, (40, 2)), np.full((40, 2), 0.02)
    value[3, 1] = np.nan
    columns = {"name": ["a"] * 40, "mjd": times}
    for b, band in enumerate("gr"):
        one, other = spelling.format(band, band).split()
        columns |= {one: value[:, b], other: error[:, b]}
    found = curve(pd.DataFrame(columns | {"note": 1.0}))
    assert found.bands == ("g", "r") and len(found) == 79 and found.left_out == {"no number": 1}
    np.testing.assert_array_equal(found.values[found.band == 0], value[:, 0])


def test_the_rows_of_a_band_in_a_wide_table_may_have_their_own_times():
    table = pd.DataFrame({"object": "a", "time_g": np.arange(20.0), "time_r": np.arange(20.0) + 0.1})
    for band in "gr":
        table[f"mag_{band}"], table[f"error_{band}"] = 19 + np.sin(np.arange(20)), 0.05
    found = curve(table)
    np.testing.assert_allclose(found.times[found.band == 1] - found.times[found.band == 0], 0.1)


def lists(table: pd.DataFrame) -> pa.Table:
    """One row an object, cells that hold lists."""
    grouped = table.groupby("object", sort=False)
    return pa.table({"object": list(grouped.groups)} | {c: [list(g[c]) for _, g in grouped] for c in table.columns[1:]})


@pytest.mark.parametrize("layout", ["lists", "structs of lists", "lists of structs"])
def test_one_row_an_object(layout, tmp_path):
    table = long()
    expected, nested = curve(table), lists(table)
    if layout != "lists":
        rubin = {"time": "midpointMjdTai", "band": "band", "magnitude": "psfMag", "error": "psfMagErr"}
        fields = [{new: row[old] for old, new in rubin.items()} for row in nested.to_pylist()]
        if layout == "lists of structs":
            fields = [[dict(zip(row, values, strict=True)) for values in zip(*row.values(), strict=True)] for row in fields]
        # the detections stand beside the forced photometry and are not what is wanted
        other = pa.array([[{"midpointMjdTai": 1.0, "band": "u", "psfMag": 1.0, "psfMagErr": 1.0}]] * 2)
        nested = pa.table({"diaObjectId": ["a", "b"], "diaSource": other, "diaObjectForcedSource": pa.array(fields)})
    same(curve(nested), expected)
    pq.write_table(nested, tmp_path / "nested.parquet")
    (first, _), options = curve_files.read(tmp_path / "nested.parquet", Options(survey="sdss"))
    same(measurements.light_curve(first, options), expected)


def test_a_list_that_nobody_asks_for_may_have_any_length():
    lists = {"mjd": [[1.0, 2, 3]] * 2, "band": [list("gri")] * 2, "mag": [[19.0, 19.1, 19.2]] * 2, "mag_err": [[0.02] * 3] * 2}
    told = {"object": ["a", "b"]} | lists
    plain = measurements.read(pa.table(told))
    for other in ([[1, 2], [1, 2, 3, 4]], [["x"], []], [None, [True] * 9]):
        found = measurements.read(
            pa.table(told | {"spectrum": other, "epochs": other, "notes": other, "more": other, "p": other})
        )
        assert [each.problem for each in found] == ["", ""]
        for mine, wanted in zip(found, plain, strict=True):
            assert mine.values.tolist() == wanted.values.tolist() and mine.bands.tolist() == wanted.bands.tolist()
    found = measurements.read(pa.table(told | {"mag": [[19.0, 19.1], [19.0, 19.1, 19.2]]}))
    assert found[0].problem == "Lists of unequal lengths: mjd 3, band 3, mag 2, mag_err 3." and found[1].problem == ""


def test_lists_of_unequal_length_and_empty_ones_cost_their_object():
    rows = lists(long(("a", "b", "c"))).to_pylist()
    rows[1]["band"] = rows[1]["band"][:-1]
    rows[2] |= {key: [] for key in ("time", "band", "magnitude", "error")}
    found = measurements.read(pa.Table.from_pylist(rows))
    assert [each.name for each in found] == ["a", "b", "c"]
    assert found[0].problem == "" and found[1].problem == "Lists of unequal lengths: time 90, band 89, magnitude 90, error 90."
    assert "0 usable measurements" in measurements.light_curve(found[2]).problem


def test_vector_columns_of_fits():
    table = long(("a",), "g")
    vector = Table({"object": ["a"], "band": [["g"] * 30]} | {c: [table[c].to_numpy()] for c in ("time", "magnitude", "error")})
    same(curve(vector), curve(table))


# --- names


def test_identifiers_keep_their_digits(tmp_path):
    """Two neighbours at 2^63 would be one as floating-point numbers; so would they in a CSV file with an empty cell."""
    ids = (9223372036854775806, 9223372036854775807)
    table = long(ids).rename(columns={"object": "diaObjectId"})
    assert [each.name for each in measurements.read(table)] == [str(name) for name in ids]
    table.astype({"diaObjectId": "Int64"}).assign(diaObjectId=lambda t: t["diaObjectId"].where(t.index > 0)).to_csv(
        tmp_path / "t.csv", index=False
    )
    found, _ = curve_files.read(tmp_path / "t.csv")
    assert [each.name for each in found] == ["", *(str(name) for name in ids)]
    assert found[0].problem == "1 rows name no object; name it." and len(found[1].times) == 89
    arrow = pa.Table.from_pandas(table.astype({"diaObjectId": "Int64"}).assign(
        diaObjectId=lambda t: t["diaObjectId"].where(t.index > 0)), preserve_index=False)  # fmt: skip
    assert [each.name for each in measurements.read(arrow)] == ["", *(str(name) for name in ids)]
    with pytest.raises(FeatureError, match="lost digits"):
        measurements.read(table.astype({"diaObjectId": float}))
    assert [each.name for each in measurements.read(long((12.0, 13.0)))] == ["12", "13"]


def test_an_identifier_goes_before_a_name():
    table = long().rename(columns={"object": "objectId"}).assign(name="all the same")
    assert [each.name for each in measurements.read(table)] == ["a", "b"]


# --- magnitudes, fluxes, units


@pytest.mark.parametrize("unit, nano", [("nJy", 1.0), ("mJy", 1e6), ("nanomaggy", 3630.780547701), ("erg s-1 cm-2 Hz-1", 1e32)])
def test_fluxes_in_any_unit_are_the_same_light_curve(unit, nano):
    table = long()
    flux = 10 ** (0.4 * (31.4 - table["magnitude"]))
    table = table.assign(flux=flux / nano, flux_error=0.02 * flux / nano).drop(columns=["magnitude", "error"])
    found, plain = curve(table, unit=unit), curve(table)
    assert found.unit == "flux"
    np.testing.assert_allclose(found.values, plain.values)
    wavelength = 6166.0
    assert flux_units.in_nanojansky(unit, wavelength) == pytest.approx(nano)
    stated = Table.from_pandas(table)
    stated["flux"].unit = stated["flux_error"].unit = unit.replace("nanomaggy", "nmgy")
    assert flux_units.in_nanojansky(measurements.read(stated)[0].unit, wavelength) == pytest.approx(nano)


def test_flux_densities_by_wavelength():
    # AB magnitude 0 at 5500 A: 3631 Jy = 3.60e-9 erg / s / cm2 / A
    assert 3.60e-9 / 1e-14 * flux_units.in_nanojansky("1e-14 erg s-1 cm-2 A-1", 5500.0) == pytest.approx(3.6308e12, rel=3e-3)
    assert np.isnan(flux_units.in_nanojansky("", 5500.0)) and np.isnan(flux_units.in_nanojansky("mag", 5500.0))
    with pytest.raises(FeatureError, match="'counts' is no unit of flux; give mag, nJy"):
        Options(unit="counts")


def test_errors_in_another_unit_are_converted_and_contradictions_refused():
    table = Table.from_pandas(long().rename(columns={"magnitude": "flux"}))
    table["flux"].unit, table["error"].unit = "mJy", "uJy"
    assert np.allclose(measurements.read(table)[0].errors, np.array(table["error"][:90]) / 1000)
    table["error"].unit = "d"
    with pytest.raises(FeatureError, match="error is in d; give it in mJy"):
        measurements.read(table)
    with pytest.raises(FeatureError, match="is in nJy; give it in mag"):
        measurements.read(long().rename(columns={"magnitude": "magnitude (nJy)"}))
    with pytest.raises(FeatureError, match="holds magnitudes by its name, but the unit given is nJy"):
        measurements.read(long(), Options(unit="nJy"))


def test_negative_fluxes_are_kept():
    table = long(bands="g").rename(columns={"magnitude": "psfFlux", "error": "psfFluxErr"})
    table["psfFlux"] = np.random.default_rng(0).normal(300, 200, len(table))
    table["psfFluxErr"] = 200.0
    assert (table["psfFlux"][:30] < 0).any()
    found = curve(table)
    assert len(found) == 30 and found.left_out == {}
    np.testing.assert_allclose(found.to_unit(found.values, found.band), table["psfFlux"][:30])
    assert measurements.read(table)[0].unit == "nJy"


def test_magnitudes_among_fluxes_become_fluxes():
    table = long(("a",), "gr").assign(flux=lambda t: 10 ** (0.4 * (31.4 - t["magnitude"])), flux_error=lambda t: 0.02 * t["flux"])
    whole = curve(table, unit="nJy")
    table.loc[::2, ["flux", "flux_error"]] = np.nan
    (found,) = measurements.read(table, Options(survey="sdss", unit="nJy"))
    assert found.notes == ("30 magnitudes among fluxes: turned into fluxes as AB magnitudes",)
    relative = found.errors / found.values  # ln 10 / 2.5 of an error in magnitudes
    np.testing.assert_allclose(relative[::2], 0.9210340 * table["error"][::2], rtol=1e-6)
    np.testing.assert_allclose(relative[1::2], 0.02)
    found = measurements.light_curve(found, Options(survey="sdss"))
    np.testing.assert_allclose(found.to_unit(found.values, found.band), whole.to_unit(whole.values, whole.band), rtol=1e-9)
    (found,) = measurements.read(table, Options(survey="sdss"))  # nobody says in which unit the fluxes are
    assert found.left_out == {"magnitude among fluxes of unknown unit": 30} and len(found.times) == 30


def test_what_the_survey_flags_is_left_out():
    table = long()
    flagged = np.arange(len(table)) % 10 == 0
    for column in ({"pixelFlags_bad": flagged}, {"catflags": np.where(flagged, 32768, 0)}, {"psfFlux_flag": flagged.astype(str)}):
        found = curve(table.assign(**column))
        assert found.left_out == {"flagged by the survey": 9} and len(found) == 81


def test_difference_fluxes_are_not_taken_for_fluxes():
    table = long().rename(columns={"magnitude": "psfFlux", "error": "psfFluxErr"}).assign(diaSourceId=1)
    assert "difference from a template" in curve(table).problem
    found = measurements.read(table.assign(scienceFlux=100.0, scienceFluxErr=1.0))[0]
    assert found.problem == "" and (found.values == 100).all() and found.unit == "nJy"


# --- times


def test_times_in_seconds_and_as_dates():
    table = long()
    expected = curve(table)
    stated = Table.from_pandas(table)
    stated["time"] *= 86400
    stated["time"].unit = "s"
    same(curve(stated), expected)
    same(curve(table.assign(time=table["time"] * 24), time_unit="h"), expected)
    assert "give days, such as MJD" in curve(table.assign(time=table["time"] * 86400)).problem
    dates = Time(table["time"], format="mjd")
    for as_dates in (dates.isot, dates.to_datetime(), pd.Series(dates.to_datetime()).dt.tz_localize("UTC")):
        np.testing.assert_allclose(curve(table.assign(time=as_dates)).times, expected.times, atol=1e-6)
    mixin = Table.from_pandas(table)
    mixin["time"] = dates
    same(curve(mixin), expected)
    with pytest.raises(FeatureError, match="is in kg; give it in d"):
        measurements.read(table.rename(columns={"time": "time [kg]"}))
    found = curve(table.assign(time=np.where(table.index == 3, "yesterday", table["time"].astype(str))))
    assert found.left_out == {"no time": 1} and len(found) == 89


def test_a_table_without_times_says_where_rubin_keeps_them():
    table = long().rename(columns={"time": "visit"})
    with pytest.raises(FeatureError, match=r"lacks the columns time; it has .* with --visits"):
        measurements.read(table)


# --- what is known of an object


def test_redshift_extinction_and_absolute_magnitude():
    table = long().assign(zspec=1.2, A_u=0.3, M_i=-25.0)
    (first, _) = measurements.read(table, Options("sdss", redshift="zspec", extinction="A_u", absolute_magnitude="M_i"))
    assert first.redshift == 1.2 and first.absolute_magnitude == -25
    assert first.dust["g"] == pytest.approx(0.3 * 1.205 / 1.546)
    assert measurements.light_curve(first, Options("sdss")).extinction[0] == pytest.approx(0.3 * 1.205 / 1.546)
    for column, visual in (("A_V", 0.31), ("EBV", 0.1), ("E(B-V)", 0.1)):
        found = measurements.read(table.drop(columns="A_u").assign(**{column: visual}), Options("sdss", extinction=column))
        assert found[0].dust["g"] == pytest.approx(0.31 * 1.205)
    assert measurements.read(table, Options("sdss", redshift=0.5, extinction="0.31"))[1].dust["g"] == pytest.approx(0.31 * 1.205)
    with pytest.raises(FeatureError, match=r"neither A_V nor E.B-V. by its name"):
        measurements.read(table.assign(dusty=1), Options("sdss", extinction="dusty"))
    with pytest.raises(FeatureError, match="No table has a column 'z_phot' for the redshift"):
        measurements.read(table, Options(redshift="z_phot"))


def test_what_is_no_redshift_is_not_used_and_said():
    table = long(("a", "b", "c")).assign(redshift=lambda t: t["object"].map({"a": -1.0, "b": 0.7, "c": 0.7}))
    table.loc[table.index[-1], "redshift"] = 0.8
    table.loc[table.index[-3], "redshift"] = np.nan
    first, second, third = measurements.read(table)
    assert np.isnan(first.redshift) and first.notes == ("redshift -1 is none: not used",)
    assert second.redshift == 0.7 and second.notes == ()
    assert third.redshift == 0.7 and third.notes == ("several values of redshift: the first is taken",)


def test_a_table_of_objects(tmp_path):
    long((12345678901234567, 3)).to_csv(tmp_path / "curves.csv", index=False)
    (tmp_path / "objects.csv").write_text("objectId,z\n3,0.5\n12345678901234567,2.5\n99,1\n")
    found, _ = curve_files.read(tmp_path / "curves.csv", Options(redshift="z"), tmp_path / "objects.csv")
    assert {each.name: each.redshift for each in found} == {"12345678901234567": 2.5, "3": 0.5}
    (tmp_path / "objects.csv").write_text("who,z\n3,0.5\n")
    with pytest.raises(FeatureError, match="table of objects has no column of names; it has who, z"):
        curve_files.read(tmp_path / "curves.csv", Options(redshift="z"), tmp_path / "objects.csv")


# --- bad input: the object's own problem


@pytest.mark.parametrize(
    "change, left_out",
    [
        (lambda t: t.sample(frac=1, random_state=0), {}),
        (lambda t: pd.concat([t, t.iloc[:7]]), {"exact repeat": 7}),
        (lambda t: t.assign(magnitude=t["magnitude"].where(t.index != 5)), {"no number": 1}),
        (lambda t: t.assign(magnitude=np.where(t.index < 3, [-99.99, 99.0, 0.0] + [0] * (len(t) - 3), t["magnitude"])),
         {"no magnitude, but a sentinel": 3}),
        (lambda t: t.assign(error=np.where(t.index < 2, -t.index, t["error"])), {"error zero or below": 2}),
        (lambda t: t.assign(error=np.where(t.index < 2, 5.0, t["error"])), {"error of a magnitude or more": 2}),
        (lambda t: t.assign(magnitude=np.where(t.index == 1, "faint", t["magnitude"].astype(str))), {"no number": 1}),
        (lambda t: t.assign(time=np.where(t.index == 1, 0.0, t["time"])), {"time 40 years or more off the median": 1}),
        (lambda t: t.assign(band=np.where(t.index < 2, "", t["band"])), {"no band": 2}),
        (lambda t: t.drop(index=range(1, 30)), {"fewer than 3 measurements in band g": 1}),
    ],
)  # fmt: skip
def test_bad_rows_are_counted_and_nothing_else_is_lost(change, left_out):
    table = long()
    changed = change(table)
    found = curve(changed)
    assert found.problem == "" and found.left_out == left_out
    expected = len(changed[changed["object"] == "a"]) - sum(left_out.values())
    assert len(found) == expected and (np.diff(found.times) >= 0).all()
    same(curve(changed, "b"), curve(table, "b"))


def test_an_unknown_band_costs_its_own_measurements():
    table = long().replace({"band": {"i": "W9"}})
    found = curve(table)
    ((reason, count),) = found.left_out.items()
    assert reason.startswith("Unknown band 'W9'; known are sdss u g r i z") and count == 30
    assert curve(table, wavelengths={"W9": 220000.0}).wavelengths[-1] == 220000
    ambiguous = curve(table, survey=None)
    assert "the band 'g' is known in" in ambiguous.problem.lower() and "name the survey" in ambiguous.problem


@pytest.mark.parametrize(
    "change, words",
    [
        (lambda t: t.head(3), "3 usable measurements, 10 needed"),
        (lambda t: t.assign(magnitude="none"), "0 usable measurements"),
        (lambda t: t.assign(time=55000.0), "all measurements have the same time"),
        (lambda t: t.assign(magnitude=1e39), "0 usable measurements, 10 needed (left out: 90 x no magnitude"),
        (lambda t: t.assign(error=np.nan), "0 usable measurements"),
    ],
)
def test_an_object_without_a_light_curve_has_a_problem_in_words(change, words):
    table = long()
    mine = table["object"] == "a"
    changed = pd.concat([change(table[mine]), table[~mine]])
    assert words in curve(changed).problem
    same(curve(changed, "b"), curve(table, "b"))


def test_one_band_is_enough_and_needs_no_column():
    table = long(("a",), "g")
    same(curve(table.drop(columns="band"), band="g"), curve(table))
    same(curve(table.drop(columns="object"), object="a"), curve(table))


@pytest.mark.parametrize(
    "drop, words",
    [
        (["object"], "lacks the columns object; it has time, band"),
        (["time", "band"], "lacks the columns time, band"),
        (["magnitude"], "lacks the columns magnitude or flux, error"),
    ],
)
def test_missing_columns_are_named_with_those_that_are_there(drop, words):
    with pytest.raises(FeatureError, match=words):
        measurements.read(long().drop(columns=drop))
    with pytest.raises(FeatureError, match="no rows"):
        measurements.read(long().head(0))
    with pytest.raises(BookError, match="Unknown survey 'des9'"):
        Options(survey="des9")


# --- files


def test_files_of_one_object_are_put_together(tmp_path):
    """ZTF gives a file a band, with an identifier of its own and flags, and a header alone where there is nothing."""
    table = long(("a",), ("zg", "zr")).rename(
        columns={"time": "mjd", "band": "filtercode", "magnitude": "mag", "error": "magerr"}
    )
    paths = []
    for band, part in [*table.groupby("filtercode"), ("zi", table.head(0))]:
        paths.append(tmp_path / f"{band}.csv")
        part.drop(columns="object").assign(oid=1, catflags=0).to_csv(paths[-1], index=False)
    (found,), options = curve_files.read(paths, Options(survey="ztf", object="a"))
    same(measurements.light_curve(found, options), curve(table, survey="ztf"))
    with pytest.raises(FeatureError, match=r"zg.csv: The table lacks the columns object"):
        curve_files.read(paths, Options(survey="ztf"))
    with pytest.raises(FeatureError, match="None of the 2 files has rows"):
        curve_files.read([paths[-1]] * 2, Options(survey="ztf", object="a"))


def test_text_set_apart_by_spaces(tmp_path):
    (tmp_path / "m.dat").write_text("1.4418.1930\nTime(days)  V  Verr  R  Rerr\n" + "".join(
        f"{10.5 * k} {19 + 0.1 * (k % 3)} 0.05 {-99.0 if k == 4 else 18.5} 0.04\n" for k in range(20)))  # fmt: skip
    (found,), options = curve_files.read(tmp_path / "m.dat", Options(survey="macho", object="m"))
    found = measurements.light_curve(found, options)
    assert found.bands == ("V", "R") and len(found) == 39 and found.left_out == {"no magnitude, but a sentinel": 1}
    row = " ".join(
        f"{t} {m} 0.02" for t, m in zip((51000.1, 51000.2, 51000.3, 51000.4, 51000.5), (20, 19, 18, 17, 16), strict=True)
    )
    (tmp_path / "98").write_text("".join(row.replace("51000", str(51000 + 30 * k)) + " 1.0 2.0\n" for k in range(12)))
    (found,), options = curve_files.read(tmp_path / "98", Options(survey="sdss"))
    assert found.name == "98" and measurements.light_curve(found, options).bands == tuple("ugriz")
    (tmp_path / "bad.txt").write_text("a b c\n1 2\n1 2 3\n")
    with pytest.raises(FeatureError, match="different numbers of columns"):
        curve_files.read(tmp_path / "bad.txt")
    with pytest.raises(FeatureError, match="not laid out as an archive of Stripe 82, DES or MACHO"):
        curve_files.read(tmp_path)
    with pytest.raises(FeatureError, match=r"Cannot read .* as Parquet"):
        (tmp_path / "bad.parquet").write_text("nothing")
        curve_files.read(tmp_path / "bad.parquet")
