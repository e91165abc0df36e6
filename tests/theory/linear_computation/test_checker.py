"""The checker accepts what is right and names what is wrong."""

from __future__ import annotations

import copy
import json
from typing import Any

import numpy as np
import pytest

from qcoord_hw.api.theory import theory_linear
from qcoord_hw.theory.linear_computation.checker import ClaimError, arithmetic, check_linear
from qcoord_hw.theory.linear_computation.checker.beyond import _normal
from qcoord_hw.theory.linear_computation.checker.lower_bound import check_lower_bound
from qcoord_hw.theory.linear_computation.checker.scheme import ClaimedTask, auxiliary
from qcoord_hw.theory.linear_computation.field import CONWAY, field_of
from qcoord_hw.theory.linear_computation.task import task_from_json

V = [[[1], [0]], [[0], [1]], [[1], [1]], [[1], [1]]]
RANK_BOUND = {
    "method": "rank bound",
    "side": "code",
    "left": [0, 1],
    "right": [2, 3],
    "through": [],
    "rest": [],
}


@pytest.fixture(scope="module")
def good() -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(json.dumps(theory_linear("example-1-f3", time_limit=5.0).to_json()))
    assert check_linear(answer).violations == ()
    return answer


@pytest.fixture(scope="module")
def beyond() -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(
        json.dumps(theory_linear("five-dimensional-f3", time_limit=5.0).to_json())
    )
    assert answer["beyond"] is not None
    return answer


def violations(answer: dict[str, Any], change: Any) -> str:
    copied = copy.deepcopy(answer)
    change(copied)
    found = check_linear(copied)
    assert not found.holds
    return "; ".join(found.violations)


@pytest.mark.few(14)
@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda a: a.update(c=2), "c: 2; it is 1"),
        (lambda a: a.update(c=float("nan")), "c: nan; it is 1"),
        (lambda a: a.update(c_lower=0, optimal=False), "c_lower: refuted"),
        (lambda a: a.update(c_lower=99, optimal=False), "c_lower: 99; it is an integer from 0 to c = 1"),
        (lambda a: a.update(M=None), "M: None; allowed is a matrix of shape 4 x 10"),
        (lambda a: a["P"]["A"][0].__setitem__(0, 0), "P.A: singular"),
        (lambda a: a["P"].pop("A"), "P: an object of 3; allowed is one matrix for each server"),
        (lambda a: a["P"].update(A=[[1, 0]]), "P.A: a list of 1; allowed is a matrix of shape 1 x 1"),
        (lambda a: a["P"].update(A=[[3]]), "P.A: 3; allowed are symbols 0..2"),
        (lambda a: a["P"].update(A=[[1.0]]), "P.A: 1.0; allowed are symbols"),
        (lambda a: a["V"].update(A=[[2], [0]]), "block is not"),
        (lambda a: a["V"].update(A=[[0], [0]]), "V: the columns of a server are dependent"),
        (lambda a: a["M"][0].__setitem__(4, (a["M"][0][4] + 1) % 3), "M: not self-orthogonal"),
        (lambda a: a["M"][0].__setitem__(0, (a["M"][0][0] + 1) % 3), "M: upper left block"),
        (lambda a: a["M"][2].__setitem__(5, (a["M"][2][5] + 1) % 3), "M: lower right block"),
        (lambda a: a["M"][0].__setitem__(5, 1), "M: upper right block"),
        (lambda a: a["M"][2].__setitem__(0, 1), "M: lower left block"),
        (
            lambda a: a["bonus_outputs"][0]["z"].__setitem__(0, 2 - a["bonus_outputs"][0]["z"][0]),
            "bonus_outp",
        ),
        (lambda a: a.update(bonus_outputs=[]), "bonus_outputs: a list of 0; it is a list of N - 2K = 1"),
        (lambda a: a.update(field=4), "irreducible_poly"),
        (lambda a: a.pop("download"), "download: missing"),
        (lambda a: a["download"].update(A=0), "download"),
        (lambda a: a.update(server_order=["A", "B", "D", "E"]), "server_order: other servers"),
        (lambda a: a["sources"]["converse"].update(kind="optimum"), "sources.converse.kind"),
        (lambda a: a["batched"][1].update(c=0), "batched.1.c: 0; it is 1"),
        (lambda a: a["batched"][1].update(field=4, irreducible_poly=[1, 1, 1]), "batched.1.field: 4 is no"),
        (lambda a: a["batched"].__setitem__(2, {}), "batched.2.field: missing"),
        (lambda a: a["batched"].append({}), "batched: a list of 4; allowed is a list of at most 3 entries"),
    ],
)
def test_names_what_is_wrong(good, change, text):
    assert text in violations(good, change)


def test_an_upper_bound_of_99_beside_c_2_is_refused(good):
    """The bound of a direct sum, added up from NaN, was once confirmed."""
    nan = {"method": "direct sum", "blocks": [{"servers": [0, 1, 2, 3], "c_lower": float("nan")}]}
    for certificate in (nan, {"method": "kernel enumeration", "dimension": float("nan")}):
        assert violations(good, lambda a, own=certificate: a.update(c_lower=99, certificate=own))
        assert violations(good, lambda a, own=certificate: a.update(certificate=own))


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda b: b.update(instances=b["instances"] + 1), "beyond.M"),
        (lambda b: b["M"][0].__setitem__(0, (b["M"][0][0] + 1) % 3), "beyond"),
        (lambda b: b["qudits"].update({s: n + 1 for s, n in b["qudits"].items()}), "beyond.M"),
        (lambda b: b.update(cost="5"), "beyond.cost: '5'; it is '21/4'"),
        (lambda b: b.update(junk=1), "beyond.junk: not proved"),
    ],
)
def test_schemes_beyond_are_proved(beyond, change, text):
    assert text in violations(beyond, lambda a: change(a["beyond"]))


def test_a_scheme_in_another_basis_computes_the_same_and_is_refused(beyond):
    """In each block X and Z change places, and so do the encoder's rows: valid, but not in normal form."""
    beyond = copy.deepcopy(beyond)
    own = beyond["beyond"]
    n, total, start = own["qudits"], sum(own["qudits"].values()), 0
    for s in beyond["server_order"]:
        for row in own["M"]:
            x, z = row[start : start + n[s]], row[total + start : total + start + n[s]]
            row[start : start + n[s]], row[total + start : total + start + n[s]] = z, [-y % 3 for y in x]
        e = own["encoders"][s]
        own["encoders"][s] = [*e[n[s] :], *[[-y % 3 for y in row] for row in e[: n[s]]]]
        start += n[s]
    assert "normal form" in "; ".join(check_linear(beyond).violations)


def test_each_part_may_be_right_and_the_whole_not_self_orthogonal(beyond):
    """One server's form replaced by zero, in its normal form, with the encoder that belongs to it."""
    own, s = beyond["beyond"], beyond["server_order"][0]
    f, copies = arithmetic(3, None), own["instances"]
    data = np.kron(np.eye(copies, dtype=int), np.array(beyond["V"][s])).tolist()
    n, total = len(data[0]), sum(own["qudits"].values())
    held = np.array(_normal(f, data, np.zeros((len(data), len(data)), dtype=int).tolist(), n))
    m, old = np.array(own["M"]), own["qudits"][s]
    x, z = m[:, old:total], m[:, total + old :]
    pivots = [row.index(1) for row in held.T[:n].tolist()]
    spoilt = own | {
        "qudits": own["qudits"] | {s: n},
        "M": np.hstack([held[:, :n], x, held[:, n:], z]).tolist(),
        "encoders": own["encoders"] | {s: [data[k] for k in pivots] + [[0] * n] * n},
    }
    assert "not self-orthogonal" in violations(beyond, lambda a: a.update(beyond=spoilt))


@pytest.mark.few(3)
@pytest.mark.parametrize("order", [61, 64, 67, 81, 251, 256])
def test_an_answer_over_a_large_field_holds(order):
    servers = {"A": [[1], [0]], "B": [[0], [1]], "C": [[1], [order - 1]]}
    answer = theory_linear(task_from_json({"field": order, "servers": servers}), time_limit=5.0)
    assert check_linear(json.loads(json.dumps(answer.to_json()))).violations == ()


@pytest.mark.parametrize("order", [2, 3, 4, 7, 8, 9, 27, 61, 64, 251, 256])
def test_the_arithmetic_is_that_of_the_solver(order):
    """Two implementations, of which neither knows the other."""
    gf = field_of(order)
    f = arithmetic(order, list(gf.irreducible_poly) if gf.degree > 1 else None)
    np.testing.assert_array_equal(f.add, gf.add)
    np.testing.assert_array_equal(f.mul, gf.mul)
    np.testing.assert_array_equal(f.inv, gf.inv)


@pytest.mark.parametrize(
    ("order", "poly"),
    [
        *[(d, None) for d in (0, 1, 6, 65, 257, 289, 65537, 2**16, (2**61 - 1) * (2**89 - 1), 10**400)],
        *[(d, None) for d in (4, 3.0, True, "3", None, [3], float("nan"))],
        (289, [1, 16, 3]),
        (4, [1, 0, 1]),
        (9, [1, 0, 2]),
        (9, [2, 0, 1]),
        (9, [1, 0, 1, 0]),
        (3, [1, 0]),
        (4, "111"),
    ],
)
def test_fields_that_are_none_are_refused_at_once(order, poly):
    with pytest.raises(ClaimError):
        arithmetic(order, poly)


def test_sizes_are_bounded(good):
    """Before anything is computed with them."""
    wide = {"V": {"A": [[1] * 10_000]}, "server_order": ["A"]}
    assert "V: a list of 10000" in violations(good, lambda a: a.update(wide))
    assert "1 to 32 servers" in violations(
        good,
        lambda a: a.update(V={str(s): [[1]] for s in range(33)}, server_order=[str(s) for s in range(33)]),
    )
    deep: Any = 1
    for _ in range(900):
        deep = [deep]
    assert "V: 1" not in violations(good, lambda a: a.update(V=deep))
    assert violations(good, lambda a: a["V"].update(A=deep))
    assert "beyond.instances: 10" in violations(good, lambda a: a.update(beyond={"instances": 10**9}))


def test_an_extension_field_and_its_modulus():
    # Over F_9, x^2 is 2 x + 1 modulo Conway's x^2 + 2 x + 2, but 2 modulo x^2 + 1; x is written 3.
    conway, other = arithmetic(9, [1, 2, 2]), arithmetic(9, [1, 0, 1])
    v = [[[3]], [[1]]]
    assert auxiliary(ClaimedTask(other, ["A", "B"], v), [[[1]], [[1]]]) == 0
    assert auxiliary(ClaimedTask(conway, ["A", "B"], v), [[[1]], [[1]]]) == 1


def bound(order: int, v: Any, c_lower: Any, certificate: Any, **options: Any) -> str:
    f = arithmetic(order, list(CONWAY[order]) if order in CONWAY else None)
    named = certificate if "blocks" in certificate else whole(v, c_lower) | certificate
    return check_lower_bound(f, v, c_lower, named, **options)[0]


def whole(v: Any, c_lower: Any, width: int | None = None) -> dict[str, Any]:
    """What a certificate for all servers says of itself; V has full row rank."""
    rows, n = len(v[0]), sum(len(own[0]) for own in v)
    return {
        "servers": list(range(len(v))),
        "c_lower": c_lower,
        "dimension": rows - c_lower + 1,
        "space": min(rows, n - rows),
        "side": "dual" if n - rows < rows else "code",
    }


def test_confirms_and_refutes_a_rank_bound():
    holevo = RANK_BOUND | {"left": [], "right": [], "through": [0, 1, 2, 3]}
    assert bound(3, V, 0, holevo) == "confirmed"
    assert bound(3, V, 1, holevo).startswith("refuted: the rank bound is 0")
    one = RANK_BOUND | {"left": [2, 3], "right": [], "through": [0, 1]}  # 1 + 2 - 2
    assert bound(3, V, 1, one) == "confirmed"
    assert bound(3, V, 0, one) == "refuted: the rank bound is 1"  # it proves more than is claimed
    assert "do not divide the servers" in bound(3, V, 1, one | {"left": [3]})
    assert "lists of servers" in bound(3, V, 1, {"method": "rank bound"})
    assert "lists of servers" in bound(3, V, 1, one | {"left": [float("nan")]})


@pytest.mark.parametrize(("d", "c"), [(2, 2), (3, 1), (4, 1)])
def test_repeats_an_exhaustive_search(d, c):
    certificate = {"method": "kernel enumeration"}
    assert bound(d, V, c, certificate) == "confirmed"
    assert bound(d, V, c + 1, certificate).startswith("refuted: a precoding has rank") or c + 1 > 2
    assert bound(d, V, c, certificate | {"dimension": 7}).startswith("refuted: dimension 7; it is")


def test_kernels_where_precodings_are_too_many():
    one = np.eye(5, dtype=int)
    v = [one[:, [0, 1, k]].tolist() for k in (2, 3, 4)]
    certificate = {"method": "kernel enumeration"}
    assert bound(2, v, 3, certificate) == "confirmed"
    assert bound(2, v, 4, certificate).startswith("refuted: a precoding has a kernel of dimension")
    assert bound(3, v, 3, certificate).startswith("refuted")
    assert bound(3, v, 2, certificate) == "confirmed"
    assert bound(2, v, 3, certificate, budget=2).startswith("not rechecked: too large")


def test_direct_sums():
    v = [[[1], [0]], [[0], [1]], [[1], [0]], [[0], [1]], [[1], [0]]]
    kernel = {"method": "kernel enumeration", "dimension": 1, "space": 1, "side": "code"}
    blocks = [
        {"servers": [0, 2, 4], "c_lower": 1} | kernel,
        {"servers": [1, 3], "c_lower": 0, "method": "trivial"},
    ]
    sums = {"method": "direct sum", "blocks": blocks}
    assert bound(2, v, 1, sums) == "confirmed"
    assert "do not add up" in bound(2, v, 2, sums)
    assert "do not add up" in bound(2, v, 0, sums)
    assert bound(3, v, 1, sums) == "refuted: a precoding has rank 0"
    assert "not a partition" in bound(2, v, 1, sums | {"blocks": blocks[:1]})
    assert "once more" in bound(2, v, 1, sums | {"blocks": [blocks[0] | sums, blocks[1]]})
    mixed = [{"servers": [0, 1, 2], "c_lower": 1} | kernel, {"servers": [3, 4], "c_lower": 0} | kernel]
    assert "direct sum" in bound(2, v, 1, sums | {"blocks": mixed})


def test_trivial_and_unknown():
    assert bound(3, V, 0, {"method": "trivial"}) == "confirmed"
    assert bound(3, V, 1, {"method": "trivial"}).startswith("refuted")
    assert bound(3, V, 1, {"method": "oracle"}) == "refuted: unknown method 'oracle'"
