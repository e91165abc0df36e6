"""IBM Quantum: an account, a device, and the jobs of a run on it.

`account` finds the credentials and asks, with short timeouts, whether they work at all; `client` is one
device and never sends a job twice; `jobs` has the steps of a run, and `run` takes them by the run's journal.

Documented variables: `QISKIT_IBM_TOKEN`, `QISKIT_IBM_CHANNEL`, `QISKIT_IBM_INSTANCE` and the saved account
as in Qiskit; `QCOORD_IBM_URL` (the REST interface is at that URL + `/api/v1`) and `IAM_URL` name another
server.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qcoord_hw.execution.ibm.client import Device, connect

__all__ = ["Device", "connect"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'qcoord_hw.execution.ibm' has no attribute {name!r}")
    from qcoord_hw.execution.ibm import client

    return getattr(client, name)
