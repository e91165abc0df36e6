"""The checker of region answers, on certificates made here: by hand, or by a crude linear program."""

import copy
import functools
import itertools
import math

import numpy as np
import pytest
from scipy.optimize import linprog

from qcoord_hw.errors import InputError
from qcoord_hw.theory.regions.auxiliary.checker import NOT_RECHECKED, check_region
from qcoord_hw.theory.regions.auxiliary.checker.bound import check_delta
from qcoord_hw.theory.regions.auxiliary.checker.support import Face, Supports

PAULI = np.array([[[1, 0], [0, 1]], [[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]], dtype=complex)


def qubit(*r):
    return (PAULI[0] + np.tensordot(r, PAULI[1:], 1)) / 2


def entropy(values):
    values = values[values > 1e-300]
    return float(-(values * np.log2(values)).sum())


def of_state(state):
    return entropy(np.linalg.eigvalsh(state) if state.ndim == 2 else state)


def pairs(matrix):
    return np.stack([np.real(matrix), np.imag(matrix)], axis=-1).tolist()


def overlap(dual, state):
    return float((dual * state.swapaxes(-1, -2)).sum().real)


def product(states):
    """Blocks (letters of the vectors.., D, D) of a product."""
    letters, matrix = np.ones(()), np.ones((1, 1))
    for state in states:
        if state.ndim == 1:
            letters = np.multiply.outer(letters, state)
        else:
            matrix = np.kron(matrix, state)
    return np.multiply.outer(letters, matrix)


def mixture(*parts):
    """The target of (p, state, state, ..) entries."""
    return sum(p * product(states) for p, *states in parts)


def random_state(rng, size):
    root = rng.normal(size=(size, size)) + 1j * rng.normal(size=(size, size))
    return root @ root.conj().T / np.linalg.norm(root) ** 2


def climb(dual, sizes, kinds, weights, states, sweeps=60):
    """Maximise F over one state after another."""
    n = len(sizes)
    quantum = [i for i in range(n) if kinds[i] == "quantum"]
    letters = n - len(quantum)
    tensor = dual.reshape([sizes[i] for i in range(letters)] + [sizes[i] for i in quantum] * 2)
    rows = {i: letters + quantum.index(i) if i in quantum else i for i in range(n)}
    columns = {i: rows[i] + len(quantum) for i in quantum}
    for _ in range(sweeps):
        for i in range(n):
            operands = [tensor, list(range(tensor.ndim))]
            for j in range(n):
                if j != i:
                    operands += [states[j], [columns[j], rows[j]] if j in quantum else [j]]
            out = [rows[i], columns[i]] if i in quantum else [i]
            partial = -np.einsum(*operands, out)
            values, vectors = np.linalg.eigh(partial) if i in quantum else (partial.real, None)
            top = np.exp2((values - values.max()) / weights[i]) if weights[i] else values >= values.max()
            top = top / top.sum()
            states[i] = (vectors * top) @ vectors.conj().T if i in quantum else top
    value = sum(w * of_state(s) for w, s in zip(weights, states, strict=True))
    return value - overlap(dual, product(states)), states


def crude(target, sizes, kinds, weights, columns, rng, rounds=12, slack=1e-6):
    """Bound one program: (the mixture, K, delta) from a linear program over a growing dictionary."""
    basis = list(_hermitian(target.shape[-1]))
    support = Supports(target, tuple(s for s, k in zip(sizes, kinds, strict=True) if k == "quantum"))
    cells = [(x, g) for x in np.ndindex(target.shape[:-2]) for g in basis]
    row = lambda t: [float(np.trace(t[x] @ g).real) for x, g in cells]  # noqa: E731
    columns = [list(c) for c in columns]
    columns += [[_start(rng, s, k) for s, k in zip(sizes, kinds, strict=True)] for _ in range(200)]
    worth = lambda c: sum(w * of_state(s) for w, s in zip(weights, c, strict=True))  # noqa: E731
    for round in range(1, rounds + 1):
        matrix = np.array([row(product(c)) for c in columns]).T
        answer = linprog([-worth(c) for c in columns], A_eq=matrix, b_eq=row(target), method="highs")
        assert answer.status == 0
        flat = -answer.eqlin.marginals
        dual = np.zeros_like(target)
        for (x, g), y in zip(cells, flat, strict=True):
            dual[x] += y * g
        for x in np.ndindex(target.shape[:-2]):
            dual[x] = support.projector(x) @ dual[x] @ support.projector(x)
        found = [
            climb(dual, sizes, kinds, weights, [_start(rng, s, k) for s, k in zip(sizes, kinds, strict=True)])
            for _ in range(8 if round < rounds else 60)
        ]
        columns += [states for value, states in found if value > 1e-9]
    used = [(p, c) for p, c in zip(answer.x, columns, strict=False) if p > 1e-9]
    matrix = np.array([row(product(c)) for _, c in used]).T
    weights_used = np.linalg.lstsq(matrix, np.array(row(target)), rcond=None)[0]
    assert weights_used.min() > 0
    delta = max(value for value, _ in found) + slack
    return list(zip(weights_used, [c for _, c in used], strict=True)), dual, delta


def _hermitian(size):
    for i, j in itertools.product(range(size), repeat=2):
        g = np.zeros((size, size), dtype=complex)
        g[i, j] = 1 if i <= j else 1j
        yield (g + g.conj().T) / (2 if i == j else np.sqrt(2))


def _start(rng, size, kind):
    return rng.dirichlet(np.ones(size)) if kind == "classical" else random_state(rng, size)


def information(target, sizes, kinds, products):
    """H(first), I(first; U), H(all), I(all; U); the first two mean nothing if the first party is quantum."""
    total = sum(of_state(target[x]) for x in np.ndindex(target.shape[:-2]))
    first = np.trace(target, axis1=-2, axis2=-1).real.reshape(sizes[0] if kinds[0] == "classical" else 1, -1)
    own = entropy(first.sum(axis=1))
    conditional = sum(p * of_state(c[0]) for p, c in products)
    everyone = sum(p * sum(map(of_state, c)) for p, c in products)
    return own, own - conditional, total, total - everyone


def answer_of(network, names, kinds, sizes, target, programs, *, extra=None):
    """Assemble an answer; programs: {name: (beta, mixture, K or None, delta, R0 or None)}."""
    sender = network != "no-communication"
    letters = target.shape[:-2]
    classical = [n for n, k in zip(names, kinds, strict=True) if k == "classical"]
    ensemble = []
    for x in np.ndindex(letters):
        p = float(np.trace(target[x]).real)
        if p > 1e-12:
            ensemble.append(
                {"p": p, "x": dict(zip(classical, x, strict=True)), "density": pairs(target[x] / p)}
            )
    parties = [
        {"name": n, "kind": k, "letters": [[i] for i in range(s)]}
        if k == "classical"
        else {"name": n, "kind": k, "basis": pairs(np.eye(s))}
        for n, k, s in zip(names, kinds, sizes, strict=True)
    ]
    printed, frontier = [], []
    for name, (beta, products, dual, delta, shared) in programs.items():
        own, one, total, everyone = information(target, sizes, kinds, products)
        constant = ((1 - beta) * own if sender else 0) + beta * total
        lower = constant - overlap(dual, target) - delta
        program = {
            "name": name,
            "beta": beta,
            "lower": lower,
            "upper": (1 - beta) * one + beta * everyone if sender else beta * everyone,
            "decomposition": [
                {"p": float(p), "states": {n: pairs(s) if s.ndim == 2 else s.tolist() for n, s in
                                            zip(names, c, strict=True)}}
                for p, c in products
            ],
            "dual": pairs(dual),
            "delta": delta,
        }  # fmt: skip
        if shared is not None:
            program |= {"R0": shared, "R1_upper": max(one, everyone - shared)}
            frontier.append({"R0": shared, "upper": program["R1_upper"]})
        printed.append(program)
        if name == "R_inf":
            needed = everyone - one
    for point in frontier:
        point["lower"] = max(0.0, *(p["lower"] - p["beta"] * point["R0"] for p in printed))
        point["R1"] = point["upper"]
    quantities = {
        p["name"]: {"lower": p["lower"], "upper": p["upper"]}
        for p in printed
        if p["name"] in ("C", "C0", "R_inf")
    }
    if sender:
        quantities["R0_for_R_inf"] = {"upper": needed}
    answer = {
        "ok": True,
        "network": network,
        "status": "feasible",
        "quantities": quantities,
        "frontier": frontier,
        "certificate": {
            "target": {
                "systems": dict(zip(names, sizes, strict=True)),
                "classical": classical,
                "ensemble": ensemble,
            },
            "split_off": [],
            "parties": parties,
            "reduced": pairs(target),
            "sender": sender,
            "programs": printed,
        },
    }
    return extra(answer) if extra else answer


def symmetric_source(a=0.2):
    """Wyner's common information of the doubly symmetric binary source, with its dual in closed form."""
    t = (1 - math.sqrt(1 - 2 * a)) / 2
    up, down = np.array([1 - t, t]), np.array([t, 1 - t])
    target = mixture((0.5, up, up), (0.5, down, down)) + 0j
    step = math.log2((1 - t) / t) / (1 - 2 * t)
    level = 2 * entropy(up) - step * 2 * t * (1 - t)
    dual = np.array([[level, level + step], [level + step, level]]).reshape(2, 2, 1, 1) + 0j
    programs = {"C": (1.0, [(0.5, [up, up]), (0.5, [down, down])], dual, 1e-8, None)}
    return answer_of("no-communication", ["A", "B"], ["classical"] * 2, [2, 2], target, programs)


def two_node(rng):
    shares, vectors = rng.dirichlet([3] * 4), rng.normal(size=(4, 3)) / 4
    parts = [(p, rng.dirichlet([1, 1]), qubit(*r)) for p, r in zip(shares, vectors, strict=True)]
    target = mixture(*parts) + 0j
    kinds, sizes = ["classical", "quantum"], [2, 2]
    programs = {}
    for name, beta, shared in (("C0", 1.0, None), ("R_inf", 0.0, None), ("R0=0.1", 0.6, 0.1)):
        columns = [part[1:] for part in parts]
        weights = [1.0, beta]
        programs[name] = (beta, *crude(target, sizes, kinds, weights, columns, rng), shared)
    return answer_of("two-node", ["X", "B"], kinds, sizes, target, programs)


def isotropic(f=0.4, slack=1e-2):
    """Entanglement-free two-qubit isotropic state: products of anti-aligned spins, K from stationarity."""
    r = math.sqrt(4 * f - 1)
    bell = np.array([1, 0, 0, 1]) / math.sqrt(2)
    flat = np.outer(bell, bell)
    target = (1 - f) / 3 * (np.eye(4) - flat) + f * flat + 0j
    g = entropy(np.array([1 + r, 1 - r]) / 2)
    slope = -0.5 * math.log2((1 + r) / (1 - r)) * 4 / r
    dual = (2 * g - slope * (1 + r * r) / 4) * np.eye(4) + slope * flat + 0j
    mix = [
        (1 / 6, [qubit(*(r * s * e)), qubit(*(r * s * e * [1, -1, 1]))]) for e in np.eye(3) for s in (1, -1)
    ]
    programs = {"C": (1.0, mix, dual, slack, None)}
    return answer_of("no-communication", ["A", "B"], ["quantum"] * 2, [2, 2], target, programs)


def broadcast(rng):
    parts = [
        (p, rng.dirichlet([1, 1]), qubit(*(0.8 * rng.normal(size=3) / 3)), qubit(*(rng.normal(size=3) / 4)))
        for p in (0.5, 0.3, 0.2)
    ]
    target = mixture(*parts) + 0j
    kinds, sizes = ["classical", "quantum", "quantum"], [2, 2, 2]
    programs = {}
    for name, beta in (("C0", 1.0), ("R_inf", 0.0)):
        columns = [part[1:] for part in parts]
        mix, dual, delta = crude(target, sizes, kinds, [1.0, beta, beta], columns, rng, rounds=10, slack=1e-2)
        programs[name] = (beta, mix, dual, delta, None)
    return answer_of("classical-broadcast", ["X", "B", "C"], kinds, sizes, target, programs)


@functools.cache
def solved_two_node():
    return two_node(np.random.default_rng(3))


ANSWERS = {
    "symmetric source": symmetric_source,
    "two-node": lambda: solved_two_node(),
    "isotropic": isotropic,
    "broadcast": lambda: broadcast(np.random.default_rng(4)),
}


HAND_MADE = ("symmetric source", "isotropic")
"""Those whose programs are known; the others are solved here, which takes seconds."""


@pytest.fixture(scope="module", params=ANSWERS)
def answer(request):
    return ANSWERS[request.param]()


@pytest.mark.few((*HAND_MADE, "two-node"))
def test_good_answers_are_accepted(answer):
    assert check_region(answer) == ()


def leaves(data, path=()):
    if isinstance(data, dict | list):
        for key, entry in data.items() if isinstance(data, dict) else enumerate(data):
            yield from leaves(entry, (*path, key))
    elif isinstance(data, int | float) and not isinstance(data, bool):
        yield path


def changed(answer, path, change):
    answer = copy.deepcopy(answer)
    place = answer
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = change(place[path[-1]])
    return answer


def refused(answer):
    """A violation, not merely a proof that ran out of time."""
    try:
        lines = check_region(answer, time_limit=20)
    except InputError as error:
        return "\n" not in str(error)
    return any(not line.startswith(NOT_RECHECKED) for line in lines)


@pytest.mark.few((*HAND_MADE, "two-node"))
def test_an_answer_with_one_number_spoiled_is_refused(answer):
    rng = np.random.default_rng(0)
    paths = list(leaves(answer))
    for i in rng.permutation(len(paths))[:100]:
        path, step = paths[i], 1e-3 * rng.choice([-1, 1])
        spoiled = changed(answer, path, lambda v, step=step: v + step * max(1, abs(v)))
        assert refused(spoiled), path


@pytest.mark.few((*HAND_MADE, "two-node"))
def test_a_bound_that_is_too_good_is_refuted_by_a_product(answer):
    for i, program in enumerate(answer["certificate"]["programs"]):
        better = copy.deepcopy(answer)
        step = 0.03
        for place in (better["certificate"]["programs"][i], better["quantities"].get(program["name"])):
            if place is not None:
                place["lower"] += step
        better["certificate"]["programs"][i]["delta"] -= step
        for point in better["frontier"]:
            proved = [p["lower"] - p["beta"] * point["R0"] for p in better["certificate"]["programs"]]
            point["lower"] = max(0.0, *proved)
        lines = check_region(better)
        assert any("a product that may occur reaches" in line for line in lines)


def test_a_proof_out_of_time_is_said_to_be_missing():
    lines = check_region(isotropic(slack=1e-7), time_limit=0.2)
    assert len(lines) == 1
    assert lines[0].startswith(NOT_RECHECKED + "certificate.programs[0].delta")


@pytest.mark.few(3)
@pytest.mark.parametrize(
    ("shape", "dimensions", "weights"),
    [
        ((3, 1), (2,), (1.0, 0.4)),
        ((2, 1), (2,), (1.0, 0.0)),
        ((5, 1), (2,), (1.0, 0.0)),
        ((3, 1), (3,), (1.0, 0.05)),
        ((3, 3, 1), (), (1.0, 1.0)),
        ((2, 1), (2, 2), (1.0, 0.3, 0.3)),
        ((1,), (2, 2), (1.0, 1.0)),
        ((1,), (2, 3), (1.0, 1.0)),
    ],
)
def test_delta_is_proved_just_above_the_maximum_and_refuted_just_below(shape, dimensions, weights):
    rng = np.random.default_rng(1)
    letters, size = shape[:-1], math.prod(dimensions)
    dual = rng.normal(size=(*letters, size, size)) + 1j * rng.normal(size=(*letters, size, size))
    dual = dual + dual.conj().swapaxes(-1, -2)
    sizes = (*letters, *dimensions)
    kinds = ["classical"] * len(letters) + ["quantum"] * len(dimensions)
    starts = ([_start(rng, s, k) for s, k in zip(sizes, kinds, strict=True)] for _ in range(40))
    top = max(climb(dual, sizes, kinds, weights, start)[0] for start in starts)
    face = Face(tuple(tuple(range(n)) for n in letters), tuple(np.eye(d) + 0j for d in dimensions))
    slack = 1e-3 if len(dimensions) > 1 else 1e-5
    assert check_delta(dual, [face], weights, top + slack, math.inf) is None
    line = check_delta(dual, [face], weights, top - 1e-6, math.inf)
    assert line is not None
    assert "a product that may occur reaches" in line


def test_only_products_that_may_occur_count():
    zero, plus = qubit(0, 0, 1), qubit(1, 0, 0)
    blocks = np.array([0.2 * zero, 0.3 * plus, 0.5 * np.eye(2) / 2])
    faces = Supports(blocks, (2,)).faces()
    found = sorted((face.letters[0], face.bases[0].shape[1]) for face in faces)
    assert found == [((0, 2), 1), ((1, 2), 1), ((2,), 2)]
    holes = np.array([[0.5, 0.0], [0.2, 0.3]]).reshape(2, 2, 1, 1)
    assert sorted(face.letters for face in Supports(holes, ()).faces()) == [((0, 1), (0,)), ((1,), (0, 1))]


def test_an_answer_by_data_processing():
    answer = symmetric_source()
    shared = 1 - entropy(np.array([0.2, 0.8]))
    for place in (answer["certificate"]["programs"][0], answer["quantities"]["C"]):
        place["lower"] = shared
    program = answer["certificate"]["programs"][0]
    program["dual"], program["delta"] = None, 0.0
    assert check_region(answer) == ()
    for step in (1e-3, -1e-3):
        program["lower"] = answer["quantities"]["C"]["lower"] = shared + step
        assert refused(answer)


def rotated(answer, *, turn, noise=0.0):
    """The answer of `symmetric_source` for a target in disguise.

    A has a duplicate letter and one of probability 0, B is a bit in a rotated basis of a qutrit, and D is in
    product with them.
    """
    cert = answer["certificate"]
    joint = np.array(cert["reduced"])[..., 0].reshape(2, 2)
    basis = np.linalg.qr(turn)[0][:, :2]
    other = qubit(0.1, 0.2, 0.3)
    ensemble = []
    for letter, source, share in ((0, 0, 0.3), (1, 1, 1.0), (2, 0, 0.7)):
        block = share * (basis * joint[source]) @ basis.conj().T
        block[0, 0] += noise * share
        p = float(np.trace(block).real)
        ensemble.append({"p": p, "x": {"A": letter}, "density": pairs(np.kron(block / p, other))})
    cert["target"] = {"systems": {"A": 4, "B": 3, "D": 2}, "classical": ["A"], "ensemble": ensemble}
    cert["split_off"] = ["D"]
    cert["parties"] = [
        {"name": "A", "kind": "classical", "letters": [[0, 2], [1]]},
        {"name": "B", "kind": "classical", "letters": [[0], [1]], "basis": pairs(basis)},
    ]
    return answer


def test_reductions_are_retraced():
    rng = np.random.default_rng(2)
    turn = rng.normal(size=(3, 3)) + 1j * rng.normal(size=(3, 3))
    answer = rotated(symmetric_source(), turn=turn)
    assert check_region(answer) == ()
    path = ("certificate", "parties", 0, "letters")
    for letters in ([[0], [2], [1]], [[0, 1], [2]], [[0], [1]], [[1], [0, 2]]):
        assert refused(changed(answer, path, lambda _, letters=letters: letters))
    for path in leaves(answer["certificate"]["target"]):
        assert refused(changed(answer, ("certificate", "target", *path), lambda v: v + 1e-3)), path
    for path in leaves(answer["certificate"]["parties"]):
        assert refused(changed(answer, ("certificate", "parties", *path), lambda v: v + 1e-3)), path
    noisy = check_region(rotated(symmetric_source(), turn=turn, noise=1e-4))
    assert any("dephasing in it changes the state" in line for line in noisy)
    assert any("does not support the state" in line for line in noisy)


def test_a_correlated_party_is_not_split_off():
    answer = symmetric_source()
    cert = answer["certificate"]
    cert["split_off"], cert["parties"] = ["A"], cert["parties"][1:]
    cert["reduced"] = pairs(np.full((2, 1, 1), 0.5))
    assert any("not in tensor product" in line for line in check_region(answer))


def test_the_sender_is_the_first_party():
    answer = changed(symmetric_source(), ("certificate", "sender"), lambda _: True)
    assert refused(answer)
    answer = changed(solved_two_node(), ("certificate", "sender"), lambda _: False)
    assert refused(answer)


@pytest.mark.parametrize(
    ("path", "value", "names"),
    [
        (("network",), "cascade", "answer.network"),
        (("status",), True, "answer.status"),
        (("certificate",), None, "answer.certificate"),
        (("certificate",), [], "certificate"),
        (("certificate", "target", "systems"), {"A": True, "B": 2}, "systems.A"),
        (("certificate", "target", "ensemble", 0, "p"), "0.5", "ensemble[0].p"),
        (("certificate", "target", "ensemble", 0, "p"), True, "ensemble[0].p"),
        (("certificate", "target", "ensemble", 0, "x"), {"A": 2, "B": 0}, "ensemble[0].x.A"),
        (("certificate", "target", "ensemble", 0, "density"), [[1.0]], "density[0][0]"),
        (("certificate", "parties"), [], "certificate.parties"),
        (("certificate", "reduced", 0), [], "certificate.reduced[0]"),
        (("certificate", "sender"), 0, "certificate.sender"),
        (("certificate", "programs"), [], "certificate.programs"),
        (("certificate", "programs", 0, "beta"), 2, "programs[0].beta"),
        (("certificate", "programs", 0, "delta"), math.nan, "programs[0].delta"),
        (("certificate", "programs", 0, "dual", 0, 0, 0, 0, 1), math.inf, "programs[0].dual[0][0][0][0][1]"),
        (("certificate", "programs", 0, "dual"), 3, "programs[0].dual"),
        (("certificate", "programs", 0, "decomposition", 0, "states"), {"A": [1, 0]}, "states"),
        (("certificate", "programs", 0, "decomposition", 0, "states", "A"), [1, 0, 0], "states.A"),
        (("quantities",), 3, "answer.quantities"),
        (("quantities", "C", "upper"), "infinite", "quantities.C.upper"),
        (("frontier",), {"R0": 1}, "answer.frontier"),
    ],
)
def test_malformed_answers_are_refused_in_one_line(path, value, names):
    with pytest.raises(InputError) as caught:
        check_region(changed(symmetric_source(), path, lambda _: value))
    assert names in str(caught.value)
    assert "\n" not in str(caught.value)


def test_every_field_is_needed():
    answer = symmetric_source()
    cert = answer["certificate"]
    places = [answer, cert, cert["target"], cert["parties"][0], cert["programs"][0]]
    for place in places:
        for key in set(place) - {"ok", "frontier"}:
            kept = place.pop(key)
            with pytest.raises(InputError):
                check_region(answer)
            place[key] = kept
    assert check_region(answer) == ()


SINGLET = np.array([0, 1, -1, 0]) / math.sqrt(2)


def werner(f):
    flat = np.outer(SINGLET, SINGLET)
    return f * flat + (1 - f) / 3 * (np.eye(4) - flat)


def infeasible(witness, state, names=("A", "B")):
    target = {"systems": dict.fromkeys(names, 2), "classical": [],
              "ensemble": [{"p": 1.0, "x": {}, "density": pairs(state)}]}  # fmt: skip
    return {
        "network": "no-communication",
        "status": "infeasible",
        "quantities": {"C": {"lower": "inf", "upper": "inf"}},
        "frontier": [],
        "certificate": {"target": target, "witness": witness},
    }


def transposed(matrix, systems, which):
    tensor = matrix.reshape((2,) * 2 * systems)
    return np.swapaxes(tensor, which, which + systems).reshape(matrix.shape)


def extension_witness(copies, f):
    """W = the partial transpose of a projector, said of an extension to some copies of B."""
    bell = np.array([1, 0, 0, 1]) / math.sqrt(2)
    flat = np.outer(bell, bell)
    kept = [f"B{i + 1}" for i in range(copies)] if copies > 1 else ["B"]
    operator = transposed(flat, 2, 0)
    scale = np.abs(np.linalg.eigvalsh(operator)).sum()
    z = np.kron(flat, np.eye(2 ** (copies - 1))) / scale
    return {
        "kind": "extension",
        "copies": {"A": 1, "B": copies},
        "order": ["A", *kept],
        "W": pairs(operator / scale),
        "terms": [{"transpose": ["A"], "Z": pairs(z)}],
        "margin": -float(np.trace(operator @ werner(f)).real / scale),
    }


def test_partial_transpose_witness():
    state = werner(0.6)
    values, vectors = np.linalg.eigh(transposed(state, 2, 0))
    witness = {
        "kind": "partial transpose",
        "systems": ["A"],
        "vector": pairs(vectors[:, 0]),
        "margin": -values[0],
    }
    answer = infeasible(witness, state)
    assert check_region(answer) == ()
    for path in leaves(answer):
        assert refused(changed(answer, path, lambda v: v + 1e-3)), path
    assert refused(infeasible(witness, werner(0.45)))
    for quantities in ({"C": {"lower": 1.0, "upper": "inf"}}, {"C": {"lower": "inf", "upper": 2.0}}):
        assert refused(answer | {"quantities": quantities})


@pytest.mark.parametrize("copies", [1, 2, 3])
def test_extension_witness(copies):
    answer = infeasible(extension_witness(copies, 0.6), werner(0.6))
    assert check_region(answer) == ()
    for path in itertools.islice(leaves(answer), 0, None, 3):
        assert refused(changed(answer, path, lambda v: v + 1e-3)), path
    assert refused(infeasible(extension_witness(copies, 0.6), werner(0.45)))


def test_a_letter_of_the_broadcast_is_named():
    parts = [(0.5, np.array([1.0, 0.0]), werner(0.25)), (0.5, np.array([0.0, 1.0]), werner(0.9))]
    vector = np.linalg.eigh(transposed(werner(0.9), 2, 0))[1][:, 0]
    witness = {"kind": "partial transpose", "systems": ["B"], "vector": pairs(vector)}
    answer = infeasible(witness, werner(0.9), ("B", "C"))
    nothing = {"lower": "inf", "upper": "inf"}
    answer |= {"network": "classical-broadcast", "quantities": {"C0": nothing, "R_inf": nothing}}
    answer["certificate"]["target"] = {
        "systems": {"X": 2, "B": 2, "C": 2},
        "classical": ["X"],
        "ensemble": [{"p": p, "x": {"X": x}, "density": pairs(s)} for x, (p, _, s) in enumerate(parts)],
    }
    with pytest.raises(InputError, match="letter"):
        check_region(answer)
    answer["certificate"]["letter"] = {"X": 1}
    assert check_region(answer) == ()
    answer["certificate"]["letter"] = {"X": 0}
    assert refused(answer)


def test_an_undetermined_answer_claims_nothing():
    answer = {"network": "no-communication", "status": "undetermined", "quantities": {}, "certificate": None}
    assert check_region(answer) == ()
    answer["quantities"] = {"C": {"lower": 0.0, "upper": 1.0}}
    assert refused(answer)
    answer = symmetric_source()
    answer["status"] = "undetermined"
    for place in (answer["certificate"]["programs"][0], answer["quantities"]["C"]):
        place["upper"] = "inf"
    assert refused(answer)
    answer["certificate"]["programs"][0]["decomposition"] = None
    assert check_region(answer) == ()


def test_a_product_needs_nothing():
    state = np.kron(qubit(0.1, 0.2, 0.3), qubit(0.4, 0.0, 0.1))
    program = {"name": "C", "beta": 1.0, "lower": 0.0, "upper": 0.0, "delta": 0.0, "dual": None}
    certificate = {
        "target": infeasible({}, state)["certificate"]["target"],
        "split_off": ["A", "B"],
        "parties": [],
        "reduced": [[[1.0, 0.0]]],
        "sender": False,
        "programs": [program | {"decomposition": [{"p": 1.0, "states": {}}]}],
    }
    answer = {"network": "no-communication", "status": "feasible", "certificate": certificate}
    answer["quantities"] = {"C": {"lower": 0.0, "upper": 0.0}}
    assert check_region(answer) == ()
    for path in leaves(answer):
        assert refused(changed(answer, path, lambda v: v + 1e-3)), path
