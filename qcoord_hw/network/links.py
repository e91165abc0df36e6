"""Links that cost: what happens to a qubit that crosses one, and how often one arrives, in plain numbers.

A qubit crosses a link when it is sent, and when it is handed out as part of a shared resource by a source in
the middle. Execution puts the channels into the circuits; here is which one stands where. Closed forms of
what they do to figures: `docs/formats/links.md`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from qcoord_hw.errors import InputError
from qcoord_hw.spec import Links, check_known, one_line, short_repr

SPEED = 2e5
"""Kilometres a second that light goes in fibre."""

OVERHEAD = 1e-6
"""Seconds between one attempt and the next beside the travel, where no number of attempts is stated."""

MAX_KM = 1e6
"""More than twice to the moon."""

MAX_ATTEMPTS = 1e12
MAX_DB_PER_KM = 1e3
MAX_MS = 1e9

CHANNELS = ("depolarising", "dephasing", "damping", "fidelity")
"""Of these a link has one at most."""


def _within(low: float, high: float, *, above: bool = False) -> dict[str, Any]:
    return {"low": low, "high": high, "above": above}


@dataclass(frozen=True, kw_only=True)
class LinkCost:
    """What crossing a link costs; what is left out costs nothing.

    Attributes:
        length_km: of the link; of a shared pair from one party to the other, the source in the middle.
        loss_db_per_km: of light in the fibre.
        depolarising: p in rho -> (1 - p) rho + p I/2.
        dephasing: probability of a Z.
        damping: g of amplitude damping.
        fidelity: F of Werner pairs of visibility V = (4F - 1)/3: over those that a qubit is teleported by, or
            that are shared.
        heralded: whether a loss is noticed, and the shot tried again; else the lost qubit is read as 0.
        attempts_per_s: how often a shot is tried.
        efficiency: share of the photons that are neither lost at the source nor at the detector.
        memory_t1_ms: of the memory in which a qubit waits while a message travels the length.
        memory_t2_ms: of the same.
    """

    length_km: float | None = field(default=None, metadata=_within(0, MAX_KM))
    loss_db_per_km: float | None = field(default=None, metadata=_within(0, MAX_DB_PER_KM))
    depolarising: float | None = field(default=None, metadata=_within(0, 1))
    dephasing: float | None = field(default=None, metadata=_within(0, 1))
    damping: float | None = field(default=None, metadata=_within(0, 1))
    fidelity: float | None = field(default=None, metadata=_within(0.25, 1))
    heralded: bool = True
    attempts_per_s: float | None = field(default=None, metadata=_within(0, MAX_ATTEMPTS, above=True))
    efficiency: float | None = field(default=None, metadata=_within(0, 1, above=True))
    memory_t1_ms: float | None = field(default=None, metadata=_within(0, MAX_MS, above=True))
    memory_t2_ms: float | None = field(default=None, metadata=_within(0, MAX_MS, above=True))

    @classmethod
    def of(cls, key: str, stated: Iterable[tuple[str, object]]) -> LinkCost:
        """Read what a file states of a link.

        Raises:
            InputError: naming the field that is unknown or out of range, or the channels that exclude others.
        """
        values = dict(stated)
        known = {one.name: one for one in fields(cls)}
        where = f"links.{one_line(key)}"
        check_known(values, list(known), f"{where}.")
        for name, value in values.items():
            if name == "heralded":
                if not isinstance(value, bool):
                    raise InputError(f"{where}.heralded: {short_repr(value)}; allowed are true and false")
                continue
            low, high, above = (known[name].metadata[what] for what in ("low", "high", "above"))
            is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
            if not is_number or not low <= value <= high or (above and value == low):
                words = f"above {low:g}, up to" if above else f"from {low:g} to"
                raise InputError(f"{where}.{name}: {short_repr(value)}; allowed are numbers {words} {high:g}")
        if len(several := [name for name in CHANNELS if name in values]) > 1:
            raise InputError(f"{where}: {' and '.join(several)}; allowed is one of {', '.join(CHANNELS)}")
        made = cls(**values)  # type: ignore[arg-type]
        if made.memory_t1_ms and made.memory_t2_ms and made.memory_t2_ms > 2 * made.memory_t1_ms:
            raise InputError(f"{where}.memory_t2_ms: {made.memory_t2_ms:g}; allowed is at most twice the T1")
        return made

    @property
    def seconds(self) -> float:
        """How long a message travels, while a qubit waits."""
        return (self.length_km or 0) / SPEED

    def transmission(self, *, pair: bool) -> float:
        """Return the probability that a photon arrives: over the length, or half of it to each of a pair."""
        decibel = (self.length_km or 0) * (self.loss_db_per_km or 0) / (2 if pair else 1)
        return (1 if self.efficiency is None else self.efficiency) * float(10 ** (-decibel / 10))

    def channel(self, *, shared: bool) -> Channel:
        """Return what is done to one qubit that crosses.

        Args:
            shared: whether it is part of a shared resource: two such halves make a pair, so that each crosses
                by the square root of its visibility.
        """
        keeps = 1 - (self.depolarising or 0)
        if self.fidelity is not None:
            visibility = max(0.0, (4 * self.fidelity - 1) / 3)
            keeps = math.sqrt(visibility) if shared else visibility
        decays, phase = 0.0, 0.0  # rates, a second
        if self.memory_t1_ms:
            decays = 1e3 / self.memory_t1_ms
        if self.memory_t2_ms:
            phase = max(0.0, 1e3 / self.memory_t2_ms - decays / 2)
        z = self.dephasing or 0
        return Channel(
            depolarising=1 - keeps,
            dephasing=(1 - (1 - 2 * z) * math.exp(-phase * self.seconds)) / 2,
            damping=1 - (1 - (self.damping or 0)) * math.exp(-decays * self.seconds),
        )

    @property
    def hangs_on_distance(self) -> bool:
        """Whether figures, and not only rates, get worse with the length."""
        lossy = bool(self.loss_db_per_km) and not self.heralded
        return lossy or self.memory_t1_ms is not None or self.memory_t2_ms is not None


@dataclass(frozen=True)
class Channel:
    """Depolarising, then dephasing, then amplitude damping of one qubit: p, probability of a Z, and g."""

    depolarising: float = 0.0
    dephasing: float = 0.0
    damping: float = 0.0

    @property
    def is_pauli(self) -> bool:
        """Whether it commutes with Pauli frames."""
        return not self.damping

    @property
    def paulis(self) -> tuple[float, float, float, float]:
        """Probabilities of I, X, Y and Z of a Pauli channel."""
        some, z = self.depolarising / 4, self.dephasing
        none = 1 - 3 * some
        return (none * (1 - z) + some * z, some, some, some * (1 - z) + none * z)

    @property
    def is_identity(self) -> bool:
        """Whether nothing happens."""
        return not (self.depolarising or self.dephasing or self.damping)


@dataclass(frozen=True)
class Crossing:
    """One qubit crosses a link at a barrier.

    Attributes:
        link: key of the link, as in usage.
        qubit: of the circuit.
        barrier: at which of the barriers on this qubit, from 1; 0 is the start.
        barriers: how many barriers there are on this qubit.
        stage: at which of the barriers over all qubits, for circuits in which the others are gone.
        channel: what is done to the qubit.
    """

    link: str
    qubit: int
    barrier: int
    barriers: int
    stage: int
    channel: Channel


@dataclass(frozen=True)
class Route:
    """What links do to one circuit.

    Attributes:
        crossings: in order.
        unread: (classical bit, probability that its qubit was lost, unnoticed: it reads 0).
        success: the probability that no loss is noticed.
    """

    crossings: tuple[Crossing, ...] = ()
    unread: tuple[tuple[int, float], ...] = ()
    success: float = 1.0

    @property
    def is_quiet(self) -> bool:
        """Whether the circuit is left as it is."""
        return not self.unread and all(one.channel.is_identity for one in self.crossings)

    @property
    def is_pauli(self) -> bool:
        """Whether all that is done to qubits commutes with Pauli frames."""
        return not self.unread and all(one.channel.is_pauli for one in self.crossings)


def read_links(links: Links) -> dict[str, LinkCost]:
    """Return what each link of a spec costs, by its key.

    Raises:
        InputError: naming the field.
    """
    return {key: LinkCost.of(key, stated) for key, stated in links}


def check_links(links: Links, usage: Mapping[str, Mapping[str, float]]) -> None:
    """Check links against what an experiment uses.

    Raises:
        InputError: naming the link over which it moves no qubit, or the field that is wrong.
    """
    moved = ("qubits", "ebits", "qudits")
    quantum = [key for key, used in usage.items() if any(used.get(unit) for unit in moved)]
    for key in read_links(links):
        if key not in quantum:
            allowed = ", ".join(quantum) or "none: no qubit moves in this experiment"
            raise InputError(f"links.{one_line(key)}: no such link here; allowed are {allowed}")


def route(events: Sequence[Mapping[str, Any]], costs: Mapping[str, LinkCost]) -> Route:
    """Return what links do to a circuit whose steps are recorded.

    Args:
        events: as `Event.to_json` returns them, in order.
        costs: key -> cost.
    """
    size = 1 + max((q for event in events for q in event.get("qubits", ())), default=-1)
    passed, full, clbits = [0] * size, 0, 0
    found: list[tuple[str, int, int, int, Channel]] = []
    lost, unread, success = [1.0] * size, dict[int, float](), 1.0  # of each qubit: that it was not lost
    for event in events:
        kind, qubits = event["kind"], event.get("qubits", ())
        if kind == "barrier":
            for q in qubits:
                passed[q] += 1
            full += len(qubits) == size
        elif kind == "measure":
            unread |= {clbits + k: 1 - lost[q] for k, q in enumerate(qubits) if lost[q] < 1}
            clbits += len(qubits)
        elif kind in ("send", "share"):
            key = next((one for one in _keys(event) if one in costs), None)
            if key is None:
                continue
            shared = "->" not in key
            cost, ahead = costs[key], int(kind == "share")  # a shared state is handed out at the next one
            for q in qubits:
                arrives = cost.transmission(pair=key != "shared" and shared)
                if cost.heralded:
                    success *= arrives
                else:
                    lost[q] *= arrives
                found.append((key, q, passed[q] + ahead, full + ahead, cost.channel(shared=shared)))
    crossings = tuple(Crossing(k, q, nth, passed[q], stage, what) for k, q, nth, stage, what in found)
    return Route(crossings, tuple(unread.items()), success)


def _keys(event: Mapping[str, Any]) -> list[str]:
    """Return under which keys a step may be counted: a pair stands in usage in the network's order.

    What a relay party carries crosses where it is delivered.
    """
    if event["kind"] == "share" and event.get("to"):
        return []
    if event["kind"] == "send" and (key := event.get("name")):
        return [] if key.startswith(f"{event['party']}->") else [key]
    if event["kind"] == "send":
        return [f"{event['party']}->{event['to']}"]
    if event["name"] == "state":
        return ["shared"]
    pair = list(dict.fromkeys(event["owners"]))
    return ["-".join(pair), "-".join(reversed(pair))]
