"""The verdict on region answers: every value of every answer, replaced by whatever else could stand there."""

from __future__ import annotations

import json

import numpy as np
import pytest

from qcoord_hw.theory.claims import dotted, is_number, near, numbers
from qcoord_hw.theory.digest import digest
from qcoord_hw.theory.named_states import named_state
from qcoord_hw.theory.regions import coordination_region
from qcoord_hw.theory.regions.auxiliary.checker.answer import check_region_answer
from qcoord_hw.theory.states import make_state

FREE = {"seconds", "at", "details.literal_map", "details.local_unitaries.worst"}
"""What an answer may leave unproved."""

NOT_MADE = {"details.local_unitaries", "details.V", "details.phi", "details.chi", "details.distance"}
"""And of a target that cannot be made: what fits it best."""

ROUNDING = 1e-8
"""A value that stands so close to another claims the same."""

# Each network, a target that can be made and one that cannot, a frontier.
pytestmark = pytest.mark.few(
    (
        *("cascade, measured, with a codebook", "broadcast", "multiple access", "two nodes, bits"),
        *("no communication", "no communication, impossible", "classical broadcast"),
    )
)


def random_density(rng, size, rank):
    root = rng.normal(size=(size, rank)) + 1j * rng.normal(size=(size, rank))
    density = root @ root.conj().T
    return density / np.trace(density).real


def tripartite(seed, rank):
    rng = np.random.default_rng(seed)
    return make_state("random", {"A": 2, "B": 2, "C": 2}, [(1.0, (), random_density(rng, 8, rank))])


def bipartite(seed, rank):
    rng = np.random.default_rng(seed)
    return make_state("random", {"A": 2, "B": 3}, [(1.0, (), random_density(rng, 6, rank))])


def labelled(seed, size):
    """A classical X of `size` letters with random qubits B."""
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet([3] * size)
    blocks = [(p, (x,), random_density(rng, 2, 2)) for x, p in enumerate(shares)]
    return make_state("random", {"X": size, "B": 2}, blocks, ("X",))


def turned(seed):
    """A random pair of B and C beside A, turned by each letter: an ensemble that can be made."""
    rng = np.random.default_rng(seed)
    ket = rng.normal(size=(2, 2, 2)) + 1j * rng.normal(size=(2, 2, 2))

    def unitary():
        return np.linalg.qr(rng.normal(size=(2, 2)) + 1j * rng.normal(size=(2, 2)))[0]

    v, w = [unitary() for _ in range(2)], [unitary() for _ in range(2)]
    blocks = [
        (p, (x, y), np.einsum("jb,kc,abc->ajk", v[x], w[y], ket).ravel())
        for (x, y), p in zip(np.ndindex(2, 2), rng.dirichlet([2] * 4), strict=True)
    ]
    return make_state("turned", {"X": 2, "Y": 2, "A": 2, "B": 2, "C": 2}, blocks, ("X", "Y"))


def noisy_pair():
    """Two bits that differ with probability 0.1, as a diagonal state: a measurement and a codebook help."""
    return make_state("noisy pair", {"A": 2, "B": 2}, [(1.0, (), np.diag([0.45, 0.05, 0.05, 0.45]) + 0j)])


ANSWERS = {
    "cascade, measured, with a codebook": lambda: (noisy_pair(), "cascade", None, 0),
    "two nodes, measured, with a codebook": lambda: (noisy_pair(), "two-node", {"Q": 0.7}, 0),
    "cascade, random mixed": lambda: (tripartite(1, 2), "cascade", {"Q1": 1, "E1": 0.5, "Q2": 1, "E2": 0}, 0),
    "cascade, isotropic": lambda: (named_state("isotropic"), "cascade", None, 0),
    "broadcast": lambda: (turned(2), "quantum-broadcast", {"Q1": 1, "Q2": 0.25}, 0),
    "broadcast, impossible": lambda: (named_state("phase-pr"), "quantum-broadcast", None, 0),
    "multiple access": lambda: (named_state("two-pairs"), "multiple-access", {"Q1": 1, "Q2": 0.721928}, 0),
    "multiple access, impossible": lambda: (named_state("w"), "multiple-access", None, 0),
    "two nodes, qubits": lambda: (bipartite(3, 2), "two-node", {"Q": 0.5}, 0),
    "two nodes, bits": lambda: (labelled(4, 2), "two-node", {"R0": 0.1, "R1": 0.2}, 2),
    "no communication": lambda: (named_state("dsbs"), "no-communication", {"R0": 0.5}, 0),
    "no communication, impossible": lambda: (named_state("epr"), "no-communication", None, 0),
    "classical broadcast": lambda: (named_state("mirror-broadcast"), "classical-broadcast", None, 2),
}


@pytest.fixture(scope="module", params=ANSWERS)
def answer(request):
    state, network, at, frontier = ANSWERS[request.param]()
    found = coordination_region(state, network, at=at, frontier=frontier, time_limit=20).to_json()
    return json.loads(json.dumps(found, allow_nan=False))


def test_an_answer_holds_and_says_what_is_left(answer):
    verdict = check_region_answer(answer)
    assert verdict.violations == ()
    allowed = FREE | NOT_MADE if answer["status"] == "infeasible" else FREE
    assert set(verdict.not_checked) <= allowed
    assert verdict.lower_bound == "confirmed"


def refused(answer):
    verdict = check_region_answer(answer, time_limit=20)
    assert all(len(line) <= 300 and line.isprintable() for line in verdict.violations)
    return not verdict.holds


def chosen(answer, spoils, rng, paths, share=1.0):
    """Yield (path, new value, spoilt answer) for some numbers, without what is the same up to rounding."""
    every = {dotted(path): value for path, value in numbers(answer)}
    for path, way, spoilt in spoils(answer, tuple(set(every) - set(paths)), 1e-6):
        same = is_number(way) and is_number(every[path]) and near(way, every[path], ROUNDING)
        if not same and rng.random() < share:
            yield path, way, spoilt


def listed(answer):
    """Return the paths of the numbers that are proved: of what is claimed, and of the certificate."""
    left = check_region_answer(answer).not_checked
    paths = [path for path, _ in numbers(answer)]
    proved = [p for p in paths if {dotted(p[: k + 1]) for k in range(len(p))}.isdisjoint(left)]
    return (
        [dotted(p) for p in proved if p[0] != "certificate"],
        [dotted(p) for p in proved if p[0] == "certificate"],
    )


def test_a_number_spoilt_is_refused(answer, spoils, rng):
    claims, proofs = listed(answer)
    paths = [*rng.choice(claims, min(8, len(claims)), replace=False), *rng.choice(proofs, 3, replace=False)]
    for path, way, spoilt in chosen(answer, spoils, rng, paths, share=0.15):
        assert refused(spoilt), (path, way)


@pytest.mark.few(0, slow=1)
def test_every_number_spoilt_is_refused(answer, spoils, rng):
    claims, proofs = listed(answer)
    for path in (*claims, *rng.permutation(proofs)[:200]):
        for _, way, spoilt in chosen(answer, spoils, rng, [path]):
            assert refused(spoilt), (path, way)


@pytest.mark.few(("two nodes, bits", "broadcast", "no communication"))
def test_a_proof_spoilt_and_sealed_again_ends_in_a_verdict(answer, spoils, rng):
    _, proofs = listed(answer)
    for _, way, spoilt in chosen(answer, spoils, rng, rng.choice(proofs, 5, replace=False), share=0.2):
        certificate = {key: value for key, value in spoilt["certificate"].items() if key != "sha256"}
        try:
            certificate["sha256"] = digest(certificate)
        except ValueError:
            assert way != way or abs(way) > 1e300  # no number that a seal could be of
        check_region_answer({**spoilt, "certificate": certificate}, time_limit=2)


@pytest.mark.few(("two nodes, bits", "broadcast", "no communication"))
def test_the_seal_alone_refuses_nothing_that_is_claimed(answer, spoils, rng):
    """Claims are proved, whatever the certificate's digest: with none of a claim's own it could not help."""
    claims, _ = listed(answer)
    claimed = [path for path in claims if path.split(".")[0] in ("criteria", "details", "quantities")]
    for path in rng.choice(claimed, min(2, len(claimed)), replace=False):
        for _, way, spoilt in chosen(answer, spoils, rng, [path], share=0.2):
            lines = check_region_answer(spoilt).violations
            assert lines, (path, way)
            assert "sha256" not in lines[0], (path, way)


@pytest.mark.few(("two nodes, bits", "broadcast", "no communication"))
def test_what_is_added_or_left_out_is_seen(answer):
    for key in answer:
        if key not in ("at", "membership"):
            assert refused({k: v for k, v in answer.items() if k != key}), key
    for key in ("criteria", "details", "quantities", "membership"):
        more = {**answer, key: {**answer.get(key, {}), "more": {"lower": 1.0, "upper": 2.0}}}
        assert refused(more) or "details.more" in check_region_answer(more).not_checked, key
    assert refused({**answer, "certificate": None})
    assert check_region_answer([]).violations
    assert check_region_answer({**answer, "more": 3}).not_checked[-1] == "more"


def test_another_state_with_the_same_figures_is_refused(answer):
    other = json.loads(json.dumps(answer))
    other["certificate"]["target"]["name"] = "another"
    assert refused(other)
    systems = other["certificate"]["target"]["systems"]
    systems[next(iter(systems))] += 1
    assert refused(other)


def test_what_is_too_large_is_refused_before_anything_is_computed(answer):
    for systems in ({f"S{k}": 10 for k in range(9)}, {"A": 10**9}, {"A": 10.0}, {"A": True}, [], None):
        other = json.loads(json.dumps(answer))
        other["certificate"]["target"]["systems"] = systems
        (line,) = check_region_answer(other).violations
        assert line.startswith("certificate.target.systems")
    deep: list = []
    for _ in range(100):
        deep = [deep]
    assert refused({**answer, "certificate": {**answer["certificate"], "core": deep}})


def sealed(answer):
    certificate = {key: value for key, value in answer["certificate"].items() if key != "sha256"}
    return {**answer, "certificate": {**certificate, "sha256": digest(certificate)}}


def test_maps_and_regions_that_are_too_large_are_refused_unread():
    state, network, at, _ = ANSWERS["cascade, random mixed"]()
    answer = json.loads(json.dumps(coordination_region(state, network, at=at).to_json()))
    wide = json.loads(json.dumps(answer))
    wide["certificate"]["core"]["recover"][0] = [[[[0.0, 0.0]] * 2] * 5000] * 2
    assert "core.recover[0]" in check_region_answer(sealed(wide)).violations[0]
    many = json.loads(json.dumps(answer))
    inner = many["criteria"]["generation_inner"]
    inner["constraints"] = inner["constraints"] * 50
    assert any("allowed are 24" in line for line in check_region_answer(many).violations)


def test_a_bound_that_cannot_be_proved_in_the_time_is_no_bound():
    state, network, at, frontier = ANSWERS["two nodes, bits"]()
    found = coordination_region(state, network, at=at, frontier=frontier, time_limit=20).to_json()
    verdict = check_region_answer(json.loads(json.dumps(found)), time_limit=1e-9)
    assert not verdict.holds
    assert verdict.lower_bound.startswith("not rechecked: ")


def test_what_is_left_out_of_a_region_is_missed():
    state, network, at, frontier = ANSWERS["two nodes, bits"]()
    found = json.loads(json.dumps(coordination_region(state, network, at=at, frontier=2).to_json()))
    assert check_region_answer(found).holds
    theorem = found["criteria"]["theorem"]
    spoilt = [{"frontier": value} for value in (0, None, {}, [], found["frontier"][:1])]
    spoilt += [{"quantities": value} for value in (0, None, [], {})]
    spoilt += [
        {"quantities": {k: v for k, v in found["quantities"].items() if k != left}}
        for left in found["quantities"]
    ]
    spoilt.append({"criteria": {"theorem": theorem | {"corners": theorem["corners"][:-1]}}})
    for change in spoilt:
        assert not check_region_answer({**found, **change}).holds, change
