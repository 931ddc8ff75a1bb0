"""The maker's statements: from a file, from memory for a day, or fetched once; without them nothing is proven."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from attestation.errors import CouldNotCheck, VerificationError
from attestation.evidence.collateral import parse_collateral
from attestation.evidence.development.statements import mint_collateral
from attestation.evidence.errors import CollateralMalformed, QuoteMalformed
from hmctl.errors import BadInput
from hmctl.trust.collateral import FRESH_SECONDS, CollateralSource, CollateralUnavailable
from tests.attestation import invented
from tests.hmctl import enclave as enclaves
from tests.hmctl.enclave import Enclave
from tests.hmctl.far_away import refused
from tests.hmctl.makers_cache import Cache
from tests.hmctl.secured import SecuredService
from tests.hmctl.shell import HastyClock, Shell

QUOTE = invented.quote()


@pytest.fixture
def cache() -> Iterator[Cache]:
    running = Cache()
    yield running
    running.close()


@pytest.fixture
def clock() -> HastyClock:
    return HastyClock()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def _source(home: Path, clock: HastyClock, cache: Cache) -> CollateralSource:
    return CollateralSource(home, clock=clock, pccs_url=cache.url)


def _kept(home: Path) -> Path:
    return next((home / "collateral").iterdir())


def test_statements_are_fetched_once_and_kept_privately(home: Path, clock: HastyClock, cache: Cache) -> None:
    source = _source(home, clock, cache)

    first = source.find(QUOTE)
    assert source.find(QUOTE) == first
    assert first == enclaves.statements().without_pck_chain()
    fetched = len(cache.asked)
    assert _source(home, clock, cache).find(QUOTE) == first

    assert len(cache.asked) == fetched
    assert _kept(home).stat().st_mode & 0o777 == 0o600
    assert _kept(home).parent.stat().st_mode & 0o777 == 0o700
    assert parse_collateral(_kept(home).read_bytes()) == first


def test_after_a_day_they_are_fetched_again(home: Path, clock: HastyClock, cache: Cache) -> None:
    _source(home, clock, cache).find(QUOTE)
    fetched = len(cache.asked)
    clock.sleep(FRESH_SECONDS + 1)

    _source(home, clock, cache).find(QUOTE)

    assert len(cache.asked) == 2 * fetched


def test_old_ones_do_not_stand_in_for_ones_that_cannot_be_fetched(home: Path, clock: HastyClock, cache: Cache) -> None:
    _source(home, clock, cache).find(QUOTE)
    clock.sleep(FRESH_SECONDS + 1)
    cache.broken = True

    with pytest.raises(CollateralUnavailable):
        _source(home, clock, cache).find(QUOTE)


@pytest.mark.parametrize("age", [-3600, FRESH_SECONDS + 60])
def test_a_file_of_another_time_remembers_nothing(age: int, home: Path, clock: HastyClock, cache: Cache) -> None:
    _source(home, clock, cache).find(QUOTE)
    fetched = len(cache.asked)
    moment = clock.now() - age
    os.utime(_kept(home), (moment, moment))

    _source(home, clock, cache).find(QUOTE)

    assert len(cache.asked) == 2 * fetched


def test_kept_statements_that_expired_are_fetched_again(home: Path, clock: HastyClock, cache: Cache) -> None:
    _source(home, clock, cache).find(QUOTE)
    fetched = len(cache.asked)
    over = mint_collateral(enclaves.authority(), issued_at=int(clock.now()) - 7200, valid_seconds=3600)
    _kept(home).write_text(over.to_json())

    assert _source(home, clock, cache).find(QUOTE) != over
    assert len(cache.asked) == 2 * fetched


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"{}" + b" " * 2_000_000])
def test_a_damaged_file_is_replaced(content: bytes, home: Path, clock: HastyClock, cache: Cache) -> None:
    _source(home, clock, cache).find(QUOTE)
    _kept(home).write_bytes(content)

    found = _source(home, clock, cache).find(QUOTE)

    assert parse_collateral(_kept(home).read_bytes()) == found


def test_what_could_not_be_fetched_is_not_asked_for_twice(home: Path, clock: HastyClock, cache: Cache) -> None:
    cache.broken = True
    source = _source(home, clock, cache)
    for _ in range(3):
        with pytest.raises(CollateralUnavailable) as missing:
            source.find(QUOTE)
        asked = len(cache.asked)
    assert asked == len(cache.asked) == 1
    assert isinstance(missing.value, CouldNotCheck)


def test_nobody_at_the_address(home: Path, clock: HastyClock) -> None:
    for address in ("http://127.0.0.1:1", "no address", "file:///etc/passwd"):
        with pytest.raises(CollateralUnavailable):
            CollateralSource(home, clock=clock, pccs_url=address).find(QUOTE)
    assert not (home / "collateral").exists()


def test_a_home_that_cannot_be_written_is_no_obstacle(tmp_path: Path, clock: HastyClock, cache: Cache) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")

    assert _source(blocked, clock, cache).find(QUOTE) == enclaves.statements().without_pck_chain()


def test_a_supplied_file_is_all_that_is_used(tmp_path: Path, home: Path, clock: HastyClock, cache: Cache) -> None:
    path = tmp_path / "collateral.json"
    path.write_text(invented.collateral().to_json())
    source = CollateralSource(home, clock=clock, supplied=path, pccs_url=cache.url)

    assert source.find(QUOTE) == invented.collateral().without_pck_chain()

    assert cache.asked == [] and not home.exists()
    path.write_text("{}")
    with pytest.raises(CollateralMalformed):
        source.find(QUOTE)
    path.unlink()
    with pytest.raises(BadInput, match="HIVEMIND_COLLATERAL"):
        source.find(QUOTE)


@pytest.mark.parametrize("quote", [b"", b"\x04\x00", QUOTE[:700], b"x" * 100_000])
def test_what_is_no_quote_asks_nobody(quote: bytes, home: Path, clock: HastyClock, cache: Cache) -> None:
    with pytest.raises(VerificationError) as refused:
        _source(home, clock, cache).find(quote)

    assert isinstance(refused.value, QuoteMalformed)
    assert cache.asked == []


def test_a_command_fetches_what_it_needs(remote: Shell, cache: Cache) -> None:
    remote.environment |= {"HIVEMIND_COLLATERAL": None, "HIVEMIND_PCCS_URL": cache.url}

    assert remote("-y", "room", "list").code == 0
    fetched = len(cache.asked)
    assert remote("room", "list").code == 0
    assert fetched == len(cache.asked) > 0


def test_the_policy_names_the_cache_unless_the_environment_does(remote: Shell, cache: Cache) -> None:
    remote.environment["HIVEMIND_COLLATERAL"] = None
    (remote.home / "trust-policy.json").write_text(json.dumps({"version": 1, "pccs_url": cache.url}))

    assert remote("-y", "room", "list").code == 0
    assert cache.asked


def test_a_command_that_cannot_fetch_is_refused(remote: Shell, secured: SecuredService, cache: Cache) -> None:
    cache.broken = True
    remote.environment |= {"HIVEMIND_COLLATERAL": None, "HIVEMIND_PCCS_URL": cache.url}

    for flags in (["-y"], ["-y", "--allow-degraded-attestation"]):
        shown = remote(*flags, "room", "list", "--json")
        assert refused(shown, secured) == ("collateral_unavailable", "collateral")


def test_expired_statements_are_refused(
    remote: Shell, secured: SecuredService, enclave: Enclave, tmp_path: Path
) -> None:
    path = tmp_path / "expired.json"
    now = int(remote.clock.now())
    path.write_text(mint_collateral(enclaves.authority(), issued_at=now - 7200, valid_seconds=3600).to_json())
    remote.environment["HIVEMIND_COLLATERAL"] = str(path)

    assert refused(remote("-y", "room", "list", "--json"), secured)[0] == "collateral_expired"
