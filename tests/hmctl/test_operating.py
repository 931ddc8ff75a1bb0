"""Whose key goes where: the operator's key has four sources and leaves for one admitted service."""

import pytest

from hmctl import settings
from tests.hmctl.http_service import Reply
from tests.hmctl.lying_service import LyingService
from tests.hmctl.shell import Shell

LIST = ["admin", "tenants", "list"]


def _bearers(service: LyingService) -> set[str]:
    return {asked.bearer for asked in service.asked if asked.bearer}


def test_the_key_comes_from_the_option_the_environment_or_the_profile(
    olga: Shell, carol: Shell, service: LyingService
) -> None:
    there = ["--service", service.url]

    assert olga(*LIST).code == 0
    assert carol(*LIST, *there, "--admin-key", service.office.key).code == 0
    assert carol(*LIST, *there, "--admin-key", "-", text=service.office.key + "\n").code == 0
    carol.environment["HIVEMIND_ADMIN_KEY"] = service.office.key
    assert carol(*LIST, *there).code == 0
    assert _bearers(service) == {service.office.key}
    assert carol(*LIST, *there, "--admin-key", "other").code == 3
    assert "other" in _bearers(service)


def test_the_service_comes_from_the_option_the_profile_or_the_default(
    alice: Shell, carol: Shell, service: LyingService
) -> None:
    for shell in (alice, carol):
        shell.environment["HIVEMIND_ADMIN_KEY"] = service.office.key
    carol.environment["HIVEMIND_DEFAULT_SERVICE"] = service.url

    assert "no service was named" not in alice(*LIST).err  # a tenant's profile names the service, not the key
    assert f"no service was named, so it is {service.url}\n" in carol(*LIST).err
    assert carol(*LIST, "--service", "http://127.0.0.1:1").code == 2
    assert _bearers(service) == {service.office.key}


def test_without_an_operators_key_nothing_is_sent(alice: Shell, carol: Shell, service: LyingService) -> None:
    for shell in (alice, carol):
        shown = shell(*LIST, "--service", service.url)
        assert shown.code == 2
        assert "no operator's key" in shown.err and "HIVEMIND_ADMIN_KEY" in shown.err
    assert service.asked == []


def test_a_profiles_key_does_not_follow_to_another_service(olga: Shell, service: LyingService) -> None:
    olga.profile("ops", service="http://127.0.0.1:1", key=service.office.key, role="admin")

    shown = olga(*LIST, "--service", service.url)

    assert shown.code == 1
    assert f"the key of profile 'ops' belongs to http://127.0.0.1:1, not to {service.url}" in shown.err
    assert service.asked == []


def test_an_open_way_is_refused_even_where_degraded_evidence_is_not(olga: Shell) -> None:
    there = ["--service", "http://rooms.example", "--admin-key", "k"]

    for flags in ([], ["--allow-degraded-attestation"]):
        shown = olga(*flags, *LIST, *there)
        assert shown.code == 4
        assert "is remote and not https" in shown.err


def test_the_gate_is_before_the_key(olga: Shell, service: LyingService) -> None:
    service.answer("GET", "/v1/attestation", {"ready": "perhaps"})

    assert olga(*LIST).code == 4
    assert [asked.path for asked in service.asked] == ["/v1/attestation"]
    assert _bearers(service) == set()


def test_no_word_of_the_key(olga: Shell, service: LyingService) -> None:
    olga.environment["HIVEMIND_ADMIN_KEY"] = service.office.key

    for arguments in (["-v", *LIST], ["-v", *LIST, "--json"], [*LIST, "--service", "http://127.0.0.1:1"]):
        shown = olga(*arguments)
        assert service.office.key not in shown.out + shown.err
    assert service.office.key not in repr(settings.read(settings.Flags(), {"HIVEMIND_ADMIN_KEY": service.office.key}))


def test_an_unusable_key_is_refused_without_repeating_it(carol: Shell, service: LyingService) -> None:
    for key in ("two words", "ключ", "-"):
        shown = carol(*LIST, "--service", service.url, "--admin-key", key, text="")
        assert shown.code == 1
        assert "the operator's key is empty or holds characters" in shown.err
        assert key == "-" or key not in shown.err
    assert service.asked == []


@pytest.mark.parametrize("words", [LIST, ["admin", "billing", "accounts"], ["admin", "sweep"]])
def test_a_wrong_key_is_exit_3_and_nobody_listening_exit_2(
    olga: Shell, service: LyingService, words: list[str]
) -> None:
    assert olga(*words, "--admin-key", "wrong").code == 3
    assert olga(*words, "--admin-key", "wrong", "--service", "http://127.0.0.1:1").code == 2


def test_init_recognises_an_operators_key(carol: Shell, service: LyingService) -> None:
    service.answer("GET", "/v1/health", Reply({"detail": "unknown token"}, 401))

    shown = carol(
        "--profile", "ops", "init", "--service", service.url, "--api-key", "-", text=service.office.key + "\n"
    )

    assert shown.code == 0
    assert "Role:    admin\n" in shown.out
    assert carol("--profile", "ops", *LIST).code == 0
    assert "OK   service auth - operator key accepted\n" in carol("--profile", "ops", "doctor").out
