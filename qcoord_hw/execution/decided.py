"""Whether what a record says was decided beforehand follows: of its spec and seed, its circuits, its target.

Plan, methods, target, calibration, exact figures and the circuits for people are computed anew and compared.
What another version of the program or of a package may have decided otherwise is not held against a record:
it is named as not compared.
"""

from __future__ import annotations

import math
from importlib.metadata import version
from typing import Any

from qcoord_hw.errors import QcoordError, RecordError
from qcoord_hw.execution.devices.registry import OURS
from qcoord_hw.execution.devices.registry import kind_of as kind_of_device
from qcoord_hw.execution.edges import couplings, shares_qubits
from qcoord_hw.execution.foreign.jobs import BackendJobs
from qcoord_hw.execution.foreign.known import known_answer
from qcoord_hw.execution.formats import to_qasm
from qcoord_hw.execution.idle import unstated
from qcoord_hw.execution.link_figures import link_figures
from qcoord_hw.execution.methods import TWIRLED
from qcoord_hw.execution.program import Program
from qcoord_hw.execution.run_description import exact_figures, plan_for
from qcoord_hw.execution.scale import PROPERTIES, split_scale
from qcoord_hw.execution.targets import (
    BACKEND,
    IDEAL,
    NOISE,
    SAMPLER,
    IdealTarget,
    NoiseTarget,
    Prepared,
    executed_settings,
    noise_words,
    resolve_target,
)
from qcoord_hw.provenance import PROTOCOLS, SNAPSHOTS
from qcoord_hw.record import CHIP, FOREIGN, RunRecord
from qcoord_hw.spec import short_repr, spec_from_mapping

TOLERANCE = 1e-6
"""Relative difference of numbers that other processors may compute."""

SIMULATED = (IDEAL, NOISE)


class Differs(Exception):
    """Something that a record says is not what follows from the rest of it."""


def made_with(run: RunRecord) -> dict[str, Any]:
    """Return with what a record's circuits and calibration were made: a replay has those of its record."""
    stated: dict[str, Any] = run.intent["provenance"]
    return dict(stated.get("circuits_of", stated))


def other_version(run: RunRecord) -> str:
    """Return by which versions a record was made, in words, if not by those of today; else nothing."""
    stated = made_with(run)
    then = {"protocols": stated.get("protocols", 0), "qiskit": stated["packages"].get("qiskit")}
    today = {"protocols": PROTOCOLS, "qiskit": version("qiskit")}
    return ", ".join(
        f"{name} {then[name]}, here {today[name]}" for name in today if then[name] != today[name]
    )


def check_decided(run: RunRecord, program: Program, prepared: Prepared, *, thorough: bool) -> tuple[str, ...]:
    """Check what a record says was decided before execution.

    Args:
        run: with a plan (no draft).
        program: its circuits as built, and settings as asked for.
        prepared: its circuits as executed.
        thorough: also what takes a second: calibration and exact figures.

    Returns:
        What another version may have decided otherwise, and why it was not compared, a line each.

    Raises:
        RecordError: naming what does not follow.
    """
    older = other_version(run)
    left = list[str]()
    checks = [_check_target, _check_settings, _check_plan, _check_texts]
    checks += [_check_calibration, _check_exact, _check_links] if thorough else []
    for check in checks:
        try:
            left.append(check(run, program, prepared))
        except Differs as differs:
            what = str(differs).partition(":")[0]
            if not older or check is _check_target:
                raise RecordError(f"run {run.path.name}: {differs}; it was altered") from None
            left.append(f"{what} (made with {older})")
    return tuple(filter(None, left))


def _check_target(run: RunRecord, program: Program, prepared: Prepared) -> str:
    """Check that name, kind, noise and known answer of a target fit together."""
    target = run.intent["target"]
    name, kind = target["name"], target["kind"]
    devices = {kind_of_device(""), *(vendor.kind for vendor in OURS)}
    if kind not in {*SIMULATED, *FOREIGN, *devices}:
        raise Differs(f"target.kind: {short_repr(kind)}; there is no such kind")
    if (kind in devices) != ("options" in target):
        raise Differs(f"target.options: a target of kind {kind} has {'them' if kind in devices else 'none'}")
    if kind in devices and kind != kind_of_device(name):
        raise Differs(f"target.kind: {kind}; {short_repr(name)} is of kind {kind_of_device(name)}")
    if kind != NOISE and "idle_noise" in target:
        raise Differs(f"target.idle_noise: a target of kind {kind} has none")
    if kind not in SIMULATED and target["noise"]:
        raise Differs(f"target.noise: {short_repr(target['noise'])}; only a simulator has a noise model")
    if kind in SIMULATED:
        _check_simulated(run, prepared)
    elif prepared.known is not None:
        expected = known_answer(program.circuits[0]).expected
        if prepared.known.expected != expected:
            raise Differs(
                f"target.known_answer: {short_repr(prepared.known.expected)}; the answer is {expected}"
            )
    elif kind in FOREIGN and made_with(run).get("protocols", 0) >= 1:
        raise Differs(f"target.known_answer: missing; a run on a {kind} asks for one")
    spec = spec_from_mapping(run.intent["spec"], "recorded spec")
    if spec.spec_id != run.intent["spec_id"]:
        raise Differs("spec_id: another than that of its spec")
    places = [(one["layout"], one.get("batch")) for one in (target, *target.get("tiles", ()))]
    stated = [(layout, batch) for layout, batch in places if batch is not None]
    if len(stated) != (len(places) if spec.every_edge else 0) or shares_qubits(stated):
        raise Differs("target.batch: allowed are batches that share no qubit with every_edge, else none")
    if spec.layout and spec.layout != prepared.layout:
        raise Differs(f"layout: {list(prepared.layout)[:8]}; its spec asks for {list(spec.layout)[:8]}")
    return ""


def _check_simulated(run: RunRecord, prepared: Prepared) -> None:
    """Check the name and the words of a target that this program simulates."""
    target = run.intent["target"]
    name, kind = target["name"], target["kind"]
    if "known_answer" in target:
        raise Differs(
            f"target.known_answer: {short_repr(target['known_answer'])}; a simulator is asked for none"
        )
    for place in (target, *target.get("tiles", ())):
        if kind == IDEAL and (name != IdealTarget.name or place["snapshot"] or place["layout"]):
            raise Differs(f"target: {short_repr(name)} of kind {kind}; that is aer, without physical qubits")
        if kind == NOISE:
            device = split_scale(name)[0]
            stated = place["snapshot"]
            if device.startswith(PROPERTIES) and run.chip is not None:
                device = run.chip["device"]
            elif not device.startswith("fake_") or run.chip is not None:
                raise Differs(f"{CHIP}: allowed is one of a target {PROPERTIES}, and of no other")
            if stated is None or stated["device"] != device:
                raise Differs(
                    f"target: {short_repr(name)} of kind {kind}; its calibration is of another device"
                )
    if kind == NOISE and target["noise"] != _noise(run, prepared):
        raise Differs("target.noise: not that of its name, calibration and idle noise")
    if kind == IDEAL and target["noise"]:
        raise Differs(f"target.noise: {short_repr(target['noise'])}; aer has none")


def _noise(run: RunRecord, prepared: Prepared) -> str:
    """Return what a record should say of its noise model."""
    assert prepared.snapshot is not None
    target = run.intent["target"]
    return noise_words(
        split_scale(target["name"])[1],
        prepared.pull if TWIRLED.intersection(target["methods"]) else None,
        gaps=unstated(prepared.circuits, prepared.snapshot) if prepared.idle_noise else None,
    )


def _check_settings(run: RunRecord, program: Program, prepared: Prepared) -> str:
    """Check how each setting is executed, and what the record calls the method."""
    asked, kind = program.settings, run.intent["target"]["kind"]
    should = asked
    if kind in SIMULATED:
        should = executed_settings(
            prepared.circuits, asked, prepared.routes, noisy=kind == NOISE, engine=prepared.engine
        )
    if prepared.settings != should:
        raise Differs("settings: not those that its circuits are executed at, or by other methods")
    if kind in SIMULATED:
        methods = prepared.simulator().methods
        if run.intent["target"]["methods"] != methods:
            raise Differs(f"target.methods: others than {', '.join(methods)}")
    elif kind == BACKEND and run.intent["target"]["methods"] != [BackendJobs.method]:
        raise Differs(f"target.methods: others than {BackendJobs.method}")
    return ""


def _check_plan(run: RunRecord, program: Program, prepared: Prepared) -> str:
    """Check the plan: which setting is executed when, how often, and with which seed."""
    try:
        should = plan_for(
            run.intent["experiment"],
            program.weights,
            spec_from_mapping(run.intent["spec"], "recorded spec"),
            prepared,
            run.intent["seed"],
            equal=prepared.kind == SAMPLER or run.is_on_device,
            tiles=run.tiles,
        )
    except QcoordError as error:
        raise Differs(f"plan: none follows from its spec and seed ({error})") from None
    if run.plan != should:
        k = next((k for k, (a, b) in enumerate(zip(run.plan, should, strict=False)) if a != b), len(run.plan))
        raise Differs(
            f"plan: another than follows from its spec and seed ({len(run.plan)} chunks, should be "
            f"{len(should)}; the first other one is {k})"
        )
    return ""


def _check_texts(run: RunRecord, program: Program, prepared: Prepared) -> str:
    """Check that the OpenQASM files are those of the circuits as built."""
    texts = [name for name in run.intent["files"] if name.startswith("circuits/")]
    if sorted(texts) != [f"circuits/{k:03}.qasm" for k in range(len(program.circuits))]:
        raise Differs("circuits/*.qasm: not one per circuit")
    for k, circuit in enumerate(program.circuits):
        if run.file(f"circuits/{k:03}.qasm") != to_qasm(circuit).encode():
            raise Differs(f"circuits/{k:03}.qasm: not that of the circuit as built")
    return ""


def _check_calibration(run: RunRecord, program: Program, prepared: Prepared) -> str:
    """Compare calibration with that of the installed package, where that holds it."""
    name, kind = run.intent["target"]["name"], run.intent["target"]["kind"]
    if prepared.snapshot is None:
        return ""
    if kind != NOISE:
        return "calibration (as the target told it; nothing here holds it)"
    try:
        named = NoiseTarget(prepared.chip, split_scale(name)[1]) if prepared.chip else resolve_target(name)
        whole = named.snapshot() if isinstance(named, NoiseTarget) else None
    except QcoordError:
        whole = None
    stated = [one.snapshot for one in (prepared, *prepared.tiles)]
    try:
        same = whole is not None and stated == [
            whole.restrict(one.layout) for one in (prepared, *prepared.tiles)
        ]
    except KeyError:  # a qubit that the device does not have
        same = False
    if same and whole is not None and run.intent["spec"].get("every_edge"):
        same = sorted(tuple(sorted(one.layout)) for one in (prepared, *prepared.tiles)) == couplings(whole)
    if same:
        return ""
    if prepared.chip is not None:
        raise RecordError(f"run {run.path.name}: calibration: not that of its {CHIP}; it was altered")
    then, here = made_with(run)["packages"].get(SNAPSHOTS), version(SNAPSHOTS)
    if then == here:
        raise RecordError(
            f"run {run.path.name}: calibration: not that of {name} in {SNAPSHOTS} {here}, with which it was "
            "made; it was altered"
        )
    return f"calibration (made with {SNAPSHOTS} {then}, here {here})"


def _check_exact(run: RunRecord, program: Program, prepared: Prepared) -> str:
    """Compare the exact figures with those of the circuits as executed, at the recorded calibration."""
    target = run.intent["target"]
    places = [target, *target.get("tiles", ())]
    if target["kind"] not in SIMULATED:
        if any("exact" in place for place in places):
            raise Differs("target.exact: only a simulator has exact figures")
        return ""
    for place, one in zip(places, (prepared, *prepared.tiles), strict=True):
        play, stated = run.intent["experiment"]["play"], place.get("exact")
        should = exact_figures(play, one, apart=stated != {})  # an older program may have had none
        if stated is None and should is None:
            continue
        if stated is None or should is None or stated.keys() != should.keys():
            raise Differs("target.exact: missing, or figures that the protocol does not have")
        for name, value in should.items():
            if not math.isclose(stated[name], value, rel_tol=TOLERANCE, abs_tol=TOLERANCE):
                raise Differs(f"target.exact: {name} {stated[name]:g}; its circuits make {value:g}")
    return ""


def _check_links(run: RunRecord, program: Program, prepared: Prepared) -> str:
    """Compare what is said of links that cost with what follows of the circuits as executed."""
    stated = run.intent["target"].get("links")
    spec = spec_from_mapping(run.intent["spec"], "recorded spec")
    if (stated is not None) != bool(spec.links):
        raise Differs("target.links: allowed is what follows of the links of its spec, and else nothing")
    if stated is None:
        return ""
    should = link_figures(run.intent["experiment"], program, spec, prepared)
    if stated.keys() != should.keys():
        raise Differs(f"target.links: allowed are {', '.join(should)}")
    for name, value in should.items():
        same = stated[name] == value
        if isinstance(value, float) and isinstance(stated[name], (int, float)):
            same = math.isclose(stated[name], value, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
        if not same:
            raise Differs(f"target.links: {name} {short_repr(stated[name])}; its circuits make {value}")
    return ""
