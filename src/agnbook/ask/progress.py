"""What a terminal is told while it waits: a progress bar for long tables, a line when functions are compiled."""

import sys
from contextlib import contextmanager

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


@contextmanager
def told_of_compiling():
    """Say once, on a terminal, that the model is being compiled: without that the first call seems to hang."""
    from numba.core import event

    class Told(event.Listener):
        said = False

        def on_start(self, event):
            if not self.said:
                self.said = True
                print("agnbook: compiling the model, once after an installation (half a minute) ...", file=sys.stderr)

        def on_end(self, event):
            pass

    if not sys.stderr.isatty():
        yield
        return
    with event.install_listener("numba:compile", Told()):
        yield
