"""What `qcoord theory linear` prints of a task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from qcoord_hw.families.linear_computation.box_answer import box_theory_text

if TYPE_CHECKING:
    from qcoord_hw.families.linear_computation.answer import LinearAnswer, Matrix

THEOREM_1 = "Hu2025, Theorem 1"


def linear_theory_text(answer: LinearAnswer) -> str:
    """Return an answer as plain text."""
    k, c = answer.K, answer.c
    proved = (
        f"{c} (proved: {_certificate(answer.certificate)})"
        if answer.optimal
        else f"between {answer.c_lower} and {c} (stopped by the time limit)"
    )
    lines = [
        f"{answer.name}: {k} computations of {len(answer.servers)} servers over F_{answer.field}",
        *(f"reduced: {note}" for note in answer.reduced),
        *_headline(answer),
        "",
        *_matrices("V", answer.V),
        *_reduction_lines(answer),
        f"auxiliary qudits c  {proved}",
        f"without precoding   {answer.c_without_precoding} (every P_s the identity)",
        *_matrices("P", answer.P),
        f"download            {answer.qudits} qudits for two instances: "
        + ", ".join(f"{s} {n}" for s, n in answer.download.items()),
        "region              "
        + ", ".join(f"2 D_{s} >= {m}" for s, m in answer.servers.items())
        + f", 2 sum D >= {sum(answer.servers.values()) + c}  (D: qudits an instance)",
        "",
        "rates, in computations a qudit:",
        f"  {str(answer.rate):<8}[Hu2025, Theorem 1]",
    ]
    for name, known in answer.sources.items():
        if name != "theorem1" and known.value is not None:
            lines.append(f"  {str(known.value):<8}{name} ({known.kind}): {known.note} [{known.source}]")
    for one in answer.batched[:1]:
        if one.field != answer.field:
            lines.append(
                f"  {str(one.rate):<8}batched: {one.instances} instances in symbols of "
                f"F_{one.field}, c = {one.c}"
            )
    if b := answer.beyond:
        lines.append(
            f"  {str(b.rate):<8}{b.label}: {b.cost} = {b.cost_per_instance:g} qudits an instance "
            f"(theorem 1: {float(answer.qudits / 2):g}), {b.instances} instances together; verified: "
            f"{b.verified}"
        )
    lines += ["", "M = [X exponents of data | auxiliary || Z exponents of data | auxiliary]:"]
    half = len(answer.M[0]) // 2
    lines += [f"  {_row(row[:half])} | {_row(row[half:])}" for row in answer.M]
    if answer.lemma_2 and answer.lemma_2["diagonal"]:
        lines += ["", *_lemma_2_lines(answer.lemma_2)]
    bonus = answer.bonus_outputs
    if bonus:
        lines += [
            "",
            f"a complete measurement also tells the user {len(bonus)} further function(s) of instance 1:",
        ]
        lines += [
            "  " + ", ".join(f"{s}: {_row(f)}" for s, f in entry["function"].items()) for entry in bonus
        ]
    if answer.stabilizers:
        lines += ["", box_theory_text(answer.stabilizers)]
    lines += [f"written: {path}" for path in answer.exported or ()]
    late = answer.time_limit.words() if answer.time_limit else ""
    return "\n".join([*lines, "", f"{answer.seconds:g} s", *filter(None, [late])])


def _reduction_lines(answer: LinearAnswer) -> list[str]:
    """Return how the matrices as written are made of the reduced ones: O V_s R_s."""
    if not (found := answer.reduction):
        return []
    combined = {s: r for s, r in found["inputs"].items() if len(r) < len(found["V"][s][0])}
    fewer = len(found["outputs"]) > answer.K
    return [
        *_matrices("R", combined),
        *([f"{'O':<20}" + "; ".join(map(_row, found["outputs"]))] if fewer else []),
        f"as written          {'O ' if fewer else ''}V_s R_s; R_s w_s is sent (R_s = 1 where none is shown)",
    ]


def _headline(answer: LinearAnswer) -> list[str]:
    """Return what is known of the capacity, beside what Theorem 1 attains."""
    theorem = f"{answer.rate} by [{THEOREM_1}]"
    if answer.optimum is None:
        known = [answer.rate, *(b.rate for b in answer.batched)]
        known += [answer.beyond.rate] if answer.beyond else []
        most = answer.baselines["converse"]
        return [f"capacity            from {max(known)} to {most} computations per qudit; {theorem}"]
    best = answer.optimum
    groups = " | ".join(" ".join(group) for group in best.certificate.groups)
    how = "" if best.scheme == THEOREM_1 else f" ({best.scheme})"
    return [
        f"optimum             {best.rate} computations per qudit, for any code{how}; {theorem}",
        f"converse            {best.certificate.cost} qudits an instance are needed: servers {groups}",
    ]


def _lemma_2_lines(found: Mapping[str, Any]) -> list[str]:
    """Return the matrices of Lemmas 2 and 3, a line each."""
    literal = "it is too" if found["literal"] else "it is not"
    lines = ["[Hu2025, Lemmas 2 and 3], for H = V P and G = V: [H H' | G G'] is self-orthogonal"]
    lines += [
        f"  {name:<4}{'; '.join(_row(row) for row in found[name])}" for name in ("B_1", "B_2", "H'", "G'")
    ]
    return [*lines, f"  with the inverses of B_1 and B_2 in H' and G'; as printed, without them, {literal}"]


def _certificate(certificate: Mapping[str, Any]) -> str:
    return str(certificate.get("method", "see --json"))


def _matrices(name: str, matrices: Mapping[str, Matrix]) -> list[str]:
    return [f"{name}_{s:<18}" + "; ".join(_row(row) for row in rows) for s, rows in matrices.items()]


def _row(row: Sequence[int]) -> str:
    return " ".join(map(str, row))
