"""Archives of real AGN light curves, as long tables.

Every reader returns a frame with one row a measurement, in the form of `agnbook.sky.curve_tables`. Magnitudes are as observed;
Galactic extinction is in the objects' table.
"""

import io
import tarfile
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from agnbook import storage
from agnbook.errors import CatalogError
from agnbook.sky import registry
from agnbook.sky.curve_tables import measurements

SDSS = ("u", "g", "r", "i", "z")
#: A(u, g, r, i, z) / A_u of Schlegel et al. (1998), as the archive's authors use them.
SDSS_EXTINCTION = np.array([1.0, 0.736, 0.534, 0.405, 0.287])
#: MacLeod's cuts (2010, section 2.2): the fit is better than noise alone, and than an infinite time-scale.
CLEAN = "edge == 0, Plike - Pnoise > 2, Plike - Pinf > 0.05, 10 visits or more"
#: Nothing was observed before the first camera run (MJD); earlier stamps are nonsense.
FIRST_MJD = 50000.0


# --- Stripe 82 -------------------------------------------------------------------------------------------------------


def _members(path: Path):
    """Yield name and bytes of each file of an archive, or of a folder of the same layout."""
    if path.is_dir():
        for file in sorted(path.rglob("*")):
            if file.is_file():
                yield file.name, file.read_bytes()
        return
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                if member.isfile():
                    yield Path(member.name).name, archive.extractfile(member).read()
    except (tarfile.TarError, EOFError, OSError) as error:
        raise CatalogError(f"Cannot read {path} as an archive of light curves ({error}). Get the file again.") from error


def read_stripe82(path: Path | str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read an archive or folder in the layout of the Stripe 82 quasars: `DB_QSO_S82` and one file an object.

    Returns
    -------
    light curves, objects
        As `stripe82` and `stripe82_objects` describe them. One unreadable file costs only its object; it is counted
        under "unreadable objects".

    Raises
    ------
    CatalogError
        For another layout.
    """
    names, blocks, table, unreadable = [], [], None, 0
    for name, content in _members(Path(path)):
        if name.startswith("DB_QSO_S82"):
            table = content
        elif name.isdigit():
            try:
                block = np.loadtxt(io.BytesIO(content), ndmin=2)
                if block.shape[1] != 17:
                    raise ValueError(f"{block.shape[1]} columns")
            except ValueError:
                unreadable += 1
                continue
            names.append(int(name))
            blocks.append(block[:, :15])
    if table is None or not blocks:
        raise CatalogError(f"{path} is not laid out as QSO_S82/DB_QSO_S82 and QSO_S82/<dbID>, 17 columns each.")
    rows, owner = np.concatenate(blocks), np.repeat(names, [len(block) for block in blocks])
    long = pd.DataFrame(
        {
            "object": np.tile(owner, 5),
            "time": rows[:, 0::3].T.ravel(),
            "band": pd.Categorical(np.repeat(SDSS, len(rows)), SDSS, ordered=True),
            "magnitude": rows[:, 1::3].T.ravel(),
            "error": rows[:, 2::3].T.ravel(),
        }
    )
    curves = measurements(long, unit="mag", survey="sdss", first_time=FIRST_MJD)
    if unreadable:
        curves.attrs["left_out"]["unreadable objects"] = unreadable
    return curves, _stripe82_table(table, names)


def _stripe82_table(content: bytes, with_curve) -> pd.DataFrame:
    columns = ["dbID", "ra", "dec", "sdr5", "M_i", "M_i_corrected", "redshift", "log_mass", "log_luminosity", *SDSS, "A_u"]
    table = pd.read_csv(io.BytesIO(content), sep=r"\s+", comment="#", names=columns).set_index("dbID").drop(columns="sdr5")
    for column in ("log_mass", "log_luminosity"):
        table[column] = table[column].where(table[column] > 1)  # 0 and -1: not measured
    for column in ("M_i", "M_i_corrected"):
        table[column] = table[column].where(table[column] < -10)
    table["redshift"] = table["redshift"].where(table["redshift"] > 0)
    for band in SDSS:
        table[band] = table[band].where((table[band] > 0) & (table[band] < 40))
    table = table.rename(columns={band: f"mag_{band}" for band in SDSS})
    for band, ratio in zip(SDSS, SDSS_EXTINCTION, strict=True):
        table[f"A_{band}"] = ratio * table["A_u"]
    return table.assign(has_light_curve=table.index.isin(with_curve))


@lru_cache(maxsize=1)
def _stripe82_cached() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Both tables of the registered archive: parsed once, then from the user's cache folder."""
    path = registry.find("stripe82")
    start = registry.cache_folder() / f"stripe82_{registry.entries()['stripe82'].sha256[:12]}_1"
    parts = [start.with_name(f"{start.name}_{kind}.parquet") for kind in ("curves", "objects")]
    try:
        return tuple(pd.read_parquet(part) for part in parts)
    except (OSError, ValueError):  # not there yet, or cut short
        tables = read_stripe82(path)
    for table, part in zip(tables, parts, strict=True):
        with storage.atomic_write(part) as temporary:
            table.to_parquet(temporary)
    return tables


def stripe82(objects=None) -> pd.DataFrame:
    """Return light curves of Stripe 82 quasars: u, g, r, i, z magnitudes of 1998 to 2007, time in MJD.

    PSF magnitudes near the AB system (within 3 %), not corrected for Galactic extinction. Each band has its own time,
    minutes apart. The stated errors are too small by about .012 mag in quadrature, and outliers of a magnitude exist.

    Parameters
    ----------
    objects : sequence of dbID, optional
        By default all.

    Raises
    ------
    CatalogError
        When the archive is not to be had, or an object is not in it.
    """
    curves = _stripe82_cached()[0]
    if objects is None:
        return curves.copy()
    objects = np.atleast_1d(objects)
    # sorted by object, so each is a slice
    first, last = (np.searchsorted(curves["object"], objects, side) for side in ("left", "right"))
    if (absent := first == last).any():
        raise CatalogError(
            f"No light curve of {', '.join(map(str, objects[absent][:5]))} in the archive of Stripe 82; give dbIDs."
        )
    found = pd.concat([curves.iloc[a:b] for a, b in zip(first, last, strict=True)], ignore_index=True)
    found.attrs |= {name: curves.attrs[name] for name in ("unit", "survey")}
    return found


def stripe82_objects() -> pd.DataFrame:
    """Return the objects of Stripe 82, indexed by dbID.

    Returns
    -------
    pandas.DataFrame
        ra, dec (deg), M_i (K corrected to z = 2), M_i_corrected, redshift, log_mass (single-epoch virial, dex of solar
        masses; scatters by .3 to .4 dex about the truth), log_luminosity (bolometric, erg/s), mag_u ... mag_z,
        A_u ... A_z (mag), has_light_curve. NaN where not measured.
    """
    return _stripe82_cached()[1].copy()


def macleod_fits(band: str, path: Path | str | None = None) -> pd.DataFrame:
    """Return the damped random walks of MacLeod et al. (2010) for one band of SDSS, indexed by dbID.

    Returns
    -------
    pandas.DataFrame
        log_tau (days, **observed** frame) and log_sigma_hat (mag / sqrt(year)) with their limits, edge, Plike, Pnoise,
        Pinf (log-likelihoods), mean_magnitude, visits, ``log_sf`` = log SF_inf = log_sigma_hat + .5 log(tau / 365.25),
        and ``clean``, whether the fit passes the cuts of `CLEAN`. The process's standard deviation is SF_inf / sqrt(2).

    Raises
    ------
    CatalogError
        When the table's rows are not those of the objects' table.
    """
    if band not in SDSS:
        raise CatalogError(f"MacLeod's fits are of the bands {', '.join(SDSS)}, not {band!r}.")
    columns = [
        "sdr5", "ra", "dec", "redshift", "M_i", "log_mass", "chi2_pdf", "log_tau", "log_sigma_hat", "log_tau_low",
        "log_tau_high", "log_sigma_hat_low", "log_sigma_hat_high", "edge", "Plike", "Pnoise", "Pinf", "mean_magnitude", "visits",
    ]  # fmt: skip
    path = path or registry.find(f"stripe82-drw-{band}")
    fits = pd.read_csv(path, sep=r"\s+", comment="#", names=columns)
    objects = stripe82_objects()
    if len(fits) != len(objects) or (np.abs(fits[["ra", "dec"]].to_numpy() - objects[["ra", "dec"]].to_numpy()) > 1e-5).any():
        raise CatalogError(f"{path} does not list the objects of the Stripe 82 archive row for row.")
    fits = fits.set_index(objects.index).drop(columns=["sdr5", "ra", "dec", "redshift", "M_i", "log_mass"])
    fits["clean"] = (
        (fits["edge"] == 0) & (fits["Plike"] - fits["Pnoise"] > 2) & (fits["Plike"] - fits["Pinf"] > 0.05)
        & (fits["visits"] >= 10) & (fits["log_tau"] > -10)
    )  # fmt: skip
    fits["log_sf"] = fits["log_sigma_hat"] + 0.5 * (fits["log_tau"] - np.log10(365.25))
    return fits


# --- Burke et al. 2021 -----------------------------------------------------------------------------------------------


def burke2021(path: Path | str | None = None) -> pd.DataFrame:
    """Return the table of Burke et al. (2021): masses, luminosities and time-scales of 377 light curves, one row each.

    ``log_M_BH`` (dex of solar masses, with ``_e``), ``z``, ``log_L5100``, ``tau_rest`` (days), ``RM`` (mass from
    reverberation), ``valid`` (the paper's own cuts), ``LC_ref``; ``dbID`` names the quasar of Stripe 82 (-1: none).
    """
    table = pd.read_csv(path or registry.find("burke2021"))
    stripe82 = table["LC_ref"].str.startswith("Yang")
    return table.assign(dbID=pd.to_numeric(table["name"].where(stripe82), errors="coerce").fillna(-1).astype(int))


def burke2021_light_curve(lc_file: str) -> pd.DataFrame:
    """Return one light curve of `burke2021` by its ``lc_file``; magnitudes, or fluxes in the unit of the table."""
    row = burke2021().set_index("lc_file").loc[lc_file]
    path = registry.find("burke2021-curves") / lc_file
    if not path.exists():
        raise CatalogError(f"{path.name} is not among the light curves of Burke et al. (2021).")
    frame = pd.read_csv(path).rename(columns={"t": "time", "yerr": "error"})
    frame = frame.rename(columns={"y": "magnitude" if row["unit"] == "mag" else "flux"})
    survey = (
        "sdss" if row["dbID"] > 0 else "macho" if row["LC_ref"].startswith("Geha") else "ztf" if row["LC_ref"] == "ZTF" else ""
    )
    return measurements(frame.assign(object=row["name"], band=row["band"]), unit=row["unit"], survey=survey)


# --- DES, MACHO, nearby AGN ------------------------------------------------------------------------------------------


def des(path: Path | str | None = None) -> pd.DataFrame:
    """Return the PSF fluxes (nanomaggies; AB mag = 22.5 - 2.5 log10) of ten DES quasars, griz, time in MJD."""
    folder = Path(path or registry.find("des-y4a1"))
    frames = [
        pd.read_csv(file).rename(columns={"MJD_OBS": "time", "FLUX_PSF": "flux", "FLUX_ERR_PSF": "error"})
        .assign(object=file.parent.name, band=file.stem)
        for file in sorted(folder.glob("lightcurve/*/*.csv"))
    ]  # fmt: skip
    return measurements(pd.concat(frames, ignore_index=True), unit="nanomaggy", survey="des", first_time=FIRST_MJD)


def des_objects(path: Path | str | None = None) -> pd.DataFrame:
    """Return name (index), ra, dec, redshift and its flag ("Q" spectroscopic, "q" photometric) of the ten DES quasars."""
    folder = Path(path or registry.find("des-y4a1"))
    return pd.read_csv(folder / "quasar_catalog.csv").set_index("name")


def macho(path: Path | str | None = None) -> pd.DataFrame:
    """Return the V and R magnitudes of 59 quasars behind the Magellanic Clouds, time in days from the survey's own zero."""
    folder = Path(path or registry.find("macho"))
    frames = []
    for file in sorted(folder.glob("*.*.*.dat")):
        rows = np.loadtxt(file, skiprows=2, ndmin=2)
        for band, column in (("V", 1), ("R", 3)):
            frames.append(
                pd.DataFrame({"time": rows[:, 0], "magnitude": rows[:, column], "error": rows[:, column + 1]})
                .assign(object=file.stem, band=band)
            )  # fmt: skip
    return measurements(pd.concat(frames, ignore_index=True), unit="mag", survey="macho")


def macho_objects(path: Path | str | None = None) -> pd.DataFrame:
    """Return ra, dec (as written), V, V - R, redshift and M_V of the MACHO quasars, indexed by name."""
    folder = Path(path or registry.find("macho"))
    columns = ["name", "ra", "dec", "V", "V_R", "redshift", "M_V", "visits", "sigma_V"]
    return pd.read_csv(folder / "quasar_info.dat", sep=r"\s+", skiprows=1, names=columns).set_index("name")


def _columns(file: Path, band: str | None = None, first: int = 0) -> pd.DataFrame:
    """Read time, flux, error from columns `first`, ...; the band from column 0 when `first` is 1."""
    rows = pd.read_csv(file, sep=r"\s+", comment="#", header=None)
    frame = rows.iloc[:, first : first + 3].set_axis(["time", "flux", "error"], axis=1)
    return frame.assign(band=rows[0] if band is None else band)


def nearby(name: str, path: Path | str | None = None) -> pd.DataFrame:
    """Return one of the light curves in `NEARBY`.

    Raises
    ------
    CatalogError
        For an unknown name, with those known.
    """
    if name not in NEARBY:
        raise CatalogError(f"No nearby light curve {name!r}; there are {', '.join(NEARBY)}.")
    read, unit, survey = NEARBY[name]
    frame = read(Path(path or registry.find("nearby-agn")))
    return measurements(frame.assign(object=name), unit=unit, survey=survey)


def _swift(target: str):
    def read(folder: Path) -> pd.DataFrame:
        table = pd.read_csv(folder / "Edelson2019_Swift" / "lcdata.csv")
        table = table[(table["Object"] == target) & ~table["Filter"].isin(["HX", "SX"])]  # X-rays are another story
        return table.rename(columns={"Filter": "band", "MJD": "time", "Flux": "flux", "Error": "error"})

    return read


def _mcg08(folder: Path) -> pd.DataFrame:
    return _columns(folder / "MCG+08-11-011" / "MGC0811_merged.txt", first=1).replace({"band": {"A5100": "5100A"}})


def _grier(target: str):
    def read(folder: Path) -> pd.DataFrame:
        return _columns(folder / "GPCC" / "Virial" / f"{target}Conti.txt", "5100A")

    return read


def _ztf_columns(table: pd.DataFrame) -> pd.DataFrame:
    table = table.assign(flagged=table["catflags"] >= 32768)  # clouds or moonlight, says the survey's manual
    return table.rename(columns={"filtercode": "band", "mjd": "time", "mag": "magnitude", "magerr": "error"})


def _mrk335_ztf(folder: Path) -> pd.DataFrame:
    return _ztf_columns(pd.read_csv(folder / "Mrk335" / "Mrk335_ztf.csv"))


def _ztf(target: str):
    def read(folder: Path) -> pd.DataFrame:
        table = pd.concat([pd.read_csv(file) for file in sorted((folder / "ZTF_dle").glob(f"{target}_DR_*band.csv"))])
        return _ztf_columns(table)

    return read


_DENSITY = "1e-{} erg s-1 cm-2 A-1"
#: Nearby light curves of several bands: reader, unit, survey of the bands. Swift: Edelson et al. (2019); MCG+08-11-011:
#: Fausnaugh et al. (2018), ugriz and the continuum at 5100 A; Grier et al. (2012): 5100 A alone; ZTF data releases.
NEARBY = {
    **{name: (_swift(name), _DENSITY.format(14), "swift") for name in ("NGC5548", "NGC4151", "Mrk509", "NGC4593")},
    "MCG+08-11-011": (_mcg08, _DENSITY.format(15), "sdss"),
    **{
        f"{name} (5100 A)": (_grier(file), _DENSITY.format(15), "")
        for name, file in (
            ("Mrk335", "Mrk335"), ("Mrk1501", "Mrk1501"), ("3C120", "3C120"), ("Mrk6", "Mrk6"), ("PG2130+099", "PG2130099"),
        )
    },
    "Mrk335": (_mrk335_ztf, "mag", "ztf"),
    **{
        name: (_ztf(name), "mag", "ztf")
        for name in (
            "J081109.38+172928.9", "J092030.98-013253.2", "J124157.25+595528.1", "J133329.45+154550.0", "J162206.75+434636.7",
            "J235939.10+212908.3",
        )
    },
}  # fmt: skip


def virial_products(path: Path | str | None = None) -> pd.DataFrame:
    """Return velocity (km/s), lag (days, rest frame), redshift and ``log_virial_product`` of the AGN of Grier et al. (2012).

    The file calls c lag velocity^2 / G a mass; a black-hole mass is that times the factor f (4.3, Grier et al. 2013), or
    take it from the rows with ``RM`` of `burke2021`.
    """
    folder = Path(path or registry.find("nearby-agn"))
    names = ["name", "velocity", "velocity_error", "product", "product_error", "lag", "lag_error", "redshift"]
    table = pd.read_csv(folder / "GPCC" / "Virial" / "infoparam.txt", sep=r"\s+", comment="#", names=names).set_index("name")
    return table.assign(log_virial_product=np.log10(table["product"]))
