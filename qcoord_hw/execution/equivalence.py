"""Whether compiled circuits do what those as built do, stage by stage.

A stage is what stands between two barriers that compiling keeps. Within one, both circuits are applied to the
same random product state of each connected part: two operations that agree there are equal, up to a global
phase, but for states of measure zero. So the states are drawn anew at each check, from no seed that is known.
A qubit that nothing has touched begins in |0>; of the last stage only the distribution of outcomes counts.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qiskit.circuit import Barrier, IfElseOp, Operation, QuantumCircuit
from qiskit.circuit.library import get_standard_gate_name_mapping
from qiskit.quantum_info import Operator

from qcoord_hw.errors import LocalityError
from qcoord_hw.execution.layout import components
from qcoord_hw.execution.ownership import MEASURE, RESET, Timeline

MAX_QUBITS = 20
"""Qubits of a connected part that is compared: a state of more takes seconds."""

MAX_ASSIGNMENTS = 32
"""Values of the bits of conditions that are tried: all of them up to so many, else so many at random."""

TOLERANCE = 1e-7
IDLE = {"delay", "id"}

State = NDArray[np.complex128]


@dataclass(frozen=True)
class Step:
    """One operation of a stage: its qubits are the protocol's, and negative for what is nobody's."""

    operation: Operation
    qubits: tuple[int, ...]
    bits: tuple[int, ...]


Stage = list[Step]


@dataclass
class _Compared:
    """How many connected parts were compared, and how many are too large for it."""

    parts: int = 0
    too_large: int = 0
    matrices: dict[Any, State] = field(default_factory=dict)


def check_equivalence(
    events: Sequence[Mapping[str, Any]],
    built: QuantumCircuit,
    executed: QuantumCircuit,
    layouts: Sequence[Sequence[int]] = (),
) -> tuple[int, int]:
    """Check that every stage of a compiled circuit does what that of the circuit as built does.

    Args:
        events: of the protocol, as in a record.
        built: the circuit as built.
        executed: as executed, with the same parameters, and with the protocol's barriers.
        layouts: as in `check_ownership`.

    Returns:
        How many connected parts of stages were compared, and how many are too large to be.

    Raises:
        LocalityError: when one does something else.
    """
    rng = np.random.default_rng()  # of no known seed: what is forged must not fit the states
    timeline, done = Timeline.of(events), _Compared()
    values = {
        p.name: v for p, v in zip(built.parameters, rng.uniform(0, 6, built.num_parameters), strict=True)
    }
    if not {p.name for p in executed.parameters} <= values.keys():
        raise LocalityError(f"circuit {executed.name!r}: other parameters than the circuit as built")
    built, executed = (
        c.assign_parameters({p: values[p.name] for p in c.parameters}) if c.num_parameters else c
        for c in (built, executed)
    )
    size, width = len(timeline.holders), len(timeline.knows)
    should = list(_stages(timeline, built, range(size), 0))
    for number, layout in enumerate(layouts or [range(size)]):
        does = list(_stages(timeline, executed, layout, number * width))
        others = {p for one in layouts for p in one} - set(layout)
        does = [[step for step in stage if not _of_others(step, others)] for stage in does]
        for bits in _assignments(itertools.chain(*should, *does), width, rng):
            _compare(executed.name, should, does, bits, rng, done)
    return done.parts, done.too_large


def _of_others(step: Step, others: Iterable[int]) -> bool:
    """Return whether a step is about another tile's qubits alone."""
    return all(-1 - q in others for q in step.qubits)


def _stages(
    timeline: Timeline, circuit: QuantumCircuit, layout: Sequence[int], first_bit: int
) -> Iterator[Stage]:
    """Yield the stages of a circuit; on a qubit before its first mark all is of the one that ends there."""
    wires = {physical: q for q, physical in enumerate(layout)}
    first = [next((k for k, m in enumerate(timeline.marks) if q < m), 0) for q in range(len(layout))]
    found: list[Stage] = [[] for _ in range(len(timeline.marks) + 1)]
    reached, passed = 0, list(first)
    for instruction in circuit.data:
        qubits = tuple(wires.get(p, -1 - p) for p in (circuit.find_bit(q).index for q in instruction.qubits))
        if isinstance(instruction.operation, Barrier):
            mine = sorted(q for q in qubits if q >= 0)
            if timeline.marks[reached : reached + 1] == (len(mine),) and mine == list(range(len(mine))):
                reached += 1
                for q in mine:
                    passed[q] = reached
        elif instruction.operation.name not in IDLE:
            bits = tuple(circuit.find_bit(c).index - first_bit for c in instruction.clbits)
            found[max((passed[q] for q in qubits if q >= 0), default=reached)].append(
                Step(instruction.operation, qubits, bits)
            )
    yield from found


def _assignments(steps: Iterable[Step], width: int, rng: np.random.Generator) -> Iterator[dict[int, int]]:
    """Yield values of all classical bits: every choice of those that conditions read, if these are few."""
    read = sorted({bit for step in steps if isinstance(step.operation, IfElseOp) for bit in step.bits})
    if 2 ** len(read) <= MAX_ASSIGNMENTS:
        choices: Iterable[Sequence[int]] = itertools.product((0, 1), repeat=len(read))
    else:
        choices = rng.integers(0, 2, (MAX_ASSIGNMENTS, len(read))).tolist()
    for chosen in choices:
        yield dict(enumerate(rng.integers(0, 2, width).tolist())) | dict(zip(read, chosen, strict=True))


def _compare(
    name: str,
    should: Sequence[Stage],
    does: Sequence[Stage],
    bits: Mapping[int, int],
    rng: np.random.Generator,
    done: _Compared,
) -> None:
    """Compare all stages at given values of the classical bits."""
    pairs = [(list(_plain(a, bits)), list(_plain(b, bits))) for a, b in zip(should, does, strict=True)]
    touched = [{q for step in (*a, *b) for q in step.qubits} for a, b in pairs]
    for k, (a, b) in enumerate(pairs):
        before, after = set[int]().union(*touched[:k]), set[int]().union(*touched[k + 1 :])
        names = {q: i for i, q in enumerate(sorted(touched[k]))}
        joint = [[names[q] for q in step.qubits] for step in (*a, *b) if step.qubits]
        order = sorted(touched[k])
        for part in components(len(order), joint):
            mine = [order[i] for i in part]
            if len(mine) > MAX_QUBITS:
                done.too_large += 1
                continue
            done.parts += 1
            start = _random_product([q in before and q >= 0 for q in mine], rng)
            made = [_Run(mine, bits, done.matrices, start).all(steps) for steps in (a, b)]
            if not _same(made[0], made[1], last=after.isdisjoint(mine)):
                raise LocalityError(
                    f"circuit {name!r}: between barriers {k} and {k + 1} it does not do what the circuit as "
                    f"built does to qubits {', '.join(str(q) for q in mine if q >= 0)} of the protocol"
                )


def _plain(stage: Stage, bits: Mapping[int, int]) -> Iterator[Step]:
    """Yield the steps of a stage, of a condition those of the branch that is taken."""
    for step in stage:
        operation = step.operation
        if not isinstance(operation, IfElseOp):
            yield step
            continue
        body = operation.blocks[0] if _holds(operation, step, bits) else None
        if body is None and len(operation.blocks) > 1:
            body = operation.blocks[1]
        inner = (
            []
            if body is None
            else [
                Step(
                    i.operation,
                    tuple(step.qubits[body.find_bit(q).index] for q in i.qubits),
                    tuple(step.bits[body.find_bit(c).index] for c in i.clbits),
                )
                for i in body.data
                if not isinstance(i.operation, Barrier) and i.operation.name not in IDLE
            ]
        )
        yield from _plain(inner, bits)


def _holds(operation: IfElseOp, step: Step, bits: Mapping[int, int]) -> bool:
    condition = operation.condition
    if not isinstance(condition, tuple):
        raise LocalityError(
            f"a condition {str(condition)[:60]!r}; allowed is a register, or a bit, and its value"
        )
    target, value = condition
    body = operation.blocks[0]
    read = [target] if not hasattr(target, "__len__") else list(target)
    where = [step.bits[body.find_bit(bit).index] for bit in read]
    return sum(bits.get(bit, 0) << i for i, bit in enumerate(where)) == int(value)


def _random_product(random: Sequence[bool], rng: np.random.Generator) -> State:
    """Return a product state, random where it says so, else |0>; axis k is qubit k."""
    state: State = np.ones((), dtype=complex)
    for one in random:
        amplitudes = rng.normal(size=2) + 1j * rng.normal(size=2) if one else np.array([1, 0])
        state = np.multiply.outer(state, amplitudes / np.linalg.norm(amplitudes))
    return state


@dataclass
class _Run:
    """One way through a stage on some of its qubits.

    Attributes:
        qubits: in the order of the state's axes.
        given: values of the classical bits; the outcome of a measurement that is not a qubit's last act.
        matrices: of gates, as far as they are known.
        state: not normalised where outcomes were taken as given.
        measured: qubit -> bit, of the measurements that end a qubit's stage.
    """

    qubits: Sequence[int]
    given: Mapping[int, int]
    matrices: dict[Any, State]
    state: State
    measured: dict[int, int] = field(default_factory=dict)

    def all(self, steps: Sequence[Step]) -> _Run:
        mine = [step for step in steps if step.qubits and step.qubits[0] in self.qubits]
        last = {q: k for k, step in enumerate(mine) for q in step.qubits}
        for k, step in enumerate(mine):
            axes = [self.qubits.index(q) for q in step.qubits]
            if step.operation.name == MEASURE:
                if last[step.qubits[0]] == k:
                    self.measured[step.qubits[0]] = step.bits[0]
                else:
                    self._project(axes[0], self.given.get(step.bits[0], 0))
            elif step.operation.name == RESET:
                if np.linalg.norm(np.take(self.state, 1, axes[0])) > TOLERANCE:
                    outcome = self.given.get(step.qubits[0], 0)
                    kept = np.take(self.state, outcome, axes[0])
                    self.state = np.stack([kept, np.zeros_like(kept)], axes[0])
            else:
                self._apply(step.operation, axes)
        return self

    def _project(self, axis: int, outcome: int) -> None:
        kept = np.take(self.state, outcome, axis)
        zero = np.zeros_like(kept)
        self.state = np.stack([kept, zero] if outcome == 0 else [zero, kept], axis)

    def _apply(self, operation: Operation, axes: Sequence[int]) -> None:
        n, matrix = len(axes), self._matrix(operation).reshape((2,) * 2 * len(axes))
        turned = np.tensordot(matrix, self.state, (range(n, 2 * n), axes[::-1]))
        self.state = np.moveaxis(turned, range(n), axes[::-1])

    def _matrix(self, operation: Operation) -> State:
        key = (operation.name, operation.num_qubits, *operation.params) if _is_standard(operation) else None
        if key is not None and key in self.matrices:
            return self.matrices[key]
        try:
            matrix: State = np.asarray(Operator(operation).data)
        except Exception as error:  # an operation without a matrix
            raise LocalityError(
                f"operation {operation.name[:60]!r} is no gate that can be checked"
            ) from error
        if key is not None:
            self.matrices[key] = matrix
        return matrix

    def outcomes(self) -> tuple[list[int], NDArray[np.float64]]:
        """Return the classical bits that are measured, sorted, and the probability of every value of them."""
        order = sorted(self.measured, key=self.measured.__getitem__)
        axes = [self.qubits.index(q) for q in order]
        moved = np.moveaxis(self.state, axes, range(len(axes)))
        flat = np.abs(moved.reshape(2 ** len(axes), -1)) ** 2
        return [self.measured[q] for q in order], flat.sum(1)

    def by_outcome(self) -> State:
        """Return the state as a matrix: a row for every outcome."""
        axes = [self.qubits.index(q) for q in sorted(self.measured)]
        return np.moveaxis(self.state, axes, range(len(axes))).reshape(2 ** len(axes), -1)


_standard_gates = functools.cache(get_standard_gate_name_mapping)


def _is_standard(operation: Operation) -> bool:
    """Return whether name and numbers say what a gate does."""
    known = _standard_gates().get(operation.name)
    return (
        known is not None
        and getattr(operation, "base_class", None) is known.base_class
        and all(isinstance(p, (int, float)) for p in operation.params)
    )


def _same(a: _Run, b: _Run, *, last: bool) -> bool:
    """Return whether two runs agree: in outcomes, and unless nothing follows also in what is left."""
    if last:
        (bits, p), (others, q) = a.outcomes(), b.outcomes()
        return bits == others and bool(np.abs(p - q).max() < TOLERANCE)
    if a.measured != b.measured:
        return False
    x, y = a.by_outcome(), b.by_outcome()
    overlap = float(np.abs(np.einsum("ij,ij->i", x.conj(), y)).sum())
    scale, other = float(np.linalg.norm(x)) ** 2, float(np.linalg.norm(y)) ** 2
    return abs(other - scale) < TOLERANCE and abs(overlap - scale) < TOLERANCE
