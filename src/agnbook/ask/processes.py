"""Processes of the command's own: nobody outside can reach them, Ctrl-C is the command's alone, and they end when it ends."""

import multiprocessing
import os
import signal
import sys
import threading
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager


def _begin_worker() -> None:
    """Leave the terminal to the command (Ctrl-C and the bar are its own), and end when it ends, however it does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.stderr = open(os.devnull, "w")

    def watch():
        multiprocessing.parent_process().join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@contextmanager
def pool(workers: int):
    """Yield a pool of processes that nobody outside can reach; on an error or Ctrl-C they end at once."""
    others = set(multiprocessing.active_children())
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
    """Submit a task for each name; future -> name, in order.

    Processes that are born here inherit that Ctrl-C is not for them; the command itself gets it a moment later.
    """
    mask = getattr(signal, "pthread_sigmask", None)
    before = mask(signal.SIG_BLOCK, {signal.SIGINT}) if mask else None
    try:
        return {executor.submit(task, name): name for name in names}
    finally:
        if mask:
            mask(signal.SIG_SETMASK, before)
