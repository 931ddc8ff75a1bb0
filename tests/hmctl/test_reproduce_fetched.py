"""Following a build with what its operator publishes on the net."""

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest

from attestation.evidence.checks import not_checked
from attestation.reproduce.links import Chain
from hmctl import services
from hmctl.errors import TrustRefused
from hmctl.trust.examine import Examined
from hmctl.trust.published import Publisher
from hmctl.trust.reproducing import Given, Reproduction, exit_code_of
from tests.attestation import invented, reproduced
from tests.attestation.reproduced import COMMIT, URL, app_compose
from tests.hmctl.http_service import Reply
from tests.hmctl.publishing import RAW, Publishing

TEXT = app_compose()
REMOTE = services.parse("https://rooms.example")


@pytest.fixture
def olga() -> Iterator[Publishing]:
    running = Publishing(TEXT)
    yield running
    running.close()


def walk(olga: Publishing, **given: Any) -> Chain:
    found = Examined(evidence=reproduced.evidence(TEXT), bundle=invented.bundle(), development=False)
    named = Given(source_url=URL, commit=COMMIT, **given)
    return Reproduction(service=REMOTE, given=named, publisher=Publisher(olga.places)).walk(lambda: found)


def test_page_and_repository_make_a_whole_chain(olga: Publishing) -> None:
    chain = walk(olga)

    assert exit_code_of(chain) == 0
    app_id = invented.FACTS.app_id
    assert olga.paths == [f"/page/{app_id}/dstack-pha-prod9.phala.network", RAW]


def test_the_gateway_of_the_user_is_asked(olga: Publishing) -> None:
    walk(olga, gateway="gateway.example")

    assert olga.paths[0].endswith("/gateway.example")


def test_a_page_that_is_not_there_exits_with_3(olga: Publishing) -> None:
    olga.page = b""

    assert exit_code_of(walk(olga)) == 3


def test_a_page_with_another_text_exits_with_4(olga: Publishing) -> None:
    olga.page = olga.page_of({"app_compose": TEXT.decode() + " "})

    assert exit_code_of(walk(olga)) == 4


def test_a_file_that_is_not_there_exits_with_5(olga: Publishing) -> None:
    olga.replies[RAW] = Reply({}, status=404)

    assert exit_code_of(walk(olga)) == 5


def test_another_file_exits_with_7(olga: Publishing) -> None:
    olga.source += b"#"

    assert exit_code_of(walk(olga)) == 7


def test_nobody_is_asked_before_the_quote_is_verified(olga: Publishing) -> None:
    def refuse() -> Examined:
        raise TrustRefused("the quote is forged", code="quote_refused", check="quote signature")

    chain = Reproduction(
        service=REMOTE, given=Given(source_url=URL, commit=COMMIT), publisher=Publisher(olga.places)
    ).walk(refuse)

    assert (exit_code_of(chain), chain.links[0].code) == (4, "evidence_not_verified")
    assert "forged" in chain.links[0].sentence
    assert olga.asked == []


def test_a_remote_service_has_to_prove_the_connection(olga: Publishing) -> None:
    proven = reproduced.evidence(TEXT)
    checks = tuple(
        not_checked("tls channel", "why") if check.name == "tls channel" else check for check in proven.checks
    )
    found = Examined(evidence=dataclasses.replace(proven, checks=checks), bundle=invented.bundle(), development=False)
    given = Given(source_url=URL, commit=COMMIT)
    exits = [
        exit_code_of(Reproduction(service=place, given=given, publisher=Publisher(olga.places)).walk(lambda: found))
        for place in (REMOTE, services.parse("http://localhost:8100"))
    ]

    assert exits == [4, 0]
