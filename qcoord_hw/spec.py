"""What to do: the frozen description of one experiment, read from a TOML file.

A spec is plain values only. Its `spec_id` is a hash of the *whole* content in canonical JSON (sorted
keys), so two specs share an id exactly when they ask for the same thing.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from qcoord_hw.errors import InputError
from qcoord_hw.inputs import read_file
from qcoord_hw.inputs import read_json as read_json
from qcoord_hw.inputs import without_twins as without_twins
from qcoord_hw.text import meant
from qcoord_hw.text import one_line as one_line
from qcoord_hw.text import short_repr as short_repr

Plain = str | int | float | bool | tuple["Plain", ...]
"""What a parameter may be; lists are kept as tuples."""

Links = tuple[tuple[str, tuple[tuple[str, float | bool], ...]], ...]
"""What links cost: sorted pairs of a key as in usage and (field, value) pairs; see `network.links`."""

MAX_LINKS = 1000

MAX_SHOTS = 10_000_000
"""Shots a circuit at most: the documented limit of executions in one job of a Sampler."""

MAX_BLOCKS = 1000
MAX_SEED = 2**63 - 1
MAX_BYTES = 2**20
MAX_DOTS = 500
"""Of a spec, and of a line in it: tomllib takes its time with tables in tables."""

MAX_TEXT = 200

SWITCHES = ("random_questions", "every_edge")
OPTIONAL = (*SWITCHES, "links")
"""Fields of a spec that are left out where they are false or empty."""


@dataclass(frozen=True, kw_only=True)
class ExperimentSpec:
    """One experiment: a protocol family with its parameters, and how it is to be run.

    Attributes:
        name: what the experiment is called in results; letters, digits and dashes.
        title: one line for people.
        family: the protocol family that builds the circuits (a module of `qcoord_hw.families`).
        parameters: the family's own parameters as sorted (name, value) pairs.
        shots: shots per circuit.
        blocks: in how many blocks the shots of each circuit are taken; the circuits are interleaved
            block by block, so that a drift of the device is not mistaken for signalling.
        layout: physical qubits for the circuit's qubits, in order; empty lets calibration choose.
        random_questions: whether each shot's question is drawn at random, one shot at a time, so that no
            device can know the next one (games of one round).
        every_edge: whether it runs on every coupling of a chip, in batches that share no qubit.
        links: what qubits suffer that cross links, as sorted pairs; empty where links cost nothing.
    """

    name: str
    title: str
    family: str
    parameters: tuple[tuple[str, Plain], ...] = ()
    shots: int = 4096
    blocks: int = 8
    layout: tuple[int, ...] = field(default=())
    random_questions: bool = False
    every_edge: bool = False
    links: Links = ()

    def __post_init__(self) -> None:
        """Check every field.

        Raises:
            InputError: naming the field, what was given and what is allowed.
        """
        check_name("name", self.name)
        check_text("title", self.title)
        check_text("family", self.family)
        check_integer("shots", self.shots, 1, MAX_SHOTS)
        check_integer("blocks", self.blocks, 1, MAX_BLOCKS)
        for name in SWITCHES:
            if not isinstance(getattr(self, name), bool):
                raise InputError(f"{name}: {short_repr(getattr(self, name))}; allowed are true and false")
        if self.every_edge and self.layout:
            raise InputError(f"layout: {short_repr(list(self.layout))}; with every_edge allowed is none")
        for key, value in self.parameters:
            check_unicode("parameters", key)
            check_unicode(f"parameters.{key}", value)
        for qubit in self.layout:
            check_integer("layout", qubit, 0, 10_000)
        if len(set(self.layout)) != len(self.layout):
            raise InputError(f"layout: {list(self.layout)} names a qubit twice; allowed are distinct qubits")

    @property
    def options(self) -> dict[str, Plain]:
        """The family's parameters as a dictionary."""
        return dict(self.parameters)

    def with_parameters(self, parameters: Mapping[str, Plain]) -> ExperimentSpec:
        """Return the spec with these parameters of its family instead of its own."""
        return replace(self, parameters=tuple(sorted(parameters.items())))

    def stating(self, parameters: Mapping[str, Plain]) -> ExperimentSpec:
        """Return the spec with these parameters of its family beside or instead of its own."""
        return self.with_parameters(self.options | dict(parameters)) if parameters else self

    def to_json(self) -> dict[str, Any]:
        """Return the content as plain JSON values (what `spec_id` is computed from)."""
        data = asdict(self) | {"parameters": dict(self.parameters), "layout": list(self.layout)}
        data["links"] = {key: dict(stated) for key, stated in self.links}
        # Specs keep the identity that they had before these fields.
        return {name: value for name, value in data.items() if value or name not in OPTIONAL}

    @property
    def spec_id(self) -> str:
        """SHA-256, in hexadecimal, of the canonical JSON of the whole content."""
        return hashlib.sha256(canonical_json(self.to_json()).encode()).hexdigest()


def canonical_json(value: Any) -> str:
    """Return `value` as JSON with sorted keys and no spaces; NaN and infinities are refused."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def spec_from_mapping(data: Mapping[str, Any], where: str = "spec") -> ExperimentSpec:
    """Build a spec from parsed TOML or JSON.

    Args:
        data: the fields of `ExperimentSpec`; `parameters` is a table of scalars and lists, `layout` a list.
        where: what to call the source in an error message.

    Raises:
        InputError: on an unknown or missing key, a wrong type or a value out of range.
    """
    known = {f.name: f for f in fields(ExperimentSpec)}
    for key in data:
        if key not in known:
            raise InputError(
                f"{where}: unknown key {key!r}{meant(key, known)}; allowed are {', '.join(known)}"
            )
    for key in ("name", "title", "family"):
        if key not in data:
            raise InputError(f"{where}: {key} is missing; every experiment needs name, title and family")
    values = dict(data)
    parameters = values.get("parameters", {})
    if not isinstance(parameters, Mapping):
        raise InputError(
            f"{where}: parameters: {short_repr(parameters)}; allowed is a table of names and values"
        )
    values["parameters"] = tuple(
        (key, _plain(f"{where}: parameters.{key}", value)) for key, value in sorted(parameters.items())
    )
    layout = values.get("layout", [])
    if not isinstance(layout, list):
        raise InputError(f"{where}: layout: {short_repr(layout)}; allowed is a list of qubit numbers")
    values["layout"] = tuple(layout)
    values["links"] = links_from_mapping(values.get("links", {}), where)
    try:
        return ExperimentSpec(**values)
    except InputError as error:
        raise InputError(f"{where}: {error}") from None


def links_from_mapping(data: object, where: str = "links") -> Links:
    """Return what links cost, from parsed TOML or JSON: a table of tables of numbers, true and false.

    Raises:
        InputError: when it is none.
    """
    if not isinstance(data, Mapping) or len(data) > MAX_LINKS:
        raise InputError(f"{where}: links: {short_repr(data)}; allowed is a table for each of some links")
    for key, stated in data.items():
        check_text("links", key)
        check_unicode("links", key)
        if not isinstance(stated, Mapping):
            raise InputError(f"{where}: links.{key}: {short_repr(stated)}; allowed is a table of numbers")
        for name, value in stated.items():
            check_unicode(f"links.{key}", name)
            if not isinstance(value, (int, float)) or not -MAX_SEED <= value <= MAX_SEED:  # NaN is not
                raise InputError(
                    f"{where}: links.{key}.{one_line(name)}: {short_repr(value)}; allowed is a number, true "
                    "or false"
                )
    return tuple(
        (key, tuple((k, v if isinstance(v, bool) else float(v)) for k, v in sorted(stated.items())))
        for key, stated in sorted(data.items())
    )


def _plain(where: str, value: object) -> Plain:
    if isinstance(value, list):
        return tuple(_plain(where, v) for v in value)
    if isinstance(value, (str, int, float, bool)):
        return value
    raise InputError(
        f"{where}: {short_repr(value)}; allowed is text, a number, true or false, or a list of them"
    )


def to_lists(value: Plain) -> Any:
    """Return nested tuples as nested lists."""
    return [to_lists(v) for v in value] if isinstance(value, tuple) else value


def to_tuples(value: Any) -> Any:
    """Return nested lists as nested tuples."""
    return tuple(to_tuples(v) for v in value) if isinstance(value, list) else value


def read_spec(path: Path) -> ExperimentSpec:
    """Read a spec from a TOML file.

    Raises:
        InputError: when the file cannot be read, is not TOML, or a field is wrong.
    """
    return spec_from_mapping(_toml(path), where=one_line(path.name))


def read_links_file(path: Path) -> Links:
    """Read what links cost from a TOML file: a table for each link, under its key as in usage.

    Raises:
        InputError: when the file cannot be read, is not TOML, or holds anything else.
    """
    return links_from_mapping(_toml(path), where=one_line(path.name))


def _toml(path: Path) -> dict[str, Any]:
    """Return the content of a TOML file.

    Raises:
        InputError: when it cannot be read or is not TOML.
    """
    content = read_file(path, "TOML", MAX_BYTES)
    if any(line.count(b".") > MAX_DOTS for line in content.splitlines()):
        raise InputError(
            f"{one_line(path)}: a line of more than {MAX_DOTS} dots; allowed are at most that many"
        )
    try:
        return tomllib.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:  # bad TOML or UTF-8, numbers too long, tables too deep
        raise InputError(f"{one_line(path)}: not valid TOML ({one_line(error, 160)})") from None


def check_integer(name: str, value: object, low: int, high: int) -> int:
    """Return `value` if it is an integer (not a boolean) in [low, high].

    Raises:
        InputError: naming the field.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise InputError(f"{name}: {short_repr(value)}; allowed are integers from {low} to {high}")
    return value


def check_known(given: Iterable[str], allowed: Sequence[str], prefix: str = "") -> None:
    """Refuse the first key of a file's object that is not one of those allowed.

    Args:
        given: the keys.
        allowed: those that may be given.
        prefix: what stands before a key in the message, such as `alist.`.

    Raises:
        InputError: naming it.
    """
    for name in given:
        if name not in allowed:
            raise InputError(
                f"{prefix}{name}: unknown{meant(name, allowed)}; allowed are {', '.join(allowed)}"
            )


def check_seed(seed: object) -> int:
    """Return a root seed.

    Raises:
        InputError: when it is not an integer from 0 to 2^63 - 1.
    """
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed <= MAX_SEED:
        raise InputError(f"seed: {seed!r}; allowed are integers from 0 to {MAX_SEED}")
    return seed


def check_confidence(confidence: float) -> float:
    """Return a confidence level strictly between 0 and 1.

    Raises:
        InputError: when it is not.
    """
    if isinstance(confidence, bool) or not isinstance(confidence, float) or not 0 < confidence < 1:
        raise InputError(f"confidence: {confidence!r}; allowed are numbers between 0 and 1, for example 0.95")
    return confidence


def check_unicode(name: str, value: Any) -> None:
    """Check that the texts in a value can be written: a name that is not UTF-8 holds halves of characters.

    Raises:
        InputError: naming the field.
    """
    if isinstance(value, (tuple, list)):
        for one in value:
            check_unicode(name, one)
    elif isinstance(value, str) and not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise InputError(f"{name}: {short_repr(value)}; allowed is text in Unicode") from None


def check_text(name: str, value: object) -> None:
    """Check that `value` is one line of text.

    Raises:
        InputError: naming the field.
    """
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise InputError(f"{name}: {short_repr(value)}; allowed is one line of text")
    if len(value) > MAX_TEXT:
        raise InputError(f"{name}: {len(value)} characters; allowed are at most {MAX_TEXT}")


def check_name(name: str, value: object) -> None:
    """Check that `value` is a name: letters, digits and dashes.

    Raises:
        InputError: naming the field.
    """
    check_text(name, value)
    if not all(c.isascii() and (c.isalnum() or c == "-") for c in str(value)):
        raise InputError(f"{name}: {short_repr(value)}; allowed are letters, digits and dashes")
