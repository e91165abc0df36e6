"""Codes of the catalogue that reach what is best at their block length, against those that they replaced.

Both have the same targets and use the links alike. For each pair and device: the exact figure of what the
compiled circuits make on the noise model, without idle noise (fidelity of the worse sender, or trace norm
averaged over the inputs), of the new code and of the old one, and by how much the new one is better.
Two-qubit gates are those that are executed.

Run: python benchmarks/better_codes.py [NAME ..] [--write]

It takes minutes for the small ones, half an hour for all. With --write the rows that were measured replace
those of docs/better-codes.md, one pair after the other, and the others stay.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

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

DEVICES = ("fake_torino", "fake_fez", "fake_marrakesh", "fake_boston")
SHOTS = 20
SEED = 7

PAGE = Path(__file__).parents[1] / "docs" / "better-codes.md"
RULE = "|---|---|---|---|---|---|---|---|"


def figure(name: str, device: str, folder: str) -> tuple[str, float, int]:
    """Return the kind of figure, its exact value on a noise model, and gates."""
    summary = qc.run(name, target=device, shots=SHOTS, seed=SEED, runs=folder, idle_noise=False).summary
    found = {one["name"]: one["best"] for one in summary["estimates"]}
    kind = "fidelity" if "fidelity_exact" in found else "trace_norm"
    return kind, found[f"{kind}_exact"], summary["gates"]["two_qubit_executed"]


def row(name: str, device: str, folder: str) -> str:
    """Return a row of the table."""
    kind, value, gates = figure(name, device, folder)
    _, before, gates_before = figure(PAIRS[name], device, folder)
    gain = before - value if kind == "trace_norm" else value - before
    numbers = [f"{one:.4f}" for one in (value, before, gain)]
    cells = [name, device, kind.replace("_", " "), *numbers, str(gates), str(gates_before)]
    return f"| {' | '.join(cells)} |"


def write(name: str, rows: list[str]) -> None:
    """Put the rows of a pair into the page, in the order of `PAIRS`."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    head = lines.index(RULE) + 1
    known: dict[str, list[str]] = {}
    for line in lines[head:]:
        known.setdefault(line.split("|")[1].strip(), []).append(line)
    known[name] = rows
    ordered = [line for pair in PAIRS for line in known.get(pair, [])]
    PAGE.write_text("\n".join([*lines[:head], *ordered]) + "\n", encoding="utf-8")


def main() -> None:
    """Print a row for each pair and device."""
    parser = argparse.ArgumentParser(prog="python benchmarks/better_codes.py")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(PAIRS)}; by default all")
    parser.add_argument("--write", action="store_true", help="into docs/better-codes.md")
    options = parser.parse_args()
    if unknown := [name for name in options.names if name not in PAIRS]:
        parser.error(f"{unknown[0]}: there is no such pair")
    with tempfile.TemporaryDirectory() as folder:
        for name in options.names or PAIRS:
            rows = []
            for device in DEVICES:
                rows.append(row(name, device, folder))
                print(rows[-1], flush=True)
            if options.write:
                write(name, rows)


if __name__ == "__main__":
    main()
