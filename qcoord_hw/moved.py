"""Old paths of modules, of the table `moved.txt`: they warn for one release, and go in 0.3.0."""

from __future__ import annotations

import warnings
from functools import cache
from importlib import import_module
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

GOES = "0.3.0"
ROOT = "qcoord_hw."


@cache
def table() -> dict[str, tuple[str, ...]]:
    """Return old path -> the modules that hold now what it held, the first before the others."""
    lines = Path(__file__).with_suffix(".txt").read_text(encoding="utf-8").splitlines()
    rows = [line.split() for line in lines if line and not line.startswith("#")]
    return {ROOT + old: tuple(ROOT + new for new in homes) for old, *homes in rows}


def find(name: str) -> ModuleSpec | None:
    """Return how an old path is loaded; None where it is none."""
    return ModuleSpec(name, _Loader(), is_package=True) if name in table() else None


class _Loader(Loader):
    """Makes a module that has nothing of its own and looks up everything in the new ones."""

    def create_module(self, spec: ModuleSpec) -> None:
        """Leave it to Python."""

    def exec_module(self, module: ModuleType) -> None:
        homes = table()[module.__name__]
        where = " and ".join(homes)
        warnings.warn(
            f"{module.__name__} is now {where}; this path goes in {GOES}", DeprecationWarning, stacklevel=2
        )

        def look_up(name: str) -> Any:
            for home in map(import_module, homes):
                if hasattr(home, name):
                    return getattr(home, name)
            raise AttributeError(f"module {module.__name__!r} (now {where}) has no attribute {name!r}")

        module.__dict__["__getattr__"] = look_up
