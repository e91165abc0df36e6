"""A problem in real coordinates: its target as a tensor, and the faces on which products can live.

A product that occurs in a mixture of the target has, for every cell of letters that it gives positive
probability, each quantum state inside the support of that party's marginal of the target's block (and no zero
block). So it lives on a face: a set of letters for every classical party and a subspace for every quantum
party; kernels of two qubits say more (`pairs`). There K never has to grow without bound to forbid a product.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property, reduce

import numpy as np

from qcoord_hw.theory.regions.auxiliary.circle import Circle
from qcoord_hw.theory.regions.auxiliary.pairs import Component, PureCircle, components, distinct, meet, same
from qcoord_hw.theory.regions.auxiliary.problem import ComplexArray, FloatArray, Problem, Product
from qcoord_hw.theory.regions.auxiliary.spaces import Space

ZERO = 1e-11  # eigenvalues and probabilities below this are rounding
MOST_RECTANGLES = 4096
MOST_SETS = 1023  # of letters, beyond which kernels of blocks are not looked at; the checker's too


@dataclass(frozen=True, eq=False)
class Face:
    """Products with the given letters and inside the given subspaces, in coordinates of their own.

    Attributes:
        spaces: one per party.
        embeddings: orthonormal columns, shape (size of the party, size of spaces[i]).
    """

    spaces: tuple[Space, ...]
    embeddings: tuple[FloatArray, ...]

    def restrict(self, dual: FloatArray) -> FloatArray:
        """Return K as a tensor over the face."""
        for axis, embedding in enumerate(self.embeddings):
            if embedding.shape[0] != embedding.shape[1]:
                dual = np.moveaxis(np.tensordot(dual, embedding, (axis, 0)), -1, axis)
        return dual

    def embed(self, points: list[FloatArray]) -> list[FloatArray]:
        """Return coordinates of the whole problem."""
        return [
            p if e.shape[0] == e.shape[1] else p @ e.T for p, e in zip(points, self.embeddings, strict=True)
        ]


class Model:
    """A problem in real coordinates.

    Attributes:
        problem: the problem.
        spaces: one per party; "real" where the target is symmetric under the transpose of that party alone:
            then averaging a state and its transpose costs nothing, as entropy is concave.
        target: shape (size of party 1, ..).
    """

    def __init__(self, problem: Problem) -> None:
        """Convert."""
        self.problem = problem
        kinds = ["classical" if p.kind == "classical" else "complex" for p in problem.parties]
        spaces = [Space(p.dimension, k) for p, k in zip(problem.parties, kinds, strict=True)]
        target = _to_tensor(problem, spaces)
        for axis, space in enumerate(spaces):
            if space.kind == "complex":
                real = Space(space.dimension, "real")
                tail = np.take(target, np.arange(real.size, space.size), axis)
                if np.abs(tail).max(initial=0.0) < 1e-13:
                    target = np.take(target, np.arange(real.size), axis)
                    spaces[axis] = real
        self.spaces = tuple(spaces)
        self.target = target
        self.trace = reduce(np.multiply.outer, [space.trace for space in spaces], np.ones(()))
        self.supports = self._supports()

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the target and of K."""
        return self.target.shape

    @cached_property
    def entropy(self) -> float:
        """H(target) in bits."""
        values = np.linalg.eigvalsh(self.problem.target)
        values = values[values > 0]
        return float(-(values * np.log2(values)).sum())

    @cached_property
    def sender_entropy(self) -> float:
        """H(X) in bits; 0 without a sender."""
        return self.marginal_entropy(0) if self.problem.sender else 0.0

    def marginal(self, party: int) -> FloatArray:
        """Return the party's marginal, in coordinates."""
        tensor = self.target
        for axis in reversed(range(len(self.spaces))):
            if axis != party:
                tensor = np.tensordot(tensor, self.spaces[axis].trace, (axis, 0))
        return tensor

    def marginal_entropy(self, party: int) -> float:
        """Return the entropy of the party's marginal in bits."""
        return float(self.spaces[party].entropy(self.marginal(party)[None])[0])

    def complement_entropy(self, party: int) -> float:
        """Return the entropy of all other parties together in bits."""
        blocks = self.problem.target
        n = len(self.problem.classical)
        if party < n:
            blocks = blocks.sum(axis=party)
        else:
            dimensions = [p.dimension for p in self.problem.quantum]
            q, i = len(dimensions), party - n
            blocks = blocks.reshape(*blocks.shape[:n], *dimensions, *dimensions)
            blocks = np.trace(blocks, axis1=n + i, axis2=n + q + i)
            rest = int(np.prod(dimensions)) // dimensions[i]
            blocks = blocks.reshape(*blocks.shape[:n], rest, rest)
        values = np.linalg.eigvalsh(blocks)
        values = values[values > 0]
        return float(-(values * np.log2(values)).sum())

    def constant(self, beta: float) -> float:
        """Return (1 - beta) H(X) + beta H(target)."""
        return (1 - beta) * self.sender_entropy + beta * self.entropy

    def dual_matrices(self, dual: FloatArray) -> ComplexArray:
        """Return K in the layout of Problem.target."""
        return _from_tensor(self.problem, list(self.spaces), dual)

    def tensor(self, blocks: ComplexArray) -> FloatArray:
        """Return an operator in the layout of Problem.target in coordinates."""
        problem = Problem(self.problem.parties, blocks, self.problem.sender)
        return _to_tensor(problem, list(self.spaces))

    def products(self, points: list[FloatArray], probabilities: FloatArray) -> tuple[Product, ...]:
        """Return products from coordinates (N, size) of each party."""
        states = [space.matrices(p) for space, p in zip(self.spaces, points, strict=True)]
        return tuple(
            Product(float(p), tuple(s[u] for s in states)) for u, p in enumerate(probabilities) if p > 0
        )

    def coordinates(self, products: tuple[Product, ...]) -> list[FloatArray]:
        """Return coordinates of products, (N, size) for each party."""
        return [
            space.coordinates(np.array([product.states[i] for product in products]))
            for i, space in enumerate(self.spaces)
        ]

    def conditional_entropies(self, products: tuple[Product, ...]) -> dict[str, float]:
        """Return by party the mean entropy of its states in a mixture, bits."""
        probabilities = np.array([product.probability for product in products])
        return {
            party.name: float(probabilities @ space.entropy(points))
            for party, space, points in zip(
                self.problem.parties, self.spaces, self.coordinates(products), strict=True
            )
        }

    # ---- faces ----

    def _cells(self) -> list[tuple[int, ...]]:
        return list(itertools.product(*(range(p.dimension) for p in self.problem.classical)))

    def _supports(self) -> dict[tuple[int, ...], tuple[ComplexArray, ...]]:
        """Return, for every cell of letters with a nonzero block, each quantum party's projector."""
        n = len(self.problem.classical)
        quantum = self.spaces[n:]
        supports = {}
        for cell in self._cells():
            block = self.target[cell]
            projectors = []
            for i, space in enumerate(quantum):
                local = block
                for axis in reversed(range(len(quantum))):
                    if axis != i:
                        local = np.tensordot(local, quantum[axis].trace, (axis, 0))
                values, vectors = np.linalg.eigh(space.matrices(local[None])[0])
                kept = vectors[:, values > ZERO]
                projectors.append(kept @ kept.conj().T)
            weight = float(np.sum(block)) if not quantum else sum(float(np.trace(p).real) for p in projectors)
            if weight > ZERO:
                supports[cell] = tuple(projectors)
        return supports

    @cached_property
    def full(self) -> bool:
        """Whether every block has full local support, so that there is one face: everything."""
        cells = len(self._cells())
        return len(self.supports) == cells and all(
            np.trace(p).real > len(p) - 0.5 for supports in self.supports.values() for p in supports
        )

    def normal_form(self, dual: FloatArray) -> FloatArray:
        """Return K with every block compressed to the local supports of the target's block."""
        if self.full:
            return dual
        result = np.zeros_like(dual)
        n = len(self.problem.classical)
        for cell, projectors in self.supports.items():
            block = dual[cell]
            for axis, (space, projector) in enumerate(zip(self.spaces[n:], projectors, strict=True)):
                compress = space.coordinates(projector @ space.basis @ projector)
                block = np.moveaxis(np.tensordot(block, compress, (axis, 0)), -1, axis)
            result[cell] = block
        return result

    @cached_property
    def rows(self) -> FloatArray | None:
        """Orthonormal rows spanning the products that may occur, or more; None if these are all operators."""
        if self.pairs and self._allowed is not None:
            return self._span(*self._allowed)
        if self.full:
            return None
        n = len(self.problem.classical)
        blocks = []
        inner = int(np.prod(self.shape[n:]))
        strides = self.shape[:n]
        for cell, projectors in self.supports.items():
            own: FloatArray = np.ones((1, 1))
            for space, projector in zip(self.spaces[n:], projectors, strict=True):
                own = np.asarray(np.kron(own, _embedding(space, _range(projector)).T), dtype=float)
            start = int(np.ravel_multi_index(cell, strides)) * inner if n else 0
            wide = np.zeros((len(own), self.target.size))
            wide[:, start : start + inner] = own
            blocks.append(wide)
        return np.concatenate(blocks)

    def _span(self, faces: tuple[Face, ...], circles: tuple[Circle, ...]) -> FloatArray:
        """Return orthonormal rows that span the products of faces and circles."""
        parts = []
        for face in faces:
            own: FloatArray = np.ones((1, 1))
            for embedding in face.embeddings:
                own = np.asarray(np.kron(own, embedding.T), dtype=float)
            parts.append(own)
        for circle in circles:
            points = circle.points(circle.grid)
            parts.append(reduce(lambda a, b: (a[:, :, None] * b[:, None]).reshape(len(a), -1), points))
        _, sizes, rows = np.linalg.svd(np.concatenate(parts), full_matrices=False)
        return np.asarray(rows[sizes > 1e-9])

    @cached_property
    def pairs(self) -> dict[tuple[int, ...], tuple[Component, ...]]:
        """What kernels of blocks of two qubits leave, by cell, where they say more than local supports."""
        sets = np.prod([2.0**party.dimension - 1 for party in self.problem.classical])
        if [party.dimension for party in self.problem.quantum] != [2, 2] or sets > MOST_SETS:
            return {}
        whole = [cell for cell, own in self.supports.items() if all(np.trace(p).real > 1.5 for p in own)]
        found = {cell: components(self.problem.target[cell]) for cell in whole}
        return {cell: own for cell, own in found.items() if own is not None}

    @property
    def faces(self) -> tuple[Face, ...] | None:
        """The maximal faces; None if there are too many to list."""
        return None if self._allowed is None else self._allowed[0]

    @property
    def circles(self) -> tuple[Circle, ...]:
        """Circles of pure products that may occur besides, each with one cell of letters."""
        return () if self._allowed is None else self._allowed[1]

    @cached_property
    def _allowed(self) -> tuple[tuple[Face, ...], tuple[Circle, ...]] | None:
        n = len(self.problem.classical)
        if self.full and not self.pairs:
            return (Face(self.spaces, tuple(np.eye(s.size) for s in self.spaces)),), ()
        classes = self._twins()
        seen: dict[tuple[frozenset[int], ...], tuple[Component, ...]] = {}
        queue = []
        for cell in itertools.product(*(range(len(c)) for c in classes)):
            key = tuple(frozenset([letter]) for letter in cell)
            own = self._components(key, classes)
            if own:
                seen[key] = own
                queue.append(key)
        maximal: list[tuple[tuple[frozenset[int], ...], Component]] = []
        while queue:
            key = queue.pop()
            left = list(seen[key])
            for party in range(n):
                for letter in set(range(len(classes[party]))) - key[party]:
                    larger = (*key[:party], key[party] | {letter}, *key[party + 1 :])
                    if larger not in seen:
                        own = self._components(larger, classes)
                        if not own:
                            continue
                        seen[larger] = own
                        queue.append(larger)
                        if len(seen) > MOST_RECTANGLES:
                            return None
                    left = [one for one in left if not any(same(one, other) for other in seen[larger])]
            maximal += [(key, one) for one in left]
        faces, circles = [], []
        for key, component in maximal:
            spaces, embeddings, chosen = [], [], []
            for party, own_classes in enumerate(key):
                letters = sorted(letter for c in own_classes for letter in classes[party][c])
                chosen.append(letters)
                spaces.append(Space(len(letters), "classical"))
                embeddings.append(np.eye(self.spaces[party].size)[:, letters])
            if isinstance(component, PureCircle):
                own_letters = tuple(tuple(letters) for letters in chosen)
                circles.append(Circle.of(component, own_letters, self.shape[:n], self.spaces[n:]))
                continue
            for space, isometry in zip(self.spaces[n:], component, strict=True):
                spaces.append(Space(isometry.shape[1], space.kind))
                embeddings.append(_embedding(space, isometry))
            faces.append(Face(tuple(spaces), tuple(embeddings)))
        return tuple(faces), tuple(circles)

    def _twins(self) -> list[list[list[int]]]:
        """Return the letters of each classical party grouped by the supports of their blocks."""
        n = len(self.problem.classical)
        if self.pairs:
            return [[[letter] for letter in range(space.size)] for space in self.spaces[:n]]
        classes = []
        for party in range(n):
            groups: dict[bytes, list[int]] = {}
            for letter in range(self.spaces[party].size):
                parts = []
                for cell in self._cells():
                    if cell[party] == letter:
                        projectors = self.supports.get(cell)
                        parts.append(b"0" if projectors is None else b"1")
                        parts += [np.round(p, 7).astype(complex).tobytes() for p in projectors or ()]
                groups.setdefault(b"".join(parts).replace(_MINUS_ZERO, _PLUS_ZERO), []).append(letter)
            classes.append(list(groups.values()))
        return classes

    def _components(
        self, key: tuple[frozenset[int], ...], classes: list[list[list[int]]]
    ) -> tuple[Component, ...]:
        """Return what products of a rectangle of classes may have as quantum states; nothing if none may."""
        cells = list(itertools.product(*([classes[i][c][0] for c in chosen] for i, chosen in enumerate(key))))
        projectors = [self.supports.get(cell) for cell in cells]
        if any(p is None for p in projectors):
            return ()
        hull: list[ComplexArray] = []
        for i in range(len(self.problem.quantum)):
            mean = np.mean([p[i] for p in projectors if p is not None], axis=0)
            hull.append(_range(mean, 1 - 1e-9))
        if any(v.shape[1] == 0 for v in hull):
            return ()
        whole = tuple(hull)
        found: list[Component] = [whole]
        for cell in cells:
            own = self.pairs.get(cell)
            if own is None:
                continue
            met = [meet(one, other) for one in found for other in own]
            found = distinct([one for several in met for one in several or ()])
            if None in met:
                return (whole,)
        shared = sum(len(chosen) > 1 for chosen in key) > 1 and any(isinstance(c, PureCircle) for c in found)
        return (whole,) if shared else tuple(found)


_MINUS_ZERO, _PLUS_ZERO = np.array([-0.0]).tobytes(), np.array([0.0]).tobytes()


def _range(projector: ComplexArray, threshold: float = 0.5) -> ComplexArray:
    """Return an isometry onto the eigenspaces above a threshold; the identity if these are all."""
    values, vectors = np.linalg.eigh(projector)
    kept = vectors[:, values > threshold]
    return np.eye(len(projector)) + 0 * vectors if kept.shape[1] == len(projector) else kept


def _embedding(space: Space, isometry: ComplexArray) -> FloatArray:
    """Return the coordinates of the operators V b V^dagger as columns."""
    small = Space(isometry.shape[1], space.kind)
    return space.coordinates(isometry @ small.basis @ isometry.conj().T).T


def _to_tensor(problem: Problem, spaces: list[Space]) -> FloatArray:
    """Return the real tensor of the blocks."""
    n = len(problem.classical)
    dimensions = [p.dimension for p in problem.quantum]
    q = len(dimensions)
    tensor = problem.target.reshape((*problem.target.shape[:n], *dimensions, *dimensions))
    for i, space in enumerate(spaces[n:]):
        # after i contractions the axes are: letters, q - i rows, q - i columns, i coordinates
        tensor = np.tensordot(tensor, space.basis, ((n, n + q - i), (2, 1)))
    return np.ascontiguousarray(tensor.real)


def _from_tensor(problem: Problem, spaces: list[Space], dual: FloatArray) -> ComplexArray:
    """Return the blocks of a real tensor."""
    n = len(problem.classical)
    q = len(spaces) - n
    tensor = dual.astype(complex)
    for space in spaces[n:]:
        tensor = np.tensordot(tensor, space.basis, (n, 0))  # appends a row and a column axis
    rows = [n + 2 * i for i in range(q)]
    tensor = tensor.transpose(*range(n), *rows, *(r + 1 for r in rows))
    return np.ascontiguousarray(tensor.reshape(problem.target.shape))
