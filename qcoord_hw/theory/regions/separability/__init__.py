"""Proofs that a state of several parties is not fully separable, with certificates in plain data.

A state is fully separable when it is a mixture of products of one state for each party. Two tests that
every fully separable state passes are tried, first the partial transposes [Peres1996], then extensions to
several copies with positive partial transposes [Doherty2004], [Doherty2005]. A failed test gives a
certificate; tensor products are with the state's first system most significant (as in `numpy.kron`),
matrices are lists of rows, complex numbers are pairs [re, im].

`{"kind": "partial transpose", "systems": [..], "vector": [..], "margin": m}`: v is a unit vector on all of
the state's systems, in the state's order, and <v| rho^T |v> = -m < 0, with the named systems transposed.

`{"kind": "extension", "copies": {name: k, ..}, "order": [..], "W": matrix,
"terms": [{"transpose": [..], "Z": matrix}, ..], "margin": m}`:

- `copies` has each of the state's systems, in the state's order, with its number of copies k >= 1. A system
  with k = 1 keeps its name; the copies of a system C with k >= 2 are C1, .., Ck. `order` lists all copies,
  those of the first system first, C1 before C2: the tensor factors of the extended space.
- W is a Hermitian matrix on the state's systems, tr |W| = 1, and tr(W rho) = -m < 0.
- "W x 1" is W on the first copy of every system (C1 where there are several, in the place that `order` says)
  and the identity on the other copies; P is the product, over the systems with several copies, of the
  projectors on the symmetric subspace of their copies.
- Every Z is a positive semidefinite matrix on the extended space, Z^T its partial transpose on the copies
  named in `transpose` (possibly none).
- Identity: P (W x 1) P = P (sum of all Z^T) P.

Why it proves: let x = a x b x c x c be a product vector of the extended space with equal copies. P x = x, so
<abc| W |abc> = <x| W x 1 |x> = sum of <x| Z^T |x>, and <x| Z^T |x> = <y| Z |y> >= 0 for y = x with the
transposed factors conjugated. So tr(W tau) >= 0 for every fully separable tau. With rounding: if the two
sides of the identity differ by e in operator norm and the least eigenvalues of the Z are at least -e_t, then
tr(W tau) >= -e - sum e_t, and the proof stands when m > e + sum e_t (here below 1e-12, against m >= 1e-9).
"""

from qcoord_hw.theory.regions.separability.results import Undecided, Witness
from qcoord_hw.theory.regions.separability.search import entanglement_witness

__all__ = ["Undecided", "Witness", "entanglement_witness"]
