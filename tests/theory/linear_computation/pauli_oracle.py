"""Stabilizer states without the package: letters, dense vectors, and a Clifford tableau of plain Python."""

from __future__ import annotations

import numpy as np

LETTERS = "_XZY"  # X exponent + 2 * Z exponent
PAULI = {
    "_": np.eye(2),
    "X": np.array([[0, 1], [1, 0]]),
    "Y": np.array([[0, -1j], [1j, 0]]),
    "Z": np.diag([1, -1]),
}

FIVE_QUBIT = ["XZZX_", "_XZZX", "X_XZZ", "ZX_XZ"]
STEANE = ["___XXXX", "_XX__XX", "X_X_X_X", "___ZZZZ", "_ZZ__ZZ", "Z_Z_Z_Z"]


def ring(n: int) -> list[str]:
    """The graph state of a ring."""
    return [
        "".join("X" if q == k else "Z" if (q - k) % n in (1, n - 1) else "_" for q in range(n))
        for k in range(n)
    ]


def anticommute(one: str, two: str) -> bool:
    pairs = zip(one.lstrip("+-"), two.lstrip("+-"), strict=True)
    return sum(a != b and "_" not in (a, b) for a, b in pairs) % 2 == 1


def outcome(generator: str, given: str) -> int:
    """What a generator of the state reads after a Pauli string acted on it."""
    return int(generator.startswith("-")) ^ anticommute(generator, given)


def dense(string: str) -> np.ndarray:
    out = np.array([[-1.0 if string.startswith("-") else 1.0]])
    for letter in string.lstrip("+-"):
        out = np.kron(out, PAULI[letter])
    return out


def state_of(generators: list[str]) -> np.ndarray:
    """A state that all generators stabilize, as a vector."""
    size = 2 ** len(generators[0].lstrip("+-"))
    projector = np.eye(size, dtype=complex)
    for generator in generators:
        projector = projector @ (np.eye(size) + dense(generator)) / 2
    column = projector[:, np.argmax(np.abs(np.diag(projector)))]
    return column / np.linalg.norm(column)


def random_generators(n: int, rows: int, rng: np.random.Generator) -> list[str]:
    """Independent commuting strings with random signs: those of Z_k after random H, S and CX gates.

    A circuit of letters: rows of the tableau are lists of letters, changed by tables of two letters.
    """
    strings = [["Z" if q == k else "_" for q in range(n)] for k in range(n)]
    h = {"X": "Z", "Z": "X", "Y": "Y", "_": "_"}
    s = {"X": "Y", "Y": "X", "Z": "Z", "_": "_"}
    for _ in range(6 * n):
        a, b = rng.permutation(n)[:2] if n > 1 else (0, 0)
        gate = rng.integers(3 if n > 1 else 2)
        for row in strings:
            if gate < 2:
                row[a] = (h, s)[gate][row[a]]
            else:
                x = [int(row[q] in "XY") for q in (a, b)]
                z = [int(row[q] in "ZY") for q in (a, b)]
                row[a], row[b] = LETTERS[x[0] + 2 * (z[0] ^ z[1])], LETTERS[(x[1] ^ x[0]) + 2 * z[1]]
    chosen = [strings[k] for k in rng.permutation(n)[:rows]]
    return [str(rng.choice(["+", "-"])) + "".join(row) for row in chosen]


def split(n: int, parts: int, rng: np.random.Generator) -> dict[str, list[int]]:
    """Servers that hold n qudits in a random order."""
    order, cuts = (
        rng.permutation(n).tolist(),
        sorted(rng.choice(range(1, n), parts - 1, replace=False).tolist()),
    )
    bounds = [0, *cuts, n]
    return {f"S{k}": order[bounds[k] : bounds[k + 1]] for k in range(parts)}


def letters(x: list[int], z: list[int]) -> str:
    return "".join(LETTERS[a + 2 * b] for a, b in zip(x, z, strict=True))
