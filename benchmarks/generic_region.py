"""A generic region with classical links: two letters, two qubits, mixtures of three products.

Each block a mixture of three products of its own, or both of the same three in other shares ("common").

Nothing about the optimum of such a target is known in closed form. Width of the proved brackets, in percent
of their upper ends, and processor time of the whole command against `python -c "import qiskit"`, taken in
turn. `qcoord theory check` has to accept every answer. The first target is fixed, the others are drawn with a
fixed seed.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from startup import PAIRS, QISKIT, bare_environment, seconds

LIMIT = 30
"""Seconds of a clock; the command ends far sooner, unless the machine is busy."""

WIDEST, LONGEST = 1.0, 10.0
"""Percent, and times importing Qiskit, that are wanted at most."""

KETS = {"0": [1, 0], "1": [0, 1], "+": [0.5**0.5, 0.5**0.5], "-": [0.5**0.5, -(0.5**0.5)]}
FIXED = (
    [(0.4, "00"), (0.35, "+1"), (0.25, "-+")],
    [(0.5, "1+"), (0.3, "0-"), (0.2, "++")],
)
DRAWN = 2


def targets() -> dict[str, list[np.ndarray]]:
    """Return the blocks of each target, the letters being equally likely."""

    def mixture(parts: list[tuple[float, np.ndarray]]) -> np.ndarray:
        return sum(p * np.outer(ket, ket.conj()) for p, ket in parts)

    found = {"fixed": [mixture([(p, np.kron(KETS[w[0]], KETS[w[1]])) for p, w in block]) for block in FIXED]}
    rng = np.random.default_rng(1)
    for kind, phase in (("real", 0), ("complex", 1j), ("common", 1j)):
        for k in range(DRAWN):
            blocks = []
            for x in range(2):
                if x == 0 or kind != "common":
                    kets = rng.normal(size=(3, 2, 2)) + phase * rng.normal(size=(3, 2, 2))
                    kets = kets / np.linalg.norm(kets, axis=2)[..., None]
                weights = rng.dirichlet(np.ones(3))
                blocks.append(mixture([(p, np.kron(*own)) for p, own in zip(weights, kets, strict=True)]))
            found[f"{kind} {k + 1}"] = blocks
    return found


def written(path: Path, blocks: list[np.ndarray]) -> None:
    """Write a state file."""
    ensemble = [
        {"p": 0.5, "x": {"X": x}, "density": np.stack([block.real, block.imag], axis=-1).tolist()}
        for x, block in enumerate(blocks)
    ]
    data = {"systems": {"X": 2, "B": 2, "C": 2}, "classical": ["X"], "ensemble": ensemble}
    path.write_text(json.dumps(data), encoding="utf-8")


def main() -> None:
    """Print for each target the widths, the ratio of processor times, and what the checker says."""
    environment = bare_environment()
    program = [sys.executable, "-m", "qcoord_hw", "theory"]
    with tempfile.TemporaryDirectory() as folder:
        for name, blocks in targets().items():
            state, answer = Path(folder) / "state.json", Path(folder) / "answer.json"
            written(state, blocks)
            call = [*program, "region", str(state), "--network", "classical-broadcast", "--json"]
            call += ["--time-limit", str(LIMIT)]
            pairs = [
                (seconds(call, environment, answer), seconds(QISKIT, environment))
                for _ in range(PAIRS if name == "fixed" else 1)
            ]
            ratio = statistics.median(a / b for a, b in pairs)
            brackets = json.loads(answer.read_text(encoding="utf-8"))["quantities"]
            widths = [
                100 * (1 - brackets[which]["lower"] / brackets[which]["upper"]) for which in ("C0", "R_inf")
            ]
            checked = subprocess.run([*program, "check", str(answer)], env=environment, capture_output=True)
            print(
                f"{name:<10} C0 {widths[0]:6.3f} %, R_inf {widths[1]:6.3f} % wide, ratio {ratio:4.1f}, ",
                end="",
            )
            print(f"{'accepted' if checked.returncode == 0 else 'REFUSED'}", end="")
            print(f" (wanted: at most {WIDEST:g} % and {LONGEST:g})")


if __name__ == "__main__":
    main()
