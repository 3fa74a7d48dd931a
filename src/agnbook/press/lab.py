"""JupyterLab, as ``make lab`` starts it, saves a notebook as the book keeps it: `keep_the_pair` is its ``pre_save_hook``."""

import re

KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def keep_the_pair(model: dict, **_) -> None:
    """Give both files of a pair the head that ``make run`` gives them, in place.

    JupyterLab writes the kernel's own title and Python's patch version, which differ between
    machines, so that an untouched notebook would be changed by saving it.

    Parameters
    ----------
    model : what Jupyter is about to save: a notebook (``.ipynb``), or a text (its ``.py``).
    """
    if model["type"] == "notebook":
        clean(model["content"]["metadata"])
    elif model["type"] == "file" and isinstance(model.get("content"), str):
        pattern = r"(?m)^#     display_name: Python 3.*$"
        model["content"] = re.sub(pattern, f"#     display_name: {KERNEL['display_name']}", model["content"], count=1)


def clean(metadata: dict) -> None:
    """Bring a notebook's metadata to the book's form, in place."""
    metadata["kernelspec"] = dict(KERNEL)
    metadata["jupytext"] = {"text_representation": {"extension": ".py", "format_name": "percent"}}
    metadata.get("language_info", {}).pop("version", None)
