"""The code that answers light curves, by its hash: it has no weights, so its text is what an answer depends on."""

import hashlib
from functools import cache
from pathlib import Path

#: Modules of this folder that decide what a light curve is answered, beside those of `agnbook.quasars`.
MODULES = (
    "curve_options", "flux_units", "light_curves", "measured_rows", "measurements", "object_facts", "plain_columns",
    "stripe82_places", "user_columns", "visits",
)  # fmt: skip


@cache
def sha256() -> str:
    """Return the SHA-256 of the code that answers light curves."""
    from agnbook import quasars

    here, digest = Path(__file__), hashlib.sha256()
    for path in (*sorted(Path(quasars.__file__).parent.glob("*.py")), *(here.with_name(f"{name}.py") for name in MODULES)):
        digest.update(path.read_bytes())
    return digest.hexdigest()
