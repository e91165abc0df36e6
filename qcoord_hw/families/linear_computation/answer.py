"""What `qcoord theory linear` says of a task: one plain object, and its text for a terminal."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from qcoord_hw.qudits.synthesis import sparse_scheme
from qcoord_hw.theory.linear_computation.batching import BatchedRate, batched_rates
from qcoord_hw.theory.linear_computation.beyond import StabilizerScheme, search_beyond
from qcoord_hw.theory.linear_computation.field import Field
from qcoord_hw.theory.linear_computation.precoding import auxiliary_rank, minimise_auxiliary
from qcoord_hw.theory.linear_computation.rates import baselines, region
from qcoord_hw.theory.linear_computation.scheme import build_scheme
from qcoord_hw.theory.linear_computation.task import LinearTask, reduce_task

BEYOND_SECONDS = 10.0
"""For the search for schemes beyond the theorem: what is found is found early."""

MAX_DIGITS = 40
"""Above this many base-p digits no graph is looked for; the first precoding found is printed."""


def linear_theory(task: LinearTask, time_limit: float = 60.0, seed: int = 0) -> dict[str, Any]:
    """Return what theory says of a task, as plain JSON values; rates are fractions in dits a qudit.

    Args:
        task: as the user wrote it.
        time_limit: seconds for everything. What is not proved by then is an interval [c_lower, c].
        seed: of the searches.
    """
    start = time.monotonic()

    def left(share: float) -> float:
        return max(0.05, share * (time_limit - (time.monotonic() - start)))

    reduction = reduce_task(task)
    small = reduction.task
    found = minimise_auxiliary(small, time_limit=left(0.6), seed=seed)
    spent = time.monotonic() - start
    digits = (sum(small.sizes) + found.c) * small.field.degree
    scheme = build_scheme(small, found.P)
    if digits <= MAX_DIGITS and left(1) > 10:
        scheme, _ = sparse_scheme(reduction, found=found)
    batches = []
    if small.field.degree == 1 and 4 * spent < time_limit:  # up to three tasks of this size follow
        batches = batched_rates(small, time_limit=left(0.4), seed=seed, max_degree=3)
    where = region(small, found.c)
    beyond = search_beyond(small, where.cost, time_limit=min(left(0.5), BEYOND_SECONDS), seed=seed)
    rates = baselines(small, found.c)
    identity = [np.eye(m, dtype=np.int64) for m in small.sizes]
    return {
        "ok": True,
        "name": task.name,
        "field": small.field.order,
        "irreducible_poly": _modulus(small.field),
        "K": small.rows,
        "servers": dict(zip(small.servers, small.sizes, strict=True)),
        "server_order": list(small.servers),
        "V": {s: v.tolist() for s, v in zip(small.servers, small.matrices, strict=True)},
        "reduced": list(reduction.notes),
        "c": found.c,
        "c_lower": found.c_lower,
        "optimal": found.c == found.c_lower,
        "certificate": found.certificate,
        "c_without_precoding": auxiliary_rank(small, identity),
        "P": {s: p.tolist() for s, p in zip(small.servers, scheme.precoders, strict=True)},
        "M": scheme.matrix.tolist(),
        "generators": scheme.generators(),
        "qudits": scheme.qudits,
        "download": scheme.download,
        "rate": str(where.rate),
        "region": where.to_json(),
        "baselines": {name: str(b.value) for name, b in rates.items() if b.value is not None},
        "sources": {name: b.to_json() for name, b in rates.items()},
        "bonus_outputs": scheme.bonus_outputs(),
        "batched": [_batch(b) for b in batches],
        "beyond": None if beyond is None else _beyond(beyond),
        "seconds": round(time.monotonic() - start, 3),
    }


def _modulus(field: Field) -> list[int] | None:
    return list(field.irreducible_poly) if field.degree > 1 else None


def _batch(rate: BatchedRate) -> dict[str, Any]:
    field, servers = rate.task.field, rate.task.servers
    return {
        "field": field.order,
        "irreducible_poly": _modulus(field),
        "instances": 2 * rate.degree,
        "c": rate.c,
        "c_lower": rate.c_lower,
        "certificate": rate.found.certificate,
        "P": {s: p.tolist() for s, p in zip(servers, rate.found.P, strict=True)},
        "rate": str(rate.rate),
    }


def _beyond(scheme: StabilizerScheme) -> dict[str, Any]:
    return {
        "label": scheme.source,
        "instances": scheme.instances,
        "qudits": dict(zip(scheme.task.servers, scheme.qudits, strict=True)),
        "cost": str(scheme.cost),
        "cost_per_instance": float(scheme.cost),
        "rate": str(scheme.rate),
        "M": scheme.M.tolist(),
        "encoders": {s: e.tolist() for s, e in zip(scheme.task.servers, scheme.encoders, strict=True)},
        "verified": "M J M^T = 0, rank M = K L, M E = I_L (x) V",
    }


def linear_theory_text(answer: dict[str, Any]) -> str:
    """Return the object of `linear_theory` for a terminal."""
    k, c = answer["K"], answer["c"]
    proved = (
        f"{c} (proved: {_certificate(answer['certificate'])})"
        if answer["optimal"]
        else f"between {answer['c_lower']} and {c} (stopped by the time limit)"
    )
    lines = [
        f"{answer['name']}: {k} computations of {len(answer['servers'])} servers over F_{answer['field']}",
        *(f"reduced: {note}" for note in answer["reduced"]),
        "",
        *_matrices("V", answer["V"]),
        f"auxiliary qudits c  {proved}",
        f"without precoding   {answer['c_without_precoding']} (every P_s the identity)",
        *_matrices("P", answer["P"]),
        f"download            {answer['qudits']} qudits for two instances: "
        + ", ".join(f"{s} {n}" for s, n in answer["download"].items()),
        "region              "
        + ", ".join(f"2 D_{s} >= {m}" for s, m in answer["servers"].items())
        + f", 2 sum D >= {sum(answer['servers'].values()) + c}  (D: qudits an instance)",
        "",
        "rates, in computations a qudit:",
        f"  {answer['rate']:<8}[Hu2025, Theorem 1]",
    ]
    for name, entry in answer["sources"].items():
        if name != "theorem1" and entry["value"] is not None:
            lines.append(
                f"  {entry['value']:<8}{name} ({entry['kind']}): {entry['note']} [{entry['source']}]"
            )
    for entry in answer["batched"][:1]:
        if entry["field"] != answer["field"]:
            lines.append(
                f"  {entry['rate']:<8}batched: {entry['instances']} instances in symbols of "
                f"F_{entry['field']}, c = {entry['c']}"
            )
    if answer["beyond"]:
        b = answer["beyond"]
        lines.append(
            f"  {b['rate']:<8}{b['label']}: {b['cost']} = {b['cost_per_instance']:g} qudits an instance "
            f"(theorem 1: {float(answer['qudits'] / 2):g}), {b['instances']} instances together; verified: "
            f"{b['verified']}"
        )
    lines += ["", "M = [X exponents of data | auxiliary || Z exponents of data | auxiliary]:"]
    half = len(answer["M"][0]) // 2
    lines += [f"  {_row(row[:half])} | {_row(row[half:])}" for row in answer["M"]]
    bonus = answer["bonus_outputs"]
    if bonus:
        lines += [
            "",
            f"a complete measurement also tells the user {len(bonus)} further function(s) of instance 1:",
        ]
        lines += [
            "  " + ", ".join(f"{s}: {_row(f)}" for s, f in entry["function"].items()) for entry in bonus
        ]
    return "\n".join([*lines, "", f"{answer['seconds']:g} s"])


def _certificate(certificate: dict[str, Any]) -> str:
    return str(certificate.get("method", "see --json"))


def _matrices(name: str, matrices: dict[str, list[list[int]]]) -> list[str]:
    return [f"{name}_{s:<18}" + "; ".join(_row(row) for row in rows) for s, rows in matrices.items()]


def _row(row: list[int]) -> str:
    return " ".join(map(str, row))
