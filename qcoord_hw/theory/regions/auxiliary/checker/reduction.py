"""The target of an answer, and whether its reduction leaves the optimum over U as it is.

Why each step is sound, for every weight beta of the program:

- A party in tensor product with all others makes its state alone: append it to each theta^u, or drop it.
- A basis of the support: every state of a mixture of omega lives in the support of omega, so an isometry onto
  it only renames states.
- A quantum party whose dephasing leaves omega as it is: dephasing the theta^u of a mixture gives another
  mixture of omega, and no mutual information with U grows under a local channel.
- Letters with equal conditionals: given its group, the letter is independent of everything else. A mixture
  for the groups becomes one for the letters when the party draws the letter given the group alone, and the
  other way round by forgetting the letter: both are local channels, so no information on U grows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from qcoord_hw.theory.regions.auxiliary.checker.reading import (
    complexes,
    field,
    integer,
    items,
    names,
    number,
    refuse,
    text,
)
from qcoord_hw.theory.regions.auxiliary.checker.side import Complexes, Floats
from qcoord_hw.theory.regions.auxiliary.checker.support import Supports

TOLERANCE = 1e-9
NEGATIVE = 1e-10  # an eigenvalue may be below zero by this


@dataclass(frozen=True, eq=False)
class State:
    """A state of classical and quantum systems.

    Attributes:
        classical: names, in the order of their axes.
        quantum: names, in the order of their axes.
        tensor: one axis a classical system, then the row axes and then the column axes of the quantum ones.
    """

    classical: tuple[str, ...]
    quantum: tuple[str, ...]
    tensor: Complexes

    @property
    def letters(self) -> tuple[int, ...]:
        """Numbers of letters."""
        return self.tensor.shape[: len(self.classical)]

    @property
    def dimensions(self) -> tuple[int, ...]:
        """Dimensions of the quantum systems."""
        return self.tensor.shape[len(self.classical) : len(self.classical) + len(self.quantum)]

    @property
    def matrices(self) -> Complexes:
        """The blocks: shape (*letters, D, D)."""
        size = int(np.prod(self.dimensions))
        return self.tensor.reshape(*self.letters, size, size)

    def axes(self, name: str) -> tuple[int, ...]:
        """Return the axis of a classical system, or the row and the column axis of a quantum one."""
        if name in self.classical:
            return (self.classical.index(name),)
        row = len(self.classical) + self.quantum.index(name)
        return (row, row + len(self.quantum))

    def without(self, name: str) -> State:
        """Return the marginal of the other systems."""
        axes = self.axes(name)
        tensor = (
            self.tensor.sum(axis=axes[0])
            if len(axes) == 1
            else np.trace(self.tensor, axis1=axes[0], axis2=axes[1])
        )
        return State(
            tuple(x for x in self.classical if x != name),
            tuple(x for x in self.quantum if x != name),
            np.asarray(tensor),
        )

    def alone(self, name: str) -> State:
        """Return the marginal of one system."""
        state = self
        for other in (*self.classical, *self.quantum):
            if other != name:
                state = state.without(other)
        return state

    def entropy(self) -> float:
        """Return the entropy in bits."""
        return entropy(np.linalg.eigvalsh(self.matrices).ravel())


def entropy(probabilities: Floats) -> float:
    """Return H in bits; what is not positive counts as 0."""
    kept = probabilities[probabilities > 0]
    return float(-(kept * np.log2(kept)).sum())


def state_faults(state: State, where: str) -> list[str]:
    """Return why this is not a state of trace 1."""
    blocks = state.matrices
    faults = []
    if (crooked := float(np.abs(blocks - blocks.conj().swapaxes(-1, -2)).max())) > TOLERANCE:
        faults.append(f"{where}: not Hermitian by {crooked:.3g}")
    if (lowest := float(np.linalg.eigvalsh((blocks + blocks.conj().swapaxes(-1, -2)) / 2).min())) < -NEGATIVE:
        faults.append(f"{where}: has the eigenvalue {lowest:.3g}")
    if abs((trace := float(np.trace(blocks, axis1=-2, axis2=-1).real.sum())) - 1) > TOLERANCE:
        faults.append(f"{where}: has trace {trace:.12g}, not 1")
    return faults


def read_target(certificate: Any) -> tuple[State, list[str]]:
    """Return the target of a certificate and what is wrong with it as a state."""
    where = "certificate.target"
    target = field(certificate, "target", "certificate")
    systems = field(target, "systems", where)
    if not isinstance(systems, dict) or not systems:
        raise refuse(f"{where}.systems", systems, "an object of names and dimensions")
    sizes = {name: integer(size, f"{where}.systems.{name}", 1, 4096) for name, size in systems.items()}
    listed = names(field(target, "classical", where), f"{where}.classical", tuple(sizes))
    classical = tuple(name for name in sizes if name in listed)
    quantum = tuple(name for name in sizes if name not in listed)
    dimensions = [sizes[name] for name in quantum]
    size, faults = int(np.prod(dimensions)), []
    letters = tuple(sizes[name] for name in classical)
    if int(np.prod(letters)) * size**2 > 10**7:
        raise refuse(f"{where}.systems", systems, "a state of at most 10^7 entries")
    blocks = np.zeros((*letters, size, size), dtype=complex)
    for i, entry in enumerate(items(field(target, "ensemble", where), f"{where}.ensemble")):
        here = f"{where}.ensemble[{i}]"
        p = number(field(entry, "p", here), f"{here}.p")
        x = read_letter(field(entry, "x", here), f"{here}.x", classical, letters)
        if not quantum and entry.get("density") is None:
            density = np.ones((1, 1), dtype=complex)
        else:
            density = complexes(field(entry, "density", here), f"{here}.density", (size, size))
        faults += state_faults(State((), ("",), density), f"{here}.density")
        if p < 0:
            faults.append(f"{here}.p: negative, {p:.3g}")
        blocks[x] += p * density
    state = State(classical, quantum, blocks.reshape(*letters, *dimensions, *dimensions))
    return state, faults + state_faults(state, where)


def read_letter(
    data: Any, where: str, classical: tuple[str, ...], letters: tuple[int, ...]
) -> tuple[int, ...]:
    """Return one letter of each classical system."""
    if not isinstance(data, dict) or set(data) != set(classical):
        raise refuse(where, data, f"an object with one letter of each of {list(classical)}")
    return tuple(integer(data[n], f"{where}.{n}", 0, k - 1) for n, k in zip(classical, letters, strict=True))


def reduce(target: State, certificate: Any) -> tuple[State, list[str]]:
    """Return the reduced target as the certificate prints it, and where its steps do not hold."""
    where, faults, state = "certificate", [], target
    everyone = target.classical + target.quantum
    off = names(field(certificate, "split_off", where), f"{where}.split_off", everyone)
    parties = items(field(certificate, "parties", where), f"{where}.parties")
    listed = [text(field(party, "name", f"{where}.parties[{i}]"), f"{where}.parties[{i}].name", everyone)
              for i, party in enumerate(parties)]  # fmt: skip
    if sorted([*off, *listed]) != sorted(everyone):
        raise refuse(f"{where}.parties", listed, "every system once, here or in split_off")
    for name in off:
        rest, own = state.without(name), state.alone(name)
        axes = state.axes(name)
        product = np.moveaxis(
            np.multiply.outer(rest.tensor, own.tensor), range(-len(axes), 0), axes
        )  # the axes of the party go back to their places
        if (gap := _gap(product, state.tensor)) > TOLERANCE:
            faults.append(f"{where}.split_off: {name} is not in tensor product with the others, by {gap:.3g}")
        state = rest
    kinds = []
    for i, party in enumerate(parties):
        here, name = f"{where}.parties[{i}]", listed[i]
        kinds.append(text(field(party, "kind", here), f"{here}.kind", ("classical", "quantum")))
        if name in target.quantum:
            state = _rotated(state, name, party, here, faults)
            if kinds[-1] == "classical":
                state = _dephased(state, name, here, faults)
        elif kinds[-1] == "quantum":
            raise refuse(f"{here}.kind", "quantum", "classical, as in the target")
        if kinds[-1] == "classical":
            state = _merged(state, name, party, here, faults)
    if kinds != sorted(kinds):
        raise refuse(f"{where}.parties", kinds, "the classical parties first")
    state = _ordered(state, listed)
    blocks = complexes(field(certificate, "reduced", where), f"{where}.reduced", state.matrices.shape)
    if (gap := _gap(blocks, state.matrices)) > TOLERANCE:
        faults.append(f"{where}.reduced: differs from the reduced target by {gap:.3g}")
    printed = State(state.classical, state.quantum, blocks.reshape(state.tensor.shape))
    return printed, faults + state_faults(printed, f"{where}.reduced")


def normal_form_gap(state: State, supports: Supports, dual: Complexes) -> float:
    """Return by how much K differs from P K P, P the product of the local supports of each block."""
    gap = 0.0
    for x in np.ndindex(*state.letters):
        projector = supports.projector(x)
        gap = max(gap, _gap(projector @ dual[x] @ projector, dual[x]))
    return gap


def _rotated(state: State, name: str, party: Any, where: str, faults: list[str]) -> State:
    """Return the state with one quantum system in the party's basis of its support."""
    row, column = state.axes(name)
    size = state.tensor.shape[row]
    data = items(field(party, "basis", where), f"{where}.basis")
    if not data or not isinstance(data[0], list) or not 1 <= len(data[0]) <= size:
        raise refuse(f"{where}.basis", data, f"a matrix with {size} rows and 1..{size} columns")
    basis = complexes(data, f"{where}.basis", (size, len(data[0])))
    if (gap := _gap(basis.conj().T @ basis, np.eye(basis.shape[1]))) > TOLERANCE:
        faults.append(f"{where}.basis: not an isometry by {gap:.3g}")
    inside = _sandwich(state.tensor, row, column, basis)
    if (gap := _gap(_sandwich(inside, row, column, basis.conj().T), state.tensor)) > TOLERANCE:
        faults.append(f"{where}.basis: does not support the state, by {gap:.3g}")
    return State(state.classical, state.quantum, inside)


def _dephased(state: State, name: str, where: str, faults: list[str]) -> State:
    """Return the state with a quantum system read as a classical one."""
    tensor = np.moveaxis(state.tensor, state.axes(name), (-2, -1))
    diagonal = np.diagonal(tensor, axis1=-2, axis2=-1)
    coherence = tensor - diagonal[..., None] * np.eye(tensor.shape[-1])
    if (gap := float(np.abs(coherence).max())) > TOLERANCE:
        faults.append(f"{where}.basis: dephasing in it changes the state by {gap:.3g}")
    quantum = tuple(x for x in state.quantum if x != name)
    return State((*state.classical, name), quantum, np.moveaxis(diagonal, -1, len(state.classical)))


def _merged(state: State, name: str, party: Any, where: str, faults: list[str]) -> State:
    """Return the state with letters of a classical party merged into groups."""
    (axis,) = state.axes(name)
    tensor = np.moveaxis(state.tensor, axis, 0)
    own = state.alone(name).tensor.real
    groups, seen = [], set[int]()
    for g, data in enumerate(items(field(party, "letters", where), f"{where}.letters")):
        here = f"{where}.letters[{g}]"
        group = [integer(x, f"{here}[{i}]", 0, len(tensor) - 1) for i, x in enumerate(items(data, here))]
        if not group or seen & set(group) or len(set(group)) < len(group):
            raise refuse(here, data, "a list of letters, each in one group")
        seen |= set(group)
        groups.append(tensor[group].sum(axis=0))
        total = float(own[group].sum())
        for x in group:
            share = own[x] / total if total > 0 else 0.0
            if (gap := _gap(tensor[x], share * groups[-1])) > TOLERANCE:
                faults.append(f"{here}: letter {x} has another conditional than its group, by {gap:.3g}")
    if not groups:
        raise refuse(f"{where}.letters", [], "at least one group")
    lost = float(sum(own[x] for x in range(len(tensor)) if x not in seen))
    if lost > TOLERANCE:
        faults.append(f"{where}.letters: letters of probability {lost:.3g} are left out")
    return State(state.classical, state.quantum, np.moveaxis(np.stack(groups), 0, axis))


def _ordered(state: State, listed: list[str]) -> State:
    classical = tuple(name for name in listed if name in state.classical)
    quantum = tuple(name for name in listed if name in state.quantum)
    axes = [state.axes(name)[0] for name in classical + quantum] + [state.axes(name)[1] for name in quantum]
    return State(classical, quantum, np.transpose(state.tensor, axes))


def _sandwich(tensor: Complexes, row: int, column: int, basis: Complexes) -> Complexes:
    """Return basis^dagger . tensor . basis on one system."""
    tensor = np.moveaxis(np.tensordot(tensor, basis.conj(), axes=(row, 0)), -1, row)
    return np.moveaxis(np.tensordot(tensor, basis, axes=(column, 0)), -1, column)


def _gap(a: Complexes, b: Any) -> float:
    return float(np.abs(a - b).max(initial=0.0))
