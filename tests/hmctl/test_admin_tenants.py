"""`admin tenants`: nothing is lost unasked, and a new key is shown once or written privately."""

import json
import stat
from pathlib import Path

import pytest

from tests.hmctl.http_service import Reply
from tests.hmctl.lying_service import LyingService
from tests.hmctl.shell import Shell

ALICE = "t_0123456789ab"


def test_list(olga: Shell, service: LyingService) -> None:
    shown = olga("admin", "tenants", "list")

    assert shown.out == (
        "TENANT_ID       CREATED               SUSPENDED  DATABASE               NAME\n"
        "t_ba9876543210  2026-01-01 00:00 UTC  no         tenant_t_ba9876543210  bob\n"
        "t_0123456789ab  2026-01-01 00:00 UTC  no         tenant_t_0123456789ab  alice\n"
    )
    document = json.loads(olga("admin", "tenants", "list", "--json").out)
    assert [set(row) for row in document] == [{"id", "name", "db_name", "created_at", "suspended"}] * 2


def test_create_shows_the_key_once(olga: Shell, service: LyingService) -> None:
    shown = olga("admin", "tenants", "create", "ana")

    key, account = list(service.bank.accounts.items())[-1]
    assert shown.out == f"Tenant:   {account.tenant_id} (ana)\nDatabase: tenant_{account.tenant_id}\nKey:      {key}\n"
    assert f"hmctl --profile ana init --service {service.url} --api-key -\n" in shown.err
    assert key not in shown.err


def test_create_as_json_has_the_published_members(olga: Shell, service: LyingService) -> None:
    document = json.loads(olga("admin", "tenants", "create", "Ana & Co", "--json").out)

    key, account = list(service.bank.accounts.items())[-1]
    assert set(document) == {"tenant_id", "name", "db_name", "api_key", "tenant_setup_command"}
    assert document["tenant_setup_command"] == (
        f"printf %s {key} | hmctl --profile {account.tenant_id} init --service {service.url} --api-key -"
    )


def test_a_key_file_keeps_the_key_off_the_screen(olga: Shell, service: LyingService, tmp_path: Path) -> None:
    target = tmp_path / "ana.key"

    shown = olga("admin", "tenants", "create", "ana", "--key-file", str(target), "--json")

    key = list(service.bank.accounts)[-1]
    assert target.read_text() == key + "\n"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert key not in shown.out + shown.err
    assert json.loads(shown.out)["tenant_setup_command"].endswith(f"--api-key-file {target}")


@pytest.mark.parametrize("verb", [["create", "ana"], ["register", "ana", "db"], ["reset-key", ALICE, "-y"]])
def test_a_key_file_that_cannot_be_is_noticed_before_there_is_a_key(
    verb: list[str], olga: Shell, service: LyingService, tmp_path: Path
) -> None:
    (tmp_path / "taken").write_text("precious")

    for target in (tmp_path / "taken", tmp_path / "no" / "where", tmp_path):
        assert olga("admin", "tenants", *verb, "--key-file", str(target)).code == 1
    assert service.asked == []
    assert (tmp_path / "taken").read_text() == "precious"


def test_a_taken_name_is_refused_unless_meant(olga: Shell, service: LyingService) -> None:
    shown = olga("admin", "tenants", "create", "alice")

    assert shown.code == 3
    assert "409: tenant 'alice' already exists" in shown.err
    assert olga("admin", "tenants", "create", "alice", "--allow-duplicate-name").code == 0


def test_register_names_the_database(olga: Shell, service: LyingService) -> None:
    words = ["admin", "tenants", "register", "ana", "old_db", "--tenant-id", "t_00000000000a", "--json"]

    assert json.loads(olga(*words).out)["db_name"] == "old_db"
    sent = service.requests("POST", "/v1/admin/tenants/register")[0].json
    assert sent == {"name": "ana", "db_name": "old_db", "tenant_id": "t_00000000000a"}


DESTRUCTIVE = {
    "tenants delete": ([ALICE], f"Delete tenant {ALICE} 'alice' with its database?"),
    "tenants reset-key": ([ALICE, "--clear-seal"], "what is encrypted under it can never be read again"),
    "tenants rename-database": (["one", "two"], "Rename the database 'one' to 'two'?"),
    "credit-codes revoke": (["cc_8da8e3a904ace1d2"], "Revoke credit code cc_8da8e3a904ace1d2?"),
    "billing debit": ([ALICE, "5", "--note", "n"], f"Take $5.000000 from tenant {ALICE}?"),
    "billing delete-price": (["p", "m/x"], "Delete the price of p/m/x?"),
    "sweep": (["--no-dry-run"], "Delete these 1 agents?"),
}


@pytest.mark.parametrize("verb", DESTRUCTIVE)
def test_what_destroys_asks_first(verb: str, olga: Shell, service: LyingService) -> None:
    arguments, question = DESTRUCTIVE[verb]

    for answer in ("n\n", ""):
        shown = olga("admin", *verb.split(), *arguments, text=answer)
        assert shown.code == 1
        assert question in shown.err and service.url in shown.err
        assert shown.out == ""
    changed = [asked for asked in service.asked if asked.method != "GET" and asked.query.get("dry_run") != "true"]
    assert changed == []


def test_delete(olga: Shell, service: LyingService) -> None:
    assert olga("admin", "tenants", "delete", ALICE, text="y\n").out == f"deleted {ALICE}\n"
    assert olga("admin", "tenants", "delete", ALICE, "-y").code == 3
    assert json.loads(olga("-y", "admin", "tenants", "delete", "t_ba9876543210", "--json").out)["status"] == "ok"


def test_rename_is_of_the_display_name(olga: Shell, service: LyingService) -> None:
    shown = olga("admin", "tenants", "rename", ALICE, "Alice's team")

    assert shown.out == f"{ALICE} is called Alice's team now\n"
    assert service.requests("POST", f"/v1/admin/tenants/{ALICE}/rename")[0].json == {"name": "Alice's team"}


def test_rename_points_those_who_mean_a_database_to_the_other_verb(olga: Shell, service: LyingService) -> None:
    shown = olga("admin", "tenants", "rename", "tenant_db", "new_db")

    assert shown.code == 2
    assert "rename-database OLD NEW" in shown.err
    assert service.asked == []
    assert olga("admin", "tenants", "rename-database", "tenant_db", "new_db", "-y").out == "tenant_db -> new_db\n"
    sent = service.requests("POST", "/v1/admin/rename-database")[0].json
    assert sent == {"old_name": "tenant_db", "new_name": "new_db"}


def test_reset_key(olga: Shell, service: LyingService) -> None:
    shown = olga("admin", "tenants", "reset-key", ALICE, "--revoke-capabilities", "--profile-name", "al", text="y\n")

    assert "Links revoked: 2\n" in shown.out
    assert f"Key:           {list(service.bank.accounts)[-1]}\n" in shown.out
    assert "hmctl --profile al init" in shown.err
    assert service.requests("POST", ".*/reset-key")[0].json == {"clear_seal": False, "revoke_capabilities": True}


def test_migrate_roles_fails_when_a_database_did(olga: Shell, service: LyingService) -> None:
    assert olga("admin", "tenants", "migrate-roles").code == 0
    older = [{"db_name": "a", "migrated": True}, {"db_name": "b", "skipped": True}, {"db_name": "c", "error": "no"}]
    repaired = {"tenant_id": "t_1", "database": "d", "status": "repaired"}
    results = [*older, repaired, {"tenant_id": "t_2", "database": "e", "status": "error", "detail": "gone"}]
    service.answer("POST", "/v1/admin/migrate-to-roles", Reply({"status": "ok", "results": results}))

    shown = olga("admin", "tenants", "migrate-roles")

    assert shown.code == 1
    assert shown.out == (
        "OUTCOME   TENANT_ID  DATABASE  ERROR\n"
        "repaired  -          a\n"
        "ok        -          b\n"
        "error     -          c         no\n"
        "repaired  t_1        d\n"
        "error     t_2        e         gone\n"
    )
    assert json.loads(olga("admin", "tenants", "migrate-roles", "--as-json").out) == results


@pytest.mark.parametrize("name", ["../billing", "a/b", "", "t_1?x=1", "."])
def test_an_id_cannot_reach_another_route(name: str, olga: Shell, service: LyingService) -> None:
    for verb in (
        ["tenants", "delete", "-y"],
        ["billing", "balance"],
        ["runs", "show"],
        ["credit-codes", "revoke", "-y"],
    ):
        assert olga("admin", *verb, "--", name).code == 1
    assert service.asked == []
