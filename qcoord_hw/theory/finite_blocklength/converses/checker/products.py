"""The bound for three qubits and no communication, proved again: how few products there are decides it."""

from __future__ import annotations

import numpy as np

from qcoord_hw.theory.finite_blocklength.converses.checker.reading import (
    CertificateError,
    ComplexArray,
    FloatArray,
)

POINTS = 1_000_001
SLOPE = 4.0
"""No bound that is compared changes faster with s: |dF/ds| <= 4, so at most 4/3 + 4/3."""


def products_value(
    p: FloatArray, omega: ComplexArray, sizes: tuple[int, ...], common: int, messages: int
) -> float:
    """Return a lower bound on the trace norm; see `..phases` for the proof that it is one.

    Between grid points nothing falls by more than the slope allows.

    Raises:
        CertificateError: when it is another task.
    """
    if len(p) != 1 or messages != 1 or tuple(sizes) != (2, 2, 2):
        raise CertificateError("proof.method: products for another task than three qubits without a sender")
    ends = omega[0, 0, 0].real + omega[0, 7, 7].real
    target = 1 - ends - 6 * omega[0, 0, 7].real
    mean = np.arange(POINTS) / (POINTS - 1)
    # All but one of the products are at s = 1 or at most 1/4: the concave part is cheapest at its ends.
    excess = np.clip((mean - 0.25) / 0.75, 0, None) * common
    u = excess - np.floor(excess)
    inside = 0.75 * (1 - u)  # 1 - s of the one in between
    cheapest = np.where(
        mean < 0.25, 1 - 4 * mean, np.clip(inside - 6 * np.power(inside / 3, 1.5), 0, None) / common
    )
    of_f, of_s = cheapest - target, mean - ends
    above = np.maximum.reduce([2 * np.abs(of_s), of_f / 3 + 4 * of_s / 3, of_f / 3 - 2 * of_s / 3])
    return float(max(0.0, above.min() - SLOPE / (POINTS - 1)))
