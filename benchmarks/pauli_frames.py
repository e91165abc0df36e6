"""Pauli frames against density matrices: how far, how fast, as ratios.

Prints, for circuits as compiled for three snapshots, the total variation distance from exact outcome
distributions, with relaxation's pull to first order and with twirled errors, of the worst of up to sixteen
inputs applied directly, at noise as calibrated, x8 and x32; the CPU seconds of density matrices and of frames
with the pull, and their ratio; then single parities of 100 qubits and a million shots of 42. With `--quick`,
the first device and scale alone.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from qcoord_hw.catalogue import load_spec
from qcoord_hw.execution.frames import distribution
from qcoord_hw.execution.parts import split
from qcoord_hw.execution.program import bind
from qcoord_hw.execution.run_description import program_of
from qcoord_hw.execution.simulate import Simulator
from qcoord_hw.execution.targets import resolve_target
from qcoord_hw.families.experiment import DIRECT, build_experiment
from qcoord_hw.families.games.many_players import many_player_ghz

DEVICES = ("fake_torino", "fake_fez", "fake_boston")
SCALES = (1.0, 8.0, 32.0)
NAMES = ("magic-square", "ghz-3", "ghz-4", "ghz-5", "ghz-6", "cascade-ghz2", "example-1-f4", "example-2-f2")
INPUTS = 16


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return the CPU seconds of a call and what it returned."""
    start = time.process_time()
    found = work()
    return time.process_time() - start, found


def against_density_matrix(device: str, name: str, scale: float) -> tuple[float, float, float, float]:
    """Return the largest distances, with the pull and twirled, and the seconds of both ways."""
    target = device if scale == 1 else f"{device}_x{scale:g}"
    program = program_of(build_experiment(load_spec(name)))
    prepared = resolve_target(target).prepare(program, ())
    settings = [s for s in program.settings if s.method == DIRECT]
    chosen = [settings[k] for k in np.linspace(0, len(settings) - 1, min(INPUTS, len(settings))).astype(int)]
    simulator = Simulator(prepared.circuits, chosen, prepared.snapshot)
    parts = [split(circuit) for circuit in prepared.circuits]
    worst = lost = exact = frames = 0.0
    for k, setting in enumerate(chosen):
        values = dict(zip(prepared.circuits[setting.circuit].parameters, setting.values, strict=True))
        for p, part in enumerate(parts[setting.circuit]):
            circuit = bind(part.circuit, [values[name] for name in part.circuit.parameters])
            calibration = prepared.snapshot.restrict([prepared.snapshot.qubits[q].index for q in part.qubits])
            seconds, one = timed(lambda k=k, p=p: simulator.probabilities(k, p))
            exact += seconds
            seconds, other = timed(lambda c=circuit, s=calibration: distribution(c, s))
            frames += seconds
            worst = max(worst, float(np.abs(one - other).sum()) / 2)
            lost = max(lost, float(np.abs(one - distribution(circuit, calibration, pulled=0)).sum()) / 2)
    return worst, lost, exact, frames


def parity_of(size: int, device: str) -> tuple[float, float]:
    """Return the win probability of one question of the GHZ game, and the seconds of it."""
    program = program_of(many_player_ghz(size, "ghz", "ghz"))
    prepared = resolve_target(device).prepare(program, ())
    setting = program.settings[0]
    circuit = bind(prepared.circuits[0], setting.values)
    distribution(circuit, prepared.snapshot, [range(size)], pulled=0)  # what errors do is kept from here on
    seconds, likely = timed(lambda: distribution(circuit, prepared.snapshot, [range(size)], pulled=0))
    asked = setting.label.count("1")
    return float(likely[asked // 2 % 2]), seconds


def a_million_shots(size: int, device: str) -> float:
    """Return the seconds of a million shots of the GHZ game, counted, readout errors included."""
    program = program_of(many_player_ghz(size, "ghz", "ghz"))
    prepared = resolve_target(device).prepare(program, ())
    simulator = Simulator(prepared.circuits, prepared.settings[:1], prepared.snapshot)
    return timed(lambda: simulator.counts(0, 10**6, seed=1))[0]


def main() -> None:
    """Print the tables."""
    quick = "--quick" in sys.argv
    head = f"{'circuits':<14}{'target':<18}{'distance':>10}{'twirled':>9}"
    print(head + f"{'exact s':>9}{'frames s':>10}{'ratio':>7}")
    for device in DEVICES[:1] if quick else DEVICES:
        for scale in SCALES[:1] if quick else SCALES:
            for name in NAMES:
                worst, lost, exact, frames = against_density_matrix(device, name, scale)
                print(
                    f"{name:<14}{device + (f' x{scale:g}' if scale != 1 else ''):<18}{worst:>10.6f}"
                    f"{lost:>9.5f}{exact:>9.2f}{frames:>10.3f}{exact / frames:>7.1f}",
                    flush=True,
                )
    for size in (10, 42, 100):
        won, seconds = parity_of(size, "fake_boston")
        print(f"ghz-{size} on fake_boston: one question is won with {won:.4f}; one parity {seconds:.3f} s")
    print(f"a million shots of 42 qubits: {a_million_shots(42, 'fake_boston'):.1f} s")


if __name__ == "__main__":
    main()
