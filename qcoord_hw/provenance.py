"""With what a run was made: package versions, Python, platform, commit."""

from __future__ import annotations

import platform
import subprocess
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from qcoord_hw.version import __version__

RULES = 6
"""Version of the rules by which estimates and checks are made of counts; raised when an old record may give
other figures. A record that states none was made under version 1.

2: figures of drawn inputs are about all inputs; sharper intervals of fidelities and scores, each by itself;
drift of the figure of merit; no mitigated figure where a readout is stuck; a check that was not made is null.
3: games of unequal question probabilities: interval and p-value of all questions together.
4: mean scores have a p-value; where questions are drawn, an interval that allows for memory.
5: the deals of the test for drift end sooner, so that its p-value may be of fewer of them.
6: where block sums are normal, the deals of the test for drift are drawn from their normal law.
"""

PROTOCOLS = 1
"""Version of the circuits that are built of a spec; raised when an old record's spec may build others.

A record of this version must be what is built today; one of another version, or that states none, need only
be at one with itself.
"""

ENGINE = 3
"""Version of the rules by which methods of simulation are chosen; raised when another one may be.

A record is repeated by the rules that it states. One that states none was made under version 1 if it names a
method that came with it, else under version 0.

1: stim, and twirled errors of Clifford parts beyond a density matrix.
2: inputs that are Pauli frames are shifted after twirling; up to 13 qubits a density matrix where shots, of
which there are as many, take longer one by one.
3: where errors of Clifford parts are twirled, relaxation's pull towards |0> is kept to first order: where
inputs are shifted, before data stand in the circuit; not where stim draws shots of any part. Clifford
circuits whose inputs are Pauli frames stay Clifford when they are routed, however small.
"""

SNAPSHOTS = "qiskit-ibm-runtime"
"""The package that holds the calibration of snapshots."""

PACKAGES = ("qiskit", "qiskit-aer", SNAPSHOTS, "numpy", "scipy", "rustworkx", "stim")


def provenance() -> dict[str, object]:
    """Return versions, platform and, in a checkout, the commit (with a + if files differ from it)."""
    return {
        "rules": RULES,
        "protocols": PROTOCOLS,
        "engine": ENGINE,
        "packages": {"qcoord_hw": __version__} | {name: _version(name) for name in PACKAGES},
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "commit": _commit(),
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


@cache
def _commit() -> str | None:
    """Return the commit that this process was started from."""
    root = Path(__file__).resolve().parent.parent
    if not (root / ".git").exists():
        return None
    described = ["git", "-C", str(root), "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty=+"]
    try:
        done = subprocess.run(described, capture_output=True, text=True, timeout=5, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None
