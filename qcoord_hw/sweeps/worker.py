"""A worker process of a sweep: `python -m qcoord_hw.sweeps.worker FOLDER`.

It reads a task a line on standard input and writes its outcome as a line on standard output, after a first
line that says it is ready. It ends when its standard input does, so it does not outlive who started it.
"""

from __future__ import annotations

import ctypes
import json
import os
import queue
import signal
import sys
import threading
from pathlib import Path

from qcoord_hw.errors import RecordError
from qcoord_hw.spec import one_line
from qcoord_hw.sweeps.store import sharing
from qcoord_hw.sweeps.task import attempt

PR_SET_PDEATHSIG = 1
"""From <sys/prctl.h>."""


def main() -> None:
    """Compute tasks until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    _end_with_parent()
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a package prints is no answer
    folder = Path(sys.argv[1])
    tasks: queue.SimpleQueue[str] = queue.SimpleQueue()

    def answer(words: object) -> None:
        print(json.dumps(words), file=answers, flush=True)

    try:
        with sharing(folder):
            # From here on nobody else computes the sweep. A task comes only from a process that is alive now.
            answer({"ready": True})
            threading.Thread(target=_listen, args=(tasks,), daemon=True).start()
            while True:
                answer(attempt(json.loads(tasks.get()), folder))
    except RecordError as error:
        sys.exit(one_line(error))


def _end_with_parent() -> None:
    """On Linux, have the system end this process with its parent: no thread runs while Aer simulates."""
    if sys.platform == "linux":
        prctl = getattr(ctypes.CDLL(None), "prctl", None)
        if prctl is not None:
            prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _listen(tasks: queue.SimpleQueue[str]) -> None:
    """Pass on every line of standard input; at its end, end at once, whatever is being computed."""
    for line in sys.stdin:
        tasks.put(line)
    os._exit(0)


if __name__ == "__main__":
    main()
