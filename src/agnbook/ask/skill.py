"""How the models that answer were examined, in a sentence."""

from agnbook.chapter import claims

#: Question -> how its model was examined, and the claims that tell the result: name and claim.
EXAMINED = {
    "blazars": ("in cross-validation", {"accuracy": "classes.bias_init.cv.accuracy", "log loss": "classes.bias_init.cv.logloss"}),
    "redshift": ("in cross-validation", {"rmse": "redshift.best.rmse", "share in 68.3 % intervals": "redshift.best.coverage68"}),
    "dc2_like": ("on simulated curves", {"rms of log mass": "lightcurves.best.logm_rms"}),
    "lsst_bright": ("on simulated curves", {"rms of log mass": "lightcurves.lsst_bright.logm_rms"}),
    "independent": ("on simulated curves", {"rms of log mass": "lightcurves.independent.logm_rms"}),
    "independent, exact": ("on simulated curves", {"rms of log mass": "lightcurves.independent.exact.logm_rms"}),
}


def skill(question: str) -> tuple[str, str]:
    """Say how a shipped model was examined on what it was not trained on, and its scores with 95 % intervals.

    Parameters
    ----------
    question : "six" or a key of `EXAMINED`
    """
    if question == "six":
        from agnbook.shift.shipped_groups import ShippedGroups

        held_out = ShippedGroups.load().notes["held_out"]
        how, n = "on training sources, by networks that did not see them", held_out["n"]
        found = {name: held_out[key] for name, key in {"accuracy": "accuracy", "log loss": "logloss"}.items()}
    else:
        how, wanted = EXAMINED[question]
        entries = {name: claims.get(identifier) for name, identifier in wanted.items()}
        found = {name: (entry["ours"], *entry["interval"]) for name, entry in entries.items()}
        n = next(iter(entries.values()))["n"]
    scores = ", ".join(f"{name} {value:.3g} ({low:.3g} to {high:.3g})" for name, (value, low, high) in found.items())
    return f"{how} (n {n})", scores
