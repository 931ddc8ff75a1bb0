"""The operator's cache of the maker's statements, over real connections."""

from collections.abc import Iterator

import pytest

from attestation.evidence.collateral import Collateral
from attestation.server.services.collateral import NOT_TO_BE_HAD, Statements, Unavailable
from hivemind.kit import conf
from tests.attestation import invented
from tests.hmctl import enclave as enclaves
from tests.hmctl.makers_cache import Cache

QUOTE = invented.quote()


@pytest.fixture
def cache() -> Iterator[Cache]:
    running = Cache()
    with conf.override("evidence", pccs_url=running.url):
        yield running
    running.close()


def test_statements_are_fetched_once_and_kept(cache: Cache) -> None:
    statements = Statements()
    found = statements.find(QUOTE)
    assert isinstance(found, Collateral)
    assert found.to_json() == enclaves.statements().without_pck_chain().to_json()
    assert statements.find(QUOTE) is found
    assert len(cache.asked) == 4


def test_a_broken_cache_is_left_alone_for_a_while(cache: Cache) -> None:
    cache.broken = True
    statements = Statements()
    assert statements.find(QUOTE) == Unavailable(NOT_TO_BE_HAD)
    asked = len(cache.asked)
    assert statements.find(QUOTE) == Unavailable(NOT_TO_BE_HAD)
    assert len(cache.asked) == asked


def test_nobody_there_is_no_collateral(cache: Cache) -> None:
    cache.close()
    assert Statements().find(QUOTE) == Unavailable(NOT_TO_BE_HAD)


def test_bytes_that_are_no_quote_ask_nobody(cache: Cache) -> None:
    assert Statements().find(b"x" * 700) == Unavailable(NOT_TO_BE_HAD)
    assert cache.asked == []
