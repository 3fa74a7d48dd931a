"""Light curves outside Stripe 82 with masses known otherwise: the sample of Burke et al. (2021), and nearby AGN."""

from collections.abc import Iterator

import pandas as pd

from agnbook.quasars.batch import fit_many, light_curves_of
from agnbook.quasars.curve import LightCurve
from agnbook.quasars.model import Model
from agnbook.quasars.posterior import fit
from agnbook.quasars.sample import shape
from agnbook.quasars.shipped_mass import MassModel
from agnbook.sky import light_curves

#: A prior wide enough for galaxies of days and quasars of years, from a thousandth of a magnitude to tenths.
WIDE = Model(prior={"log_tau": (2.0, 1.5), "log_sigma": (-1.0, 1.0), "log_excess": (-2.5, 0.8)})
#: Wavelength (angstrom) of curves whose band the table does not name; with one band it hardly matters.
ABOUT_ANGSTROM = 5000.0
#: Words of flags that concern the time-scale.
DOUBTS = "baseline|sampling|not detected"
#: Nearby AGN watched in several bands at once, as Burke et al. spell them, and as `light_curves.nearby` does.
NEIGHBOURS = {
    "NGC 5548": "NGC5548", "NGC 4151": "NGC4151", "Mrk 509": "Mrk509", "NGC 4593": "NGC4593", "MCG+08-11-011": "MCG+08-11-011",
}  # fmt: skip


def burke(table: pd.DataFrame) -> Iterator[LightCurve]:
    """Read the light curves, each of one band, that rows of `light_curves.burke2021` name."""
    for file, redshift in zip(table["lc_file"], table["z"], strict=True):
        frame = light_curves.burke2021_light_curve(file)
        about = {band: ABOUT_ANGSTROM for band in frame["band"].astype(str)}
        yield next(light_curves_of(frame, wavelengths=about, survey=None, redshift=redshift))


def fit_burke(table: pd.DataFrame) -> pd.DataFrame:
    """Fit rows of `light_curves.burke2021`: `fit_many` under the `WIDE` prior, joined to name, masses, luminosity, time-scale.

    ``doubtful``: whether a flag concerns the time-scale.
    """
    found = fit_many(burke(table), WIDE).set_index(table.index)
    found["doubtful"] = (found["problem"] != "") | found["flags"].str.contains(DOUBTS)
    return found.join(table[["name", "log_M_BH", "log_L5100", "tau_rest", "RM"]])


def reverberation() -> pd.DataFrame:
    """Rows of `light_curves.burke2021` with a mass from reverberation, whether or not they pass the paper's cuts."""
    table = light_curves.burke2021()
    return table[table["RM"].astype(bool) & table["log_M_BH"].notna()]


def best_of_each(fitted: pd.DataFrame) -> pd.DataFrame:
    """One row a galaxy of `fit_burke`: its best known time-scale among those without doubt."""
    sure = fitted[~fitted["doubtful"]].sort_values("log_tau_rest_sd")
    return sure.drop_duplicates("name").reset_index(drop=True)


def neighbours(model: MassModel) -> pd.DataFrame:
    """Weigh `NEIGHBOURS` from all their bands by variability alone.

    Returns
    -------
    pandas.DataFrame
        One row a galaxy: ``reverberation``, the mass of Burke et al.'s last row of it; ``variability`` and its ``sd`` (log10 of
        solar masses); bands; ``baseline_days``; log_tau_rest; ``short``, whether the curve is flagged for its length;
        ``outside``, what is outside the model's training range, in words.
    """
    known = reverberation().drop_duplicates("name", keep="last").set_index("name")
    rows = {}
    for name, key in NEIGHBOURS.items():
        redshift = known.loc[name, "z"]
        curve = next(light_curves_of(light_curves.nearby(key), wavelengths={"5100A": 5100.0}, redshift=redshift))
        found = fit(curve)
        about = pd.DataFrame({"redshift": [redshift], "M_i": [float("nan")]})
        masses, outside = model.answer(pd.DataFrame([shape(found)]), about)
        mean, sd = masses["log_mass"][0]
        rows[name] = {
            "reverberation": known.loc[name, "log_M_BH"], "variability": mean, "sd": sd, "bands": len(curve.bands),
            "baseline_days": curve.baseline_days, "log_tau_rest": found.quantities()["log_tau_rest"].median(),
            "short": any("baseline" in flag for flag in found.flags), "outside": "; ".join(outside[0]),
        }  # fmt: skip
    return pd.DataFrame.from_dict(rows, orient="index")
