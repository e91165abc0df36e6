"""Each check of a record's target is the one that refuses some record: without it, that would not be said."""

from __future__ import annotations

import copy
import inspect
import re
from dataclasses import replace

import pytest
from qiskit_aer import AerSimulator

import qcoord_hw as qc
from qcoord_hw import record
from qcoord_hw.errors import RecordError
from qcoord_hw.execution import decided
from qcoord_hw.execution.recorded import check_recorded
from qcoord_hw.execution.run_description import prepared_of, recorded_program
from qcoord_hw.spec import spec_from_mapping
from tests.execution.foreign import zoo


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Runs on a simulator, a snapshot, somebody else's backend, and by jobs of a device."""
    runs, jobs = tmp_path_factory.mktemp("runs"), {}

    class Kept(zoo.Aer):
        def run(self, circuits, **options):
            job = AerSimulator.run(self, circuits, **options)
            return jobs.setdefault(job.job_id(), job)

    device = qc.BackendDevice(Kept(), retrieve=jobs.get)
    sent = qc.submit("chsh", target=device, shots=16, seed=1, runs=runs)
    paths = {
        "aer": qc.run("chsh", shots=16, seed=1, runs=runs).path,
        "noise": qc.run("chsh", target="fake_manila", shots=16, seed=1, runs=runs).path,
        "foreign": qc.run("chsh", target=zoo.Aer(), shots=16, seed=1, runs=runs).path,
        "device": qc.collect(sent.path, target=device).path,
        "spread": qc.run("example-1-f2", shots=1, seed=1, runs=runs, parameters={"inputs": 64}).path,
    }
    return {name: record.read(path) for name, path in paths.items()}


def check(run, intent):
    changed = replace(run, intent=intent)
    invented = "known_answer" in intent["target"] and record.KNOWN not in intent["files"]
    files = run if invented else changed
    decided.check_decided(changed, recorded_program(changed), prepared_of(files), thorough=False)


def target(**fields):
    return lambda intent: intent["target"].update(fields)


def no_known_answer(intent):
    del intent["target"]["known_answer"]


def no_options(intent):
    del intent["target"]["options"]


def spec(with_id, **fields):
    def change(intent):
        intent["spec"].update(fields)
        if with_id:
            intent["spec_id"] = spec_from_mapping(intent["spec"]).spec_id

    return change


FORGED = [
    ("aer", target(kind="hardware"), "target.kind: 'hardware'; there is no such kind"),
    ("foreign", target(kind="simulators"), "target.kind: 'simulators'; there is no such kind"),
    ("aer", target(options={}), "target.options: a target of kind .* has none"),
    ("foreign", target(options={}), "target.options: a target of kind backend has none"),
    ("device", no_options, "target.options: a target of kind device has them"),
    ("device", target(name="ibm_torino"), "target.kind: device; 'ibm_torino' is of kind ibm"),
    ("foreign", target(noise="little"), "target.noise: 'little'; only a simulator"),
    ("device", target(noise="little"), "target.noise: 'little'; only a simulator"),
    ("foreign", target(known_answer="10"), "target.known_answer: '10'; the answer is 01"),
    ("device", target(known_answer="10"), "target.known_answer: '10'; the answer is 01"),
    ("foreign", no_known_answer, "target.known_answer: missing; a run on a backend asks for one"),
    ("aer", spec(False, shots=17), "spec_id: another"),
    ("noise", target(batch=0), "target.batch: allowed are batches"),
    ("noise", spec(True, layout=[3, 4]), r"layout: \[.*; its spec asks for \[3, 4\]"),
    ("aer", target(known_answer="01"), "target.known_answer: '01'; a simulator is asked for none"),
    ("noise", target(known_answer="01"), "target.known_answer: '01'; a simulator is asked for none"),
    ("aer", target(name="aer2"), "target: 'aer2' of kind .*; that is aer"),
    ("aer", target(layout=[0, 1]), "target: 'aer' of kind .*; that is aer, without physical qubits"),
    ("noise", target(name="fake_fez"), "target: 'fake_fez' of kind .*; its calibration is of another device"),
    ("noise", target(name="manila"), "chip.json: allowed is one of a target properties:, and of no other"),
    ("noise", target(name="fake_manila*2"), "target.noise: not that of its name|another device"),
    ("noise", target(noise="none"), "target.noise: not that of its name"),
    ("aer", target(noise="little"), "target.noise: 'little'; aer has none"),
    ("aer", target(methods=["exact:hardware"]), "target.methods: others"),
    ("foreign", target(methods=["sampler.run"]), "target.methods: others than backend.run"),
    ("spread", lambda intent: intent["experiment"].pop("spread"), "plan: another"),
    ("aer", lambda intent: intent["experiment"].update(spread=True), "plan: another"),
    (
        "aer",
        lambda intent: intent["experiment"]["settings"][0].update(method="derived:frame"),
        "settings: not those",
    ),
    ("aer", target(idle_noise=True), "target.idle_noise: a target of kind ideal has none"),
    ("noise", target(idle_noise=False), "target.noise: not that of its name, calibration and idle noise"),
    ("spread", spec(True, random_questions=True), "plan: none follows from its spec and seed"),
]


def said(run, change):
    """Return what is said of a record that was changed; nothing where it is accepted."""
    intent = copy.deepcopy(run.intent)
    change(intent)
    try:
        check(run, intent)
    except (RecordError, UnboundLocalError) as error:
        return str(error)
    return ""


@pytest.mark.parametrize("k", range(len(FORGED)))
def test_what_is_said_of_a_target_fits_together(made, k):
    which, change, words = FORGED[k]
    assert said(made[which], lambda intent: None) == ""
    assert re.search(words, said(made[which], change))


CHECKED = ("_check_target", "_check_simulated", "_check_settings", "_check_plan")
SITES = [
    (name, number)
    for name in CHECKED
    for number in range(inspect.getsource(getattr(decided, name)).count("raise Differs"))
]


@pytest.mark.parametrize(("name", "number"), SITES)
def test_without_a_check_some_record_would_pass_for_another(made, monkeypatch, name, number):
    """Each place that refuses is taken out, once."""
    pieces = inspect.getsource(getattr(decided, name)).split("raise Differs")
    parts = "raise Differs".join(pieces[: number + 1]), "raise Differs".join(pieces[number + 1 :])
    spoiled = "if False: raise Differs".join(parts)
    namespace = dict(vars(decided))
    exec(spoiled, namespace)
    monkeypatch.setattr(decided, name, namespace[name])
    missed = [
        k
        for k, (which, change, words) in enumerate(FORGED)
        if not re.search(words, said(made[which], change))
    ]
    assert missed


def test_inputs_that_are_spread_over_the_blocks_are_what_the_spec_says(made):
    run = made["spread"]
    assert run.intent["experiment"]["spread"]
    assert len(run.plan) == 64
    assert check_recorded(run).protocol == "rebuilt"
    intent = copy.deepcopy(run.intent)
    intent["experiment"].pop("spread")
    with pytest.raises(RecordError):
        check_recorded(replace(run, intent=intent))
