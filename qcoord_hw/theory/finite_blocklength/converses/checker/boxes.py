"""A tree of boxes, checked leaf by leaf: that boxes cover all encoders, and what each leaf proves."""

from __future__ import annotations

import gzip
import hashlib
import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np

from qcoord_hw.theory.finite_blocklength.converses.checker.reading import (
    CertificateError,
    FloatArray,
    array,
    field,
    integer,
    listed,
)

ROTATED = 1e-7
"""How far, in any entry, a rotated target may be from the one that it is to become."""

DATA = Path(__file__).resolve().parent.parent / "data"

Box = tuple[tuple[float, float], ...]


def tree_value(p: FloatArray, states: FloatArray, proof: Any, where: str) -> float:
    """Return the least bound of all leaves, if they cover everything.

    Raises:
        CertificateError: when they do not.
    """
    tree = _tree(proof, where)
    count, size = len(p), states.shape[-1]
    if not 3 <= count <= 4:
        raise CertificateError(f"{where}: allowed are 3 or 4 inputs")
    group = _group(p, states, field(tree, "symmetries", where), where)
    listed_cases = [_case(one, count, where) for one in listed(field(tree, "cases", where), where, 100)]
    _check_cases(listed_cases, group, count, where)
    flat = array(field(tree, "proofs", where), f"{where}.proofs", None, count, size, size)
    s = (flat + flat.swapaxes(2, 3)) / 2
    norms = np.abs(np.linalg.eigvalsh(s)).max(axis=2) / p
    s = s / np.maximum(1.0, norms.max(axis=1))[:, None, None, None]
    free = 2 * (count - 2)
    leaves: dict[int, list[tuple[Box, int]]] = {k: [] for k in range(len(listed_cases))}
    for leaf in listed(field(tree, "leaves", where), f"{where}.leaves"):
        case = integer(field(leaf, "case", where), f"{where}.leaves.case", 0, len(listed_cases) - 1)
        ends = array(field(leaf, "box", where), f"{where}.leaves.box", free, 2)
        number = integer(field(leaf, "proof", where), f"{where}.leaves.proof", 0, len(s) - 1)
        leaves[case].append((tuple((float(a), float(b)) for a, b in ends), number))
    for case, own in leaves.items():
        _check_cover(((0.0, 1.0),) * free, [box for box, _ in own], f"{where}.leaves: case {case}")
    corners = [_corners(listed_cases[case], box) for case, own in leaves.items() for box, _ in own]
    numbers = [number for own in leaves.values() for _, number in own]
    return float(_leaf_values(np.array(corners), s[numbers], states).min())


def _tree(proof: Any, where: str) -> Any:
    """Return the tree: it is a file of this package, which the certificate names with its SHA-256."""
    name, sha = field(proof, "file", where), field(proof, "sha256", where)
    if not isinstance(name, str) or not (DATA / name).is_file() or Path(name).name != name:
        raise CertificateError(f"{where}.file: allowed is a file of {DATA.name}/ in this package")
    content = (DATA / name).read_bytes()
    if hashlib.sha256(content).hexdigest() != sha:
        raise CertificateError(f"{where}.sha256: the file is another one")
    return json.loads(gzip.decompress(content))


def _group(p: FloatArray, states: FloatArray, given: Any, where: str) -> set[tuple[int, ...]]:
    """Return the permutations that the given symmetries generate, after checking each."""
    count, size = len(p), states.shape[-1]
    generators = []
    for one in listed(given, f"{where}.symmetries", 100):
        images = tuple(
            integer(x, f"{where}.symmetries", 0, count - 1)
            for x in listed(field(one, "images", where), f"{where}.symmetries", count)
        )
        turn = array(field(one, "rotation", where), f"{where}.symmetries", size, size)
        wrong = (
            sorted(images) != list(range(count))
            or np.abs(turn @ turn.T - np.eye(size)).max() > ROTATED
            or any(abs(p[images[x]] - p[x]) > ROTATED for x in range(count))
            or any(
                np.abs(turn @ states[x] @ turn.T - states[images[x]]).max() > ROTATED for x in range(count)
            )
        )
        if wrong:
            raise CertificateError(f"{where}.symmetries: no symmetry of the task")
        generators.append(images)
    group, todo = {tuple(range(count))}, [tuple(range(count))]
    while todo:
        known = todo.pop()
        for images in generators:
            further = tuple(images[x] for x in known)
            if further not in group:
                group.add(further)
                todo.append(further)
    return group


def _case(value: Any, count: int, where: str) -> tuple[tuple[int, int], tuple[int, int]]:
    pairs = array(value, f"{where}.cases", 2, 2)
    found = [tuple(integer(int(x), f"{where}.cases", 0, count - 1) for x in pair) for pair in pairs]
    if any(a == b for a, b in found):
        raise CertificateError(f"{where}.cases: allowed are pairs of two inputs")
    return (found[0][0], found[0][1]), (found[1][0], found[1][1])


def _check_cases(given: Any, group: set[tuple[int, ...]], count: int, where: str) -> None:
    """Check that every pair of pairs of inputs is an image of a case, in whatever order."""
    reached = {
        frozenset([frozenset(images[x] for x in case[0]), frozenset(images[x] for x in case[1])])
        for case in given
        for images in group
    }
    pairs = [frozenset(pair) for pair in itertools.combinations(range(count), 2)]
    if any(frozenset([one, other]) not in reached for one in pairs for other in pairs):
        raise CertificateError(f"{where}.cases: not all encoders are covered")


def _check_cover(box: Box, leaves: list[Box], where: str) -> None:
    """Check that leaves tile a box: it is one of them, or a plane parts them and each side is tiled."""
    if box in leaves:
        return
    for k, (low, high) in enumerate(box):
        middle = (low + high) / 2
        lower = [leaf for leaf in leaves if leaf[k][1] <= middle]
        upper = [leaf for leaf in leaves if leaf[k][0] >= middle]
        if lower and upper and len(lower) + len(upper) == len(leaves):
            _check_cover((*box[:k], (low, middle), *box[k + 1 :]), lower, where)
            _check_cover((*box[:k], (middle, high), *box[k + 1 :]), upper, where)
            return
    raise CertificateError(f"{where}: the boxes leave something out")


def _corners(case: tuple[tuple[int, int], tuple[int, int]], box: Box) -> list[list[list[float]]]:
    """Return the chances of message 1 at the corners of a box: for each m0 and corner one an input."""
    each = len(box) // 2
    found = []
    for m0, (zero, one) in enumerate(case):
        own = []
        for ends in itertools.product(*box[m0 * each : (m0 + 1) * each]):
            chances = list(ends)
            for x, fixed in sorted([(zero, 0.0), (one, 1.0)]):
                chances.insert(x, fixed)
            own.append(chances)
        found.append(own)
    return found


def _leaf_values(q: FloatArray, s: FloatArray, states: FloatArray) -> FloatArray:
    """Return what matrices S_x prove for each box: least at a corner, since concave.

    Args:
        q: shape (leaves, 2, corners, X).
        s: shape (leaves, X, d, d).
        states: shape (X, d, d).
    """
    least = sum(np.linalg.eigvalsh(np.einsum("lavx,lxij->lavij", chance, s))[..., 0] for chance in (q, 1 - q))
    constant = np.einsum("lxij,xij->l", s, states)
    return np.asarray(np.asarray(least).min(axis=2).sum(axis=1) / 2 - constant)
