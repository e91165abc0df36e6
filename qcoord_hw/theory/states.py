"""Target states: several systems, some of them classical; read from files, checked and repaired.

A long module: a state and the one way to read it, most of which is what to say of a file that is wrong.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from qcoord_hw.errors import InputError
from qcoord_hw.inputs import LARGEST, LEAST, exact_number, is_bearable
from qcoord_hw.spec import check_text, read_json, short_repr
from qcoord_hw.text import meant
from qcoord_hw.theory.information import entropy, partial_trace, von_neumann_entropy

FloatArray = npt.NDArray[np.float64]
ComplexArray = npt.NDArray[np.complex128]
IntArray = npt.NDArray[np.int64]

TOLERANCE = 1e-9
"""Near-misses up to here (of a trace, a symmetry, an eigenvalue, a sum of probabilities) are repaired."""

PURE = 1e-9
"""A block is pure when its largest eigenvalue falls short of 1 by no more than this."""

MAX_DIMENSION = 10
MAX_SYSTEMS = 20
"""NumPy has 64 axes and letters for 52, of which a density matrix takes two for each system."""

MAX_QUANTUM = 256
MAX_ENTRIES = 4_000_000
"""Complex numbers in all the blocks of a state."""

NORM = 1e-12
"""A norm, a trace or a sum that is further from 1 than this is noted where it is divided out."""

MAX_NOTES = 4
"""Notes of a state at most; a last one says how many more there would be."""

EXACT = (
    "exact simulation, and so the exact common information, is not taken; allowed are rates at an error that "
    "vanishes, where C0 is Wyner's common information"
)
NO_DOOR = ("exact", "simulation")
"""Fields that would ask for it."""

_KEYS = ("name", "systems", "classical", "ket", "density", "ensemble", "notes")


@dataclass(frozen=True, eq=False)
class State:
    """A classical-quantum state: for each letter of the classical systems a state of the quantum ones.

    Attributes:
        name: one line of text.
        systems: all the systems, in order.
        dimensions: of each system, in the same order.
        classical: those of the systems that are classical.
        letters: shape (L, number of classical systems): the letters of positive probability, sorted.
        probabilities: shape (L,); they sum to 1.
        blocks: shape (L, d, d): the density matrix of the quantum systems for each letter, trace 1.
        notes: one line each: what the file held that was not as it stands here, such as the norm of a ket.
    """

    name: str
    systems: tuple[str, ...]
    dimensions: tuple[int, ...]
    classical: tuple[str, ...]
    letters: IntArray
    probabilities: FloatArray
    blocks: ComplexArray
    notes: tuple[str, ...] = ()

    @property
    def quantum(self) -> tuple[str, ...]:
        """The systems that are not classical, in order."""
        return tuple(system for system in self.systems if system not in self.classical)

    def dimension(self, system: str) -> int:
        """Return the dimension of a system; 1 for one that the state lacks: a party without a share."""
        return self.dimensions[self.systems.index(system)] if system in self.systems else 1

    def sizes(self, systems: Iterable[str]) -> tuple[int, ...]:
        """Return the dimensions of some systems."""
        return tuple(map(self.dimension, systems))

    @cached_property
    def pure(self) -> bool:
        """Whether the state of the quantum systems is pure for every letter."""
        return bool((np.linalg.eigvalsh(self.blocks)[:, -1] >= 1 - PURE).all())

    def kets(self) -> ComplexArray:
        """Return the vector of each pure block, shape (L, d), its largest entry positive.

        Raises:
            InputError: when a block is mixed.
        """
        if not self.pure:
            raise InputError(f"state: {self.name!r} is mixed; allowed here are pure states")
        kets = np.linalg.eigh(self.blocks)[1][:, :, -1]
        largest = kets[np.arange(len(kets)), np.abs(kets).argmax(axis=1)]
        return np.asarray(kets * (np.abs(largest) / largest)[:, None])

    def ket(self, systems: Sequence[str]) -> ComplexArray:
        """Return the vector of a pure state without classical systems, an axis a system, in this order.

        Args:
            systems: all those of the state; what it lacks is an axis of length 1.

        Raises:
            InputError: when the state is mixed.
        """
        present = [s for s in systems if s in self.systems]
        tensor = self.kets()[0].reshape(self.dimensions).transpose([self.systems.index(s) for s in present])
        return np.asarray(tensor.reshape(self.sizes(systems)))

    def reduced(self, systems: Iterable[str]) -> State:
        """Return the state of some of the systems, in the state's order; those it lacks are ignored."""
        wanted = set(systems)
        keep = tuple(s for s in self.systems if s in wanted)
        classical = tuple(s for s in self.classical if s in wanted)
        columns = [self.classical.index(s) for s in classical]
        quantum = tuple(i for i, s in enumerate(self.quantum) if s in wanted)
        blocks = partial_trace(self.blocks, self.sizes(self.quantum), quantum)
        letters, which = np.unique(self.letters[:, columns], axis=0, return_inverse=True)
        which = which.reshape(-1)
        probabilities: FloatArray = np.bincount(which, self.probabilities, len(letters)).astype(float)
        sums: ComplexArray = np.zeros((len(letters), *blocks.shape[1:]), dtype=complex)
        np.add.at(sums, which, self.probabilities[:, None, None] * blocks)
        return State(
            self.name,
            keep,
            self.sizes(keep),
            classical,
            letters,
            probabilities,
            sums / probabilities[:, None, None],
        )

    def entropy(self, systems: Iterable[str]) -> float:
        """Return the entropy H of some systems, in bits; 0 of none."""
        part = self.reduced(systems)
        within = map(von_neumann_entropy, part.blocks)
        return entropy(part.probabilities) + math.fsum(
            p * h for p, h in zip(part.probabilities, within, strict=True)
        )

    def mutual_information(self, one: Iterable[str], other: Iterable[str]) -> float:
        """Return I(one; other) = H(one) + H(other) - H(both), in bits; the two have no system in common."""
        one, other = tuple(one), tuple(other)
        return self.entropy(one) + self.entropy(other) - self.entropy(one + other)

    def tensor(self) -> ComplexArray:
        """Return p(x) rho^x for all letters, shape (*dimensions of the classical systems, d, d)."""
        d = self.blocks.shape[-1]
        tensor = np.zeros((*self.sizes(self.classical), d, d), dtype=complex)
        tensor[tuple(self.letters.T)] = self.probabilities[:, None, None] * self.blocks
        return tensor

    def density(self, systems: Sequence[str] | None = None) -> ComplexArray:
        """Return the density matrix of some systems (default all), classical ones as diagonal.

        Args:
            systems: in the order wanted; those that the state lacks are ignored.
        """
        systems = [s for s in (self.systems if systems is None else systems) if s in self.systems]
        part = self.reduced(systems)
        n, m = len(part.classical), len(part.quantum)
        sizes = part.sizes(part.quantum)
        tensor = part.tensor().reshape(part.sizes(part.classical) + sizes + sizes)
        letter, ket, bra = range(n), range(n, n + m), range(n + m, n + 2 * m)
        rows = dict(zip(part.classical + part.quantum, (*letter, *ket), strict=True))
        columns = dict(zip(part.classical + part.quantum, (*letter, *bra), strict=True))
        # A classical system's letter stands on the diagonal: its axis is spread over a row and a column.
        operands: list[Any] = [tensor, [*letter, *ket, *bra]]
        for i, system in enumerate(part.classical):
            columns[system] = n + 2 * m + i
            operands += [np.eye(part.dimension(system)), [i, n + 2 * m + i]]
        out = [rows[s] for s in systems] + [columns[s] for s in systems]
        size = math.prod(part.dimensions)
        return np.asarray(np.einsum(*operands, out).reshape(size, size), dtype=complex)

    def to_json(self) -> dict[str, Any]:
        """Return the state in its file format, as an ensemble of density matrices; its notes stand beside."""
        ensemble = []
        for letter, p, block in zip(self.letters, self.probabilities, self.blocks, strict=True):
            entry: dict[str, Any] = {"p": float(p)}
            entry["x"] = dict(zip(self.classical, map(int, letter), strict=True))
            entry["density"] = [[[float(z.real), float(z.imag)] for z in row] for row in block]
            ensemble.append(entry)
        return {
            "name": self.name,
            "systems": dict(zip(self.systems, self.dimensions, strict=True)),
            "classical": list(self.classical),
            "ensemble": ensemble,
        } | ({"notes": list(self.notes)} if self.notes else {})

    def to_text(self) -> str:
        """Return the state in its file format as text; keys are sorted, save systems, whose order counts."""
        data = self.to_json()
        data["ensemble"] = [
            {"density": entry["density"], "p": entry["p"], "x": dict(sorted(entry["x"].items()))}
            for entry in data["ensemble"]
        ]
        ordered = {key: data[key] for key in sorted(data)}
        return json.dumps(ordered, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def make_state(
    name: str,
    systems: Mapping[str, int],
    blocks: Iterable[tuple[float, tuple[int, ...], npt.NDArray[Any]]],
    classical: tuple[str, ...] = (),
    notes: tuple[str, ...] = (),
) -> State:
    """Build a state from checked parts; blocks of the same letter are mixed, those with p = 0 dropped.

    Args:
        name: one line of text.
        systems: dimension by system, in order.
        blocks: probability, letters of the classical systems, and a vector (normalised here) or a density
            matrix of the quantum systems.
        classical: which systems are classical.
        notes: of the state.
    """
    sums: dict[tuple[int, ...], Any] = {}
    for p, letter, block in blocks:
        if p > 0:
            if block.ndim == 1:
                block = np.outer(block, block.conj()) / np.vdot(block, block).real
            sums[letter] = sums.get(letter, 0) + p * block
    letters = sorted(sums)
    stacked = np.array([sums[letter] for letter in letters], dtype=complex)
    probabilities = np.trace(stacked, axis1=1, axis2=2).real
    return State(
        name,
        tuple(systems),
        tuple(systems.values()),
        tuple(s for s in systems if s in classical),
        np.array(letters, dtype=np.int64).reshape(len(letters), len(classical)),
        probabilities / probabilities.sum(),
        stacked / probabilities[:, None, None],
        notes,
    )


def read_state(path: Path) -> State:
    """Read a state file.

    Raises:
        InputError: when it cannot be read, is not JSON, or a field is wrong.
    """
    path = Path(path)
    data = read_json(path)
    try:
        return state_from_json(data, path.stem)
    except InputError as error:
        raise InputError(f"{path.name}: {error}") from None


def state_from_json(data: object, name: str = "state") -> State:
    """Build a state from the content of a state file.

    Args:
        data: an object with `systems` and one of `ket`, `density`, `ensemble`; optional `classical`, `name`
            and `notes`, which are kept.
        name: the state's name where the file states none.

    Raises:
        InputError: naming the field that is wrong, what is allowed, and by how much a near-miss missed.
    """
    if not isinstance(data, Mapping):
        raise InputError(
            f"state: {short_repr(data)}; allowed is an object with systems and one of ket, density, ensemble"
        )
    for key in data:
        if key in NO_DOOR:
            raise InputError(f"{key}: {EXACT}")
        if key not in _KEYS:
            raise InputError(f"{short_repr(key)}: unknown{meant(key, _KEYS)}; allowed are {', '.join(_KEYS)}")
    name = data.get("name", name)
    check_text("name", name)
    systems = _systems(data.get("systems"))
    classical = _classical(data.get("classical", []), systems)
    forms = [key for key in ("ket", "density", "ensemble") if key in data]
    if len(forms) != 1:
        given = " and ".join(forms) if forms else "none"
        raise InputError(f"ket, density, ensemble: {given} given; allowed is exactly one of them")
    quantum = {s: d for s, d in systems.items() if s not in classical}
    _check_size(systems, classical, quantum)
    sizes = tuple(quantum.values())
    notes = _notes(data.get("notes", []))
    if forms == ["ensemble"]:
        blocks = _ensemble(data["ensemble"], systems, classical, sizes, notes)
    elif forms == ["density"]:
        matrix = _density("density", data["density"], math.prod(systems.values()), notes)
        blocks = _letters_of(matrix, systems, classical)
    elif classical:
        raise InputError(
            f"classical: {short_repr(list(classical))} with a ket; allowed with density or ensemble"
        )
    else:
        blocks = [(1.0, (), _ket("ket", data["ket"], sizes, notes))]
    if (more := len(notes) - MAX_NOTES) > 1:
        notes[MAX_NOTES - 1 :] = [f"and {more + 1} more that were not 1 in the file, divided out"]
    return make_state(name, systems, blocks, classical, tuple(notes))


def _notes(value: object) -> list[str]:
    if not isinstance(value, list) or len(value) > MAX_NOTES + 1:
        raise InputError(
            f"notes: {short_repr(value)}; allowed is a list of at most {MAX_NOTES + 1} lines of text"
        )
    for line in value:
        check_text("notes", line)
    return list(value)


def _divided_out(notes: list[str], field: str, what: str, value: float) -> None:
    """Note a norm, a trace or a sum that was not 1."""
    if abs(value - 1) > NORM:
        notes.append(f"{field}: {what} {value:.12g} in the file, divided out")


def _check_size(systems: Mapping[str, int], classical: tuple[str, ...], quantum: Mapping[str, int]) -> None:
    d = math.prod(quantum.values())
    if d > MAX_QUANTUM:
        raise InputError(f"systems: quantum dimensions multiply to {d}; allowed are at most {MAX_QUANTUM}")
    entries = math.prod(systems[s] for s in classical) * d * d
    if entries > MAX_ENTRIES:
        raise InputError(f"systems: {entries} entries in all blocks; allowed are at most {MAX_ENTRIES}")


def _systems(value: object) -> dict[str, int]:
    if not isinstance(value, Mapping) or not value:
        raise InputError(
            f'systems: {short_repr(value)}; allowed is an object of dimensions such as {{"A": 2}}'
        )
    if len(value) > MAX_SYSTEMS:
        raise InputError(f"systems: {len(value)} of them; allowed are at most {MAX_SYSTEMS}")
    for system, d in value.items():
        check_text("systems", system)
        if isinstance(d, bool) or not isinstance(d, int) or not 1 <= d <= MAX_DIMENSION:
            raise InputError(
                f"systems.{system}: {short_repr(d)}; allowed are dimensions from 1 to {MAX_DIMENSION}"
            )
    return dict(value)


def _classical(value: object, systems: Mapping[str, int]) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise InputError(f"classical: {short_repr(value)}; allowed is a list of systems")
    for system in value:
        if not isinstance(system, str) or system not in systems:
            raise InputError(f"classical: {short_repr(system)}; allowed are {', '.join(systems)}")
    if len(set(value)) != len(value):
        raise InputError(f"classical: {short_repr(value)}; allowed is each system once")
    return tuple(s for s in systems if s in value)


def number(field: str, value: object) -> float:
    """Return a finite real number: a JSON number, or an exact string such as "1/3".

    Raises:
        InputError: naming the field.
    """
    if isinstance(value, str):
        with suppress(ValueError, OverflowError):
            value = float(exact_number(value))
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63:
        value = float(value)
    if not isinstance(value, float) or not is_bearable(value):  # NaN is not
        raise InputError(
            f"{field}: {short_repr(value)}; allowed are numbers of size at most {LARGEST:g}, at "
            f"least {LEAST:g} "
            'or 0 (integers: below 2^63), or strings such as "1/3"'
        )
    return value


def _complex(field: str, value: object) -> complex:
    if isinstance(value, list):
        if len(value) != 2:
            raise InputError(f"{field}: {short_repr(value)}; allowed are numbers or [re, im]")
        return complex(number(field, value[0]), number(field, value[1]))
    return complex(number(field, value))


def _ket(field: str, value: object, sizes: tuple[int, ...], notes: list[str]) -> ComplexArray:
    if not isinstance(value, Mapping) or not value:
        raise InputError(
            f'{field}: {short_repr(value)}; allowed is an object of amplitudes such as {{"00": 1}}'
        )
    vector = np.zeros(sizes or (1,), dtype=complex)
    for key, amplitude in value.items():
        fits = (
            isinstance(key, str)
            and len(key) == len(sizes)
            and all("0" <= c <= "9" and int(c) < d for c, d in zip(key, sizes, strict=True))
        )
        if not fits:
            raise InputError(
                f"{field}: key {short_repr(key)}; allowed are the digits of the quantum systems, in order, "
                f"each below its dimension {list(sizes)}"
            )
        vector[tuple(map(int, key)) or (0,)] = _complex(f"{field}.{key}", amplitude)
    flat = vector.ravel()
    # Scaled first, so that amplitudes of 1e-200 or 1e200 neither vanish nor overflow.
    largest = np.abs(flat).max()
    if largest == 0:
        raise InputError(f"{field}: every amplitude is 0; allowed is a vector that is not zero")
    flat = flat / largest
    norm = float(np.linalg.norm(flat))
    _divided_out(notes, field, "norm", float(largest) * norm)
    return np.asarray(flat / norm)


def _density(field: str, value: object, size: int, notes: list[str]) -> ComplexArray:
    """Return a density matrix, near-misses repaired."""
    square = (
        isinstance(value, list)
        and len(value) == size
        and all(isinstance(row, list) and len(row) == size for row in value)
    )
    if not square:
        raise InputError(f"{field}: {short_repr(value)}; allowed is a {size} x {size} matrix, a list of rows")
    assert isinstance(value, list)
    matrix = np.array([[_complex(field, entry) for entry in row] for row in value])
    off = float(np.abs(matrix - matrix.conj().T).max())
    if off > TOLERANCE:
        raise InputError(f"{field}: not Hermitian, off by {off:.3g}; allowed is at most {TOLERANCE:g}")
    matrix = (matrix + matrix.conj().T) / 2
    trace = float(np.trace(matrix).real)
    if abs(trace - 1) > TOLERANCE:
        raise InputError(f"{field}: trace {trace:.12g}; allowed is 1 within {TOLERANCE:g}")
    values, vectors = np.linalg.eigh(matrix)
    if values[0] < -TOLERANCE:
        raise InputError(
            f"{field}: eigenvalue {values[0]:.3g}; allowed are eigenvalues not below 0 within {TOLERANCE:g}"
        )
    _divided_out(notes, field, "trace", trace)
    if values[0] < -NORM:
        notes.append(f"{field}: eigenvalue {values[0]:.3g} in the file, set to 0")
    if (noise := values < TOLERANCE).any():
        matrix = (vectors * np.where(noise, 0, values)) @ vectors.conj().T
    return np.asarray(matrix / np.trace(matrix).real)


Block = tuple[float, tuple[int, ...], ComplexArray]


def _letters_of(matrix: ComplexArray, systems: Mapping[str, int], classical: tuple[str, ...]) -> list[Block]:
    """Return the blocks of a density matrix of all the systems, which is diagonal in the classical ones."""
    if not classical:
        return [(1.0, (), matrix)]
    names, sizes = list(systems), tuple(systems.values())
    n = len(names)
    order = [names.index(s) for s in classical] + [i for i, s in enumerate(names) if s not in classical]
    letters = tuple(systems[s] for s in classical)
    count, d = math.prod(letters), math.prod(sizes) // math.prod(letters)
    turned = matrix.reshape(sizes + sizes).transpose(order + [n + i for i in order])
    turned = turned.reshape(count, d, count, d)
    off = turned.copy()
    off[np.arange(count), :, np.arange(count), :] = 0
    if (worst := float(np.abs(off).max())) > TOLERANCE:
        raise InputError(
            f"density: not diagonal in {', '.join(classical)}, off by {worst:.3g}; allowed is at most "
            f"{TOLERANCE:g} between different letters of the classical systems"
        )
    blocks: list[Block] = []
    for k, letter in enumerate(np.ndindex(letters)):
        p = float(np.trace(turned[k, :, k, :]).real)
        if p > 1e-14:
            blocks.append((p, letter, turned[k, :, k, :] / p))
    return blocks


def _ensemble(
    value: object,
    systems: Mapping[str, int],
    classical: tuple[str, ...],
    sizes: tuple[int, ...],
    notes: list[str],
) -> list[Block]:
    if not isinstance(value, list) or not value:
        raise InputError(
            f"ensemble: {short_repr(value)}; allowed is a list of objects with p, x, and ket or density"
        )
    blocks = []
    for i, entry in enumerate(value):
        field = f"ensemble[{i}]"
        if not isinstance(entry, Mapping):
            raise InputError(
                f"{field}: {short_repr(entry)}; allowed is an object with p, x, and ket or density"
            )
        for key in entry:
            if key not in ("p", "x", "ket", "density"):
                raise InputError(f"{field}: unknown {short_repr(key)}; allowed are p, x, ket, density")
        if "p" not in entry:
            raise InputError(f"{field}.p: missing; allowed is a probability")
        p = number(f"{field}.p", entry["p"])
        if not -TOLERANCE <= p <= 1 + TOLERANCE:
            raise InputError(f"{field}.p: {p:g}; allowed are probabilities from 0 to 1")
        letter = _letter(f"{field}.x", entry.get("x", {}), systems, classical)
        forms = [key for key in ("ket", "density") if key in entry]
        if len(forms) > 1 or (not forms and sizes):
            raise InputError(f"{field}: {len(forms)} of ket and density; allowed is exactly one of them")
        if not forms:
            block = np.ones(1, dtype=complex)
        elif forms == ["ket"]:
            block = _ket(f"{field}.ket", entry["ket"], sizes, notes)
        else:
            block = _density(f"{field}.density", entry["density"], math.prod(sizes), notes)
        blocks.append((p, letter, block))
    total = math.fsum(p for p, _, _ in blocks)
    if abs(total - 1) > TOLERANCE:
        raise InputError(f"ensemble: probabilities sum to {total:.12g}; allowed is 1 within {TOLERANCE:g}")
    _divided_out(notes, "ensemble", "sum of probabilities", total)
    return blocks


def _letter(
    field: str, value: object, systems: Mapping[str, int], classical: tuple[str, ...]
) -> tuple[int, ...]:
    if not isinstance(value, Mapping) or set(value) != set(classical):
        example = "{" + ", ".join(f'"{s}": 0' for s in classical) + "}"
        raise InputError(
            f"{field}: {short_repr(value)}; allowed is a letter for each classical system: {example}"
        )
    for system, letter in value.items():
        if isinstance(letter, bool) or not isinstance(letter, int) or not 0 <= letter < systems[system]:
            raise InputError(
                f"{field}.{system}: {short_repr(letter)}; allowed are letters from 0 to {systems[system] - 1}"
            )
    return tuple(value[s] for s in classical)
