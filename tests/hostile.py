"""What people and accidents hand to the commands: files, values, names and arguments, each named for what is wrong with it.

`test_hostile_*` under ``tests/ask`` try every one; `COUNT` is how many that are.
"""

import bz2
import gzip
import io
import lzma
import pickle
import zipfile
import zlib
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from astropy.io import fits
from astropy.table import Table

BLAZARS = pd.DataFrame(
    {
        "Source_Name": ["hard", "soft", "third"], "PL_Index": [1.9, 2.45, 2.2], "LP_Index": [1.85, 2.38, 2.1],
        "Frac_Variability": [0.35, 0.81, 0.3], "Pivot_Energy": [2100.0, 640.0, 1500.0],
    "Variability_Index": [45.2, 310.5, 18.0],
        "nu_syn": [2e15, 1.2e13, 1e14], "nuFnu_syn": [4.1e-12, 2.5e-12, 1e-12],
    }
)  # fmt: skip
GAMMA = pd.DataFrame(
    {
        "Source_Name": ["one", "two", "three"], "GLON": [10.0, 120.0, 300.0], "GLAT": [50.0, -3.0, 20.0],
        "Energy_Flux100": [2e-12, 9e-12, 4e-12], "Unc_Energy_Flux100": [3e-13, 9e-13, 4e-13], "Signif_Avg": [8.0, 12.0, 6.0],
        "LP_Index": [2.1, 2.5, 2.3], "LP_beta": [0.05, 0.3, 0.1], "LP_SigCurv": [1.0, 4.0, 2.0],
        "Variability_Index": [14.0, 9.0, 20.0], "Pivot_Energy": [1500.0, 900.0, 1200.0],
    }
)  # fmt: skip
#: Five measurements of one object: too few for an answer, so that nothing is fitted.
CURVE = pd.DataFrame(
    {"object": "q", "time": [1.0, 2, 3, 4, 5], "band": list("grigr"), "magnitude": [19.0, 19.1, 19.2, 19.0, 18.9], "error": 0.02}
)


def as_file(table: pd.DataFrame, kind: str) -> bytes:
    """Return a table as the bytes of a FITS, VOTable or ECSV file."""
    buffer = io.BytesIO() if kind in ("fits", "votable") else io.StringIO()
    Table.from_pandas(table).write(buffer, format=kind)
    return buffer.getvalue() if isinstance(buffer, io.BytesIO) else buffer.getvalue().encode()


def _parquet(table: pd.DataFrame) -> bytes:
    table.to_parquet(buffer := io.BytesIO())
    return buffer.getvalue()


def _image() -> bytes:
    fits.HDUList([fits.PrimaryHDU(np.zeros((4, 4)))]).writeto(buffer := io.BytesIO())
    return buffer.getvalue()


def _flipped(content: bytes, at: float) -> bytes:
    """Damage one hundred bytes."""
    where = int(at * len(content))
    return content[:where] + bytes(byte ^ 0x55 for byte in content[where : where + 100]) + content[where + 100 :]


def bomb(megabytes: int) -> bytes:
    """A packed file of nothing but zeros, a thousandth of its size."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join([*(packer.compress(b"0" * 1_000_000) for _ in range(megabytes)), packer.flush()])


def _zip(content: bytes) -> bytes:
    with zipfile.ZipFile(buffer := io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("table.csv", content)
    return buffer.getvalue()


#: Ways to pack that no command unpacks, though readers of FITS and VOTable would.
PACKERS = {"zip": _zip, "bzip2": bz2.compress, "xz": lzma.compress}
_TEXT = BLAZARS.to_csv(index=False).encode()
_LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY %c "&%c;&%c;&%c;&%c;&%c;&%c;&%c;&%c;">' % ((98 + k,) + (97 + k,) * 8) for k in range(9))
    + b']><VOTABLE version="1.3"><RESOURCE><TABLE><DESCRIPTION>&j;</DESCRIPTION></TABLE></RESOURCE></VOTABLE>'
)
_ENTITY = (
    b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a SYSTEM "file:///etc/hostname">]><VOTABLE version="1.3"><RESOURCE><TABLE>'
    b'<FIELD name="Source_Name" datatype="char" arraysize="*"/><DATA><TABLEDATA><TR><TD>&a;</TD></TR></TABLEDATA></DATA></TABLE>'
    b"</RESOURCE></VOTABLE>"
)


def _elsewhere(address: str) -> bytes:
    """A VOTable that says that its data are at an address."""
    head = as_file(BLAZARS, "votable").partition(b"<DATA>")[0]
    return head + b'<DATA><BINARY><STREAM href="%s"/></BINARY></DATA></TABLE></RESOURCE></VOTABLE>' % address.encode()


def _renamed(kind: str, old: bytes, new: bytes) -> bytes:
    """A file in which one thing is called otherwise, once."""
    content = as_file(BLAZARS, kind)
    assert content.count(old) == 1
    return content.replace(old, new)


def _twins() -> bytes:
    pq.write_table(pa.Table.from_pandas(CURVE.assign(PL_Index=1.0)).rename_columns(["error"] * 6), buffer := io.BytesIO())
    return buffer.getvalue()


_CLAIM = as_file(BLAZARS, "fits").replace(b"NAXIS2  =                    3", b"NAXIS2  =           2000000000")

#: What is wrong -> (ending, content). None of these is a table that can be used.
FILES = {
    "empty": ("csv", b""), "a byte order mark alone": ("csv", b"\xef\xbb\xbf"), "blank lines": ("csv", b"\n\n\n"),
    "zeros": ("csv", bytes(4000)), "noise": ("csv", np.random.default_rng(0).bytes(4000)),
    "a page": ("csv", b"<!DOCTYPE html><html><body>404 Not Found</body></html>"), "comments alone": ("csv", b"# one\n# two\n"),
    "a header alone": ("csv", _TEXT.split(b"\n")[0] + b"\n"),
    "a header twice": ("csv", b"Source_Name,PL_Index,PL_Index\na,1,2\n"),
    "rows too long": ("csv", _TEXT + b"a,1,2,3,4,5,6,7,8,9,10\n" * len(BLAZARS)), "an open quote": ("csv", _TEXT + b'"a,1,2,3\n'),
    "Latin letters": ("csv", _TEXT.replace(b"hard", b"h\xe4rd")),
    "JSON": ("csv", b'{"Source_Name": ["a"], "PL_Index": [1]}'), "a FITS file": ("csv", as_file(BLAZARS, "fits")),
    "a pickle": ("csv", pickle.dumps({"Source_Name": ["a"]})),
    "cut short, packed": ("csv.gz", gzip.compress(_TEXT)[:-20]),
    **{f"packed with {name}": ("csv", pack(_TEXT * 9)) for name, pack in PACKERS.items()},
    "a VOTable packed with zip": ("vot", PACKERS["zip"](as_file(BLAZARS, "votable"))),
    "a FITS file packed with bzip2": ("fits", PACKERS["bzip2"](as_file(BLAZARS, "fits"))),
    "packed noise": ("csv.gz", gzip.compress(np.random.default_rng(1).bytes(500))), "a packed bomb": ("csv.gz", bomb(30)),
    "packed and damaged": ("csv.gz", _flipped(gzip.compress(_TEXT * 20), 0.5)),
    "empty FITS": ("fits", b""), "text as FITS": ("fits", _TEXT),
    "a FITS file cut short": ("fits", as_file(BLAZARS, "fits")[:6000]),
    "a FITS header alone": ("fits", as_file(BLAZARS, "fits")[:5760]), "an image": ("fits", _image()),
    "more rows than bytes": ("fits", _CLAIM), "a damaged header": ("fits", _flipped(as_file(BLAZARS, "fits"), 0.36)),
    "noise as FITS": ("fits", np.random.default_rng(2).bytes(5760)), "a packed FITS bomb": ("fits.gz", bomb(30)),
    "empty VOTable": ("vot", b""), "text as VOTable": ("vot", _TEXT), "another XML": ("xml", b"<a><b/></a>"),
    "a VOTable cut short": ("vot", as_file(BLAZARS, "votable")[:900]), "entities of entities": ("vot", _LAUGHS),
    "an entity that reads a file": ("vot", _ENTITY), "no fields": ("vot", b'<VOTABLE version="1.3"><RESOURCE/></VOTABLE>'),
    "empty Parquet": ("parquet", b""), "text as Parquet": ("parquet", _TEXT),
    "Parquet cut short": ("parquet", _parquet(BLAZARS)[:-9]),
    "a damaged footer": ("parquet", _flipped(_parquet(BLAZARS), 0.9)), "magic alone": ("parquet", b"PAR1PAR1"),
    "Parquet without rows": ("parquet", _parquet(BLAZARS.head(0))),
    "Parquet without columns": ("parquet", _parquet(BLAZARS[[]])),
    "empty ECSV": ("ecsv", b""), "text as ECSV": ("ecsv", _TEXT),
    "ECSV cut short": ("ecsv", as_file(BLAZARS, "ascii.ecsv")[:200]),
    "YAML that makes objects": ("ecsv", b"# %ECSV 1.0\n# ---\n# !!python/object/apply:os.system ['touch owned']\na\n1\n"),
    "data at an address": ("vot", _elsewhere("http://127.0.0.1:1/table")),
    "data in a file of the machine": ("vot", _elsewhere("file:///etc/passwd")),
    "two fields of one name": ("vot", _renamed("votable", b'name="LP_Index"', b'name="PL_Index"')),
    "two FITS columns of one name": ("fits", _renamed("fits", b"'LP_Index'", b"'PL_Index'")),
    "a FITS column without a name": ("fits", _renamed("fits", b"TTYPE3 ", b"COMMENT")),
    "two Parquet columns of one name": ("parquet", _twins()),
    "UTF-16 without a mark": ("csv", _TEXT.decode().encode("utf-16-le")), "UTF-32": ("csv", _TEXT.decode().encode("utf-32")),
    "columns set apart by zeros": ("dat", _TEXT.replace(b",", b"\0")),
    "no known ending": ("dta", _TEXT), "no ending": ("", _TEXT),
}  # fmt: skip
#: Cells that are no number, or none that the column can have, by what they are.
CELLS = {
    "a word": "abc", "markup": "<b>1</b>", "a formula": "=1+1", "true": "True", "complex": "1+2j", "hexadecimal": "0x10",
    "a limit": "<2.1", "a decimal comma": '"2,1"', "a unit": "2.1 GeV", "minus infinity": "-inf", "infinity": "inf",
    "too large": "1e400",
    "a sentinel": "-999", "another sentinel": "-99.99", "huge": "1e30", "a date": "2024-01-01",
    "an escape code": "\x1b[31m2\x1b[0m", "thousands": '"2,100.5"', "two points": "2.1.0", "Fortran's exponent": "2.1D0",
    "a typeset minus": "\u22122.1", "wide digits": "\uff12", "Arabic digits": "\u0662", "an underscore": "2_1", "per cent": "2%",
    "a space that does not break": "\u00a02.1",
}  # fmt: skip
#: Names of sources, each for one row.
NAMES = {
    "a formula": "=cmd|'/C calc'!A0", "plus": "+1+1", "an escape code": "\x1b]0;owned\x07\x1b[2J",
    "right to left": "\u202egnp.exe",
    "zero width": "a\u200bb", "markup": "<script>alert(1)</script>", "a path": "../../../etc/passwd", "very long": "x" * 5000,
    "leading zeros": "000123", "an exponent": "1e5", "an integer beyond floats": "170587683234807813", "accents": "Œil de bœuf",
    "other letters": "仙女座", "a quote": "O'Neil \"the\" source", "a comma": "a,b", "NA": "NA", "nan": "nan", "true": "True",
    "braces": "{0} %s ${x}", "an emoji": "🌌",
    "two lines": "a\nb", "a tab": "a\tb", "an end": "a\x00b", "spaces": "a  b",
}  # fmt: skip
#: Outputs of every name above.
NAME_OUTPUTS = ("csv", "ecsv", "vot", "parquet", "fits")
#: Columns and cells of gamma-ray sources that they cannot have.
SIX_CELLS = [
    ("GLAT", "95"), ("GLAT", "-500"), ("GLON", "1e9"), ("GLON", "-181"), ("Energy_Flux100", "-3e-12"), ("Energy_Flux100", "0"),
    ("Energy_Flux100", "5"), ("Unc_Energy_Flux100", "-1e-13"), ("Signif_Avg", "-2"), ("LP_Index", "99"), ("LP_Index", "-999"),
    ("LP_beta", "-999"), ("LP_SigCurv", "-99"), ("Variability_Index", "-3.5"), ("Variability_Index", "0"),
    ("Pivot_Energy", "-1"),
    ("Pivot_Energy", "0"), ("Pivot_Energy", "1e12"), ("GLAT", "north"), ("LP_beta", "nan?"),
]  # fmt: skip
#: Columns and words of active galaxies that no model knows.
WORDS = [
    ("CLASS", "quasar"), ("CLASS", "psr"), ("CLASS", "<b>bll</b>"), ("CLASS", "0"), ("CLASS", "bll?"), ("SED_class", "VHSP"),
    ("SED_class", "low"), ("SpectrumType", "Gaussian"), ("SpectrumType", "power law"),
    ("Counterpart_Catalog", "<b>"), ("Counterpart_Catalog", "BZCAT v5"),
]  # fmt: skip
#: What people type for a source's name; none of these is one.
LOOKUPS = [
    "", " ", "x" * 3000, "\x1b[2J", "'; DROP TABLE sources; --", "%", "*", "../../etc/passwd", "4FGL", "J",
    "4FGL J", "4FGL J9999.9+9999",
    "4FGL J0001.2", "🌌", "仙女座", "\u202eMkn 4210", "0", "nan", "None", "<script>", "Mkn 421\x00", "=1+1", "3FGL J9999.9-9999",
]  # fmt: skip
#: Positions that are none, and radii.
POSITIONS = [
    ("abc", None), ("1", None), ("1 2 3", None), ("nan nan", None), ("400 0", None), ("0 95", None), ("inf 0", None),
    ("1e400 0", None), ("", None), ("11h04m27s +38d12m", None), ("166.1 38.2", "-1"), ("166.1 38.2", "0"),
    ("166.1 38.2", "nan"),
    ("166.1 38.2", "1000"), ("\x1b[2J", None), ("1;2", None), ("0 -91", None), ("166.1 38.2", "inf"),
]  # fmt: skip
#: Tables of predictions that cannot be graded.
PREDICTIONS = {
    "no name": "agn\n0.5\n", "no class": "Source_Name\na\n", "above one": "Source_Name,agn\n4FGL J0000.5+0743,1.5\n",
    "below nothing": "Source_Name,agn\n4FGL J0000.5+0743,-0.1\n", "a word": "Source_Name,agn\n4FGL J0000.5+0743,likely\n",
    "infinite": "Source_Name,agn\n4FGL J0000.5+0743,inf\n", "strangers": "Source_Name,agn\nmine,0.5\n",
    "two columns for one class": "Source_Name,agn,AGN\n4FGL J0000.5+0743,0.5,0.6\n",
    "two rows for one source": "Source_Name,agn\n4FGL J0000.5+0743,0.5\n4FGL J0000.5+0743,0.6\n",
    "dates": "Source_Name,agn\n4FGL J0000.5+0743,2024-01-01\n",
    "per cent": "Source_Name,agn\n4FGL J0000.5+0743,50\n",
}  # fmt: skip
#: Addresses at which no Dask scheduler answers.
SCHEDULERS = [
    "tcp://127.0.0.1:1",
    "tls://127.0.0.1:1",
    "ucx://127.0.0.1:1",
    "http://127.0.0.1:1",
    "nonsense",
    "",
    "tcp://",
    "tcp://[::1]:1",
    "\x1b[2J",
]
#: What may stand among the measurements of a light curve; the change of a table of one object.
MEASUREMENTS = {
    "a magnitude of 99": {"magnitude": 99.0}, "a magnitude of -99.99": {"magnitude": -99.99},
    "a magnitude of 0": {"magnitude": 0.0},
    "huge magnitudes": {"magnitude": 1e39}, "infinite magnitudes": {"magnitude": np.inf}, "words": {"magnitude": "bright"},
    "no errors": {"error": 0.0}, "negative errors": {"error": -0.02}, "tiny errors": {"error": 1e-30},
    "infinite errors": {"error": np.inf},
    "huge errors": {"error": 1e30}, "no times": {"time": np.nan}, "infinite times": {"time": np.inf},
    "one time": {"time": 55000.0},
    "times in the far future": {"time": 1e12}, "no bands": {"band": ""}, "unknown bands": {"band": "Q"},
    "a band that is a number": {"band": 7},
    "no name": {"object": ""}, "a name that is an escape code": {"object": "\x1b[2J"}, "complex": {"magnitude": "19+1j"},
    "true": {"magnitude": True}, "lists": {"magnitude": "[19, 20]"}, "dates for magnitudes": {"magnitude": "2020-01-01"},
}  # fmt: skip
#: Fifteen measurements of one object: enough for an answer, which takes moments.
LONG = pd.concat([CURVE] * 3, ignore_index=True).assign(object="long", time=np.arange(53000.0, 53015.0))
_DATES = pd.date_range("2020-01-25", periods=15)
#: Tables of one light curve with something odd: what -> (columns that change, exit status, what is said of it).
CURVE_TABLES = {
    "seconds": ({"time": (53000 + 100 * np.arange(15)) * 86400.0}, 3, "give days"),
    "milliseconds": ({"time": 1.7e12 + 8.64e7 * np.arange(15)}, 3, "give days"),
    "years": ({"time": 2003 + np.arange(15) / 12}, 0, "are they years?"),
    "dates as numbers": ({"time": _DATES.strftime("%Y%m%d").astype(int)}, 0, "are they dates written as numbers?"),
    "dates that may be two": ({"time": _DATES.strftime("%d/%m/%Y")}, 3, "15 x no time"),
    "days and JD mixed": ({"time": LONG["time"] + 2400000.5 * (np.arange(15) % 2)}, 3, "give days"),
    "tiny errors": ({"error": 1e-8}, 0, "smaller than any photometry's"),
    "errors of millimagnitudes": ({"error": 20.0}, 3, "15 x error of a magnitude or more"),
    "errors in per cent": ({"error": "2%"}, 3, "15 x no number"),
    "millimagnitudes": ({"magnitude": 19000.0}, 3, "a sentinel"),
    "a band a measurement": ({"band": [f"b{row}" for row in range(15)]}, 3, "Unknown band 'b0'"),
    "one point in a band": ({"band": ["u", *LONG["band"][1:]]}, 0, "1 x fewer than 3 measurements in band u"),
    "bands of two surveys": ({"band": ["Ks", *LONG["band"][1:]]}, 0, "1 x Unknown band 'Ks'"),
    "capital bands": ({"band": LONG["band"].str.upper()}, 3, "Unknown band 'G'"),
    "true for magnitudes": ({"magnitude": True}, 3, "15 x no number"),
    "true for errors": ({"error": True}, 3, "15 x no number"),
    "true for times": ({"time": True}, 3, "15 x no time"),
    "two magnitudes": ({"Magnitude": 1.0}, 2, "magnitude and Magnitude differ in capitals alone"),
    "two times": ({"TIME": 1.0}, 2, "time and TIME differ in capitals alone"),
    "two bands": ({"Band": "g"}, 2, "band and Band differ in capitals alone"),
    "two errors": ({"Error": 1.0}, 2, "error and Error differ in capitals alone"),
    "two objects": ({"Object": "z"}, 2, "object and Object differ in capitals alone"),
    "two redshifts": ({"redshift": 1.0, "Redshift": 2.0}, 2, "redshift and Redshift differ in capitals alone"),
    "two names of objects": ({"object": list("aab") * 5, "name": list("abb") * 5}, 2, "both name the objects, and group"),
    "a redshift in words": ({"redshift": "one"}, 0, "redshift 'one' is no number: not used"),
    "a redshift that is true": ({"redshift": True}, 0, "redshift 'True' is no number: not used"),
    "a redshift of -999": ({"redshift": -999.0}, 0, "redshift -999 is none: not used"),
    "a redshift of 99": ({"redshift": 99.0}, 0, "redshift 99 is none: not used"),
    "several redshifts": ({"redshift": np.linspace(1, 2, 15)}, 0, "several values of redshift"),
    "a luminosity of -999": ({"redshift": 1.0, "absolute_magnitude": -999.0}, 0, "absolute magnitude -999 is none"),
    "extinction of -999": ({"A_V": -999.0}, 0, "extinction -999 is none: not used"),
    "extinction with its unit": ({"ebv": "0.03 mag"}, 0, "ebv '0.03 mag' is no number: not used"),
}  # fmt: skip
#: Arguments of ``lightcurve`` that mean nothing: arguments, what is said.
CURVE_ARGUMENTS = [
    (["--redshift", "nan"], "column or a number, not nan"), (["--redshift=-inf"], "column or a number, not -inf"),
    (["--extinction", "inf"], "column or a number, not inf"), (["--absolute-magnitude", "NaN"], "column or a number, not NaN"),
    (["--redshift", "one"], "No table has a column 'one'"), (["--workers", "0"], "give 1 or more"),
    (["--workers=-3"], "give 1 or more"), (["--reconstruction", "r.csv", "--step", "inf"], "positive number of days"),
    (["--reconstruction", "r.csv", "--step", "nan"], "positive number of days"),
    (["--column", "magnitude=error"], "name a column for each"), (["--column", "time=nothing"], "no column 'nothing'"),
    (["--column", "colour=band"], "No such role: colour"), (["--time-unit", "kg"], "give it in d"),
    (["--wavelength", "g=nan"], "give angstrom"), 
    (["--model", "simulator", "--tolerance", "nan"], "0 days or more"), (["--band", "x\x1b[2J"], "0 of 1"),
]  # fmt: skip
#: Names of objects that readers of tables like to make numbers or nothing of.
OBJECT_NAMES = ("007", "1e5", "0x1F", "1_000", "NA", "nan", "None", "True", "-0", "1.0", "+5", "Ω\u0301", "２", "1/2", "inf")
#: Spellings of one source that taught the models.
SPELLINGS = (
    "4FGL J1104.4+3812", "4FGLJ1104.4+3812", "4fgl j1104.4+3812", "4FGL J1104.4+3812c", "4FGL J1104.4+3812i",
    "4FGL-DR3 J1104.4+3812", "FL16Y J1104.4+3812", "3FGL J1104.4+3812", "3FHL J1104.4+3812", "J1104.4+3812",
    "4FGL  J1104.4+3812 ", "4FGL J1104.4+3812\u200b", "\ufeff4FGL J1104.4+3812", "4FGL\u00a0J1104.4\uff0b3812",
    "\u202eMkn\u2009421\u202c", "Mkn\u00ad 421", "Mkn 421", "mrk_421", "MARKARIAN 421", "B2 1101+38",
)  # fmt: skip
#: Values of blazars in another unit or scale, which no range of training tells apart from a source without a peak.
OTHER_UNITS = [("nu_syn", 2e6), ("nu_syn", 15.3), ("nu_syn", 1e5), ("nuFnu_syn", 4e-30), ("nuFnu_syn", 2.5), ("nu_syn", 1e30)]
#: Columns of names that hold none.
NO_NAMES = {
    "dates": pd.to_datetime(["2020-01-01", "2020-01-02", "2020-01-03"]), "spans": pd.to_timedelta([1, 2, 3], unit="D"),
    "fractions": [1.5, 2.5, 3.5], "numbers without their last digits": [1e17 + 32, 2e17, 3e17], "lists": [["a"], ["b"], ["c"]],
    "bytes that are no text": [b"\xff\xfe", b"\xe4", b"\x80c"], "true and false": [True, False, True],
    "days": pd.to_datetime(["2020-01-01", "2020-01-02", "2020-01-03"]).date, "structs": [{"a": 1}] * 3,
}  # fmt: skip
#: Columns of blazars and units that they may be stated in: column, unit, what turns one of the usual into it.
COLUMN_UNITS = [
    ("Pivot_Energy", "GeV", 1e-3), ("Pivot_Energy", "MeV", 1), ("Pivot_Energy", "keV", 1e3), ("nu_syn", "GHz", 1e-9),
    ("nuFnu_syn", "W m-2", 1e-3), ("Frac_Variability", "%", 100), ("PL_Index", "1", 1), ("Variability_Index", "", 1),
]  # fmt: skip
#: Columns of blazars and units that are none of theirs.
NO_COLUMN_UNITS = [
    ("PL_Index", "keV"), ("Frac_Variability", "mag"), ("Variability_Index", "d"), ("Pivot_Energy", "Hz"), ("nu_syn", "dex(Hz)"),
    ("nuFnu_syn", "mJy"), ("LP_Index", "deg"),
]  # fmt: skip
#: Columns of what is known of a quasar, with a unit: column, value, what is said ("": it is used).
FACT_UNITS = [
    ("redshift [km/s]", 15.0, "give it as a number without a unit"), ("redshift (mag)", 1.0, "give it as a number without"),
    ("redshift (%)", 100.0, ""), ("redshift ()", 1.0, ""), ("A_V [mag]", 0.1, ""), ("ebv (mmag)", 30.0, ""),
    ("E(B-V)", 0.03, ""), ("A_V (%)", 3.0, "give it in mag"), ("absolute_magnitude [mag]", -24.0, ""),
    ("absolute_magnitude (Jy)", 1.0, "give it in mag"), ("absolute_magnitude (AB)", -24.0, ""),
]  # fmt: skip
_TEXTS = ("A", "é", "170587683234807813")
_BYTES = tuple(text.encode() for text in _TEXTS)
#: Names as Parquet may hold them: what -> (Arrow array, the names, the rows of which are none).
PARQUET_NAMES = {
    "texts": (pa.array(_TEXTS), _TEXTS, ()), "large texts": (pa.array(_TEXTS, pa.large_string()), _TEXTS, ()),
    "bytes": (pa.array(_BYTES), _TEXTS, ()),
    "large bytes": (pa.array(_BYTES, pa.large_binary()), _TEXTS, ()),
    "bytes of one length": (pa.array([b"ab", b"cd", b"ef"], pa.binary(2)), ("ab", "cd", "ef"), ()),
    "bytes filled with zeros": (pa.array([b"ab\0", b"cd\0", b"e\0\0"], pa.binary(3)), ("ab", "cd", "e"), ()),
    "a dictionary": (pa.array(_TEXTS).dictionary_encode(), _TEXTS, ()),
    "a dictionary of bytes": (pa.array(_BYTES).dictionary_encode(), _TEXTS, ()),
    "a dictionary of integers": (pa.array([7, 8, 9]).dictionary_encode(), ("7", "8", "9"), ()),
    "integers": (pa.array([170587683234807813, -5, 7]), ("170587683234807813", "-5", "7"), ()),
    "unsigned integers": (pa.array([2**64 - 1, 5, 7], pa.uint64()), ("18446744073709551615", "5", "7"), ()),
    "short integers": (pa.array([-128, 0, 127], pa.int8()), ("-128", "0", "127"), ()),
    "decimals": (pa.array([Decimal(10**19 + 1), 5, 7], pa.decimal128(20, 0)), ("10000000000000000001", "5", "7"), ()),
    "whole floats": (pa.array([1.0, 2.0, 3.0], pa.float32()), ("1", "2", "3"), ()),
    "short floats": (pa.array(np.array([1, 2, 3], np.float16)), ("1", "2", "3"), ()),
    "an empty text": (pa.array(["A", None, "C"]), ("A", "", "C"), (1,)),
    "an empty integer": (pa.array([170587683234807813, None, 7]), ("170587683234807813", "", "7"), (1,)),
    "an empty entry of a dictionary": (pa.array(["A", None, "C"]).dictionary_encode(), ("A", "", "C"), (1,)),
    "bytes that are no text": (pa.array([b"\xff\xfe", b"\xff\xff", b"c"]), (r"\xff\xfe", r"\xff\xff", "c"), (0, 1)),
    "a dictionary of no text": (pa.array([b"a", b"\xe4", b"c"]).dictionary_encode(), ("a", r"\xe4", "c"), (1,)),
    "a number without its last digits": (pa.array([2.0**60, 2.0, 3.0]), (None, "2", "3"), (0,)),
}  # fmt: skip
if hasattr(pa, "uuid"):  # pyarrow 18, which also writes views
    _UUIDS = pa.array([bytes(15) + bytes([k]) for k in range(3)], pa.binary(16))
    PARQUET_NAMES |= {
        "texts by view": (pa.array(_TEXTS, pa.string_view()), _TEXTS, ()),
        "bytes by view": (pa.array(_BYTES, pa.binary_view()), _TEXTS, ()),
        "identifiers of their own type": (
            pa.ExtensionArray.from_storage(pa.uuid(), _UUIDS),
            tuple(f"00000000-0000-0000-0000-00000000000{k}" for k in range(3)),
            (),
        ),
    }
#: How many inputs are tried, counted as `test_hostile_*` try them.
COUNT = (
    2 * len(FILES) + (len(BLAZARS.columns) - 1) * len(CELLS) + len(SIX_CELLS) + len(WORDS) + len(NAME_OUTPUTS) * len(NAMES)
    + len(LOOKUPS) + len(POSITIONS) + len(PREDICTIONS) + len(SCHEDULERS) + len(MEASUREMENTS)
    + len(CURVE_TABLES) + len(CURVE_ARGUMENTS) + len(OBJECT_NAMES) + 2 * len(SPELLINGS)
    + len(OTHER_UNITS) + len(NO_NAMES) + 4 * len(PARQUET_NAMES)
    + 3 * len(COLUMN_UNITS) + 3 * len(NO_COLUMN_UNITS) + len(FACT_UNITS)
)  # fmt: skip
