"""What the quickstart decides before it starts or restarts anything."""

import http.server
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from attestation.evidence.enclave_tls import enclave_certificate
from hivemind import tls
from hivemind.local import checkout, files, own_service, processes, quickstart, supervisor, trial
from hivemind.local.errors import LocalError
from hivemind.local.paths import layout


class _Stranger(http.server.BaseHTTPRequestHandler):
    """Another Hivemind on the port that ours should have."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"status": "ok"}')

    def log_message(self, *args: object) -> None:
        return


@pytest.fixture
def here(tmp_path: Path) -> Iterator[checkout.Checkout]:
    with http.server.HTTPServer(("127.0.0.1", 0), _Stranger) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield checkout.Checkout(layout(tmp_path / "var"), "127.0.0.1", server.server_port, [])
        server.shutdown()


def test_a_stranger_on_our_port_is_not_our_service(here: checkout.Checkout) -> None:
    assert not quickstart._healthy(here)
    with supervisor.claim(here.layout):  # ours is about to start, and still waits for the port
        assert not quickstart._healthy(here)


def test_a_service_is_started_anew_when_a_setting_or_the_program_has_changed(here: checkout.Checkout) -> None:
    started = {"HIVEMIND_PORT": "8100", "HIVEMIND_LLM_API_KEY": "one", "TERM": "dumb"}
    assert quickstart._changed_since_start(here, started)
    files.write_private(quickstart._fingerprint_file(here), quickstart._fingerprint(started))
    assert not quickstart._changed_since_start(here, {**started, "TERM": "xterm"})
    assert quickstart._changed_since_start(here, {**started, "HIVEMIND_LLM_API_KEY": "two"})
    program = max(path.stat().st_mtime for path in quickstart._program_files())
    os.utime(quickstart._fingerprint_file(here), (program - 1, program - 1))
    assert quickstart._changed_since_start(here, started)


def test_what_is_remembered_of_the_settings_tells_nothing_about_them(here: checkout.Checkout) -> None:
    remembered = quickstart._fingerprint({"HIVEMIND_LLM_API_KEY": "a-private-key"})
    files.write_private(quickstart._fingerprint_file(here), remembered)
    assert "private" not in remembered
    assert quickstart._fingerprint_file(here).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(("host", "url"), [("0.0.0.0", "http://127.0.0.1:1"), ("::1", "http://[::1]:1")])
def test_the_address_is_one_that_this_machine_can_open(tmp_path: Path, host: str, url: str) -> None:
    assert checkout.Checkout(layout(tmp_path), host, 1, []).url == url


def test_with_tls_the_address_says_so_and_no_authority_is_asked_about_it(tmp_path: Path) -> None:
    context = tls.server_context(enclave_certificate(b"k" * 32))
    with http.server.HTTPServer(("127.0.0.1", 0), _Stranger) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        here = checkout.Checkout(layout(tmp_path / "var"), "127.0.0.1", server.server_port, [], tls=True)
        assert here.url == f"https://127.0.0.1:{server.server_port}"
        with own_service.call(f"{here.url}/v1/healthz", seconds=10) as answer:
            assert answer.read() == b'{"status": "ok"}'
        server.shutdown()


def test_only_a_service_is_called(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="no address of a service"):
        own_service.call(f"file://{tmp_path}/key", seconds=1)


def test_the_password_is_shown_when_it_was_made_and_never_again(
    here: checkout.Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    quickstart._closing_words(here, password="made-just-now")
    assert "made-just-now" in capsys.readouterr().out
    quickstart._closing_words(here, password=None)
    assert "changepassword operator" in capsys.readouterr().out


def test_the_demos_key_is_named_where_there_is_one(here: checkout.Checkout, capsys: pytest.CaptureFixture[str]) -> None:
    quickstart._closing_words(here, password=None)
    assert "api-key" not in capsys.readouterr().out
    key = here.layout.state_dir / "demo" / "alice-media" / "api-key"
    key.parent.mkdir(parents=True)
    key.touch()
    quickstart._closing_words(here, password=None)
    assert f"--api-key-file {key}" in capsys.readouterr().out


def test_a_long_log_is_put_aside_and_an_error_shows_only_what_is_new(tmp_path: Path) -> None:
    log = tmp_path / "up.log"
    log.write_bytes(b"before\n")
    with processes.open_log(log) as handle:
        handle.write(b"after\n")
    assert processes.last_lines(log, after_bytes=7) == "after"
    assert log.stat().st_size == 13
    with log.open("r+b") as handle:
        handle.truncate(processes.LOG_BYTES_KEPT + 1)
    processes.open_log(log).close()
    assert (tmp_path / "up.log.1").exists()
    assert log.stat().st_size == 0
    assert log.stat().st_mode & 0o077 == 0


def test_a_trial_has_an_operators_key_of_its_own_and_keeps_it(here: checkout.Checkout) -> None:
    first = trial.with_defaults(here, {})
    key = trial.admin_key_file(here)
    assert first["HIVEMIND_ADMIN_KEY_FILE"] == str(key)
    assert key.stat().st_mode & 0o077 == 0
    assert len(key.read_text(encoding="utf-8")) == 47
    assert first["HIVEMIND_EVIDENCE"] == "development"
    assert trial.with_defaults(here, {}) == first


def test_what_is_configured_is_left_alone(here: checkout.Checkout) -> None:
    chosen = {"HIVEMIND_ADMIN_KEY": "mine", "HIVEMIND_BILLING_ENFORCE_CREDITS": "false"}
    chosen |= {"HIVEMIND_SELF_SERVE_SIGNUP_ENABLED": "false", "HIVEMIND_EVIDENCE": ""}
    assert trial.with_defaults(here, chosen) == chosen
    assert not trial.admin_key_file(here).exists()


@pytest.mark.parametrize(
    ("host", "opened"), [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("", False)]
)
def test_signup_is_open_only_where_nobody_else_can_reach_it(tmp_path: Path, host: str, opened: bool) -> None:
    here = checkout.Checkout(layout(tmp_path), host, 1, [])
    assert ("HIVEMIND_SELF_SERVE_SIGNUP_ENABLED" in trial.with_defaults(here, {})) is opened
