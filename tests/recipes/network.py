"""The recipe "A network", followed: two nodes with a link of qubits that leads from Bob to Alice."""

from __future__ import annotations

import json

from tests.recipes.house import House, Recipe, Step

NAME = "backward-link"
TOPOLOGY = "qcoord_hw/network/topology.py"
TABLE = "qcoord_hw/theory/networks.py"
REGION = "qcoord_hw/theory/regions/backward_link.py"
CHECKER = "qcoord_hw/theory/regions/auxiliary/checker/answer.py"
PARAMETERS = "qcoord_hw/families/coordination/parameters.py"
BUILDER = "qcoord_hw/families/coordination/backward_link.py"
BUILDERS = "qcoord_hw/families/coordination/builders.py"
SPEC = f"circuits/coordination/{NAME}.toml"
TESTS = "tests/families/test_parameters.py"


def add_topology(house):
    house.insert(
        TOPOLOGY,
        '"""[NatorPereg] Figure 2: Alice sends qubits to Bob."""',
        f'\nBACKWARD_LINK = Topology("{NAME}", _ABC[:2], (Link("Bob", "Alice", qubits=True),))\n'
        '"""Bob sends qubits to Alice."""\n',
    )


def add_to_table(house):
    house.insert(TABLE, "NETWORKS = {", f'    "{NAME}": Network("backward_link.backward_link", ("Q",)),\n')


def add_region(house):
    house.write(
        REGION,
        '''"""Two nodes with a link of qubits from Bob to Alice: the mirror image of `two_node_quantum`."""

from qcoord_hw.theory.regions.region import RegionAnswer
from qcoord_hw.theory.regions.two_node_quantum import two_node_quantum
from qcoord_hw.theory.states import State


def backward_link(state: State) -> RegionAnswer:
    """Return the regions (Q): those of the other direction, which are symmetric in A and B."""
    return two_node_quantum(state)
''',
    )


def add_check(house):
    house.insert(CHECKER, "Known | None]] = {", f'    "{NAME}": check_two_node,\n')


def add_parameters(house):
    house.insert(
        PARAMETERS,
        'TWO_NODE_BITS_PARAMETERS = _bits(("B", "Bob"))',
        """BACKWARD_LINK_PARAMETERS = (
    _NETWORK,
    _protocol("exact"),
    Parameter("state", "text", "pure, of A and B", "epr", allowed=STATE),
)
""",
    )
    house.insert(
        PARAMETERS, '        "cascade": CASCADE_PARAMETERS,', f'        "{NAME}": BACKWARD_LINK_PARAMETERS,\n'
    )


def add_builder(house):
    house.write(
        BUILDER,
        '''"""Two nodes with a link of qubits from Bob to Alice: Bob prepares both systems and sends A."""

from collections.abc import Mapping

from qcoord_hw.errors import InputError
from qcoord_hw.families.coordination.cascade.maps import apply_map, embedded, send
from qcoord_hw.families.coordination.classical_links.mixture import read_target
from qcoord_hw.families.coordination.parameters import BACKWARD_LINK_PARAMETERS
from qcoord_hw.families.coordination.preparation import Case, Coordination, Preparation
from qcoord_hw.network import NetworkCircuit
from qcoord_hw.network.topology import BACKWARD_LINK
from qcoord_hw.schema import read
from qcoord_hw.spec import Plain
from qcoord_hw.theory.regions.holders import check_systems


def build_backward_link(options: Mapping[str, Plain]) -> Coordination:
    """Build it for one copy.

    Raises:
        InputError: when the state is mixed, or has another system.
    """
    values = read(BACKWARD_LINK_PARAMETERS, options, "for network backward-link")
    state = read_target(values["state"])
    check_systems(state, ("A", "B"))
    kets = state.kets()
    if len(kets) != 1:
        raise InputError(f"state: {state.name} is mixed; allowed are pure states")
    sizes = state.sizes(("A", "B"))
    ket = kets[0].reshape(sizes)
    net = NetworkCircuit(BACKWARD_LINK, "backward-link")
    own, sent = apply_map(net, "Bob", ket.T, 2)
    send(net, "Bob", "Alice", sent, sizes[0])
    target = embedded(ket).ravel()
    count = len(own) + len(sent)
    return Coordination(
        network="backward-link",
        preparations=(Preparation(net, (*sent, *own)),),
        cases=(Case("", 1.0, ((0, 1.0),), target, tuple(range(count))),),
        copies=1,
    ).of_target(state)
''',
    )


def add_values(house):
    house.bring(TESTS)
    house.insert(
        TESTS,
        'SKEW = {"p_u": [0.75, 0.25], "p_x_given_u": [[0.9, 0.1], [0.2, 0.8]]}',
        """BACKWARD = (
    "backward-link",
    {"network": "backward-link", "state": "epr"},
    {"network": ["cascade"], "protocol": ["naive"], "state": ["w:parties=2"]},
)
""",
    )
    house.insert(TESTS, "CASES = [", "    BACKWARD,\n")


STEPS = (
    Step(TOPOLOGY, add_topology),
    Step(TABLE, add_to_table),
    Step(REGION, add_region),
    Step(CHECKER, add_check),
    Step(PARAMETERS, add_parameters),
    Step(BUILDER, add_builder),
    Step(
        BUILDERS,
        lambda house: house.insert(
            BUILDERS, "BUILDERS = {", f'    "{NAME}": "backward_link.build_backward_link",\n'
        ),
    ),
    Step(
        SPEC,
        lambda house: house.write(
            SPEC,
            f'name = "{NAME}"\ntitle = "Pair"\nfamily = "coordination"\n\n[parameters]\nnetwork = "{NAME}"\n',
        ),
    ),
    Step(
        SPEC.replace(".toml", ".qasm"),
        lambda house: house.later("tools/golden.py", NAME, "--write", "--needs"),
    ),
    Step("docs/parameters.md", lambda house: house.later("tools/parameter_page.py")),
    Step(TESTS, add_values),
    Step(
        f"changes/+{NAME}.feature.md",
        lambda house: house.write(f"changes/+{NAME}.feature.md", "One network more.\n"),
    ),
)


def appears(house: House) -> None:
    """The network is there, in theory and as circuits."""
    listed, helped, region, shown, ran, planned, reported, state, refused, golden = house.run(
        ["qcoord", "list", "--json"],
        ["qcoord", "theory", "region", "--help"],
        ["qcoord", "theory", "region", "epr", "--network", NAME, "--at", "Q=1", "--json"],
        ["qcoord", "show", NAME, "--parameters", "--json"],
        ["qcoord", "run", NAME, "--shots", "500", "--seed", "7", "--json"],
        ["qcoord", "plan", NAME, "--target", "fake_torino", "--json"],
        ["qcoord", "report", "latest", "--json"],
        ["qcoord", "show", "epr", "--network", NAME, "--json"],
        ["qcoord", "theory", "region", "ghz", "--network", NAME],
        ["tools/golden.py", NAME],
    )
    assert golden[0] == 0, golden
    rows = {row["name"]: row for row in json.loads(listed[1])["experiments"]}
    assert (rows[NAME]["needs"] or {}).get("qubits") == 2
    assert NAME in helped[1]
    answer = json.loads(region[1])
    assert (answer["network"], answer["membership"]["no_entanglement"]["inside"]) == (NAME, True)
    (house.folder / "answer.json").write_text(region[1])
    ((code, checked, _),) = house.run(["qcoord", "theory", "check", "answer.json", "--json"])
    assert (code, json.loads(checked)["ok"]) == (0, True)
    assert "state" in shown[1]
    summary = json.loads(ran[1])
    assert {e["name"] for e in summary["estimates"]} >= {"fidelity_dfe", "fidelity_exact"}
    assert next(e["best"] for e in summary["estimates"] if e["name"] == "fidelity_exact") > 1 - 1e-9
    assert (planned[0], reported[0]) == (0, 0)
    assert json.loads(state[1])["usage"]["Bob->Alice"]["qubits"] == 1
    assert refused[0] == 2
    assert refused[2].count("\n") == 1
    assert NAME in (house.folder / "docs" / "parameters.md").read_text()


RECIPE = Recipe("A network", STEPS, appears, unnoticed=2, asked=(TESTS, f"{NAME} or every"))
