"""What each criterion of each network scores, in words: no rate means anything without its error."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Scored:
    """A criterion.

    Attributes:
        definition: which definition of [NatorPereg] it is, or what stands in its place.
        words: the state that is compared with the target, and what the region then is.
    """

    definition: str
    words: str

    def to_json(self) -> dict[str, str]:
        """Return `definition` and `words`."""
        return {"definition": self.definition, "words": self.words}


NORM = "in trace norm, which vanishes for n copies as n grows"

SCORED = {
    ("two-node", "theorem"): Scored("Definition 1", f"omega_XB^n is scored, X included, {NORM}"),
    ("no-communication", "theorem"): Scored("Definition 2", f"the state of all parties is scored, {NORM}"),
    ("classical-broadcast", "theorem"): Scored(
        "Section III-C, as Definition 1", f"omega_XBC^n is scored, X included, {NORM}"
    ),
    ("cascade", "redistribution"): Scored(
        "Definition 4, with the reference",
        "omega_RABC^n is scored, the reference R of a purification included, as in (153); Theorem 6 is exact",
    ),
    ("cascade", "generation_inner"): Scored(
        "Definition 4", "omega_ABC^n alone is scored, as in (40); every tuple of this region is achievable"
    ),
    ("cascade", "generation_outer"): Scored(
        "Definition 4", "omega_ABC^n alone is scored, as in (40); no tuple outside this region is achievable"
    ),
    ("two-node-quantum", "no_entanglement"): Scored(
        "Introduction, Figure 2, scored as Definition 4",
        "omega_AB^n alone is scored, Alice makes A, and nothing is shared",
    ),
    ("two-node-quantum", "entanglement_assisted"): Scored(
        "Introduction, Figure 2, of a channel",
        "the output B is scored with its reference A, which Alice is given, and entanglement is free",
    ),
    ("quantum-broadcast", "theorem"): Scored("Definition 6", f"omega_XYABC^n is scored, {NORM}"),
    ("multiple-access", "theorem"): Scored("Definition 8", f"omega_ABC^n is scored, {NORM}"),
    ("redistribution", "theorem"): Scored("Theorem 11", "the pure state of all four systems is scored"),
}
"""By network (that with a link of qubits between two nodes is `two-node-quantum`) and criterion."""


def scored(network: str, criterion: str) -> Scored | None:
    """Return what a criterion scores; None for a network that somebody added without saying it.

    Args:
        network: its name; `two-node` serves both kinds of links.
        criterion: its name.
    """
    return SCORED.get((network, criterion)) or SCORED.get((f"{network}-quantum", criterion))
