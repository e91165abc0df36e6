"""The points of a sweep on a Dask cluster that is already there.

A worker computes a point in a folder of its own and sends back the files of the record, so the cluster needs
no disk in common; this process checks the record and puts it into the sweep's folder, whole. A point's
counts depend on its seed alone, so they are those that this machine would have counted.
"""

from __future__ import annotations

import importlib
import itertools
import logging
import queue
import re
import secrets
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from qcoord_hw import record
from qcoord_hw.errors import InputError, QcoordError, TargetError
from qcoord_hw.record.files import make_folder, unwritable, write_new
from qcoord_hw.spec import one_line, short_repr
from qcoord_hw.sweeps.local import Key
from qcoord_hw.sweeps.task import Outcome, Task, attempt_anywhere, failed

_ADDRESS = re.compile(r"((tcp|tls|ws|wss|inproc)://\S+|[\w.-]+:[0-9]{1,5})", re.ASCII)

CONNECT_SECONDS = 5
MAX_WORDS = 200
WORKER_SECONDS = 20.0
"""After so long without any news it is checked that there are workers at all."""


def compute_there(
    tasks: Mapping[Key, Task], folder: Path, address: str, report: Callable[[Key, Outcome], None]
) -> None:
    """Compute tasks on a cluster.

    Args:
        tasks: by any key.
        folder: of the sweep; the runs go there.
        address: of the cluster's scheduler, such as `tcp://10.0.0.1:8786`.
        report: called with the key and the outcome of each task, in the order in which they end.

    Raises:
        InputError: when Dask is not installed.
        TargetError: when the cluster does not answer or has no workers.
    """
    try:
        distributed: Any = importlib.import_module("distributed")  # it states no types
    except ImportError:
        raise InputError(
            "dask: distributed is not installed; `pip install qcoord_hw[dask]` installs it"
        ) from None

    with _quiet():
        _compute(distributed, tasks, folder, address, report)


def _compute(
    distributed: Any,
    tasks: Mapping[Key, Task],
    folder: Path,
    address: str,
    report: Callable[[Key, Outcome], None],
) -> None:
    client = _connected(distributed, address)
    ended: queue.SimpleQueue[Any] = queue.SimpleQueue()
    with client:
        futures = {client.submit(attempt_anywhere, task, pure=False): key for key, task in tasks.items()}
        for future in futures:
            future.add_done_callback(ended.put)
        while futures:
            try:
                future = ended.get(timeout=WORKER_SECONDS)
            except queue.Empty:
                if client.scheduler_info()["workers"]:
                    continue
                raise TargetError(
                    f"dask: the cluster at {short_repr(address)} has no workers; start some, then give the "
                    "command again"
                ) from None
            key = futures.pop(future)
            report(key, _outcome(future, folder))
            future.release()


def _connected(distributed: Any, address: str) -> Any:
    """Return a client of the scheduler at an address.

    Raises:
        InputError: when it is no address.
        TargetError: when no scheduler answers there in time.
    """
    if not _ADDRESS.fullmatch(address):
        raise InputError(f"dask: {short_repr(address)}; allowed is a scheduler such as tcp://10.0.0.1:8786")
    connected: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def connect() -> None:
        try:
            client = distributed.Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
        except Exception as error:  # of many kinds, where something else than a scheduler listens
            connected.put(one_line(error) or type(error).__name__)
        else:
            connected.put(client)

    threading.Thread(target=connect, daemon=True).start()  # what listens may never say a word
    try:
        client = connected.get(timeout=CONNECT_SECONDS + 4)
    except queue.Empty:
        client = "what listens there does not speak as one"
    if isinstance(client, str):
        raise TargetError(
            f"dask: no scheduler answers at {short_repr(address)} ({client[:MAX_WORDS]}); start "
            "one, or leave out "
            "--dask"
        )
    return client


def _outcome(future: Any, folder: Path) -> Outcome:
    """Return what became of a task, after its run was put into the folder."""
    try:
        outcome: Outcome = future.result()
        return _adopted(outcome, folder) if "files" in outcome else outcome
    except QcoordError as error:
        return failed(one_line(error), error.exit_code)
    except Exception as error:  # of the cluster: a worker that was killed, a package that it lacks
        return failed(f"the cluster failed: {type(error).__name__}: {one_line(error)}")


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Dask from logging: what fails is an outcome or an error, in one line."""
    loggers = [logging.getLogger(name) for name in ("distributed", "distributed.client")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _adopted(outcome: Outcome, folder: Path) -> Outcome:
    """Check a run that came from a worker, put it into a folder, and return where it is."""
    name = PurePosixPath(outcome["run"]).name
    partial = folder / f".{name}.{secrets.token_hex(4)}.partial"
    try:
        partial.mkdir()
        for file, content in outcome["files"].items():
            if "/" in file:
                make_folder(partial, file.partition("/")[0])
            write_new(partial, file, content)
        record.read(partial)
        names = itertools.chain([name], (f"{name}-{number}" for number in itertools.count(2)))
        path = next(path for path in map(folder.joinpath, names) if not path.exists())
        return {"run": str(partial.rename(path))}
    except OSError as error:
        raise unwritable(folder, error) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
