"""How long a network's prediction takes: is one with a seventh of the operations seven times faster?"""

import time

import numpy as np
import pandas as pd

from agnbook.blazars import networks


def measure(architectures: dict[str, tuple], batches, rng: np.random.Generator, repeats: int = 50) -> pd.DataFrame:
    """Time numpy's forward pass of dense networks on seven features; weights are random, only their shapes count.

    Parameters
    ----------
    architectures : name -> layers.
    batches : numbers of sources that are asked about in one call.
    repeats : calls of which the shortest counts: whatever else the machine does only adds time. Networks take turns.

    Returns
    -------
    pandas.DataFrame
        ``network``, ``sources`` and ``microseconds`` of a call.
    """
    parameters = {name: networks.glorot(1, 7, layers, rng) for name, layers in architectures.items()}
    rows = []
    for sources in batches:
        x = rng.standard_normal((1, sources, 7), dtype=np.float32)
        shortest = dict.fromkeys(architectures, np.inf)
        for _ in range(repeats):
            for name, layers in architectures.items():
                start = time.perf_counter()
                networks.sigmoid(networks.forward(parameters[name], layers, x))
                shortest[name] = min(shortest[name], time.perf_counter() - start)
        rows += [(name, sources, 1e6 * seconds) for name, seconds in shortest.items()]
    return pd.DataFrame(rows, columns=["network", "sources", "microseconds"])
