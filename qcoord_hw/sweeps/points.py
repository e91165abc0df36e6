"""What a sweep asks for, and the points that this makes: a product of lists, checked before anything runs."""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from qcoord_hw import api, registry
from qcoord_hw.api.building import LinksLike, stated_links
from qcoord_hw.errors import InputError
from qcoord_hw.execution.devices.registry import device_name, is_ours, open_typed
from qcoord_hw.execution.scale import (
    PROPERTIES,
    check_scale,
    has_noise_model,
    scaled_name,
    scaled_target,
    split_scale,
)
from qcoord_hw.record.sweep_folder import Identity as Identity
from qcoord_hw.schema import check_names, names_of
from qcoord_hw.sources import spec_of
from qcoord_hw.spec import (
    MAX_SHOTS,
    ExperimentSpec,
    Links,
    Plain,
    canonical_json,
    check_integer,
    check_unicode,
    short_repr,
    to_lists,
    to_tuples,
)
from qcoord_hw.theory.states import State, read_state

MAX_POINTS = 10_000

SPEC_FIELDS = ("blocks", "every_edge", "layout", "random_questions", "shots")
"""Fields of a spec that may be swept; any other name is a parameter of its family."""

IDEAL = "aer"
OTHERS = "properties:FILE, VENDOR:DEVICE and MODULE:CALLABLE"


@dataclass(frozen=True)
class Point:
    """One run of a sweep.

    Attributes:
        spec: the whole spec, as it is built.
        target: name of the target, with its noise scale.
        seed: root seed.
        fields: the swept fields and parameters, as (name, value) pairs.
    """

    spec: ExperimentSpec
    target: str
    seed: int
    fields: tuple[tuple[str, Plain], ...] = ()

    @cached_property
    def identity(self) -> Identity:
        """What tells it from the others."""
        return self.spec.spec_id, self.target, self.seed

    @property
    def noise_scale(self) -> float | None:
        """What the noise is multiplied by; None where there is none."""
        is_scaled = self.target != IDEAL and device_name(self.target) is None
        return split_scale(self.target)[1] if is_scaled else None

    def to_json(self) -> dict[str, Any]:
        """Return the point as plain JSON values, its spec by its id."""
        return {
            "spec_id": self.identity[0],
            "target": self.target,
            "seed": self.seed,
            "set": {name: to_lists(value) for name, value in self.fields},
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any], specs: Mapping[str, ExperimentSpec]) -> Point:
        """Build a point from what `to_json` returned, after a pass through JSON, and specs by their ids."""
        fields = tuple((name, to_tuples(value)) for name, value in data["set"].items())
        return cls(specs[data["spec_id"]], data["target"], data["seed"], fields)


@dataclass(frozen=True)
class Grid:
    """What a sweep asks for; every list is one factor of the product.

    Attributes:
        sources: the experiments: specs, or states where `network` is swept.
        targets: their names, each with its noise scale.
        seeds: root seeds; none for one that is made from the definition.
        shots: shots per circuit; none for the specs' own.
        fields: field of a spec, or parameter of its family -> its values.
        search_seed: of the search for the strategy of a game of one's own, the same for all points.
        links: what crossing links costs, in place of what specs state; none for their own.
        idle_noise: whether qubits that wait decay in noise models.
    """

    sources: tuple[ExperimentSpec | State | str, ...]
    targets: tuple[str, ...]
    seeds: tuple[int, ...]
    shots: tuple[int, ...]
    fields: Mapping[str, tuple[Plain, ...]]
    search_seed: int = 0
    links: Links = ()
    idle_noise: bool = True

    @classmethod
    def of(
        cls,
        specs: Sequence[str | Path | ExperimentSpec],
        targets: Sequence[str],
        noise_scale: Sequence[float],
        seeds: Sequence[int],
        shots: Sequence[int],
        fields: Mapping[str, Sequence[Any]],
        search_seed: int = 0,
        links: LinksLike = None,
        *,
        idle_noise: bool = True,
    ) -> Grid:
        """Check each list, read the files and return the grid.

        Raises:
            InputError: naming the list that is empty, wrong or too long.
        """
        from qcoord_hw.execution.run import check_seed

        for name, values in {"experiment": specs, "targets": targets, **fields}.items():
            if not values:
                raise InputError(f"{name}: no value; allowed are one or more")
        check_unicode("targets", list(targets))
        check_unicode("experiment", list(specs))
        for name, values in fields.items():
            check_unicode("set", name)
            check_unicode(name, list(values))
        if shots and "shots" in fields:
            raise InputError("shots: given twice; allowed is once")
        if closed := sorted(set(fields) & {"name", "title", "family"}):
            allowed = ", ".join(SPEC_FIELDS)
            raise InputError(f"{closed[0]}: cannot be set; allowed are {allowed} and the family's parameters")
        grid = cls(
            tuple(_source(spec, "network" in fields) for spec in specs),
            _scaled(targets, [check_scale(scale) for scale in noise_scale]),
            tuple(check_seed(seed) for seed in seeds),
            tuple(check_integer("shots", number, 1, MAX_SHOTS) for number in shots),
            {name: to_tuples(list(values)) for name, values in sorted(fields.items())},
            check_seed(search_seed),
            () if links is None else stated_links(links),
            idle_noise,
        )
        lists = (grid.sources, grid.targets, grid.seeds or (0,), grid.shots or (0,), *grid.fields.values())
        if (total := math.prod(map(len, lists))) > MAX_POINTS:
            raise InputError(f"points: {total}; allowed are at most {MAX_POINTS} in a sweep")
        return grid

    def definition(self) -> dict[str, Any]:
        """Return what is asked for in plain JSON values, with the content of every file."""
        return (
            {
                "specs": [_content(source) for source in self.sources],
                "targets": list(self.targets),
                "seeds": list(self.seeds),
                "shots": list(self.shots),
                "fields": {name: to_lists(values) for name, values in self.fields.items()},
            }
            | self._calibrations()
            | ({"search_seed": self.search_seed} if self.search_seed else {})
            | ({"links": {key: dict(stated) for key, stated in self.links}} if self.links else {})
            | ({"idle_noise": True} if self.idle_noise and any(map(has_noise_model, self.targets)) else {})
        )

    def _calibrations(self) -> dict[str, Any]:
        """Return the hash of each calibration that is read from a file: the name may mean another one day."""
        files = [target for target in self.targets if target.startswith(PROPERTIES)]
        if not files:
            return {}
        from qcoord_hw.execution.calibrations import read_chip

        content = {name: canonical_json(read_chip(name).to_json()) for name in files}
        return {"calibrations": {n: hashlib.sha256(c.encode()).hexdigest() for n, c in content.items()}}

    def points(self, default_seed: int) -> list[Point]:
        """Build every point of the product; what comes twice stands there once.

        Args:
            default_seed: for a grid without seeds.

        Raises:
            InputError: when a field, a parameter, a target or a layout is wrong.
            TooLargeError: when an experiment is too large to be built.
        """
        from qcoord_hw.execution.run_description import program_of
        from qcoord_hw.execution.targets import resolve_target

        devices = {target for target in self.targets if device_name(target) is not None}
        for target in sorted(devices):  # that there is one, before anything runs
            open_typed(target)
        where = {target: resolve_target(target) for target in self.targets if target not in devices}
        seeds, shots = self.seeds or (default_seed,), self.shots or (None,)
        found: dict[Identity, Point] = {}
        for source, values in itertools.product(self.sources, itertools.product(*self.fields.values())):
            fields = tuple(zip(self.fields, values, strict=True))
            _check_names(source, [name for name, _ in fields if name not in SPEC_FIELDS])
            # inputs, from the seed
            drawn = isinstance(source, ExperimentSpec) and bool(registry.family(source.family).samples)
            known: dict[tuple[bool, int], api.Built] = {}
            for target, number, seed in itertools.product(self.targets, shots, seeds):
                key = (target == IDEAL, seed if drawn else self.search_seed)
                built = known[key] = known.get(key) or _build(source, fields, self.links, *key)
                spec = built.spec if number is None else replace(built.spec, shots=number)
                point = Point(spec, target, seed, fields)
                if spec.layout and target in where and point.identity not in found:
                    where[target].prepare(program_of(built.experiment), spec.layout)
                found.setdefault(point.identity, point)
        return list(found.values())


def _source(spec: str | Path | ExperimentSpec, is_state: bool) -> ExperimentSpec | State | str:
    if isinstance(spec, ExperimentSpec):
        return spec
    if not isinstance(spec, (str, Path)):
        raise InputError(f"experiment: {type(spec).__name__}; allowed are a name, a path or a spec")
    if not is_state:
        return spec_of(spec, {})
    return read_state(Path(spec)) if str(spec).endswith(".json") else str(spec)


def _content(source: ExperimentSpec | State | str) -> dict[str, Any]:
    if isinstance(source, str):
        return {"state": source}
    return source.to_json() | {"name": source.name}


def _scaled(targets: Sequence[str], scales: Sequence[float]) -> tuple[str, ...]:
    """Return the names of all targets at all scales; what has no noise stands there once, as it is."""
    names: list[str] = []
    for target in targets:
        if not isinstance(target, str):
            raise InputError(
                f"targets: {type(target).__name__}; allowed are names: {IDEAL}, fake_NAME, {OTHERS}"
            )
        if target.startswith(PROPERTIES):
            from qcoord_hw.execution.calibrations.of_run import located

            target = located(target)
        if is_ours(target):
            raise InputError(
                f"targets: {target} is a real backend, where every run needs its own `qcoord submit`; "
                f"allowed in a sweep are {IDEAL}, fake_NAME, {OTHERS}"
            )
        if scales and target != IDEAL:
            names += [scaled_target(target, scale) for scale in scales]
        else:
            names.append(scaled_name(*split_scale(target)))
    if scales and set(names) == {IDEAL}:
        scaled_target(IDEAL, scales[0])  # says that nothing here has noise
    return tuple(dict.fromkeys(names))


def _check_names(source: ExperimentSpec | State | str, names: Sequence[str]) -> None:
    """Refuse a field that is none of a spec, and no parameter of its family either."""
    if not isinstance(source, ExperimentSpec):
        return
    own = registry.family(source.family)
    if unknown := set(names) - set(names_of(own.parameters)):
        given = source.options | dict.fromkeys(sorted(unknown), "")
        check_names(own.parameters_of(source), given, f"for {source.name}", SPEC_FIELDS)


def _build(
    source: ExperimentSpec | State | str,
    fields: tuple[tuple[str, Plain], ...],
    links: Links,
    ideal: bool,
    seed: int,
) -> api.Built:
    """Build an experiment with the fields that are swept."""
    stated = {name: value for name, value in fields if name in SPEC_FIELDS}
    parameters = {name: value for name, value in fields if name not in SPEC_FIELDS}
    if "layout" in stated and not isinstance(stated["layout"], tuple):
        raise InputError(f"layout: {short_repr(stated['layout'])}; allowed are lists such as [0,1]")
    target = IDEAL if ideal else "fake"
    costs = {key: dict(stated) for key, stated in links} or None
    built = api.build(source, parameters=parameters, target=target, seed=seed, links=costs)
    return replace(built, spec=replace(built.spec, **stated)) if stated else built  # type: ignore[arg-type]
