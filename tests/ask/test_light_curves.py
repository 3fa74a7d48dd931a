"""Answers of light curves: the same for an object wherever it stands, right on curves whose truth is known, never a crash."""

import io
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib import image
from scipy import stats
from simulated import light_curve_table

from agnbook import quasars
from agnbook.ask import command_line, curve_figures, curve_files, light_curves, measurements
from agnbook.ask.curve_options import Options
from agnbook.ask.light_curves import QUANTITIES, Question
from agnbook.errors import FeatureError
from agnbook.sky import registry

OPTIONS = Options(survey="sdss", redshift="z")


@pytest.fixture(scope="module")
def table():
    return light_curve_table()


@pytest.fixture(scope="module")
def answered(table):
    return light_curves.light_curves(table, OPTIONS, step=50.0)


def test_the_answer_is_the_posterior_of_the_engine(table, answered):
    parameters, bands, _ = answered
    assert (
        list(parameters["object"]) == ["a", "b"]
        and not any(parameters["problem"])
        and tuple(parameters.colnames) == light_curves.COLUMNS
    )
    (first, _) = measurements.read(table, OPTIONS)
    fit = quasars.fit(measurements.light_curve(first, OPTIONS))
    draws = fit.quantities()
    for name, own in (
        ("log_tau_rest", "log_tau_rest"),
        ("rho", "rho"),
        ("sf_slope", "sigma_slope"),
        ("log_sf_6000", "log_sf_6000"),
    ):
        for level, q in light_curves.QUANTILES.items():
            assert parameters[f"{name}_{level}"][0] == pytest.approx(np.quantile(draws[own], q), abs=6e-6)
    assert parameters["k_hat"][0] == pytest.approx(fit.k_hat, abs=1e-5) and parameters["flags"][0] == "; ".join(fit.flags)
    own = bands[(bands["object"] == "a") & (bands["band"] == "r")][0]
    assert own["measurements"] == 40 and own["wavelength"] == 6166
    assert own["log_tau_q500"] == pytest.approx(np.median(draws["log_tau_r"]), abs=6e-6)
    assert own["excess_high68"] == pytest.approx(np.quantile(draws["excess_r"], 0.8415), abs=6e-6)


@pytest.mark.parametrize(("stretch", "expected"), [(4.0, False), (5.0, True)])
def test_more_than_quasars_vary_is_flagged(table, stretch, expected):
    """A curve stretched until it varies by 1.13 mag in the long run, and by 1.41: between them lies what no quasar does."""
    mine = table[table["object"] == "b"]
    stretched = 19 + stretch * (mine["magnitude"] - 19)
    found = light_curves.light_curves(mine.assign(magnitude=stretched, error=stretch * mine["error"]), OPTIONS)[0][0]
    assert (10 ** found["log_sf_6000_q500"] > 1.2) == expected == ("far more than quasars do" in found["flags"])


def test_a_fifth_of_the_nights_is_hidden(table, answered):
    """Of some 40 nights in three bands seven or eight: about 24 measurements, where a quarter would be 27 or 30."""
    for name, hidden in zip("ab", answered[0]["heldout"], strict=True):
        nights = table.loc[table["object"] == name, "time"].astype(int).nunique() // 5
        assert 3 * nights - 3 <= hidden <= 3 * nights + 3


def test_the_truth_is_where_the_intervals_say():
    """Twelve objects of known tau, sf and rho: the truth within the 95 % intervals, but for what chance allows."""
    table = light_curve_table([f"q{k}" for k in range(12)], nights=60, seed=3)
    parameters = light_curves.light_curves(table, OPTIONS)[0].to_pandas()
    truth = {"log_tau_6000": np.log10(250), "log_sf_6000": np.log10(0.2 * np.sqrt(2)), "rho": 0.97}
    for name, value in truth.items():
        inside = parameters[f"{name}_low95"].lt(value) & parameters[f"{name}_high95"].gt(value)
        assert inside.sum() >= 9, name  # 95.4 % of 12: fewer than 9 come by chance once in 2,000
    assert (parameters["heldout_mae"] < 0.7 * parameters["heldout_mae_constant"]).mean() > 0.8
    assert 0.5 < parameters["heldout_coverage68"].mean() < 0.85


@pytest.mark.slow
def test_an_answer_does_not_depend_on_the_rest_of_the_table_nor_on_workers(table, answered):
    alone = light_curves.light_curves(table[table["object"] == "b"].sample(frac=1, random_state=1), OPTIONS, step=50.0)
    both = light_curves.light_curves(table, OPTIONS, workers=2, step=50.0)
    for whole, single, parallel in zip(answered, alone, both, strict=True):
        whole = whole.to_pandas()
        pd.testing.assert_frame_equal(whole, parallel.to_pandas(), check_exact=True)
        mine = whole[whole["object"] == "b"].reset_index(drop=True)
        pd.testing.assert_frame_equal(mine, single.to_pandas(), check_exact=True)


def test_the_reconstruction_is_given_in_every_band_at_the_times_that_are_wanted(table, answered, tmp_path):
    found = answered[2].to_pandas()
    first = found[(found["object"] == "a") & (found["band"] == "i")]
    start = table.loc[table["object"] == "a", "time"].min()
    np.testing.assert_allclose(first["time"], start + 50 * np.arange(len(first)), atol=1e-4)
    assert set(found["band"]) == set("gri") and (found["sd"] > 0).all() and set(found["unit"]) == {"mag"}
    # a measurement's time: close to what was measured
    some = table[table["object"] == "a"].iloc[::9]
    at = light_curves.light_curves(table, OPTIONS, times=some["time"].unique())[2].to_pandas()
    at = at[at["object"] == "a"].assign(key=lambda t: t["time"].round(4)).set_index(["key", "band"])
    there = at.loc[list(zip(some["time"].round(4), some["band"], strict=True))]
    assert np.abs(there["value"].to_numpy() - some["magnitude"].to_numpy()).mean() < 0.04
    assert "not reconstructed: a step of 0.01 d makes" in light_curves.light_curves(table, OPTIONS, step=0.01)[0]["flags"][0]
    for step in (0.0, -1.0, float("nan")):
        with pytest.raises(FeatureError, match="positive number of days"):
            Question(step=step)
    (tmp_path / "times.txt").write_text("1\n2.5\n")
    assert curve_files.times(tmp_path / "times.txt").tolist() == [1, 2.5]
    (tmp_path / "times.csv").write_text("mjd,note\n3,a\n4,b\n")
    assert curve_files.times(tmp_path / "times.csv").tolist() == [3, 4]


def test_fluxes_answer_in_their_own_unit(table):
    flux = table.assign(psfFlux=10 ** (0.4 * (31.4 - table["magnitude"])), A_V=1.0)
    flux["psfFluxErr"] = 0.02 / 1.0857 * flux["psfFlux"]
    options = Options(survey="sdss", redshift="z", extinction="A_V")
    parameters, bands, _ = light_curves.light_curves(flux.drop(columns=["magnitude", "error"]), options)
    plain = light_curves.light_curves(table.assign(A_V=1.0), options)
    # relative fluxes and magnitudes agree where the variability is small; here it is not very
    assert parameters["log_tau_rest_q500"][0] == pytest.approx(plain[0]["log_tau_rest_q500"][0], abs=0.15)
    mean = 31.4 - 2.5 * np.log10(bands["mean_q500"])
    np.testing.assert_allclose(mean, plain[1]["mean_q500"], atol=0.1)
    assert set(bands["unit"]) == {"nJy"} and bands["extinction"][0] == pytest.approx(1.205)


def test_one_band_leaves_blank_what_it_cannot_tell(table):
    parameters, _, _ = light_curves.light_curves(table[table["band"] == "g"], OPTIONS)
    assert np.isnan(parameters["rho_q500"]).all() and np.isnan(parameters["sf_slope_q500"]).all()
    assert (
        np.isfinite(parameters["log_tau_6000_q500"]).all()
        and "one band: slopes and rho are not measured" in parameters["flags"][0]
    )
    without = light_curves.light_curves(table.drop(columns="z"), Options(survey="sdss"))[0]
    assert np.isnan(without["log_tau_rest_q500"]).all() and np.isfinite(without["log_tau_6000_q500"]).all()


BAD = {
    "unsorted": lambda t: t.sample(frac=1, random_state=0),
    "repeated": lambda t: pd.concat([t] * 3),
    "nan": lambda t: t.assign(magnitude=np.nan),
    "sentinels": lambda t: t.assign(magnitude=np.where(t["band"] == "g", -99.99, t["magnitude"])),
    "zero magnitudes": lambda t: t.assign(magnitude=0.0),
    "99": lambda t: t.assign(magnitude=99.0),
    "negative errors": lambda t: t.assign(error=-t["error"]),
    "zero errors": lambda t: t.assign(error=0.0),
    "tiny errors": lambda t: t.assign(error=1e-8),
    "tinier errors": lambda t: t.assign(error=1e-30),
    "huge magnitudes": lambda t: t.assign(magnitude=1e39),
    "one point in a band": lambda t: t[(t["band"] != "g") | (t.index == t.index[0])],
    "one band": lambda t: t[t["band"] == "g"],
    "three points": lambda t: t.head(3),
    "one point": lambda t: t.head(1),
    "unknown bands": lambda t: t.assign(band="W" + t["band"]),
    "seconds": lambda t: t.assign(time=t["time"] * 86400),
    "dates": lambda t: t.assign(time=(pd.Timestamp("1858-11-17") + pd.to_timedelta(t["time"], "D")).astype(str)),
    "same time": lambda t: t.assign(time=55000.0),
    "constant": lambda t: t.assign(magnitude=19.0),
    "huge jump": lambda t: t.assign(magnitude=t["magnitude"] + 15 * (t["time"] > 53500)),
    "infinite": lambda t: t.assign(magnitude=np.inf, error=np.inf),
    "fluxes called magnitudes": lambda t: t.assign(magnitude=10 ** (0.4 * (31.4 - t["magnitude"]))),
    "a few fluxes among magnitudes": lambda t: t.assign(magnitude=t["magnitude"].where(t.index % 9 > 0, 9000.0)),
    "texts": lambda t: t.assign(magnitude="bright"),
}
#: What must be answered all the same, and what cannot be.
ANSWERED = {
    "unsorted",
    "repeated",
    "sentinels",
    "one point in a band",
    "one band",
    "dates",
    "a few fluxes among magnitudes",
    "huge jump",
}
REFUSED = set(BAD) - ANSWERED - {"tiny errors", "tinier errors", "constant"}


@pytest.mark.parametrize("what", BAD)
def test_bad_input_is_the_objects_own_problem_or_flag(what, table, answered):
    mine = table["object"] == "a"
    changed = pd.concat([BAD[what](table[mine]), table[~mine].astype({"time": str} if what == "dates" else {})])
    if what == "dates":
        changed.loc[changed["object"] == "b", "time"] = BAD["dates"](table[~mine])["time"]
    parameters = light_curves.light_curves(changed, OPTIONS)[0].to_pandas().set_index("object")
    other = answered[0].to_pandas().set_index("object").loc["b"]
    if what == "dates":  # rounded to nanoseconds
        assert parameters.loc["b", "log_tau_6000_q500"] == pytest.approx(other["log_tau_6000_q500"], abs=1e-3)
    else:
        pd.testing.assert_series_equal(parameters.loc["b"].drop("flags"), other.drop("flags"), check_names=False)
    row = parameters.loc["a"]
    assert (row["problem"] != "") == (what in REFUSED) or what in ("tiny errors", "tinier errors", "constant"), row["problem"]
    assert "Error" not in row["problem"] and "nan" not in row["problem"]
    if row["problem"]:
        assert np.isnan(row["rho_q500"])
    elif what not in ("unsorted", "dates", "one point in a band"):
        assert row["flags"] or row["left_out"]


def test_tiny_errors_are_flagged(table):
    for error in (1e-8, 1e-30):
        row = light_curves.light_curves(table.assign(error=error), OPTIONS)[0][0]
        assert row["problem"] != "" or "smaller than any photometry's" in row["flags"]


@pytest.mark.slow
def test_a_hundred_thousand_points():
    rng = np.random.default_rng(0)
    n = 100_000
    big = pd.DataFrame({"object": "big", "time": np.sort(rng.uniform(50000, 54000, n)), "band": rng.choice(list("gr"), n)})
    big["magnitude"], big["error"] = 19 + 0.2 * np.sin(big["time"] / 300) + rng.normal(0, 0.05, n), 0.05
    row = light_curves.light_curves(big, Options(survey="sdss"))[0][0]
    assert row["problem"] == "" and row["measurements"] == n


def test_an_object_nobody_thought_of_costs_itself_alone(table, monkeypatch):
    real = quasars.fit

    def fit(curve, *arguments, **options):
        if curve.name == "a":
            raise ZeroDivisionError("unforeseen")
        return real(curve, *arguments, **options)

    monkeypatch.setattr(quasars, "fit", fit)
    parameters, bands, _ = light_curves.light_curves(table, OPTIONS)
    assert parameters["problem"].tolist() == ["It cannot be answered (ZeroDivisionError: unforeseen).", ""]
    assert set(bands["object"]) == {"b"}


# --- the command


@pytest.fixture
def file(table, tmp_path):
    table.to_csv(tmp_path / "in.csv", index=False)
    return tmp_path / "in.csv"


def test_the_command_gives_the_same_and_writes_what_is_wanted(file, table, answered, tmp_path, capsys):
    arguments = ["lightcurve", str(file), "--survey", "sdss", "--redshift", "z"]
    assert command_line.main(arguments) == 0
    printed = capsys.readouterr()
    texts = {name: "" for name in ("problem", "flags", "left_out")}
    found = pd.read_csv(io.StringIO(printed.out), dtype={name: str for name in texts}).fillna(texts)
    pd.testing.assert_frame_equal(found, answered[0].to_pandas(), check_dtype=False, check_exact=True)
    assert printed.err.startswith("agnbook: 2 of 2 objects are answered")
    outputs = {"-o": "a.fits", "--per-band": "b.ecsv", "--reconstruction": "c.parquet", "--plot": "plots"}
    more = [text for option, name in outputs.items() for text in (option, str(tmp_path / name))]
    assert command_line.main([*arguments, *more, "--step", "50"]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.fits", "b.ecsv", "c.parquet", "in.csv", "plots"]
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "c.parquet"), answered[2].to_pandas(), check_dtype=False)
    assert sorted(path.name for path in (tmp_path / "plots").iterdir()) == ["a.png", "b.png"]
    pixels = image.imread(tmp_path / "plots" / "a.png")
    assert pixels.std() > 0.05, "an empty figure"
    assert command_line.main([*arguments, *more]) == 2 and "exists" in capsys.readouterr().err
    assert command_line.main([*arguments, "-o", str(tmp_path / "x.csv"), "--per-band", str(tmp_path / "x.csv")]) == 2
    assert "must name different files" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--setting", "independent"], "but for --model simulator"),
        (["--model", "dragon"], "choose one of quasar, simulator"),
        (["--exact"], "but for --model simulator"),
        (["--survey", "hst"], "Unknown survey 'hst'"),
        (["--wavelength", "g"], "--wavelength takes BAND=ANGSTROM, not g"),
        (["--wavelength", "g=blue"], "give the effective wavelength in angstrom"),
        (["--wavelength", "g=5"], "wavelength of 5 A"),
        (["--column", "time"], "--column takes ROLE=NAME"),
        (["--unit", "candela"], "no unit of flux"),
        (["--redshift", "zz"], "No table has a column 'zz'"),
        (["--reconstruction", "c.csv", "--step", "0"], "positive number of days"),
        (["--objects", "absent.csv"], "absent.csv"),
        (["--model", "simulator", "--tolerance", "-1"], "0 days or more"),
    ],
)
def test_a_mistake_is_one_message(file, arguments, words, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert command_line.main(["lightcurve", str(file), "--survey", "sdss", *arguments]) == 2
    error = capsys.readouterr().err
    assert error.startswith("agnbook: ") and error.count("\n") == 1 and words in error


def test_names_of_plots_are_safe_and_their_own():
    taken: set[str] = set()
    names = ["a/b", "a b", "../../etc", "", "<script>", "A_B", "x" * 300, "Mrk 509", "4FGL J0001.2+4741"]
    found = [curve_figures.file_name(name, taken) for name in names]
    assert len(set(map(str.lower, found))) == len(names) and all("/" not in name and name[0] != "." for name in found)
    assert found[0] == "a_b.png" and found[-1] == "4FGL_J0001.2+4741.png" and max(map(len, found)) < 110


# --- the real folders


def _all_answered(paths, options, at_most=None) -> pd.DataFrame:
    objects, options = curve_files.read(paths, options)
    found = [light_curves.answer(each, Question(options)).row for each in objects[:at_most]]
    return light_curves.frame(found, Question(options))


@pytest.mark.slow
@pytest.mark.needs("stripe82")
def test_stripe82_is_answered():
    objects, options = curve_files.read(registry.find("stripe82"))
    assert len(objects) > 7000
    some = [objects[k] for k in np.random.default_rng(0).choice(len(objects), 12, replace=False)]
    found = light_curves.frame([light_curves.answer(each, Question(options)).row for each in some], Question(options))
    answered = found["problem"] == ""
    assert answered.sum() >= 11 and set(found.loc[answered, "bands"]) == {"u g r i z"}
    assert 0.9 < found["rho_q500"].median() < 1 and found["log_tau_rest_q500"].notna().sum() >= 11
    assert (found["heldout_mae"] < found["heldout_mae_constant"]).sum() >= 10
    without = [measurements.light_curve(each, options).problem for each in objects]
    words = {text.split(" ", 1)[1].split(" (")[0] for text in without if text}
    assert sum(map(bool, without)) < 20 and words <= {"usable measurements, 10 needed"}


@pytest.mark.slow
@pytest.mark.needs("des-y4a1")
def test_des_is_answered():
    found = _all_answered(registry.find("des-y4a1"), Options())
    assert (found["problem"] == "").all() and len(found) == 10 and (found["redshift"] > 0).all()
    assert set(found["bands"]) == {"g r i z"}


@pytest.mark.slow
@pytest.mark.needs("macho")
def test_macho_is_answered():
    found = _all_answered(registry.find("macho"), Options(), at_most=8)
    assert (found["problem"] == "").all() and set(found["bands"]) == {"V R"} and found["redshift"].notna().all()


@pytest.mark.slow
@pytest.mark.needs("nearby-agn")
def test_swift_and_ztf_are_answered():
    folder = registry.find("nearby-agn")
    swift = Options(survey="swift", unit="1e-14 erg s-1 cm-2 A-1")
    found = _all_answered(folder / "Edelson2019_Swift" / "lcdata.csv", swift)
    assert sorted(found["object"]) == ["Mrk509", "NGC4151", "NGC4593", "NGC5548"] and (found["problem"] == "").all()
    assert set(found["bands"]) == {"UVW2 UVM2 UVW1 U B V"} and found["left_out"].str.contains("Unknown band 'HX'").all()
    for name in ("J081109.38+172928.9", "J092030.98-013253.2"):
        files = sorted((folder / "ZTF_dle").glob(f"{name}*"))
        assert len(files) == 3
        (row,) = _all_answered(files, Options(survey="ztf", object=name)).to_dict("records")
        assert row["problem"] == "" and row["bands"] == "zg zr" and "flagged by the survey" in row["left_out"]


def test_quantiles_are_those_of_one_and_two_standard_deviations():
    """Columns `low68` ... `high95` hold what their names say."""
    levels = {"q500": 0.0, "low68": -1.0, "high68": 1.0, "low95": -2.0, "high95": 2.0}
    assert light_curves.QUANTILES == pytest.approx({name: stats.norm.cdf(sigma) for name, sigma in levels.items()}, abs=4e-4)


def test_masses_need_a_redshift_and_luminosity_an_absolute_magnitude(table, answered):
    """Redshift alone: one mass; none: none; with an absolute magnitude both, the second sharper; medians halve the intervals."""
    whole = answered[0].to_pandas()
    assert whole["log_mass_q500"].between(7, 11).all() and whole["log_mass_with_luminosity_q500"].isna().all()
    without = light_curves.light_curves(table, Options(survey="sdss"))[0].to_pandas()
    assert without[[column for column in without if column.startswith("log_mass")]].isna().all(axis=None)
    assert not without["flags"].str.contains("mass").any()
    options = Options(survey="sdss", redshift="z", absolute_magnitude=-25.0)
    both = light_curves.light_curves(table, options)[0].to_pandas()
    pd.testing.assert_series_equal(both["log_mass_q500"], whole["log_mass_q500"])
    for name in light_curves.MASSES:
        np.testing.assert_allclose(both[f"{name}_low68"] + both[f"{name}_high68"], 2 * both[f"{name}_q500"], atol=2e-5)
    width = {name: (both[f"{name}_high68"] - both[f"{name}_low68"]) / 2 for name in light_curves.MASSES}
    assert (width["log_mass_with_luminosity"] < width["log_mass"]).all()
    brighter = light_curves.light_curves(table, Options(survey="sdss", redshift="z", absolute_magnitude=-27.0))[0].to_pandas()
    assert (brighter["log_mass_with_luminosity_q500"] > both["log_mass_with_luminosity_q500"] + 0.2).all()


def test_a_mass_outside_what_was_learnt_from_is_flagged(table):
    """A Seyfert galaxy next door, and a single band: a mass all the same, and what to be wary of."""
    near = light_curves.light_curves(table, Options(survey="sdss", redshift=0.017, absolute_magnitude=-20.0))[0].to_pandas()
    assert near["flags"].str.contains("mass outside what was learnt from: redshift 0.017").all()
    assert near["flags"].str.contains("absolute magnitude -20").all() and near["log_mass_q500"].notna().all()
    one = light_curves.light_curves(table[table["band"] == "r"], OPTIONS)[0].to_pandas()
    assert one["flags"].str.contains("mass from one band").all() and one["log_mass_q500"].notna().all()


def test_quantities_are_in_the_table():
    assert set(QUANTITIES) <= {name.removesuffix("_q500") for name in light_curves.COLUMNS}


def test_coverage_of_hidden_nights_counts_the_central_68_percent(monkeypatch):
    """Predictions whose probabilities are uniform are covered at that rate."""
    times = np.arange(400.0)
    curve = quasars.light_curve("a", times, ["g"] * 400, 19 + 0.1 * np.sin(times / 60), np.full(400, 0.02), survey="sdss")
    columns = {name: 0.0 for name in ("error", "log_density")}

    def score(_, hidden):
        share = (np.arange(len(hidden)) + 0.5) / len(hidden)
        return pd.DataFrame({"probability": share} | columns)

    monkeypatch.setattr(quasars, "score", score)
    found = light_curves._held_out(curve)
    assert found["heldout"] == 80 and found["heldout_coverage68"] == pytest.approx(0.683, abs=0.02)


def test_the_excess_of_all_bands_is_their_root_mean_square():
    times = np.arange(60.0) * 20
    values = 19 + 0.1 * np.sin(times / 200)
    fit = quasars.fit(quasars.light_curve("a", times, list("gr") * 30, values, np.full(60, 0.02), survey="sdss"))
    draws = fit.draws.copy()
    draws[:, fit.plan.slots[0]] = np.log10([0.03, 0.04])
    found = light_curves._draws(replace(fit, draws=draws))
    assert found["excess"].to_numpy() == pytest.approx(np.sqrt((0.03**2 + 0.04**2) / 2))
