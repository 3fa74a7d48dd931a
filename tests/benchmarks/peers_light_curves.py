"""Times of peers on one light curve, run by `test_bench_quasars.py` with the Python of an environment of their own.

Usage: python peers_light_curves.py CURVE.npz. Prints one line of JSON: milliseconds of a likelihood and of fits.
"""

import json
import sys
import time

import jax
import jax.numpy as jnp
import numpy as np
from eztao.ts import drw_fit
from eztaox.kernels import quasisep
from eztaox.models import MultiVarModel

jax.config.update("jax_enable_x64", True)


def milliseconds(function, seconds=1.0):
    """Shortest processor time of a call among repeated ones, after one that compiles, in blocks that the clock can resolve."""
    function()
    start = time.process_time()
    function()
    block = max(1, int(2e-3 / max(time.process_time() - start, 1e-6)))
    best, end = np.inf, time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.process_time()
        for _ in range(block):
            function()
        best = min(best, (time.process_time() - start) / block)
    return 1e3 * best


data = np.load(sys.argv[1])
times, band, values, errors = (data[name] for name in ("times", "band", "values", "errors"))
bands = int(band.max()) + 1
model = MultiVarModel(
    (times, band), values, errors, quasisep.Exp(300.0, 0.15), bands, zero_mean=False, has_jitter=True, has_lag=False
)
parameters = {
    "log_kernel_param": jnp.log(jnp.array([300.0, 0.15])), "log_amp_scale": jnp.zeros(bands - 1),
    "mean": jnp.array([values[band == b].mean() for b in range(bands)]), "log_jitter": jnp.full(bands, np.log(0.012)),
}  # fmt: skip
result = {"eztaox_loglike": milliseconds(lambda: model.log_prob(parameters).block_until_ready())}
BATCH = 192
many = {key: jnp.tile(jnp.asarray(value), (BATCH, 1)) for key, value in parameters.items()}
together = jax.jit(jax.vmap(model.log_prob))
result["eztaox_batch"] = milliseconds(lambda: together(many).block_until_ready()) / BATCH


def fit_bands():
    for b in range(bands):
        mine = band == b
        order = np.argsort(times[mine])
        drw_fit(times[mine][order], values[mine][order] - values[mine].mean(), errors[mine][order])


if "fit" in sys.argv[2:]:
    result["eztao_fits"] = milliseconds(fit_bands)
print(json.dumps(result))
