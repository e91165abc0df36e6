"""The shape of the objects that `--json` prints of a run; families add keys of their own to a summary."""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict

from qcoord_hw.statistics.estimate import Better, Origin, Verdict


class ValueJson(TypedDict):
    """`qcoord_hw.theory.value.Value.to_json`."""

    value: float
    kind: str
    source: str


class EstimateJson(TypedDict):
    """`qcoord_hw.statistics.estimate.Estimate.to_json`."""

    name: str
    low: float
    best: float
    high: float
    method: str
    confidence: float
    shots: int
    theory: ValueJson | None
    bound: ValueJson | None
    verdict: Verdict | None
    p_value: float | None
    assumes: str
    estimand: str
    title: str
    short: str
    unit: str
    better: Better
    bound_label: str
    origin: Origin
    headline: bool
    axis: str


Check = dict[str, Any]
"""A test on raw counts: `p_value` and `method` at least, or those of a plug-in distance and its null."""

Checks = dict[str, Check | None]


class Progress(TypedDict):
    """How many parts of the plan are counted."""

    planned: int
    done: int


class TileJson(TypedDict):
    """One of the copies of the circuits that ran side by side."""

    layout: list[int] | None
    calibrated: str | None
    cautions: list[str]
    shots: int
    estimates: list[EstimateJson]
    checks: Checks


class PairJson(TypedDict):
    """A coupling of a chip; its intervals hold together with those of all others."""

    qubits: list[int]
    batch: int
    shots: int
    estimates: list[dict[str, Any]]
    bound: dict[str, float]
    p_value: float | None
    p_value_holm: float | None
    violates: bool
    no_signalling: float | None


class EdgesJson(TypedDict):
    """A run on every coupling of a chip."""

    couplings: int
    batches: int
    confidence: float
    intervals: str
    test: str
    pairs: list[PairJson]
    violating: int
    largest: dict[str, Any]
    no_signalling: float | None


class EdgeDifferenceJson(TypedDict):
    """How a figure of a coupling differs from that of the first run."""

    qubits: list[int]
    name: str
    title: str
    low: float
    best: float
    high: float
    differ: bool
    run: str
    against: str
    independent: bool


class EdgesComparedJson(TypedDict):
    """Runs on every coupling of a chip, coupling by coupling; all intervals hold together."""

    couplings: int
    confidence: float
    intervals: str
    differing: int
    pairs: list[EdgeDifferenceJson]


class JobJson(TypedDict):
    """A job on a device."""

    tag: str
    id: str | None
    twins: list[str]
    duplicates: int
    state: str
    reason: str
    sent: str
    chunks: list[int]
    circuits: int
    shots: int
    usage_seconds: float | None


class RunSummary(TypedDict):
    """A run with what was derived from it."""

    ok: bool
    run: str
    state: str
    experiment: str
    title: str
    family: str
    play: str
    parameters: dict[str, Any]
    spec_id: str
    created: str
    target: str
    kind: str
    layout: list[int] | None
    calibrated: str | None
    seed: int | None
    shots: int
    copies: int
    usage: dict[str, dict[str, float]] | None
    gates: dict[str, int] | None
    locality: dict[str, int] | None
    cautions: list[str]
    chunks: Progress
    rules: int
    estimates: list[EstimateJson]
    checks: Checks
    questions: list[dict[str, Any]]
    note: str
    known_answer: NotRequired[dict[str, Any]]
    options: NotRequired[dict[str, Any]]
    jobs: NotRequired[list[JobJson]]
    stopped: NotRequired[str]
    tiles: NotRequired[list[TileJson]]
    source: NotRequired[dict[str, Any]]
    unknown: NotRequired[list[str]]
    edges: NotRequired[EdgesJson]
    idle_noise: NotRequired[bool]
    links: NotRequired[dict[str, Any]]
