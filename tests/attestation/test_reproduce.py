"""The walk from a quote to its source: whole only when every single link is."""

import dataclasses
from typing import Any

import pytest

from attestation.errors import CouldNotCheck, VerificationError
from attestation.evidence.checks import not_checked
from attestation.evidence.errors import DebugMachine
from attestation.reproduce import links
from attestation.reproduce.errors import AppComposeUnavailable, SourceUnavailable, SourceUnnamed
from attestation.reproduce.links import LinkOutcome
from tests.attestation import reproduced
from tests.attestation.reproduced import CORE, DIGEST, OTHER_DIGEST, SOURCE_FILE, app_compose, follow, link

CORE_NAME = CORE.partition("@")[0]


def test_an_honest_build_is_verified_in_every_link() -> None:
    chain = follow(image_digests={CORE_NAME: DIGEST})

    assert [found.name for found in chain.links] == [
        "quote",
        "app compose",
        "launch settings",
        "source",
        "compose file",
        "images",
        "image digests",
    ]
    assert {found.outcome for found in chain.links} == {LinkOutcome.VERIFIED} == {chain.outcome}
    assert chain.first_problem is None
    assert link(chain, links.SOURCE).evidence["commit"] == reproduced.COMMIT
    assert link(chain, links.IMAGES).evidence["environment set from outside"] == "OPENROUTER_KEY"
    assert link(chain, links.IMAGE_DIGESTS).evidence["not compared"] == "docker.io/olga/ingress"


def test_one_other_byte_of_the_app_compose_text_is_another_build() -> None:
    text = app_compose()
    chain = follow(text + b" ", proven=reproduced.evidence(text))

    assert link(chain, links.APP_COMPOSE).code == "app_compose_differs"
    assert chain.outcome is LinkOutcome.FAILED
    assert {found.code for found in chain.links[2:]} == {"link_not_reached", ""}
    assert link(chain, links.COMPOSE_FILE).outcome is LinkOutcome.PARTIAL


def test_a_refused_quote_leaves_nothing_to_stand_on() -> None:
    chain = follow(proven=DebugMachine())

    assert (link(chain, links.QUOTE).outcome, link(chain, links.QUOTE).code) == (LinkOutcome.FAILED, DebugMachine.code)
    assert link(chain, links.APP_COMPOSE).outcome is LinkOutcome.PARTIAL
    assert link(chain, links.COMPOSE_FILE).outcome is LinkOutcome.PARTIAL
    assert link(chain, links.IMAGES).outcome is LinkOutcome.PARTIAL


def test_a_quote_that_could_not_be_checked_is_partial() -> None:
    chain = follow(proven=CouldNotCheck())

    assert (link(chain, links.QUOTE).outcome, chain.outcome) == (LinkOutcome.PARTIAL, LinkOutcome.PARTIAL)


def test_a_development_root_never_makes_a_verified_chain() -> None:
    text = app_compose()
    chain = follow(text, proven=reproduced.evidence(text, development=True))

    assert link(chain, links.QUOTE).code == "evidence_is_development"
    assert link(chain, links.COMPOSE_FILE).outcome is LinkOutcome.VERIFIED
    assert chain.outcome is LinkOutcome.PARTIAL


@pytest.mark.parametrize("left_out", ["os image", "nonce", "tls channel", "platform policy"])
def test_a_build_proven_without_a_needed_check_is_partial(left_out: str) -> None:
    text = app_compose()
    proven = reproduced.evidence(text)
    checks = tuple(not_checked(left_out, "why") if check.name == left_out else check for check in proven.checks)
    chain = follow(text, proven=dataclasses.replace(proven, checks=checks))

    assert link(chain, links.QUOTE).code == "evidence_incomplete"
    assert link(chain, links.QUOTE).evidence["missing"] == left_out
    assert chain.outcome is LinkOutcome.PARTIAL


def test_a_quote_that_names_no_build_leads_nowhere() -> None:
    proven = reproduced.evidence(app_compose())
    nameless = dataclasses.replace(proven, machine=dataclasses.replace(proven.machine, compose=None))
    chain = follow(proven=nameless)

    assert link(chain, links.QUOTE).code == "build_unproven"
    assert link(chain, links.APP_COMPOSE).code == "link_not_reached"


@pytest.mark.parametrize(
    ("changes", "name", "code"),
    [
        ({"app_compose": AppComposeUnavailable()}, links.APP_COMPOSE, "app_compose_unavailable"),
        ({"source": SourceUnnamed()}, links.SOURCE, "source_unnamed"),
        ({"source_file": SourceUnavailable()}, links.COMPOSE_FILE, "source_unavailable"),
    ],
)
def test_whatever_is_missing_makes_the_whole_partial(changes: dict[str, Any], name: str, code: str) -> None:
    chain = follow(**changes)

    assert (link(chain, name).code, link(chain, name).outcome) == (code, LinkOutcome.PARTIAL)
    assert chain.outcome is LinkOutcome.PARTIAL
    problem = chain.first_problem
    assert problem is not None and problem.name == name


@pytest.mark.parametrize(
    "tampered",
    [
        SOURCE_FILE + "\n",
        SOURCE_FILE.rstrip("\n"),
        SOURCE_FILE.replace("TLS=1", "TLS=0"),
        SOURCE_FILE.replace("\n", "\r\n"),
        "\ufeff" + SOURCE_FILE,
        "",
    ],
    ids=["one more line", "no last line end", "one setting", "other line ends", "byte order mark", "empty"],
)
def test_a_file_that_is_not_byte_for_byte_what_runs_is_failed(tampered: str) -> None:
    chain = follow(source_file=tampered.encode())

    assert link(chain, links.COMPOSE_FILE).code == "compose_file_differs"
    assert "line" in link(chain, links.COMPOSE_FILE).evidence["first difference"]
    assert chain.outcome is LinkOutcome.FAILED


def test_the_first_line_that_differs_is_shown_from_both_sides() -> None:
    evidence = link(follow(source_file=SOURCE_FILE.replace("TLS=1", "TLS=0").encode()), links.COMPOSE_FILE).evidence

    assert evidence == {
        "first difference": "line 6",
        "at the commit": "      - TLS=0",
        "running": "      - TLS=1",
    }


def test_a_failed_link_is_named_before_an_earlier_partial_one() -> None:
    chain = follow(source=SourceUnnamed(), image_digests={CORE_NAME: OTHER_DIGEST})

    problem = chain.first_problem
    assert problem is not None and problem.code == "image_digest_differs"
    assert chain.outcome is LinkOutcome.FAILED


@pytest.mark.parametrize(
    ("known", "code"),
    [
        ({CORE_NAME: OTHER_DIGEST}, "image_digest_differs"),
        ({"ghcr.io/olga/other": DIGEST}, "image_absent"),
        ({"hivemind-core": DIGEST}, "image_absent"),
    ],
)
def test_a_digest_that_does_not_run_is_failed(known: dict[str, str], code: str) -> None:
    assert link(follow(image_digests=known), links.IMAGE_DIGESTS).code == code


def test_no_link_can_raise_something_else_than_a_verdict() -> None:
    class Odd(VerificationError):
        """Without details."""

    chain = follow(source=Odd(), source_file=Odd(), app_compose=Odd(), proven=Odd())

    assert chain.outcome is LinkOutcome.FAILED
