"""How a coordination protocol is scored, as a record holds it: its shape, and whether it fits the record."""

from __future__ import annotations

import math
from typing import Any

from qcoord_hw.families.coordination.scoring import CoordinationScoring
from qcoord_hw.record.shape import (
    BITS,
    INDEX,
    SHARE,
    WORDS,
    boolean,
    fields,
    integer,
    list_of,
    maybe,
    real,
    require,
    table,
    text,
    tuple_of,
)

MAX_VECTOR, MAX_MATRIX = 20, 10
"""Qubits of a target that is given as a vector, and as a density matrix."""

NUMBERS = list_of(real())
STATE = fields(
    {},
    {
        "ket": table(tuple_of(real(), real())),
        "density": list_of(
            fields(
                {
                    "size": integer(1, 2**MAX_MATRIX),
                    "entries": list_of(tuple_of(INDEX, INDEX, real(), real())),
                }
            ),
            least=1,
        ),
    },
)
SHAPE = fields(
    {
        "network": WORDS,
        "copies": integer(1, 10**6),
        "outputs": list_of(fields({"owner": WORDS, "copy": INDEX}), least=1, most=62),
        "cases": list_of(
            fields(
                {
                    "label": WORDS,
                    "probability": SHARE,
                    "mixture": list_of(tuple_of(INDEX, real()), least=1),
                    "state": maybe(STATE),
                    "outputs": list_of(INDEX, least=1, most=62),
                    "ideal": maybe(list_of(list_of(tuple_of(real(), real())))),
                    "separable": maybe(SHARE),
                }
            ),
            least=1,
        ),
        "settings": list_of(
            fields({"preparation": INDEX, "basis": text("[XYZ]*"), "case": maybe(INDEX), "share": real(0)}),
            least=1,
        ),
        "estimators": list_of(
            fields(
                {
                    "name": WORDS,
                    "case": INDEX,
                    "offset": real(),
                    "terms": list_of(
                        fields(
                            {
                                "strata": list_of(tuple_of(real(), list_of(INDEX, least=1))),
                                "masks": list_of(integer(0, 2**62)),
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
        "notes": list_of(WORDS),
    }
)


def check(intent: dict[str, Any], width: float) -> None:
    """Check how a run is scored: see `Family.check`."""
    SHAPE(intent["experiment"]["play"], "play")
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
    play = CoordinationScoring.from_json(data)
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
