"""Whatever a network does, the user gets one clear line and the exit code of the command's family."""

import json
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from hmctl import services
from hmctl.client.transport import Call, Transport
from hmctl.errors import BadAnswer
from tests.hmctl.http_service import Reply
from tests.hmctl.lying_service import LyingService
from tests.hmctl.shell import Shell

HTML = b"<html><body><h1>502 Bad Gateway</h1>" + b"x" * 5000 + b"</body></html>"


@pytest.fixture
def nowhere() -> str:
    """An address where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


@pytest.fixture
def rude() -> Iterator[str]:
    """A peer that accepts and hangs up, or speaks no HTTP."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up() -> None:
            while True:
                try:
                    peer, _ = server.accept()
                except OSError:
                    return
                with peer:
                    peer.sendall(b"220 mail ready\r\n")

        threading.Thread(target=hang_up, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)


FAMILIES = {"room list": 1, "agents list": 1, "sql SELECT": 1, "whoami": 2, "rotate-key -y": 2, "trust attest": 2}


@pytest.mark.parametrize("command", FAMILIES)
def test_nobody_listens(command: str, alice: Shell, nowhere: str) -> None:
    alice.profile("alice", service=nowhere, key="hmk_" + "a" * 43)

    shown = alice(*command.split())

    assert shown.code == FAMILIES[command]
    assert shown.err.startswith(f"error: cannot reach {nowhere}: connection refused\n")
    assert shown.out == ""


def test_init_says_the_same_and_exits_1(carol: Shell, nowhere: str) -> None:
    shown = carol("init", "--service", nowhere, "--api-key", "hmk_" + "a" * 43)

    assert (shown.code, shown.out) == (1, "")
    assert "connection refused" in shown.err
    assert carol("profile", "list").out == ""


def test_a_peer_that_speaks_no_http(alice: Shell, rude: str) -> None:
    alice.profile("alice", service=rude, key="hmk_" + "a" * 43)

    shown = alice("room", "list")

    assert (shown.code, shown.out) == (1, "")
    assert shown.err.startswith(f"error: cannot reach {rude}: ")
    assert shown.err.count("error: ") == 1


def test_an_unknown_host_is_refused_by_the_gate(alice: Shell) -> None:
    alice.profile("alice", service="https://nowhere.invalid", key="hmk_" + "a" * 43)

    shown = alice("room", "list")

    assert shown.code == 4
    assert "no evidence from https://nowhere.invalid: cannot reach" in shown.err


ODD_ANSWERS: dict[str, tuple[Any, str]] = {
    "HTML from a gateway": (Reply(HTML, 502, content_type="text/html"), "502: an HTML page instead of an explanation"),
    "a redirect": (
        Reply({}, 307, {"Location": "https://elsewhere.example/"}),
        "redirected to https://elsewhere.example/",
    ),
    "text that is not JSON": (
        Reply(b"hello \x1b[2J", 200, content_type="text/plain"),
        "not with plain JSON: 'hello \\\\x1b[2J'",
    ),
    "an empty body": (Reply(b""), "not with plain JSON"),
    "JSON of another shape": (Reply([1, 2]), "another shape"),
    "nesting without end": (Reply(b"[" * 200_000), "not with plain JSON"),
    "a plain 500": (Reply(b"Internal Server Error", 500, content_type="text/plain"), "500: Internal Server Error"),
    "field errors": (
        Reply({"detail": [{"loc": ["body", "limit"], "msg": "too large", "type": "x"}]}, 422),
        "422: limit: too large",
    ),
    "a sealed tenant": (
        Reply({"detail": "Tenant is sealed: come back", "error": "sealed"}, 503),
        "503: Tenant is sealed",
    ),
}


@pytest.mark.parametrize("name", ODD_ANSWERS)
def test_odd_answers_are_one_line(name: str, alice: Shell, service: LyingService) -> None:
    reply, words = ODD_ANSWERS[name]
    service.answer("GET", "/v1/rooms", reply)

    shown = alice("room", "list")
    as_json = alice("room", "list", "--json")

    errors = [line for line in shown.err.splitlines() if line.startswith("error: ")]
    assert shown.code == 1
    assert len(errors) == 1 and words in errors[0], shown.err
    assert "\x1b" not in shown.err
    problem = json.loads(as_json.out)["error"]
    assert set(problem) - {"check"} == {"code", "message", "hint", "exit"}
    assert problem["exit"] == as_json.code == 1


def test_owner_commands_exit_3_on_a_refusal(alice: Shell, service: LyingService) -> None:
    service.answer("GET", "/v1/whoami", Reply({"detail": "revoked"}, 401))

    shown = alice("whoami")

    assert shown.code == 3
    assert "error: 401: revoked\n" in shown.err


def test_a_silent_service_times_out(alice: Shell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        alice.profile("alice", service=url, key="hmk_" + "a" * 43)
        alice.environment["HIVEMIND_ATTESTATION_FETCH_TIMEOUT"] = "1"

        shown = alice("room", "list")

    assert shown.code == 1
    assert f"error: no answer from {url} within 1 s\n" in shown.err


def test_an_endless_body_is_cut(service: LyingService) -> None:
    service.answer("GET", "/v1/healthz", Reply(b"x" * 100_000))
    transport = Transport(services.parse(service.url))

    with pytest.raises(BadAnswer, match="larger than"):
        transport.send(Call("GET", "/v1/healthz", 15.0, largest_body=50_000))
    assert len(transport.send(Call("GET", "/v1/healthz", 15.0, largest_body=100_000)).content) == 100_000
    transport.close()


def test_a_submit_lost_at_the_gateway_is_repeated_under_one_run_id(accepted: Shell, service: LyingService) -> None:
    failures = iter([Reply(HTML, 502, content_type="text/html"), Reply(b"", 504)])
    service.answer("POST", ".*/runs", lambda asked: next(failures, None) or service.honest(asked))

    shown = accepted("room", "ask", service.link(), "How much?")

    submits = service.requests("POST", ".*/runs")
    assert shown.code == 0
    assert len(submits) == 3
    assert len({asked.headers["x-hivemind-idempotency-key"] for asked in submits}) == 1
    assert len({asked.body for asked in submits}) == 1
    assert accepted.clock.slept[:2] == [2.0, 4.0]


def test_an_explained_503_is_not_repeated(accepted: Shell, service: LyingService) -> None:
    service.answer("POST", ".*/runs", Reply({"detail": "route disabled by operator"}, 503))

    shown = accepted("room", "ask", service.link(), "How much?", "--json")

    assert shown.code == 1
    assert len(service.requests("POST", ".*/runs")) == 1
    problem = json.loads(shown.out)["error"]
    assert problem["message"] == "503: route disabled by operator"
    assert len(problem["run_id"]) == 12


def test_retry_after_is_honoured(accepted: Shell, service: LyingService) -> None:
    busy = iter([Reply({"detail": "busy"}, 429, {"Retry-After": "7"})])
    service.answer("POST", ".*/runs", lambda asked: next(busy, None) or service.honest(asked))

    assert accepted("room", "ask", service.link(), "How much?").code == 0
    assert accepted.clock.slept[0] == 7.0


def test_hiccups_while_polling_are_waited_out(accepted: Shell, service: LyingService) -> None:
    hiccups = iter([Reply(HTML, 502, content_type="text/html"), Reply({"detail": "?"}, 404), Reply(b"")])
    service.answer("GET", "/v1/runs/.*", lambda asked: next(hiccups, None) or service.honest(asked))

    assert accepted("room", "ask", service.link(), "How much?").code == 0


def test_a_run_that_stays_unknown_is_given_up(accepted: Shell, service: LyingService) -> None:
    service.answer("GET", "/v1/runs/.*", Reply({"detail": "no such run"}, 404))

    shown = accepted("room", "ask", service.link(), "How much?")

    assert shown.code == 1
    assert "404: no such run" in shown.err
    assert "hmctl room runs" in shown.err


def test_a_revoked_link_while_polling_ends_at_once(accepted: Shell, service: LyingService) -> None:
    service.answer("GET", "/v1/runs/.*", Reply({"detail": "room is revoked"}, 403))

    shown = accepted("room", "ask", service.link(), "How much?")

    assert shown.code == 1
    assert len(service.requests("GET", "/v1/runs/.*")) == 1
