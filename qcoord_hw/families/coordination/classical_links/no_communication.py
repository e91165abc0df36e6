"""States made without communication [NatorPereg, Section III-B]: each party prepares its part of one product.

Common randomness, uniform on M values, says which product: it is made with probability k_u / M, and M is
counted whether or not the theory needs so many values. A circuit is built once for every distinct product.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from qcoord_hw.errors import InputError
from qcoord_hw.families.coordination.classical_links.codebook import (
    FEW,
    MAX_SIZE,
    best_rounding,
    largest_remainders,
    least_common_size,
    rounded_norms,
)
from qcoord_hw.families.coordination.classical_links.known_mixtures import KNOWN, PHASED, known_mixture
from qcoord_hw.families.coordination.classical_links.mixture import (
    Mixture,
    check_protocol,
    described,
    read_mixture,
)
from qcoord_hw.families.coordination.classical_links.products import OWN_COIN, check_preparations, products_of
from qcoord_hw.families.coordination.classical_links.solved import solved
from qcoord_hw.families.coordination.preparation import Case, Coordination, Preparation
from qcoord_hw.network import NO_COMMUNICATION, NetworkCircuit
from qcoord_hw.spec import Plain, check_integer, check_known, shown
from qcoord_hw.theory.finite_blocklength.codebooks import Decomposition
from qcoord_hw.theory.information import partial_trace, von_neumann_entropy
from qcoord_hw.theory.states import State

IntArray = npt.NDArray[np.int64]

PROTOCOL = "products"
PARTIES = ("Alice", "Bob", "Charlie")
ROUNDINGS = ("largest-remainders", "best")
EXACT_SIZE = 128
"""Values of common randomness up to which the least exact M is the default."""

CLOSE = 0.05
"""Trace norm within which the default M, a power of 2, brings a mixture that no smaller M makes exactly."""

_MIXTURE = ("p_u", "theta_A", "theta_B", "theta_C")
OPTIONS = ("network", "protocol", "state", "n", "M", "rounding", "seed", "counts", "phases", *_MIXTURE)


def build_no_communication(options: Mapping[str, Plain]) -> Coordination:
    """Build a code without communication, at n = 1.

    Args:
        options: the mixture as `p_u` and `theta_A`, `theta_B`, `theta_C` (see `read_mixture`), or a `state`
            of `KNOWN`; `M`: the values of common randomness (default: the least that is exact up to
            `EXACT_SIZE`, else the least power of 2 that comes within `CLOSE`); `rounding`:
            "largest-remainders" (default), or "best" of a search with `seed`; or `counts`, for how many
            values each product is made; `phases`: 9 (default) or 8, the phase products of a noisy GHZ state.

    Returns:
        One case. `exact` holds the trace norm; a note says where another rounding is better.

    Raises:
        InputError: naming the option.
    """
    check_known(options, OPTIONS, " for network no-communication")
    check_protocol(options, PROTOCOL)
    check_integer("n", options.get("n", 1), 1, 1)
    given = dict(options)
    if "p_u" not in options:
        if lost := [field for field in _MIXTURE if field in options]:
            raise InputError(f"{lost[0]}: given without p_u; allowed beside a mixture p_u")
        given |= known_mixture(options.get("state", "ghz-mixture"), options.get("phases"))
    elif "phases" in options:
        raise InputError(f"phases: {shown(options['phases'])}; allowed without a mixture p_u")
    mixture = read_mixture(given, PARTIES, sender=False)
    target = mixture.decomposition
    counts, notes = _counts(given, target)
    values = int(counts.sum())
    products = products_of(mixture, 1)
    words, weights = products.spread(np.arange(len(counts))[:, None], counts[None] / values)
    check_preparations(len(words))
    preparations = []
    for word in words:
        net = NetworkCircuit(NO_COMMUNICATION, f"product-{word[0]}")
        if values > 1:
            net.common_randomness(values)
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
    check_known(options, (*OPTIONS, "time_limit"), " for network no-communication")
    given = {key: value for key, value in options.items() if key != "time_limit"}
    if isinstance(state, str) and state.partition(":")[0] in KNOWN:
        try:
            known_mixture(state, options.get("phases"))
        except InputError:
            if "phases" in options:
                raise
            # of another visibility: the solver, or a proof that it is entangled
        else:
            return given | {"state": state}
    if "phases" in options:
        raise InputError(f"phases: {shown(options['phases'])}; {PHASED}")
    mixture, found = solved(state, PARTIES, False, {**options, "beta": 1.0})
    counts, _ = _counts({"rounding": "best", **given}, mixture.decomposition)
    rounded = {key: value for key, value in given.items() if key not in ("M", "rounding", "seed")}
    return rounded | found | {"counts": tuple(counts.tolist())}


def _counts(options: Mapping[str, Plain], target: Decomposition) -> tuple[IntArray, list[str]]:
    """Return for how many values of the common randomness each product is made, and what to say of it."""
    if "counts" in options:
        return _given_counts(options, len(target.p_u))
    values = check_integer("M", options.get("M", _default_size(target)), 1, MAX_SIZE)
    rounding = options.get("rounding", ROUNDINGS[0])
    if rounding not in ROUNDINGS:
        raise InputError(f"rounding: {shown(rounding)}; allowed are {', '.join(ROUNDINGS)}")
    seed = check_integer("seed", options.get("seed", 0), 0, 2**32 - 1)
    if "seed" in options and rounding != "best":
        raise InputError(f"seed: {shown(options['seed'])}; allowed with rounding best")
    plain, notes = largest_remainders(target.p_u, values), [f"{values} values of common randomness"]
    if rounding != "best" and len(plain) > FEW:
        return plain, notes
    best = best_rounding(target, values, seed)
    norms = rounded_norms(target, [plain, best])
    if norms[1] < norms[0] - 1e-9:
        notes.append(f"trace norm by largest remainders {norms[0]:.4g}, by the best rounding {norms[1]:.4g}")
    return best if rounding == "best" else plain, notes


def _given_counts(options: Mapping[str, Plain], letters: int) -> tuple[IntArray, list[str]]:
    if clash := sorted({"M", "rounding", "seed"} & set(options)):
        raise InputError(f"{clash[0]}: {shown(options[clash[0]])}; allowed without counts")
    given = options["counts"]
    counts = np.array(given) if isinstance(given, tuple | list) else np.zeros(0)
    fits = counts.shape == (letters,) and np.issubdtype(counts.dtype, np.integer) and counts.min() >= 0
    if not fits or not 0 < counts.sum() <= MAX_SIZE:
        raise InputError(
            f"counts: {shown(given)}; allowed are {letters} integers from 0, of sum 1 to {MAX_SIZE}"
        )
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
