"""The plan of a run: which setting is executed when, how often, and with which seed."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np

from qcoord_hw.errors import InputError
from qcoord_hw.families.experiment import Setting
from qcoord_hw.record import MAX_PLAN, Chunk
from qcoord_hw.spec import ExperimentSpec

MAX_SINGLE_SHOTS = 100_000
"""Shots of a run in which each shot is a chunk of its own."""

MAX_DENOMINATOR = 10_000
"""Of shares of settings that are taken as exact fractions."""

ONE_ROUND = "random_questions: true; allowed for games of one round"


def make_plan(
    settings: int,
    shots: int | Sequence[int],
    blocks: int,
    seed: int,
    name: str,
    *,
    equal: bool = False,
) -> tuple[Chunk, ...]:
    """Return the chunks in the order of execution.

    The shots of each setting are spread over the blocks; within a block every setting comes once, in an
    order drawn from the seed. A chunk's seed depends on the root seed, the name and its id alone: not on
    what was executed before it, and runs of one root seed on two targets are independent.

    Args:
        settings: how many settings.
        shots: shots per setting, of all or of each.
        blocks: how many blocks; at most one a shot is used.
        seed: root seed.
        name: what is run where.
        equal: take fewer blocks if needed, so that all chunks of a setting have the same shots.
    """
    each = [shots] * settings if isinstance(shots, int) else shots
    blocks = min(blocks, *each)
    if equal:
        blocks = next(b for b in range(blocks, 0, -1) if all(n % b == 0 for n in each))
    stem = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4])
    order = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(stem, 0)))
    plan = []
    for block in range(blocks):
        for setting in order.permutation(settings):
            size = each[setting] // blocks + (block < each[setting] % blocks)
            number = block * settings + int(setting)
            state = np.random.SeedSequence(seed, spawn_key=(stem, 1, number)).generate_state(1, np.uint64)
            plan.append(Chunk(number, block, int(setting), size, int(state[0])))
    return tuple(plan)


def proportional(weights: Sequence[float], shots: int) -> tuple[int, ...]:
    """Return how often settings are executed in a fixed schedule that goes by weights, each at least once.

    Exactly in proportion, so that all shots together count like those of drawn settings [Hoeffding1956],
    where that takes at most a tenth off the shots; else as near as whole shots come.

    Args:
        weights: of the settings, positive.
        shots: of all settings together, at most; at least one each.
    """
    total = math.fsum(weights)
    exact = [Fraction(weight / total).limit_denominator(MAX_DENOMINATOR) for weight in weights]
    step = math.lcm(*(share.denominator for share in exact))
    if sum(exact) == 1 and 10 * (shots % step) <= shots >= step:
        return tuple(int(share * (shots - shots % step)) for share in exact)
    ideal = [weight / total * shots for weight in weights]
    found = [max(1, math.floor(n)) for n in ideal]
    while sum(found) < shots:  # at most one more each
        found[max(range(len(found)), key=lambda k: ideal[k] - found[k])] += 1
    return tuple(found)


def spread_plan(settings: int, shots: int, blocks: int, seed: int, name: str) -> tuple[Chunk, ...]:
    """Return a plan in which each setting is executed at once, in random order, in one of the blocks.

    Chunks have the seeds that `make_plan` gives those of one block.

    Args:
        settings: how many settings.
        shots: shots per setting.
        blocks: how many blocks.
        seed: root seed.
        name: what is run where.
    """
    plan = make_plan(settings, shots, 1, seed, name)
    return tuple(replace(chunk, block=place * blocks // settings) for place, chunk in enumerate(plan))


def random_plan(weights: Sequence[float], shots: int, seed: int, name: str) -> tuple[Chunk, ...]:
    """Return a plan of single shots, each of a setting drawn at random.

    Args:
        weights: of the settings.
        shots: in all.
        seed: root seed.
        name: what is run where.

    Raises:
        InputError: when the experiment has no weights, or more than 100000 single shots are asked for.
    """
    if not weights:
        raise InputError(ONE_ROUND)
    if shots > MAX_SINGLE_SHOTS:
        raise InputError(f"shots: {shots} single shots in all; allowed are at most {MAX_SINGLE_SHOTS}")
    stem = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4])
    draw = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(stem, 2)))
    share = np.asarray(weights) / math.fsum(weights)
    settings = draw.choice(len(share), size=shots, p=share)
    seeds = draw.integers(0, 2**63, size=shots)
    return tuple(
        Chunk(k, 8 * k // shots, int(setting), 1, int(own))  # eighths of the run, to test for drift
        for k, (setting, own) in enumerate(zip(settings, seeds, strict=True))
    )


def sampled_plan(
    settings: Sequence[Setting], weights: Sequence[float], shots: int, blocks: int, seed: int, name: str
) -> tuple[Chunk, ...]:
    """Return a plan in which chance decides how often each setting is executed: the protocol draws it.

    Settings with the same values of their parameters (the same measurement) share their shots: as many in all
    as if each of their circuits had `shots`, split at random by the weights, block by block.

    Args:
        settings: what may be executed.
        weights: how likely each is among those that share its measurement.
        shots: shots per circuit.
        blocks: how many blocks; at most one a shot is used.
        seed: root seed.
        name: what is run where.
    """
    blocks = min(blocks, shots)
    stem = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4])
    draw = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(stem, 3)))
    groups: dict[tuple[float, ...], list[int]] = {}
    for k, setting in enumerate(settings):
        groups.setdefault(setting.values, []).append(k)
    plan: list[Chunk] = []
    for block in range(blocks):
        drawn = []
        for members in groups.values():
            circuits = len({settings[k].circuit for k in members})
            total = circuits * shots
            share = np.array([weights[k] for k in members])
            size = total // blocks + (block < total % blocks)
            drawn += list(zip(members, draw.multinomial(size, share / share.sum()).tolist(), strict=True))
        for index in draw.permutation(len(drawn)):
            setting, times = drawn[index]
            if times:
                own = int(draw.integers(0, 2**63))
                plan.append(Chunk(len(plan), block, setting, times, own))
    return tuple(plan)


def plan_of(
    spec: ExperimentSpec,
    name: str,
    settings: Sequence[Setting],
    weights: Sequence[float],
    seed: int,
    *,
    sampled: bool,
    spread: bool,
    weighed: bool,
    equal: bool,
) -> tuple[Chunk, ...]:
    """Return the plan of a run, in whichever way its spec and its protocol ask for.

    Args:
        spec: shots and blocks.
        name: what is run where.
        settings: what is executed.
        weights: how often each is drawn where they are drawn, or executed in a schedule that goes by them;
            empty if never.
        seed: root seed.
        sampled: whether the protocol draws what a setting stands for.
        spread: whether each setting is executed in one block alone.
        weighed: whether a fixed schedule gives settings their shots in proportion to the weights.
        equal: take fewer blocks if needed, so that all chunks have the same shots; no setting then gets more
            than another.

    Raises:
        InputError: when random questions are asked for where there are none, or too many; or when a run gets
            more chunks than a record holds.
    """
    if spec.random_questions:
        if sampled:
            raise InputError(ONE_ROUND)
        return random_plan(weights, spec.shots * len(settings), seed, name)
    _check_size(len(settings) * (1 if spread else min(spec.blocks, spec.shots)))
    if sampled:
        return sampled_plan(settings, weights, spec.shots, spec.blocks, seed, name)
    if spread:
        return spread_plan(len(settings), spec.shots, spec.blocks, seed, name)
    shots: int | Sequence[int] = spec.shots
    if weighed and not equal:
        if len(weights) != len(settings) or min(weights) <= 0:
            raise InputError("weighed: true; allowed where every setting has a weight above 0")
        shots = proportional(weights, spec.shots * len(settings))
    return make_plan(len(settings), shots, spec.blocks, seed, name, equal=equal)


def on_tiles(plan: Sequence[Chunk], tiles: int) -> tuple[Chunk, ...]:
    """Return a plan with a copy of every chunk for each tile; each copy has a seed of its own.

    Raises:
        InputError: when those are more than a record holds.
    """
    if tiles == 1:
        return tuple(plan)
    _check_size(len(plan) * tiles)
    return tuple(
        replace(chunk, id=chunk.id + number * len(plan), seed=_tile_seed(chunk.seed, number), tile=number)
        for chunk in plan
        for number in range(tiles)
    )


def over_patterns(
    plan: Sequence[Chunk], patterns: Sequence[Mapping[int, float]], seed: int, name: str
) -> tuple[Chunk, ...]:
    """Return a plan in which patterns share the shots of each setting, in proportion to their probabilities.

    Of all shots of a setting each pattern gets its share, rounded up or down by one draw for all of them
    (systematic sampling), so that the mean over seeds is exact; which shots of which block these are is drawn
    without replacement. So every chunk's counts, all patterns together, are those of a fixed mixture, and
    intervals for single draws hold [Hoeffding1956].

    Args:
        plan: of the settings.
        patterns: of each setting, pattern -> probability.
        seed: root seed.
        name: what is run where.

    Raises:
        InputError: when those are more chunks than a record holds.
    """
    stem = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4])
    draw = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(stem, 4)))
    totals: dict[int, int] = {}
    for chunk in plan:
        totals[chunk.setting] = totals.get(chunk.setting, 0) + chunk.shots
    left = {}
    for setting, total in sorted(totals.items()):
        ends = np.cumsum(list(patterns[setting].values()))
        whole = np.floor(np.round(total * ends / ends[-1], 9) + draw.random())
        left[setting] = np.diff(whole.astype(np.int64), prepend=0)
    made: list[Chunk] = []
    for chunk in plan:
        drawn = draw.multivariate_hypergeometric(left[chunk.setting], chunk.shots, method="marginals")
        left[chunk.setting] -= drawn
        for pattern, shots in zip(patterns[chunk.setting], drawn.tolist(), strict=True):
            if shots:
                state = np.random.SeedSequence(chunk.seed, spawn_key=(pattern,))
                own = int(state.generate_state(1, np.uint64)[0])
                made.append(replace(chunk, id=len(made), shots=shots, seed=own, pattern=pattern))
    _check_size(len(made), "settings x blocks x patterns of links")
    return tuple(made)


def _check_size(chunks: int, of: str = "settings x blocks x tiles") -> None:
    if chunks > MAX_PLAN:
        raise InputError(f"blocks: {chunks} chunks ({of}); allowed are at most {MAX_PLAN} in a run")


def _tile_seed(seed: int, number: int) -> int:
    if number == 0:
        return seed
    return int(np.random.SeedSequence(seed, spawn_key=(number,)).generate_state(1, np.uint64)[0])
