"""What the certificate of a task of bits proves: the lower end by its dual, the upper one by a code."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np

from qcoord_hw.theory.finite_blocklength.converses.checker.boxes import tree_value
from qcoord_hw.theory.finite_blocklength.converses.checker.products import products_value
from qcoord_hw.theory.finite_blocklength.converses.checker.reading import (
    CertificateError,
    ComplexArray,
    FloatArray,
    array,
    field,
    hermitian,
    integer,
    listed,
)

MAX_INPUTS = 12
SPAN = 1e-7
"""How far a target may lie outside the basis, in trace norm: the proof of dimensions is moved by no more."""

NORMAL = 1e-6
ORTHONORMAL = 1e-9


@dataclass(frozen=True, eq=False)
class ClaimedTask:
    """The task as a certificate has it: p, shape (X,); omega, shape (X, d, d); sizes of the receivers."""

    p: FloatArray
    omega: ComplexArray
    sizes: tuple[int, ...]
    common: int
    messages: int


def read_task(data: Any, where: str) -> ClaimedTask:
    """Read a task and check that it is one.

    Raises:
        CertificateError: naming what is wrong.
    """
    p = array(field(data, "probabilities", where), f"{where}.probabilities", None)
    sizes = [
        integer(d, f"{where}.sizes", 1, 512)
        for d in listed(field(data, "sizes", where), f"{where}.sizes", 12)
    ]
    states = listed(field(data, "states", where), f"{where}.states", 5000)
    if not sizes or len(states) != len(p) or not len(p) or p.min() < 0 or abs(p.sum() - 1) > NORMAL:
        raise CertificateError(f"{where}.probabilities: allowed are as many as states, of sum 1")
    omega = np.array([hermitian(s, f"{where}.states", math.prod(sizes)) for s in states])
    if np.linalg.eigvalsh(omega).min() < -NORMAL or np.abs(np.einsum("xii->x", omega) - 1).max() > NORMAL:
        raise CertificateError(f"{where}.states: allowed are density matrices")
    common, messages = (
        integer(field(data, key, where), f"{where}.{key}", 1, 10**9) for key in ("common", "messages")
    )
    return ClaimedTask(p, omega, tuple(sizes), common, messages)


def lower_value(task: ClaimedTask, proof: Any, where: str) -> float:
    """Return the lower bound on the trace norm that a proof proves, for every code of the task.

    Raises:
        CertificateError: when it proves nothing.
    """
    method = field(proof, "method", where)
    if method == "none":
        return 0.0
    if method == "products":
        return products_value(task.p, task.omega, task.sizes, task.common, task.messages)
    seen = task.p > 0
    p, states = task.p[seen], _inside(task.omega[seen], proof, where)
    if method == "affine":
        return _affine(p, states, task, proof, where)
    if method == "unlimited":
        return _unlimited(p, states, task.messages, proof, where)
    if method == "branch-and-bound":
        if (task.common, task.messages) != (2, 2):
            raise CertificateError(f"{where}.method: allowed is it for two messages and two random values")
        return tree_value(p, states, proof, where)
    raise CertificateError(f"{where}.method: allowed are none, products, affine, unlimited, branch-and-bound")


def code_value(task: ClaimedTask, code: Any, where: str) -> float:
    """Return the trace norm of a code, by multiplying it out.

    Raises:
        CertificateError: when it is no code of the task.
    """
    inputs, count = len(task.p), task.common * task.messages
    if inputs * count > 10**6:
        raise CertificateError(f"{where}: allowed are codes of at most 10^6 chances")
    chances = array(field(code, "encoder", where), f"{where}.encoder", inputs, task.common, task.messages)
    sums = chances.sum(axis=2)
    if chances.min() < 0 or np.abs(sums - 1).max() > NORMAL:
        raise CertificateError(f"{where}.encoder: allowed are probabilities of sum 1")
    chances = chances / sums[:, :, None]
    decoders = listed(field(code, "decoders", where), f"{where}.decoders", 12)
    if len(decoders) != len(task.sizes):
        raise CertificateError(f"{where}.decoders: allowed is one a receiver")
    made = []
    for own, size in zip(decoders, task.sizes, strict=True):
        parts = array(own, f"{where}.decoders", count, size, None, 2)
        factor = parts[..., 0] + 1j * parts[..., 1]
        states = np.einsum("mir,mjr->mij", factor, factor.conj())
        traces = np.einsum("mii->m", states).real
        if np.abs(traces - 1).max() > NORMAL:
            raise CertificateError(f"{where}.decoders: allowed are states, of trace 1")
        made.append(states / traces[:, None, None])
    error = 0.0
    for x, probability in enumerate(task.p):
        output = -task.omega[x]
        for m, chance in enumerate(chances[x].ravel()):
            if chance > 0:
                output = output + chance / task.common * reduce(np.kron, [own[m] for own in made])
        error += probability * np.linalg.norm(np.linalg.eigvalsh(output), 1)
    return float(error)


def _inside(omega: ComplexArray, proof: Any, where: str) -> FloatArray:
    """Return the targets in the basis that the proof uses, as real matrices; `..reduced` says why."""
    size = omega.shape[-1]
    parts = array(field(proof, "basis", where), f"{where}.basis", size, None, 2)
    basis = parts[..., 0] + 1j * parts[..., 1]
    if np.abs(basis.conj().T @ basis - np.eye(basis.shape[1])).max() > ORTHONORMAL:
        raise CertificateError(f"{where}.basis: allowed are orthonormal columns")
    inside = np.einsum("di,xde,ej->xij", basis.conj(), omega, basis)
    back = np.einsum("di,xij,ej->xde", basis, inside, basis.conj())
    if np.abs(np.linalg.eigvalsh(omega - back)).sum(axis=1).max() > SPAN:
        raise CertificateError(f"{where}.basis: a target lies outside")
    if np.abs(inside.imag).max() < 1e-9:
        return np.asarray(inside.real)
    top = np.concatenate([inside.real, -inside.imag], axis=2)
    return np.asarray(np.concatenate([top, np.concatenate([inside.imag, inside.real], axis=2)], axis=1) / 2)


def _affine(p: FloatArray, states: FloatArray, task: ClaimedTask, proof: Any, where: str) -> float:
    if task.common * (task.messages - 1) >= len(p) - 1:
        raise CertificateError(f"{where}.method: affine with as many messages as inputs")
    size = states.shape[-1]
    faces = listed(field(proof, "faces", where), f"{where}.faces", 5000)
    if len(faces) != len(p):
        raise CertificateError(f"{where}.faces: allowed is one an input")
    values = []
    for x, face in enumerate(faces):
        w = _symmetric(field(face, "W", where), f"{where}.faces.W", size)
        mu = float(array(field(face, "mu", where), f"{where}.faces.mu"))
        most = max(1.0, float(np.abs(np.linalg.eigvalsh(w)).max()))
        found = [(float(np.tensordot(w, one)) + mu) / most for one in states]
        others = math.fsum(p[y] * abs(v) for y, v in enumerate(found) if y != x)
        values.append(p[x] * found[x] - others)
    return float(min(values))


def _unlimited(p: FloatArray, states: FloatArray, messages: int, proof: Any, where: str) -> float:
    """Return the bound: the least over encoders, by sets of inputs, one message after the other."""
    count, size = len(p), states.shape[-1]
    if count > MAX_INPUTS:
        raise CertificateError(f"{where}.S: allowed are at most {MAX_INPUTS} inputs")
    matrices = listed(field(proof, "S", where), f"{where}.S", MAX_INPUTS)
    if len(matrices) != count:
        raise CertificateError(f"{where}.S: allowed is one an input")
    s = np.array([_symmetric(one, f"{where}.S", size) for one in matrices])
    s = s / max(1.0, float((np.abs(np.linalg.eigvalsh(s)).max(axis=1) / p).max()))
    full = 2**count
    least = np.array(
        [
            np.linalg.eigvalsh(np.tensordot([mask >> x & 1 for x in range(count)], s, 1))[0]
            for mask in range(full)
        ]
    )
    best = least.copy()
    for _ in range(min(messages, count) - 1):
        further = best.copy()
        for mask in range(full):
            part = mask
            while part:
                further[mask] = min(further[mask], least[part] + best[mask ^ part])
                part = (part - 1) & mask
        best = further
    return float(best[-1] - np.einsum("xij,xij->", s, states))


def _symmetric(rows: Any, where: str, size: int) -> FloatArray:
    matrix = array(rows, where, size, size)
    return (matrix + matrix.T) / 2
