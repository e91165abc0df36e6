"""`qcoord theory region`, `schumacher` and `check`, through the command line."""

from __future__ import annotations

import importlib
import inspect
import json
import math

import pytest

from qcoord_hw import cli
from qcoord_hw.theory.information import binary_entropy
from qcoord_hw.theory.named_states import named_state
from qcoord_hw.theory.networks import NETWORKS
from tests.calls import refused

pytestmark = pytest.mark.usefixtures("work_clock")

LOG3 = math.log2(3)


def ask(capsys, *arguments):
    assert cli.main(["theory", *arguments, "--json"]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    return json.loads(printed.out)


def write(path, data):
    path.write_text(json.dumps(data))
    return str(path)


def right_sides(criterion):
    return {tuple(sorted(c["rates"])): c[">="] for c in criterion["constraints"]}


@pytest.mark.parametrize("network", NETWORKS)
def test_the_table_of_networks_is_what_their_regions_are(network):
    module, _, name = NETWORKS[network].region.rpartition(".")
    region = getattr(importlib.import_module(f"qcoord_hw.theory.regions.{module}"), name)
    assert ("frontier" in inspect.signature(region).parameters) == NETWORKS[network].bits
    if not NETWORKS[network].bits:
        state = named_state("two-pairs:p=0.9,q=0.8" if network == "multiple-access" else "ghz")
        assert {r.rates for r in region(state).criteria.values()} == {NETWORKS[network].rates}


def test_example_1_by_name_and_the_scheme_that_attains_what_theorem_6_forbids(capsys):
    answer = ask(
        capsys, "region", "example-1", "--network", "cascade", "--at", f"Q1={LOG3},E1=0,Q2={LOG3},E2=0"
    )
    assert answer["status"] == "feasible"
    sides = right_sides(answer["criteria"]["redistribution"])
    assert sides[("Q1",)] == pytest.approx(1.792481250, abs=1e-9)
    assert sides[("E1", "Q1")] == pytest.approx(2.584962501, abs=1e-9)
    assert sides[("Q2",)] == pytest.approx(1.292481250, abs=1e-9)
    assert sides[("E2", "Q2")] == pytest.approx(LOG3, abs=1e-9)
    membership = answer["membership"]
    assert membership["generation_inner"]["inside"]
    assert membership["generation_outer"]["inside"]
    assert not membership["redistribution"]["inside"]
    assert membership["redistribution"]["margin"] == pytest.approx(LOG3 - math.log2(6), abs=1e-9)


@pytest.mark.slow
def test_a_file_in_the_two_node_network_with_frontier_and_a_point(tmp_path, capsys):
    a = 0.1
    density = [[[1 - a, 0], [0, a]], [[a, 0], [0, 1 - a]]]
    data = {
        "systems": {"X": 2, "B": 2},
        "classical": ["X"],
        "ensemble": [{"p": "1/2", "x": {"X": x}, "density": density[x]} for x in range(2)],
    }
    path = write(tmp_path / "mine.json", data)
    options = ("--network", "two-node", "--frontier", "3", "--at", "R0=.2,R1=.75")
    answer = ask(capsys, "region", path, *options)
    wyner = 1 + binary_entropy(a) - 2 * binary_entropy((1 - math.sqrt(1 - 2 * a)) / 2)
    c0 = answer["quantities"]["C0"]
    assert c0["lower"] - 1e-9 <= wyner <= c0["upper"] + 1e-9
    assert c0["upper"] - c0["lower"] < 1e-5
    r_inf = answer["quantities"]["R_inf"]
    assert r_inf["upper"] == pytest.approx(1 - binary_entropy(a), abs=1e-5)
    first, middle, last = answer["frontier"]
    assert first["R1"] == pytest.approx(wyner, abs=1e-5)
    assert last["R1"] == pytest.approx(r_inf["upper"], abs=1e-5)
    assert middle["lower"] <= middle["R1"] <= (first["R1"] + last["R1"]) / 2 + 1e-6
    assert answer["membership"]["theorem"]["inside"] is True
    claimed = write(tmp_path / "answer.json", answer)
    assert ask(capsys, "check", claimed)["holds"]
    answer["certificate"]["programs"][0]["decomposition"][0]["p"] += 1e-3
    assert "does not hold" in refused(capsys, "theory", "check", write(tmp_path / "spoiled.json", answer))


def test_impossible_targets_say_why(capsys):
    for name, network, words in (
        ("bell-labels", "classical-broadcast", "B, C are entangled for X = 0"),
        ("shifts-upb", "no-communication", "A, B, C are entangled"),
        ("isotropic:fidelity=0.6", "no-communication", "partial transpose"),
        ("ghz", "multiple-access", "fidelity"),
        ("w", "multiple-access", "fidelity"),
        ("phase-pr", "quantum-broadcast", ""),
    ):
        answer = ask(capsys, "region", name, "--network", network)
        assert answer["status"] == "infeasible", name
        assert words in answer["why"], name
        assert answer["criteria"] == {}
    mixed = ask(capsys, "region", "example-1", "--network", "multiple-access")
    assert mixed["status"] == "not_covered"


def test_infinity_is_a_string_and_a_witness_is_checked(tmp_path, capsys):
    answer = ask(capsys, "region", "epr", "--network", "no-communication")
    assert answer["quantities"] == {"C": {"lower": "inf", "upper": "inf"}}
    assert ask(capsys, "check", write(tmp_path / "a.json", answer))["holds"]
    answer["certificate"]["witness"]["vector"][0][0] += 0.3
    refused(capsys, "theory", "check", write(tmp_path / "b.json", answer))


def test_text_for_people_and_figures(tmp_path, capsys):
    assert cli.main(["theory", "region", "erasure", "--network", "two-node", "--frontier", "2"]) == 0
    text = capsys.readouterr().out
    assert "no common randomness" in text
    assert "at R0 = " in text
    for name, network, suffix in (
        ("example-2", "cascade", "png"),
        ("two-pairs", "multiple-access", "svg"),
        ("dsbs", "two-node", "pdf"),
    ):
        figure = tmp_path / f"figure.{suffix}"
        assert cli.main(["theory", "region", name, "--network", network, "--plot", str(figure)]) == 0
        assert figure.stat().st_size > 1000
    capsys.readouterr()


def test_schumacher(capsys):
    answer = ask(capsys, "schumacher", "--spectrum", ".8,.2", "--n", "1000", "--rate", ".75")
    assert answer["P"] == pytest.approx(0.914671338, abs=1e-9)
    assert answer["entanglement_fidelity"] == pytest.approx(0.836623657, abs=1e-9)
    assert answer["trace_distance"] == pytest.approx(0.325273471, abs=1e-9)
    thirds = ask(capsys, "schumacher", "--spectrum", "1/3,1/3,1/3", "--n", "5", "--rate", "1.6")
    assert thirds["P"] == 1
    assert cli.main(["theory", "schumacher", "--spectrum", "1", "--n", "3", "--rate", "0"]) == 0
    capsys.readouterr()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("region", "nobody", "--network", "cascade"), "state: unknown 'nobody'"),
        (("region", "missing.json", "--network", "cascade"), "missing.json: cannot be read"),
        (("region", "ghz", "--network", "star"), "network: 'star'; allowed are two-node"),
        (("region", "ghz", "--network", "two-node"), "no classical system"),
        (("region", "dsbs", "--network", "cascade"), "systems: X; allowed in this network are A, B, C"),
        (("region", "ghz", "--network", "cascade", "--at", "Q1=1"), "at: E1 is missing"),
        (("region", "ghz", "--network", "cascade", "--at", "Q1=1,R7=2"), "at: 'R7'; allowed are"),
        (("region", "ghz", "--network", "cascade", "--at", "Q1=x"), "at: 'Q1=x'"),
        (("region", "ghz", "--network", "cascade", "--at", "Q1=nan,E1=0,Q2=0,E2=0"), "at: Q1 = nan"),
        (("region", "ghz", "--network", "cascade", "--frontier", "3"), "frontier: 3; allowed is 0"),
        (("region", "dsbs", "--network", "two-node", "--frontier", "-1"), "frontier: -1"),
        (("region", "dsbs", "--network", "two-node", "--time-limit", "0"), "time-limit: 0.0"),
        (("region", "ghz", "--network", "cascade", "--plot", "a.txt"), "plot: 'a.txt'"),
        (("region", "ghz", "--network", "cascade", "--plot", "no/a.png"), "in a folder that exists"),
        (("region", "dsbs", "--network", "classical-broadcast", "--seed", "-1"), "seed: -1"),
        (("schumacher", "--spectrum", ".8,.3", "--n", "3", "--rate", "1"), "spectrum: "),
        (("schumacher", "--spectrum", ".8,x", "--n", "3", "--rate", "1"), "spectrum: 'x'"),
        (("schumacher", "--spectrum", "1", "--n", "0", "--rate", "1"), "n: 0"),
        (("schumacher", "--spectrum", "1", "--n", "1", "--rate", "-1"), "rate: "),
        (("schumacher", "--spectrum", ".8,.2", "--n", "1000000000000", "--rate", ".5"), "n: 1000000000000"),
    ],
)
def test_refusals(arguments, words, capsys):
    assert words in refused(capsys, "theory", *arguments)
