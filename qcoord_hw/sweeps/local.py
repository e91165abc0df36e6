"""The points of a sweep on the cores of this machine: worker processes that take one point after the other.

The workers are programs of their own and no `multiprocessing` pool: they need no guard in the caller's
script, their numerical libraries get one thread each, and one that dies takes only its own point with it.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Hashable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from qcoord_hw.spec import one_line
from qcoord_hw.sweeps.task import Outcome, Task, failed

Key = TypeVar("Key", bound=Hashable)

SETTINGS = {
    name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS")
} | {"QISKIT_PARALLEL": "FALSE"}
"""Of a worker's libraries: one thread each, the other cores have workers of their own."""


def compute_here(
    tasks: Mapping[Key, Task], folder: Path, workers: int, report: Callable[[Key, Outcome], None]
) -> None:
    """Compute tasks on this machine.

    Args:
        tasks: by any key.
        folder: of the sweep; the runs go there.
        workers: how many processes at most.
        report: called with the key and the outcome of each task, in the order in which they end.
    """
    waiting = deque(tasks.items())
    ended: queue.SimpleQueue[tuple[Key, Outcome]] = queue.SimpleQueue()
    started: list[_Worker] = []

    def serve() -> None:
        worker = None
        while waiting:
            try:
                key, task = waiting.popleft()
            except IndexError:  # another thread was faster
                break
            try:
                if worker is None or worker.ended:
                    worker = _Worker(folder)
                    started.append(worker)
                outcome = worker.compute(task)
            except OSError as error:
                outcome = failed(f"no worker process can be started ({error.strerror})")
            except Exception as error:  # whatever it is: somebody waits for an outcome of this task
                outcome = failed(f"{type(error).__name__}: {one_line(error)}")
            ended.put((key, outcome))

    threads = [threading.Thread(target=serve, daemon=True) for _ in range(min(workers, len(tasks)))]
    try:
        for thread in threads:
            thread.start()
        for _ in tasks:
            report(*ended.get())
    finally:
        waiting.clear()
        for thread in threads:
            while thread.is_alive():
                for worker in started:
                    worker.kill()
                thread.join(0.1)
        for worker in started:
            worker.close()


class _Worker:
    """A worker process and the two ends of the pipes to it."""

    def __init__(self, folder: Path) -> None:
        package = Path(__file__).resolve().parent.parent.parent
        path = os.pathsep.join(filter(None, [str(package), os.environ.get("PYTHONPATH")]))
        self._errors = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "qcoord_hw.sweeps.worker", str(folder.resolve())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=os.environ | SETTINGS | {"PYTHONPATH": path},
            encoding="utf-8",
        )
        self._ready = bool(self._read())

    @property
    def ended(self) -> bool:
        """Whether the process has ended."""
        return self._process.poll() is not None

    def compute(self, task: Task) -> Outcome:
        """Return the outcome of a task; that the process died is one, too."""
        line = ""
        if self._ready:
            assert self._process.stdin is not None
            try:
                print(json.dumps(task), file=self._process.stdin, flush=True)
                line = self._read()
            except BrokenPipeError:
                pass
        if line:
            outcome: Outcome = json.loads(line)
            return outcome
        code = self._process.wait()
        how = f"signal {-code}" if code < 0 else f"status {code}"
        self._errors.seek(0)
        words = self._errors.read().decode(errors="replace").strip().rpartition("\n")[2]
        return failed(
            f"its worker process ended ({': '.join(filter(None, [how, words]))}); the same sweep again "
            "computes what is missing, with fewer --workers if memory was short"
        )

    def _read(self) -> str:
        """Return the next line of the process, empty if it ended."""
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def kill(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()

    def close(self) -> None:
        """End the process, which is waiting for a task, and close what leads to it."""
        self._process.kill()
        self._process.wait()
        for file in (self._process.stdin, self._process.stdout, self._errors):
            if file is not None:
                with suppress(OSError):  # of a process that died, with words still on their way to it
                    file.close()
