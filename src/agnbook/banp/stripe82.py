"""The attentive neural process on light curves like those of Stripe 82: real visits and errors, simulated flicker.

The paper shows its network ideal curves: 500 to 1,000 visits in six bands at once, all errors alike. Here a simulated quasar
has the visits, the missing bands, the stated errors, the mean magnitudes, the redshift, the luminosity and the mass of a
real one, so that the network may be asked about real ones it has not seen. What it is told of a visit grows accordingly:
besides the magnitudes, which of them were measured and how well.
"""

import numpy as np
import pandas as pd
import torch

from agnbook import committed, storage
from agnbook.banp import anp, train, transforms
from agnbook.banp.neural_process import NeuralProcess, Scales
from agnbook.lightcurves import drw, population
from agnbook.quasars import heldout, samples
from agnbook.sky import bands, curve_tables, light_curves

BANDS = light_curves.SDSS
#: The 18 targets: as the paper's 21, in five bands.
TARGETS = (
    *(f"log_tau_{band}" for band in BANDS), *(f"log_sf_{band}" for band in BANDS),
    "log_mass", "M_i", "redshift", *(f"mag_{band}" for band in BANDS),
)  # fmt: skip
#: Numbers that describe a visit: deviations from the object's means, which bands were measured, log errors, the means.
INPUTS = 4 * len(BANDS)
#: Scatter (dex) of time-scale and amplitude about the simulators' law, which real quasars need and the law lacks.
SCATTER_TAU, SCATTER_SF = 0.3, 0.15
#: 1 - rho: median and scatter (natural log) of what the bands do not share; wide, so that the network must look.
UNSHARED, SCATTER_UNSHARED = 0.03, 0.8
#: Real errors exceed the stated ones by this, in quadrature (mag), and have the tails of Student's t with 4 degrees.
JITTER, DEGREES = 0.012, 4
#: Unit of deviations (mag) and of time (days).
DEVIATION, TIME = 0.2, 1000.0
#: A middle date of the survey (MJD), about which times are counted.
MIDDLE = 53000.0


def sample_process(redshift, absolute_i, log_mass, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw rest-frame log tau (days) and log SF_inf (mag), each (n, 5), and rho (n,), for quasars of given properties.

    The law is that of `population` (MacLeod et al. 2010, as the DC2 simulation uses it), widened by `SCATTER_TAU` and
    `SCATTER_SF`.
    """
    n = len(redshift)
    x = np.log10(bands.wavelengths(BANDS, "sdss") / 4000.0) - np.log10(1 + redshift)[:, None]
    found = []
    for law, scatter in ((population.TAU_LAW, SCATTER_TAU), (population.SF_LAW, SCATTER_SF)):
        a, b, c, d = (law[:, 0] + law[:, 1] * rng.standard_normal((n, 4))).T
        level = a + c * (absolute_i + 23) + d * (log_mass - 9) + scatter * rng.standard_normal(n)
        found.append(level[:, None] + b[:, None] * x)
    rho = 1 - np.clip(UNSHARED * np.exp(SCATTER_UNSHARED * rng.standard_normal(n)), 0.0, 0.5)
    return *found, rho


class SimulatedCurves:
    """Simulated light curves with the visits and errors of real quasars, as `train.neural_process` eats them.

    Parameters
    ----------
    n, rng : how many curves; each takes the visits of a random quasar.
    visits : dict, object -> `curve_tables.Visits`
    objects : table of redshift, M_i, log_mass and mag_u ... mag_z by object; all given.
    scales : a `Scales` to use, or None to set it from these curves (training).
    """

    def __init__(self, n: int, rng: np.random.Generator, visits: dict, objects, scales: Scales | None = None):
        names = rng.choice(np.array(list(visits)), n)
        table = objects.loc[names]
        redshift, absolute_i, log_mass = (table[name].to_numpy(float) for name in ("redshift", "M_i", "log_mass"))
        log_tau, log_sf, rho = sample_process(redshift, absolute_i, log_mass, rng)
        means = table[[f"mag_{band}" for band in BANDS]].to_numpy(float)
        self.targets = np.column_stack([log_tau, log_sf, log_mass, absolute_i, redshift, means])
        own = [visits[name] for name in names]
        start = np.concatenate([[0], np.cumsum([len(one.times) for one in own])])
        times, which = np.concatenate([one.times for one in own]), np.arange(n)
        sigma, tau = 10**log_sf / np.sqrt(2), 10**log_tau * (1 + redshift)[:, None]
        flicker = np.sqrt(rho)[:, None, None] * drw.simulate(times, start, which, sigma, tau, rng, shared=True)
        flicker += np.sqrt(1 - rho)[:, None, None] * drw.simulate(times, start, which, sigma, tau, rng, shared=False)
        self.times = [one.times for one in own]
        self.errors = [one.errors for one in own]
        self.truth = [mean + walk[: len(one.times)] for mean, walk, one in zip(means, flicker, own, strict=True)]
        if scales is None:
            scales = Scales(transforms.Standard.fit(means), transforms.Whitened.fit(self.targets))
        self.magnitudes, self.whiten = scales.magnitudes, scales.whiten

    def __len__(self) -> int:
        return len(self.targets)

    def draw(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Return `n` random rows for a training step."""
        return rng.integers(0, len(self), n)

    def batch(self, rows, n_context: int, n_extra: int, rng: np.random.Generator):
        """Return context times and inputs, target times and inputs, whitened targets, and which targets are held out.

        From each curve `n_context` + `n_extra` random visits. Between a half and all but four of them are context, the same
        number for the whole batch; of one band of each object, a seventh of the context is hidden. Targets: the
        magnitudes without noise at all the visits.
        """
        b, n = len(rows), n_context + n_extra
        picked = [np.sort(rng.choice(len(self.times[row]), n, replace=False)) for row in rows]
        times, errors, truth = (
            np.stack([values[row][pick] for row, pick in zip(rows, picked, strict=True)])
            for values in (self.times, self.errors, self.truth)
        )
        spread = np.sqrt(errors**2 + JITTER**2)
        observed = truth + spread * rng.standard_t(DEGREES, errors.shape) / np.sqrt(DEGREES / (DEGREES - 2))
        hidden = (np.arange(len(BANDS)) == rng.integers(0, len(BANDS), (b, 1)))[:, None] & (rng.random((b, n, 1)) < 1 / 7)
        observed[hidden] = np.nan
        size = int(rng.integers(n // 2, n - 3))
        held = np.argsort(np.argsort(rng.random((b, n)), axis=1), axis=1) >= size
        context = np.stack([a[~mask] for a, mask in zip(observed, held, strict=True)])
        centre = centres(context, np.stack([a[~mask] for a, mask in zip(spread, held, strict=True)]))
        described = describe(context, np.stack([a[~mask] for a, mask in zip(errors, held, strict=True)]), centre, self.magnitudes)
        wanted = describe(truth, np.nan_to_num(errors, nan=0.03), centre, self.magnitudes)  # also where nobody looked
        x = ((times - MIDDLE) / TIME)[..., None]
        tensors = (np.stack([a[~mask] for a, mask in zip(x, held, strict=True)]), described, x, wanted)
        white = self.whiten.forward(self.targets[rows])
        return *(torch.as_tensor(a, dtype=torch.float32) for a in (*tensors, white)), held


def centres(observed, spread) -> np.ndarray:
    """Weighted means (batch, 5) of the measured magnitudes (batch, n, 5), outliers clipped at 3 median deviations.

    A band without a measurement takes the mean of the others.
    """
    measured = np.isfinite(observed)
    empty = ~measured.any(axis=1)
    filled = np.where(empty[:, None], 0.0, observed)  # an empty band has no median; its mean is set below
    middle = np.nanmedian(filled, axis=1, keepdims=True)
    width = 3 * 1.4826 * np.nanmedian(np.abs(filled - middle), axis=1, keepdims=True)
    weight = np.where(measured, 1 / (spread**2 + 0.1**2), 0.0)  # .1 mag of flicker: no visit dominates
    total = np.maximum(weight.sum(axis=1), 1e-12)
    mean = np.nansum(weight * np.clip(filled, middle - width, middle + width), axis=1) / total
    others = np.where(empty, 0.0, mean).sum(axis=1, keepdims=True) / np.maximum((~empty).sum(axis=1, keepdims=True), 1)
    return np.where(empty, others, mean)


def describe(observed, errors, centre, magnitudes: transforms.Standard) -> np.ndarray:
    """Return the `INPUTS` numbers of each visit, (batch, n, 20), from magnitudes and errors (batch, n, 5), NaN: missing."""
    present = np.isfinite(observed) & np.isfinite(errors)
    deviation = np.where(present, (observed - centre[:, None]) / DEVIATION, 0.0)
    log_error = np.where(present, np.log10(np.where(present, errors, 1.0) / 0.03), 0.0)
    means = np.broadcast_to(magnitudes.forward(centre)[:, None], observed.shape)
    return np.concatenate([deviation, present, log_error, means], axis=-1)


class Stripe82Process(NeuralProcess):
    """The neural process that `learn` trains: asked about one real quasar with all its visits."""

    WEIGHTS = "weights/stripe82_process.safetensors"

    def answer(self, visits, known, *, passes: int = 50, seed: int = 0):
        """Predict the true magnitudes of one real quasar at all its visits from some of its measurements.

        Parameters
        ----------
        visits : `curve_tables.Visits` in `BANDS`
        known : bool array (n, 5), which measurements the network may see; a visit with none is no context point.
        passes : draws of latent and dropout.

        Returns
        -------
        mean, sd : arrays (n, 5), mag
            Of the mixture over passes; errors of measurement are not part of it.
        """
        torch.manual_seed(seed)
        observed = np.where(known, visits.values, np.nan)[None]
        errors = np.where(known, visits.errors, np.nan)[None]
        seen = np.isfinite(observed[0]).any(axis=1)
        observed, errors = observed[:, seen], errors[:, seen]
        centre = centres(observed, np.sqrt(errors**2 + JITTER**2))
        x = torch.as_tensor((visits.times - MIDDLE) / TIME, dtype=torch.float32)[None, :, None].expand(passes, -1, -1)
        described = describe(observed, errors, centre, self.scales.magnitudes)
        context = torch.as_tensor(described, dtype=torch.float32).expand(passes, -1, -1)
        with torch.no_grad():
            out = self.network(x[:, torch.as_tensor(seen)], context, x)
        mean, sd = (out[name].numpy().astype(float) * DEVIATION for name in ("mean", "sd"))
        return centre[0] + mean.mean(axis=0), np.sqrt((sd**2).mean(axis=0) + mean.var(axis=0))


def predict_hidden(process: Stripe82Process, hidden: heldout.Hidden, kind: str, **options) -> heldout.Prediction:
    """Predict the hidden measurements of a real quasar, as `heldout` does with other methods."""
    curve, asked = hidden.curve, hidden.truth
    number = heldout.visit_numbers(curve)
    column = np.array([BANDS.index(band) for band in curve.bands])[curve.band]
    values, errors = np.full((2, number[-1] + 1, len(BANDS)), np.nan)
    values[number, column], errors[number, column] = curve.values, curve.errors
    known = np.isfinite(values)
    unseen = hidden.visit if kind == "visit" else hidden.asked
    known[number[unseen], column[unseen]] = False
    times = np.bincount(number, curve.times) / np.bincount(number)
    mean, sd = process.answer(curve_tables.Visits(times, values, errors), known, **options)
    cell = number[hidden.asked], BANDS.index(hidden.band)
    return heldout.with_errors(mean[cell], sd[cell], asked.errors, JITTER)


#: Weight of the magnitudes in the loss (the paper: 10). Of three recipes tried for 100 s each on simulated curves (width 32
#: or 64 with weight 10, width 64 with weight 100), this reconstructed hidden visits best.
ALPHA = 100.0
#: The paper's network, twice as wide.
CONFIG = anp.Config(bands=len(BANDS), targets=len(TARGETS), inputs=INPUTS, hidden=64, latent=64)


def suitable(visits: dict, objects, context: int) -> list:
    """Names of the quasars whose visits a training curve may take: `context` or more, redshift, mass and means known."""
    known = objects[["redshift", "M_i", "log_mass", *(f"mag_{band}" for band in BANDS)]].notna().all(axis=1)
    return [name for name, own in visits.items() if len(own.times) >= context and known.get(name, False)]


def learn(
    visits: dict, objects, *, curves: int, validation: int, seconds: float, max_steps: int, checkpoint, seed: int,
    n_context: int = 36, n_extra: int = 12, every: int = 1000, cooldown: float = 0.0, config: anp.Config = CONFIG,
):  # fmt: skip
    """Train the neural process on simulated curves with the visits of `visits`; continue from `checkpoint` if there is one.

    A tenth of the quasars lend their visits to the validation curves, the others to the training curves. See
    `train.neural_process` for the rest.

    Returns
    -------
    Stripe82Process, history (list of dict, one a round)
    """
    names = np.array(suitable(visits, objects, n_context + n_extra))
    np.random.default_rng(seed).shuffle(names)
    cut = max(1, len(names) // 10)
    own = [{name: visits[name] for name in part} for part in (names[cut:], names[:cut])]
    training = SimulatedCurves(curves, np.random.default_rng([seed, 1]), own[0], objects)
    scales = Scales(training.magnitudes, training.whiten)
    held = SimulatedCurves(validation, np.random.default_rng([seed, 2]), own[1], objects, scales)
    torch.manual_seed(seed)
    network = anp.AttentiveNeuralProcess(config)
    history = train.neural_process(
        network, training, held, seconds=seconds, checkpoint=checkpoint, seed=seed, n_context=n_context, n_extra=n_extra,
        alpha=ALPHA, every=every, cooldown=cooldown, max_steps=max_steps,
    )  # fmt: skip
    notes = {"steps": history[-1]["step"], "alpha": ALPHA, "curves": curves}
    return Stripe82Process(network.eval(), scales, notes), history


def publish(process: Stripe82Process, history: list, settings, seed: int) -> None:
    """Write the trained network under ``data/`` with its record; nothing unless a `paper` run publishes."""
    if not committed.publishing() or settings.profile != "paper":
        return
    with storage.atomic_write(storage.DATA / process.WEIGHTS) as temporary:
        process.save(temporary)
    committed.record(
        process.WEIGHTS, chapter=settings.chapter, profile=settings.profile, seed=seed, wall_seconds=history[-1]["seconds"],
        **process.notes, parameters=anp.count_parameters(process.network),
    )  # fmt: skip


def train_for(names, settings, seed: int) -> pd.DataFrame:
    """Train with the visits of the named quasars at a chapter's sizes, from its checkpoint on; save; the learning curve."""
    wanted = ("curves", "validation", "seconds", "cooldown", "max_steps")
    process, history = learn(
        curve_tables.visits(light_curves.stripe82(names), BANDS), light_curves.stripe82_objects(), seed=seed,
        every=1000 if settings.profile == "paper" else settings["max_steps"],
        checkpoint=storage.ROOT / "_build" / f"stripe82-process-{settings.profile}.pt",
        **{name: settings[name] for name in wanted},
    )  # fmt: skip
    publish(process, history, settings, seed)
    return pd.DataFrame(history)


def process_of(profile: str) -> Stripe82Process:
    """Return the committed network; at `smoke` an untrained one."""
    if profile != "smoke":
        return Stripe82Process.load()
    magnitudes = transforms.Standard(np.full(5, 19.8), np.full(5, 0.8))
    return Stripe82Process(anp.AttentiveNeuralProcess(CONFIG).eval(), Scales(magnitudes, None), {"steps": 0})


def hold_out(names, profile: str, *, seed: int = 0, passes: int = 50):
    """Predict the measurements that `quasars.samples.hold_out` hides with the neural process: `heldout.points`."""
    process = process_of(profile)
    tables = []
    for curve in samples.curves(names):
        hidden = heldout.hide(curve, seed=seed)
        for kind in ("visit", "band"):
            found = predict_hidden(process, hidden, kind, passes=passes, seed=seed)
            tables.append(heldout.points(hidden, {"neural process": found}, kind))
    return pd.concat(tables, ignore_index=True)
