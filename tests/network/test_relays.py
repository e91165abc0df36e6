"""A relay party carries what is sent and shared: gates, usage, what it may not do, and forged steps."""

from __future__ import annotations

import pytest
from qiskit.circuit import QuantumCircuit
from qiskit.circuit.library import CXGate
from qiskit.providers.fake_provider import GenericBackendV2

from qcoord_hw.catalogue import load_spec
from qcoord_hw.errors import InputError, LocalityError, TargetError
from qcoord_hw.execution.as_built import check_as_built
from qcoord_hw.execution.ownership import check_ownership
from qcoord_hw.execution.run_description import describe, program_of
from qcoord_hw.execution.targets import resolve_target
from qcoord_hw.families.experiment import build_experiment
from qcoord_hw.network import CASCADE, TWO_NODE, NetworkCircuit
from qcoord_hw.network.relays import LINK, Relays, with_relays


def chain() -> NetworkCircuit:
    """Alice shares a pair with Bob, turns her half, and sends it after him; he measures both in X."""
    net = NetworkCircuit(CASCADE, "chain")
    (a,), (b,) = net.share_ebits("Alice", "Bob", 1)
    turn = QuantumCircuit(1)
    turn.rx(net.data("Alice", "angle", 1)[0], 0)
    net.local("Alice", turn, [a])
    net.send("Alice", "Bob", [a])
    net.local("Bob", CXGate(), [a, b])
    net.measure("Bob", [a, b], "both")
    return net


def at(distance: int, transport: str, name: str = "chsh"):
    spec = load_spec(name)
    return build_experiment(spec.stating({"distance": distance, "transport": transport}))


def gates(circuit: QuantumCircuit, name: str) -> int:
    return circuit.count_ops().get(name, 0)


@pytest.mark.parametrize("distance", range(5))
def test_a_line_has_as_many_relays_as_it_is_long(distance):
    swap, swapping = (at(distance, how) if distance else at(0, how) for how in ("swap", "swapping"))
    one, other = swap.circuits[0].circuit, swapping.circuits[0].circuit
    assert one.num_qubits == other.num_qubits == 2 + distance
    assert (gates(one, "swap"), gates(one, "measure")) == (distance, 2)
    assert (gates(other, "cz"), gates(other, "measure")) == (distance, 2 + distance)
    assert gates(other, "if_else") == distance
    sent = {"qubits": 1, "log2_dim": 1.0, "bits": 0}
    for experiment in (swap, swapping):
        usage = experiment.usage
        assert {key: usage[key] for key in ("Alice->Bob", "Alice->Charlie")} == dict.fromkeys(
            ("Alice->Bob", "Alice->Charlie"), sent
        )
    told = {key: used["bits"] for key, used in swapping.usage.items() if key.startswith(LINK)}
    assert sum(told.values()) == distance
    assert not [key for key in swap.usage if key.startswith(LINK)]


@pytest.mark.parametrize("transport", ["swap", "swapping"])
def test_shares_and_sends_both_cross(transport):
    net, _ = with_relays(chain(), Relays(3, transport))
    assert net.circuit.num_qubits == 2 + 3 + 3  # between the halves of the pair, and from Alice to Bob
    assert net.usage["Alice-Bob"] == {"ebits": 1}
    assert net.usage["Alice->Bob"]["qubits"] == 1
    assert [p.name for p in net.circuit.parameters] == ["angle[0]"]
    events = [event.to_json() for event in net.events]
    assert check_ownership([events], [net.circuit]).between_parties == 0
    holders = [net.owner(q) for q in net.circuit.qubits]
    assert holders.count("Bob") == 2
    assert set(holders) == {"Bob", LINK}


def test_nothing_is_carried_that_is_not_sent():
    net = NetworkCircuit(TWO_NODE, "told")
    with pytest.raises(InputError, match="^distance: 2; allowed where qubits are sent or shared"):
        with_relays(net, Relays(2))


def test_the_link_delivers_what_it_got_and_no_more():
    net, _ = with_relays(chain(), Relays(1))
    spare = net.allocate(LINK, 1)
    with pytest.raises(LocalityError, match=r"link cannot deliver .*: of Alice->Bob it carries 0 qubits"):
        net.deliver("Alice->Bob", "Bob", spare)
    theirs = next(q for q in net.circuit.qubits if net.owner(q) == "Bob")
    with pytest.raises(LocalityError, match="not its own"):
        net.deliver("Alice->Bob", "Bob", [theirs])
    with pytest.raises(LocalityError, match="has no relay party"):
        chain().deliver("Alice->Bob", "Bob", [])


def test_compiled_gates_across_the_ends_of_the_link_are_seen():
    for transport in ("swap", "swapping"):
        net = at(2, transport).circuits[0]
        events = [event.to_json() for event in net.events]
        assert check_ownership([events], [net.circuit]).between_parties == 0
        ends = [q for q in net.circuit.qubits if net.owner(q) in ("Bob", "Charlie")]
        relay = next(q for q in net.circuit.qubits if net.owner(q) == LINK)
        for pair in (ends, [ends[0], relay]):
            joined = net.circuit
            joined.cz(*pair)  # after everything, where each is in other hands
            assert check_ownership([events], [joined]).between_parties == 1


def forged(events, kind, **change):
    found = [dict(event) for event in events]
    k = next(k for k, event in enumerate(found) if event["kind"] == kind and event.get("party") == LINK)
    found[k] |= change
    return found


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"name": "Alice->Charlie"}, "does not carry"),
        ({"to": "Charlie"}, "does not carry"),
        ({"name": ""}, "does not carry"),
    ],
)
def test_forged_deliveries_are_refused(change, why):
    experiment = at(2, "swap")
    description = describe(experiment)
    circuits = [net.circuit for net in experiment.circuits]
    check_as_built(description, circuits)
    for one in description["circuits"]:
        one["events"] = forged(one["events"], "send", **change)
    with pytest.raises(LocalityError, match=why):
        check_as_built(description, circuits)


def test_what_is_sent_past_the_link_is_refused():
    experiment = at(1, "swap")
    description = describe(experiment)
    for one in description["circuits"]:
        for event in one["events"]:
            if event["kind"] == "send" and event["party"] == "Alice":
                event["to"] = event["name"].removeprefix("Alice->")
    with pytest.raises(LocalityError, match="link carries all that is sent"):
        check_as_built(description, [net.circuit for net in experiment.circuits])


def test_a_target_without_feed_forward_says_so():
    """Gates that hang on outcomes: refused in one line; SWAP gates do there."""
    pairs = [[a, a + 1] for a in range(3)] + [[a + 1, a] for a in range(3)]
    backend = GenericBackendV2(4, coupling_map=pairs, control_flow=False, seed=1)
    program = {how: program_of(at(2, how)) for how in ("swap", "swapping")}
    target = resolve_target(backend)
    assert len(target.prepare(program["swap"], ()).layout) == 4
    with pytest.raises(TargetError, match="does no gates that hang on outcomes .* transport swap"):
        target.prepare(program["swapping"], ())
