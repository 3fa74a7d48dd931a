"""A quasar of Stripe 82 is known by where it lies, or by a name that says it."""

import numpy as np
import pandas as pd
import pytest
from hostile import CURVE, LONG

from agnbook import storage
from agnbook.ask import light_curves, measurements, seals, stripe82_places
from agnbook.ask.curve_options import Options
from agnbook.errors import ResultsError
from agnbook.quasars.shipped_mass import MassModel
from agnbook.sky import light_curves as archives

SDSS = Options(survey="sdss", redshift="redshift")


def sdss_name(ra: float, dec: float, separator: str = "") -> str:
    """A name as SDSS makes it: hundredths of a second of time and tenths of a second of arc, cut off."""
    time, arc = int(ra / 15 * 360_000), int(abs(dec) * 36_000)
    parts = (
        f"{time // 360_000:02d}", f"{time // 6000 % 60:02d}", f"{time % 6000 / 100:05.2f}",
        f"{'-' if dec < 0 else '+'}{arc // 36_000:02d}", f"{arc // 600 % 60:02d}", f"{arc % 600 / 10:04.1f}",
    )  # fmt: skip
    return "J" + separator.join(parts)


@pytest.fixture(scope="module")
def quasars():
    """Every 60th quasar of the archive, and those on both sides of right ascension 0."""
    objects = archives.stripe82_objects()
    edge = objects.loc[[objects["ra"].idxmin(), objects["ra"].idxmax()]]
    return pd.concat([objects.iloc[::60], edge])


@pytest.mark.needs("stripe82")
def test_a_quasar_is_known_by_its_place_and_by_its_names(quasars):
    """A second of arc off or less; and by nothing ten away, nor by a name that says minutes alone."""
    for number, (ra, dec) in zip(quasars.index, quasars[["ra", "dec"]].to_numpy(), strict=True):
        for east, north in ((0, 0), (0.9, -0.9), (-0.9, 0.9)):
            assert number in stripe82_places.numbers("mine", (ra + east / 3600, dec + north / 3600))
        name = sdss_name(ra, dec)
        for text in (name, f"SDSS {name}", f"SDSSJ{name[1:]}", f"QSO {sdss_name(ra, dec, ' ')}", name.replace("-", "−")):
            assert number in stripe82_places.numbers(text), text
        assert number not in stripe82_places.numbers(f"J{name[1:5]}{name[10:15]}")
        assert number not in stripe82_places.numbers("mine", (ra, dec + 10 / 3600))


@pytest.mark.needs("stripe82")
def test_the_committed_places_are_those_of_the_archive(tmp_path):
    stripe82_places.build().to_csv(tmp_path / "places.csv", index=False, lineterminator="\n")
    assert (tmp_path / "places.csv").read_bytes() == (storage.DATA / stripe82_places.PATH).read_bytes()


@pytest.mark.parametrize("position", [(np.nan, 0.0), (0.0, np.nan), (0.0, 95.0), (np.inf, 0.0), (1e9, 0.5), (-20.0, -1.0)])
@pytest.mark.parametrize("name", ["", "17", "J2000", "J0123+0012", "4FGL J1104.4+3812", "SDSS J999999.99+999999.9"])
def test_what_says_no_place_is_no_error(name, position):
    assert isinstance(stripe82_places.numbers(name, position), list)


@pytest.mark.needs("stripe82")
@pytest.mark.parametrize("how", ["number", "SDSS name", "position", "table of objects"])
def test_one_that_taught_is_in_training(how, quasars):
    """Whatever it is called, with its own redshift; not with another's."""
    numbers = MassModel.load().numbers
    number = quasars.index[quasars.index.isin(numbers)][0]
    ra, dec, redshift = quasars.loc[number, ["ra", "dec", "redshift"]]
    table, objects = LONG.assign(object={"number": str(number), "SDSS name": sdss_name(ra, dec)}.get(how, "mine")), None
    if how == "position":
        table = table.assign(ra=ra, dec=dec)
    if how == "table of objects":
        objects = pd.DataFrame({"object": ["mine"], "RAJ2000": [ra], "DEJ2000": [dec]})
    found = [
        light_curves.light_curves(table.assign(redshift=z), SDSS, objects=objects)[0]
        for z in (redshift, redshift + 0.1)
    ]  # fmt: skip
    assert [bool(each["in_training"][0]) for each in found] == [True, False]
    assert "learnt from this quasar" in found[0]["flags"][0] and "learnt from this quasar" not in found[1]["flags"][0]


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"ra": 10.0, "dec": -1.0}, (10.0, -1.0)), ({"RA": 10.0, "DEC": -1.0}, (10.0, -1.0)),
        ({"coord_ra": [10.0, *[10.1] * 4], "coord_dec": -1.0}, (10.0, -1.0)), ({"ra": 10.0}, (np.nan, np.nan)),
        ({"ra": "00:40:00", "dec": "-01:00:00"}, (np.nan, np.nan)), ({"ra (h)": 0.7, "dec": -1.0}, (np.nan, np.nan)),
        ({"ra": 10.0, "RA": 20.0, "dec": -1.0}, (10.0, -1.0)),
    ],
)  # fmt: skip
def test_positions_of_measurements(columns, expected):
    """The first of an object; what is no position in degrees is none, and costs nothing."""
    (found,) = measurements.read(CURVE.assign(**columns), Options(survey="sdss"))
    np.testing.assert_array_equal(found.position, expected)
    assert not found.notes and len(found.times) == 5


def test_a_changed_list_is_noticed(tmp_path, monkeypatch):
    (tmp_path / "quasars").mkdir()
    (tmp_path / "SHA256SUMS").write_bytes((storage.DATA / "SHA256SUMS").read_bytes())
    (tmp_path / stripe82_places.PATH).write_text("number,cell\n1,2\n")
    monkeypatch.setattr(storage, "DATA", tmp_path)
    stripe82_places._table.cache_clear()
    seals._listed.cache_clear()
    with pytest.raises(ResultsError, match="not as it was sealed"):
        stripe82_places.numbers("mine", (10.0, 0.0))
    stripe82_places._table.cache_clear()
