"""The family of coordination protocols."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from qcoord_hw.families.base import Candidate, OutputState
from qcoord_hw.families.coordination.parameters import LISTS, read_network
from qcoord_hw.families.room import FamilyInRoom

if TYPE_CHECKING:
    from qcoord_hw.families.coordination.scoring import CoordinationScoring
    from qcoord_hw.families.experiment import Experiment
    from qcoord_hw.record import RunRecord
    from qcoord_hw.schema import Parameter
    from qcoord_hw.spec import ExperimentSpec, Plain
    from qcoord_hw.statistics.analysis import Analysis
    from qcoord_hw.statistics.estimate import Estimate


class Coordination(FamilyInRoom):
    """Coordination protocols of the six networks."""

    name = "coordination"
    kind = "coordination"
    within_rates = True
    parameters = tuple(parameter for listed in LISTS.values() for parameter in listed)

    def parameter_lists(self) -> Mapping[str, tuple[Parameter, ...]]:
        """Return the parameters of each network, of the two-node network twice: see `Family`."""
        return LISTS

    def parameters_of(self, spec: ExperimentSpec) -> tuple[Parameter, ...]:
        """See `Family.parameters_of`."""
        from qcoord_hw.families.coordination.classical_links.mixture import read_target
        from qcoord_hw.theory.regions.holders import has_qubit_link

        network, state = read_network(spec.options), spec.options.get("state")
        if network == "two-node" and isinstance(state, str) and has_qubit_link(read_target(state), network):
            return LISTS["two-node, a link of qubits"]
        return LISTS[network]

    def build(self, spec: ExperimentSpec) -> Experiment:
        """See `Family.build`."""
        from qcoord_hw.families.coordination.builders import build

        return build(spec)

    def scoring(self, play: dict[str, Any]) -> CoordinationScoring:
        """See `Family.scoring`."""
        from qcoord_hw.families.coordination.scoring import CoordinationScoring

        return CoordinationScoring.from_json(play)

    def analyse(self, record: RunRecord, confidence: float) -> Analysis:
        """See `Family.analyse`."""
        from qcoord_hw.families.coordination.analysis import analyse_coordination

        return analyse_coordination(record, confidence)

    def estimates(self, record: RunRecord, confidence: float) -> Sequence[Estimate]:
        """See `Family.estimates`."""
        from qcoord_hw.families.coordination.analysis import coordination_estimates

        return coordination_estimates(record, confidence)[0]

    def recognise(self, given: object, parameters: Mapping[str, Plain]) -> ExperimentSpec | None:
        """Take a state file, a `State`, and the name of a state where a network is stated."""
        from qcoord_hw.families.coordination.sources import recognise

        return recognise(given, parameters)

    def theorem(self, spec: ExperimentSpec) -> str:
        """See `Family.theorem`."""
        from qcoord_hw.theory.networks import NETWORKS

        return f"[NatorPereg, Theorem {NETWORKS[read_network(spec.options)].theorem}]"

    def candidates(self, spec: ExperimentSpec) -> tuple[Candidate, ...]:
        """Return protocols, block lengths and uses of the links that make the same state."""
        from qcoord_hw.families.coordination.candidates import candidates

        declared = self.parameters_of(spec)
        title = next(title for title, listed in LISTS.items() if listed is declared)
        return candidates(spec, declared, title)

    def exact(
        self, play: dict[str, Any], states: Callable[[], Sequence[OutputState | None]]
    ) -> dict[str, float]:
        """Compute trace norm and fidelity of what the circuits make."""
        from qcoord_hw.families.coordination.exact import exact_figures

        return exact_figures(self.scoring(play), states)

    def side_by_side(self, summaries: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Compare every rate and figure."""
        from qcoord_hw.families.coordination.view import side_by_side

        return side_by_side(summaries)


FAMILY = Coordination()
