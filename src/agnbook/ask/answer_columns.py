"""What the columns of an answer are, for whoever opens its file."""

from agnbook import described_tables
from agnbook.sky import source_classes

_PUBLISHED = "as the book has published it for this source; empty where it has nothing"
_FLAGS = {
    "problem": "why values of the row are not used, in words; empty where nothing is wrong",
    "not_given": "columns without a number, which the model cannot do without",
    "no_sed": "no synchrotron fit: the classes are then told apart much less well",
    "out_of_range": "features outside the training range: the model extrapolates",
    "in_training": "the source taught the model; the part of it answers that has not seen the source",
    "extrapolated": "sources like it are rare among those that taught the model",
    "networks": "how many networks answered",
    "density_ratio": "density of unassociated over that of associated sources at its place in feature space",
    "model": "which model answered, from which columns",
    "model_sha256": "SHA-256 of the model's weights",
    "published_model": "which model the published values are of",
}
BLAZARS = _FLAGS | {
    "probability_fsrq": "probability of FSRQ; one minus it that of BL Lac",
    "published_probability_fsrq": f"probability of FSRQ, {_PUBLISHED}",
    "published_low": f"lower end of its 95 % interval, {_PUBLISHED}",
    "published_high": f"upper end of its 95 % interval, {_PUBLISHED}",
}
SIX = _FLAGS | {name: f"probability of the group {name}" for name in source_classes.NAMES}
SIX |= {f"{name}_sd": "its standard deviation over networks" for name in source_classes.NAMES}
SIX |= {f"published_{name}": f"probability of the group {name}, {_PUBLISHED}" for name in source_classes.NAMES}
REDSHIFT = _FLAGS | {
    "without": "columns of 4LAC that the answer had to do without: only those of 4FGL were used",
    "expected_rmse": "root mean square error of the model's medians on known redshifts that it had not seen",
    "z_q500": "median of the predictive redshift distribution",
    "z_low68": "lower end of the 68.3 % interval, calibrated by class",
    "z_high68": "upper end of that interval",
    "z_low95": "lower end of the 95.4 % interval, calibrated by class",
    "z_high95": "upper end of that interval",
    "extrapolated": "the 95.4 % interval goes beyond the highest redshift in training",
    **{f"published_{name}": f"{name}, {_PUBLISHED}" for name in ("z_q500", "z_low68", "z_high68")},
}


def unanswered(table):
    """Return which rows of an answer (astropy or pandas) hold none, as booleans."""
    return table["not_given" if "not_given" in table.columns else "problem"] != ""


def describe(table, meanings: dict[str, str]):
    """Give the columns of an answer their descriptions, in place, and return it."""
    return described_tables.describe(table, {name: ("", text) for name, text in meanings.items()})
