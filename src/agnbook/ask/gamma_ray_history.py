"""What 4FGL-DR4 measured of a source: its spectrum in eight bands, and its flux in each of fourteen years."""

from functools import cache

import numpy as np
import pandas as pd

from agnbook.sky import registry

#: Start of Fermi's clock, 2001-01-01, as a year; seconds of a year.
_CLOCK, _YEAR = 2001.0, 365.25 * 86_400
_COLUMNS = ("Flux_Band", "Unc_Flux_Band", "nuFnu_Band", "Flux_History", "Unc_Flux_History")


@cache
def _catalogue() -> tuple[dict[str, int], dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """Row of each source, vector columns (n, bands or years[, 2]), edges of the bands (MeV) and of the years."""
    from astropy.io import fits

    with fits.open(registry.find("4fgl-dr4"), memmap=False) as hdus:
        data = hdus[1].data
        rows = {str(name).strip(): row for row, name in enumerate(data["Source_Name"])}
        vectors = {name: np.asarray(data[name], float) for name in _COLUMNS}
        bounds = hdus["EnergyBounds"].data
        edges = np.unique(np.r_[bounds["LowerEnergy"], bounds["UpperEnergy"]].astype(float))
        starts = np.asarray(hdus["Hist_Start"].data["Hist_Start"], float)
    return rows, vectors, edges, _CLOCK + starts / _YEAR


def _measured(flux: np.ndarray, error: np.ndarray, factor: np.ndarray | float) -> dict[str, np.ndarray]:
    """Value, low and high end of one standard deviation; without a lower end it is a limit at two of them."""
    limit = ~np.isfinite(error[:, 0])
    value = np.where(limit, flux + 2 * np.abs(error[:, 1]), flux)
    low = np.where(limit, 0.0, flux - np.abs(error[:, 0]))
    high = np.where(limit, value, flux + np.abs(error[:, 1]))
    return {"value": value * factor, "low": low * factor, "high": high * factor, "upper_limit": limit}


def spectrum(source: str) -> pd.DataFrame | None:
    """Return the spectral energy distribution of a source of 4FGL-DR4; None for another.

    Returns
    -------
    pandas.DataFrame, a row a band
        ``energy_low``, ``energy_high`` (MeV); ``value``, ``low``, ``high`` (erg cm-2 s-1) of nu F_nu with one standard deviation;
        ``upper_limit``, where `value` is one, at two standard deviations.
    """
    rows, vectors, edges, _ = _catalogue()
    if source not in rows:
        return None
    flux, error, power = (vectors[name][rows[source]] for name in ("Flux_Band", "Unc_Flux_Band", "nuFnu_Band"))
    factor = np.divide(power, flux, out=np.full(len(flux), np.nan), where=flux > 0)
    middle = np.sqrt(edges[:-1] * edges[1:])
    # without a flux there is no ratio: that of an E^-2 spectrum, 1 MeV = 1.602e-6 erg
    flat = 1.602177e-6 * middle**2 / (edges[1:] - edges[:-1])
    factor = np.where(np.isfinite(factor) & (factor > 0), factor, flat)
    return pd.DataFrame({"energy_low": edges[:-1], "energy_high": edges[1:], **_measured(flux, error, factor)})


def history(source: str) -> pd.DataFrame | None:
    """Return the yearly light curve of a source of 4FGL-DR4; None for another.

    Returns
    -------
    pandas.DataFrame, a row a year
        ``start``, ``end`` (decimal years); ``value``, ``low``, ``high`` (photons cm-2 s-1 above 100 MeV) as for `spectrum`.
    """
    rows, vectors, _, starts = _catalogue()
    if source not in rows:
        return None
    flux, error = (vectors[name][rows[source]] for name in ("Flux_History", "Unc_Flux_History"))
    return pd.DataFrame({"start": starts[: len(flux)], "end": starts[1 : len(flux) + 1], **_measured(flux, error, 1.0)})
