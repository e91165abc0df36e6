"""Codes of the catalogue that reach what is best at their block length, against those that they replaced.

Both have the same targets and use the links alike. For each pair and device: the exact figure of what the
compiled circuits make on the noise model (fidelity of the worse sender, or trace norm averaged over the
inputs), of the new code and of the old one, and by how much the new one is better. Two-qubit gates are those
that are executed.

Run: python benchmarks/better_codes.py [NAME ..] (minutes for all)
"""

from __future__ import annotations

import sys
import tempfile

import qcoord_hw as qc

PAIRS = {
    "mac-n2": "mac-n2-projection",
    "mac-n3": "mac-n3-projection",
    "mac-n4": "mac-n4-projection",
    "mac-n4-low": "mac-n4-low-projection",
    "mac-n6": "mac-n6-projection",
    "broadcast-compressed": "broadcast-compressed-projection",
    "two-node-n2": "two-node-n2-coset",
    "two-node-n3": "two-node-n3-coset",
    "broadcast-n2": "broadcast-n2-coset",
    "broadcast-n3": "broadcast-n3-coset",
}
"""New code -> old code."""

DEVICES = ("fake_torino", "fake_fez", "fake_marrakesh")
SHOTS = 20
SEED = 7


def figure(name: str, device: str, folder: str) -> tuple[str, float, int]:
    """Return which figure it is, its exact value on a device's noise model, and the two-qubit gates."""
    summary = qc.run(name, target=device, shots=SHOTS, seed=SEED, runs=folder).summary
    found = {one["name"]: one["best"] for one in summary["estimates"]}
    kind = "fidelity" if "fidelity_exact" in found else "trace_norm"
    return kind, found[f"{kind}_exact"], summary["gates"]["two_qubit_executed"]


def main() -> None:
    """Print a line for each pair and device."""
    print(f"{'code':22}{'device':16}{'figure':12}{'new':>8}{'old':>8}{'better by':>11}{'gates':>9}{'old':>5}")
    with tempfile.TemporaryDirectory() as folder:
        for new in sys.argv[1:] or PAIRS:
            for device in DEVICES:
                kind, value, gates = figure(new, device, folder)
                _, before, gates_before = figure(PAIRS[new], device, folder)
                gain = value - before if kind == "fidelity" else before - value
                print(
                    f"{new:22}{device:16}{kind:12}{value:8.4f}{before:8.4f}{gain:11.4f}{gates:9}{gates_before:5}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
