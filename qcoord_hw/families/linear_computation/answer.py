"""What `qcoord theory linear` says of a task: typed, with its text and its figure."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from qcoord_hw.answer import Answer, Row, optional
from qcoord_hw.families.linear_computation.answer_text import THEOREM_1, linear_theory_text
from qcoord_hw.families.linear_computation.box_answer import GIVEN, box_part
from qcoord_hw.qudits.synthesis import sparse_scheme
from qcoord_hw.theory.formats import FORMAT
from qcoord_hw.theory.linear_computation.batching import BatchedRate, batched_rates
from qcoord_hw.theory.linear_computation.beyond import StabilizerScheme, search_beyond
from qcoord_hw.theory.linear_computation.field import Field
from qcoord_hw.theory.linear_computation.lemma_2 import lemma_2
from qcoord_hw.theory.linear_computation.nsum_box import NSumBox
from qcoord_hw.theory.linear_computation.precoding import auxiliary_rank, minimise_auxiliary
from qcoord_hw.theory.linear_computation.rates import (
    Baseline,
    Optimum,
    Region,
    baselines,
    optimum,
    region,
)
from qcoord_hw.theory.linear_computation.scheme import build_scheme
from qcoord_hw.theory.linear_computation.task import LinearTask, Reduction, reduce_task
from qcoord_hw.time_limit import TimeLimit

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BEYOND_SECONDS = 10.0
"""For the search for schemes beyond the theorem: what is found is found early."""

MAX_DIGITS = 40
"""Above this many base-p digits no graph is looked for; the first precoding found is printed."""


Matrix = Sequence[Sequence[int]]
"""Rows of symbols of F_d."""


@dataclass(frozen=True)
class Batched:
    """A task in symbols of an extension field: several instances in one symbol.

    Attributes:
        field: its order.
        irreducible_poly: highest coefficient first; None for a prime field.
        instances: how many are computed together.
        c: auxiliary qudits.
        c_lower: proved lower bound on them.
        certificate: what proves it.
        P: precoding matrix of each server.
        rate: computations per qudit.
    """

    field: int
    irreducible_poly: Sequence[int] | None
    instances: int
    c: int
    c_lower: int
    certificate: Mapping[str, Any]
    P: Mapping[str, Matrix]
    rate: Fraction


@dataclass(frozen=True)
class Beyond:
    """A stabilizer scheme that beats the theorem.

    Attributes:
        label: where it comes from.
        instances: how many are computed together.
        qudits: of each server, for all of them.
        cost: qudits per instance.
        cost_per_instance: the same as a number.
        rate: computations per qudit.
        M: the self-orthogonal matrix.
        encoders: of each server.
        verified: what was checked.
    """

    label: str
    instances: int
    qudits: Mapping[str, int]
    cost: Fraction
    cost_per_instance: float
    rate: Fraction
    M: Matrix
    encoders: Mapping[str, Matrix]
    verified: str


@dataclass(frozen=True, eq=False, repr=False)
class LinearAnswer(Answer):
    """What theory says of a linear computation.

    Attributes:
        name: of the task.
        field: its order.
        irreducible_poly: highest coefficient first; None for a prime field.
        K: computations.
        servers: how many symbols each has, after reduction.
        server_order: their names.
        V: the reduced matrix of each server.
        reduced: what was reduced, a line each.
        c: auxiliary qudits.
        c_lower: proved lower bound on them.
        optimal: whether the two are equal.
        certificate: what proves the lower bound.
        c_without_precoding: auxiliary qudits where every precoding is the identity.
        P: precoding matrix of each server.
        M: exponents [X of data, auxiliary, Z of data, auxiliary], a row for each output.
        generators: the stabilizer generator of each output.
        qudits: downloaded for two instances.
        download: the same from each server.
        rate: of [Hu2025, Theorem 1], computations per qudit.
        region: download costs that are enough.
        baselines: name -> rate in computations per qudit, of what is known.
        sources: name -> the same with kind, source and note.
        bonus_outputs: what a complete measurement tells the user besides.
        batched: the rates in extension fields.
        beyond: a scheme that beats the theorem, if one was found.
        seconds: how long it took.
        optimum: the capacity, where a scheme meets the converse; absent where none does.
        lemma_2: the matrices of Lemmas 2 and 3 for this P: `B_1`, `B_2`, the `diagonal` of B_1 H G^T B_2^T,
            `H'` and `G'` (behind the inverses of B_1, B_2), and whether the `literal` form does as well.
        reduction: where something was reduced, the matrices as written, `V`, and how they are made of those
            above: `outputs` V_s `inputs`, with the `inputs` of server s, which sends these times w_s.
        stabilizers: what is said of the N-sum box itself, if one was given.
        exported: paths of the files that its stabilizers were written to, if that was asked for.
        time_limit: how the limit was kept.
        format: that of the JSON object; one of an older version states none.
    """

    name: str
    field: int
    irreducible_poly: Sequence[int] | None
    K: int
    servers: Mapping[str, int]
    server_order: Sequence[str]
    V: Mapping[str, Matrix]
    reduced: Sequence[str]
    c: int
    c_lower: int
    optimal: bool
    certificate: Mapping[str, Any]
    c_without_precoding: int
    P: Mapping[str, Matrix]
    M: Matrix
    generators: Sequence[Mapping[str, Any]]
    qudits: int
    download: Mapping[str, int]
    rate: Fraction
    region: Region
    baselines: Mapping[str, Fraction]
    sources: Mapping[str, Baseline]
    bonus_outputs: Sequence[Mapping[str, Any]]
    batched: Sequence[Batched]
    beyond: Beyond | None
    seconds: float
    optimum: Optimum | None = optional()
    lemma_2: Mapping[str, Any] | None = optional()
    reduction: Mapping[str, Any] | None = optional()
    stabilizers: Mapping[str, Any] | None = optional()
    exported: Sequence[str] | None = optional()
    time_limit: TimeLimit | None = optional()
    format: int = FORMAT

    def rows(self) -> Sequence[Row]:
        """Return a row for each rate, in computations per qudit: `name`, `rate`, `kind`, `source`."""
        rows: list[Row] = [
            {"name": name, "rate": float(known.value), "kind": known.kind, "source": known.source}
            for name, known in self.sources.items()
            if known.value is not None
        ]
        own: list[tuple[str, Fraction]] = [
            (f"batched, F_{one.field}", one.rate) for one in self.batched if one.field != self.field
        ]
        own += [(self.beyond.label, self.beyond.rate)] if self.beyond else []
        return rows + [
            {"name": name, "rate": float(rate), "kind": "achievable", "source": "this program"}
            for name, rate in own
        ]

    def plot(self) -> Figure:
        """Return a figure of the ladder of rates, the lowest first: schemes are blue, upper bounds red."""
        from qcoord_hw.charts import rows_figure
        from qcoord_hw.diagrams import BOUND, DATA, THEORY, Interval, Mark, Rows

        colours = {"upper bound": BOUND, "achievable": DATA}
        ladder = sorted(self.rows(), key=lambda row: float(str(row["rate"])))
        rows = []
        for row in ladder:
            value, kind = float(str(row["rate"])), str(row["kind"])
            rows.append(
                Interval(f"{row['name']} ({kind})", value, value, value, colour=colours.get(kind, THEORY))
            )
        mark = Mark("[Hu2025, Theorem 1]", float(self.rate), THEORY)
        axis = "computations per qudit"
        return rows_figure(Rows(f"{self.name}: rates", axis, tuple(rows), (mark,), bars=True), 7.5)

    def _text(self) -> str:
        return linear_theory_text(self)


def linear_theory(task: LinearTask, time_limit: float = 60.0, seed: int = 0) -> LinearAnswer:
    """Return what theory says of a task.

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
    achieved = {THEOREM_1: where.rate} | ({} if beyond is None else {beyond.source: beyond.rate})
    achieved |= {f"batched, F_{b.task.field.order}": b.rate for b in batches}
    identity = [np.eye(m, dtype=np.int64) for m in small.sizes]
    return LinearAnswer(
        name=task.name,
        field=small.field.order,
        irreducible_poly=_modulus(small.field),
        K=small.rows,
        servers=dict(zip(small.servers, small.sizes, strict=True)),
        server_order=list(small.servers),
        V={s: v.tolist() for s, v in zip(small.servers, small.matrices, strict=True)},
        reduced=list(reduction.notes),
        c=found.c,
        c_lower=found.c_lower,
        optimal=found.c == found.c_lower,
        certificate=found.certificate,
        c_without_precoding=auxiliary_rank(small, identity),
        P={s: p.tolist() for s, p in zip(small.servers, scheme.precoders, strict=True)},
        M=scheme.matrix.tolist(),
        generators=scheme.generators(),
        qudits=scheme.qudits,
        download=scheme.download,
        rate=where.rate,
        region=where,
        baselines={name: b.value for name, b in rates.items() if b.value is not None},
        sources=rates,
        bonus_outputs=scheme.bonus_outputs(),
        batched=[_batch(b) for b in batches],
        beyond=None if beyond is None else _beyond(beyond),
        seconds=round(time.monotonic() - start, 3),
        optimum=optimum(small, achieved),
        lemma_2=_lemma_2(small, scheme.precoders),
        reduction=_reduction(task, reduction),
    )


def _reduction(task: LinearTask, found: Reduction) -> dict[str, Any] | None:
    if not found.notes:
        return None
    return {
        "V": {s: v.tolist() for s, v in zip(task.servers, task.matrices, strict=True)},
        "outputs": found.outputs.tolist(),
        "inputs": {s: r.tolist() for s, r in zip(task.servers, found.inputs, strict=True)},
    }


def _lemma_2(task: LinearTask, precoders: Sequence[Any]) -> dict[str, Any]:
    found = lemma_2(task, precoders)
    matrices = {"B_1": found.B_1, "B_2": found.B_2, "H'": found.H, "G'": found.G}
    plain = {name: matrix.tolist() for name, matrix in matrices.items()}
    return plain | {"diagonal": list(found.diagonal), "literal": found.literal}


def box_theory(box: NSumBox, time_limit: float = 60.0, seed: int = 0) -> LinearAnswer:
    """Return what theory says of a stabilizer state: of the task that it computes, and of itself.

    Args:
        box: as its file states it.
        time_limit: seconds for everything.
        seed: of the searches.
    """
    task = box.computation()[0]
    answer = linear_theory(task, time_limit, seed)
    own = box_part(box, answer)
    if answer.optimum is None:
        answer = replace(answer, optimum=optimum(reduce_task(task).task, {GIVEN: Fraction(own["rate"])}))
    return replace(answer, stabilizers=own)


def _modulus(field: Field) -> list[int] | None:
    return list(field.irreducible_poly) if field.degree > 1 else None


def _batch(rate: BatchedRate) -> Batched:
    field, servers = rate.task.field, rate.task.servers
    return Batched(
        field=field.order,
        irreducible_poly=_modulus(field),
        instances=2 * rate.degree,
        c=rate.c,
        c_lower=rate.c_lower,
        certificate=rate.found.certificate,
        P={s: p.tolist() for s, p in zip(servers, rate.found.P, strict=True)},
        rate=rate.rate,
    )


def _beyond(scheme: StabilizerScheme) -> Beyond:
    servers = scheme.task.servers
    return Beyond(
        label=scheme.source,
        instances=scheme.instances,
        qudits=dict(zip(servers, scheme.qudits, strict=True)),
        cost=scheme.cost,
        cost_per_instance=float(scheme.cost),
        rate=scheme.rate,
        M=scheme.M.tolist(),
        encoders={s: e.tolist() for s, e in zip(servers, scheme.encoders, strict=True)},
        verified="M J M^T = 0, rank M = K L, M E = I_L (x) V",
    )
