"""What a table of light curves does not say itself: survey, units, which column is which."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from agnbook.ask.flux_units import flux_unit
from agnbook.ask.plain_columns import Columns
from agnbook.errors import FeatureError
from agnbook.sky import bands

#: What a role's column may be called, best first; capitals do not matter, nor does a unit in brackets.
NAMES = {
    "object": ("diaobjectid", "objectid", "object_id", "dbid", "object", "source_name", "name", "target", "id"),
    "time": ("midpointmjdtai", "expmidptmjd", "expidmptmjd", "mjd", "mjd_obs", "time", "hjd", "bjd", "jd", "date", "day", "t"),
    "band": ("band", "filter", "filtercode", "filtername", "passband", "fid"),
    "flux": ("psfflux", "flux_psf", "flux"),
    "flux_error": ("psffluxerr", "flux_err_psf", "flux_error", "fluxerr", "flux_err", "e_flux", "error", "err"),
    "magnitude": ("magnitude", "mag", "psfmag", "mag_psf"),
    "magnitude_error": (
        "magnitude_error", "mag_error", "mag_err", "magerr", "psfmagerr", "mag_err_psf", "e_mag", "error", "err", "yerr",
    ),
    "redshift": ("redshift",),
    "absolute_magnitude": ("absolute_magnitude",),
    "extinction": ("a_v", "av", "ebv", "e_bv", "e(b-v)"),
}  # fmt: skip
#: Roles that an option of their own may give for every object, instead of a column.
ONE_FOR_ALL = ("object", "band", "redshift", "extinction", "absolute_magnitude")
#: Those of them that tell of the object itself: the quasar model alone asks for them.
OF_OBJECTS = ONE_FOR_ALL[2:]


@dataclass(frozen=True)
class Options:
    """What a table does not say itself.

    Attributes
    ----------
    survey : whose pass bands these are, one of `bands.SURVEYS`.
    wavelengths : band -> effective wavelength (angstrom), of bands that the registry lacks.
    unit : of magnitudes ("mag") or fluxes ("nJy", "nanomaggy", "1e-14 erg s-1 cm-2 A-1"), where columns state none.
    time_unit : of times, where the column states none.
    columns : role (a key of `NAMES`, or "error") -> column.
    object, band : for tables without such a column: the name of all rows.
    redshift, extinction, absolute_magnitude : a column, or a number for every object. Extinction is A_V, E(B - V) or the
        survey's own A_<band>, told apart by the column's name; a number is A_V.
    visits : path of a table of Rubin's visits, which gives the times of measurements without any; see `visits`.
    tolerance : days within which six bands are one visit; for the simulator's models alone.
    """

    survey: str | None = None
    wavelengths: Mapping[str, float] = field(default_factory=dict)
    unit: str | None = None
    time_unit: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    object: str | None = None
    band: str | None = None
    redshift: str | float | None = None
    extinction: str | float | None = None
    absolute_magnitude: str | float | None = None
    visits: str | None = None
    tolerance: float = 0.5

    def __post_init__(self):
        if unknown := set(self.columns) - {*NAMES, "error"}:
            raise FeatureError(f"No such role: {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}, error.")
        if twice := [role for role in ONE_FOR_ALL if getattr(self, role) is not None and role in self.columns]:
            raise FeatureError(f"The {twice[0]} is named twice, by --{twice[0].replace('_', '-')} and by --column; keep one.")
        if self.survey is not None:
            bands.known(self.survey)
        for name, angstrom in self.wavelengths.items():
            bands.get(name, None, angstrom)
        for role in ("redshift", "extinction", "absolute_magnitude"):
            if str(getattr(self, role)).strip().lower().lstrip("+-") in ("nan", "inf", "infinity"):
                raise FeatureError(f"The {role.replace('_', ' ')} must be a column or a number, not {getattr(self, role)}.")
        if self.unit not in (None, "mag"):
            flux_unit(self.unit)
        if not self.tolerance >= 0:
            raise FeatureError(f"The tolerance must be 0 days or more, not {self.tolerance}.")


def column_of(columns: Columns, role: str, options: Options) -> str | None:
    """Return the column of a role: the one that the options name, or the first of `NAMES` that is there."""
    named = options.columns.get(role) or (options.columns.get("error") if role.endswith("_error") else None)
    return columns.first(NAMES[role]) if named is None else columns.named(named, f"--column {role}=")
