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


def test_a_legend_above_stands_outside_the_axes():
    import matplotlib.pyplot as plt

    figures.use_book_style()
    fig, ax = plt.subplots()
    ax.plot([0, 1], [0, 1], label="a line")
    figures.legend_above(ax)
    fig.canvas.draw()
    (legend,) = fig.legends
    assert legend.get_texts()[0].get_text() == "a line"
    assert legend.get_window_extent().y0 >= ax.get_window_extent().y1
    plt.close(fig)


def test_flows_are_as_wide_as_their_numbers():
    import matplotlib.pyplot as plt
    import pandas as pd

    table = pd.DataFrame({"before": ["a"] * 6 + ["b"] * 2, "after": ["a"] * 5 + ["b"] + ["b"] * 2})
    fig, ax = plt.subplots()
    figures.flows(ax, table, {"a": "blue", "b": "red"})
    heights = sorted(round(abs(bar.get_height())) for bar in ax.patches)
    assert heights == [2, 3, 5, 6]
    assert len(ax.collections) == 3  # a to a, a to b, b to b
    starts = []
    for band in ax.collections:
        x, y = band.get_paths()[0].vertices.T
        starts.append(round(float(np.ptp(y[x < 0.061]))))
    assert sorted(starts) == [1, 2, 5]
    plt.close(fig)


def test_dots_stand_in_their_row_from_the_top_and_missing_ones_are_not_drawn():
    import matplotlib.pyplot as plt
    import pandas as pd

    table = pd.DataFrame({"left": [1.0, np.nan], "right": [3.0, 4.0]}, ["first", "second"])
    fig, ax = plt.subplots()
    figures.dots(ax, table)
    left, right = (line.get_xydata() for line in ax.lines)
    assert [text.get_text() for text in ax.get_yticklabels()] == ["first", "second"]
    assert np.isnan(left[1, 0]) and list(right[:, 0]) == [3.0, 4.0]
    assert left[0, 1] > right[0, 1] > right[1, 1]  # side by side within a row, rows downwards
    assert np.abs(right[:, 1] - [0, -1]).max() < 0.5
    plt.close(fig)


def test_an_arrow_passes_below_a_box_in_its_way():
    import matplotlib.pyplot as plt

    fig, axes = plt.subplots(2)
    for ax, height, bent in zip(axes, (0, 1), (True, False), strict=True):
        figures.boxes(ax, {"a": (0, 0), "between": (1, height), "b": (2, 0)}, [(0, 2)])
        (arrow,) = [text.arrow_patch for text in ax.texts if not text.get_text()]
        assert (getattr(arrow.get_connectionstyle(), "rad", 0) > 0) is bent
        assert ax.get_ylim()[0] == (-0.9 if bent else -0.5)
    plt.close(fig)


def test_the_bands_have_colours_of_their_own():
    assert len({figures.BAND_COLORS[band] for band in "ugrizy"}) == 6 and set(figures.BAND_COLORS.values()) <= set(
        figures.COLORS.values()
    )


def test_boxes_stand_at_their_places_and_arrows_join_them():
    import matplotlib.pyplot as plt
    from matplotlib.colors import to_hex

    fig, ax = plt.subplots()
    places = {"a": (0, 0), "b": (2, 1)}
    figures.boxes(ax, places, [(0, 1)])
    drawn = {text.get_text(): text for text in ax.texts if text.get_text()}
    assert {name: text.get_position() for name, text in drawn.items()} == places, "the argument stays as it was given"
    (arrow,) = [text for text in ax.texts if not text.get_text()]
    assert tuple(arrow.xy) == (2, 1) and ax.get_xlim() == (-0.5, 2.5)
    frames = [to_hex(drawn[name].get_bbox_patch().get_edgecolor()).upper() for name in places]
    assert frames == [to_hex(figures.COLORS[color]).upper() for color in ("grey", "blue")], "above the first box: blue"
    plt.close(fig)
