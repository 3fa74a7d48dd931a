"""What JupyterLab's hook does to the two files of a pair; the browser test sees it at work."""

from agnbook.press import lab


def test_the_heads_are_those_of_the_book():
    metadata = {
        "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
        "jupytext": {"notebook_metadata_filter": "all"},
        "language_info": {"name": "python", "version": "3.11.9"},
    }
    lab.keep_the_pair({"type": "notebook", "content": {"metadata": metadata, "cells": []}}, path="a.ipynb")
    assert metadata["kernelspec"]["display_name"] == "Python 3"
    assert metadata["language_info"] == {"name": "python"}
    text = "# ---\n#     display_name: Python 3 (ipykernel)\n# ---\n\n# %%\nname = 'display_name: Python 3 (ipykernel)'\n"
    model = {"type": "file", "content": text}
    lab.keep_the_pair(model)
    assert model["content"] == text.replace("#     display_name: Python 3 (ipykernel)", "#     display_name: Python 3")


def test_other_files_are_left_alone():
    for model in ({"type": "directory", "content": None}, {"type": "file", "content": "a: 1\n"}):
        before = dict(model)
        lab.keep_the_pair(model)
        assert model == before
