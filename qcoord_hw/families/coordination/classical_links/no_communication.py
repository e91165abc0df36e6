"""States made without communication [NatorPereg, Section III-B]: each party prepares its part of one product.

Common randomness, uniform on M values, says which product: it is made with probability k_u / M, and M is
counted whether or not the theory needs so many values. A circuit is built once for every distinct product.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from qcoord_hw.errors import InputError
from qcoord_hw.families.coordination.classical_links.codebook import (
    FEW,
    best_rounding,
    largest_remainders,
    least_common_size,
    rounded_norms,
)
from qcoord_hw.families.coordination.classical_links.known_mixtures import KNOWN, PHASED, known_mixture
from qcoord_hw.families.coordination.classical_links.mixture import Mixture, described, read_mixture
from qcoord_hw.families.coordination.classical_links.products import OWN_COIN, check_preparations, products_of
from qcoord_hw.families.coordination.classical_links.solve_mixture import solve_target
from qcoord_hw.families.coordination.parameters import MAX_SIZE, NO_COMMUNICATION_PARAMETERS, SOLVER
from qcoord_hw.families.coordination.preparation import Case, Coordination, Preparation
from qcoord_hw.network import NO_COMMUNICATION, NetworkCircuit
from qcoord_hw.schema import read, refusal
from qcoord_hw.spec import Plain
from qcoord_hw.theory.finite_blocklength.codebooks import Decomposition
from qcoord_hw.theory.information import partial_trace, von_neumann_entropy
from qcoord_hw.theory.states import State

IntArray = npt.NDArray[np.int64]

PARTIES = ("Alice", "Bob", "Charlie")
EXACT_SIZE = 128
"""Values of common randomness up to which the least exact M is the default."""

CLOSE = 0.05
"""Trace norm within which the default M, a power of 2, brings a mixture that no smaller M makes exactly."""

ABOUT = "for network no-communication"


def build_no_communication(options: Mapping[str, Plain]) -> Coordination:
    """Build a code without communication, at n = 1.

    Args:
        options: those of `NO_COMMUNICATION_PARAMETERS`: a mixture, or a `state` of `KNOWN`. `M` is by default
            the least that is exact up to `EXACT_SIZE`, else the least power of 2 that comes within `CLOSE`.

    Returns:
        One case. `exact` holds the trace norm; a note says where another rounding is better.

    Raises:
        InputError: naming the option.
    """
    values = read(NO_COMMUNICATION_PARAMETERS, options, ABOUT)
    given = dict(options)
    if "p_u" not in options:
        given |= known_mixture(values["state"] or "ghz-mixture", values["phases"])
    mixture = read_mixture(given, PARTIES, sender=False)
    target = mixture.decomposition
    counts, notes = _counts(values, target)
    size = int(counts.sum())
    products = products_of(mixture, 1)
    words, weights = products.spread(np.arange(len(counts))[:, None], counts[None] / size)
    check_preparations(len(words))
    preparations = []
    for word in words:
        net = NetworkCircuit(NO_COMMUNICATION, f"product-{word[0]}")
        if size > 1:
            net.common_randomness(size)
        held = products.allocate(net)
        products.prepare(net, held, word)
        preparations.append(Preparation(net, products.outputs(held)))
    outputs = tuple(range(len(preparations[0].outputs)))
    used = tuple((k, float(w)) for k, w in enumerate(weights[0]))
    plan = Coordination(
        "no-communication",
        tuple(preparations),
        (Case("", 1.0, used, target.target[0].astype(complex), outputs),),
        1,
        sampled=True,
        rates=_rates(mixture, target),
        exact={"trace_norm": float(rounded_norms(target, counts)[0])},
        notes=(*notes, *([] if products.pure else [OWN_COIN])),
    )
    return described(plan, mixture, given, sender=False)


def prepare_options(state: State | str, options: Mapping[str, Plain]) -> dict[str, Plain]:
    """Return options that make a state without communication, and rebuild the same circuits anywhere.

    Args:
        state: the target, or what the option `state` may be; for a name of `KNOWN` its mixture is kept.
        options: as of `build_no_communication`, where the best rounding is the default, and `time_limit` in
            seconds (default 30) of the theory's solver, which finds the mixture.

    Raises:
        InputError: naming the option, or why the network cannot make the state.
    """
    rounding = {} if "counts" in options else {"rounding": "best"}
    values = read((*NO_COMMUNICATION_PARAMETERS, SOLVER[1]), {**rounding, **options}, ABOUT)
    given = {key: value for key, value in options.items() if key != "time_limit"}
    if "p_u" in options:
        return given | {"state": state if isinstance(state, str) else state.to_text()}
    if isinstance(state, str) and state.partition(":")[0] in KNOWN:
        try:
            known_mixture(state, values["phases"])
        except InputError:
            if "phases" in options:
                raise
            # of another visibility: the solver, or a proof that it is entangled
        else:
            return given | {"state": state}
    if "phases" in options:
        raise refusal("phases", values["phases"], PHASED)
    mixture, found = solve_target(
        state,
        PARTIES,
        False,
        beta=1.0,
        time_limit=values["time_limit"],
        seed=values["seed"] or 0,
    )
    counts, _ = _counts(values, mixture.decomposition)
    rounded = {key: value for key, value in given.items() if key not in ("M", "rounding", "seed")}
    return rounded | found | {"counts": tuple(counts.tolist())}


def _counts(values: Mapping[str, Any], target: Decomposition) -> tuple[IntArray, list[str]]:
    """Return for how many values of the common randomness each product is made, and what to say of it."""
    if values["counts"] is not None:
        return _given_counts(values["counts"], len(target.p_u))
    size, searched = values["M"] or _default_size(target), values["rounding"] == "best"
    plain, notes = largest_remainders(target.p_u, size), [f"{size} values of common randomness"]
    if not searched and len(plain) > FEW:
        return plain, notes
    best = best_rounding(target, size, values["seed"] or 0)
    norms = rounded_norms(target, [plain, best])
    if norms[1] < norms[0] - 1e-9:
        notes.append(f"trace norm by largest remainders {norms[0]:.4g}, by the best rounding {norms[1]:.4g}")
    return best if searched else plain, notes


def _given_counts(given: Sequence[Any], letters: int) -> tuple[IntArray, list[str]]:
    try:
        counts = np.array(given)
    except ValueError:  # lists of several lengths
        counts = np.zeros(0)
    fits = counts.shape == (letters,) and np.issubdtype(counts.dtype, np.integer) and counts.min() >= 0
    if not fits or not 0 < counts.sum() <= MAX_SIZE:
        raise refusal("counts", given, f"are {letters} integers from 0, of sum 1 to {MAX_SIZE}")
    return counts.astype(np.int64), [f"{counts.sum()} values of common randomness"]


def _default_size(target: Decomposition) -> int:
    exact = least_common_size(target.p_u, EXACT_SIZE)
    if exact is not None:
        return exact
    size = 2
    while size < MAX_SIZE and rounded_norms(target, largest_remainders(target.p_u, size))[0] > CLOSE:
        size *= 2
    return size


def _rates(mixture: Mixture, target: Decomposition) -> dict[str, dict[str, Any]]:
    """Return the threshold of this mixture, and what no mixture can undercut."""
    source = "[NatorPereg, Theorem 4, eq. (27)], of this mixture over U"
    sizes = tuple(2**k for k in mixture.qubits)
    omega, everyone = target.target[0], range(len(sizes))
    least = 0.0
    for i in everyone:
        own = partial_trace(omega, sizes, (i,))
        others = partial_trace(omega, sizes, tuple(j for j in everyone if j != i))
        total = von_neumann_entropy(own) + von_neumann_entropy(others) - von_neumann_entropy(omega)
        least = max(least, total)
    return {
        "R0 asymptotic": {"value": target.rate_xb, "source": source},
        "R0 of any mixture": {"lower": least, "source": "data processing: R0 >= I(one party; the others)"},
    }
