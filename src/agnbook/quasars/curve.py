"""One object's light curve, cleaned: what is left out is counted, with the reason in words."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from agnbook.errors import BookError
from agnbook.sky import bands as passbands

#: Fewest measurements of an object, and of a band, that say anything about flicker.
MIN_MEASUREMENTS, MIN_IN_BAND = 10, 3
#: Most bands of one object: the compiled filter keeps all of them in one state.
MAX_BANDS = 15
#: No archive is longer than this; times further from the median are not days or not times.
LONGEST_DAYS = 40 * 365.25
_MAGNITUDE_RANGE, _MAX_ERROR_MAG = (-5.0, 40.0), 1.0
#: Magnitudes per unit of relative flux change.
MAG_PER_RELATIVE_FLUX = 2.5 / np.log(10)


@dataclass(frozen=True)
class LightCurve:
    """Measurements of one object, sorted by time; made by `light_curve`.

    Attributes
    ----------
    name : str
    times : (n,) days.
    band : (n,) index into `bands`; at equal times in their order.
    values, errors : (n,) brightness and standard deviation in magnitudes. Fluxes become -1.086 (flux / reference - 1),
        so that negative fluxes stay ordinary numbers; `reference_flux` leads back.
    bands : names, in ascending order of wavelength.
    wavelengths : (B,) angstrom, observed frame.
    centre : (B,) median of `values`, about which the bands' unknown means are sought.
    unit : "mag" or "flux".
    reference_flux : (B,) flux that a relative change refers to; NaN for magnitudes.
    zero_point : magnitude of unit flux, for mean magnitudes; NaN if unknown, 0 for magnitudes.
    redshift, absolute_magnitude, log_mass : known values or NaN (log_mass: log10 of the mass in solar masses).
    extinction : (B,) magnitudes to subtract from mean magnitudes; zero where unknown.
    left_out : reason -> number of measurements.
    problem : why the object cannot be answered, or "".
    """

    name: str
    times: np.ndarray
    band: np.ndarray
    values: np.ndarray
    errors: np.ndarray
    bands: tuple[str, ...]
    wavelengths: np.ndarray
    centre: np.ndarray = field(default_factory=lambda: np.empty(0))
    unit: str = "mag"
    reference_flux: np.ndarray = field(default_factory=lambda: np.empty(0))
    zero_point: float = 0.0
    redshift: float = np.nan
    absolute_magnitude: float = np.nan
    log_mass: float = np.nan
    extinction: np.ndarray = field(default_factory=lambda: np.empty(0))
    left_out: dict[str, int] = field(default_factory=dict)
    problem: str = ""

    def __len__(self) -> int:
        return len(self.times)

    @property
    def baseline_days(self) -> float:
        """Time from the first to the last measurement, observed frame."""
        return float(np.ptp(self.times)) if len(self) else 0.0

    def take(self, rows) -> "LightCurve":
        """Return the same object with some of its measurements; `rows` a mask or an index array."""
        rows = np.arange(len(self))[rows]
        return replace(self, **{key: getattr(self, key)[rows] for key in ("times", "band", "values", "errors")})

    def only(self, band: str) -> "LightCurve":
        """Return the same object in one of its bands."""
        b = self.bands.index(band)
        one = self.take(self.band == b)
        arrays = {key: getattr(self, key)[b : b + 1] for key in ("wavelengths", "centre", "reference_flux", "extinction")}
        return replace(one, band=np.zeros(len(one), int), bands=(band,), **arrays)

    @property
    def reference_magnitude(self) -> np.ndarray:
        """Magnitude (B,) that a mean of zero stands for: 0, or that of the reference flux."""
        if self.unit == "mag":
            return np.zeros(len(self.bands))
        return self.zero_point - 2.5 * np.log10(np.abs(self.reference_flux))

    def to_unit(self, values, band) -> np.ndarray:
        """Turn model brightness (mag) of measurements in bands `band` (indices) into the curve's own unit."""
        if self.unit == "mag":
            return np.asarray(values, float)
        return self.reference_flux[band] * (1 - np.asarray(values, float) / MAG_PER_RELATIVE_FLUX)


def _numbers(values, what: str) -> tuple[np.ndarray, str]:
    """Values as floats, and a problem in words where they are text, dates or of the wrong shape."""
    values = np.asarray(values)
    if values.dtype.kind == "M":
        return np.empty(0), f"{what} are dates; give days, such as MJD"
    try:
        numbers = np.ma.filled(np.ma.asarray(values, dtype=float), np.nan).ravel()
    except (TypeError, ValueError):
        return np.empty(0), f"{what} are not numbers (seen: {values.ravel()[:1].tolist()})"
    return numbers, ""


def light_curve(
    name: str,
    times,
    band,
    values,
    errors,
    *,
    wavelengths: Mapping[str, float] | None = None,
    survey: str | None = None,
    unit: str = "mag",
    zero_point: float | None = None,
    redshift: float | None = None,
    absolute_magnitude: float | None = None,
    log_mass: float | None = None,
    extinction: Mapping[str, float] | None = None,
    a_v: float | None = None,
    reference_flux: Mapping[str, float] | None = None,
    min_measurements: int = MIN_MEASUREMENTS,
    min_in_band: int = MIN_IN_BAND,
) -> LightCurve:
    """Clean one object's measurements; never raises for bad data: the result's `problem` says what is wrong.

    Parameters
    ----------
    times, band, values, errors : (n,), in any order; days, band names, and magnitudes or fluxes with their error.
        NaN, sentinels (-99.99, 99, 0 as a magnitude), errors of zero or below, exact repeats and times 40 years off
        the median are left out and counted.
    survey : whose pass bands these are (`agnbook.sky.bands`).
    wavelengths : band name -> effective wavelength in angstrom, of bands that the registry lacks.
    unit : "mag" or "flux" (any flux unit; negative values are kept).
    zero_point : AB magnitude of unit flux (31.4 for nJy, 22.5 for nanomaggies), for mean magnitudes of fluxes.
    redshift, absolute_magnitude, log_mass : None or NaN where unknown.
    extinction, a_v : Galactic extinction per band in magnitudes, or in V, for the mean magnitudes.
    reference_flux : band -> flux of the source that differences refer to; the mean flux where not given.
    """
    name = str(name)
    known_values = {"redshift": redshift, "absolute_magnitude": absolute_magnitude, "log_mass": log_mass}
    given = {key: np.nan if value is None else float(value) for key, value in known_values.items()}
    given["zero_point"] = 0.0 if unit == "mag" else np.nan if zero_point is None else float(zero_point)
    empty = np.empty(0)

    def failed(problem: str, left_out=None) -> LightCurve:
        return LightCurve(
            name, empty, empty.astype(int), empty, empty, (), empty, empty, unit, empty, **given, extinction=empty,
            left_out=left_out or {}, problem=problem,
        )  # fmt: skip

    if unit not in ("mag", "flux"):
        return failed(f"unit {unit!r} is neither 'mag' nor 'flux'")
    columns = []
    for column, what in ((times, "times"), (values, "values"), (errors, "errors")):
        numbers, problem = _numbers(column, what)
        if problem:
            return failed(problem)
        columns.append(numbers)
    t, y, e = columns
    label = np.asarray(band).astype(str).ravel()
    if len({len(t), len(y), len(e), len(label)}) > 1:
        return failed(f"columns differ in length: {len(t)} times, {len(label)} bands, {len(y)} values, {len(e)} errors")

    left_out: dict[str, int] = {}
    keep = np.ones(len(t), bool)

    def drop(bad, reason: str) -> None:
        bad = bad & keep
        if bad.any():
            left_out[reason] = left_out.get(reason, 0) + int(bad.sum())
            keep[bad] = False

    drop(~np.isfinite(t) | ~np.isfinite(y) | np.isnan(e), "no number")
    if unit == "mag":
        drop((y <= _MAGNITUDE_RANGE[0]) | (y >= _MAGNITUDE_RANGE[1]) | (y == 0), "no magnitude, but a sentinel")
        drop(e >= _MAX_ERROR_MAG, "error of a magnitude or more")
    drop(e <= 0, "error zero or below")
    drop(np.isinf(e), "infinite error")
    if keep.any():
        spread = np.diff(np.quantile(t[keep], [0.1, 0.9]))[0]
        if spread > LONGEST_DAYS:
            return failed(f"times span {spread:.3g} days between their deciles: give days, such as MJD", left_out)
        drop(np.abs(t - np.median(t[keep])) > LONGEST_DAYS, "time 40 years or more off the median")

    known: dict[str, passbands.Band] = {}
    for key in np.unique(label[keep]):
        try:
            known[key] = passbands.get(key, survey, (wavelengths or {}).get(key))
        except BookError as error:  # an unknown band costs its own measurements
            drop(label == key, str(error))
    for key in known:
        if np.sum(keep & (label == key)) < min_in_band:
            drop(label == key, f"fewer than {min_in_band} measurements in band {key}")
    rows = np.flatnonzero(keep)
    rows = rows[np.lexsort((e[rows], y[rows], label[rows], t[rows]))]
    if len(rows) > 1:
        same = np.ones(len(rows), bool)
        for column in (t, y, e, label):
            same[1:] &= column[rows][1:] == column[rows][:-1]
        same[0] = False
        if same.any():
            left_out["exact repeat"] = int(same.sum())
            rows = rows[~same]
    names = sorted(set(label[rows].tolist()), key=lambda key: (known[key].wavelength, key))
    scale = {}
    for key in names if unit == "flux" else ():
        mine = rows[label[rows] == key]
        weight = 1 / (e[mine] ** 2 + np.median(e[mine]) ** 2)
        mean, sd = np.sum(weight * y[mine]) / weight.sum(), 1 / np.sqrt(weight.sum())
        scale[key] = float((reference_flux or {}).get(key, mean))
        if key not in (reference_flux or {}) and mean < 3 * sd:
            left_out[f"mean flux of band {key} not above zero: give its reference flux"] = len(mine)
            rows = rows[label[rows] != key]
    names = [key for key in names if np.any(label[rows] == key)]
    if len(rows) < min_measurements:
        reasons = "; ".join(f"{count} x {reason}" for reason, count in left_out.items())
        why = f" (left out: {reasons})" if reasons else ""
        return failed(f"{len(rows)} usable measurements, {min_measurements} needed{why}", left_out)
    if len(names) > MAX_BANDS:
        return failed(f"{len(names)} bands, at most {MAX_BANDS} can be fitted at once", left_out)
    if np.ptp(t[rows]) <= 0:
        return failed("all measurements have the same time", left_out)

    index = np.array([names.index(key) for key in label[rows]])
    order = np.lexsort((index, t[rows]))
    rows, index = rows[order], index[order]
    y, e, reference = y[rows], e[rows], np.full(len(names), np.nan)
    if unit == "flux":
        reference = np.array([scale[key] for key in names])
        y, e = -MAG_PER_RELATIVE_FLUX * (y / reference[index] - 1), MAG_PER_RELATIVE_FLUX * e / np.abs(reference[index])
    dust = np.zeros(len(names))
    for i, key in enumerate(names):
        if extinction and key in extinction:
            dust[i] = float(extinction[key])
        elif a_v is not None:
            dust[i] = float(a_v) * known[key].extinction
    centre = np.array([np.median(y[index == i]) for i in range(len(names))])
    return LightCurve(
        name, t[rows], index, y, e, tuple(names), np.array([known[key].wavelength for key in names]), centre, unit, reference,
        **given, extinction=dust, left_out=left_out,
    )  # fmt: skip
