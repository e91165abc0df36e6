"""What no code can beat at block length n: closed forms, dual bounds, codes, and the checker."""

import copy
import gzip
import json
import math
from dataclasses import replace
from functools import reduce

import converses as tool
import numpy as np
import pytest

from qcoord_hw.api.theory import check_answer
from qcoord_hw.families.coordination.classical_links.classical_links import SOURCE
from qcoord_hw.families.coordination.classical_links.mixture import read_mixture
from qcoord_hw.theory.finite_blocklength.converses import (
    Cut,
    LinkTask,
    Prepared,
    affine,
    branch,
    phases,
    prepared_bracket,
    source_coding,
    unlimited,
)
from qcoord_hw.theory.finite_blocklength.converses.bits import (
    basis_of,
    bits_bracket,
    certificate_of,
    lower_proofs,
    shipped_name,
    shipped_sizes,
)
from qcoord_hw.theory.finite_blocklength.converses.checker.bits import lower_value, read_task
from qcoord_hw.theory.finite_blocklength.converses.checker.boxes import DATA
from qcoord_hw.theory.finite_blocklength.converses.code import LinkCode
from qcoord_hw.theory.finite_blocklength.converses.preparation import kept_mass, trace_distance
from qcoord_hw.theory.finite_blocklength.converses.reduced import Reduced
from qcoord_hw.theory.finite_blocklength.converses.search import search_code
from qcoord_hw.theory.finite_blocklength.resolvability import tensor_products


def copies_of(n, p=0.9):
    return np.sort(reduce(np.kron, [[p, 1 - p]] * n))[::-1]


def source_task(n, common, messages, angle=None):
    """n copies of the source of the catalogue, or of one whose second state is at another angle."""
    options = dict(SOURCE)
    if angle is not None:
        options["theta_B"] = ((0, 0, 1), (math.sin(angle), 0, math.cos(angle)))
    target = read_mixture(options, ("Bob",), sender=True).decomposition
    strings = np.array(list(np.ndindex((2,) * n)))
    p = target.p_x[strings].prod(axis=1)
    states = tensor_products(target.target, strings) / p[:, None, None]
    return LinkTask(p, states, (2**n,), common, messages)


def random_task(rng, inputs, d, common, messages, real):
    raw = rng.normal(size=(inputs, d, d)) + (0 if real else 1j) * rng.normal(size=(inputs, d, d))
    states = raw @ raw.conj().swapaxes(1, 2)
    states = states / np.trace(states, axis1=1, axis2=2)[:, None, None]
    return LinkTask(rng.dirichlet(np.ones(inputs)), states.astype(complex), (d,), common, messages)


def random_code(rng, task):
    shape = (len(task.probabilities), task.common, task.messages)
    decoders = [
        rng.normal(size=(task.common * task.messages, d, d))
        + 1j * rng.normal(size=(task.common * task.messages, d, d))
        for d in task.sizes
    ]
    return LinkCode(rng.dirichlet(np.ones(task.messages), size=shape[:2]), tuple(decoders))


def pair_task(p, n, rank, parts=False):
    ket = reduce(np.kron, [np.array([math.sqrt(p), 0, 0, math.sqrt(1 - p)])] * n).astype(complex)
    side = tuple(range(0, 2 * n, 2))
    return Prepared("", 1.0, ket, (Cut("Alice | Charlie", side, rank, ("Alice->Charlie",)),))


# Where the sender prepares


@pytest.mark.parametrize(
    ("n", "rank", "fidelity", "low", "high"),
    [
        (2, 2, 0.9, 0.3677, 0.6325),
        (3, 4, 0.972, 0.2527, 0.3347),
        (4, 4, 0.8748, 0.5255, 0.7077),
        (4, 8, 0.972, 0.1484, 0.3347),
        (6, 16, 0.944784, 0.2918, 0.4700),
    ],
)
def test_pairs_of_the_catalogue(n, rank, fidelity, low, high):
    found = prepared_bracket([pair_task(0.9, n, rank)], False, {}).to_json()
    assert found["lower"] == found["upper"] == pytest.approx(fidelity, abs=1e-9)
    assert (found["task"], found["certified"]) == ("preparation", "both")
    ends = found["further"]["trace_norm"]
    assert (ends["lower"], ends["upper"]) == pytest.approx((low, high), abs=5e-5)
    squared = found["further"]["source_coding"]
    assert squared["lower"] == squared["upper"] == pytest.approx(fidelity**2, abs=1e-9)
    other = source_coding([0.9, 0.1], n, rank)
    assert (other.task, other.lower) == ("source-coding", pytest.approx(fidelity**2, abs=1e-9))
    assert check_answer({"best_at_n": other.to_json()}).holds


def test_no_state_of_small_rank_is_closer_than_the_closed_forms(rng):
    for _ in range(15):
        p = rng.dirichlet(np.ones(4))
        rank = int(rng.integers(1, 4))
        bound = trace_distance(p, rank)
        matrix = (
            rng.normal(size=(4, rank)) @ rng.normal(size=(rank, 4)) / 4 + np.diag(np.sqrt(p)) * rng.random()
        )
        left, values, right = np.linalg.svd(matrix)
        ket = ((left[:, :rank] * values[:rank]) @ right[:rank]).ravel()
        ket /= np.linalg.norm(ket)
        wanted = np.diag(np.sqrt(p)).ravel()
        fidelity = float(wanted @ ket) ** 2
        assert fidelity <= kept_mass(p, rank) + 1e-12
        assert math.sqrt(max(0.0, 1 - fidelity)) >= bound.value - 1e-9
        assert bound.value <= math.sqrt(max(0.0, 1 - kept_mass(p, rank))) + 1e-9


def test_the_best_trace_norm_is_reached_with_shared_randomness():
    """Two eigenvectors at a time, mixed with inclusion probabilities c, leave one positive eigenvalue."""
    p = copies_of(2)
    found = trace_distance(p, 2)
    v = np.sqrt(p)
    c = v / found.w
    c = c * (2 + 4 * found.value) / c.sum() - found.value  # T + c_i ~ v_i / w_i, and the c_i sum to the rank
    assert c.min() > -1e-6
    assert c.max() < 1 + 1e-6
    assert (p / (found.value + c)).sum() == pytest.approx(1, abs=1e-6)
    # X w = c * w for the mixture X of the unit vectors along w restricted to pairs of places
    gap = np.outer(v, v) - _mixture(found.w, c)
    assert np.sort(np.linalg.eigvalsh(gap))[-1] == pytest.approx(found.value, abs=1e-6)


def _mixture(w, c):
    """Systematic sampling: the pairs of places that points at distance 1 hit in intervals of lengths c."""
    ends = np.cumsum(c) * round(c.sum()) / c.sum()
    cuts = np.unique(np.concatenate([[0.0], ends % 1, [1.0]]))
    made = np.zeros((len(w), len(w)))
    for low, high in zip(cuts[:-1], cuts[1:], strict=True):
        places = [
            min(len(w) - 1, int(np.searchsorted(ends, (low + high) / 2 + k))) for k in range(round(c.sum()))
        ]
        part = np.zeros(len(w))
        part[places] = w[places]
        made += (high - low) * np.outer(part, part) / (part @ part)
    return made


# Links of bits

TABLE = [
    (2, 2, 2, "affine", 0.1843),
    (2, 2, 2, "unlimited", 0.1479),
    (3, 2, 4, "affine", 0.0717),
]


@pytest.mark.parametrize(("n", "common", "messages", "method", "value"), TABLE)
def test_bounds_of_the_catalogue_source(n, common, messages, method, value):
    task = source_task(n, common, messages)
    small = Reduced.of(task)
    if method == "affine":
        faces = [{"W": face.w.tolist(), "mu": face.mu} for face in affine.affine_bound(small)]
        proof = {"method": method, "basis": basis_of(small), "faces": faces}
    else:
        found = unlimited.unlimited_bound(small)
        proof = {"method": method, "basis": basis_of(small), "S": found.tolist()}
    assert lower_value(read_task(task.to_json(), "task"), proof, "lower") == pytest.approx(value, abs=1e-4)


@pytest.mark.few(0)
@pytest.mark.parametrize("real", [True, False])
def test_no_code_beats_a_lower_bound(rng, real):
    for inputs, common, messages in ((3, 1, 2), (4, 1, 2), (4, 2, 2), (3, 3, 2)):
        task = random_task(rng, inputs, 2, common, messages, real)
        claimed = read_task(task.to_json(), "task")
        bounds = [lower_value(claimed, proof, "lower") for proof in lower_proofs(task)]
        codes = [random_code(rng, task) for _ in range(3)] + [search_code(task, 3)]
        assert max(bounds) <= min(code.error(task) for code in codes) + 1e-6
        bracket = bits_bracket(task, 2.0)
        assert bracket.lower <= bracket.upper
        assert check_answer({"best_at_n": bracket.to_json()}).holds


def test_one_message_is_enumerated():
    """Without a message and randomness Bob's one state is a median, found by going through a grid."""
    task = source_task(1, 1, 1, angle=1.0)
    values = [
        LinkCode(
            np.ones((2, 1, 1)), (np.array([[[math.cos(a), 0], [math.sin(a), b]]], dtype=complex),)
        ).error(task)
        for a in np.linspace(-1, 1, 81)
        for b in np.linspace(0, 1, 11)
    ]
    bracket = bits_bracket(task, 2.0)
    assert bracket.lower <= min(values) + 1e-9
    assert bracket.upper <= min(values) + 1e-9


@pytest.mark.parametrize(("inputs", "common"), [(3, 1), (5, 1), (3, 3)])
def test_one_message_leaves_no_gap(inputs, common, rng):
    """One receiver makes one state, whatever the randomness: a convex problem, and its dual is exact."""
    bracket = bits_bracket(random_task(rng, inputs, 2, common, 1, False), 2.0)
    assert bracket.upper - bracket.lower < 1e-4
    assert bracket.lower > 0


@pytest.mark.parametrize("messages", [1, 2])
def test_less_randomness_is_never_proved_to_do_better(messages, rng):
    """A code with less common randomness is one with more: what no code beats there, none beats here."""
    few = random_task(rng, 5, 2, 1, messages, True)
    lower = [bits_bracket(replace(few, common=common), 2.0).lower for common in (1, 4)]
    assert lower[0] >= lower[1] - 1e-6


def test_a_tree_of_boxes_and_its_symmetries():
    task = source_task(2, 2, 2)
    small = Reduced.of(task)
    tree = branch.branch_and_bound(small, 0.15, 60.0)
    assert len(tree.group) == 8
    assert len(tree.cases) == 6
    assert branch.branch_and_bound(small, 0.15, -1.0) is None
    assert not branch.applies(replace(small, common=3))


@pytest.mark.few(2)
@pytest.mark.parametrize(
    ("count", "least"), [(4, 0.0069), (8, 0.0045), (10, 0.0), (16, 0.0013), (32, 0.00105)]
)
def test_few_products_do_not_average_to_coherence(count, least, rng):
    omega = np.diag([0.2, *[0.1] * 6, 0.2]).astype(complex)
    omega[0, 7] = omega[7, 0] = 0.1
    task = LinkTask(np.ones(1), omega[None], (2, 2, 2), count, 1)
    assert phases.phase_bound(task) == pytest.approx(least, abs=1e-4)
    claimed = read_task(task.to_json(), "task")
    proved = lower_value(claimed, {"method": "products"}, "lower")
    assert phases.phase_bound(task) - 1e-5 <= proved <= phases.phase_bound(task) + 1e-9
    assert random_code(rng, task).error(task) >= proved


def test_every_product_keeps_to_the_floor(rng):
    for _ in range(300):
        kets = [np.array([math.cos(a), np.exp(1j * b) * math.sin(a)]) for a, b in rng.uniform(0, 3, (3, 2))]
        ket = reduce(np.kron, kets)
        populations = np.abs(ket) ** 2
        s = populations[0] + populations[7]
        f = populations[1:7].sum() - 6 * (ket[0] * ket[7].conj()).real
        assert f >= phases.floor_of(np.array([s]))[0] - 1e-9


# Certificates


@pytest.fixture(scope="module")
def small_answers():
    """Answers of every kind, small enough to be spoilt in every number."""
    task = source_task(2, 2, 2)
    code = search_code(task, 4)
    certificate = certificate_of(task, lower_proofs(task)[1], code)
    ends = {"lower": certificate["lower"]["value"], "upper": certificate["code"]["value"]}
    head = {"figure": "trace_norm", "task": "preparation", "certified": "both", "source": ""}
    return {
        "bits": {"best_at_n": head | ends | {"certificate": certificate}},
        "prepared": {"best_at_n": prepared_bracket([pair_task(0.9, 2, 2)], True, {}).to_json()},
        "source": {"best_at_n": source_coding([0.9, 0.1], 2, 2).to_json()},
    }


def numbers(value, path=()):
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, below in items:
            yield from numbers(below, (*path, key))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield path


def spoilt(answer, path, by):
    changed = copy.deepcopy(answer)
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] += by
    return changed


UNPROVED = {("further", "trace_norm", "upper")}
"""What only this program's own code reaches."""


def unsealed(answer):
    """Return an answer as an older version printed it: what is spoilt there, the proof alone tells."""
    certificate = {key: value for key, value in answer["certificate"].items() if key != "sha256"}
    return {"best_at_n": answer | {"certificate": certificate}}


def test_a_certificate_is_the_one_that_was_printed(rng):
    """Also in numbers on which no proof hangs: of a loose face, a part that is not the worst, a wide cut."""
    task = replace(random_task(rng, 2, 2, 1, 1, False), probabilities=np.array([0.8, 0.2]))
    parts = [pair_task(p, 2, rank) for p, rank in ((0.9, 2), (0.6, 2), (0.9, 4))]
    for bracket in (bits_bracket(task, 2.0), prepared_bracket(parts, True, {})):
        answer = json.loads(json.dumps({"best_at_n": bracket.to_json()}))
        assert check_answer(answer).violations == ()
        for path in [path for path in numbers(answer) if path[1] == "certificate"]:
            assert not check_answer(spoilt(answer, path, 0.03)).holds, path


@pytest.mark.parametrize("kind", ["bits", "prepared", "source"])
def test_the_checker_refuses_any_number_that_is_spoilt(kind, small_answers, rng):
    answer = unsealed(json.loads(json.dumps(small_answers[kind]))["best_at_n"])
    assert check_answer(answer).violations == ()
    paths = [path for path in numbers(answer) if path[1:] not in UNPROVED]
    for path in [paths[k] for k in rng.permutation(len(paths))[:60]]:
        whole = isinstance(path[-1], str) and path[-1] in (
            "rank",
            "common",
            "messages",
            "qubits",
            "copies",
            "kept",
        )
        by = 1 if whole or path[-2:] in (("entries", 0),) else 0.03
        assert not check_answer(spoilt(answer, path, by)).holds, path


def test_the_links_that_are_counted_are_those_of_the_certificate(small_answers):
    answer = copy.deepcopy(small_answers["prepared"])
    answer["usage"] = {"Alice->Charlie": {"qubits": 1, "log2_dim": 1.0, "bits": 0}}
    assert check_answer(answer).holds
    answer["usage"]["Alice->Charlie"]["log2_dim"] = 2.0
    assert not check_answer(answer).holds
    answer = copy.deepcopy(small_answers["bits"])
    answer["usage"] = {"Alice->Bob": {"bits": 1.0}, "common": {"random_bits": 1.0}}
    assert check_answer(answer).holds
    answer["usage"]["common"]["random_bits"] = 2.0
    assert not check_answer(answer).holds


@pytest.mark.parametrize("value", [None, "0.2", math.nan, math.inf, [], {}, True, 10**400, -1])
def test_strange_values_are_refused_and_never_raise(value, small_answers):
    for answer in small_answers.values():
        for key in ("lower", "upper", "certificate", "figure", "task", "certified"):
            changed = copy.deepcopy(answer)
            changed["best_at_n"][key] = value
            assert not check_answer(changed).holds
        for key in answer["best_at_n"]["certificate"]:
            changed = copy.deepcopy(answer)
            changed["best_at_n"]["certificate"][key] = value
            if key == "parts" and value is True:
                continue
            assert not check_answer(changed).holds, key


# What is shipped

LIMITS = {
    "two-node-n2": (0.2250, 0.2450),
    "two-node-n3": (0.0716, 0.1439),
    "two-node-n3-two-thirds": (0.3713, 0.4074),
    "broadcast-n2": (0.2702, 0.3350),
    "broadcast-n3": (0.0842, 0.1946),
    "no-communication-noisy-ghz-m8": (0.00459, 0.1126),
    "no-communication-noisy-ghz-m16": (0.001, 0.0085),
    "no-communication-noisy-ghz-m32": (0.001, 0.0017),
}
"""At least as tight as this."""


@pytest.mark.few(3)
@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.slow) if n == "broadcast-n3" else n for n in tool.TASKS]
)
def test_what_is_shipped_is_about_the_catalogue_and_tight(name):
    task = tool.task_of(name)
    assert shipped_name(task) == f"{name}.json.gz"
    found = bits_bracket(task, 2.0)
    assert found.certified == "both"
    assert LIMITS[name][0] <= found.lower < found.upper <= LIMITS[name][1]
    assert bits_bracket(task, found.lower + 1e-5).upper <= found.lower + 1.2e-5


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(shipped_sizes()))
def test_a_certificate_is_found_whatever_the_last_decimal(name, rng):
    """Entries such as 0.0962890625 fall between two decimals, so that rounding hangs on the machine."""
    plain = json.loads(gzip.decompress((DATA / name).read_bytes()))["task"]
    claimed = read_task(plain, "task")
    for by in (0.0, 1e-9, -1e-9, 1e-7):
        noise = np.array([np.diag(by * rng.choice([-1, 1], size=len(w))) for w in claimed.omega])
        task = LinkTask(claimed.p, claimed.omega + noise, claimed.sizes, claimed.common, claimed.messages)
        assert shipped_name(task) == (name if abs(by) < 1e-8 else None)


def test_a_shipped_tree_that_is_another_one_is_refused(tmp_path, monkeypatch):
    from qcoord_hw.theory.finite_blocklength.converses.checker import boxes

    certificate = json.loads(gzip.decompress((DATA / "broadcast-n2.json.gz").read_bytes()))
    claimed, proof = read_task(certificate["task"], "task"), certificate["lower"]
    tree = json.loads(gzip.decompress((DATA / proof["file"]).read_bytes()))
    monkeypatch.setattr(boxes, "_tree", lambda proof, where: tree)
    assert lower_value(claimed, proof, "lower") == pytest.approx(proof["value"], abs=2e-6)
    for spoil in (
        lambda t: t["leaves"].pop(),
        lambda t: t["cases"].pop(),
        lambda t: t["symmetries"][1]["rotation"][0].__setitem__(0, 0.5),
        lambda t: t["leaves"][5]["box"].__setitem__(0, [0.0, 0.1]),
    ):
        changed = copy.deepcopy(tree)
        spoil(changed)
        monkeypatch.setattr(boxes, "_tree", lambda proof, where, changed=changed: changed)
        with pytest.raises(boxes.CertificateError):
            lower_value(claimed, proof, "lower")
    monkeypatch.undo()
    with pytest.raises(boxes.CertificateError, match="another one"):
        lower_value(claimed, proof | {"sha256": "0" * 64}, "lower")


def test_the_tool_finds_a_cheap_one_again():
    name = "no-communication-noisy-ghz-m32"
    task = tool.task_of(name)
    again = certificate_of(task, {"method": "products"}, None)
    shipped = json.loads(gzip.decompress((DATA / f"{name}.json.gz").read_bytes()))
    assert again["lower"] == shipped["lower"]
    assert again["task"] == shipped["task"]
