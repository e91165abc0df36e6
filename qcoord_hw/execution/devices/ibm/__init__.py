"""IBM Quantum: an account, a device, and the jobs of a run on it.

`account` finds the credentials and asks, with short timeouts, whether they work at all; `client` is one
device and never sends a job twice; `private` is all that is taken of IBM's client beyond its documented
interface.

Documented variables: `QISKIT_IBM_TOKEN`, `QISKIT_IBM_CHANNEL`, `QISKIT_IBM_INSTANCE` and the saved account
as in Qiskit; `QCOORD_IBM_URL` (the REST interface is at that URL + `/api/v1`) and `IAM_URL` name another
server.
"""
