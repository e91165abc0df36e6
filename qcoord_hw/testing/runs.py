"""Whether a run can be had again from its record alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qcoord_hw.api.result import Result


def assert_reproduces(run: Result | str | Path, *, runs: str | Path | None = None) -> None:
    """Check that a run's record verifies and, executed again at its seed, gives the same counts.

    Args:
        run: a result, a run's folder, a unique prefix of its name or `latest`; it was made on a simulator.
        runs: the folder of all runs; left out, `$QCOORD_RUNS` or `./runs`.

    Raises:
        AssertionError: with a line that names the run and what differs.
        InputError: when the run was made on a device, where nothing is repeated.
    """
    from qcoord_hw.api import verify
    from qcoord_hw.errors import RecordError

    path = run if isinstance(run, str | Path) else run.path
    try:
        found = verify(path, execute=True, runs=runs)
    except RecordError as error:
        raise AssertionError(f"{path} does not verify: {error}") from None
    if found["differs"]:
        raise AssertionError(f"{found['run']} does not reproduce: {'; '.join(found['differs'])}")
