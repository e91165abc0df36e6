"""`Result.to_dict()` of Qiskit: counts by hexadecimal numbers, whose bit 0 is classical bit 0."""

from __future__ import annotations

import re
from typing import Any

from qcoord_hw.errors import InputError
from qcoord_hw.imports.table import MAX_COUNT, MAX_ROWS, Given, number
from qcoord_hw.text import short_repr

MAX_BITS = 10_000
_HEX = re.compile(r"0x[0-9a-fA-F]{1,2500}")


def is_result(data: Any) -> bool:
    """Return whether something is such a result."""
    if not isinstance(data, dict) or "results" not in data:
        return False
    results = data["results"]
    return not results or (
        isinstance(results, list) and any(isinstance(one, dict) and "data" in one for one in results)
    )


def read_result(data: dict[str, Any]) -> Given:
    """Return a row for each outcome of each circuit; bit strings as Qiskit prints them.

    Raises:
        InputError: naming what is no part of such a result, or counts that are not the shots.
    """
    if not data["results"]:
        raise InputError(
            f"results: {short_repr(data['results'])}; allowed is a list of one or more circuits' results"
        )
    circuit: list[int] = []
    name: list[str] = []
    bits: list[str] = []
    count: list[int] = []
    shots: list[int] = []
    for k, one in enumerate(data["results"]):
        where = f"results[{k}]"
        if not isinstance(one, dict) or not isinstance(one.get("data"), dict):
            raise InputError(f"{where}: {short_repr(one)}; allowed is the result of a circuit, with data")
        if one.get("success") is False:
            raise InputError(f"{where}.success: False; allowed are circuits that succeeded")
        counts, header = one["data"].get("counts"), one.get("header")
        if not isinstance(counts, dict) or not counts:
            raise InputError(f"{where}.data.counts: {short_repr(counts)}; allowed are counts by outcome")
        header = header if isinstance(header, dict) else {}
        width = _width(header, f"{where}.header")
        own = {}
        for key, n in counts.items():
            if not isinstance(key, str) or not _HEX.fullmatch(key) or int(key, 16) >= 2**width:
                raise InputError(
                    f"{where}.data.counts: {short_repr(key)}; allowed are hexadecimal numbers of {width} bits"
                )
            own[format(int(key, 16), f"0{width}b")] = _count(n, f"{where}.data.counts.{key}")
        total = _count(one.get("shots"), f"{where}.shots")
        if sum(own.values()) != total:
            raise InputError(f"{where}.shots: {total}; its counts sum to {sum(own.values())}")
        circuit += [k] * len(own)
        name += [str(header.get("name", ""))] * len(own)
        bits += own
        count += own.values()
        shots += [total] * len(own)
        if len(count) > MAX_ROWS:
            raise InputError(f"results: more than {MAX_ROWS} outcomes; allowed are at most that many")
    columns: dict[str, Any] = {"circuit": circuit, "name": name, "bits": bits, "count": count, "shots": shots}
    if isinstance(data.get("backend_name"), str):
        columns["backend"] = [data["backend_name"]] * len(count)
    if isinstance(data.get("job_id"), str):
        columns["job"] = [data["job_id"]] * len(count)
    return Given("qiskit result", columns)


def _width(header: dict[str, Any], where: str) -> int:
    """Return how many classical bits a circuit has; registers must add up to it."""
    sizes, slots = header.get("creg_sizes"), header.get("memory_slots")
    total = None
    if sizes is not None:
        try:
            total = sum(number(size, MAX_BITS) for _, size in sizes)
        except (ValueError, TypeError):
            raise InputError(f"{where}.creg_sizes: {short_repr(sizes)}; allowed are [name, size]") from None
    try:
        width = number(total if slots is None else slots, MAX_BITS)
    except ValueError:
        raise InputError(f"{where}.memory_slots: {short_repr(slots)}; allowed is 1 to {MAX_BITS}") from None
    if width < 1 or (total is not None and total != width):
        raise InputError(f"{where}.memory_slots: {width}; allowed is the size of all registers, {total}")
    return width


def _count(value: Any, where: str) -> int:
    try:
        return number(value, MAX_COUNT)
    except ValueError:
        raise InputError(
            f"{where}: {short_repr(value)}; allowed are integers from 0 to {MAX_COUNT}"
        ) from None
