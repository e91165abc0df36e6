"""Codes of the two-node and the classical broadcast network [NatorPereg, Sections VI and VIII] as circuits.

Alice sees x^n, draws m1 ~ F(m1 | x^n, m0) of (76) and tells it to the receivers, who share m0 with her and
prepare theta^{u^n(m0, m1)}. Nature, the common randomness and Alice's draw are classical: x^n, m0 and m1 are
drawn for every shot, and a circuit is built once for every distinct codeword. With `feed_forward` Alice draws
m1 in the circuit instead, by measuring qubits, and the receivers act on her bits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from qiskit.circuit import QuantumCircuit

from qcoord_hw.families.coordination.classical_links.codebook import Code, read_code
from qcoord_hw.families.coordination.classical_links.explicit import read_explicit
from qcoord_hw.families.coordination.classical_links.mixture import (
    described,
    read_mixture,
    read_target,
)
from qcoord_hw.families.coordination.classical_links.products import (
    OWN_COIN,
    Products,
    check_preparations,
    ket_circuit,
    products_of,
)
from qcoord_hw.families.coordination.classical_links.solve_mixture import letter_mixture, solve_target
from qcoord_hw.families.coordination.parameters import (
    CLASSICAL_BROADCAST_PARAMETERS,
    SOLVER,
    TWO_NODE_BITS_PARAMETERS,
)
from qcoord_hw.families.coordination.preparation import Case, Coordination, Preparation
from qcoord_hw.network import CLASSICAL_BROADCAST, TWO_NODE, NetworkCircuit, Topology
from qcoord_hw.schema import Parameter, names_of, read, refusal
from qcoord_hw.spec import Plain, to_tuples
from qcoord_hw.theory.finite_blocklength.codebooks import Decomposition
from qcoord_hw.theory.finite_blocklength.resolvability import holevo, tensor_products
from qcoord_hw.theory.states import State

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

SOURCE: dict[str, Plain] = {
    "p_u": (0.5, 0.5),
    "p_x_given_u": ((0.85, 0.15), (0.15, 0.85)),
    "theta_B": ((0, 0, 1), (1, 0, 0)),
}
"""X uniform, U = X xor Bern(.15), Bob's states |0> and |+>."""

CHARLIE: dict[str, Plain] = {"theta_C": ((0, 0, 1), (float(np.sqrt(0.75)), 0, 0.5))}
"""Charlie's states |0> and, at Bloch angle pi/3 from it, cos(pi/6)|0> + sin(pi/6)|1>."""

CONVENTION = "m1 is uniform where P~(x^n, m0) = 0, where [NatorPereg, (76)] leaves F undefined"


@dataclass(frozen=True)
class Network:
    """A network of one sender of bits.

    Attributes:
        topology: who is linked to whom.
        receivers: who is told m1.
        source: the mixture where options state none.
        theorem: where the region stands.
        parameters: what may be asked of it.
    """

    topology: Topology
    receivers: tuple[str, ...]
    source: Mapping[str, Plain]
    theorem: str
    parameters: tuple[Parameter, ...]


NETWORKS = {
    "two-node": Network(
        TWO_NODE, ("Bob",), SOURCE, "[NatorPereg, Theorem 1, eq. (21)]", TWO_NODE_BITS_PARAMETERS
    ),
    "classical-broadcast": Network(
        CLASSICAL_BROADCAST,
        ("Bob", "Charlie"),
        SOURCE | CHARLIE,
        "[NatorPereg, Theorem 5, eq. (30)]",
        CLASSICAL_BROADCAST_PARAMETERS,
    ),
}


def build_bits(options: Mapping[str, Plain]) -> Coordination:
    """Build a code of the two-node network whose link carries bits.

    Args:
        options: those of `TWO_NODE_BITS_PARAMETERS`; without a mixture that of `SOURCE` is made. With
            the codebook "letters" the message is u, F(u|x) = p(u|x), which is exact.

    Returns:
        A case for every sequence x^n. `exact` holds the trace norm, and the error (77) as `covering`.

    Raises:
        InputError: naming the option.
    """
    return _build("two-node", options)


def build_classical_broadcast(options: Mapping[str, Plain]) -> Coordination:
    """Build a code of the classical broadcast network: as `build_bits`, with Charlie's `theta_C`.

    Raises:
        InputError: naming the option.
    """
    return _build("classical-broadcast", options)


def prepare_options(state: State | str, options: Mapping[str, Plain]) -> dict[str, Plain]:
    """Return options that make a state on classical links, and rebuild the same circuits anywhere.

    The theory's solver finds a mixture over U and, where sizes are given, a search finds a codebook; both are
    written out. At n = 1, where neither sizes, a codebook nor beta is given, U = X is taken instead if that
    needs fewer letters: every protocol with the message u is exact, so the shortest message is the best.

    Args:
        state: the target, or what the option `state` may be.
        options: `network`: two-node or classical-broadcast; its parameters, and those of `SOLVER`.

    Raises:
        InputError: naming the option, or why the network cannot make the state.
    """
    name = str(options.get("network"))
    if name not in NETWORKS:
        raise refusal("network", options.get("network"), f"are {', '.join(NETWORKS)}")
    declared, receivers = NETWORKS[name].parameters, NETWORKS[name].receivers
    values = read((*declared, *SOLVER), options, f"for network {name}")
    n = values["n"]
    given = {key: value for key, value in options.items() if key not in names_of(SOLVER)}
    if "p_u" in options:
        return given | {"state": state if isinstance(state, str) else state.to_text()}
    if values["protocol"] == "explicit":
        raise refusal("protocol", "explicit", "with a mixture: p_u")
    mixture, found = solve_target(
        state,
        receivers,
        True,
        beta=values["beta"],
        time_limit=values["time_limit"],
        seed=values["seed"] or 0,
    )
    if not {"codebook", "beta", "M0", "M1"} & set(options) and n == 1:
        direct = letter_mixture(read_target(str(found["state"])), receivers)
        if direct is not None and len(direct.p_u) < len(mixture.p_u):
            mixture, found = direct, {"state": found["state"], **direct.options()}
    if given.get("codebook") not in ("random", "search"):
        given.pop("seed", None)  # the solver's alone
    given |= {**found, "n": n}
    code = read_code(
        read(declared, given, f"for network {name}"), mixture.decomposition, n, _codebook(given, n)
    )
    if given.get("codebook", _codebook(given, n)) == "search":
        given = {key: value for key, value in given.items() if key not in ("M0", "M1", "seed")}
        given["codebook"] = to_tuples(code.words.tolist())
    return given


def _codebook(options: Mapping[str, Plain], n: int) -> str:
    """Return which codebook stands for none: exact where that needs no choice of sizes."""
    if "p_u" not in options:
        return "coset"
    return "letters" if n == 1 and not {"M0", "M1"} & set(options) else "search"


def _build(name: str, options: Mapping[str, Plain]) -> Coordination:
    network = NETWORKS[name]
    values = read(network.parameters, options, f"for network {name}")
    n = values["n"]
    if values["protocol"] == "explicit":
        return _explicit(name, options, values)
    given = dict(options) if "p_u" in options else {**options, **network.source}
    mixture = read_mixture(given, network.receivers, sender=True)
    target = mixture.decomposition
    code = read_code(values, target, n, _codebook(options, n))
    products = products_of(mixture, n)
    build = _fed_forward if values["feed_forward"] else _drawn
    preparations, weights = build(network, products, code, target)
    plan = Coordination(
        name,
        preparations,
        _cases(target, code.encoder(target)[0], weights, len(preparations[0].outputs)),
        n,
        sampled=True,
        rates=_rates(network, target),
        exact=code.exact(target),
        notes=_notes(code, products, str(options.get("codebook", _codebook(options, n)))),
    )
    return described(plan, mixture, given, sender=True)


def _cases(target: Decomposition, strings: IntArray, weights: FloatArray, outputs: int) -> tuple[Case, ...]:
    """Return a case for every x^n, from the weights of the preparations given it: a row for each."""
    cases = []
    for x, row in zip(strings, weights, strict=True):
        omega = tensor_products(target.target, x[None])[0]
        p = float(target.p_x[x].prod())
        used = tuple((k, float(w)) for k, w in enumerate(row) if w > 0)
        label = "x=" + ("," if len(target.p_x) > 10 else "").join(map(str, x))
        cases.append(Case(label, p, used, (omega / np.trace(omega)).astype(complex), tuple(range(outputs))))
    return tuple(cases)


def _explicit(name: str, options: Mapping[str, Plain], values: Mapping[str, Any]) -> Coordination:
    """Build a code that is written out: a circuit for every product that is prepared."""
    network, n = NETWORKS[name], values["n"]
    given = dict(options) if "p_u" in options else {**options, **network.source}
    mixture = read_mixture(given, network.receivers, sender=True)
    target, code = mixture.decomposition, read_explicit(values, mixture, n)
    check_preparations(len(code.words))
    preparations = []
    for k, word in enumerate(code.words):
        net = _net(network, code.size[0], f"word-{k}")
        net.send_message("Alice", network.receivers, code.size[1])
        held = {party: net.allocate(party, n) for party in mixture.parties}
        for party, kets in zip(mixture.parties, word, strict=True):
            block = QuantumCircuit(n)
            for qubit, ket in enumerate(kets):
                block.compose(ket_circuit(ket), [qubit], inplace=True)
            if block.data:
                net.local(party, block, held[party])
        outputs = tuple(held[party][k] for k in range(n) for party in mixture.parties)
        preparations.append(Preparation(net, outputs))
    m0, m1 = code.size
    plan = Coordination(
        name,
        tuple(preparations),
        _cases(target, code.strings, code.word_weights(), len(preparations[0].outputs)),
        n,
        sampled=True,
        rates=_rates(network, target),
        exact=code.exact(target),
        notes=(
            "the code is written out: chances of every message, and what is prepared of it",
            *([OWN_COIN] if np.count_nonzero(code.weights, axis=1).max() > 1 else []),
            f"{m0} values of common randomness and {m1} messages for n = {n}",
        ),
    )
    return described(plan, mixture, given, sender=True)


def _drawn(
    network: Network, products: Products, code: Code, target: Decomposition
) -> tuple[tuple[Preparation, ...], FloatArray]:
    """Return a circuit for every word of pure letters, and their weights given x^n."""
    _, words, weights = code.word_weights(target)
    pure, spread = products.spread(words, weights)
    check_preparations(len(pure))
    preparations = []
    for word in pure:
        net = _net(network, code.size[0], "word-" + "-".join(map(str, word)))
        net.send_message("Alice", network.receivers, code.size[1])
        held = products.allocate(net)
        products.prepare(net, held, word)
        preparations.append(Preparation(net, products.outputs(held)))
    return tuple(preparations), spread


def _fed_forward(
    network: Network, products: Products, code: Code, target: Decomposition
) -> tuple[tuple[Preparation, ...], FloatArray]:
    """Return a circuit for every x^n and m0, and their weights given x^n."""
    pure = products.pure_words(code.words)
    strings, encoder = code.encoder(target)
    m0s, m1s = code.size
    if m1s == 1:
        raise refusal("feed_forward", True, "with two messages or more, here is one")
    check_preparations(len(strings) * m0s)
    size = (m1s - 1).bit_length()
    preparations = []
    for x, rows in zip(strings, encoder, strict=True):
        for m0, chances in enumerate(rows):
            net = _net(network, m0s, "x-" + "-".join(map(str, x)) + f"-m0-{m0}")
            coin = net.allocate("Alice", size, "draw")
            held = products.allocate(net)
            amplitudes = np.sqrt(np.append(chances, np.zeros(2**size - m1s)))
            net.local("Alice", ket_circuit(amplitudes.astype(complex)), coin)
            message = net.measure("Alice", coin[::-1], "m1")
            for receiver in network.receivers:
                net.send_bits("Alice", receiver, message)
            for m1 in range(m1s):
                products.prepare(net, held, pure[m0, m1], when=(message, m1))
            preparations.append(Preparation(net, products.outputs(held)))
    weights = np.kron(np.eye(len(strings)), np.full((1, m0s), 1 / m0s))
    return tuple(preparations), weights


def _net(network: Network, common: int, name: str) -> NetworkCircuit:
    net = NetworkCircuit(network.topology, name)
    if common > 1:
        net.common_randomness(common)
    return net


def _rates(network: Network, target: Decomposition) -> dict[str, dict[str, Any]]:
    """Return the thresholds of this mixture, and what no mixture can undercut."""
    here = f"{network.theorem}, of this mixture over U"
    blocks = target.target / np.where(target.p_x > 0, target.p_x, 1)[:, None, None]
    seen = target.p_x > 0
    least = holevo(target.p_x[seen], blocks[seen])
    return {
        "R1 asymptotic": {"value": target.rate_x, "source": here},
        "R0+R1 asymptotic": {"value": target.rate_xb, "source": here},
        "R1 of any mixture": {"lower": least, "source": "data processing: R1 >= I(X; receivers)"},
    }


def _notes(code: Code, products: Products, kind: str) -> tuple[str, ...]:
    m0, m1 = code.size
    notes = [CONVENTION if kind != "letters" else "the message is u itself, drawn from p(u|x)"]
    notes += [] if products.pure else [OWN_COIN]
    notes.append(f"{m0} values of common randomness and {m1} messages for n = {products.copies}")
    return tuple(notes)
