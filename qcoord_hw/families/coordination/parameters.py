"""The parameters of coordination protocols: one list per network, two for a link of bits or qubits.

A mixture of products over U is `p_u`, with a sender `p_x_given_u`, and `theta_B` for Bob's states, and so on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from qcoord_hw.families.distance import DISTANCE
from qcoord_hw.schema import Flag, Parameter, read
from qcoord_hw.spec import Plain
from qcoord_hw.theory.networks import NETWORKS

MAX_SEED = 2**32 - 1
MAX_SIZE = 4096
"""Codewords M0 M1, or values of common randomness, of one experiment at most."""

MAX_BITS_COPIES = 6
"""Block length of a code on links of bits at most."""

MAX_QUBITS = 12
"""Of a circuit at most: what a noise model can still be simulated for."""

MAX_CASCADE_COPIES = 4
MAX_SENDERS_COPIES = 6
TIME_LIMIT = 30.0
"""Seconds of the search for a mixture, by default."""

KINDS = ("coset", "letters", "random", "search")
"""Codebooks by name."""

ROUNDINGS = ("largest-remainders", "best")
LINKS = ("qubits", "ebits")
SENDERS = ("Alice", "Bob")
PHASES = (9, 8)

STATE = "is a name or the JSON text of a state file"
MATRICES = "is a Bloch vector of 3 numbers, or a density matrix, for each p_u"

NETWORK = Parameter(
    "network",
    "choice",
    "who is linked to whom",
    choices=tuple(NETWORKS),
    required=True,
    flags=(Flag("--network", "N", f"of a state file or name: {', '.join(NETWORKS)}"),),
)
_NETWORK = replace(NETWORK, required=False)
"""As a network's own builder reads it."""

_PROTOCOL_FLAGS = (Flag("--protocol", "P", "which protocol of the network"),)
_COPIES_FLAGS = (Flag("--copies", "N", "the block length n"),)


def _protocol(*names: str, copies: int | None = None) -> Parameter:
    """Return the choice of a protocol, by default the first, for this block length alone if one is stated."""
    when = {} if copies is None else {"n": (copies,)}
    return Parameter(
        "protocol", "choice", "which one", names[0], choices=names, when=when, flags=_PROTOCOL_FLAGS
    )


def _copies(low: int, high: int, default: int, *protocols: str) -> Parameter:
    return Parameter(
        "n",
        "integer",
        "the block length: copies of the target that one circuit makes",
        default,
        low=low,
        high=high,
        when={"protocol": protocols} if protocols else {},
        flags=_COPIES_FLAGS,
    )


def _sent(
    name: str, help: str, usual: str, low: int = 0, high: int | str = "n", *protocols: str
) -> Parameter:
    when = {"protocol": protocols} if protocols else {}
    return Parameter(name, "integer", help, usual=usual, low=low, high=high, when=when)


def _theta(system: str, party: str) -> Parameter:
    return Parameter(
        f"theta_{system}",
        "list",
        f"{party}'s state for each u",
        usual="none: no such part",
        allowed=MATRICES,
        when={"p_u": ()},
    )


_CODEBOOK: dict[str, tuple[Plain | None, ...]] = {"protocol": ("codebook",)}


def _bits(*receivers: tuple[str, str]) -> tuple[Parameter, ...]:
    return (
        _NETWORK,
        _protocol("codebook", "explicit"),
        Parameter("p_u", "list", "the mixture: probabilities of U", usual="a mixture of two letters"),
        Parameter(
            "p_x_given_u",
            "list",
            "the source: a row of probabilities of X for each u",
            usual="none: no source",
            when={"p_u": ()},
        ),
        *(_theta(system, party) for system, party in receivers),
        Parameter(
            "state",
            "text",
            "what the mixture is to make",
            usual="what it makes",
            allowed=STATE,
            when={"p_u": ()},
        ),
        _copies(1, MAX_BITS_COPIES, 1),
        Parameter(
            "codebook",
            "any",
            "by name, or the letters in full, shape (M0, M1, n); letters: the message is u itself",
            usual="coset without a mixture; with one letters at n = 1, else search",
            allowed=f"are {', '.join(KINDS)}, or letters in full",
            check=lambda value: value in KINDS if isinstance(value, str) else isinstance(value, tuple | list),
            when=_CODEBOOK,
        ),
        *(
            Parameter(
                name,
                "integer",
                help,
                usual="the least power of 2 with which both rates suffice",
                low=1,
                high=MAX_SIZE,
                when=_CODEBOOK,
            )
            for name, help in (
                ("M0", "values of common randomness of a random or searched codebook"),
                ("M1", "messages of a random or searched codebook"),
            )
        ),
        Parameter(
            "seed",
            "integer",
            "of a random or searched codebook",
            usual="0",
            low=0,
            high=MAX_SEED,
            when=_CODEBOOK,
        ),
        Parameter(
            "feed_forward",
            "boolean",
            "whether Alice draws the message in the circuit",
            default=False,
            when=_CODEBOOK,
        ),
        Parameter(
            "encoder",
            "list",
            "chances of m1 for each x^n and m0, shape (X, M0, M1)",
            required=True,
            allowed="are chances of sum 1 in the shape (X, M0, M1)",
            when={"protocol": ("explicit",)},
        ),
        *(
            Parameter(
                f"decoder_{system}",
                "list",
                f"what {party} prepares for each m0 and m1: lists of [chance, a Bloch vector a copy]",
                usual="none: no such part",
                allowed="are for each m0 and m1 lists of [chance, Bloch vectors of length 1]",
                when={"protocol": ("explicit",)},
            )
            for system, party in receivers
        ),
    )


TWO_NODE_BITS_PARAMETERS = _bits(("B", "Bob"))
CLASSICAL_BROADCAST_PARAMETERS = _bits(("B", "Bob"), ("C", "Charlie"))

SOLVER = (
    Parameter(
        "beta",
        "number",
        "a state's mixture has the least (1 - beta) I(X;U) + beta I(XB;U) that is found",
        default=1.0,
        allowed="are numbers from 0 to 1",
        low=0,
        high=1,
        when={"p_u": (None,)},
    ),
    Parameter(
        "time_limit",
        "number",
        "seconds of the search for a state's mixture",
        default=TIME_LIMIT,
        allowed="are seconds above 0, up to 3600",
        check=lambda value: 0 < value <= 3600,
        when={"p_u": (None,)},
        flags=(Flag("--time-limit", "S", "classical links: seconds of the search for a mixture (30)"),),
    ),
)
"""Of the search that makes a spec of a state on classical links; a spec itself does not hold them."""

TWO_NODE_QUBITS_PARAMETERS = (
    _NETWORK,
    _copies(1, MAX_QUBITS, 1),
    _protocol("exact", "compressed", copies=1),
    _protocol("compressed"),
    Parameter("state", "text", "of A and B alone", required=True, allowed=STATE),
    _sent("m", "qubits for all copies", "the fewest with a fidelity of 0.9", 0, MAX_QUBITS, "compressed"),
    *DISTANCE,
)

NO_COMMUNICATION_PARAMETERS = (
    _NETWORK,
    _protocol("products"),
    Parameter("state", "text", "a state with a known mixture", usual="ghz-mixture", allowed=STATE),
    _copies(1, 1, 1),
    Parameter("p_u", "list", "the mixture: probabilities of U", usual="that of the state"),
    *(_theta(system, party) for system, party in (("A", "Alice"), ("B", "Bob"), ("C", "Charlie"))),
    Parameter(
        "phases",
        "choice",
        "how many phase products make a noisy GHZ state",
        usual="9",
        choices=PHASES,
        when={"p_u": (None,)},
    ),
    Parameter("counts", "list", "for how many values each product is made", usual="M, rounded"),
    Parameter(
        "M",
        "integer",
        "values of common randomness",
        usual="the least that is exact or comes close",
        low=1,
        high=MAX_SIZE,
        when={"counts": (None,)},
    ),
    Parameter(
        "rounding",
        "choice",
        "how the mixture is rounded to M values",
        default=ROUNDINGS[0],
        choices=ROUNDINGS,
        when={"counts": (None,)},
    ),
    Parameter(
        "seed",
        "integer",
        "of the search for the best rounding",
        default=0,
        low=0,
        high=MAX_SEED,
        when={"counts": (None,), "rounding": ("best",)},
    ),
)

CASCADE_PARAMETERS = (
    _NETWORK,
    _protocol(
        "exact",
        "chain",
        "compressed",
        "ghz2-corner",
        "example-1",
        "example-1-reference",
        "example-1-n2",
        "example-2",
    ),
    *(
        Parameter(
            "state",
            "choice",
            "the only target of this protocol",
            default=name,
            choices=(name,),
            when={"protocol": protocols},
        )
        for name, protocols in (
            ("ghz", ("ghz2-corner",)),
            ("example-1", ("example-1", "example-1-reference", "example-1-n2")),
            ("example-2", ("example-2",)),
        )
    ),
    Parameter("state", "text", "the target", required=True, allowed=STATE),
    _copies(2, MAX_CASCADE_COPIES, 3, "compressed"),
    _copies(2, 2, 2, "ghz2-corner", "example-1-n2"),
    _copies(1, 1, 1),
    Parameter(
        "link1",
        "choice",
        "how Alice's link to Bob is used",
        default=LINKS[0],
        choices=LINKS,
        when={"protocol": ("exact", "chain", "example-2")},
    ),
    Parameter(
        "link2",
        "choice",
        "how Bob's link to Charlie is used",
        default=LINKS[0],
        choices=LINKS,
        when={"protocol": ("exact",)},
    ),
    Parameter(
        "reference",
        "boolean",
        "whether the purification of the target is kept by Alice and scored",
        default=False,
        when={"protocol": ("exact",)},
    ),
    _sent("m1", "qubits sent on the first link", "n - 1", 1, "n", "compressed"),
    _sent("m2", "qubits sent on the second link", "n - 1", 1, "n", "compressed"),
    *DISTANCE,
)

QUANTUM_BROADCAST_PARAMETERS = (
    _NETWORK,
    _protocol("local-unitaries", "compressed", "prepared", "literal"),
    Parameter("state", "text", "an ensemble of pure states", default="broadcast-epr", allowed=STATE),
    _copies(1, MAX_QUBITS, 3, "compressed", "prepared"),
    _copies(1, 1, 1, "literal"),
    _copies(1, MAX_QUBITS, 1),
    _sent(
        "m",
        "qubits of each half of all copies",
        "the fewest with a fidelity of 0.9",
        0,
        "n",
        "compressed",
        "prepared",
    ),
    *DISTANCE,
)

MULTIPLE_ACCESS_PARAMETERS = (
    _NETWORK,
    _protocol("schumacher", "prepared", "naive"),
    Parameter(
        "state", "text", "pure, C of at most 4 dimensions", default="two-pairs:p=0.9,q=0.9", allowed=STATE
    ),
    _copies(1, MAX_SENDERS_COPIES, 3),
    _sent("m", "qubits of each sender for all copies", "the fewest with a fidelity of 0.9 for each"),
    Parameter(
        "senders",
        "choice",
        "both, or whose part is built alone",
        default="both",
        choices=("both", *SENDERS),
    ),
    *DISTANCE,
)

LISTS = {
    name: (NETWORK, *parameters[1:])
    for name, parameters in {
        "two-node": (*TWO_NODE_BITS_PARAMETERS, *SOLVER),
        "two-node, a link of qubits": TWO_NODE_QUBITS_PARAMETERS,
        "no-communication": (*NO_COMMUNICATION_PARAMETERS, SOLVER[1]),
        "classical-broadcast": (*CLASSICAL_BROADCAST_PARAMETERS, *SOLVER),
        "cascade": CASCADE_PARAMETERS,
        "quantum-broadcast": QUANTUM_BROADCAST_PARAMETERS,
        "multiple-access": MULTIPLE_ACCESS_PARAMETERS,
    }.items()
}
"""What may be asked of each network, of a spec or of a state that becomes one."""


def read_network(options: Mapping[str, Plain]) -> str:
    """Return the network of a spec's parameters.

    Raises:
        InputError: when it is missing or none of `NETWORKS`.
    """
    stated = {key: value for key, value in options.items() if key == NETWORK.name}
    return str(read([NETWORK], stated, "for coordination")[NETWORK.name])
