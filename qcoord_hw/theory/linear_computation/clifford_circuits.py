"""Clifford circuits as text, and the stabilizer generators of the state that they make from |0..0>.

Of stim's `.stim` the unitary gates on qubits are read, with REPEAT; of sdim's `.chp` those on qudits of prime
dimension. Neither package is needed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np

from qcoord_hw.errors import InputError
from qcoord_hw.spec import short_repr
from qcoord_hw.theory.linear_computation.pauli_strings import Generators

Gate = tuple[str, tuple[int, ...]]
"""A name and the qudits that it acts on."""

MAX_QUDITS = 256
MAX_GATES = 200_000
"""Gates of a circuit, those of a REPEAT counted as often as they are repeated."""

NOTES = ("TICK", "QUBIT_COORDS", "SHIFT_COORDS")
"""Instructions of stim that do nothing to a state."""

WORDS = {
    "I": "",
    "X": "H0 S0 S0 H0",
    "Y": "S0 S0 X0",
    "Z": "S0 S0",
    "S_DAG": "S0 S0 S0",
    "SQRT_X": "H0 S0 H0",
    "SQRT_X_DAG": "H0 S_DAG0 H0",
    "SQRT_Y": "Z0 H0",
    "SQRT_Y_DAG": "H0 Z0",
    "H_XY": "X0 S0",
    "H_YZ": "SQRT_X0 Z0",
    "H_NXY": "Y0 S0",
    "H_NXZ": "Y0 H0",
    "H_NYZ": "SQRT_X0 Y0",
    "C_XYZ": "S_DAG0 H0",
    "C_ZYX": "H0 S0",
    "C_NXYZ": "C_XYZ0 Z0",
    "C_XNYZ": "C_XYZ0 X0",
    "C_XYNZ": "C_XYZ0 Y0",
    "C_NZYX": "C_ZYX0 X0",
    "C_ZNYX": "C_ZYX0 Z0",
    "C_ZYNX": "C_ZYX0 Y0",
    "II": "",
    "CZ": "H1 CX01 H1",
    "CY": "S_DAG1 CX01 S1",
    "XCX": "H0 CX01 H0",
    "XCY": "H0 CY01 H0",
    "XCZ": "CX10",
    "YCX": "H_YZ0 CX01 H_YZ0",
    "YCY": "H_YZ0 CY01 H_YZ0",
    "YCZ": "CY10",
    "CXSWAP": "CX01 SWAP01",
    "SWAPCX": "SWAP01 CX01",
    "CZSWAP": "CZ01 SWAP01",
    "SQRT_ZZ": "S0 S1 CZ01",
    "SQRT_ZZ_DAG": "S_DAG0 S_DAG1 CZ01",
    "SQRT_XX": "H0 H1 SQRT_ZZ01 H0 H1",
    "SQRT_XX_DAG": "H0 H1 SQRT_ZZ_DAG01 H0 H1",
    "SQRT_YY": "H_YZ0 H_YZ1 SQRT_ZZ01 H_YZ0 H_YZ1",
    "SQRT_YY_DAG": "H_YZ0 H_YZ1 SQRT_ZZ_DAG01 H_YZ0 H_YZ1",
    "ISWAP": "SWAP01 CZ01 S0 S1",
    "ISWAP_DAG": "SWAP01 CZ01 S_DAG0 S_DAG1",
}
"""Each gate of stim in H, S and CX, and in gates further up: a name and the places of its qubits."""

ALIASES = {
    "SQRT_Z": "S",
    "SQRT_Z_DAG": "S_DAG",
    "H_XZ": "H",
    "CNOT": "CX",
    "ZCX": "CX",
    "ZCY": "CY",
    "ZCZ": "CZ",
    "SWAPCZ": "CZSWAP",
}
PRIMITIVES = {"H": 1, "S": 1, "CX": 2, "SWAP": 2}
SIZES = PRIMITIVES | {name: 1 + ("1" in word or name == "II") for name, word in WORDS.items()}

CHP = {
    **dict.fromkeys(("H", "R", "DFT"), "H"),
    **dict.fromkeys(("P", "PHASE", "S"), "S"),
    **dict.fromkeys(("CNOT", "SUM", "CX", "C"), "CX"),
    **{name: name for name in ("CZ", "SWAP", "X", "Z", "I")},
}
"""Names of sdim's gates; with `_INV` or `_DAG` their inverses."""


class Frame:
    """The generators of a state of qudits of prime dimension p while gates act on it."""

    def __init__(self, qudits: int, p: int = 2) -> None:
        """Start with |0..0>, of which Z is the generator at each qudit."""
        self.p = p
        self.x = np.zeros((qudits, qudits), dtype=np.int64)
        self.z = np.eye(qudits, dtype=np.int64)
        self.signs = np.zeros(qudits, dtype=np.int64)

    def act(self, name: str, at: Sequence[int]) -> None:
        """Apply H (X -> Z -> X^-1), S (X -> XZ), CX or SWAP; of qubits also the gates of `WORDS`."""
        x, z, p = self.x, self.z, self.p
        if name in WORDS:
            for token in WORDS[name].split():
                gate = token.rstrip("01")
                self.act(gate, [at[int(k)] for k in token[len(gate) :]])
        elif name == "H":
            (a,) = at
            self.signs ^= x[:, a] & z[:, a]
            x[:, a], z[:, a] = -z[:, a] % p, x[:, a].copy()
        elif name == "S":
            (a,) = at
            self.signs ^= x[:, a] & z[:, a]
            z[:, a] = (z[:, a] + x[:, a]) % p
        elif name == "CX":
            a, b = at
            self.signs ^= x[:, a] & z[:, b] & (x[:, b] ^ z[:, a] ^ 1)
            x[:, b] = (x[:, b] + x[:, a]) % p
            z[:, a] = (z[:, a] - z[:, b]) % p
        else:
            there, back = list(at), list(at)[::-1]
            x[:, there], z[:, there] = x[:, back], z[:, back]

    def generators(self) -> Generators:
        """Return the generators: number k is what became of Z at qudit k. Only those of qubits have signs."""
        return Generators(self.x, self.z, self.signs if self.p == 2 else np.zeros_like(self.signs))


def stim_generators(text: str, where: str) -> Generators:
    """Return the generators of the state that a `.stim` circuit makes from |0..0>.

    Args:
        text: the circuit.
        where: what to call it in errors.

    Raises:
        InputError: naming line and instruction that is not a unitary gate on qubits, or is malformed.
    """
    gates = list(_stim_gates(text.splitlines(), where))
    return _generators(gates, 1 + max((q for _, at in gates for q in at), default=-1), 2, where)


def _generators(gates: Sequence[Gate], qudits: int, p: int, where: str) -> Generators:
    if not 1 <= qudits <= MAX_QUDITS:
        raise InputError(f"{where}: {qudits} qudits; allowed are 1 to {MAX_QUDITS}")
    frame = Frame(qudits, p)
    for name, at in gates:
        frame.act(name, at)
    return frame.generators()


_STIM = re.compile(r"([A-Za-z][A-Za-z0-9_]*)(?:\[[^\]]*\])?(?:\([^()]*\))?((?:[ \t].*)?)")


def _stim_gates(lines: Sequence[str], where: str) -> Iterator[Gate]:
    """Yield the gates of a circuit, blocks repeated."""
    stack: list[tuple[int, list[Gate]]] = [(1, [])]
    for number, line in enumerate(lines, 1):
        here, text = f"{where}: line {number}", line.split("#")[0].strip()
        if not text:
            continue
        if text == "}" and len(stack) > 1:
            times, body = stack.pop()
            stack[-1][1].extend(_limited(times, body, here))
            continue
        match = _STIM.fullmatch(text)
        name = match[1].upper() if match else text.split()[0]
        if name == "REPEAT":
            if not (block := re.fullmatch(r"\S+\s+([0-9]{1,9})\s*\{", text)) or int(block[1]) < 1:
                raise InputError(f"{here}: {short_repr(text)}; allowed is REPEAT N {{")
            stack.append((int(block[1]), []))
            continue
        name = ALIASES.get(name, name)
        if name in NOTES:
            continue
        if match is None or name not in SIZES:
            raise InputError(
                f"{here}: {short_repr(name)} is no unitary gate; allowed are the {len(SIZES)} of stim: "
                "H, S, X, CX, CZ, SWAP and so on, and REPEAT"
            )
        stack[-1][1].extend(_applied(name, match[2].split(), SIZES[name], here))
        _limited(1, stack[-1][1], here)
    if len(stack) > 1:
        raise InputError(f"{where}: REPEAT without end; allowed is a }} for each")
    yield from stack[0][1]


def _limited(times: int, body: list[Gate], here: str) -> list[Gate]:
    if times * len(body) > MAX_GATES:
        raise InputError(f"{here}: {times * len(body)} gates; allowed are at most {MAX_GATES}")
    return times * body


def _applied(name: str, targets: Sequence[str], size: int, here: str) -> Iterator[Gate]:
    """Yield a gate for every `size` targets."""
    for target in targets:
        if not re.fullmatch(r"[0-9]{1,4}", target) or int(target) >= MAX_QUDITS:
            raise InputError(f"{here}: {name} {short_repr(target)}; allowed are qudits 0 to {MAX_QUDITS - 1}")
    if len(targets) % size:
        raise InputError(f"{here}: {name} with {len(targets)} targets; allowed is a multiple of {size}")
    numbers = list(map(int, targets))
    for start in range(0, len(numbers), size):
        at = tuple(numbers[start : start + size])
        if len(set(at)) < size:
            raise InputError(f"{here}: {name} {at[0]} {at[1]}; allowed are two different qudits")
        yield name, at


def chp_generators(text: str, where: str) -> tuple[Generators, int]:
    """Return the generators of the state that a `.chp` circuit of sdim makes from |0..0>, and p.

    Phases are left out for odd p: outcomes are counted from those of the state itself.

    Args:
        text: a comment, a line `#`, `d P qudits=N` (or nothing for qubits), and a gate a line.
        where: what to call it in errors.

    Raises:
        InputError: naming line and instruction that is not a unitary gate, or is malformed.
    """
    lines = [line.strip() for line in text.splitlines()]
    if "#" not in lines:
        raise InputError(f"{where}: no line with # alone; allowed is one before the gates")
    start, p, declared = lines.index("#") + 1, 2, 0
    gates: list[Gate] = []
    first = True
    for number, line in enumerate(lines[start:], start + 1):
        here = f"{where}: line {number}"
        if not line:
            continue
        name, *targets = line.split()
        name = name.upper()
        if first and name == "D":
            p, declared = _header(line, here)
        elif name != "TICK":
            gates += _chp_gate(name, targets, p, here)
            _limited(1, gates, here)
        first = False
    used = 1 + max((q for _, at in gates for q in at), default=-1)
    if declared and used > declared:
        raise InputError(f"{where}: qudit {used - 1}; allowed are 0 to {declared - 1}, as its line d says")
    return _generators(gates, declared or used, p, where), p


def _header(line: str, here: str) -> tuple[int, int]:
    match = re.fullmatch(r"[dD]\s+([0-9]{1,4})(?:\s+qudits=([0-9]{1,4}))?", line)
    p = int(match[1]) if match else 0
    if match is None or p < 2 or p > MAX_QUDITS or any(p % q == 0 for q in range(2, p)):
        raise InputError(
            f"{here}: {short_repr(line)}; allowed is d P qudits=N with a prime P up to {MAX_QUDITS}"
        )
    return p, int(match[2] or 0)


def _chp_gate(name: str, targets: Sequence[str], p: int, here: str) -> list[Gate]:
    """Return a gate of sdim in those of `Frame`; an inverse is a power."""
    stem, inverse = re.fullmatch(r"(.*?)(_INV|_DAG)?", name).groups()  # type: ignore[union-attr]
    base = CHP.get(stem)
    if base is None:
        raise InputError(
            f"{here}: {short_repr(name)} is no unitary gate; allowed are {', '.join(CHP)}, also with _INV"
        )
    size = 2 if base in ("CX", "CZ", "SWAP") else 1
    if len(targets) != size:
        raise InputError(f"{here}: {name} with {len(targets)} targets; allowed are {size}")
    ((_, at),) = _applied(name, targets, size, here)
    power = {"H": 3, "S": 2 * p - 1, "CX": p - 1, "CZ": p - 1}.get(base, 1) if inverse else 1
    if base == "CZ":
        return [*3 * [("H", at[1:])], *power * [("CX", at)], ("H", at[1:])]
    if base in "XZ":  # of odd dimension they change phases alone
        return [(base, at)] if p == 2 else [("I", at)]
    return power * [(base, at)]
