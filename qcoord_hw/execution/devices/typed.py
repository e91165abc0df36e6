"""Which `module:callable` a person typed on this machine: a stranger's record makes us call no other.

Entry points are installed by whoever owns the machine; a module and a callable in it are a line in a record,
and `status` would call whatever stands there. So a name is kept when it is typed, one a line, in
`$XDG_STATE_HOME/qcoord_hw/modules` (`~/.local/state` if unset), and a record is only followed to those.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

_HERE: set[str] = set()
"""Those that were typed in this process: there may be no place to write to."""


def remember(name: str) -> None:
    """Keep a name that somebody typed."""
    if is_known(name):
        return
    _HERE.add(name)
    with suppress(OSError, RuntimeError):  # then it has to be typed again in the next process
        place = _place()
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with place.open("a", encoding="utf-8") as file:
            file.write(f"{name}\n")


def is_known(name: str) -> bool:
    """Return whether somebody typed a name on this machine."""
    if name in _HERE:
        return True
    with suppress(OSError, RuntimeError, UnicodeDecodeError):
        return name in _place().read_text(encoding="utf-8").splitlines()
    return False


def _place() -> Path:
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "qcoord_hw" / "modules"
