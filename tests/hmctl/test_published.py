"""Fetching what an operator publishes: bounded, from the right hosts, with the token only where it belongs."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from attestation.reproduce.errors import AppComposeDiffers, AppComposeUnavailable, SourceUnavailable
from attestation.reproduce.source import NamedSource, SourceFile, read_source
from hmctl.client.outside import OutsideFailed, checked_address
from hmctl.secret import Secret
from hmctl.trust.published import USUAL_GATEWAY, Places, Publisher, gateway_of, read_page
from tests.attestation.reproduced import COMMIT, SOURCE_FILE, URL, app_compose
from tests.hmctl.http_service import Reply
from tests.hmctl.publishing import API, RAW, Publishing

TEXT = app_compose()
APP, GATEWAY, BUILD = "a1" * 20, "gateway.example", "c0" * 32
SOURCE: SourceFile = read_source(NamedSource("you", COMMIT, URL))
TOKEN = "ghp_alice"
VECTORS = Path(__file__).parents[1] / "vectors"


@pytest.fixture
def olga() -> Iterator[Publishing]:
    running = Publishing(TEXT)
    yield running
    running.close()


def text_of(olga: Publishing, *, app_id: str = APP, gateway: str = GATEWAY) -> bytes:
    return Publisher(olga.places).app_compose(app_id, gateway=gateway, compose_hash=BUILD)


def test_the_page_of_the_machine_is_read(olga: Publishing) -> None:
    assert text_of(olga) == TEXT
    assert olga.paths == [f"/page/{APP}/{GATEWAY}"]


def test_the_usual_gateway_is_the_published_one() -> None:
    assert json.loads((VECTORS / "reproduce.json").read_text())["gateway"] == USUAL_GATEWAY


def test_the_real_address_names_application_and_gateway() -> None:
    assert Places().tcb_info(APP, GATEWAY) == f"https://{APP}-8090.{GATEWAY}/"


@pytest.mark.parametrize("claimed", [BUILD, BUILD.upper(), f"0x{BUILD}"])
def test_a_page_may_repeat_the_proven_build(olga: Publishing, claimed: str) -> None:
    olga.page = olga.page_of({"app_compose": TEXT.decode(), "compose_hash": claimed})

    assert text_of(olga) == TEXT


def test_a_page_that_claims_another_build_is_refused(olga: Publishing) -> None:
    olga.page = olga.page_of({"app_compose": TEXT.decode(), "compose_hash": "d0" * 32})
    with pytest.raises(AppComposeDiffers):
        text_of(olga)


@pytest.mark.parametrize(
    "page",
    [
        b"",
        b"<html></html>",
        b"<textarea>{}</textarea>",
        b"<textarea readonly>not json</textarea>",
        b"<textarea readonly>[]</textarea>",
        b'<textarea readonly>{"app_compose": {}}</textarea>',
        b'<textarea readonly>{"app_compose": "\\ud800"}</textarea>',
        b"<textarea readonly>" + b"[" * 100_000,
        b"\xff",
    ],
    ids=lambda page: str(page[:40]),
)
def test_a_page_of_another_form_gives_nothing(page: bytes) -> None:
    with pytest.raises(OutsideFailed):
        read_page(page)


def test_only_the_first_text_that_cannot_be_edited_is_read() -> None:
    first, second = (json.dumps({"app_compose": name}) for name in ("first", "second"))
    page = f"<textarea readonly>{first}</textarea><textarea readonly>{second}</textarea>"

    assert read_page(page.encode())[0] == b"first"


@pytest.mark.parametrize(
    ("app_id", "gateway"),
    [
        ("", GATEWAY),
        ("a1" * 19, GATEWAY),
        ("A1" * 20, GATEWAY),
        ("carol.example/" + "a" * 26, GATEWAY),
        (APP, "localhost"),
        (APP, "gateway.example/x"),
        (APP, "gateway.example:22"),
        (APP, "carol@gateway.example"),
    ],
)
def test_nobody_is_asked_at_an_odd_address(olga: Publishing, app_id: str, gateway: str) -> None:
    with pytest.raises(AppComposeUnavailable):
        text_of(olga, app_id=app_id, gateway=gateway)
    assert olga.asked == []


@pytest.mark.parametrize(
    ("claimed", "gateway"),
    [
        ("https://abc-8443s.gateway.example/x", GATEWAY),
        ("https://ABC.Gateway.example", GATEWAY),
        ("", USUAL_GATEWAY),
        ("http://abc.gateway.example", USUAL_GATEWAY),
        ("https://abc.localhost", USUAL_GATEWAY),
        ("https://x.a.localhost", USUAL_GATEWAY),
        ("https://x.127.0.0.1", USUAL_GATEWAY),
        ("https://10.0.0.1", USUAL_GATEWAY),
        ("https://[::1]", USUAL_GATEWAY),
        ("https://[", USUAL_GATEWAY),
        ("https://abc.gateway", USUAL_GATEWAY),
    ],
)
def test_a_claimed_gateway_is_a_name_elsewhere_or_not_used(claimed: str, gateway: str) -> None:
    assert gateway_of(claimed) == gateway


def test_a_public_file_is_fetched_at_its_commit_without_the_token(olga: Publishing) -> None:
    assert Publisher(olga.places, Secret(TOKEN)).source_file(SOURCE) == SOURCE_FILE.encode()
    assert olga.paths == [RAW]
    assert olga.asked[0].bearer == ""


def test_the_token_opens_a_private_repository(olga: Publishing) -> None:
    olga.private = TOKEN

    assert Publisher(olga.places, Secret(TOKEN)).source_file(SOURCE) == SOURCE_FILE.encode()
    assert [(asked.path, asked.bearer) for asked in olga.asked] == [(RAW, ""), (API, TOKEN)]


def test_without_a_token_a_private_file_is_missing(olga: Publishing) -> None:
    olga.private = TOKEN
    with pytest.raises(SourceUnavailable) as missing:
        Publisher(olga.places).source_file(SOURCE)
    assert "404" in missing.value.details["reason"]


def test_a_wrong_token_is_told_and_not_shown(olga: Publishing) -> None:
    olga.private = "ghp_somebody_else"
    with pytest.raises(SourceUnavailable) as missing:
        Publisher(olga.places, Secret(TOKEN)).source_file(SOURCE)
    assert TOKEN not in str(missing.value) + str(missing.value.details)


def test_the_token_goes_neither_to_the_page_nor_after_a_redirect(olga: Publishing) -> None:
    carol = Publishing(TEXT)
    olga.private = TOKEN
    for path in (RAW, API):
        olga.replies[path] = Reply({}, status=302, headers={"Location": carol.url + path})
    publisher = Publisher(olga.places, Secret(TOKEN))
    with pytest.raises(SourceUnavailable) as missing:
        publisher.source_file(SOURCE)
    publisher.app_compose(APP, gateway=GATEWAY, compose_hash=BUILD)
    carol.close()

    assert carol.asked == []
    assert "redirect" in missing.value.details["reason"]
    assert olga.asked[-1].bearer == ""


@pytest.mark.parametrize(
    "reply",
    [
        Reply(b"x" * (200 * 1024)),
        Reply(b"", status=204),
        Reply(b"half", status=206),
        Reply(b"\x1f\x8b", headers={"Content-Encoding": "gzip"}),
        Reply(b"busy", status=503),
    ],
    ids=["too large", "nothing", "a part", "compressed", "busy"],
)
def test_an_unusable_answer_is_no_file(olga: Publishing, reply: Reply) -> None:
    olga.replies[RAW] = reply
    with pytest.raises(SourceUnavailable):
        Publisher(olga.places).source_file(SOURCE)


def test_an_endless_page_is_cut_off(olga: Publishing) -> None:
    olga.page = b"<textarea readonly>" + b" " * (3 * 1024 * 1024)
    with pytest.raises(AppComposeUnavailable) as missing:
        text_of(olga)
    assert "more than" in missing.value.details["reason"]


@pytest.mark.parametrize(
    "address",
    [
        "http://raw.example/x",
        "ftp://raw.example/x",
        "https://",
        "https://a b/",
        "https://exämple.org/",
        "https://raw.example:0/",
        "https://raw.example/" + "a" * 3000,
        "https://u:p@raw.example/",
        "//raw.example/x",
        "https://raw.example\\@carol.example/",
    ],
)
def test_only_plain_https_addresses_are_asked(address: str) -> None:
    with pytest.raises(OutsideFailed):
        checked_address(address)


def test_places_cannot_be_changed_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    before: dict[str, Any] = vars(Places())
    for name in ("HIVEMIND_RAW", "GITHUB_API_URL", "GITHUB_SERVER_URL", "GH_HOST"):
        monkeypatch.setenv(name, "https://carol.example")

    assert vars(Publisher().places) == before
    assert (before["raw_files"], before["api"]) == ("https://raw.githubusercontent.com", "https://api.github.com")
