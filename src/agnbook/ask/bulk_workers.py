"""Who does the work of bulk inference: processes of this machine, or the workers of a Dask scheduler.

A task is a function of a partition's name that returns its record, or ``{"error": words}``. Workers may be killed in the
middle of one; the others' work goes on.
"""

import logging
import os
import queue
import threading
import time
from concurrent.futures import as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager

from agnbook.ask import processes
from agnbook.errors import BookError

#: Seconds to wait for a scheduler's answer and for its first worker, together.
PATIENCE = 30
KILLED = "its worker was killed again and again, perhaps for want of memory; split it, or start fewer workers"


def gather_here(workers: int | None, task, missing, records, tick) -> None:
    """Compute the partitions `missing` in processes of this machine and put their records into `records` as they come.

    Where a worker is killed, nobody knows which partition it had: those that may have been running are computed again, each
    in a process of its own, and one that kills this too, twice, is named.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    workers, waiting = workers or cores, sorted(missing)
    while waiting:
        with processes.pool(workers) as pool:
            try:
                futures = processes.submitted(pool, task, waiting)
                for future in as_completed(futures):
                    records[futures[future]] = future.result()
                    tick()
            except BrokenProcessPool:
                pass
        waiting = [name for name in waiting if name not in records]
        for name in waiting[:workers]:  # tasks are begun in order
            records[name] = _alone_in_a_process(task, name)
            tick()
        waiting = waiting[workers:]


def _alone_in_a_process(task, name) -> dict:
    for _ in range(2):
        with processes.pool(1) as pool:
            try:
                return next(iter(processes.submitted(pool, task, [name]))).result()
            except BrokenProcessPool:
                continue
    return {"error": KILLED}


@contextmanager
def client_of(scheduler: str):
    """Yield a Dask client of the scheduler at an address; it and its first worker must answer within `PATIENCE`."""
    from dask.distributed import Client

    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    answered, deadline = queue.Queue(), time.monotonic() + PATIENCE

    def connect():
        try:
            answered.put(Client(scheduler, timeout=PATIENCE))
        except Exception as error:  # whatever answers at that address need not be a scheduler
            answered.put(error)

    # in a thread of its own: something that accepts the connection and is silent would hold it for ever
    threading.Thread(target=connect, daemon=True).start()
    try:
        client = answered.get(timeout=PATIENCE)
    except queue.Empty:
        client = None
    if client is None or isinstance(client, Exception):
        raise BookError(f"No Dask scheduler answers at {scheduler}. Start one with `dask scheduler`, or leave the option out.")
    with client:
        try:
            client.wait_for_workers(1, timeout=max(deadline - time.monotonic(), 0.1))
        except TimeoutError as error:
            raise BookError(f"The scheduler at {scheduler} has no workers. Start some with `dask worker {scheduler}`.") from error
        yield client


def gather_on_cluster(client, task, missing, records, tick) -> None:
    """Compute the partitions `missing` on a Dask cluster and put their records into `records` as they come."""
    from dask.distributed import KilledWorker, as_completed

    futures = {client.submit(task, name, pure=False): name for name in sorted(missing)}
    try:
        for future in as_completed(list(futures)):
            try:
                records[futures[future]] = future.result()
            except KilledWorker:
                records[futures[future]] = {"error": KILLED}
            future.release()
            tick()
    finally:
        client.cancel(list(futures))
