"""Qiskit's compiler held to its own stages.

Whenever it is asked for circuits it imports every package that offers it a stage, be it asked for or not: a
vendor's client costs more than all the rest of a run.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.metadata import EntryPoint, PackageNotFoundError, distribution
from threading import RLock

STAGES = ("init", "layout", "routing", "translation", "optimization", "scheduling")

_ALONE = RLock()


@contextmanager
def own_stages() -> Iterator[None]:
    """Within this, a compiler that is made has Qiskit's own stages alone: enough where none is named.

    Stages that were looked up before stay as they are, and afterwards all are found again.
    """
    from stevedore import ExtensionManager

    with _ALONE:
        found = getattr(ExtensionManager, "ENTRY_POINT_CACHE", {})  # without one, all are imported as ever
        added = {group: stages for group, stages in _own().items() if group not in found}
        found.update(added)
        try:
            yield
        finally:
            for group in added:
                found.pop(group, None)


@cache
def _own() -> dict[str, list[EntryPoint]]:
    """Return group -> stages that Qiskit itself offers; no group of which it offers none."""
    try:
        offered = distribution("qiskit").entry_points
    except PackageNotFoundError:
        return {}
    groups = {f"qiskit.transpiler.{stage}" for stage in STAGES}
    return {group: list(stages) for group in groups if (stages := offered.select(group=group))}
