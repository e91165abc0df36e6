"""The ways to do a linear computation: over which field, in which batches, by which scheme and graph."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from qcoord_hw.errors import InputError
from qcoord_hw.families.base import AS_GIVEN, Candidate
from qcoord_hw.families.linear_computation.parameters import BEYOND, BOX, THEOREM_1
from qcoord_hw.families.linear_computation.user_task import read_spec_task
from qcoord_hw.spec import ExperimentSpec, Plain
from qcoord_hw.theory.linear_computation.batching import degrees
from qcoord_hw.theory.linear_computation.task import LinearTask

MAX_BATCH = (1, 3)
"""Instances in one symbol at most, of odd and of even order: there is no gain in F_9, none beyond F_8."""

PLACED = 2
"""Up to so many instances in one symbol it is tried where the auxiliary qudits are."""

SERVERS = 4
"""That hold all auxiliary qudits, one after the other; a search takes turns among them as well."""

GRAPHS = 3
"""Graphs of one scheme, the easiest first."""

FIELDS = (2, 3, 5)
"""Prime fields in which sums of symbols are looked at."""

SCHEME = ("scheme", "batch", "auxiliary", "graph")
"""The parameters that a candidate states anew."""


def candidates(spec: ExperimentSpec) -> tuple[Candidate, ...]:
    """Return the ways to do the task of a spec.

    Raises:
        InputError: when a parameter is wrong.
    """
    return tuple(_candidates(spec))


def _candidates(spec: ExperimentSpec) -> Iterator[Candidate]:
    task, values = read_spec_task(spec)
    yield Candidate(AS_GIVEN, "as it is", lambda: spec)
    if values["scheme"] == BOX:
        return
    own = task.field
    p, batches = own.characteristic, degrees(own.order)[: MAX_BATCH[own.characteristic == 2]]
    for batch in batches if own.degree == 1 else (1,):
        yield from _theorem_1(spec, task, batch)
    for graph in range(1, GRAPHS):
        words = f"Theorem 1 over F_{own.order}, graph {graph} of those found"
        yield _candidate(spec, f"graph-{graph}", words, {"graph": graph})
    yield _candidate(
        spec, BEYOND, f"general stabilizers over F_{own.order}, beyond Theorem 1", {"scheme": BEYOND}
    )
    if not all((matrix < p).all() for matrix in task.matrices):
        return
    if own.degree > 1:
        words = f"over F_{p}, each digit of a symbol by itself: the same function"
        yield _candidate(spec, f"field-{p}", words, {"field": p})
    sums = all((matrix < 2).all() for matrix in task.matrices)
    for other in FIELDS if sums else ():
        if other != p:
            words = f"the same sums over F_{other}: another function"
            yield _candidate(spec, f"field-{other}", words, {"field": other}, same=False)


def _theorem_1(spec: ExperimentSpec, task: LinearTask, batch: int) -> Iterator[Candidate]:
    """Yield the scheme of Theorem 1, with auxiliary qudits where it is easiest and at each server."""
    name, words = f"batch-{batch}", f"batches of {batch} in F_{task.field.order**batch}"
    if batch == 1:
        name, words = THEOREM_1, f"Theorem 1 over F_{task.field.order}"
    parameters: dict[str, Plain] = {"batch": batch} if batch > 1 else {}
    if parameters != {key: value for key, value in spec.options.items() if key in SCHEME}:
        yield _candidate(spec, name, words, parameters)
    for server in task.servers[:SERVERS] if batch <= PLACED else ():
        yield Candidate(
            f"{name}-at-{_word(server)}",
            f"{words}, auxiliary qudits at {server}",
            partial(_placed, spec, parameters, server),
        )


def _placed(spec: ExperimentSpec, parameters: Mapping[str, Plain], server: str) -> ExperimentSpec:
    """Return the spec with all auxiliary qudits at one server.

    Raises:
        InputError: when the scheme needs none.
    """
    from qcoord_hw.families.linear_computation.circuits import scoring_of

    free = _with(spec, parameters)
    count = scoring_of(free.stating({"inputs": 1}))[0].scheme["c"]
    if not count:
        raise InputError("the scheme needs no auxiliary qudits")
    return free.stating({"auxiliary": (server,) * count})


def _candidate(
    spec: ExperimentSpec, name: str, title: str, parameters: Mapping[str, Plain], *, same: bool = True
) -> Candidate:
    return Candidate(name, title, lambda: _with(spec, parameters), same)


def _with(spec: ExperimentSpec, parameters: Mapping[str, Plain]) -> ExperimentSpec:
    """Return the spec with another scheme; how many inputs are run, and which, stays."""
    left_out = {*SCHEME, *({"irreducible_poly"} if "field" in parameters else ())}
    kept = {key: value for key, value in spec.options.items() if key not in left_out}
    return spec.with_parameters(kept | dict(parameters))


def _word(name: str) -> str:
    """Return a server's name in letters, digits and dashes."""
    return "".join(c if c.isascii() and c.isalnum() else "-" for c in name)
