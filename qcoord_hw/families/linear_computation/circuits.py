"""Linear computations over a quantum multiple-access channel [Hu2025].

Servers share a stabilizer state before any data are known. Each acts on its own qudits with Weyl operators
whose exponents are linear in its own symbols of two instances, and sends its qudits to the user, who undoes
the state's graph, measures, and reads y = V w for both instances.

A long module, since every scheme ends in the same code, circuit and scoring.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import numpy as np

from qcoord_hw.errors import InputError, TooLargeError
from qcoord_hw.families.experiment import Experiment, Setting
from qcoord_hw.families.linear_computation.parameters import (
    ALL_INPUTS,
    BEYOND,
    BOX,
    MAX_INPUTS,
    SOME_INPUTS,
    THEOREM_1,
)
from qcoord_hw.families.linear_computation.scoring import Chosen, LinearScoring
from qcoord_hw.families.linear_computation.user_task import read_spec_task
from qcoord_hw.network import NetworkCircuit, many_to_one
from qcoord_hw.qudits.gates import weyl, weyl_after_fourier
from qcoord_hw.qudits.graph import GraphCode, stabilizer_digit_code
from qcoord_hw.qudits.graph_circuits import graph_state, undo_graph
from qcoord_hw.qudits.leakage import qubits_per_digit
from qcoord_hw.qudits.synthesis import sparse_scheme, synthesise
from qcoord_hw.schema import refusal
from qcoord_hw.spec import ExperimentSpec, check_integer, short_repr
from qcoord_hw.theory.linear_computation.batching import batch, degrees
from qcoord_hw.theory.linear_computation.beyond import search_beyond
from qcoord_hw.theory.linear_computation.field import Array
from qcoord_hw.theory.linear_computation.nsum_box import (
    Exponents,
    box_scheme,
    independent_rows,
)
from qcoord_hw.theory.linear_computation.precoding import minimise_auxiliary
from qcoord_hw.theory.linear_computation.rates import Baseline, baselines, region
from qcoord_hw.theory.linear_computation.task import LinearTask, reduce_task

USER = "User"

SPREAD = 64
"""Inputs from which on each is run in one block alone: there are enough in each for drift to show."""

MAX_QUBITS = 64

MAX_PRIME = 61
"""The largest p of a circuit: a Fourier transform on the seven qubits of the next is minutes of synthesis."""


def build(spec: ExperimentSpec) -> Experiment:
    """Build the experiment of a spec of family `linear-computation`; `parameters` says what may stand in it.

    Raises:
        InputError: naming the parameter that is missing, unknown or out of range.
    """
    task, arguments = _arguments(spec)
    return task_experiment(task, name=spec.name, title=spec.title, **arguments)


def scoring_of(spec: ExperimentSpec) -> tuple[LinearScoring, tuple[str, ...]]:
    """Return how counts of a spec are scored, without its circuits (so without bits), and the inputs' labels.

    Raises:
        InputError: as `build`.
    """
    task, arguments = _arguments(spec)
    play = _scored(task, **arguments).play
    return play, tuple(_label(w, task.field.order) for w in play.inputs.tolist())


def _arguments(spec: ExperimentSpec) -> tuple[LinearTask, dict[str, Any]]:
    """Return the task of a spec, and what is asked of its experiment."""
    task, values = read_spec_task(spec)
    inputs, seed = values["inputs"], values["inputs_seed"]
    if seed is not None and not isinstance(0 if inputs is None else inputs, int):
        raise refusal("inputs_seed", seed, "with a number of random inputs")
    return task, {
        "scheme": values["scheme"],
        "batched": values["batch"],
        "auxiliary": values["auxiliary"],
        "exponents": values["exponents"],
        "graph": values["graph"] or 0,
        "inputs": inputs,
        "inputs_seed": seed or 0,
    }


def task_experiment(
    task: LinearTask,
    *,
    name: str,
    title: str,
    scheme: object = THEOREM_1,
    batched: int = 1,
    auxiliary: Sequence[str] | None = None,
    exponents: Exponents | None = None,
    graph: int = 0,
    inputs: object = None,
    inputs_seed: int = 0,
) -> Experiment:
    """Return the experiment that computes a task.

    Args:
        task: what the user wants.
        name: name of the experiment.
        title: one line for people.
        scheme: `theorem-1`, `beyond` or `n-sum-box`.
        batched: consecutive instances of F_p data that become one symbol of F_{p^batched}.
        auxiliary: the server of each auxiliary qudit.
        exponents: with `n-sum-box`, for each server its name and what its symbols are: `x0`, .., `z0`, ..
        graph: of the graphs found for the state, which one; 0 is the easiest.
        inputs: `all`, a number of random ones, or a sequence of (w1, w2); by default all up to 6561, else
            200.
        inputs_seed: of the random ones.

    Raises:
        InputError: naming the argument that does not fit the task.
        TooLargeError: when the circuit would have more than 64 qubits.
    """
    scored = _scored(
        task,
        scheme=scheme,
        batched=batched,
        auxiliary=auxiliary,
        exponents=exponents,
        graph=graph,
        inputs=inputs,
        inputs_seed=inputs_seed,
    )
    play, code = scored.play, scored.code
    net, digits = computation_circuit(code, scored.servers, name.replace("-", "_"))
    settings = _settings(net, code, task, digits, play.inputs, batched)
    return Experiment(
        name,
        title,
        (net,),
        settings,
        replace(play, bits=digits),
        copies=play.instances,
        spread=len(play.inputs) >= SPREAD,
    )


@dataclass(frozen=True, eq=False)
class _Scored:
    """A scheme for a task, and how its counts are scored, before there is a circuit.

    Attributes:
        play: without bits.
        code: what is to be executed.
        servers: who holds its digits.
    """

    play: LinearScoring
    code: GraphCode
    servers: tuple[str, ...]


def _scored(
    task: LinearTask,
    *,
    scheme: object,
    batched: int,
    auxiliary: Sequence[str] | None,
    exponents: Exponents | None,
    graph: int,
    inputs: object,
    inputs_seed: int,
) -> _Scored:
    """Return the scheme of a task with its scoring: see `task_experiment`."""
    if batched > 1 and task.field.degree == 1 and batched not in degrees(task.field.order):
        raise InputError(
            f"batch: {batched}; allowed for F_{task.field.order} are 1 to {degrees(task.field.order)[-1]}"
        )
    wide = batch(task, batched) if batched > 1 else task
    asked, places = _Asked.of(wide), None if auxiliary is None else tuple(auxiliary)
    if scheme == THEOREM_1:
        found = _theorem_1(asked, places, graph)
    elif scheme == BEYOND:
        found = _beyond(asked, places, graph)
    elif scheme == BOX and exponents is not None:
        if batched > 1 or places is not None:
            raise InputError(f"parameters.scheme: {BOX}; allowed without batch and auxiliary")
        found = _given(asked, exponents)
    else:
        raise InputError(f"parameters.scheme: {short_repr(scheme)}; allowed are {THEOREM_1}, {BEYOND}, {BOX}")
    code = _ordered(found.code)
    given = input_symbols(task, inputs, inputs_seed, found.instances * batched)
    play = LinearScoring(
        task=task,
        qudits=found.qudits * batched,
        bits=(),
        decoder=_unbatched(code.decoder, task.rows, batched),
        inputs=given,
        baselines={
            "quantum": (found.instances * found.rows / found.qudits, found.scheme["source"]),
            **{
                name: (float(rate.value), rate.source)
                for name, rate in found.rates.items()
                if rate.value is not None and name != "theorem1"
            },
        },
        scheme=found.scheme,
        chosen=_chosen(inputs, len(given)),
    )
    return _Scored(play, code, tuple(wide.servers))


@dataclass(frozen=True)
class _Asked:
    """A task that equals another one of the same content: its scheme is looked for once a process."""

    content: str
    task: LinearTask = field(compare=False)

    @classmethod
    def of(cls, task: LinearTask) -> _Asked:
        return cls(json.dumps(task.to_json()), task)


@dataclass(frozen=True, eq=False)
class _Found:
    """A scheme for a task: its graph code, the qudits and instances that it counts, and what to say of it."""

    code: GraphCode
    rows: int
    instances: int
    qudits: int
    rates: dict[str, Baseline]
    scheme: dict[str, Any]


@lru_cache(maxsize=32)
def _theorem_1(asked: _Asked, auxiliary: tuple[str, ...] | None, graph: int) -> _Found:
    task = asked.task
    reduction = reduce_task(task)
    small = reduction.task
    _check_size(task, sum(small.sizes))
    precoding = minimise_auxiliary(small)
    _check_size(task, sum(small.sizes) + precoding.c)
    scheme, code = sparse_scheme(reduction, auxiliary, precoding, graph)
    words = {
        "source": "Hu2025, Theorem 1",
        "field": small.field.order,
        "c": scheme.auxiliary,
        "P": {s: p.tolist() for s, p in zip(small.servers, scheme.precoders, strict=True)},
        "M": scheme.matrix.tolist(),
        "download": scheme.download,
        "reduced": list(reduction.notes),
        "bonus_outputs": scheme.qudits - 2 * small.rows,
    }
    return _Found(code, small.rows, 2, scheme.qudits, baselines(small, scheme.auxiliary), words)


@lru_cache(maxsize=32)
def _beyond(asked: _Asked, auxiliary: tuple[str, ...] | None, graph: int) -> _Found:
    if auxiliary is not None:
        raise InputError("auxiliary: given; allowed only with scheme theorem-1")
    task = asked.task
    reduction = reduce_task(task)
    small = reduction.task
    _check_size(task, sum(small.sizes))
    c = minimise_auxiliary(small).c
    scheme = search_beyond(small, region(small, c).cost)
    if scheme is None:
        raise InputError(f"parameters.scheme: {BEYOND}; none was found for task {task.name!r}")
    _check_size(task, sum(scheme.qudits))
    code, _ = synthesise([stabilizer_digit_code(reduction, scheme)], number=graph)
    words = {
        "source": scheme.source,
        "field": small.field.order,
        "instances": scheme.instances,
        "M": scheme.M.tolist(),
        "download": dict(zip(small.servers, scheme.qudits, strict=True)),
        "reduced": list(reduction.notes),
    }
    return _Found(code, small.rows, scheme.instances, sum(scheme.qudits), baselines(small, c), words)


@lru_cache(maxsize=32)
def _given(asked: _Asked, exponents: Exponents) -> _Found:
    task = asked.task
    reduction = independent_rows(task)
    scheme = box_scheme(task, exponents)
    _check_size(task, sum(scheme.qudits))
    code, _ = synthesise([stabilizer_digit_code(reduction, scheme)])
    small = reduce_task(task).task
    words = {
        "source": scheme.source,
        "field": task.field.order,
        "instances": 1,
        "M": scheme.M.tolist(),
        "download": dict(zip(task.servers, scheme.qudits, strict=True)),
        "exponents": {server: list(names) for server, names in exponents},
        "reduced": list(reduction.notes),
    }
    least = sum(scheme.qudits) * 2 - sum(small.sizes)  # c enters the rate of theorem 1 alone
    return _Found(code, small.rows, 1, sum(scheme.qudits), baselines(small, least), words)


def _check_size(task: LinearTask, qudits: int) -> None:
    """Refuse a task whose circuit is too large, before a circuit is looked for."""
    if task.field.characteristic > MAX_PRIME:
        raise TooLargeError(
            f"field: {task.field.order}; allowed for circuits are fields of characteristic up to {MAX_PRIME} "
            "(theory alone knows larger ones)"
        )
    size = qudits * task.field.degree * qubits_per_digit(task.field.characteristic)
    if size > MAX_QUBITS:
        raise TooLargeError(f"task {task.name!r}: {size} qubits; allowed are at most {MAX_QUBITS}")


def _unbatched(decoder: Array, rows: int, batched: int) -> Array:
    """Return the decoder with the digits of a symbol as instances of their own."""
    if batched == 1:
        return decoder
    n = decoder.shape[1]
    return decoder.reshape(-1, rows, batched, n).transpose(0, 2, 1, 3).reshape(-1, n)


def input_symbols(task: LinearTask, inputs: object, seed: int, instances: int = 2) -> Array:
    """Return the inputs of a run, shape (inputs, instances, sum m_s): symbols w1, w2, .., servers in order.

    Raises:
        InputError: naming `inputs`, what was given and what is allowed.
    """
    d, width = task.field.order, sum(task.sizes)
    total = d ** (instances * width)
    if inputs is None:
        inputs = "all" if total <= ALL_INPUTS else SOME_INPUTS
    if inputs == "all":
        if total > MAX_INPUTS:
            raise InputError(
                f"inputs: all {total} are more than {MAX_INPUTS}; allowed here is a number of random ones"
            )
        every = np.array(list(itertools.product(range(d), repeat=instances * width)), dtype=np.int64)
        return every.reshape(total, instances, width)
    if isinstance(inputs, int) and not isinstance(inputs, bool):
        check_integer("inputs", inputs, 1, MAX_INPUTS)
        return np.random.default_rng(seed).integers(0, d, (inputs, instances, width))
    if not isinstance(inputs, (list, tuple)) or not 1 <= len(inputs) <= MAX_INPUTS:
        raise InputError(
            f"inputs: {short_repr(inputs)}; allowed are all, a number, or a list of 1 to {MAX_INPUTS}"
        )
    for k, pair in enumerate(inputs):
        names = [f"w{i + 1}" for i in range(instances)]
        if not isinstance(pair, (list, tuple)) or len(pair) != instances:
            raise InputError(f"inputs[{k}]: {short_repr(pair)}; allowed are {', '.join(names)}")
        for which, symbols in zip(names, pair, strict=True):
            if not isinstance(symbols, (list, tuple)) or len(symbols) != width:
                raise InputError(
                    f"inputs[{k}].{which}: {short_repr(symbols)}; allowed are {width} symbols, "
                    "servers in order"
                )
            for j, symbol in enumerate(symbols):
                check_integer(f"inputs[{k}].{which}[{j}]", symbol, 0, d - 1)
    return np.array(inputs, dtype=np.int64)


def _chosen(inputs: object, run: int) -> Chosen:
    """Return how `input_symbols` chose that many inputs."""
    if isinstance(inputs, (list, tuple)):
        return "given"
    drawn = isinstance(inputs, int) or (inputs is None and run == SOME_INPUTS)
    return "drawn" if drawn else "all"


def computation_circuit(
    code: GraphCode, servers: Sequence[str], name: str
) -> tuple[NetworkCircuit, tuple[tuple[int, ...], ...]]:
    """Return the protocol of a graph code, and the classical bits of each digit, least significant first.

    The data are parameters: server A's exponents of its digit k are `A_x[k]` and `A_z[k]`, integers 0..p-1.

    Args:
        code: digits ordered by holder.
        servers: names, as the code's holders number them.
        name: name of the circuit.
    """
    p, r, size = code.p, code.degree, qubits_per_digit(code.p)
    net = NetworkCircuit(many_to_one(*servers, user=USER), name)
    own = {k: [q for q, h in enumerate(code.holders) if h == k] for k in dict.fromkeys(code.holders)}
    # A digit that its server operates on anyway may get its last Fourier transform there.
    state, late = graph_state(p, code.adjacency, code.operated)
    shares = net.share_state(
        state, {servers[k]: size * len(mine) for k, mine in own.items()}, qubits_per_qudit=size * r
    )
    qubits = [
        [shares[servers[k]][size * i + j] for j in range(size)] for k in own for i in range(len(own[k]))
    ]
    for k, mine in own.items():
        active = [q for q in mine if q in code.operated]
        if active:
            x = net.data(servers[k], f"{servers[k]}_x", len(active))
            z = net.data(servers[k], f"{servers[k]}_z", len(active))
            for i, q in enumerate(active):
                gate, u, v = weyl_after_fourier(p, late[q]) if q in late else weyl(p)
                net.local(servers[k], gate.assign_parameters({u: x[i], v: z[i]}), qubits[q])
    for k, mine in own.items():
        for start in range(0, len(mine), r):
            sent = [bit for q in mine[start : start + r] for bit in qubits[q]]
            net.send(servers[k], USER, sent, dimension=p, digits=r)
    net.local(USER, undo_graph(p, code.adjacency), [bit for digit in qubits for bit in digit])
    register = net.measure(USER, [bit for digit in qubits for bit in digit], "outcome")
    bits = net.bits(register)
    return net, tuple(bits[size * k : size * (k + 1)] for k in range(len(qubits)))


def _ordered(code: GraphCode) -> GraphCode:
    """Return the code with its digits ordered by holder."""
    order = np.argsort(code.holders, kind="stable")
    return replace(
        code,
        adjacency=code.adjacency[np.ix_(order, order)],
        holders=tuple(code.holders[k] for k in order),
        x=code.x[order],
        z=code.z[order],
        decoder=code.decoder[:, order],
    )


def _settings(
    net: NetworkCircuit,
    code: GraphCode,
    task: LinearTask,
    digits: Sequence[Sequence[int]],
    inputs: Array,
    batched: int,
) -> tuple[Setting, ...]:
    """Return a setting for each input: the exponents as values, and what they flip where digits are bits."""
    p, d = code.p, task.field.order
    if batched > 1:  # digit j of a symbol of instance i is instance i * batched + j
        count, instances, width = inputs.shape
        packed = inputs.reshape(count, instances // batched, batched, width)
        data = packed.transpose(0, 1, 3, 2).reshape(count, -1)
    else:
        data = task.field.digits(inputs).reshape(len(inputs), -1)
    names = [parameter.name for parameter in net.circuit.parameters]
    rows: dict[str, Array] = {}
    for server in dict.fromkeys(code.holders):
        active = [q for q in code.operated if code.holders[q] == server]
        for i, q in enumerate(active):
            rows[f"{task.servers[server]}_x[{i}]"] = code.x[q]
            rows[f"{task.servers[server]}_z[{i}]"] = code.z[q]
    values = data @ np.array([rows[name] for name in names]).T % p
    flips = data @ code.transfer.T % p
    return tuple(
        Setting(
            _label(given, d),
            0,
            tuple(map(int, values[k])),
            tuple(digits[q][0] for q in np.flatnonzero(flips[k]).tolist()) if p == 2 else None,
            input=k,
        )
        for k, given in enumerate(inputs.tolist())
    )


def _label(given: Sequence[Sequence[int]], order: int) -> str:
    """Return what an input is called."""
    comma = "" if order <= 10 else ","
    return " ".join(f"w{i + 1}={comma.join(map(str, w))}" for i, w in enumerate(given))
