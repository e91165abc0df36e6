"""A vendor `own` with one device, `five_qubits`: a noise model of five qubits in a line, run by Aer.

Its jobs are files in the folder `$OWN_DEVICE_JOBS`, so that every process finds them by their ids; it has no
tags to search for. An entry point of the group `qcoord_hw.devices` names `connect`.
"""

import json
import os
import uuid
from pathlib import Path

from qiskit.providers import JobStatus, JobV1
from qiskit.providers.fake_provider import GenericBackendV2
from qiskit.result import Result


def connect(device):
    """Return the device of that name; his own environment variables say what a vendor needs."""
    if device != "five_qubits":
        raise ValueError(f"there is no device {device!r}, only five_qubits")
    return FiveQubits(Path(os.environ["OWN_DEVICE_JOBS"]))


class FiveQubits(GenericBackendV2):
    """Five qubits whose calibration and noise are drawn from a seed."""

    def __init__(self, folder):
        super().__init__(5, coupling_map=[(k, k + 1) for k in range(4)], seed=7)
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def run(self, circuits, **options):
        """Execute a job, keep it, and return it."""
        result, name = super().run(circuits, **options).result(), uuid.uuid4().hex
        part = self.folder / f".writing-{name}"
        part.write_text(json.dumps(result.to_dict(), default=str))
        part.rename(self.folder / name)
        return self.retrieve_job(name)

    def retrieve_job(self, job_id):
        """Return the job of an id: this is what makes a backend a device."""
        if not (self.folder / job_id).exists():
            raise LookupError(job_id)
        return FolderJob(self, job_id)


class FolderJob(JobV1):
    """A job that is a file."""

    def submit(self):
        """Do nothing: `run` has sent it."""

    def status(self):
        return JobStatus.DONE

    def result(self):
        return Result.from_dict(json.loads((self.backend().folder / self.job_id()).read_text()))
