"""What the protocols behind the coordination rates of [NatorPereg] achieve at block length n.

`schumacher` compresses quantum sources by type classes, `codebooks` scores random codebooks of the two-node
network, `resolvability` those of Theorem 10, `covering` does the same for classical targets at large n, and
`binning` counts the collisions of the quantum broadcast. Each has `value` or a function that returns a
`FinitePoint`, and `curve`, the same against the asymptotic rate. Distances are trace distances (half the
norm) in `schumacher` and `covering`, and the paper's whole trace norm in `codebooks` and `resolvability`.
"""

from qcoord_hw.theory.finite_blocklength import binning, codebooks, covering, resolvability, schumacher
from qcoord_hw.theory.finite_blocklength.binning import BinningPoint, best_slack, collision, slack_threshold
from qcoord_hw.theory.finite_blocklength.codebooks import (
    CodebookDistance,
    Decomposition,
    codebook_distance,
    decomposition,
    random_codebook,
)
from qcoord_hw.theory.finite_blocklength.covering import binary_erasure, binary_symmetric, doubly_symmetric
from qcoord_hw.theory.finite_blocklength.points import Curve, FinitePoint
from qcoord_hw.theory.finite_blocklength.resolvability import holevo
from qcoord_hw.theory.finite_blocklength.schumacher import SchumacherPoint, compress

__all__ = [
    "BinningPoint",
    "CodebookDistance",
    "Curve",
    "Decomposition",
    "FinitePoint",
    "SchumacherPoint",
    "best_slack",
    "binary_erasure",
    "binary_symmetric",
    "binning",
    "codebook_distance",
    "codebooks",
    "collision",
    "compress",
    "covering",
    "decomposition",
    "doubly_symmetric",
    "holevo",
    "random_codebook",
    "resolvability",
    "schumacher",
    "slack_threshold",
]
