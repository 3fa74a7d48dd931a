"""Long tables in blocks of rows, with a progress bar on a terminal."""

from tqdm import tqdm

#: Rows that are answered at once: bounds the memory of a long table.
BLOCK = 500


#: Seconds of work after which a progress bar appears.
DELAY = 2


def blocks(n: int, what: str, size: int = BLOCK):
    """Yield slices of `n` rows; where standard error is a terminal, work of more than `DELAY` seconds shows a bar."""
    with tqdm(total=n, desc=f"agnbook: {what}", unit="rows", delay=DELAY, disable=None, leave=False) as bar:
        for first in range(0, n, size):
            yield slice(first, min(first + size, n))
            bar.update(min(size, n - first))
