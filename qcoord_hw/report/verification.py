"""What became of a run that was verified: typed, with its text and its figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qcoord_hw.answer import Answer, Row
from qcoord_hw.statistics.estimate import Estimate

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from qcoord_hw.execution.ownership import Locality
    from qcoord_hw.execution.recorded import Recorded


@dataclass(frozen=True)
class Rules:
    """Versions of the rules of analysis: of the run, of its report (None without one) and of this program."""

    run: int
    report: int | None
    now: int


@dataclass(frozen=True, eq=False, repr=False)
class Verification(Answer):
    """What was recomputed from the raw counts of a run, and what differs.

    Attributes:
        run: the folder.
        report: `compared`, `none written` or `written before the end`.
        rules: versions of the rules of analysis.
        changed_by_rules: what differs since the rule for it changed, a line each; no fault of the record.
        executed: whether the run was executed again.
        differs: a line for each difference; none if all is well.
        locality: what was found of the circuits of the record; None of imported counts.
        protocol: whether it is what this program builds of its spec; None of imported counts, which were
            compared with the file that is kept.
        estimates: recomputed.
        checks: recomputed.
    """

    run: str
    report: str
    rules: Rules
    changed_by_rules: Sequence[str]
    executed: bool
    differs: Sequence[str]
    locality: Locality | None
    protocol: Recorded | None
    estimates: Sequence[Estimate]
    checks: Mapping[str, Any]

    @property
    def ok(self) -> bool:
        """Whether nothing differs."""
        return not self.differs

    def rows(self) -> Sequence[Row]:
        """Return a row for each estimate that was recomputed."""
        keys = ("name", "low", "best", "high", "confidence", "shots", "verdict")
        return [{"run": self.run, **{key: getattr(one, key) for key in keys}} for one in self.estimates]

    def plot(self) -> Figure:
        """Return a figure of the estimates that were recomputed."""
        from qcoord_hw.charts import Interval, interval_figure

        rows = [Interval(e.name, e.low, e.best, e.high) for e in self.estimates]
        words = "intact" if self.ok else f"{len(self.differs)} differences"
        return interval_figure(f"{self.run}: {words}", "recomputed from raw counts", rows)

    def _text(self) -> str:
        if not self.ok:
            return "\n".join([f"{self.run}: differs", *(f"  {line}" for line in self.differs)])
        again = "; executed again, nothing moved" if self.executed else ""
        lines = [f"{self.run}: record intact, estimates recomputed, report: {self.report}{again}"]
        if self.protocol is None:
            lines.append("imported: these are the counts of the file that is kept; circuits are unknown")
        elif self.protocol.why:
            lines.append(f"protocol at one with itself, not compared with its spec: {self.protocol.why}")
        lines += [f"not compared: {line}" for line in (self.protocol.not_compared if self.protocol else ())]
        rules, changed = self.rules, self.changed_by_rules
        if rules.run != rules.now:
            lines.append(f"made under version {rules.run} of the rules of analysis, estimated by {rules.now}")
        if changed:
            lines.append(
                f"figures of the report that differ since the rule for them changed, {len(changed)}:"
            )
        return "\n".join([*lines, *(f"  {line}" for line in changed)])
