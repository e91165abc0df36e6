"""The points of a sweep on a Dask cluster that is already there.

A worker computes a point in a folder of its own and sends back the files of the record, so the cluster needs
no disk in common; this process checks the record and puts it into the sweep's folder, whole. A point's
counts depend on its seed alone, so they are those that this machine would have counted.
"""

from __future__ import annotations

import importlib
import itertools
import logging
import secrets
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from qcoord_hw import record
from qcoord_hw.errors import InputError, QcoordError, TargetError
from qcoord_hw.record.files import unwritable, write_new
from qcoord_hw.spec import one_line, shown
from qcoord_hw.sweep.local import Key
from qcoord_hw.sweep.task import Outcome, Task, attempt_anywhere, failed

CONNECT_SECONDS = 10
WORKER_SECONDS = 60


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

    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what fails is said here, in one line
    try:
        client = distributed.Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except ValueError as error:
        raise InputError(
            f"dask: {shown(address)} ({one_line(error)}); allowed is a scheduler such as tcp://10.0.0.1:8786"
        ) from None
    except OSError as error:
        raise TargetError(
            f"dask: no scheduler answers at {shown(address)} ({one_line(error)}); start one, or leave out "
            "--dask"
        ) from None
    with client:
        futures = {client.submit(attempt_anywhere, task, pure=False): key for key, task in tasks.items()}
        try:
            client.wait_for_workers(1, timeout=WORKER_SECONDS)
        except TimeoutError:
            raise TargetError(
                f"dask: the cluster at {shown(address)} has no workers; start some, then give the command "
                "again"
            ) from None
        for future in distributed.as_completed(list(futures), loop=client.loop):
            key = futures.pop(future)
            try:
                outcome = _adopted(future.result(), folder)
            except QcoordError as error:
                outcome = failed(one_line(error), error.exit_code)
            except (
                Exception
            ) as error:  # of the cluster: a worker that was killed, another version of a package
                outcome = failed(f"the cluster failed: {type(error).__name__}: {one_line(error)}")
            future.release()
            report(key, outcome)


def _adopted(outcome: Outcome, folder: Path) -> Outcome:
    """Check a run that came from a worker, put it into a folder, and return where it is."""
    if "files" not in outcome:
        return outcome
    name = outcome["run"]
    partial = folder / f".{name}.{secrets.token_hex(4)}.partial"
    try:
        for file, content in outcome["files"].items():
            path = partial / PurePosixPath(file)
            path.parent.mkdir(parents=True, exist_ok=True)
            write_new(path, content)
        record.read(partial)
        names = itertools.chain([name], (f"{name}-{number}" for number in itertools.count(2)))
        path = next(path for path in map(folder.joinpath, names) if not path.exists())
        return {"run": str(partial.rename(path))}
    except OSError as error:
        raise unwritable(folder, error) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
