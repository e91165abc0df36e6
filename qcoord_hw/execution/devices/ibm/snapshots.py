"""The device snapshots that the runtime package brings: calibrations of real devices, simulated here."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qiskit.providers import BackendV2

PACKAGE = "qiskit_ibm_runtime.fake_provider"


def backends() -> dict[str, type[BackendV2]]:
    """Return name -> class of every snapshot."""
    from qiskit_ibm_runtime import fake_provider  # two seconds of imports, only where they are needed

    found = {}
    for attribute in dir(fake_provider):
        name = getattr(getattr(fake_provider, attribute), "backend_name", None)
        if isinstance(name, str):
            found[name] = getattr(fake_provider, attribute)
    return dict(sorted(found.items()))


def is_snapshot(target: object) -> bool:
    """Return whether an object is one of them, and not of a class that somebody derived from one."""
    if not type(target).__module__.startswith(f"{PACKAGE}.") or PACKAGE not in sys.modules:
        return False  # if the package is not loaded, the target is none of its
    return type(target) in backends().values()
