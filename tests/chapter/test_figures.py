"""The style of figures."""

import numpy as np
import pytest

from agnbook.chapter import figures


def test_sky_map_puts_growing_longitude_to_the_left():
    import matplotlib.pyplot as plt

    figures.use_book_style()
    fig, ax = plt.subplots(subplot_kw={"projection": "aitoff"})
    figures.sky_map(ax, [30.0, 330.0], [0.0, 0.0])
    x = ax.collections[0].get_offsets()[:, 0]
    assert x[0] == pytest.approx(np.deg2rad(-30)) and x[1] == pytest.approx(np.deg2rad(30))
    plt.close(fig)
