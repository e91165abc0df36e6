"""Batches of measurements as Kraus operators: random ones, better ones, projective ones."""

from __future__ import annotations

import numpy as np

from qcoord_hw.theory.games.strategies import ComplexArray


def random(rng: np.random.Generator, shape: tuple[int, int, int, int]) -> ComplexArray:
    """Return random measurements K, shape (starts, X, B, d, d).

    Two answers get projectors of (nearly) equal ranks: a start with unequal ones often ends in a worse
    maximum. More answers get random operators of full rank.
    """
    starts, questions, answers, d = shape
    normal = rng.normal(size=(2, starts, questions, answers, d, d))
    kraus = polar(normal[0] + 1j * normal[1])
    if answers == 2:
        basis = np.linalg.qr(kraus[:, :, 0])[0]
        first = (np.arange(d) + rng.integers(2, size=(starts, questions, 1))) % 2 == 0
        one = (basis * first[..., None, :]) @ dagger(basis)
        kraus = np.stack([one, np.eye(d) - one], axis=2)
    return kraus


def improved(kraus: ComplexArray, operators: ComplexArray) -> ComplexArray:
    """Return measurements that are worth no less, operators of shape (starts, X, B, d, d) given."""
    if kraus.shape[2] != 2:
        return polar(kraus @ operators)
    values, vectors = np.linalg.eigh(operators[:, :, 0] - operators[:, :, 1])
    one = (vectors * (values > 0)[..., None, :]) @ dagger(vectors)
    return np.stack([one, np.eye(one.shape[-1]) - one], axis=2)


def polar(kraus: ComplexArray) -> ComplexArray:
    """Return the nearest isometries from d to B d dimensions, shape (.., B, d, d)."""
    left, _, right = np.linalg.svd(kraus.reshape(*kraus.shape[:2], -1, kraus.shape[-1]), full_matrices=False)
    return np.asarray(left @ right).reshape(kraus.shape)


def elements(kraus: ComplexArray) -> ComplexArray:
    """Return K^dagger K."""
    return dagger(kraus) @ kraus


def dagger(matrices: ComplexArray) -> ComplexArray:
    """Return the adjoint of each matrix."""
    return matrices.conj().swapaxes(-1, -2)


def projective(kraus: ComplexArray) -> ComplexArray:
    """Return projective measurements of nearly the same elements.

    Of all eigenvectors of all elements of a measurement, those with the d largest eigenvalues stay.
    """
    values, vectors = np.linalg.eigh(elements(kraus))
    flat = values.reshape(*values.shape[:2], -1)
    taken = np.zeros(flat.shape, dtype=bool)
    order = np.argsort(-flat, axis=-1, kind="stable")[..., : kraus.shape[-1]]
    np.put_along_axis(taken, order, True, axis=-1)
    return polar(dagger(vectors * taken.reshape(values.shape)[..., None, :]))
