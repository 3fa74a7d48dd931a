"""Processes of the command's own: nobody outside can reach them, Ctrl-C is the command's alone, and they end when it ends.

They import the package and nothing of the script that asks for them, which therefore needs no ``if __name__ == "__main__":``.
"""

import multiprocessing
import os
import signal
import sys
import threading
import types
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager

_HELPER = "ignore:resource_tracker:UserWarning"


def _begin_worker() -> None:
    """Leave the terminal to the command (Ctrl-C and the bar are its own), and end when it ends, however it does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.stderr = open(os.devnull, "w")

    def watch():
        multiprocessing.parent_process().join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@contextmanager
def _for_the_command_alone():
    """Hold back what a terminal sends to the whole group: processes born meanwhile never get it, the command a moment later.

    Python's own helper, which counts the locks that processes share, is such a process, too. What it says of those that a
    killed process has left is nothing to a user.
    """
    sys.warnoptions.append(_HELPER)  # children are started with the same options
    mask = getattr(signal, "pthread_sigmask", None)
    before = mask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGHUP}) if mask else None
    try:
        yield
    finally:
        sys.warnoptions.remove(_HELPER)
        if mask:
            mask(signal.SIG_SETMASK, before)


@contextmanager
def _without_the_script():
    """Start processes that do not run the user's script again, as they would under the name ``__mp_main__``.

    Their tasks are functions of the package alone, and a script without a guard would ask for processes in each of them.
    """
    script = sys.modules["__main__"]
    sys.modules["__main__"] = types.ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = script


@contextmanager
def pool(workers: int):
    """Yield a pool of processes that nobody outside can reach; on an error or Ctrl-C they end at once."""
    others = set(multiprocessing.active_children())
    with _for_the_command_alone():
        executor = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _begin_worker)
    try:
        yield executor
    except BaseException:
        for child in set(multiprocessing.active_children()) - others:
            child.kill()
        raise
    finally:
        executor.shutdown(cancel_futures=True)


def submitted(executor, task, names) -> dict:
    """Submit a task for each name; future -> name, in order. The first submissions start the processes."""
    with _for_the_command_alone(), _without_the_script():
        return {executor.submit(task, name): name for name in names}
