"""A run with what was derived from it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from qcoord_hw import record
from qcoord_hw.report.summary import summarise
from qcoord_hw.statistics.estimate import Estimate

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

    from qcoord_hw.diagrams import Diagram

DEFAULT_CONFIDENCE = 0.95


class Result:
    """A run with what was derived from it; shows itself as a table in a terminal and in a notebook.

    Attributes:
        record: the record as read.
        summary: the plain object that `qcoord run --json` prints.
    """

    def __init__(self, run: record.RunRecord, confidence: float = DEFAULT_CONFIDENCE) -> None:
        """Analyse a record.

        Args:
            run: the record.
            confidence: two-sided confidence level of the intervals.
        """
        self.record = run
        self.summary = summarise(run, confidence)

    @property
    def path(self) -> Path:
        """The run's folder."""
        return self.record.path

    @property
    def estimates(self) -> tuple[Estimate, ...]:
        """The figures of merit; none while the run is unfinished."""
        return tuple(Estimate.from_json(data) for data in self.summary["estimates"])

    @property
    def checks(self) -> dict[str, Any]:
        """Tests of no-signalling and drift, on raw counts."""
        return dict(self.summary["checks"])

    @property
    def usage(self) -> dict[str, dict[str, float]] | None:
        """What one circuit used of each link and resource; None of imported counts, where nobody knows."""
        usage = self.summary["usage"]
        return None if usage is None else dict(usage)

    def __getitem__(self, name: str) -> Estimate:
        """Return the estimate of that name.

        Raises:
            KeyError: when there is none.
        """
        by_name = {estimate.name: estimate for estimate in self.estimates}
        if name not in by_name:
            raise KeyError(f"{name}; estimates are {', '.join(by_name)}")
        return by_name[name]

    def table(self) -> str:
        """Return estimates, usage and checks as text."""
        from qcoord_hw.report.tables import text_table

        return text_table(self.summary)

    def plot(self) -> Figure:
        """Return a matplotlib figure: estimates with their intervals; for every edge a map of the chip."""
        from qcoord_hw.report.chip_map import map_figure
        from qcoord_hw.report.figures import plot_estimates

        if "edges" in self.summary:
            return map_figure(self.summary["edges"], f"{self.summary['title']}, {self.summary['target']}")
        return plot_estimates(self.summary)

    def to_dataframe(self) -> DataFrame:
        """Return the estimates as a pandas data frame: the columns of `qcoord export --estimates`.

        Raises:
            InputError: when pandas is not installed, or the run is unfinished.
        """
        from qcoord_hw.answer import data_frame
        from qcoord_hw.report.export import estimate_rows

        return data_frame(estimate_rows(self.record, self.summary))

    def diagrams(self) -> tuple[Diagram, ...]:
        """Return what is drawn of a finished run beside its estimates, in plain values with words.

        Of copies that ran side by side it is the first that is drawn, as in the summary.

        Raises:
            RecordError: when the record cannot be interpreted.
        """
        if not self.record.sealed or "edges" in self.summary:
            return ()
        from qcoord_hw.api.drawing import diagrams_of

        return diagrams_of(self.record, self.summary)

    def html(self) -> str:
        """Return the report as one self-contained HTML page."""
        from qcoord_hw.report.html import page, raw_counts

        counts = raw_counts(self.record) if self.record.sealed else None
        return page(self.summary, self.record.intent, self.diagrams(), counts)

    def __str__(self) -> str:
        """Return the table as text."""
        return self.table()

    def __repr__(self) -> str:
        """Return what it is of in one short line."""
        from qcoord_hw.answer import short
        from qcoord_hw.statistics.words import found_words, main_estimate

        main = main_estimate(self.summary["estimates"])
        found = self.summary["state"] if main is None else f"{main['name']} {found_words(main)}"
        return short(self, f"{self.summary['experiment']} on {self.summary['target']}, {found}")

    def _repr_html_(self) -> str:
        from qcoord_hw.report.html import fragment

        return fragment(self.summary)
