"""Where memory is limited (`ulimit -v`, `ulimit -d`): what loads C libraries is refused before it does.

Short of memory, OpenBLAS does not raise: as it is loaded it waits for ever, ends the process, or sends it
SIGINT, as Ctrl-C does. So it is held to one thread, and every library that takes much is loaded only while
there is room for it. Where there is no limit nothing is done.
"""

from __future__ import annotations

import mmap
import os
import sys

MIB = 2**20

PLENTY = 16 * 1024 * MIB
"""Of a limit that no command meets while it imports, with however many threads."""

THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "RAYON_NUM_THREADS")
"""Variables that say how many threads the libraries start, each with a stack and buffers of its own."""

ROOM = {
    "numpy": 200 * MIB,
    "scipy.linalg": 160 * MIB,
    "numba": 200 * MIB,
    "qiskit": 160 * MIB,
    "qiskit_aer": 200 * MIB,
    "qcoord_hw.execution.noise": 220 * MIB,  # Aer's threads, which a noise model starts
}
"""Module -> bytes that must be free before it is imported: what it takes on Linux, and some more."""


def limit() -> int | None:
    """Return the bytes that this process may use at most, where that is limited and not plenty."""
    try:
        import resource
    except ImportError:  # not on Windows
        return None
    stated = [resource.getrlimit(kind)[0] for kind in (resource.RLIMIT_AS, resource.RLIMIT_DATA)]
    least = min((one for one in stated if one != resource.RLIM_INFINITY), default=PLENTY)
    return least if least < PLENTY else None


def keep_within(most: int | None) -> None:
    """Prepare this process for a limit, before anything large is imported."""
    if most is None:
        return
    for name in THREADS:
        os.environ.setdefault(name, "1")
    sys.meta_path.insert(0, _Doorkeeper())


class _Doorkeeper:
    """Stands before the finders of modules, and lets a large one in while there is room for it."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        """Find nothing.

        Raises:
            MemoryError: when there is no room for this module.
        """
        if name in ROOM:
            try:
                mmap.mmap(-1, ROOM[name]).close()
            except OSError:
                raise MemoryError(f"no room for {name}") from None
