"""No account, a bad token, no network and their like: two lines, exit 3, and a run that can be sent later."""

from __future__ import annotations

import json
import os
import random
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from qiskit_ibm_runtime.api import client as ibm_client
from urllib3.util import parse_url

from qcoord_hw import record
from qcoord_hw.cli import main
from qcoord_hw.errors import InputError
from qcoord_hw.execution.devices.ibm import account, client


@pytest.fixture(autouse=True)
def quick(
    monkeypatch: pytest.MonkeyPatch,
    standin: Any,
    server: Any,
    patient: list[float],
    tmp_path: Path,
    timeout: tuple[float, float],
) -> None:
    """The account of the stand-in, an empty home, and pauses of milliseconds."""
    monkeypatch.setenv("QCOORD_IBM_URL", server.url)
    monkeypatch.setenv("QISKIT_IBM_TOKEN", standin.TOKEN)
    monkeypatch.setenv("QISKIT_IBM_INSTANCE", standin.INSTANCE)
    monkeypatch.delenv("QISKIT_IBM_CHANNEL", raising=False)
    # Put back after the test: other tests look at the client as it is.
    monkeypatch.setattr(ibm_client, "RetrySession", ibm_client.RetrySession)
    monkeypatch.setattr(client, "PAUSES", (0.001, 0.002))
    monkeypatch.setattr(client, "LOOKUPS", (0.0, 0.001))
    monkeypatch.setattr(account, "PAUSES", (0.001, 0.002))
    monkeypatch.setattr(account, "TIMEOUT", timeout)
    from qiskit_ibm_runtime.accounts import management

    monkeypatch.setattr(management, "_DEFAULT_ACCOUNT_CONFIG_JSON_FILE", str(tmp_path / "saved.json"))


@pytest.fixture
def dead() -> str:
    """The URL of a port at which nobody listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{one.getsockname()[1]}"


@pytest.fixture
def mute() -> Iterator[str]:
    """The URL of a server that takes connections and never answers."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        one.listen()
        yield f"http://127.0.0.1:{one.getsockname()[1]}"


@pytest.fixture
def echo() -> Iterator[str]:
    """The URL of a server that answers 400 with all that it was sent."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        one.listen()

        def serve() -> None:
            while True:
                try:
                    peer, _ = one.accept()
                except OSError:
                    return
                with peer:
                    said = peer.recv(65536)
                    head = f"HTTP/1.1 400 Bad\r\nContent-Length: {len(said)}\r\nConnection: close\r\n\r\n"
                    peer.sendall(head.encode() + said)

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{one.getsockname()[1]}"
        one.shutdown(socket.SHUT_RDWR)


def submit() -> int:
    return main(["submit", "chsh", "--target", "ibm_loop", "--shots", "8", "--json"])


def check_later(runs_dir: Path, server: Any, standin: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Check that the run is there, sends nothing by itself, and is sent once the fault is gone."""
    (path,) = record.every(runs_dir)
    kept = record.read(path)
    assert kept.is_draft
    assert kept.stopped
    assert not server.jobs
    server.disarm()
    for name, value in {
        "QCOORD_IBM_URL": server.url,
        "IAM_URL": server.url,
        "QISKIT_IBM_TOKEN": standin.TOKEN,
        "QISKIT_IBM_INSTANCE": standin.INSTANCE,
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("QISKIT_IBM_CHANNEL", raising=False)
    assert main(["collect", "latest", "--json"]) == 0
    assert not server.jobs
    assert main(["submit", "latest", "--json"]) == 0
    assert main(["collect", "latest", "--json"]) == 0
    assert record.read(path).sealed
    assert len(server.jobs) == 1
    for file in path.rglob("*"):
        if file.is_file():
            assert standin.TOKEN[:20] not in file.read_text(errors="replace"), file


@pytest.fixture
def refused(
    runs_dir: Path,
    server: Any,
    standin: Any,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Any:
    """Submits, checks that it is refused in one or two lines, and that it can be sent later."""

    def check(*says: str, status: int = 3) -> str:
        assert submit() == status
        out, said = capfd.readouterr()
        assert out == ""
        assert 1 <= said.count("\n") <= 2
        assert "Traceback" not in said
        assert standin.TOKEN[:20] not in said
        for words in says:
            assert words in said
        check_later(runs_dir, server, standin, monkeypatch)
        return str(said)

    return check


def test_no_account(refused, monkeypatch):
    monkeypatch.delenv("QISKIT_IBM_TOKEN")
    refused("no account", "QISKIT_IBM_TOKEN", "qcoord submit ")


def test_an_empty_token_is_no_account(refused, monkeypatch):
    monkeypatch.setenv("QISKIT_IBM_TOKEN", "")
    refused("no account")


def test_a_bad_token(refused, monkeypatch):
    monkeypatch.setenv("QISKIT_IBM_TOKEN", "not-the-key-0123456789")
    assert "not-the-key" not in refused("bad token", "QISKIT_IBM_TOKEN")


def test_a_token_that_the_server_refuses(refused, server):
    server.arm("iam-token-echo", times=None)
    refused("bad token")


def test_the_network_is_away_where_tokens_are_given(refused, monkeypatch, dead):
    monkeypatch.setenv("IAM_URL", dead)
    refused("no network", dead.removeprefix("http://"))


def test_the_network_is_away_where_jobs_are_taken(refused, monkeypatch, dead):
    monkeypatch.setenv("QCOORD_IBM_URL", dead)
    refused("no network", dead.removeprefix("http://"))


@pytest.mark.few(1)
@pytest.mark.parametrize("name", ["IAM_URL", "QCOORD_IBM_URL"])
def test_a_server_that_never_answers(refused, monkeypatch, mute, name):
    monkeypatch.setenv(name, mute)
    refused("no network", mute.removeprefix("http://"))


@pytest.mark.few(1)
@pytest.mark.parametrize("name", ["IAM_URL", "QCOORD_IBM_URL"])
def test_a_server_that_repeats_what_it_is_told(refused, monkeypatch, echo, name):
    monkeypatch.setenv(name, echo)
    said = refused()
    assert "eyJ" not in said


def test_another_instance(refused, monkeypatch):
    other = "crn:v1:bluemix:public:quantum-computing:us-east:a/1:1::"
    monkeypatch.setenv("QISKIT_IBM_INSTANCE", other)
    refused("QISKIT_IBM_INSTANCE")


def test_an_instance_without_the_backend(refused, server):
    server.arm("no-backend", times=None)
    refused("no backend 'ibm_loop'", "QISKIT_IBM_INSTANCE", "--target")


def test_another_backend_is_asked_for(server, runs_dir, capfd):
    assert main(["submit", "chsh", "--target", "ibm_elsewhere", "--json"]) == 3
    assert "no backend 'ibm_elsewhere'; it has ibm_loop" in capfd.readouterr().err


def test_an_old_channel(refused, monkeypatch):
    monkeypatch.setenv("QISKIT_IBM_CHANNEL", "ibm_quantum")
    refused("QISKIT_IBM_CHANNEL", "ibm_quantum_platform", status=2)


@pytest.mark.few(2)
@pytest.mark.parametrize("name", ["IAM_URL", "QCOORD_IBM_URL"])
@pytest.mark.parametrize("url", ["http://quantum.example", "ftp://127.0.0.1", "nonsense"])
def test_a_url_over_which_no_token_is_sent(refused, monkeypatch, server, name, url):
    monkeypatch.setenv(name, url)
    refused(name, status=2)


def test_submitting_a_kept_run_with_bad_input_keeps_it(refused, runs_dir, monkeypatch, server, standin):
    monkeypatch.delenv("QISKIT_IBM_TOKEN")
    assert submit() == 3
    monkeypatch.setenv("QISKIT_IBM_CHANNEL", "ibm_quantum")
    assert main(["submit", "latest"]) == 2
    check_later(runs_dir, server, standin, monkeypatch)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "says"),
    [("usage-limit-reached", "plan limit"), ("backend-offline", "queue closed")],
)
def test_jobs_would_not_run(runs_dir, server, capfd, fault, says):
    server.arm(fault, times=None)
    assert submit() == 3
    assert says in capfd.readouterr().err
    assert not server.jobs
    server.disarm()
    assert main(["submit", "latest"]) == 0
    assert main(["collect", "latest"]) == 0
    (path,) = record.every(runs_dir)
    assert record.read(path).sealed


@pytest.mark.parametrize("mode", [0o600, 0o644])
def test_a_saved_account_that_others_can_read_is_pointed_out(
    runs_dir, server, standin, monkeypatch, tmp_path, capfd, mode
):
    saved = tmp_path / "saved.json"
    kept = {
        "channel": "ibm_quantum_platform",
        "token": standin.TOKEN,
        "url": "https://cloud.ibm.com",
        "instance": standin.INSTANCE,
        "verify": True,
        "private_endpoint": False,
        "is_default_account": True,
    }
    saved.write_text(json.dumps({"default-ibm-quantum-platform": kept}))
    saved.chmod(mode)
    monkeypatch.delenv("QISKIT_IBM_TOKEN")
    monkeypatch.delenv("QISKIT_IBM_INSTANCE")
    assert submit() == 0
    said = capfd.readouterr().err
    assert ("chmod 600" in said) == (mode == 0o644)
    assert (str(saved) in said) == (mode == 0o644)
    assert said.count("\n") == (mode == 0o644)
    assert len(server.jobs) == 1


def test_a_saved_account_that_is_damaged(refused, monkeypatch, tmp_path):
    (tmp_path / "saved.json").write_text("{")
    monkeypatch.delenv("QISKIT_IBM_TOKEN")
    refused("account")


def test_the_token_is_not_in_the_process_list_or_the_account_shown(standin):
    found = account.find_account()
    assert standin.TOKEN not in repr(found)
    assert found.scrub(f"a {standin.TOKEN} b Bearer abc.def z eyJhbGc.eyJpYXQ.c2ln") == "a *** b *** z ***"
    assert os.environ["QISKIT_IBM_TOKEN"] == standin.TOKEN


GOOD_URLS = (
    "https://iam.cloud.ibm.com",
    "https://host:8443/path/x",
    "http://127.0.0.1:8080",
    "http://[::1]:99/api",
    "http://localhost",
)
BAD_URLS = (
    *("http://evil\\@127.0.0.1", "http://evil@127.0.0.1", "http://127.0.0.1@evil", "http://127.0.0.1\\.evil"),
    *(
        "http://evil#127.0.0.1",
        "http://127.0.0.1#@evil",
        "http://127.0.0.1?@evil",
        "http://127.0.0.1%2f@evil",
    ),
    *("https://a b", "https://h\n", "https://h\t", " https://a", "https://a\x00b", "https://user:pw@h"),
    *(
        "https://ex\u00e4mple.com",
        "http://\uff11\uff12\uff17.0.0.1",
        "https://%61",
        "http://localhost%00.evil",
    ),
    *("http://127.0.0.1:99999", "http:/127.0.0.1", "http:127.0.0.1", "http:///127.0.0.1", "https://"),
    *("http://127.1", "http://2130706433", "http://0x7f000001", "http://localhost.evil", "http://[::1]evil"),
    *(
        "http://[::1",
        "http://localhost:80:80",
        "https://h/..\\x",
        "//127.0.0.1",
        "javascript:1",
        "https://-a",
    ),
)


@pytest.mark.parametrize("url", GOOD_URLS)
def test_a_url_that_everybody_reads_alike(url):
    account._check_url("IAM_URL", url)


@pytest.mark.parametrize("url", BAD_URLS, ids=ascii)
def test_a_url_that_two_readers_may_read_differently(url):
    with pytest.raises(InputError, match="IAM_URL") as caught:
        account._check_url("IAM_URL", url)
    assert str(caught.value).isprintable()
    assert "pw" not in str(caught.value)


def test_no_url_of_such_pieces_is_read_differently_by_who_checks_and_who_sends():
    pieces = (
        "http://",
        "https://",
        "127.0.0.1",
        "localhost",
        "evil.com",
        "@",
        "\\",
        "/",
        ":",
        "#",
        "?",
        "%40",
    )
    pieces += ("%5c", "[::1]", "\t", " ", "\r\n", "\u3002", "a", "80", "//", ";", "&")
    draw, accepted = random.Random(1), 0
    for _ in range(3000):
        url = draw.choice(pieces[:2]) + "".join(draw.choices(pieces, k=draw.randrange(1, 6)))
        try:
            account._check_url("IAM_URL", url)
        except InputError:
            continue
        accepted += 1
        ours, theirs = urlsplit(url), parse_url(url)
        assert (ours.hostname, ours.port) == ((theirs.host or "").strip("[]"), theirs.port), url
        assert ours.scheme == "https" or ours.hostname in ("127.0.0.1", "::1", "localhost"), url
    assert accepted > 20
