"""What a stranger may do to a record: each forgery changes one kind of thing and signs the record anew.

A forgery takes (path, rng) and returns False where the record has nothing of the kind that it changes.
"""

from __future__ import annotations

import copy
import io
import json
from pathlib import Path
from typing import Any

from qiskit import qpy
from qiskit.circuit import Barrier, ControlFlowOp, Gate, Instruction, QuantumCircuit
from qiskit.circuit.library import CXGate, HGate, RYGate, XGate

from qcoord_hw import record
from qcoord_hw.execution.formats import from_qpy
from qcoord_hw.record.files import digest, signed, signed_line
from qcoord_hw.spec import spec_from_mapping


def to_qpy(circuits: list[QuantumCircuit]) -> bytes:
    """Return circuits as QPY, whatever they hold."""
    buffer = io.BytesIO()
    qpy.dump(circuits, buffer)
    return buffer.getvalue()


def read_intent(path: Path) -> dict[str, Any]:
    return json.loads((path / record.reader.INTENT).read_text())


def sign(path: Path, intent: dict[str, Any] | None = None) -> None:
    """Write all checksums anew, as anybody can."""
    for name in (record.reader.INTENT, record.reader.SEAL):
        content = intent if intent is not None and name == record.reader.INTENT else None
        content = dict(content or json.loads((path / name).read_text()))
        content.pop("sha256", None)
        for listed in content["files"]:
            content["files"][listed] = digest((path / listed).read_bytes())
        (path / name).write_bytes(signed(content))


def date_back(path: Path, intent: dict[str, Any], qiskit: str | None = None) -> None:
    """Say that an older version made a record, or an older Qiskit, wherever a record says so."""
    stated = intent["provenance"]
    stated |= {"packages": stated["packages"] | {"qcoord_hw": "0.1.0"}, "protocols": 0, "rules": 2}
    if qiskit is not None:
        stated["protocols"], stated["packages"]["qiskit"] = 1, qiskit
        for file in path.glob("*.qpy"):
            content = file.read_bytes()
            file.write_bytes(content[:7] + bytes(map(int, qiskit.split("."))) + content[10:])


def is_mark(_: QuantumCircuit, instruction: Any) -> bool:
    return isinstance(instruction.operation, Barrier)


def with_data(circuit: QuantumCircuit, data: list[Any]) -> QuantumCircuit:
    changed = circuit.copy_empty_like()
    for instruction in data:
        changed.append(instruction)
    return changed


def used(circuit: QuantumCircuit) -> list[int]:
    """Return the qubits that are measured: on a device those of the protocol, and of every party."""
    return [circuit.find_bit(i.qubits[0]).index for i in circuit.data if i.operation.name == "measure"]


def on_circuits(change, *names):
    """Return a forgery that changes one circuit, in the files named."""

    def forge(path: Path, rng: Any) -> bool:
        done = False
        for name in names or (record.EXECUTED,):
            circuits = list(from_qpy((path / name).read_bytes()))
            k = int(rng.integers(len(circuits))) if len(names) < 2 else 0
            changed = change(circuits[k], rng)
            if changed is not None:
                circuits[k] = changed
                (path / name).write_bytes(to_qpy(circuits))
                done = True
        sign(path)
        return done

    return forge


def barriers_at_the_end(circuit, rng):
    """Move all barriers behind everything but the measurements, and join two parties before them."""
    marks = [i for i in circuit.data if is_mark(circuit, i)]
    ends = [i for i in circuit.data if i.operation.name == "measure"]
    rest = [i for i in circuit.data if i not in marks and i not in ends]
    qubits = used(circuit)
    if not marks or len(qubits) < 2 or any(isinstance(i.operation, ControlFlowOp) for i in rest):
        return None
    changed = with_data(circuit, rest)
    changed.cx(qubits[0], qubits[-1])
    for instruction in (*marks, *ends):
        changed.append(instruction)
    return changed


def inserted(gate):
    def change(circuit, rng):
        qubits = list(dict.fromkeys(used(circuit)))
        if len(qubits) < gate.num_qubits:
            return None
        chosen = rng.permutation(qubits)[: gate.num_qubits].tolist()
        last = [
            k
            for k, i in enumerate(circuit.data)
            if i.operation.name == "measure" and circuit.find_bit(i.qubits[0]).index in chosen
        ]
        data = list(circuit.data)
        changed = with_data(circuit, data[: min(last)])
        changed.append(gate, chosen)
        for instruction in data[min(last) :]:
            changed.append(instruction)
        return changed

    return change


def conditioned_on_another(circuit, rng):
    """Measure the first qubit early, into its own bit, and let the other ones depend on it."""
    data = list(circuit.data)
    measures = [k for k, i in enumerate(data) if i.operation.name == "measure"]
    if len(measures) < 2:
        return None
    first, last = measures[0], measures[-1]
    changed = with_data(circuit, data[:last])
    with changed.if_test((data[first].clbits[0], 1)):
        changed.x(data[last].qubits[0])
    for instruction in data[last:]:
        changed.append(instruction)
    return changed


def swapped_measurements(circuit, rng):
    data = list(circuit.data)
    measures = [k for k, i in enumerate(data) if i.operation.name == "measure"]
    if len(measures) < 2:
        return None
    a, b = measures[0], measures[-1]
    data[a], data[b] = data[a].replace(clbits=data[b].clbits), data[b].replace(clbits=data[a].clbits)
    return with_data(circuit, data)


def measured_twice(circuit, rng):
    data = list(circuit.data)
    measures = [k for k, i in enumerate(data) if i.operation.name == "measure"]
    if len(measures) < 2:
        return None
    extra = data[measures[0]].replace(qubits=data[measures[-1]].qubits)
    return with_data(circuit, [*data[: measures[0]], extra, *data[measures[0] :]])


def reset_before_measuring(circuit, rng):
    data = list(circuit.data)
    first = next((k for k, i in enumerate(data) if i.operation.name == "measure"), None)
    if first is None:
        return None
    changed = with_data(circuit, data[:first])
    changed.reset(data[first].qubits[0])
    for instruction in data[first:]:
        changed.append(instruction)
    return changed


def without_conditions(circuit, rng):
    if not any(isinstance(i.operation, ControlFlowOp) for i in circuit.data):
        return None
    return with_data(circuit, [i for i in circuit.data if not isinstance(i.operation, ControlFlowOp)])


def gates_lost(circuit, rng):
    kept = [i for i in circuit.data if len(i.qubits) == 1 or isinstance(i.operation, Barrier)]
    return None if len(kept) == len(circuit.data) else with_data(circuit, kept)


def on_intent(change):
    def forge(path: Path, rng: Any) -> bool:
        intent = read_intent(path)
        before = copy.deepcopy(intent)
        change(intent, rng)
        sign(path, intent)
        return intent != before

    return forge


def on_events(change):
    def each(intent, rng):
        for circuit in intent["experiment"]["circuits"]:
            change(circuit["events"], rng)

    return on_intent(each)


def without(kind):
    def change(events, rng):
        events[:] = [event for event in events if event["kind"] != kind]

    return on_events(change)


def send_inserted(events, rng):
    owners = {}
    for k, event in enumerate(events):
        for q, owner in zip(event.get("qubits", []), event.get("owners", []), strict=False):
            owners[q] = owner
        if event["kind"] == "allocate":
            owners |= dict.fromkeys(event["qubits"], event["party"])
        if event["kind"] == "send":
            owners |= dict.fromkeys(event["qubits"], event["to"])
        if event["kind"] == "barrier" and len(set(owners.values())) > 1:
            q, party = next(iter(owners.items()))
            to = next(p for p in owners.values() if p != party)
            events.insert(k + 1, {"kind": "send", "party": party, "qubits": [q], "to": to})
            return


def reordered(events, rng):
    ends = [k for k, event in enumerate(events) if event["kind"] == "barrier"]
    if ends:
        events.append(events.pop(ends[0]))


def other_party(events, rng):
    parties = list(dict.fromkeys(event["party"] for event in events if event.get("party")))
    for event in events:
        if event["kind"] == "measure" and len(parties) > 1:
            event["party"] = next(p for p in parties if p != event["party"])
            return


def other_qubits(events, rng):
    for event in events:
        if event["kind"] == "gate" and len(event["qubits"]) > 1:
            event["qubits"] = event["qubits"][::-1]
            return


def usage_changed(intent, rng):
    for units in intent["experiment"]["usage"].values():
        for unit in units:
            units[unit] = 0
            return


def usage_emptied(intent, rng):
    intent["experiment"]["usage"] = {}


def locality_changed(intent, rng):
    if intent["target"].get("locality"):
        intent["target"]["locality"]["two_qubit_gates"] += 1


def locality_between(intent, rng):
    if intent["target"].get("locality"):
        intent["target"]["locality"]["between_parties"] = 1


def layout_swapped(intent, rng):
    layout = intent["target"]["layout"]
    if len(layout) > 1:
        layout[0], layout[-1] = layout[-1], layout[0]


def measured_changed(intent, rng):
    measured = intent["experiment"]["circuits"][0]["measured"]
    if measured and measured[0] != measured[-1]:
        measured[0], measured[-1] = measured[-1], measured[0]


def link_added(intent, rng):
    topology = intent["experiment"]["topology"]
    a, b = topology["parties"][-2:]
    topology["links"].append({"from": b, "to": a, "carries": "qubits and bits"})
    topology["shared_state"] = list(topology["parties"])


def gate_count_changed(intent, rng):
    intent["experiment"]["circuits"][0]["gates"]["two_qubit"] += 1


def title_changed(intent, rng):
    intent["experiment"]["copies"] += 1


def settings_changed(intent, rng):
    settings = intent["experiment"]["settings"]
    settings[0]["label"], settings[-1]["label"] = settings[-1]["label"], settings[0]["label"]


def masked(name, *inner, bits=0):
    """Return a change that puts a gate of a standard name, and another definition, before a measurement."""

    def change(circuit, rng):
        k = next((k for k, i in enumerate(circuit.data) if i.operation.name == "measure"), None)
        if k is None:
            return None
        definition = QuantumCircuit(1, bits)
        for one in inner:
            definition.append(one, [0])
        forged = Instruction(name, 1, bits, []) if bits else Gate(name, 1, [])
        forged.definition = definition
        data = list(circuit.data)
        changed = with_data(circuit, data[:k])
        changed.append(forged, data[k].qubits, data[k].clbits[:bits])
        for instruction in data[k + bits :]:
            changed.append(instruction)
        return changed

    return change


def labelled(circuit, rng):
    """Call a gate by a label that has other noise."""
    k = next((k for k, i in enumerate(circuit.data) if i.operation.name in ("x", "sx", "rz", "ry")), None)
    if k is None:
        return None
    data = list(circuit.data)
    operation = data[k].operation.to_mutable()
    operation.label = "id"
    data[k] = data[k].replace(operation=operation)
    return with_data(circuit, data)


def on_target(**fields):
    def change(intent, rng):
        intent["target"] |= fields

    return on_intent(change)


def on_plan(change):
    def each(intent, rng):
        for chunk in intent["plan"]:
            change(chunk)

    return on_intent(each)


def on_calibration(part, **fields):
    def change(intent, rng):
        snapshot = intent["target"]["snapshot"]
        for one in [snapshot] if snapshot and part is None else snapshot[part] if snapshot else []:
            one |= fields

    return on_intent(change)


def exact_changed(by):
    def change(intent, rng):
        for name in intent["target"].get("exact", {}):
            intent["target"]["exact"][name] += by

    return on_intent(change)


def exact_removed(intent, rng):
    intent["target"].pop("exact", None)


def exact_invented(intent, rng):
    intent["target"]["exact"] = intent["target"].get("exact", {}) | {"invented": 0.5}


def on_settings(key, value):
    def change(intent, rng):
        for setting in intent["experiment"]["settings"]:
            setting[key] = value(setting[key])

    return on_intent(change)


def on_spec(**fields):
    def change(intent, rng):
        intent["spec"] |= fields
        intent["experiment"] |= {key: fields[key] for key in ("name", "title") if key in fields}
        intent["spec_id"] = spec_from_mapping(intent["spec"]).spec_id

    return on_intent(change)


def toggled(key):
    def change(intent, rng):
        intent["experiment"][key] = not intent["experiment"].get(key, False)

    return on_intent(change)


def settings_exchanged(intent, rng):
    plan = intent["plan"]
    plan[0]["setting"], plan[1]["setting"] = plan[1]["setting"], plan[0]["setting"]


def seed_changed(intent, rng):
    intent["seed"] += 1


def gates_missing(intent, rng):
    del intent["experiment"]["circuits"][-1]["gates"]


def qasm_changed(path, rng):
    with (path / "circuits" / "000.qasm").open("a") as file:
        file.write("// measured on a device\n")
    sign(path)
    return True


def _counts(path, change):
    lines = [json.loads(line) for line in (path / record.COUNTS).read_text().splitlines()]
    kept = [change({k: v for k, v in line.items() if k != "sha256"}) for line in lines]
    (path / record.COUNTS).write_text("".join(signed_line(line) for line in kept if line))


def chunk_lost(path, rng):
    """Leave the last chunk out of plan and counts."""
    intent = read_intent(path)
    last = max(chunk["id"] for chunk in intent["plan"])
    intent["plan"] = [chunk for chunk in intent["plan"] if chunk["id"] != last]
    _counts(path, lambda line: None if line["chunk"] == last else line)
    sign(path, intent)
    return bool(intent["plan"])


def shots_multiplied(path, rng):
    intent = read_intent(path)
    for chunk in intent["plan"]:
        chunk["shots"] *= 50
    _counts(path, lambda line: line | {"counts": {k: 50 * n for k, n in line["counts"].items()}})
    sign(path, intent)
    return True


BUILT = record.CIRCUITS
FORGERIES = {
    "barriers at the end": on_circuits(barriers_at_the_end),
    "barriers at the end, both": on_circuits(barriers_at_the_end, BUILT, record.EXECUTED),
    "cx": on_circuits(inserted(CXGate())),
    "cx, both": on_circuits(inserted(CXGate()), BUILT, record.EXECUTED),
    "cx as built": on_circuits(inserted(CXGate()), BUILT),
    "x": on_circuits(inserted(XGate())),
    "h": on_circuits(inserted(HGate())),
    "small angle": on_circuits(inserted(RYGate(0.01))),
    "small angle, both": on_circuits(inserted(RYGate(0.01)), BUILT, record.EXECUTED),
    "conditioned on another's bit": on_circuits(conditioned_on_another),
    "conditioned, both": on_circuits(conditioned_on_another, BUILT, record.EXECUTED),
    "measurements swapped": on_circuits(swapped_measurements),
    "measurements swapped, both": on_circuits(swapped_measurements, BUILT, record.EXECUTED),
    "measured twice": on_circuits(measured_twice),
    "reset": on_circuits(reset_before_measuring),
    "conditions lost": on_circuits(without_conditions),
    "entangling gates lost": on_circuits(gates_lost),
    "entangling gates lost, as built": on_circuits(gates_lost, BUILT),
    "sends deleted": without("send"),
    "shares deleted": without("share"),
    "bits deleted": without("bits"),
    "measurements deleted": without("measure"),
    "gates deleted": without("gate"),
    "barriers deleted": without("barrier"),
    "randomness deleted": without("random"),
    "send inserted": on_events(send_inserted),
    "events reordered": on_events(reordered),
    "measured by another": on_events(other_party),
    "qubits of a gate turned": on_events(other_qubits),
    "usage changed": on_intent(usage_changed),
    "usage emptied": on_intent(usage_emptied),
    "locality changed": on_intent(locality_changed),
    "between parties changed": on_intent(locality_between),
    "layout swapped": on_intent(layout_swapped),
    "measured qubits swapped": on_intent(measured_changed),
    "link added": on_intent(link_added),
    "gate count changed": on_intent(gate_count_changed),
    "copies changed": on_intent(title_changed),
    "settings swapped": on_intent(settings_changed),
    "id that is x": on_circuits(masked("id", XGate())),
    "id that is x, both": on_circuits(masked("id", XGate()), BUILT, record.EXECUTED),
    "delay that is x": on_circuits(masked("delay", XGate())),
    "x that is nothing": on_circuits(masked("x")),
    "reset that is nothing": on_circuits(masked("reset")),
    "kraus that is nothing": on_circuits(masked("kraus")),
    "set_statevector that is nothing": on_circuits(masked("set_statevector")),
    "measure that flips": on_circuits(masked("measure", XGate(), bits=1)),
    "labelled": on_circuits(labelled),
    "exact figures changed": exact_changed(1e-4),
    "exact figures removed": on_intent(exact_removed),
    "exact figures invented": on_intent(exact_invented),
    "target renamed": on_target(name="fake_fez"),
    "target called a device": on_target(name="ibm_torino"),
    "target of a device's kind": on_target(name="ibm_torino", kind="ibm"),
    "target of a sampler's kind": on_target(name="Mine", kind="sampler"),
    "target of no kind": on_target(kind="hardware"),
    "target's noise": on_target(noise="measured on the device"),
    "target's methods": on_target(methods=["exact:hardware"]),
    "known answer invented": on_target(known_answer="01"),
    "no locality": on_target(locality=None),
    "readout": on_calibration("qubits", p10=0.2, p01=0.2),
    "lifetime": on_calibration("qubits", t1=1.0, t2=1.0),
    "gate errors": on_calibration("gates", error=1e-9),
    "calibration's date": on_calibration(None, calibrated="2026-11-01T00:00:00"),
    "calibration's device": on_calibration(None, device="ibm_kyiv"),
    "flips": on_settings("flips", lambda flips: [1] if flips is None else None),
    "method": on_settings("method", lambda now: "twirled:frame" if now == "direct" else "direct"),
    "seeds": on_plan(lambda chunk: chunk.update(seed=chunk["seed"] ^ 1)),
    "blocks": on_plan(lambda chunk: chunk.update(block=0)),
    "settings of the plan": on_intent(settings_exchanged),
    "root seed": on_intent(seed_changed),
    "shots of the spec": on_spec(shots=40),
    "blocks of the spec": on_spec(blocks=3),
    "title": on_spec(title="another"),
    "name": on_spec(name="ghz-3"),
    "layout of the spec": on_spec(layout=[3, 4]),
    "gates missing": on_intent(gates_missing),
    "sampled": toggled("sampled"),
    "spread": toggled("spread"),
    "weighed": toggled("weighed"),
    "qasm": qasm_changed,
    "chunk lost": chunk_lost,
    "shots and counts times 50": shots_multiplied,
}
