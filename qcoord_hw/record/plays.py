"""How counts are scored, as a record holds it: its shape, and whether it fits the rest of the record."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from qcoord_hw.families.coordination.scoring import CoordinationPlay
from qcoord_hw.families.games.scoring import GamePlay
from qcoord_hw.families.linear_computation.scoring import LinearPlay
from qcoord_hw.record.shape import (
    Misfit,
    Shape,
    anything,
    boolean,
    fields,
    integer,
    listed,
    maybe,
    real,
    require,
    table,
    text,
    tuple_of,
)

MAX_TALLY = 50_000_000
"""Cells in which a run of a game is counted."""

MAX_VECTOR, MAX_MATRIX = 20, 10
"""Qubits of a target of a coordination protocol that is given as a vector, and as a density matrix."""

WORDS = text()
INDEX = integer(0, 10**7)
BITS = listed(integer(0, 10_000), least=1, most=62)
SHARE = real(0, 1)

KIND = text("exact|lower|upper|bracket", 10)
VALUE = fields({"value": real(), "kind": KIND, "source": WORDS})
CHANCE = fields({"value": SHARE, "kind": KIND, "source": WORDS})

GAME = fields(
    {
        "game": anything,
        "players": listed(WORDS, least=1),
        "questions": listed(listed(listed(INDEX, least=1), least=1), least=1),
        "answers": listed(listed(BITS, least=1), least=1),
        "theory": maybe(CHANCE),
        "bound": CHANCE,
        "figures": listed(
            fields({"name": WORDS, "scale": real(1e-9), "offset": real(), "theory": VALUE, "bound": VALUE})
        ),
    },
    {
        "decoded": maybe(listed(listed(listed(integer(-1, 10**6), least=1), least=1), least=1)),
        "agreed": listed(INDEX),
    },
)

LINEAR = fields(
    {
        "task": fields({"servers": table(anything), "field": anything}),
        "servers": listed(WORDS, least=1),
        "qudits": integer(1, 10_000),
        "bits": listed(BITS, least=1),
        "decoder": listed(listed(integer(0, 255), least=1), least=1),
        "inputs": listed(listed(listed(integer(0, 255), least=1), least=1), least=1),
        "baselines": table(tuple_of(real(0), WORDS)),
        "scheme": fields({}, {"source": WORDS}),
    }
)

NUMBERS = listed(real())
STATE = fields(
    {},
    {
        "ket": table(tuple_of(real(), real())),
        "density": listed(
            fields(
                {
                    "size": integer(1, 2**MAX_MATRIX),
                    "entries": listed(tuple_of(INDEX, INDEX, real(), real())),
                }
            ),
            least=1,
        ),
    },
)
COORDINATION = fields(
    {
        "network": WORDS,
        "copies": integer(1, 10**6),
        "outputs": listed(fields({"owner": WORDS, "copy": INDEX}), least=1, most=62),
        "cases": listed(
            fields(
                {
                    "label": WORDS,
                    "probability": SHARE,
                    "mixture": listed(tuple_of(INDEX, real()), least=1),
                    "state": maybe(STATE),
                    "outputs": listed(INDEX, least=1, most=62),
                    "ideal": maybe(listed(listed(tuple_of(real(), real())))),
                    "separable": maybe(SHARE),
                }
            ),
            least=1,
        ),
        "settings": listed(
            fields({"preparation": INDEX, "basis": text("[XYZ]*"), "case": maybe(INDEX), "share": real(0)}),
            least=1,
        ),
        "estimators": listed(
            fields(
                {
                    "name": WORDS,
                    "case": INDEX,
                    "offset": real(),
                    "terms": listed(
                        fields(
                            {
                                "strata": listed(tuple_of(real(), listed(INDEX, least=1))),
                                "masks": listed(integer(0, 2**62)),
                                "coefficients": NUMBERS,
                            }
                        )
                    ),
                    "ideal": real(),
                    "draws": INDEX,
                }
            )
        ),
        "bits": BITS,
        "sampled": boolean,
        "combine": text("mean|independent", 20),
        "tomography": boolean,
        "rates": table(
            fields(
                {"source": WORDS},
                {"value": maybe(real()), "lower": maybe(real()), "upper": maybe(real())},
            )
        ),
        "exact": table(real()),
        "notes": listed(WORDS),
    }
)


def check_play(intent: dict[str, Any], width: int | None) -> None:
    """Check how a run is scored.

    Args:
        intent: of the run; everything else in it is checked.
        width: classical bits of each circuit; None while they are not known.

    Raises:
        Misfit: naming the field.
        InputError: when a game, a task or a state in it is none.
    """
    play = intent["experiment"]["play"]
    kind = play.get("kind")
    if not isinstance(kind, str) or kind not in PLAYS:
        raise Misfit("play.kind", kind, f"are {', '.join(PLAYS)}")
    shape, fit = PLAYS[kind]
    shape(play, "play")
    fit(intent, math.inf if width is None else width)


def _fit_game(intent: dict[str, Any], width: float) -> None:
    play = GamePlay.from_json(intent["experiment"]["play"])
    settings, plan = intent["experiment"]["settings"], intent["plan"]
    sizes, rounds, k = play.game.answers, play.rounds, play.game.players
    require(len(play.players) == k, "play.players", len(play.players), f"are {k}, as the game has")
    require(len(play.questions) == len(settings), "play.questions", len(play.questions), "is one a setting")
    asked = {q for circuit in play.questions for q in circuit}
    for circuit in play.questions:
        require(len(circuit) == rounds, "play.questions", len(circuit), f"are {rounds} rounds")
    for question in asked:
        fits = len(question) == k and all(x < n for x, n in zip(question, play.game.prob.shape, strict=True))
        require(
            fits and play.game.prob[question] > 0, "play.questions", question, "are questions of the game"
        )
    for players in play.answers:
        require(len(players) == k, "play.answers", len(players), f"is one a player, {k}")
        for player, bits in enumerate(players):
            fits = max(bits) < width and len(bits) <= 20
            if play.decoded is None:
                fits = fits and 2 ** len(bits) <= sizes[player]
            require(fits, "play.answers", list(bits), "are bits of the outcome that make an answer")
    if play.decoded is not None:
        require(len(play.decoded) == k, "play.decoded", len(play.decoded), f"is one a player, {k}")
        for player, own in enumerate(play.decoded):
            most = max(len(players[player]) for players in play.answers)
            fits = len(own) >= play.game.prob.shape[player] and all(
                len(t) >= 2**most and max(t) < sizes[player] for t in own
            )
            require(fits, "play.decoded", player, "is an answer for each outcome and question")
    if play.agreed is not None:
        fits = len(play.agreed) == len(play.questions)
        require(fits, "play.agreed", len(play.agreed), "is one a circuit")
    blocks = 1 + max((chunk["block"] for chunk in plan), default=0)
    cells = len(play.questions) * rounds * blocks * math.prod(size + 1 for size in sizes)
    require(cells <= MAX_TALLY, "play", cells, f"are at most {MAX_TALLY} cells of counts")


def _fit_linear(intent: dict[str, Any], width: float) -> None:
    data = intent["experiment"]["play"]
    for name, axes in (("decoder", 2), ("inputs", 3)):
        array = np.array(data[name], dtype=np.int64)  # a ValueError where it is ragged
        require(array.ndim == axes, f"play.{name}", array.shape, f"is an array of {axes} axes")
    given = data["servers"]
    require(len(set(given)) == len(given), "play.servers", given, "are distinct servers")
    require(sorted(given) == sorted(data["task"]["servers"]), "play.servers", given, "are those of the task")
    play = LinearPlay.from_json(data)
    field, task, settings = play.task.field, play.task, intent["experiment"]["settings"]
    shape = (play.instances * task.rows * field.degree, len(play.bits))
    require(play.decoder.shape == shape, "play.decoder", play.decoder.shape, f"is an array of shape {shape}")
    require(bool((play.decoder < field.characteristic).all()), "play.decoder", "an entry", "are digits")
    require(bool((play.inputs < field.order).all()), "play.inputs", "an entry", "are symbols of the field")
    fits = play.instances >= 1 and play.inputs.shape[2] == sum(task.sizes)
    require(fits, "play.inputs", play.inputs.shape, "are the data of one instance or more")
    require(len(play.inputs) <= len(settings), "play.inputs", len(play.inputs), "is a setting for each")
    for digit in play.bits:
        require(max(digit) < width, "play.bits", list(digit), "are bits of the outcome")
    for name in ("quantum", "classical"):
        require(name in play.baselines, "play.baselines", list(play.baselines), f"is {name} among them")
    for setting in settings:
        fits = setting["input"] < len(play.inputs)
        require(fits, "settings.input", setting["input"], "are the inputs")
    plan = intent["plan"]
    if plan:
        counted = {chunk["setting"] for chunk in plan} >= set(range(len(play.inputs)))
        require(counted, "plan", len(plan), "is a chunk or more for every input")


def _fit_coordination(intent: dict[str, Any], width: float) -> None:
    data = intent["experiment"]["play"]
    count, settings = len(data["outputs"]), intent["experiment"]["settings"]
    for k, case in enumerate(data["cases"]):
        where, size = f"play.cases[{k}]", len(case["outputs"])
        require(max(case["outputs"]) < count, f"{where}.outputs", case["outputs"], "are the outputs")
        state = case["state"] or {}
        needs = "ket" in state or "density" in state
        require(case["state"] is None or needs, f"{where}.state", state, "is ket or density")
        most = MAX_MATRIX if "density" in state or case["ideal"] is not None else MAX_VECTOR
        require(size <= most or not needs, f"{where}.outputs", size, f"are at most {most} qubits of a state")
        for key in state.get("ket", {}):
            fits = len(key) == size and set(key) <= set("01")
            require(fits, f"{where}.state.ket", key, "are bits, one an output")
        sizes = [factor["size"] for factor in state.get("density", [])]
        fits = not sizes or math.prod(sizes) == 2**size
        require(fits, f"{where}.state.density", sizes, "are factors of a state of the outputs")
        for factor in state.get("density", []):
            fits = all(max(i, j) < factor["size"] for i, j, _, _ in factor["entries"])
            require(fits, f"{where}.state.density", factor["size"], "are entries within")
        if case["ideal"] is not None:
            fits = [len(row) for row in case["ideal"]] == [2**size] * 2**size
            require(fits, f"{where}.ideal", len(case["ideal"]), "is a density matrix of the outputs")
    play = CoordinationPlay.from_json(data)
    require(max(play.bits) < width, "play.bits", list(play.bits), "are bits of the outcome")
    require(len(play.settings) <= len(settings), "play.settings", len(play.settings), "is a setting for each")
    for chunk in intent["plan"]:
        fits = chunk["setting"] < len(play.settings)
        require(fits, "plan.setting", chunk["setting"], "are the settings that are scored")
    for measured in play.settings:
        fits = len(measured.basis) == count and (measured.case or 0) < len(play.cases)
        require(fits, "play.settings", measured.basis, "is a letter for each output, of a case that there is")
    for estimator in play.estimators:
        require(estimator.case < len(play.cases), "play.estimators.case", estimator.case, "are the cases")
        for term in estimator.terms:
            fits = len(term.masks) == len(term.coefficients) and all(m < 2**count for m in term.masks)
            require(fits, "play.estimators.masks", len(term.masks), "are outputs, with a coefficient each")
            fits = all(s < len(play.settings) for _, pooled in term.strata for s in pooled)
            require(fits, "play.estimators.strata", len(term.strata), "are settings")


PLAYS: dict[str, tuple[Shape, Callable[[dict[str, Any], float], None]]] = {
    "game": (GAME, _fit_game),
    "linear-computation": (LINEAR, _fit_linear),
    "coordination": (COORDINATION, _fit_coordination),
}
"""Kind of play -> its shape, and what checks that it fits the run."""
