"""Nobody but a person agrees to the terms of a room, and the agreement holds for exactly those terms."""

import json

from tests.hmctl.lying_service import LyingService
from tests.hmctl.shell import Shell

ROOM = "room_0123456789ab"


def _stored(shell: Shell) -> dict:
    return json.loads((shell.home / "accepted-rooms.json").read_text())


def test_accept_writes_the_published_layout(bob: Shell, service: LyingService) -> None:
    shown = bob("room", "accept", service.link(), "--json")

    manifest_hash = service.rooms[ROOM]["manifest_hash"]
    key = f"bob|{service.url}|{ROOM}|{service.owner_key.public_b64}|{manifest_hash}"
    entry = _stored(bob)[key]
    assert list(_stored(bob)) == [key]
    assert set(entry) == {
        "profile", "service", "room_id", "name", "manifest_hash", "owner_pubkey_b64", "accepted_at",
    }  # fmt: skip
    assert json.loads(shown.out)["manifest_hash"] == manifest_hash
    assert (bob.home / "accepted-rooms.json").stat().st_mode & 0o777 == 0o600
    text = (bob.home / "accepted-rooms.json").read_text()
    assert text == json.dumps(_stored(bob), indent=2, sort_keys=True) + "\n"


def test_the_first_ask_shows_the_terms_and_asks(bob: Shell, service: LyingService) -> None:
    shown = bob("room", "ask", service.link(), "How much?", text="y\n")

    assert shown.code == 0
    assert shown.out == "Rents rose by 4 percent.\n"
    assert "  | Never name a tenant." in shown.err
    assert "Accept these terms for profile 'bob'? [y/N]:" in shown.err
    assert len(_stored(bob)) == 1
    assert bob("room", "ask", service.link(), "Again?").code == 0


def test_no_sends_nothing(bob: Shell, service: LyingService) -> None:
    for answer in ("n\n", "", "\n"):
        shown = bob("room", "ask", service.link(), "How much?", text=answer)
        assert shown.code == 1
        assert "hmctl room accept" in shown.err
    assert service.requests("POST", ".*") == []


def test_yes_flags_never_accept_terms(bob: Shell, service: LyingService) -> None:
    bob.environment["HIVEMIND_TRUST_ALL"] = "1"

    assert bob("-y", "room", "ask", service.link(), "How much?").code == 1
    assert service.requests("POST", ".*") == []


def test_a_question_from_stdin_leaves_nobody_to_agree(bob: Shell, service: LyingService) -> None:
    shown = bob("room", "ask", service.link(), "-", text="y\n")

    assert shown.code == 1
    assert "terms of this room are not accepted" in shown.err
    assert service.requests("POST", ".*") == []


def test_changed_terms_have_to_be_accepted_anew(accepted: Shell, service: LyingService) -> None:
    service.publish(service.manifest(rules="Everything may be named.", serial=2))

    shown = accepted("room", "ask", service.link(), "How much?")

    assert shown.code == 1
    assert "terms of this room changed since you accepted them" in shown.err
    assert service.requests("POST", ".*") == []


def test_another_profile_has_accepted_nothing(accepted: Shell, service: LyingService) -> None:
    accepted.profile("bobby", service=service.url, key=service.bob)

    assert accepted("--profile", "bobby", "room", "ask", service.link(), "How much?").code == 1


def test_skipping_attestations_bypasses_the_gate_and_says_so(bob: Shell, service: LyingService) -> None:
    shown = bob("--dangerously-skip-attestations", "room", "ask", service.link(), "How much?")

    assert (shown.code, shown.out) == (0, "Rents rose by 4 percent.\n")
    assert "NOT VERIFIED: --dangerously-skip-attestations is in force" in shown.err
    assert "!! not verified: attestation checks were switched off" in shown.err
    assert not (bob.home / "accepted-rooms.json").exists()


def test_skipping_attestations_still_refuses_a_record_of_another_signer(bob: Shell, service: LyingService) -> None:
    service.finish_run = lambda row: {"attestation": service.record(row, run_id="0123456789ab")}

    assert bob("--dangerously-skip-attestations", "room", "ask", service.link(), "How much?").code == 6


def test_a_switch_set_to_zero_is_off(bob: Shell, service: LyingService) -> None:
    for value in ("0", "false", "no", ""):
        bob.environment["HIVEMIND_NO_TRUST_CHECK"] = value
        assert bob("room", "ask", service.link(), "How much?").code == 1
    bob.environment["HIVEMIND_NO_TRUST_CHECK"] = "perhaps"
    shown = bob("room", "ask", service.link(), "How much?")
    assert shown.code == 1
    assert "HIVEMIND_NO_TRUST_CHECK must be 1 or 0" in shown.err


def test_a_damaged_store_is_refused_not_forgotten(accepted: Shell, service: LyingService) -> None:
    store = accepted.home / "accepted-rooms.json"
    for content in ("{", "[]", '"x"', "\x00"):
        store.write_text(content)
        shown = accepted("room", "ask", service.link(), "How much?", text="y\n")
        assert shown.code == 1
        assert "accepted-rooms.json" in shown.err
        assert store.read_text() == content
    assert service.requests("POST", ".*") == []


def test_an_entry_moved_to_another_key_does_not_count(accepted: Shell, service: LyingService) -> None:
    (entry,) = _stored(accepted).values()
    service.publish(service.manifest(rules="Worse.", serial=2))
    key = f"bob|{service.url}|{ROOM}|{service.owner_key.public_b64}|{service.rooms[ROOM]['manifest_hash']}"
    (accepted.home / "accepted-rooms.json").write_text(json.dumps({key: entry}))

    assert accepted("room", "ask", service.link(), "How much?", text="y\n").code == 1


def test_renaming_a_profile_keeps_what_it_accepted(accepted: Shell, service: LyingService) -> None:
    assert accepted("profile", "rename", "bob", "robert").code == 0

    assert accepted("room", "ask", service.link(), "How much?").code == 0


def test_the_owner_needs_no_acceptance_for_an_own_room(alice: Shell, service: LyingService) -> None:
    assert alice("room", "ask", "room_0123456789ab", "How much?").code == 0
