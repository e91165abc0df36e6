"""Results as the runtime client's `RuntimeEncoder` writes them: a `PrimitiveResult` of a sampler.

The bits of each register are base64 of zlib of an npy file, rows of big-endian bytes, a row per shot. No more
is unpacked than a file may hold, what its header states is held against what is there, and an array of
objects (a pickle) is refused.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
import zlib
from collections import Counter
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from qcoord_hw.errors import InputError
from qcoord_hw.imports.table import MAX_ROWS, Given, number
from qcoord_hw.text import short_repr

MAX_BITS = 10_000
MAX_UNPACKED = 16 * 2**20
"""Bytes of all arrays of a file, unpacked."""

HEADER = 4096

_HEAD = re.compile(
    rb"\x93NUMPY(?:\x01\x00..|\x02\x00....)\{'descr': '\|u1', 'fortran_order': (?P<fortran>True|False), "
    rb"'shape': \((?P<shape>(?:[0-9]{1,12}, ?){1,20}(?:[0-9]{1,12})?)\), \} *\n",
    re.DOTALL,
)
"""How an npy file of bytes begins: read here, so that nothing in it is ever evaluated."""

Bytes = npt.NDArray[np.uint8]


def is_runtime(data: Any) -> bool:
    """Return whether something was written by that encoder."""
    return isinstance(data, dict) and "__type__" in data


def read_runtime(data: dict[str, Any]) -> Given:
    """Return a row for each outcome of each pub (and each set of parameter values, in their order).

    Bit strings are as Qiskit prints them, the last register leftmost.

    Raises:
        InputError: naming what is no part of such a result, is too large, or would have to be unpickled.
    """
    pubs = _value(data, "PrimitiveResult", "file").get("pub_results")
    if not isinstance(pubs, list) or not pubs:
        raise InputError(f"pub_results: {short_repr(pubs)}; allowed is a list of results")
    left = MAX_UNPACKED
    circuit: list[int] = []
    bits: list[str] = []
    count: list[int] = []
    place = 0
    for k, pub in enumerate(pubs):
        where = f"pub_results[{k}]"
        data_bin = _value(_value(pub, "SamplerPubResult", where).get("data"), "DataBin", f"{where}.data")
        registers, left = _registers(data_bin, f"{where}.data", left)
        for own in _shots(registers, where):
            circuit += [place] * len(own)
            bits += own
            count += own.values()
            place += 1
            if len(count) > MAX_ROWS:
                raise InputError(f"pub_results: more than {MAX_ROWS} outcomes; allowed are at most that many")
    return Given("runtime json", {"circuit": circuit, "bits": bits, "count": count})


def _value(data: Any, kind: str, where: str) -> dict[str, Any]:
    """Return what stands in an object of the encoder."""
    found = data.get("__value__") if isinstance(data, dict) and data.get("__type__") == kind else None
    if not isinstance(found, dict):
        there = data.get("__type__") if isinstance(data, dict) else data
        raise InputError(f"{where}: {short_repr(there)}; allowed is a {kind} of RuntimeEncoder")
    return found


def _registers(data: dict[str, Any], where: str, left: int) -> tuple[list[tuple[Bytes, int]], int]:
    """Return bytes and number of bits of each register, in order, and how many bytes may yet be unpacked."""
    names, fields = data.get("field_names"), data.get("fields")
    if not isinstance(names, list) or not isinstance(fields, dict) or list(fields) != names or not names:
        raise InputError(f"{where}.field_names: {short_repr(names)}; allowed are the names of its fields")
    found = []
    for name in names:
        place = f"{where}.fields.{name}"
        own = _value(fields[name], "BitArray", place)
        try:
            width = number(own.get("num_bits"), MAX_BITS)
        except ValueError:
            raise InputError(
                f"{place}.num_bits: {short_repr(own.get('num_bits'))}; allowed are 1 to {MAX_BITS}"
            ) from None
        packed = own.get("array")
        text = None
        if isinstance(packed, dict) and packed.get("__type__") == "ndarray":
            text = packed.get("__value__")
        if not isinstance(text, str):
            raise InputError(f"{place}.array: {short_repr(packed)}; allowed is an ndarray of RuntimeEncoder")
        array = _unpacked(text, f"{place}.array", left)
        left -= array.nbytes
        if width < 1 or array.ndim < 2 or array.shape[-1] != math.ceil(width / 8):
            raise InputError(f"{place}.num_bits: {width}; its array has shape {array.shape}")
        if width % 8 and bool((array[..., 0] >> width % 8).any()):
            raise InputError(f"{place}.array: a number of more than {width} bits; allowed are {width}")
        found.append((array, width))
    return found, left


def _unpacked(text: str, where: str, most: int) -> Bytes:
    """Return the array of bytes in base64(zlib(npy)), never unpacking more than is allowed."""
    try:
        packed = base64.b64decode(text, validate=True)
        stream = zlib.decompressobj()
        content = stream.decompress(packed, most + HEADER)
    except (binascii.Error, ValueError, zlib.error):
        raise InputError(f"{where}: not base64 of zlib; allowed is what RuntimeEncoder writes") from None
    if stream.unconsumed_tail:
        raise InputError(f"{where}: more than {most} bytes unpacked; allowed are at most that many in a file")
    head = _HEAD.match(content)
    if head is None:
        raise InputError(f"{where}: no npy array of bytes; allowed is what RuntimeEncoder writes")
    shape = tuple(int(size) for size in head["shape"].replace(b" ", b"").split(b",") if size)
    body = content[head.end() :]
    if math.prod(shape) != len(body):
        raise InputError(f"{where}: {len(body)} bytes of shape {short_repr(shape)}; allowed are all of them")
    order: Literal["F", "C"] = "F" if head["fortran"] == b"True" else "C"
    return np.frombuffer(body, dtype=np.uint8).reshape(shape, order=order)


def _shots(registers: list[tuple[Bytes, int]], where: str) -> list[dict[str, int]]:
    """Return outcome -> shots for each set of parameter values."""
    shape = registers[0][0].shape[:-1]
    if any(array.shape[:-1] != shape for array, _ in registers):
        shapes = [a.shape[:-1] for a, _ in registers]
        raise InputError(f"{where}: registers of shapes {short_repr(shapes)}; allowed is the same")
    if not math.prod(shape):
        raise InputError(f"{where}: no shots; allowed is one or more")
    parts = []
    for array, width in reversed(registers):  # the last register is leftmost
        flat = array.reshape(-1, shape[-1], array.shape[-1])
        parts.append(np.unpackbits(flat, axis=-1)[..., -width:])
    together = np.concatenate(parts, axis=-1) + ord("0")
    size = together.shape[-1]
    return [
        dict(
            Counter(np.ascontiguousarray(one.astype(np.uint8)).view(f"S{size}").ravel().astype(str).tolist())
        )
        for one in together
    ]
