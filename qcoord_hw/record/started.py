"""Which runs on devices this user's account began.

Nothing in a run's folder can say so, since a stranger could write it. So their names are kept elsewhere, one
a line, in `$XDG_STATE_HOME/qcoord_hw/started` (`~/.local/state` where that is not set). A run that is not
among them reaches a device only when somebody names it.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

STARTED = "started"


def remember(path: Path) -> None:
    """Note that a run was begun here; where that cannot be written, the run has to be named later."""
    with suppress(OSError, RuntimeError):
        place = _place()
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("a", encoding="utf-8", errors="surrogateescape") as file:
            file.write(path.name + "\n")


def is_own(path: Path) -> bool:
    """Return whether a run was begun by this user's account."""
    with suppress(OSError, RuntimeError):
        with _place().open(encoding="utf-8", errors="surrogateescape") as file:
            return any(line.rstrip("\n") == path.name for line in file)
    return False


def _place() -> Path:
    """Return where the names are; a RuntimeError where the account has no home."""
    state = os.environ.get("XDG_STATE_HOME")
    return (Path(state) if state else Path.home() / ".local" / "state") / "qcoord_hw" / STARTED
