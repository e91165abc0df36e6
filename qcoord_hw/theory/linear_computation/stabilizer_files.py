"""Files that state a stabilizer state and who holds its qudits (docs/formats/stabilizers.md)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from qcoord_hw.errors import InputError
from qcoord_hw.inputs import read_file
from qcoord_hw.spec import check_known, check_text, read_json, short_repr
from qcoord_hw.theory.linear_computation.clifford_circuits import (
    MAX_QUDITS,
    chp_generators,
    stim_generators,
)
from qcoord_hw.theory.linear_computation.field import Array, Field, field_of
from qcoord_hw.theory.linear_computation.nsum_box import NSumBox, check_commuting
from qcoord_hw.theory.linear_computation.pauli_strings import Generators, check_signs, read_strings
from qcoord_hw.theory.linear_computation.tableaus import read_alist, read_tableau
from qcoord_hw.theory.linear_computation.task import MAX_ROWS, MAX_SERVERS

FORMS = ("stabilizers", "check_matrix", "M", "tableau", "circuit", "chp", "alist")
"""The ways to state the generators; a file has one of them."""

SUFFIXES = {".stim": "circuit", ".chp": "chp", ".alist": "alist"}
"""Files of others that are read as they are: every qudit is then a server of its own."""

COMMON = ("name", "field", "irreducible_poly", "servers")
QUBITS_ALONE = ("tableau", "circuit", "alist")
MAX_TEXT = 2**20


def is_stabilizer_file(path: str | Path) -> bool:
    """Return whether a file's name or its keys say that it states a stabilizer state.

    Raises:
        InputError: when a `.json` file cannot be read.
    """
    if Path(path).suffix in SUFFIXES:
        return True
    if Path(path).suffix != ".json":
        return False
    data = read_json(Path(path))
    return isinstance(data, dict) and not data.keys().isdisjoint(FORMS)


def read_box(path: Path) -> NSumBox:
    """Read a stabilizer file.

    Raises:
        InputError: when it cannot be read, a field is wrong, or generators do not commute (naming the pair).
    """
    try:
        if path.suffix in SUFFIXES:
            return box_from_json({SUFFIXES[path.suffix]: _content(path)}, path.stem, path.parent, alone=True)
        return box_from_json(read_json(path), path.stem, path.parent)
    except InputError as error:
        text = str(error)
        raise InputError(text if text.startswith(str(path.name)) else f"{path.name}: {text}") from None


def box_from_json(
    data: object, name: str = "stabilizers", folder: Path | None = None, *, alone: bool = False
) -> NSumBox:
    """Build a box from the content of a stabilizer file.

    Args:
        data: an object with `servers`, one of `FORMS`, and optional `name`, `field`, `irreducible_poly`.
        name: where the file states none.
        folder: where files that it names lie; none may be named if omitted.
        alone: make every qudit a server of its own instead of reading `servers`.

    Raises:
        InputError: naming the field that is wrong and what is allowed.
    """
    if not isinstance(data, Mapping):
        raise InputError(
            f"stabilizers: {short_repr(data)}; allowed is an object with servers and the generators"
        )
    check_known(data, (*COMMON, *FORMS))
    given = [form for form in FORMS if form in data]
    if len(given) != 1:
        raise InputError(f"{' and '.join(given) or 'stabilizers'}: allowed is one of {', '.join(FORMS)}")
    (form,) = given
    if "servers" not in data and not alone:
        raise InputError("servers: missing; allowed are names, each with the qudits that it holds")
    check_text("name", data.get("name", name))
    poly = data.get("irreducible_poly")
    if poly is not None and not isinstance(poly, list):
        raise InputError(
            f"irreducible_poly: {short_repr(poly)}; allowed is a list of coefficients, highest first"
        )
    gf = field_of(data.get("field", 2), poly)
    if form in QUBITS_ALONE and gf.order != 2:
        raise InputError(f"field: {gf.order}; allowed with {form} is 2")
    found, generators = _READERS[form](data[form], gf, folder)
    if "field" in data and found.order != gf.order:
        raise InputError(f"field: {gf.order}; allowed is the {found.order} of its chp")
    k, n = generators.x.shape
    if k > MAX_ROWS or n > MAX_QUDITS:
        raise InputError(
            f"{form}: {k} generators of {n} qudits; allowed are at most {MAX_ROWS} and {MAX_QUDITS}"
        )
    if empty := np.flatnonzero(~(generators.x.any(axis=1) | generators.z.any(axis=1))).tolist():
        raise InputError(f"{form}[{empty[0]}]: the identity; allowed are generators that act on some qudit")
    m = np.hstack([generators.z, found.neg[generators.x]])
    check_commuting(found, m, form)
    if found.order == 2:
        check_signs(generators, form)
    servers = _holders({f"S{q}": [q] for q in range(n)} if alone else data["servers"], n)
    name = str(data.get("name", name))
    return NSumBox(name, found, tuple(servers), tuple(servers.values()), m, generators.signs)


def _holders(servers: object, n: int) -> dict[str, tuple[int, ...]]:
    """Return the qudits of each server, each of them held once."""
    if not isinstance(servers, Mapping) or not 1 <= len(servers) <= MAX_SERVERS:
        raise InputError(
            f"servers: {short_repr(servers)}; allowed are 1 to {MAX_SERVERS} names, each with its qudits"
        )
    holder: dict[int, str] = {}
    for server, own in servers.items():
        if not (server.isascii() and server.isalnum() and len(server) <= 20):
            raise InputError(
                f"servers: {short_repr(server)}; allowed are names of at most 20 letters and digits"
            )
        if server.lower() == "user" or sum(s.lower() == server.lower() for s in servers) > 1:
            raise InputError(
                f"servers: {short_repr(server)} is taken; allowed are distinct names other than User"
            )
        if not isinstance(own, list) or not own:
            raise InputError(
                f"servers.{server}: {short_repr(own)}; allowed is a list of qudits, 0 to {n - 1}"
            )
        for j, q in enumerate(own):
            if isinstance(q, bool) or not isinstance(q, int) or not 0 <= q < n:
                raise InputError(f"servers.{server}[{j}]: {short_repr(q)}; allowed are qudits 0 to {n - 1}")
            if q in holder:
                raise InputError(
                    f"servers.{server}[{j}]: qudit {q} is held by {holder[q]}; allowed is one holder each"
                )
            holder[q] = server
    if missing := [q for q in range(n) if q not in holder]:
        raise InputError(f"servers: nobody holds qudit {missing[0]}; allowed is one holder for each of {n}")
    return {server: tuple(own) for server, own in servers.items()}


def _text(where: str, given: object, folder: Path | None) -> str:
    """Return text that stands there, as one or as lines, or in a file that is named."""
    if isinstance(given, dict) and list(given) == ["file"] and isinstance(given["file"], str) and folder:
        return _content(folder / given["file"])
    if isinstance(given, list) and all(isinstance(line, str) for line in given):
        return "\n".join(given)
    if not isinstance(given, str):
        raise InputError(
            f'{where}: {short_repr(given)}; allowed is text, a list of lines, or {{"file": NAME}}'
        )
    return given


def _content(path: Path) -> str:
    try:
        return read_file(path, "text", MAX_TEXT).decode("utf-8")
    except UnicodeDecodeError:
        raise InputError(f"{path.name}: not UTF-8; allowed is a text file") from None


def _matrix(where: str, rows: object, gf: Field) -> Array:
    """Return a matrix of symbols with an even number of columns."""
    if not isinstance(rows, list) or not rows or not all(isinstance(row, list) and row for row in rows):
        raise InputError(f"{where}: {short_repr(rows)}; allowed is a list of one or more rows of 2 N symbols")
    for k, row in enumerate(rows):
        if len(row) != len(rows[0]) or len(row) % 2:
            raise InputError(
                f"{where}[{k}]: {len(row)} columns; allowed are 2 N, the same number in every row"
            )
        for j, symbol in enumerate(row):
            if isinstance(symbol, bool) or not isinstance(symbol, int) or not 0 <= symbol < gf.order:
                raise InputError(
                    f"{where}[{k}][{j}]: {short_repr(symbol)}; allowed are integers from 0 to {gf.order - 1}"
                )
    return np.array(rows, dtype=np.int64)


def _halves(m: Array) -> tuple[Array, Array]:
    return m[:, : m.shape[1] // 2], m[:, m.shape[1] // 2 :]


def _unsigned(x: Array, z: Array) -> Generators:
    return Generators(x, z, np.zeros(len(x), dtype=np.int64))


Reader = Callable[[Any, Field, Path | None], tuple[Field, Generators]]


def _read_stabilizers(given: Any, gf: Field, folder: Path | None) -> tuple[Field, Generators]:
    return gf, read_strings("stabilizers", given, gf)


def _read_check_matrix(given: Any, gf: Field, folder: Path | None) -> tuple[Field, Generators]:
    return gf, _unsigned(*_halves(_matrix("check_matrix", given, gf)))


def _read_m(given: Any, gf: Field, folder: Path | None) -> tuple[Field, Generators]:
    left, right = _halves(_matrix("M", given, gf))
    return gf, _unsigned(gf.neg[right], left)


def _read_tableau(given: Any, gf: Field, folder: Path | None) -> tuple[Field, Generators]:
    drawn = given if isinstance(given, dict) and "file" not in given else _text("tableau", given, folder)
    return gf, read_tableau("tableau", drawn)


def _read_circuit(given: Any, gf: Field, folder: Path | None) -> tuple[Field, Generators]:
    return gf, stim_generators(_text("circuit", given, folder), "circuit")


def _read_chp(given: Any, gf: Field, folder: Path | None) -> tuple[Field, Generators]:
    generators, p = chp_generators(_text("chp", given, folder), "chp")
    return field_of(p), generators


def _read_alist(given: Any, gf: Field, folder: Path | None) -> tuple[Field, Generators]:
    """One matrix [x | z], or two of a CSS code."""
    if not (isinstance(given, dict) and "file" not in given):
        matrix = read_alist("alist", _text("alist", given, folder))
        if matrix.shape[1] % 2:
            raise InputError(f"alist: {matrix.shape[1]} columns; allowed are 2 N, or x and z with N each")
        return gf, _unsigned(*_halves(matrix))
    check_known(given, ("x", "z"), prefix="alist.")
    parts = {key: read_alist(f"alist.{key}", _text(f"alist.{key}", given.get(key), folder)) for key in "xz"}
    if parts["x"].shape[1] != parts["z"].shape[1]:
        raise InputError(
            f"alist: {parts['x'].shape[1]} and {parts['z'].shape[1]} columns; allowed is one number, N"
        )
    none = {key: np.zeros_like(part) for key, part in parts.items()}
    return gf, _unsigned(np.vstack([parts["x"], none["z"]]), np.vstack([none["x"], parts["z"]]))


_READERS: dict[str, Reader] = {
    "stabilizers": _read_stabilizers,
    "check_matrix": _read_check_matrix,
    "M": _read_m,
    "tableau": _read_tableau,
    "circuit": _read_circuit,
    "chp": _read_chp,
    "alist": _read_alist,
}
