"""The task: which linear combinations of the servers' symbols the user wants [Hu2025, Section II-A]."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from qcoord_hw.errors import InputError
from qcoord_hw.spec import check_text, read_json, short_repr
from qcoord_hw.text import meant
from qcoord_hw.theory.linear_computation.field import Array, Field, field_of

MAX_ROWS = 64
MAX_COLUMNS = 64
MAX_SERVERS = 32
MAX_SYMBOLS = 512


@dataclass(frozen=True, eq=False)
class LinearTask:
    """A linear computation: y = V_1 W_1 + .. + V_S W_S over F_d, K symbols y for each instance.

    Attributes:
        name: what it is called.
        field: F_d.
        servers: names of the servers, in the order in which they were written.
        matrices: one K x m_s matrix a server.
    """

    name: str
    field: Field
    servers: tuple[str, ...]
    matrices: tuple[Array, ...]

    @property
    def rows(self) -> int:
        """K: computations an instance."""
        return int(self.matrices[0].shape[0])

    @property
    def sizes(self) -> tuple[int, ...]:
        """m_s: symbols of each server an instance."""
        return tuple(int(v.shape[1]) for v in self.matrices)

    @property
    def matrix(self) -> Array:
        """V = [V_1 .. V_S], shape (K, sum m_s)."""
        return np.hstack(self.matrices)

    def to_json(self) -> dict[str, Any]:
        """Return the content of a task file."""
        return {
            "name": self.name,
            "field": self.field.order,
            "irreducible_poly": list(self.field.irreducible_poly) if self.field.degree > 1 else None,
            "servers": {s: v.tolist() for s, v in zip(self.servers, self.matrices, strict=True)},
        }


@dataclass(frozen=True, eq=False)
class Reduction:
    """A task without redundancy, and how its inputs and outputs stand for those of the task as written.

    Attributes:
        task: rank(V) = K and rank(V_s) = m_s, as the paper assumes.
        rows: the computations that are kept; y = outputs y'.
        outputs: shape (K, K'): gives all computations from those kept.
        inputs: for each server the matrix (m'_s, m_s) by which it combines its symbols: w'_s = R_s w_s.
        notes: what was redundant, in words; empty if nothing was.
    """

    task: LinearTask
    rows: tuple[int, ...]
    outputs: Array
    inputs: tuple[Array, ...]
    notes: tuple[str, ...]


def reduce_task(task: LinearTask) -> Reduction:
    """Return a task with dependent rows and columns removed."""
    gf = task.field
    notes = []
    dependent, rows = gf.rref(task.matrix.T)
    outputs = np.ascontiguousarray(dependent.T)  # V = outputs V[rows]
    if len(rows) < task.rows:
        gone = [k for k in range(task.rows) if k not in rows]
        notes.append(
            f"rows {_listed(gone)} depend on the others: {len(rows)} of {task.rows} computations are sent"
        )
    kept, inputs = [], []
    for server, full in zip(task.servers, task.matrices, strict=True):
        small = full[list(rows)]
        combine, columns = gf.rref(small)  # small = small[:, columns] combine
        kept.append(small[:, list(columns)])
        inputs.append(combine)
        if len(columns) < full.shape[1]:
            notes.append(
                f"server {server}: rank {len(columns)}; it sends {len(columns)} combinations of its "
                f"{full.shape[1]} symbols"
            )
    reduced = LinearTask(task.name, gf, task.servers, tuple(kept))
    return Reduction(reduced, rows, outputs, tuple(inputs), tuple(notes))


def _listed(rows: list[int]) -> str:
    return ", ".join(map(str, rows))


def read_task(path: Path) -> LinearTask:
    """Read a task file.

    Raises:
        InputError: when it cannot be read, is not JSON, or a field is wrong.
    """
    data = read_json(path)
    try:
        return task_from_json(data, path.stem)
    except InputError as error:
        raise InputError(f"{path.name}: {error}") from None


def task_from_json(data: object, name: str = "task") -> LinearTask:
    """Build a task from the content of a task file.

    Args:
        data: an object with `field` and `servers`, optional `name` and `irreducible_poly`.
        name: the task's name where the file states none.

    Raises:
        InputError: naming the field that is wrong and what is allowed.
    """
    if not isinstance(data, Mapping):
        raise InputError(f"task: {short_repr(data)}; allowed is an object with field and servers")
    known = ("name", "field", "servers", "irreducible_poly")
    for key in data:
        if key not in known:
            raise InputError(f"{short_repr(key)}: unknown{meant(key, known)}; allowed are {', '.join(known)}")
    for key in ("field", "servers"):
        if key not in data:
            raise InputError(f"{key}: missing; every task needs field and servers")
    check_text("name", data.get("name", name))
    poly = data.get("irreducible_poly")
    if poly is not None and not isinstance(poly, list):
        raise InputError(
            f"irreducible_poly: {short_repr(poly)}; allowed is a list of coefficients, highest first"
        )
    gf = field_of(data["field"], poly)
    servers = data["servers"]
    if not isinstance(servers, Mapping) or not 1 <= len(servers) <= MAX_SERVERS:
        raise InputError(
            f"servers: {short_repr(servers)}; allowed are 1 to {MAX_SERVERS} names, each with its matrix"
        )
    matrices = []
    for server, rows in servers.items():
        if not (isinstance(server, str) and server.isascii() and server.isalnum() and len(server) <= 20):
            raise InputError(
                f"servers: {short_repr(server)}; allowed are names of at most 20 letters and digits"
            )
        matrices.append(_matrix(f"servers.{server}", rows, gf.order))
        if matrices[-1].shape[0] != matrices[0].shape[0]:
            raise InputError(
                f"servers.{server}: {matrices[-1].shape[0]} rows, but {next(iter(servers))} has "
                f"{matrices[0].shape[0]}; allowed is the same number of computations for every server"
            )
    if sum(m.shape[1] for m in matrices) > MAX_SYMBOLS:
        raise InputError(
            f"servers: {sum(m.shape[1] for m in matrices)} symbols in all; allowed are at most {MAX_SYMBOLS}"
        )
    lower = [server.lower() for server in servers]
    if twins := [s for s in servers if lower.count(s.lower()) > 1 or s.lower() == "user"]:
        raise InputError(
            f"servers: {short_repr(twins[0])} is taken; allowed are distinct names other than User"
        )
    return LinearTask(data.get("name", name), gf, tuple(servers), tuple(matrices))


def _matrix(where: str, rows: object, order: int) -> Array:
    if not isinstance(rows, list) or not rows or not all(isinstance(row, list) for row in rows):
        raise InputError(f"{where}: {short_repr(rows)}; allowed is a list of one or more rows (K >= 1)")
    if len(rows) > MAX_ROWS or any(len(row) != len(rows[0]) for row in rows):
        raise InputError(
            f"{where}: rows of {sorted({len(row) for row in rows})} columns; allowed are up to "
            f"{MAX_ROWS} rows of one length"
        )
    if not 1 <= len(rows[0]) <= MAX_COLUMNS:
        raise InputError(f"{where}: {len(rows[0])} columns; allowed are 1 to {MAX_COLUMNS}")
    for k, row in enumerate(rows):
        for j, symbol in enumerate(row):
            if isinstance(symbol, bool) or not isinstance(symbol, int) or not 0 <= symbol < order:
                raise InputError(
                    f"{where}[{k}][{j}]: {short_repr(symbol)}; allowed are integers from 0 to {order - 1}"
                )
    matrix = np.array(rows, dtype=np.int64)
    if empty := [j for j in range(matrix.shape[1]) if not matrix[:, j].any()]:
        raise InputError(
            f"{where}: column {empty[0]} is zero, that symbol is never used; allowed are other columns"
        )
    matrix.setflags(write=False)
    return matrix
