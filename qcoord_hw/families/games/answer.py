"""What `qcoord theory game` says of a game: one plain object, and its text for a terminal."""

from __future__ import annotations

import hashlib
import time
from typing import Any

from qcoord_hw.errors import TooLargeError
from qcoord_hw.families.games.expression import answer_block
from qcoord_hw.spec import canonical_json
from qcoord_hw.theory.games.catalogue import I3322_OFFSET, I3322_SCALE, catalogue_name
from qcoord_hw.theory.games.classical import classical_optimum
from qcoord_hw.theory.games.explicit import EXPLICIT
from qcoord_hw.theory.games.game import Game
from qcoord_hw.theory.games.quantum import quantum_value
from qcoord_hw.theory.games.spread import ExpressionGame

FRONTIER_SECONDS = 20.0

CLASSICAL_SHARE = 0.5
"""Of the time limit: a search that needs more leaves the classical value unknown."""

BELL = {"i3322": ("I3322", I3322_SCALE, I3322_OFFSET)}
"""Games that are Bell inequalities: I = scale * value + offset."""


def game_theory(
    game: Game, *, level: str | None, seed: int, time_limit: float, win: float | None
) -> dict[str, Any]:
    """Return classical and quantum value of a game with certificates, as plain JSON values."""
    start = time.monotonic()
    try:
        optimum = classical_optimum(game, time_limit=CLASSICAL_SHARE * time_limit)
        classical: dict[str, Any] = {
            "value": str(optimum.value),
            "float": float(optimum.value),
            "strategy": [list(own) for own in optimum.strategy],
        }
        known = optimum.strategy
    except TooLargeError as error:
        classical, known = {"value": None, "float": None, "strategy": None, "why": str(error)}, None
    seconds = {"classical": round(time.monotonic() - start, 3)}
    name = catalogue_name(game)
    explicit = [EXPLICIT[name].build()] if name in EXPLICIT else []
    left = max(0.05, time_limit - (time.monotonic() - start))
    found = quantum_value(game, level=level, seed=seed, time_limit=left, known=explicit, classical=known)
    answer = {
        "ok": True,
        "name": game.name,
        "game": game.to_json(),
        "game_id": hashlib.sha256(canonical_json(game.to_json()).encode()).hexdigest(),
        "players": game.players,
        "questions": list(game.prob.shape),
        "answers": list(game.answers),
        "classical": classical,
        "quantum": {
            "lower": found.lower,
            "upper": found.upper,
            "kind": found.kind,
            "local_dimension": found.local_dimension,
            "level": found.level,
            "lower_certificate": found.lower_certificate,
            "upper_certificate": found.upper_certificate,
        },
        "seconds": seconds | {key: round(value, 3) for key, value in found.seconds.items()},
    }
    if win is not None:
        from qcoord_hw.theory.games.frontier import frontier

        left = max(0.05, min(FRONTIER_SECONDS, time_limit - (time.monotonic() - start)))
        answer["frontier"] = frontier(game, win, quantum=found, time_limit=left, seed=seed)
    if isinstance(game, ExpressionGame):
        answer["expression"] = answer_block(game, classical["value"], found.lower, found.upper)
    if name in BELL and classical["float"] is not None:
        inequality, scale, offset = BELL[name]
        answer["bell_inequality"] = {
            "name": inequality,
            "scale": scale,
            "offset": offset,
            "classical": scale * classical["float"] + offset,
            "lower": scale * found.lower + offset,
            "upper": scale * found.upper + offset,
        }
    return answer


def game_theory_text(answer: dict[str, Any]) -> str:
    """Return the object of `game_theory` for a terminal."""
    classical, quantum = answer["classical"], answer["quantum"]
    shape = ", ".join(
        f"{x} questions and {b} answers" for x, b in zip(answer["questions"], answer["answers"], strict=True)
    )
    lines = [
        f"{answer['name']}: {answer['players']} players with {shape}",
        f"classical value  {classical['value']} = {classical['float']:.6g}, exact"
        if classical["value"]
        else f"classical value  not known: {classical['why']}",
        f"quantum value    {quantum['lower']:.9g} to {quantum['upper']:.9g} ({quantum['kind']}; "
        f"strategy of local dimension {quantum['local_dimension']}; {_upper_words(quantum)})",
    ]
    if "bell_inequality" in answer:
        b = answer["bell_inequality"]
        lines.append(
            f"{b['name']:<16} classical {b['classical']:g}, quantum {b['lower']:.7g} to {b['upper']:.7g}"
        )
    if "expression" in answer:
        e = answer["expression"]
        local = "not known" if e["local_bound"] is None else f"at most {e['local_bound']:.7g}"
        lines.append(
            f"as an expression  local {local}, quantum {e['lower']:.9g} to {e['upper']:.9g}; it is "
            f"{e['exact']['scale']} w + ({e['exact']['offset']}) for the value w above"
        )
    if "frontier" in answer:
        lines += _frontier_lines(answer["frontier"])
    if classical["strategy"]:
        lines += [
            f"  player {k + 1} answers {' '.join(map(str, own))} to questions 0, 1, .."
            for k, own in enumerate(classical["strategy"])
        ]
    return "\n".join([*lines, f"{sum(answer['seconds'].values()):.3g} s"])


def _upper_words(quantum: dict[str, Any]) -> str:
    """Return the upper bound with where it comes from; level 0 is below the hierarchy."""
    if quantum["level"] == "0":
        return f"upper bound {quantum['upper']:.9g} (the best answers of every question)"
    return f"upper bound {quantum['upper']:.9g} (level {quantum['level']} of the hierarchy)"


def _frontier_lines(found: dict[str, Any]) -> list[str]:
    """Return the four rates for a win probability, each with what it is; none of them is 'the' rate."""
    lines = [
        f"to win {found['win']:g} (qubits to each player a round, asymptotically; four different things):"
    ]
    formula = found["formula_rate"]
    for key, words in (("bob", "H(B|X)"), ("charlie", "H(C|Y)")):
        part = formula.get(key)
        if part is not None and part.get("lower") is not None:
            lines.append(
                f"  {words:<24} {part['lower']:.4f} to {part['upper']:.4f}  {_first(formula['assumption'])}"
            )
    for key in ("time_shared", "strategy_entanglement", "circuit_qubits"):
        value = found[key].get("value")
        if value is not None:
            lines.append(f"  {key.replace('_', ' '):<24} {value:.4f}  {_first(found[key]['assumption'])}")
    return lines


def _first(text: str) -> str:
    """Return the first clause of an explanation; `--json` has all of it."""
    return text.split(". ")[0].split("; ")[0].split(": ")[0]
