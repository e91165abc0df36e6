"""Protocol families: each knows the parameters, circuits, scoring, analysis and views of its experiments."""

OURS = {
    "nonlocal-game": "qcoord_hw.families.games.family:FAMILY",
    "linear-computation": "qcoord_hw.families.linear_computation.family:FAMILY",
    "coordination": "qcoord_hw.families.coordination.family:FAMILY",
}
"""The `family` of a spec -> where its object is; `qcoord_hw.registry` loads it when it is asked for."""
