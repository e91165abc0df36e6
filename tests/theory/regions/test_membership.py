"""Where a rate tuple lies: what an answer lists, asked about again, is inside or on the boundary."""

from __future__ import annotations

import re

import numpy as np
import pytest

from qcoord_hw.families.coordination.answer import region_text
from qcoord_hw.theory.named_states import named_state
from qcoord_hw.theory.regions import coordination_region
from qcoord_hw.theory.states import make_state


def density(rng, size, rank):
    root = rng.normal(size=(size, rank)) + 1j * rng.normal(size=(size, rank))
    return root @ root.conj().T / np.linalg.norm(root) ** 2


def random_state(seed, systems, rank):
    rng = np.random.default_rng(seed)
    return make_state(
        "random", systems, [(1.0, (), density(rng, int(np.prod(list(systems.values()))), rank))]
    )


def random_channel(seed, x, b):
    rng = np.random.default_rng(seed)
    rows = zip(rng.dirichlet([2] * x), rng.dirichlet([1] * b, size=x), strict=True)
    return make_state(
        "channel", {"X": x, "B": b}, [(p, (i,), np.diag(r)) for i, (p, r) in enumerate(rows)], ("X",)
    )


def random_qubits(seed):
    rng = np.random.default_rng(seed)
    blocks = [(p, (i,), density(rng, 2, 2)) for i, p in enumerate(rng.dirichlet([3, 3]))]
    return make_state("qubits", {"X": 2, "B": 2}, blocks, ("X",))


def two_pairs(seed):
    p, q = np.random.default_rng(seed).uniform(0.5, 1, size=2)
    return named_state(f"two-pairs:p={p:.12g},q={q:.12g}")


CASES = {
    "cascade": [
        *(lambda s=s: random_state(s, {"A": 2, "B": 2, "C": 2}, 1 + s % 3) for s in range(6)),
        lambda: random_state(7, {"A": 3, "B": 2, "C": 3}, 2),
        *(lambda n=n: named_state(n) for n in ("example-1", "example-2", "w")),
    ],
    "quantum-broadcast": [
        lambda: named_state("broadcast-epr"),
        *(lambda p=p: named_state(f"broadcast-compressed:p={p}") for p in (0.5, 0.61, 0.9, 0.999, 1)),
    ],
    "multiple-access": [lambda s=s: two_pairs(s) for s in range(8)],
    "two-node": [
        *(lambda s=s: random_state(s, {"A": 2, "B": 3}, 1 + s) for s in range(3)),
        lambda: named_state("erasure"),
    ],
    "no-communication": [lambda n=n: named_state(n) for n in ("dsbs:crossover=0.23", "example-1")],
    "classical-broadcast": [lambda: named_state("mirror-broadcast")],
}
SLOW = {
    "two-node": [
        *(lambda s=s: random_channel(s, 2 + s % 2, 3) for s in range(4)),
        *(lambda s=s: random_qubits(s) for s in range(3)),
        *(lambda n=n: named_state(n) for n in ("dsbs", "mirror-qubits", "erasure:erasure=0.2")),
    ],
    "no-communication": [
        *(lambda s=s: random_channel(s, 2, 3) for s in range(8)),
        *(lambda n=n: named_state(n) for n in ("ghz-mixture", "erasure")),
    ],
    "classical-broadcast": [lambda n=n: named_state(n) for n in ("dsbs", "mirror-qubits", "erasure")],
}
"""Networks with classical links, whose every point is an optimisation."""


def corners_of_text(text):
    """Yield the corners as the text prints them: six digits."""
    for line in text.splitlines():
        if line.startswith("  corner "):
            yield {n: float(v) for n, v in re.findall(r"(\w+) = ([\d.]+)", line)}
        elif line.startswith("  at R0 = "):
            found = re.match(r"  at R0 = ([\d.]+) bits: R1 = (?:from [\d.]+ to )?([\d.]+)", line)
            yield {"R0": float(found[1]), "R1": float(found[2])}


@pytest.mark.parametrize("network", CASES)
def test_what_is_listed_is_inside_or_on_the_boundary(network):
    check(network, CASES[network])


@pytest.mark.slow
@pytest.mark.parametrize("network", SLOW)
def test_what_ten_states_list_is_inside_or_on_the_boundary(network):
    check(network, SLOW[network])


def check(network, builds):
    bits = network in ("two-node", "no-communication", "classical-broadcast")
    for k, build in enumerate(builds):
        state = build()
        frontier = 3 if bits and network != "no-communication" and state.classical else 0
        answer = coordination_region(state, network, frontier=frontier, time_limit=30 if bits else 1)
        data = answer.to_json()
        listed = [c for criterion in data["criteria"].values() for c in criterion["corners"]]
        rounded = list(corners_of_text(region_text(data)))
        assert len(rounded) == len(listed) + frontier
        for at in (*listed, *rounded):
            again = (
                answer if not bits or "Q" in at else coordination_region(state, network, at=at, time_limit=30)
            )
            found = answer.membership(at) if again is answer else again.placed
            said = {name: one["where"] for name, one in found.items()}
            own = [n for n, c in data["criteria"].items() if at in c["corners"]] or list(said)
            assert any(said[n] in ("inside", "boundary") for n in own), (k, at, found)
            if at in listed:
                assert all(said[n] in ("inside", "boundary") for n in own), (k, at, found)
                assert all(found[n]["inside"] is True for n in own)


def test_the_boundary_is_a_millionth_wide():
    answer = coordination_region(named_state("two-pairs:p=0.5,q=0.5"), "multiple-access")
    for step, where in ((2e-6, "inside"), (5e-7, "boundary"), (-5e-7, "boundary"), (-2e-6, "outside")):
        found = answer.membership({"Q1": 1 + step, "Q2": 2})["theorem"]
        assert found["where"] == where
        assert found["inside"] is (where != "outside")
        assert found["margin"] == pytest.approx(min(step, 1))
        assert found["slacks"] == pytest.approx([step, 1])


def test_a_rate_of_zero_alone_is_no_boundary():
    answer = coordination_region(named_state("ghz"), "cascade")
    assert answer.membership((3, 0, 3, 0))["redistribution"]["where"] == "inside"
    assert answer.membership((9, 9, 0.2, 9))["redistribution"]["where"] == "outside"


def test_between_the_bounds_it_is_undetermined():
    state = random_state(3, {"A": 2, "B": 2}, 3)
    answer = coordination_region(state, "two-node")
    (needed,) = answer.criteria["no_entanglement"].constraints
    assert needed.upper - needed.lower > 1e-3
    found = answer.membership([(needed.lower + needed.upper) / 2])["no_entanglement"]
    assert (found["inside"], found["where"]) == (None, "undetermined")
