"""The stabilizers of a scheme as files: generators as text, and a circuit that makes the state."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from qcoord_hw.errors import InputError
from qcoord_hw.qudits.graph import expand
from qcoord_hw.spec import short_repr
from qcoord_hw.theory.linear_computation.field import Array, Field, field_of
from qcoord_hw.theory.linear_computation.nsum_box import NSumBox
from qcoord_hw.theory.linear_computation.pauli_strings import write_strings
from qcoord_hw.theory.linear_computation.state_circuits import (
    chp_text,
    generators_of,
    state_circuit,
    stim_text,
)
from qcoord_hw.theory.linear_computation.task import LinearTask

SUFFIXES = (".json", ".stim", ".chp")


def check_export(path: Path) -> None:
    """Refuse a file whose name does not say what it holds.

    Raises:
        InputError: naming the endings that are allowed.
    """
    if path.suffix not in SUFFIXES:
        raise InputError(
            f"export-stabilizers: {short_repr(str(path))}; allowed is a name that ends with .json "
            "(the circuit, .stim or for odd d .chp, stands beside it)"
        )


def stabilizer_files(answer: Mapping[str, Any], given: LinearTask | NSumBox, path: Path) -> dict[Path, str]:
    """Return the files that state a scheme's stabilizers, over F_p: a symbol of F_{p^r} is r digits.

    X exponents stand in the basis 1, x, .., x^(r-1), Z exponents in its trace-dual one.

    Args:
        answer: of `linear_theory`: its scheme with M.
        given: the task that was asked for, or the box, whose own generators are then written.
        path: of the generators; the circuit has the same stem.

    Returns:
        Content by path.
    """
    gf = given.field
    if isinstance(given, NSumBox):
        m, offset = given.M, given.offset
        held = dict(zip(given.servers, map(list, given.qudits), strict=True))
    else:
        m, held = np.array(answer["M"], dtype=np.int64), _holders(answer)
        offset = np.zeros(len(m), dtype=np.int64)
    prime, r, n = field_of(gf.characteristic), gf.degree, m.shape[1] // 2
    digits = _digits(gf, m) if r > 1 else m
    signs = offset if r == 1 else np.zeros(len(digits), dtype=np.int64)
    servers = {s: [q * r + i for q in own for i in range(r)] for s, own in held.items()}
    data = {
        "name": answer["name"],
        "field": prime.order,
        "servers": servers,
        "stabilizers": write_strings(generators_of(prime, digits, signs), prime.order),
    }
    gates = state_circuit(prime, digits, signs)
    words = [f"{s} holds {' '.join(map(str, own))}" for s, own in servers.items()]
    if prime.order == 2:
        circuit = path.with_suffix(".stim"), stim_text(gates, words)
    else:
        circuit = path.with_suffix(".chp"), chp_text(gates, words, prime.order, n * r)
    return {path.with_suffix(".json"): _pretty(data), circuit[0]: circuit[1]}


def _holders(answer: Mapping[str, Any]) -> dict[str, list[int]]:
    """Return who holds which qudit of a scheme: data in server order, then the auxiliary ones.

    Nobody acts on those, so that it does not matter which of them a server holds, only how many.
    """
    start, spare = 0, sum(answer["servers"].values())
    held: dict[str, list[int]] = {}
    for server in answer["server_order"]:
        size, extra = answer["servers"][server], answer["download"][server] - answer["servers"][server]
        held[server] = [*range(start, start + size), *range(spare, spare + extra)]
        start, spare = start + size, spare + extra
    return held


def _digits(gf: Field, m: Array) -> Array:
    """Return M over F_p, for digits of exponents and outputs."""
    n, basis = m.shape[1] // 2, gf.power_basis
    return np.hstack([expand(gf, m[:, :n], basis, basis), expand(gf, m[:, n:], gf.dual_basis(basis), basis)])


def _pretty(data: dict[str, Any]) -> str:
    """Return JSON with a line for each entry."""
    lines = []
    for key, value in data.items():
        text = json.dumps(value)
        if isinstance(value, list):
            text = "[\n    " + ",\n    ".join(map(json.dumps, value)) + "\n  ]"
        lines.append(f"  {json.dumps(key)}: {text}")
    return "{\n" + ",\n".join(lines) + "\n}\n"
