"""Matching two releases by position: one tree search against the obvious double loop, same pairs."""

import time

import numpy as np
import pandas as pd
import pytest

from agnbook.sky import crossmatch


def fake_release(n, letter, rng, places=None):
    right_ascension, declination = places or (rng.uniform(0, 360, n), np.rad2deg(np.arcsin(rng.uniform(-1, 1, n))))
    return pd.DataFrame(
        {
            "Source_Name": [f"{letter}{i}" for i in range(n)],
            "RAJ2000": right_ascension, "DEJ2000": declination, "CLASS1": "",
            "Conf_95_SemiMajor": 0.1, "Conf_95_SemiMinor": 0.1, "Conf_95_PosAng": 0.0,
        }
    )  # fmt: skip


def by_loop(old, new):
    """Every pair of sources, one at a time; the nearest within both (circular) errors wins."""
    best = {}
    limit = np.hypot(0.1, 0.1)
    a, b = (np.deg2rad(table[["RAJ2000", "DEJ2000"]].to_numpy(float)) for table in (old, new))
    for i, (ra1, dec1) in enumerate(a):
        for j, (ra2, dec2) in enumerate(b):
            haversine = np.sin((dec2 - dec1) / 2) ** 2 + np.cos(dec1) * np.cos(dec2) * np.sin((ra2 - ra1) / 2) ** 2
            separation = np.rad2deg(2 * np.arcsin(np.sqrt(haversine)))
            if separation <= limit and separation < best.get(i, (limit, None))[0]:
                best[i] = (separation, j)
    return [f"N{best[i][1]}" if i in best else "" for i in range(len(old))]


@pytest.mark.benchmark(group="crossmatch")
def test_tree_search_against_double_loop(benchmark):
    rng = np.random.default_rng(0)
    old = fake_release(700, "O", rng)
    moved = old["RAJ2000"] + rng.normal(0, 0.05, 700), (old["DEJ2000"] + rng.normal(0, 0.05, 700)).clip(-90, 90)
    new = fake_release(700, "N", rng, moved)
    crossmatch.compare(old, new)  # imports astropy
    found = benchmark(crossmatch.compare, old, new).sources["successor"].tolist()
    begin = time.perf_counter()
    slow = by_loop(old, new)
    ratio = (time.perf_counter() - begin) / benchmark.stats.stats.mean
    print(f"tree search is {ratio:.0f} times faster than the double loop for 700 sources")
    assert found == slow
    assert ratio > 3
