"""What the tests compare with: golden OpenQASM 3 files of the catalogue, and the reference runs.

`python tools/golden.py` says which golden files differ, of all entries or of those that are named; `--write`
makes them anew. One file per entry, `<name>.qasm` beside `<name>.toml`: a valid program that runs the
experiment's circuits one after the other on the same qubits. They are compared as parsed circuits,
instruction by instruction, because the text that Qiskit exports changes between releases.

`--reference FOLDER` makes the reference runs in a folder, and writes their estimates to `estimates.json`
there; `--estimates FOLDER` writes these alone, where the rules of analysis changed. `circuits/needs.json`
says what each entry needs of a device and where it fits; `--needs` writes it anew (minutes for all).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from qiskit.circuit import QuantumCircuit

from qcoord_hw import registry
from qcoord_hw.api import build, load_run, run
from qcoord_hw.api.result import Result
from qcoord_hw.catalogue import NEEDS, catalogue_needs, catalogue_paths, catalogue_root
from qcoord_hw.execution.formats import in_a_row, parse_qasm, to_qasm
from qcoord_hw.execution.needs import fits, needs_of, snapshots
from qcoord_hw.execution.program import instructions
from qcoord_hw.execution.run_description import program_of as executed_program
from qcoord_hw.execution.snapshot import Snapshot
from qcoord_hw.families.experiment import Experiment, build_experiment
from qcoord_hw.spec import read_spec

REFERENCE = (
    ("chsh", "aer"),
    ("ghz-3", "aer"),
    ("sequential-chsh", "aer"),
    ("chsh", "fake_torino"),
    ("magic-square", "fake_torino"),
    ("ghz-4", "fake_sherbrooke"),
    ("sum-2-f3", "aer"),
    ("example-1-f4", "fake_torino"),
)
REFERENCE_INPUTS = 12
REFERENCE_SHOTS = 500
REFERENCE_SEED = 2026


def program_of(experiment: Experiment) -> QuantumCircuit:
    """Return the program that runs all circuits of an experiment in a row."""
    return in_a_row([net.circuit for net in experiment.circuits])


def differing(entries: Mapping[str, Path]) -> list[str]:
    """Return the names of the entries whose golden file is missing or holds another circuit."""
    return [
        name
        for name, path in entries.items()
        if not matches(path.with_suffix(".qasm"), build_experiment(read_spec(path)))
    ]


def matches(golden: Path, experiment: Experiment) -> bool:
    """Return whether a golden file is there and holds the circuits of an experiment."""
    if not golden.exists():
        return False
    written, exported = golden.read_text(encoding="utf-8"), to_qasm(program_of(experiment))
    if written == exported:
        return True
    before, now = parse_qasm(written), parse_qasm(exported)
    registers = [[(r.name, r.size) for r in [*c.qregs, *c.cregs]] for c in (before, now)]
    return registers[0] == registers[1] and instructions(before) == instructions(now)


def entry_needs(name: str, devices: Mapping[str, Snapshot]) -> dict[str, Any]:
    """Return what a catalogue entry needs, and on which devices it fits."""
    program = executed_program(build_experiment(read_spec(catalogue_paths()[name])))
    return needs_of(program) | {"fits": fits(program, devices)}


def write_needs(entries: Mapping[str, Path]) -> None:
    """Write what these entries need, and keep what is written of the others that there are."""
    devices, known = snapshots(), catalogue_needs()
    found = {
        name: entry_needs(name, devices) if name in entries else known[name]
        for name in catalogue_paths()
        if name in entries or name in known
    }
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(needs)}" for name, needs in found.items())
    (catalogue_root() / NEEDS).write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")


def write_reference(folder: Path) -> None:
    """Make the reference runs and write what is estimated from them."""
    results: list[Result] = []
    for name, target in REFERENCE:
        one = build(name, REFERENCE_SHOTS, target=target, seed=REFERENCE_SEED)
        if registry.family(one.spec.family).samples:  # not all of them, so that the files stay small
            one = build(one.spec, parameters={"inputs": REFERENCE_INPUTS})
        results.append(run(one, target=target, seed=REFERENCE_SEED, runs=folder))
    _write_estimates(folder, results)


def write_estimates(folder: Path) -> None:
    """Write what is estimated, by the rules of today, from the reference runs that are in a folder."""
    _write_estimates(folder, [load_run(path) for path in sorted(folder.iterdir()) if path.is_dir()])


def _write_estimates(folder: Path, results: Sequence[Result]) -> None:
    kept = {r.path.name: {key: r.summary[key] for key in ("estimates", "checks")} for r in results}
    (folder / "estimates.json").write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


def main() -> int:
    """Say which golden files differ, or write golden files or reference runs."""
    parser = argparse.ArgumentParser(prog="python tools/golden.py", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="of the catalogue; by default every entry")
    parser.add_argument("--write", action="store_true", help="write the golden files")
    parser.add_argument("--needs", action="store_true", help="write what they need of a device")
    parser.add_argument("--reference", type=Path, metavar="FOLDER", help="make the reference runs")
    parser.add_argument("--estimates", type=Path, metavar="FOLDER", help="write their estimates anew")
    options = parser.parse_args()
    paths = catalogue_paths()
    if unknown := [name for name in options.names if name not in paths]:
        parser.error(f"{unknown[0]}: there is no such entry")
    entries = {name: paths[name] for name in options.names or paths}
    if options.write:
        for path in entries.values():
            program = program_of(build_experiment(read_spec(path)))
            path.with_suffix(".qasm").write_text(to_qasm(program), encoding="utf-8")
    if options.needs:
        write_needs(entries)
    if options.reference:
        write_reference(options.reference)
    if options.estimates:
        write_estimates(options.estimates)
    names = differing(entries)
    print("differ: " + ", ".join(names) if names else "all golden files match")
    return 1 if names else 0


if __name__ == "__main__":
    sys.exit(main())
