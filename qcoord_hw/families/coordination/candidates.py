"""The ways to make a state over its network: by which protocol, for how many copies, over which links."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from qcoord_hw.errors import InputError
from qcoord_hw.families.base import AS_GIVEN, Candidate
from qcoord_hw.families.coordination.parameters import KINDS, LINKS, ROUNDINGS
from qcoord_hw.schema import Parameter, names_of, read, usable
from qcoord_hw.spec import ExperimentSpec, Plain

Axes = Mapping[str, tuple[Plain, ...]]

COPIES = (1, 2, 3)
"""Block lengths that are tried, beside that of the spec."""

BITS: tuple[Axes, ...] = ({"protocol": ("codebook",), "n": COPIES, "codebook": KINDS},)

AXES: Mapping[str, tuple[Axes, ...]] = {
    "two-node": BITS,
    "two-node, a link of qubits": (
        {"protocol": ("exact",)},
        {"protocol": ("compressed",), "n": COPIES, "m": COPIES},
    ),
    "no-communication": ({"M": (2, 4, 8, 16, 32), "rounding": ROUNDINGS},),
    "classical-broadcast": BITS,
    "cascade": (
        {"protocol": ("exact",), "link1": LINKS, "link2": LINKS},
        {"protocol": ("chain", "example-2"), "link1": LINKS},
        {"protocol": ("compressed",), "n": COPIES, "m1": COPIES, "m2": COPIES},
        {"protocol": ("ghz2-corner", "example-1", "example-1-n2")},
    ),
    "quantum-broadcast": (
        {"protocol": ("local-unitaries", "literal")},
        {"protocol": ("compressed", "prepared"), "n": COPIES, "m": COPIES},
    ),
    "multiple-access": ({"protocol": ("prepared", "naive", "schumacher"), "n": COPIES, "m": COPIES},),
}
"""List of parameters (`parameters.LISTS`) -> what is tried: all combinations of these values."""

COUNTS = ("n", "m", "m1", "m2")
"""Those of which the value of a spec is tried as well."""

SENT = COUNTS[1:]
"""Qubits sent for n copies: as many as the copies, at most."""

STATED_ANEW = ("n", "m", "m1", "m2", "M", "M0", "M1", "seed", "counts", "encoder", "decoder_B", "decoder_C")
"""What a candidate leaves to its protocol unless it is among its axes."""


def candidates(spec: ExperimentSpec, declared: tuple[Parameter, ...], title: str) -> tuple[Candidate, ...]:
    """Return the ways to make the state of a spec over its network.

    Args:
        spec: of any protocol.
        declared: the parameters of its kind.
        title: of the list that they stand in.

    Raises:
        InputError: when a parameter is wrong.
    """
    asked = read(declared, spec.options, f"for {spec.name}")
    found = {_key(asked): Candidate(AS_GIVEN, _words(_told(asked)), lambda: spec)}
    for values in _combinations(AXES[title], asked):
        options = _options(spec.options, declared, values)
        try:
            key = _key(read(declared, options, ""))
        except InputError:  # no such protocol for this state, or not at this block length
            continue
        name = "-".join(_part(name, value) for name, value in values.items())
        found.setdefault(key, Candidate(name, _words(values), partial(spec.with_parameters, options)))
    return tuple(found.values())


def _combinations(axes: tuple[Axes, ...], asked: Mapping[str, Any]) -> Iterator[dict[str, Plain]]:
    for block in axes:
        wide = {
            name: tuple(dict.fromkeys([*values, asked[name]]))
            if name in COUNTS and asked.get(name) is not None
            else values
            for name, values in block.items()
        }
        for chosen in itertools.product(*wide.values()):
            values = dict(zip(wide, chosen, strict=True))
            if all(value <= values["n"] for name, value in values.items() if name in SENT):
                yield values


def _options(
    given: Mapping[str, Plain], declared: tuple[Parameter, ...], values: Mapping[str, Plain]
) -> dict[str, Plain]:
    """Return the options of a spec with other values: what is of another protocol is left out."""
    changed = {*STATED_ANEW, *(name for block in AXES.values() for axes in block for name in axes)}
    kept = {name: value for name, value in given.items() if name not in changed} | dict(values)
    allowed = names_of(usable(declared, kept))
    return {name: value for name, value in kept.items() if name in allowed or name in values}


def _key(values: Mapping[str, Any]) -> str:
    return repr(sorted((name, value) for name, value in values.items() if value is not None))


def _told(asked: Mapping[str, Any]) -> dict[str, Plain]:
    names = dict.fromkeys(name for blocks in AXES.values() for axes in blocks for name in axes)
    return {name: asked[name] for name in names if isinstance(asked.get(name), str | int)}


def _part(name: str, value: Plain) -> str:
    """Return a value as a part of a candidate's name.

    >>> _part("n", 3), _part("m1", 2), _part("link1", "ebits"), _part("codebook", "coset")
    ('n3', 'm1-2', 'link1-ebits', 'coset')
    """
    if name[-1].isdigit():
        return f"{name}-{value}"
    return f"{name}{value}" if isinstance(value, int) else str(value)


def _words(values: Mapping[str, Plain]) -> str:
    """Return values in words.

    >>> _words({"protocol": "prepared", "n": 3, "m": 2})
    'prepared, n = 3, m = 2'
    """
    return ", ".join(
        str(value) if name in ("protocol", "codebook", "rounding") else f"{name} = {value}"
        for name, value in values.items()
    )
