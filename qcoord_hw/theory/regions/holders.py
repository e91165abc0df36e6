"""Which letter of a state is whose in a network, and what they hold.

The same file means different things in different networks: X is Alice's source where links carry bits, and
what Bob alone knows in the quantum broadcast network. `qcoord theory region` and `qcoord run` say so by the
same words, and refuse by the same test what a network cannot hold.
"""

from __future__ import annotations

from collections.abc import Sequence

from qcoord_hw.errors import InputError
from qcoord_hw.theory.states import State

SYSTEMS = {"Alice": "A", "Bob": "B", "Charlie": "C"}
"""The system of a target that bears a party's letter."""

RECEIVERS = {
    "two-node": ("Bob",),
    "classical-broadcast": ("Bob", "Charlie"),
}
"""The networks whose sender has a classical source, and who hears from it."""

SOURCE = "Alice's source"
KNOWN = {"X": "Bob's side information", "Y": "Charlie's side information"}
"""The classical systems of the quantum broadcast network, which Alice does not know."""


def holders(state: State, network: str) -> dict[str, str]:
    """Return for each system of a state who has it and what it is there.

    Args:
        state: the target.
        network: one of `qcoord_hw.theory.networks.NETWORKS`.

    Raises:
        InputError: when the network cannot hold such systems, naming the system and what is allowed.
    """
    if network in RECEIVERS and not has_qubit_link(state, network):
        source, systems = roles(state, RECEIVERS[network], True)
        assert source is not None
        owners = {source: SOURCE} | {s: _words(p, state, s) for p, s in systems.items()}
    elif network == "no-communication":
        _, systems = roles(state, parties_of(state), False)
        owners = {s: _words(p, state, s) for p, s in systems.items()}
    else:
        by_letter = {letter: party for party, letter in SYSTEMS.items()}
        allowed = list(by_letter)[:2] if network == "two-node" else list(by_letter)
        known = KNOWN if network == "quantum-broadcast" else {}
        check_systems(state, (*known, *allowed), tuple(known))
        owners = {s: known[s] if s in known else _words(by_letter[s], state, s) for s in state.systems}
    return {system: owners[system] for system in state.systems}


def has_qubit_link(state: State, network: str) -> bool:
    """Return whether the link from Alice to Bob carries qubits: two nodes, and quantum systems A and B alone.

    That is the network of [NatorPereg, Figure 2]; with a classical source it is that of Theorem 1.
    """
    return network == "two-node" and not state.classical and set(state.systems) <= {"A", "B"}


def parties_of(state: State) -> tuple[str, ...]:
    """Return the parties of a network without links: Alice, Bob and Charlie, and further ones by number."""
    count = len(state.systems)
    return (*SYSTEMS, *(f"party {k}" for k in range(4, count + 1)))


def sender_of(state: State, receivers: int) -> str:
    """Return the sender's system: X, or the first classical one.

    Raises:
        InputError: when there is none, or more other systems than receivers.
    """
    if not state.classical:
        raise InputError(
            f"classical: {state.name!r} has no classical system; allowed is a sender X that is classical"
            + (", or quantum systems A and B alone, over a link of qubits" if receivers == 1 else "")
        )
    sender = "X" if "X" in state.classical else state.classical[0]
    others = [system for system in state.systems if system != sender]
    if len(others) > receivers:
        raise InputError(
            f"systems: {', '.join(others)} beside the sender {sender}; allowed are at most {receivers} here"
        )
    return sender


def roles(state: State, parties: Sequence[str], sender: bool) -> tuple[str | None, dict[str, str]]:
    """Return the source X (None without a sender), and which system each party has.

    Systems A, B, C are those of Alice, Bob, Charlie; other names are given to the parties in order.

    Raises:
        InputError: when there is no source, no other system, or more of them than parties.
    """
    source = sender_of(state, len(parties)) if sender else None
    others = [s for s in state.systems if s != source]
    if not others or len(others) > len(parties):
        raise InputError(
            f"systems: {len(others)} for {', '.join(parties)} to prepare; allowed are 1 to {len(parties)}"
        )
    by_name = {p: SYSTEMS[p] for p in parties if p in SYSTEMS and SYSTEMS[p] in others}
    return source, by_name if len(by_name) == len(others) else dict(zip(parties, others, strict=False))


def check_systems(state: State, allowed: tuple[str, ...], classical: tuple[str, ...] = ()) -> None:
    """Check that a state has no other systems, and that some of those it has are classical.

    Raises:
        InputError: naming the system.
    """
    for system in state.systems:
        if system not in allowed:
            raise InputError(f"systems: {system}; allowed in this network are {', '.join(allowed)}")
        if system in classical and system not in state.classical:
            raise InputError(f"classical: {system} is missing; in this network {system} is classical")


def _words(party: str, state: State, system: str) -> str:
    size = state.dimension(system)
    if system in state.classical:
        return f"{party}'s classical system, {size} {'letter' if size == 1 else 'letters'}"
    return f"{party}'s system, dimension {size}"
