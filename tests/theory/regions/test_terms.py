"""The terms behind each constraint: values from scratch in numpy, sums, and how they are printed."""

from __future__ import annotations

import copy
import json
import math
import re

import numpy as np
import pytest

from qcoord_hw.families.coordination.answer import region_text, shown_region
from qcoord_hw.theory.named_states import named_state
from qcoord_hw.theory.regions import coordination_region
from qcoord_hw.theory.regions.auxiliary.checker.answer import check_region_answer
from qcoord_hw.theory.states import make_state
from tests.theory.regions.seeded_targets import target


def random_density(rng, size, rank):
    root = rng.normal(size=(size, rank)) + 1j * rng.normal(size=(size, rank))
    return root @ root.conj().T / np.linalg.norm(root) ** 2


def mixed(rng, sizes, rank):
    density = random_density(rng, math.prod(sizes), rank)
    return make_state("random", dict(zip("ABC", sizes, strict=False)), [(1.0, (), density)])


def labelled(rng, sizes):
    """A random X with product states of the other systems."""
    systems = {"X": 2, **dict(zip("BC", sizes, strict=False))}
    blocks = []
    for x, p in enumerate(rng.dirichlet([3, 3])):
        block = np.ones((1, 1))
        for size in sizes:
            block = np.kron(block, random_density(rng, size, 1))
        blocks.append((p, (x,), block))
    return make_state("random", systems, blocks, ("X",))


CASES = {
    "two-node": lambda rng: labelled(rng, (2,)),
    "no-communication": lambda rng: target(26)[0],
    "classical-broadcast": lambda rng: named_state("mirror-broadcast"),
    "cascade": lambda rng: mixed(rng, (2, 3, 2), 3),
    "quantum-broadcast": lambda rng: target(22)[0],
    "multiple-access": lambda rng: target(23)[0],
    "two-node, qubits": lambda rng: mixed(rng, (2, 3), 2),
}


def entropy_of(state, names):
    """The entropy of some systems of a state from its dense matrix, classical systems on the diagonal."""
    quantum, cells = list(state.quantum), {}
    for p, letter, block in zip(state.probabilities, state.letters, state.blocks, strict=True):
        tensor, left = p * block.reshape([state.dimension(s) for s in quantum] * 2), list(quantum)
        for s in quantum:
            if s not in names:
                at = left.index(s)
                tensor = np.trace(tensor, axis1=at, axis2=at + len(left))
                left.remove(s)
        size = math.prod(state.dimension(s) for s in left)
        key = tuple(int(x) for s, x in zip(state.classical, letter, strict=True) if s in names)
        cells[key] = cells.get(key, 0) + tensor.reshape(size, size)
    p = np.concatenate([np.linalg.eigvalsh(cell) for cell in cells.values()])
    p = p[p > 1e-15]
    return float(-(p * np.log2(p)).sum())


@pytest.fixture(scope="module", params=CASES)
def answer(request):
    state = CASES[request.param](np.random.default_rng(5))
    network = request.param.partition(",")[0]
    frontier = 2 if network == "two-node" and state.classical else 0
    found = coordination_region(state, network, frontier=frontier, time_limit=3)
    return state, found


def test_each_right_side_is_the_sum_of_its_terms(answer):
    _, found = answer
    listed = found.terms
    constraints = [
        (name, c)
        for name, region in found.criteria.items()
        for c in region.constraints
        if c.source != "rates are not negative"
    ]
    assert [(t["criterion"], t[">="]) for t in listed] == [
        (n, pytest.approx(c.bound)) for n, c in constraints
    ]
    assert constraints
    for entry, (_, c) in zip(listed, constraints, strict=True):
        total = sum(t["coefficient"] * t["value"] for t in entry["terms"])
        assert total == pytest.approx(c.bound, abs=1e-9), entry
        assert {t["unit"] for t in entry["terms"]} <= {"bits"}
        if "lower_terms" in entry:
            low = sum(t["coefficient"] * t["value"] for t in entry["lower_terms"])
            assert low == pytest.approx(c.lower, abs=1e-9)


def test_each_entropy_is_that_of_the_target(answer):
    state, found = answer
    seen = 0
    for entry in found.terms:
        for term in (*entry["terms"], *entry.get("lower_terms", ())):
            name = re.fullmatch(r"S\((\w+)\)", term["name"])
            if name:
                assert term["value"] == pytest.approx(entropy_of(state, name[1]), abs=1e-9), term
                seen += 1
    assert seen


def test_each_criterion_says_what_it_scores(answer):
    _, found = answer
    assert set(found.scores) == set(found.criteria)
    text = " ".join(region_text(json.loads(json.dumps(found.to_json()))).split())
    for name, scores in found.scores.items():
        assert f"criterion {name.replace('_', ' ')} ({scores['definition']}): {scores['words']}" in text


def test_the_text_keeps_to_eighty_columns_and_shows_every_value(answer):
    _, found = answer
    text = shown_region(found).table()
    assert max(map(len, text.splitlines())) <= 80
    for entry in found.terms:
        for term in entry["terms"]:
            if len(entry["terms"]) > 1:
                assert re.search(rf"{re.escape(term['name'])} = {term['value']:.6f}", text), term
        assert f"{entry['>=']:.6f}" in text


def test_the_checker_refuses_other_terms(answer):
    _, found = answer
    data = json.loads(json.dumps(found.to_json()))
    assert check_region_answer(data).holds
    place = next(k for k, entry in enumerate(data["terms"]) if entry["terms"])
    for spoil in (
        lambda e: e["terms"][0].update(value=e["terms"][0]["value"] + 1e-6),
        lambda e: e["terms"][0].update(coefficient=-e["terms"][0]["coefficient"]),
        lambda e: e["terms"][0].update(name="S(E)"),
        lambda e: e["terms"][0].update(unit="nats"),
        lambda e: e["terms"].pop(),
        lambda e: e.update(constraint="Q9"),
        lambda e: e.update({">=": e[">="] + 1e-6}),
        lambda e: e.update(criterion="another"),
        lambda e: e["rates"].update(E9=1),
    ):
        other = copy.deepcopy(data)
        spoil(other["terms"][place])
        assert not check_region_answer(other).holds
    for cut in (data["terms"][:-1], [*data["terms"], data["terms"][0]], None, {}):
        assert not check_region_answer({**data, "terms": cut}).holds


def test_a_long_reason_breaks_no_number():
    data = coordination_region(named_state("example-1"), "cascade").to_json()
    numbers = re.findall(r"\d\.\d{6}", region_text(data))
    joined = region_text({**data, "why": "x" * 90 + " 0.123456 " * 9})
    assert joined.count("0.123456") == 9
    assert [n for n in re.findall(r"\d\.\d{6}", joined) if n != "0.123456"] == numbers
