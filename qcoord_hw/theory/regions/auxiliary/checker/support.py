"""Which products may occur in a mixture of the target.

If p_u theta^u is a part of a mixture of omega, its block of every letter tuple x lies below omega_x. So the
letters it uses form a rectangle of blocks that are not zero, and each of its quantum states lies in the local
supports of all those blocks, that is in their intersection.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from qcoord_hw.theory.regions.auxiliary.checker.side import Complexes

ZERO = 1e-12  # probability of a block that counts as zero
RANK = 1e-9  # smallest eigenvalue of a local support, relative to the probability of its block
MOST_FACES = 5000


@dataclass(frozen=True, eq=False)
class Face:
    """A largest set of products that may occur.

    Attributes:
        letters: one tuple a classical party.
        bases: one isometry (d, m) a quantum party: its states are supported on the columns.
    """

    letters: tuple[tuple[int, ...], ...]
    bases: tuple[Complexes, ...]

    def inside(self, other: Face) -> bool:
        """Whether all of its products are products of another face."""
        return all(set(a) <= set(b) for a, b in zip(self.letters, other.letters, strict=True)) and all(
            bool(np.abs(b @ (b.conj().T @ a) - a).max() < 1e-6)
            for a, b in zip(self.bases, other.bases, strict=True)
        )


class Supports:
    """The local supports of the blocks of a target.

    Args:
        target: shape (*letters, D, D).
        dimensions: of the quantum parties; their product is D.
    """

    def __init__(self, target: Complexes, dimensions: tuple[int, ...]) -> None:
        """Find the projectors on the local supports of every block that is not zero."""
        self.shape = target.shape[:-2]
        self.dimensions = dimensions
        self.projectors: dict[tuple[int, ...], tuple[Complexes, ...]] = {}
        for x in np.ndindex(*self.shape):
            weight = float(np.trace(target[x]).real)
            if weight > ZERO:
                marginals = (marginal(target[x] / weight, dimensions, i) for i in range(len(dimensions)))
                self.projectors[x] = tuple(_projector(rho, RANK) for rho in marginals)

    def projector(self, x: tuple[int, ...]) -> Complexes:
        """Return the tensor product of the local supports of block x, zero if the block is; shape (D, D)."""
        result: Complexes = np.eye(1, dtype=complex)
        if x not in self.projectors:
            return np.zeros((int(np.prod(self.dimensions)),) * 2, dtype=complex)
        for projector in self.projectors[x]:
            result = np.kron(result, projector)
        return result

    def face(self, letters: tuple[tuple[int, ...], ...]) -> Face | None:
        """Return what the supports of all blocks of some letters allow; None if that is nothing."""
        common = _meet([self.projectors[x] for x in itertools.product(*letters)])
        if any(np.trace(p).real < 0.5 for p in common):
            return None
        return Face(letters, tuple(map(_columns, common)))

    def faces(self) -> tuple[Face, ...] | None:
        """Return the faces that no other contains; None if there are more than MOST_FACES."""
        if not self.shape:
            bases = tuple(_columns(p) for p in self.projectors[()])
            return (Face((), bases),)
        last = int(np.argmax(self.shape))
        others = [i for i in range(len(self.shape)) if i != last]
        choices = [
            [s for r in range(n, 0, -1) for s in itertools.combinations(range(n), r)]
            for n in (self.shape[i] for i in others)
        ]
        found: list[tuple[tuple[frozenset[int], ...], tuple[int, ...], Face]] = []
        picks = sorted(itertools.product(*choices), key=lambda pick: -sum(map(len, pick)))
        for pick in picks:
            for letters, projectors in self._closed(dict(zip(others, pick, strict=True)), last):
                everyone = tuple(
                    letters if i == last else pick[others.index(i)] for i in range(len(self.shape))
                )
                sets = tuple(map(frozenset, everyone))
                ranks = tuple(round(float(np.trace(p).real)) for p in projectors)
                if any(ranks == r and all(a <= b for a, b in zip(sets, s, strict=True)) for s, r, _ in found):
                    continue
                found.append((sets, ranks, Face(everyone, tuple(map(_columns, projectors)))))
                if len(found) > MOST_FACES:
                    return None
        return tuple(face for _, _, face in found)

    def _closed(
        self, pick: dict[int, tuple[int, ...]], last: int
    ) -> list[tuple[tuple[int, ...], tuple[Complexes, ...]]]:
        """Return, for every support that letters of party `last` can share, those that share it."""
        own: dict[int, tuple[Complexes, ...]] = {}
        for y in range(self.shape[last]):
            axes = [(y,) if i == last else pick[i] for i in range(len(self.shape))]
            blocks = [self.projectors.get(x) for x in itertools.product(*axes)]
            if all(block is not None for block in blocks):
                own[y] = _meet([block for block in blocks if block is not None])
        groups: dict[frozenset[int], tuple[Complexes, ...]] = {}
        queue = [meet for meet in own.values()]
        while queue and len(groups) <= MOST_FACES:
            common = queue.pop()
            if any(np.trace(p).real < 0.5 for p in common):
                continue
            letters = frozenset(y for y, p in own.items() if _contains(p, common))
            if letters in groups:
                continue
            groups[letters] = common
            queue += [_meet([common, p]) for y, p in own.items() if y not in letters]
        return [(tuple(sorted(s)), groups[s]) for s in sorted(groups, key=lambda s: -len(s))]


def marginal(state: Complexes, dimensions: tuple[int, ...], i: int) -> Complexes:
    """Return the marginal of system i of a matrix (D, D)."""
    before, own = int(np.prod(dimensions[:i])), dimensions[i]
    tensor = state.reshape(before, own, -1, before, own, state.shape[0] // before // own)
    return np.asarray(np.einsum("aibajb->ij", tensor))


def _projector(matrix: Complexes, threshold: float) -> Complexes:
    values, vectors = np.linalg.eigh((matrix + matrix.conj().T) / 2)
    kept = vectors[:, values > threshold]
    return np.asarray(kept @ kept.conj().T)


def _columns(projector: Complexes) -> Complexes:
    values, vectors = np.linalg.eigh(projector)
    if (values > 0.5).all():  # the whole space: its own basis keeps real matrices real
        return np.eye(len(values), dtype=complex)
    return np.asarray(vectors[:, values > 0.5])


def _meet(blocks: list[tuple[Complexes, ...]]) -> tuple[Complexes, ...]:
    """Return the projectors onto the intersections."""
    return tuple(_projector(np.mean(own, axis=0), 1 - 1e-9) for own in zip(*blocks, strict=True))


def _contains(larger: tuple[Complexes, ...], smaller: tuple[Complexes, ...]) -> bool:
    return all(bool(np.abs(a @ b - b).max() < 1e-6) for a, b in zip(larger, smaller, strict=True))
