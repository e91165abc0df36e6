"""The parameters of an experiment at a distance; what they do: `qcoord_hw.families.relayed`."""

from __future__ import annotations

from qcoord_hw.schema import Flag, Parameter

MAX_DISTANCE = 60

DISTANCE = (
    Parameter(
        "distance",
        "integer",
        "relay qubits between the ends of a way that qubits are sent or shared over",
        usual="none: whoever sends is a neighbour of who receives",
        low=0,
        high=MAX_DISTANCE,
        flags=(Flag("--distance", "D"),),
    ),
    Parameter(
        "transport",
        "choice",
        "how they are crossed: SWAP gates, or entanglement swapping along a line, fed forward or "
        "post-processed",
        default="swap",
        choices=("swap", "swapping", "post-processed"),
        when={"distance": ()},
        flags=(Flag("--transport", "T"),),
    ),
)
"""Of every family in whose experiments qubits are sent or shared."""
