"""Values that a column cannot have are never used in silence, and a source keeps its name."""

import gzip
import os

import numpy as np
import pandas as pd
import pytest
from astropy.io import fits
from astropy.table import MaskedColumn, Table
from hostile import CURVE
from simulated import catalogue

from agnbook.ask import classify, command_line, redshift, tables, user_columns
from agnbook.errors import FeatureError
from agnbook.sky import catalogs, features

NULL = 99


@pytest.fixture
def numbers():
    """Three sources; the second has no measured x."""
    return Table({"Source_Name": ["a", "b", "c"], "x": MaskedColumn([5, NULL, 7], mask=[0, 1, 0], fill_value=NULL)})


def _fits_with(path, code, values):
    column = fits.Column("x", code, null=NULL, array=np.array(values))
    names = fits.Column("Source_Name", "1A", array=np.array(["a", "b", "c"]))
    hdu = fits.BinTableHDU.from_columns([names, column])
    if code == "E":
        hdu.header["TNULL2"] = NULL
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(path, output_verify="silentfix")


@pytest.mark.parametrize("kind", ["integer TNULL", "ecsv", "vot", "parquet", "csv"])
def test_every_format_s_own_mark_of_nothing_is_nothing(numbers, tmp_path, kind):
    path = tmp_path / f"t.{'fits' if 'TNULL' in kind else kind}"
    if kind == "integer TNULL":
        _fits_with(path, "J", [5, NULL, 7])
    elif kind == "csv":
        path.write_text("Source_Name,x\na,5\nb,\nc,7\n")
    elif kind == "parquet":
        pd.DataFrame({"Source_Name": list("abc"), "x": pd.array([5, None, 7], "Int64")}).to_parquet(path)
    else:
        numbers.write(path, format={"ecsv": "ascii.ecsv", "vot": "votable"}[kind])
    found = user_columns.numbers(tables.read(path), "x")
    np.testing.assert_array_equal(found, [5, np.nan, 7])


def test_an_image_first_and_an_image_alone(tmp_path, numbers):
    table = fits.table_to_hdu(numbers)
    fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(np.zeros((3, 3))), table]).writeto(tmp_path / "a.fits")
    assert tables.read(tmp_path / "a.fits").colnames == ["Source_Name", "x"]
    fits.HDUList([fits.PrimaryHDU(np.zeros((3, 3)))]).writeto(tmp_path / "b.fits")
    with pytest.raises(FeatureError, match=r"b\.fits: It holds no table, only 1 image"):
        tables.read(tmp_path / "b.fits")


def test_a_header_that_lies_about_its_columns_is_refused_at_once(tmp_path, numbers):
    fits.HDUList([fits.PrimaryHDU(), fits.table_to_hdu(numbers)]).writeto(tmp_path / "a.fits")
    content = (tmp_path / "a.fits").read_bytes().replace(b"TFIELDS =                    2", b"TFIELDS =           1000000000")
    (tmp_path / "a.fits").write_bytes(content)
    with pytest.raises(FeatureError, match=r"a\.fits"):
        tables.read(tmp_path / "a.fits")


def test_packed_files_other_endings_and_addresses(tmp_path, numbers):
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(b"Source_Name,x\n007,5\n"))
    assert list(tables.read(tmp_path / "t.csv.gz")["Source_Name"]) == ["007"]
    (tmp_path / "u.csv.gz").write_bytes(b"Source_Name,x\n007,5\n")  # its name says packed, and it is not
    (tmp_path / "v.csv").write_bytes(gzip.compress(b"Source_Name,x\n007,5\n"))  # the other way round
    assert all(list(tables.read(tmp_path / name)["Source_Name"]) == ["007"] for name in ("u.csv.gz", "v.csv"))
    numbers.write(tmp_path / "t.fits")
    (tmp_path / "t.fts").write_bytes((tmp_path / "t.fits").read_bytes())
    (tmp_path / "t.fit.gz").write_bytes(gzip.compress((tmp_path / "t.fits").read_bytes()))
    frame = pd.DataFrame({"x": [1.0, 2.0]}, index=pd.Index(["a", "b"], name="Source_Name"))
    frame.to_parquet(tmp_path / "t.pq")
    for name in ("t.fts", "t.fit.gz", "t.pq"):
        assert list(tables.read(tmp_path / name)["Source_Name"])[:2] == ["a", "b"]
    with pytest.raises(FeatureError, match="is an address, and nothing is fetched"):
        tables.read("https://example.org/t.csv")


@pytest.mark.parametrize(
    "unit", ["erg/cm2/s", "erg cm-2 s-1", "erg / (cm2 s)", "erg cm**-2 s**-1", "erg/s/cm^2", "1e-7 J / cm2 / s"]
)
def test_units_in_every_spelling(unit):
    table = Table({"x": [1.0]})
    table["x"].unit = unit if not unit.startswith("1e") else "J / (cm2 s)"
    factor = 1.0 if not unit.startswith("1e") else 1e7
    assert user_columns.numbers(table, "x", unit="erg cm-2 s-1")[0] == pytest.approx(factor)


@pytest.mark.parametrize("unit", ["1/cm2/s", "ph/cm2/s", "photon cm-2 s-1", "ph cm-2 s-1", "/cm2/s", "cm-2 s-1"])
def test_photons_are_no_physical_unit(unit):
    table = Table({"Flux1000": [2e-9]})
    table["Flux1000"].unit = Table({"u": [1]})["u"].unit
    assert user_columns.parse_unit(unit).to("cm-2 s-1") == 1


@pytest.fixture
def blazars():
    return pd.DataFrame(
        {
            "Source_Name": [f"s{k}" for k in range(4)], "PL_Index": [1.9, 2.4, 2.1, 2.2], "LP_Index": [1.85, 2.38, 2.02, 2.1],
            "Frac_Variability": [0.35, 0.8, 0.4, 0.3], "Pivot_Energy": [2100.0, 640, 1800, 1500],
            "Variability_Index": [45.2, 310.5, 20.1, 18], "nu_syn": [2e15, 1.2e13, 0, 1e14],
            "nuFnu_syn": [4e-12, 2e-12, 0, 1e-12],
        }
    )  # fmt: skip


@pytest.mark.parametrize("mark", [-999.0, -99.99, -99.0, -9999.0, 1e30, 99.0, 999.0])
@pytest.mark.parametrize("column", features.BLAZAR_FEATURES)
def test_marks_of_nothing_are_no_data(blazars, column, mark):
    """A negative or huge one anywhere; one that could be a measurement where it stands in several rows."""
    blazars[column] = blazars[column].astype(float)
    blazars.loc[[0, 3], column] = mark
    answer = classify.classify(Table.from_pandas(blazars))
    assert np.isnan(answer["probability_fsrq"][[0, 3]]).all() and np.isfinite(answer["probability_fsrq"][[1, 2]]).all()
    assert all(column.split(",")[0] in answer["problem"][row] for row in (0, 3)) and not answer["problem"][1]


def test_columns_that_differ_in_capitals_and_two_names_are_refused(blazars):
    with pytest.raises(FeatureError, match="PL_Index and pl_index both stand for PL_Index"):
        classify.classify(Table.from_pandas(blazars.assign(pl_index=1.0)))
    with pytest.raises(FeatureError, match="Source_Name and Name both name the sources"):
        classify.classify(Table.from_pandas(blazars.assign(Name=list("abcd"))))
    assert len(classify.classify(Table.from_pandas(blazars.assign(Name=blazars["Source_Name"])))) == 4
    with pytest.raises(FeatureError, match=r"lacks the columns LP_Index; .*It has Source_Name, PL_Index"):
        classify.classify(Table.from_pandas(blazars.drop(columns="LP_Index")))


def test_bytes_that_are_no_text_cost_their_row(blazars, tmp_path):
    blazars.assign(Source_Name=[b"a", b"b\xff", b"c", b"d"]).to_parquet(tmp_path / "t.parquet")
    answer = classify.classify(tables.read(tmp_path / "t.parquet"))
    assert list(answer["Source_Name"]) == ["a", "b\\xff", "c", "d"]
    assert list(answer["problem"]) == ["", "its Source_Name holds bytes that are no UTF-8 text", "", ""]
    assert np.isnan(answer["probability_fsrq"]).tolist() == [False, True, False, False]
    with pytest.raises(FeatureError, match="no UTF-8 text"):
        classify.classify(tables.read(tmp_path / "t.parquet"), strict=True)


def test_identifiers_keep_their_digits(blazars):
    whole = [2**53 + 1, 2**60 + 7, 3, 4]
    answer = classify.classify(Table.from_pandas(blazars.assign(Source_Name=whole)))
    assert list(answer["Source_Name"]) == [str(number) for number in whole]
    assert list(classify.classify(Table.from_pandas(blazars.assign(Source_Name=[1.0, 2, 3, 4])))["Source_Name"]) == list("1234")
    for lossy in ([float(number) for number in whole], [1.5, 2.0**60, 3, 4]):
        answer = classify.classify(Table.from_pandas(blazars.assign(Source_Name=lossy)))
        lost = ["loses digits of a name" in text for text in answer["problem"]]
        assert lost == [True, True, False, False] == np.isnan(answer["probability_fsrq"]).tolist()
    with pytest.raises(FeatureError, match="floating-point number, which loses digits"):
        classify.classify(Table.from_pandas(blazars.assign(Source_Name=[1.5, np.nan, 2.5, np.inf])))


@pytest.mark.parametrize(
    ("column", "word", "reason", "answered"),
    [
        ("CLASS", "psr", "CLASS 'psr' is no active galaxy", False), ("CLASS", "<b>", "CLASS '<b>' is none of", False),
        ("CLASS", "unk", "", False), ("CLASS", " FSRQ ", "", True), ("SED_class", "XSP", "SED_class 'XSP' is none of", True),
        ("SpectrumType", "powerlaw", "", True), ("SpectrumType", "curved", "SpectrumType 'curved' is none of", False),
    ],
)  # fmt: skip
def test_words_that_the_model_does_not_know(column, word, reason, answered):
    rows = catalogue(4)
    whole = redshift.redshift(Table.from_pandas(rows))
    rows[column] = rows[column].astype(object)
    rows.loc[1, column] = word
    answer = redshift.redshift(Table.from_pandas(rows))
    assert answer["problem"][1].startswith(reason) and bool(answer["problem"][1]) == bool(reason)
    assert np.isfinite(answer["z_q500"][1]) == answered
    np.testing.assert_array_equal(answer["z_q500"][[0, 2, 3]], whole["z_q500"][[0, 2, 3]])
    if word == "powerlaw":
        assert answer["z_q500"][1] == whole["z_q500"][1]


@pytest.mark.needs("4fgl-dr2", "4fgl-dr3", "4fgl-dr4", "fl16y", "4lac-dr3-h", "4lac-dr3-l")
def test_the_catalogues_themselves_are_possible(both_latitudes):
    """No row of any release has a problem but one, whose variability index is negative: it alone is not answered."""
    for release in ("4fgl-dr2", "4fgl-dr3", "4fgl-dr4", "fl16y"):
        rows = user_columns.read_rows(Table.from_pandas(catalogs.read(release)), features.GAMMA_COLUMNS)
        wrong = np.flatnonzero(rows.problem != "")
        assert len(wrong) == (release == "fl16y")
        if len(wrong):
            assert "Variability_Index is -3.49982, and must be positive" in rows.problem[wrong[0]]
    for columns, words in ((features.EXTENDED_NUMBERS, features.EXTENDED_TEXTS), (features.BLAZAR_FEATURES, ())):
        rows = user_columns.read_rows(Table.from_pandas(both_latitudes), columns, words)
        assert (rows.problem == "").all()


VIZIER = {"Source_Name": "4FGL", "PL_Index": "PL-Index", "LP_Index": "LP-Index", "Frac_Variability": "Frac-Variability"}


def test_columns_as_vizier_spells_them(blazars):
    """Dashes for underscores, ``e_`` for an uncertainty, 4FGL for the name."""
    spelt = blazars.rename(columns=VIZIER)
    expected = classify.classify(Table.from_pandas(blazars))["probability_fsrq"]
    np.testing.assert_array_equal(classify.classify(Table.from_pandas(spelt))["probability_fsrq"], expected)
    assert user_columns.key("e_PL-Index") == user_columns.key("Unc_PL_Index")
    with pytest.raises(FeatureError, match="PL-Index and PL_Index both stand for PL_Index"):
        classify.classify(Table.from_pandas(spelt.assign(PL_Index=2.0)))


def test_columns_may_be_named(blazars, tmp_path, capsys):
    blazars.rename(columns={"PL_Index": "slope"}).to_csv(tmp_path / "in.csv", index=False)
    given = ["classify", str(tmp_path / "in.csv"), "-o", str(tmp_path / "out.csv")]
    assert command_line.main(given) == 2 and "--column PL_Index=NAME" in capsys.readouterr().err
    assert command_line.main([*given, "--column", "PL_Index=slope"]) == 0
    capsys.readouterr()
    wrong = {"PL_Index=gone": "no column 'gone'", "LP_Index=slope": "has a column LP_Index already", "x": "WANTED=NAME"}
    for pair, words in wrong.items():
        assert command_line.main([*given, "--overwrite", "--column", pair]) == 2
        assert words in capsys.readouterr().err


def test_a_named_pipe_is_not_waited_for_and_utf_16_is_read(blazars, tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(FeatureError, match="is a pipe or a device"):
        tables.read(tmp_path / "pipe.csv")
    (tmp_path / "b.csv").write_text(blazars.to_csv(index=False), encoding="utf-16")
    np.testing.assert_allclose(tables.read(tmp_path / "b.csv")["PL_Index"], blazars["PL_Index"])
    (tmp_path / "c.csv").write_bytes("Source_Name\nÄ\n".encode("latin-1"))
    with pytest.raises(FeatureError, match="is no UTF-8: save it as UTF-8"):
        tables.read(tmp_path / "c.csv")


@pytest.mark.parametrize("arguments", [["classify"], ["lightcurve"], ["lightcurve", "curves.csv", "--objects"],
                                       ["lightcurve", "curves.csv", "--reconstruction", "r.csv", "--times"],
                                       ["score", "--exam", "redshift"]])  # fmt: skip
@pytest.mark.parametrize("ending", ["csv", "dat", "parquet"])
def test_a_device_that_never_ends_is_not_waited_for(arguments, ending, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / f"zero.{ending}").symlink_to("/dev/zero")
    CURVE.to_csv("curves.csv", index=False)
    assert command_line.main([*arguments, f"zero.{ending}"]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and ("is a pipe or a device" in error or "no known ending" in error), error


def test_standard_input_that_never_ends_is_given_up(monkeypatch, capsys):
    monkeypatch.setattr(tables, "MOST_UNPACKED", 1000)
    with open("/dev/zero") as endless:
        monkeypatch.setattr("sys.stdin", endless)
        assert command_line.main(["classify", "-"]) == 2
    assert "standard input" in (error := capsys.readouterr().err) and "larger than" in error
