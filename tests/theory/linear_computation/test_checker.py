"""The checker accepts what is right and names what is wrong."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

from qcoord_hw.theory.linear_computation.checker import check_claim, check_lower_bound

# Example 1 over F_3: 1/p_1 + 1/p_2 + 1/(p_3 + p_4) = 0 with p = (1, 1, 2, 2), so that R = [[2, 1], [1, 2]].
CLAIM: dict[str, Any] = {
    "field": 3,
    "matrices": [[[1], [0]], [[0], [1]], [[1], [1]], [[1], [1]]],
    "P": [[[1]], [[1]], [[2]], [[2]]],
    "M": [
        [1, 0, 2, 2, 1, 0, 0, 0, 0, 0],
        [0, 1, 2, 2, 2, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 1, 0, 1, 1, 1],
        [0, 0, 0, 0, 0, 0, 1, 1, 1, 2],
    ],
    "c": 1,
}
RANK_BOUND = {
    "method": "rank bound",
    "side": "code",
    "left": [0, 1],
    "right": [2, 3],
    "through": [],
    "rest": [],
}


def changed(**changes: Any) -> list[str]:
    return check_claim(**(copy.deepcopy(CLAIM) | changes))


def with_entry(row: int, column: int, value: int) -> list[list[int]]:
    m = copy.deepcopy(CLAIM["M"])
    m[row][column] = value
    return m


def test_accepts_the_claim() -> None:
    assert check_claim(**CLAIM) == []
    assert changed(M=None) == []


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"c": 2, "M": None}, "c: rank of sum V_s P_s V_s^T is 1, claimed 2"),
        ({"c": -1}, "c: -1 is not"),
        ({"c": 0}, "M: shape"),
        ({"P": [[[0]], [[1]], [[2]], [[2]]]}, "P_1: singular"),
        ({"P": [[[1]], [[1]], [[2]]]}, "P: 3 matrices for 4 servers"),
        ({"P": [[[1, 0]], [[1]], [[2]], [[2]]]}, "P_1: shape"),
        ({"P": [[[1]], [[1]], [[2]], [[3]]]}, "P_4: symbols outside 0..2"),
        ({"P": [[[1]], [[1]], [[2]], [[1.0]]]}, "P_4: symbols outside"),
        ({"P": [[[1]], [[1]], [[2]], [[1]]]}, "upper left block"),
        ({"matrices": [[[1], [0]], [[0], [1]], [[1], [1]], [[1], [-1]]]}, "V_4: symbols outside"),
        ({"matrices": [[[1], [0]], [[0], [1]], [[1], [1]], [[1]]]}, "V: numbers of rows differ"),
        ({"matrices": [[[1], [0]], [[0], [1]], [[1], [1]], [[1], [2]]]}, "lower right block"),
        ({"matrices": [], "P": []}, "V: no servers"),
        ({"M": CLAIM["M"][:3]}, "M: shape"),
        ({"M": [[1, 2], [3]]}, "M: shape"),
        ({"M": with_entry(0, 4, 3)}, "M: symbols outside"),
        ({"M": with_entry(0, 4, 2)}, "M: not self-orthogonal"),
        ({"M": with_entry(0, 0, 2)}, "M: upper left block"),
        ({"M": with_entry(2, 5, 2)}, "M: lower right block"),
        ({"M": with_entry(0, 5, 1)}, "M: upper right block"),
        ({"M": with_entry(2, 0, 1)}, "M: lower left block"),
        ({"M": [[0] * 10] * 4}, "M: rank 0, not 2K = 4"),
    ],
)
def test_names_what_is_wrong(changes: dict[str, Any], text: str) -> None:
    assert any(text in line for line in changed(**changes))


def test_an_extension_field_and_its_modulus() -> None:
    # Over F_9, x^2 is 2 x + 1 modulo Conway's x^2 + 2 x + 2, but 2 modulo x^2 + 1; x is written 3.
    v, p = [[[1]], [[1]], [[1]]], [[[3]], [[3]], [[3]]]
    assert check_claim(9, v, p, None, 0) == []
    v = [[[3]], [[1]]]
    assert check_claim(9, v, [[[1]], [[1]]], None, 0, [1, 0, 1]) == []
    assert check_claim(9, v, [[[1]], [[1]]], None, 1) == []


def test_confirms_and_refutes_a_rank_bound() -> None:
    v = CLAIM["matrices"]
    holevo = RANK_BOUND | {"left": [], "right": [], "through": [0, 1, 2, 3]}
    assert check_lower_bound(3, v, 0, holevo) == "confirmed"
    assert check_lower_bound(3, v, 1, holevo).startswith("refuted: the rank bound is 0")
    one = RANK_BOUND | {"left": [2, 3], "right": [], "through": [0, 1]}  # 1 + 2 - 2
    assert check_lower_bound(3, v, 1, one) == "confirmed"
    assert check_lower_bound(3, v, 1, one | {"left": [3]}).startswith(
        "refuted: the certificate cannot be read"
    )
    assert check_lower_bound(3, v, 1, {"method": "rank bound"}).startswith("refuted: the certificate cannot")


@pytest.mark.parametrize(("d", "c"), [(2, 2), (3, 1), (4, 1)])
def test_repeats_an_exhaustive_search(d: int, c: int) -> None:
    certificate = {"method": "kernel enumeration"}
    v = CLAIM["matrices"]
    assert check_lower_bound(d, v, c, certificate) == "confirmed"
    assert check_lower_bound(d, v, c + 1, certificate) == f"refuted: a precoding has rank {c}"


def test_kernels_where_precodings_are_too_many() -> None:
    one = np.eye(5, dtype=int)
    v = [one[:, [0, 1, k]].tolist() for k in (2, 3, 4)]
    certificate = {"method": "kernel enumeration"}
    assert check_lower_bound(2, v, 3, certificate) == "confirmed"
    assert check_lower_bound(2, v, 4, certificate).startswith(
        "refuted: a precoding has a kernel of dimension"
    )
    assert check_lower_bound(3, v, 3, certificate).startswith("refuted")
    assert check_lower_bound(3, v, 2, certificate) == "confirmed"
    assert check_lower_bound(2, v, 3, certificate, budget=2).startswith("not rechecked: too large")


def test_direct_sums() -> None:
    v = [[[1], [0]], [[0], [1]], [[1], [0]], [[0], [1]], [[1], [0]]]
    kernel = {"method": "kernel enumeration"}
    blocks = [
        {"servers": [0, 2, 4], "c_lower": 1} | kernel,
        {"servers": [1, 3], "c_lower": 0, "method": "trivial"},
    ]
    whole = {"method": "direct sum", "blocks": blocks}
    assert check_lower_bound(2, v, 1, whole) == "confirmed"
    assert "add up to less" in check_lower_bound(2, v, 2, whole)
    assert check_lower_bound(3, v, 1, whole) == "refuted: servers [0, 2, 4]: a precoding has rank 0"
    assert "not a partition" in check_lower_bound(2, v, 1, whole | {"blocks": blocks[:1]})
    mixed = [{"servers": [0, 1, 2], "c_lower": 1} | kernel, {"servers": [3, 4], "c_lower": 0} | kernel]
    assert "direct sum" in check_lower_bound(2, v, 1, whole | {"blocks": mixed})


def test_trivial_and_unknown() -> None:
    v = CLAIM["matrices"]
    assert check_lower_bound(3, v, 0, {"method": "trivial"}) == "confirmed"
    assert check_lower_bound(3, v, 1, {"method": "trivial"}).startswith("refuted")
    assert check_lower_bound(3, v, 1, {"method": "oracle"}) == "refuted: unknown method 'oracle'"
