"""The owner's commands: what they send, what they show, what they refuse."""

import json
from dataclasses import replace
from typing import Any

import pytest

from attestation import envelope
from attestation.manifests.room import TrustPolicy
from tests.hmctl.http_service import Reply
from tests.hmctl.lying_service import LyingService
from tests.hmctl.shell import Shell

ROOM = "room_0123456789ab"


def test_list_shows_signed_names_and_marks_what_does_not_verify(alice: Shell, service: LyingService) -> None:
    service.publish(service.manifest("room_bbbbbbbbbbbb", name="old"))
    alice("room", "revoke", "room_bbbbbbbbbbbb", "-y")
    service.publish(service.manifest("room_aaaaaaaaaaaa", name="said"))["revoked_at"] = 1767225900.0
    service.publish(service.manifest("room_dddddddddddd", name="short", expires_at=1767225700.0))
    service.publish(service.manifest("room_cccccccccccc"))["envelope"]["signature_b64"] = ""
    service.rooms[ROOM]["name"] = "forged"

    shown = alice("room", "list")

    assert shown.out == (
        "ROOM_ID            STATUS              QUERY  CREATED               NAME\n"
        "room_cccccccccccc  NOT VERIFIED        -      -                     -\n"
        "room_dddddddddddd  expired             fixed  2026-01-01 00:00 UTC  short\n"
        "room_aaaaaaaaaaaa  revoked (unproven)  fixed  2026-01-01 00:00 UTC  said\n"
        "room_bbbbbbbbbbbb  revoked             fixed  2026-01-01 00:00 UTC  old\n"
        "room_0123456789ab  active              fixed  2026-01-01 00:00 UTC  rents\n"
    )
    assert "warning: room_cccccccccccc: The room manifest is not signed." in shown.err


def test_lists_follow_the_cursor_past_a_hundred(alice: Shell, service: LyingService) -> None:
    for number in range(120):
        service.publish(service.manifest(f"room_{number:012x}"))

    assert len(json.loads(alice("room", "list", "--limit", "500", "--json").out)) == 121
    assert len(json.loads(alice("room", "list", "--json").out)) == 50


def test_prune_is_dry_first_and_tells_what_really_happened(alice: Shell, service: LyingService) -> None:
    for letter in "abc":
        service.publish(service.manifest(f"room_{letter * 12}", name=f"test-{letter}"))
    service.answer("DELETE", "/v1/rooms/room_bbbbbbbbbbbb", Reply({"detail": "busy"}, 500))
    select = ["--name-prefix", "test-", "--keep", "room_cccccccccccc"]

    dry = alice("room", "prune", *select)
    real = alice("-y", "room", "prune", *select, "--no-dry-run")

    assert dry.code == 0
    assert dry.out == "ROOM_ID            NAME\nroom_bbbbbbbbbbbb  test-b\nroom_aaaaaaaaaaaa  test-a\n"
    assert real.code == 1
    assert real.out == "ROOM_ID            NAME\nroom_aaaaaaaaaaaa  test-a\n"
    assert "1 room(s) revoked" in real.err and "room_bbbbbbbbbbbb was not revoked: 500: busy" in real.err


def test_prune_needs_a_selector_and_a_yes(alice: Shell, service: LyingService) -> None:
    assert alice("room", "prune").code == 1
    assert alice("room", "prune", "--all-active", "--no-dry-run", text="n\n").code == 1
    assert service.requests("DELETE", ".*") == []


def test_prune_legacy_means_terms_without_tables(alice: Shell, service: LyingService) -> None:
    service.publish(service.manifest("room_dddddddddddd", allowed_tables=None))

    document = json.loads(alice("room", "prune", "--legacy-only", "--json").out)

    assert [room["room_id"] for room in document["candidates"]] == ["room_dddddddddddd"]


def test_revoke_asks_first(alice: Shell, service: LyingService) -> None:
    assert alice("room", "revoke", ROOM, text="n\n").code == 1
    assert service.requests("DELETE", ".*") == []
    assert alice("room", "revoke", ROOM, "-y").out == (
        f"Room:       {ROOM}\nStatus:     revoked\nInvites:    1 revoked\nShare link: none\n"
        "Signed:     yes: nobody can bring the room back\n"
    )


def test_add_data_and_data(alice: Shell, service: LyingService) -> None:
    added = alice("room", "add-data", ROOM, "hello", "--meta", "source=x")

    assert added.out == f"Room: {ROOM}\nItem: rvi_2ba7dd225bdfa906\n"
    assert service.requests("POST", ".*/data")[0].json == {"text": "hello", "metadata": {"source": "x"}}
    assert alice("room", "data", ROOM, "--show-text").out == (
        f"Room:  {ROOM}\nItems: 1\n"
        "ITEM_ID               SIZE  CREATED               METADATA\n"
        'rvi_2ba7dd225bdfa906  5 B   2026-01-01 00:00 UTC  {"source": "x"}\n'
        "\nrvi_2ba7dd225bdfa906\n  | hello\n"
    )


def test_add_data_refuses_two_sources_none_and_binary(alice: Shell, service: LyingService, tmp_path) -> None:
    (tmp_path / "b").write_bytes(b"\xff\x00")

    for arguments in (["x", "--file", "y"], [], ["--file", str(tmp_path / "b")], ["x", "--meta", "novalue"]):
        assert alice("room", "add-data", ROOM, *arguments).code == 1
    assert service.asked == []


def test_data_is_not_sent_to_a_room_that_does_not_verify(alice: Shell, service: LyingService) -> None:
    service.rooms[ROOM]["manifest"] = service.rooms[ROOM]["manifest"] | {"rules": "Anything goes."}

    assert alice("room", "add-data", ROOM, "secret").code == 1
    assert service.requests("POST", ".*") == []


def test_delete_data_asks_and_deletes(alice: Shell, service: LyingService) -> None:
    service.answer("DELETE", ".*/data/.*", {"status": "ok"})

    assert alice("room", "delete-data", ROOM, "rvi_1").code == 1
    assert alice("room", "delete-data", ROOM, "rvi_1", "rvi_2", "-y").code == 0
    paths = [asked.path for asked in service.requests("DELETE", ".*")]
    assert paths == [f"/v1/rooms/{ROOM}/data/rvi_1", f"/v1/rooms/{ROOM}/data/rvi_2"]


def test_trust_needs_a_change_and_verifies_what_was_signed(alice: Shell, service: LyingService) -> None:
    new = replace(service.manifest(), trust=TrustPolicy("pinned", ("ab" * 32,)), serial=2, updated_at=1767225900.0)
    service.answer("POST", ".*/trust", lambda asked: {"room_id": ROOM, "room": service.publish(new)})

    assert alice("room", "trust", ROOM).code == 2
    shown = alice("room", "trust", ROOM, "--mode", "pinned", "--compose", "ab" * 32)

    assert shown.code == 0
    assert "Mode:    pinned\n" in shown.out
    assert service.requests("POST", ".*/trust")[0].json == {
        "append_live": False,
        "mode": "pinned",
        "allowed_composes": ["ab" * 32],
    }


def test_trust_refuses_a_room_signed_by_somebody_else(alice: Shell, service: LyingService) -> None:
    forged = dict(service.rooms[ROOM], envelope=envelope.sign(service.manifest().to_wire(), key=service.signer))
    service.answer("POST", ".*/trust", {"room_id": ROOM, "room": forged})

    assert alice("room", "trust", ROOM, "--compose", "ab" * 32).code == 1


@pytest.mark.parametrize("action", ["on", "rotate"])
def test_share_prints_a_link_that_was_checked(action: str, alice: Shell, service: LyingService) -> None:
    answer = {"enabled": True, "room_id": ROOM, "prefix": "f6356aa7", "created_at": 1767225600.0}
    service.answer("POST", ".*/share-link(/rotate)?", answer | {"link": service.link(share=True)})

    shown = alice("room", "share", ROOM, action, "-y")

    assert shown.code == 0
    assert shown.out.endswith(f"Link: {service.link(share=True)}\n")
    bad = answer | {"link": service.link("room_ffffffffffff", share=True)}
    service.answer("POST", ".*/share-link(/rotate)?", bad)
    assert alice("room", "share", ROOM, action, "-y").code == 1


def test_share_show_says_where_the_link_went(alice: Shell, service: LyingService) -> None:
    answer = {"enabled": True, "room_id": ROOM, "prefix": "f6356aa7", "created_at": 1767225600.0, "link": None}
    service.answer("GET", ".*/share-link", answer)

    shown = alice("room", "share", ROOM)

    assert shown.out == f"Room:       {ROOM}\nShare link: on\nSince:      2026-01-01 00:00 UTC\nToken:      f6356aa7\n"
    assert "rotate" in shown.err


def test_agents_in_use_are_not_deleted(alice: Shell, service: LyingService) -> None:
    about = {"agent_id": "aaaaaaaaaaaa", "name": "filter", "agent_type": "scope", "inspection_mode": "full"}
    service.agents["aaaaaaaaaaaa"] = about

    refused = alice("agents", "delete", "aaaaaaaaaaaa", "-y")

    assert refused.code == 1
    assert f"is used by {ROOM}" in refused.err
    sealed = {"agent_id": "bbbbbbbbbbbb", "name": "asker", "agent_type": "query", "inspection_mode": "sealed"}
    service.agents["bbbbbbbbbbbb"] = sealed
    assert alice("agents", "list").out == (
        "AGENT_ID      TYPE   SOURCE       ROOMS  NAME\n"
        "aaaaaaaaaaaa  scope  inspectable  1      filter\n"
        "bbbbbbbbbbbb  query  sealed       1      asker\n"
    )
    service.answer("GET", "/v1/rooms", Reply({"detail": "x"}, 500))
    assert alice("agents", "delete", "aaaaaaaaaaaa", "-y").code == 1
    assert alice("agents", "delete", "aaaaaaaaaaaa", "-y", "--force").code == 0
    assert alice("agents", "get", "aaaaaaaaaaaa").code == 1


@pytest.mark.parametrize("answer", [{}, {"a": 1}, {"agent_id": "bbbbbbbbbbbb"}, {"agent_id": None}])
@pytest.mark.parametrize("verb", [["get"], ["delete", "-y"]])
def test_another_agent_than_the_one_asked_for_is_no_answer(
    verb: list[str], answer: dict[str, Any], alice: Shell, service: LyingService
) -> None:
    service.answer("GET", "/v1/room-agents/aaaaaaaaaaaa", answer)

    shown = alice("agents", *verb, "aaaaaaaaaaaa", "--json")

    assert (shown.code, json.loads(shown.out)["error"]["code"]) == (1, "bad_answer")
    assert not service.requests("DELETE", ".*")


def test_agent_files_are_listed_and_printed(alice: Shell, service: LyingService) -> None:
    files = [{"path": "lib/agent.py", "size_bytes": 812, "attestable": False}]
    service.answer("GET", "/v1/room-agents/a1/files", {"agent_id": "a1", "files": files})
    service.answer("GET", "/v1/room-agents/a1/files/lib/agent.py", Reply(b"print()\n", content_type="text/plain"))

    assert alice("agents", "files", "a1").out == "FILE          SIZE\nlib/agent.py  812 B  private\n"
    assert alice("agents", "files", "a1", "lib/agent.py").out == "print()\n"


def test_rotate_key_saves_the_new_key_and_hides_it(alice: Shell, service: LyingService) -> None:
    new = "hmk_" + "n" * 43
    service.answer("POST", "/v1/tenant/rotate-key", {"tenant_id": "t_1", "api_key": new})

    assert alice("rotate-key").code == 1
    shown = alice("rotate-key", "--yes")

    assert shown.code == 0
    assert new not in shown.out + shown.err
    assert new in (alice.home / "profiles" / "alice.yaml").read_text()


def test_a_rotation_whose_answer_is_lost_says_what_may_have_happened(
    alice: Shell, service: LyingService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The service replaced the key and the connection broke before it could say so."""

    def broken(_: Any) -> Any:
        raise ConnectionResetError

    monkeypatch.setattr(service._server, "handle_error", lambda *_: None)
    service.answer("POST", "/v1/tenant/rotate-key", broken)

    shown = alice("rotate-key", "-y")

    assert shown.code == 2 and "hint: The key may have been replaced all the same" in shown.err


def test_sql_sends_texts_or_typed_values(alice: Shell, service: LyingService) -> None:
    service.answer("POST", "/v1/tenant/sql", {"rows": [{"id": 1, "name": None}], "rowcount": 1})

    shown = alice("sql", "SELECT %s", "-p", "x")
    alice("sql", "SELECT %s", "--params-json", "[null, 2]")
    alice("sql", text="SELECT 1")

    assert shown.out == "id  name\n1   NULL\n"
    sent = [asked.json for asked in service.requests("POST", "/v1/tenant/sql")]
    assert sent == [
        {"sql": "SELECT %s", "params": ["x"]},
        {"sql": "SELECT %s", "params": [None, 2]},
        {"sql": "SELECT 1", "params": []},
    ]


def test_sql_without_a_statement_is_a_usage_error(alice: Shell, service: LyingService) -> None:
    for arguments in ([], ["x", "--file", "y"], ["x", "--params-json", "{"], ["x", "-p", "1", "--params-json", "[]"]):
        assert alice("sql", *arguments).code == 2
    assert service.asked == []
