"""What stands behind the theorems of [NatorPereg], for a state, n and rates of one's own.

Resolvability (Theorem 10), random codebooks of the two networks with classical links (76)-(83), (112)-(118),
random binning (180), and state redistribution (Theorem 11): what `qc.theory_..` and `qcoord theory ..` call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from qcoord_hw.errors import InputError
from qcoord_hw.families.coordination.classical_links.solve_mixture import solve_target
from qcoord_hw.families.coordination.proof_answers import (
    BinningAnswer,
    CodebookAnswer,
    CodebookPoint,
    RedistributionAnswer,
    ResolvabilityAnswer,
    ResolvabilityPoint,
)
from qcoord_hw.spec import check_integer, short_repr
from qcoord_hw.theory.finite_blocklength import binning, covering, resolvability
from qcoord_hw.theory.finite_blocklength.codebooks import expected_steps
from qcoord_hw.theory.finite_blocklength.points import codebook_size, nonnegative_rate
from qcoord_hw.theory.named_states import named_state
from qcoord_hw.theory.regions.holders import RECEIVERS
from qcoord_hw.theory.regions.redistribution import redistribution
from qcoord_hw.theory.states import State, read_state
from qcoord_hw.time_limit import check_time_limit
from qcoord_hw.watching import watching

FloatArray = npt.NDArray[np.float64]

SAME = 1e-12
"""Entries of a channel that differ by less are equal."""

MAX_DRAWS = 100_000
MAX_POINTS = 200
"""Block lengths times rates."""


@watching("theory resolvability")
def theory_resolvability(
    state: str | Path | State,
    n: int | Sequence[int],
    rate: float | Sequence[float],
    *,
    draws: int = 200,
    seed: int = 0,
) -> ResolvabilityAnswer:
    """Return how well random codewords imitate an ensemble (Theorem 10): `qcoord theory resolvability`.

    Args:
        state: a state file, a name or a state: its classical systems are X, the others A.
        n: block lengths.
        rate: R, bits per letter.
        draws: codebooks drawn where they are too many to enumerate, 2 to 100000.
        seed: of those.

    Raises:
        InputError: when the name is unknown, the file is wrong, or an argument is not allowed.
    """
    ns, rates = _grid(n, rate)
    check_integer("draws", draws, 2, MAX_DRAWS)
    check_integer("seed", seed, 0, 2**63 - 1)
    return _resolvability(find_state(state), ns, rates, draws, seed)


@watching("theory codebook")
def theory_codebook(
    state: str | Path | State,
    n: int | Sequence[int],
    at: Mapping[str, float],
    *,
    network: str = "two-node",
    draws: int = 40,
    seed: int = 0,
    time_limit: float = 60.0,
) -> CodebookAnswer:
    """Return what random codebooks reach, by the steps (76)-(83): `qcoord theory codebook`.

    Args:
        state: a state file, a name or a state, with a classical source.
        n: block lengths.
        at: the rates `R0` and `R1`, bits per letter.
        network: two-node or classical-broadcast.
        draws: codebooks drawn, 2 to 100000.
        seed: of the draws and of the search for a mixture.
        time_limit: seconds for that search.

    Raises:
        InputError: when the name is unknown, the file is wrong, or an argument is not allowed.
    """
    ns, _ = _grid(n, 0.0)
    for name in at:
        if name not in ("R0", "R1"):
            raise InputError(f"at: {short_repr(name)}; allowed are R0, R1")
    if missing := [name for name in ("R0", "R1") if name not in at]:
        raise InputError(f"at: {missing[0]} is missing; needed are R0, R1")
    check_integer("draws", draws, 2, MAX_DRAWS)
    check_integer("seed", seed, 0, 2**63 - 1)
    check_time_limit(time_limit)
    rates = nonnegative_rate("at: R0", at["R0"]), nonnegative_rate("at: R1", at["R1"])
    return _codebook(find_state(state), network, ns, rates, draws=draws, seed=seed, time_limit=time_limit)


@watching("theory binning")
def theory_binning(
    state: str | Path | State,
    n: int | Sequence[int],
    rate: float | Sequence[float],
    *,
    receiver: str = "Bob",
    delta: float | None = None,
) -> BinningAnswer:
    """Return how often random binning of (169)-(171) takes two strings for one: `qcoord theory binning`.

    Args:
        state: a state file, a name or a state of the quantum broadcast network.
        n: block lengths.
        rate: Q, qubits per letter.
        receiver: Bob or Charlie.
        delta: the slack of typical sets; that of the least failure for each point if omitted.

    Raises:
        InputError: when the name is unknown, the file is wrong, or an argument is not allowed.
    """
    ns, rates = _grid(n, rate)
    return _binning(find_state(state), receiver, ns, rates, delta)


@watching("theory redistribution")
def theory_redistribution(
    state: str | Path | State, *, sent: str = "B", side: str = "G", reference: str = "R"
) -> RedistributionAnswer:
    """Return the rates at which one system of a pure state changes hands: `qcoord theory redistribution`.

    Args:
        state: a state file, a name or a pure state.
        sent: the system that moves from Alice to Bob.
        side: the system that Bob has; may be absent.
        reference: the system that nobody has; may be absent. The rest stays with Alice.

    Raises:
        InputError: when the name is unknown, the file is wrong, the state is mixed, or a system is wrong.
    """
    return _redistribution(find_state(state), sent, side, reference)


def find_state(state: str | Path | State) -> State:
    """Return the state of a name or file, or what is given.

    Raises:
        InputError: when the name is unknown or the file is wrong.
    """
    if isinstance(state, State):
        return state
    text = str(state)
    return read_state(Path(text)) if text.endswith(".json") else named_state(text)


def _grid(n: int | Sequence[int], rate: float | Sequence[float]) -> tuple[list[int], list[float]]:
    ns = list(n) if isinstance(n, Sequence) else [n]
    rates = list(rate) if isinstance(rate, Sequence) else [rate]
    if not 1 <= len(ns) * len(rates) <= MAX_POINTS:
        raise InputError(
            f"n: {len(ns)} block lengths and {len(rates)} rates; allowed are 1 to {MAX_POINTS} points"
        )
    return ns, rates


def _resolvability(
    state: State, ns: Sequence[int], rates: Sequence[float], draws: int, seed: int
) -> ResolvabilityAnswer:
    """Return the expected distances (71) of a classical-quantum state's ensemble.

    The symmetric binary channels are computed to n = 3000 by their classes of outputs; all else from the
    matrices, exactly or as a mean of drawn codebooks.

    Raises:
        InputError: when the state has no classical system, or an argument is not allowed.
    """
    if not state.classical:
        raise InputError(f"state: {state.name!r} has no classical system; allowed is an ensemble")
    p, rho = state.probabilities, state.blocks
    channel = _symmetric_channel(p, rho)
    points = []
    for n in ns:
        for rate in rates:
            if channel is None:
                found = resolvability.expected_distance(p, rho, n, rate, draws, seed)
                value, error = found.value, found.error
            else:
                found = covering.value(channel[0], channel[1], n, rate)
                value, error = 2 * found.value, 2 * found.error  # the paper's whole norm
            size = codebook_size(n, rate) if n * rate < 52 else 2.0 ** min(n * rate, 1000.0)
            points.append(ResolvabilityPoint(found.n, found.rate, size, value, error, found.accuracy))
    how = (
        "classes of outputs of a symmetric channel"
        if channel
        else f"matrices; where drawn, {draws} codebooks"
    )
    return ResolvabilityAnswer(state.name, resolvability.holevo(p, rho), points, how, seed)


def _symmetric_channel(
    p: FloatArray, rho: npt.NDArray[np.complex128]
) -> tuple[covering.Target, float] | None:
    """Return the binary symmetric or erasure channel that a uniform ensemble of two diagonal states is."""
    rows = np.einsum("uii->ui", rho).real
    off = np.abs(rho - rows[:, :, None] * np.eye(rho.shape[-1])).max()
    if len(p) != 2 or abs(p[0] - p[1]) > SAME or off > SAME:
        return None
    swapped = rows[::-1, [1, 0, *range(2, rows.shape[1])]]
    if np.abs(rows - swapped).max() > SAME:
        return None
    if rows.shape[1] == 2:
        return "binary_symmetric", float(rows[0, 1])
    erases = rows.shape[1] == 3 and min(rows[0, 0], rows[0, 1]) <= SAME
    return ("binary_erasure", float(rows[0, 2])) if erases else None


def _codebook(
    state: State,
    network: str,
    ns: Sequence[int],
    rates: tuple[float, float],
    *,
    draws: int,
    seed: int,
    time_limit: float,
) -> CodebookAnswer:
    """Return the expected trace norms of random codebooks for a state.

    The mixture is the one of least I(all;U) that theory's solver finds, as for `qcoord run`.

    Raises:
        InputError: when the network cannot make the state, or an argument is not allowed.
    """
    if network not in RECEIVERS:
        raise InputError(f"network: {short_repr(network)}; allowed are {', '.join(RECEIVERS)}")
    mixture, _ = solve_target(state, RECEIVERS[network], True, beta=1.0, time_limit=time_limit, seed=seed)
    target = mixture.decomposition
    points = []
    for n in ns:
        size = codebook_size(n, rates[0]), codebook_size(n, rates[1])
        means, errors = expected_steps(target, n, *rates, draws, seed)
        points.append(CodebookPoint(n, size, means, errors))
    return CodebookAnswer(
        state=state.name,
        network=network,
        R0=rates[0],
        R1=rates[1],
        information_x=target.rate_x,
        information_all=target.rate_xb,
        p_u=target.p_u.tolist(),
        points=points,
        draws=draws,
        seed=seed,
        source="[NatorPereg, eq. (76)-(83)]" if network == "two-node" else "[NatorPereg, eq. (112)-(118)]",
    )


SEEN = {"Bob": ("B", "X"), "Charlie": ("C", "Y")}
"""A receiver's system and the letter that it sees."""


def _binning(
    state: State, receiver: str, ns: Sequence[int], rates: Sequence[float], delta: float | None
) -> BinningAnswer:
    """Return the collision probabilities (180) of the spectra of a receiver's states (167)-(168).

    Raises:
        InputError: when the receiver is unknown or has nothing, or an argument is not allowed.
    """
    if receiver not in SEEN:
        raise InputError(f"receiver: {short_repr(receiver)}; allowed are {', '.join(SEEN)}")
    system, letter = SEEN[receiver]
    if system not in state.systems:
        raise InputError(
            f"receiver: {receiver} has no system in {state.name!r}; allowed is a state with {system}"
        )
    if letter in state.systems and letter not in state.classical:
        raise InputError(f"classical: {letter} is missing; in this network {letter} is classical")
    seen = state.reduced((system, letter))
    if system in seen.classical:  # its letters are its eigenvectors
        wide = seen.reduced((letter,)) if letter in seen.systems else None
        p = wide.probabilities if wide is not None else np.ones(1)
        spectra = _classical_rows(seen, system, letter)
    else:
        p, spectra = seen.probabilities, np.clip(np.linalg.eigvalsh(seen.blocks)[:, ::-1], 0, None)
    spectra = spectra / spectra.sum(axis=1, keepdims=True)
    points = [
        binning.best_slack(spectra, n, rate, p.tolist())
        if delta is None
        else binning.collision(spectra, n, rate, delta, p.tolist())
        for n in ns
        for rate in rates
    ]
    conditional = state.entropy((system, letter)) - state.entropy((letter,))
    thresholds = [binning.slack_threshold(spectra, one.delta, p.tolist()) for one in points]
    return BinningAnswer(state.name, receiver, conditional, spectra.tolist(), points, thresholds)


def _classical_rows(seen: State, system: str, letter: str) -> FloatArray:
    """Return p(z|x) where the receiver's system is classical, a row for each letter that occurs."""
    place = seen.classical.index(system)
    others = seen.letters[:, [k for k in range(len(seen.classical)) if k != place]]
    _, which = np.unique(others, axis=0, return_inverse=True)
    table = np.zeros((int(which.max()) + 1, seen.dimension(system)))
    np.add.at(table, (which.reshape(-1), seen.letters[:, place]), seen.probabilities)
    return table


def _redistribution(state: State, sent: str, side: str, reference: str) -> RedistributionAnswer:
    """Return the rates of Theorem 11 for a pure state.

    Raises:
        InputError: as `theory.regions.redistribution`.
    """
    found = redistribution(state, sent=sent, side=side, reference=reference)
    information, conditional, net = found.details.values()
    region = found.criteria["theorem"]
    return RedistributionAnswer(
        state=state.name,
        sent=sent,
        side=side,
        reference=reference,
        stays=", ".join(s for s in state.systems if s not in (sent, side, reference)),
        Q=information / 2,
        Q_plus_E=conditional,
        net_entanglement=net,
        corners=[dict(zip(region.rates, map(float, corner), strict=True)) for corner in region.corners],
    )
