"""The box at a chapter's head."""

from simulated import SETTINGS

from agnbook import storage
from agnbook.chapter import run_box


def test_run_box_shows_profile_data_and_last_run(data):
    storage.update_json(
        data / "results" / "runs.json", {"99_test": {"wall_seconds": 12.3, "peak_memory_gb": 1.5, "hardware": "2 cores"}}
    )
    box = run_box.RunBox(SETTINGS, loaded="<b>weights</b>")
    assert "12 s wall, 1.5 GB peak, 2 cores" in repr(box) and "epochs = 3" in repr(box)
    assert "&lt;b&gt;weights&lt;/b&gt;" in box._repr_html_()
