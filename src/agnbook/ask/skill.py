"""What the models that answer are worth: how they were examined, and how often an answer like this one was right."""

from functools import cache

import numpy as np

from agnbook import committed
from agnbook.ask import seals, source_names
from agnbook.chapter import claims
from agnbook.sky import source_classes

#: Known blazars with the most similar answer, whose classes tell what an answer of the network is worth.
SIMILAR = 200

#: Redshifts by the model that was fitted without the columns that 4FGL lacks.
FROM_4FGL = "redshift from 4FGL"
#: Question -> how its model was examined, and the claims that tell the result: name and claim.
EXAMINED = {
    "blazars": ("in cross-validation", {"accuracy": "classes.bias_init.cv.accuracy", "log loss": "classes.bias_init.cv.logloss"}),
    "redshift": ("in cross-validation", {"rmse": "redshift.best.rmse", "share in 68.3 % intervals": "redshift.best.coverage68"}),
    "dc2_like": ("on simulated curves", {"rms of log mass": "lightcurves.best.logm_rms"}),
    "lsst_bright": ("on simulated curves", {"rms of log mass": "lightcurves.lsst_bright.logm_rms"}),
    "independent": ("on simulated curves", {"rms of log mass": "lightcurves.independent.logm_rms"}),
    "independent, exact": ("on simulated curves", {"rms of log mass": "lightcurves.independent.exact.logm_rms"}),
    "dc2_like, exact": ("on simulated curves", {"gain over the network in prior deviations": "lightcurves.floor.dc2_like"}),
    "lsst_bright, exact": ("on simulated curves", {"gain over the network in prior deviations": "lightcurves.floor.lsst_bright"}),
}


def skill(question: str) -> tuple[str, str]:
    """Say how a shipped model was examined on what it was not trained on, and its scores with 95 % intervals.

    Parameters
    ----------
    question : "six", `FROM_4FGL` or a key of `EXAMINED`
    """
    if question == FROM_4FGL:
        from agnbook.judge import calibration
        from agnbook.redshifts import fewer_columns

        few = committed.load_table(fewer_columns.COST).set_index("columns").loc[fewer_columns.FITTED]
        how, n, share = "of 4FGL's columns alone, on known redshifts that it had not seen", int(few["n"]), few["coverage68"]
        found = {
            "rmse": few[["rmse", "rmse_low", "rmse_high"]],
            "share in 68.3 % intervals": (share, *calibration.wilson_interval(round(share * n), n)),
        }
    elif question == "six":
        from agnbook.shift.shipped_groups import ShippedGroups

        held_out = ShippedGroups.load().notes["held_out"]
        how, n = "on training sources, by networks that did not see them", held_out["n"]
        found = {name: held_out[key] for name, key in {"accuracy": "accuracy", "log loss": "logloss"}.items()}
    else:
        seals.check_claims()
        how, wanted = EXAMINED[question]
        entries = {name: claims.get(identifier) for name, identifier in wanted.items()}
        found = {name: (entry["ours"], *entry["interval"]) for name, entry in entries.items()}
        n = next(iter(entries.values()))["n"]
    scores = ", ".join(f"{name} {value:.3g} ({low:.3g} to {high:.3g})" for name, (value, low, high) in found.items())
    return f"{how} (n {n})", scores


@cache
def _held_out() -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of known blazars by networks that were trained without them, sorted, and whether each is an FSRQ."""
    votes = committed.load_table("results/blazar_votes_networks.csv").set_index("Source_Name")["bias_init|validation.0"]
    votes.index = source_names.todays_names(votes.index)
    klass = source_classes.gamma_class(source_names.source_table().reindex(votes.index).fillna({"CLASS1": ""}))
    blazar = klass.isin(["bll", "fsrq"]).to_numpy()
    votes, klass = votes[blazar], klass[blazar]
    order = np.argsort(votes.to_numpy(), kind="stable")
    return votes.to_numpy()[order], (klass == "fsrq").to_numpy()[order]


def observed_fraction(probability) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return how often known blazars that got such an answer are FSRQs.

    Parameters
    ----------
    probability : array (n,), answers of the 7-42-1 network; NaN where there is none.

    Returns
    -------
    fraction, low, high : arrays (n,)
        Of the `SIMILAR` known blazars to which the network's recipe, trained without them, gave the nearest probabilities
        (as many below as above, where there are), the fraction of FSRQs with its 95 % Wilson interval; NaN for NaN.
    """
    from agnbook.judge import calibration  # scipy's statistics take a while to load

    known, is_fsrq = _held_out()
    probability = np.asarray(probability, float)
    first = np.clip(np.searchsorted(known, probability) - SIMILAR // 2, 0, len(known) - SIMILAR)
    counts = np.diff(np.concatenate([[0], np.cumsum(is_fsrq)])[np.stack([first, first + SIMILAR])], axis=0)[0]
    limits = np.array([calibration.wilson_interval(k, SIMILAR) for k in range(SIMILAR + 1)])
    low, high = limits[counts].T
    return tuple(np.where(np.isnan(probability), np.nan, values) for values in (counts / SIMILAR, low, high))
