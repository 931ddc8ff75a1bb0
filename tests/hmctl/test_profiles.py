"""Profiles: names that cannot leave their folder, files that nobody else reads, damage that is an error."""

import json
import stat
from pathlib import Path

import pytest

from tests.hmctl.lying_service import LyingService
from tests.hmctl.shell import Shell

EVIL = ["../evil", "..", ".hidden", "a/b", "", "a|b", "a\nb", "/abs", "-x", "x" * 65, "ä"]


@pytest.mark.parametrize("name", EVIL)
def test_no_name_reaches_outside_the_folder(name: str, alice: Shell, service: LyingService) -> None:
    before = _tree(alice.home.parent)
    for arguments in (
        ["--profile", name, "init", "--service", service.url, "--api-key", service.bob],
        ["--profile", name, "room", "list"],
        ["profile", "use", "--", name],
        ["profile", "show", "--", name],
        ["profile", "rename", "--", "alice", name],
        ["profile", "delete", "-y", "--", name],
    ):
        if name == "" and arguments[0] == "--profile":
            continue  # an empty --profile means none was chosen
        shown = alice(*arguments)
        assert shown.code in (1, 2) or (name == "" and arguments[1] == "show"), arguments
    assert _tree(alice.home.parent) == before


def test_the_pointer_file_cannot_point_outside_either(alice: Shell) -> None:
    (alice.home / "active").write_text("../../etc/passwd\n")

    assert alice("room", "list").code == 1


def test_init_saves_privately_even_under_a_lax_umask(carol: Shell, service: LyingService) -> None:
    shown = carol("init", "--service", service.url + "/", "--api-key", service.alice)

    path = carol.home / "profiles" / "default.yaml"
    assert shown.out == (
        f"Profile: default\nRole:    tenant\nFile:    {path}\nService: {service.url}\nTables:  9\nVersion: 0.3.7\n"
    )
    assert path.read_text() == f"api_key: {service.alice}\nrole: tenant\nservice: {service.url}\n"
    assert _mode(path) == _mode(carol.home / "active") == 0o600
    assert _mode(carol.home) == _mode(path.parent) == 0o700
    assert (carol.home / "active").read_text() == "default\n"
    assert [entry.name for entry in path.parent.iterdir()] == ["default.yaml"]


def test_a_file_left_open_by_an_older_client_is_closed(alice: Shell) -> None:
    path = alice.home / "profiles" / "alice.yaml"
    path.chmod(0o644)

    assert alice("room", "list").code == 0
    assert _mode(path) == 0o600


def test_the_key_can_come_from_stdin_or_a_file(carol: Shell, service: LyingService, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(service.bob + "\n")

    assert carol("init", "--service", service.url, "--api-key", "-", text=service.alice + "\n").code == 0
    assert (
        carol("--profile", "bob", "init", "--service", service.url, "--api-key-file", str(tmp_path / "key")).code == 0
    )
    assert service.requests("GET", "/v1/health")[0].bearer == service.alice
    assert service.requests("GET", "/v1/health")[1].bearer == service.bob


def test_init_does_not_drop_another_key_unasked(alice: Shell, service: LyingService) -> None:
    again = ["init", "--service", service.url, "--api-key", service.bob]

    assert alice(*again).code == 1
    assert service.alice in (alice.home / "profiles" / "alice.yaml").read_text()
    assert alice(*again, "--force").code == 0
    assert service.bob in (alice.home / "profiles" / "alice.yaml").read_text()


def test_init_shows_the_key_to_no_service_that_the_gate_refuses(carol: Shell, service: LyingService) -> None:
    service.answer("GET", "/v1/attestation", {"ready": "perhaps"})

    assert carol("init", "--service", service.url, "--api-key", service.alice).code == 4
    assert all("authorization" not in asked.headers for asked in service.asked)
    assert not (carol.home / "profiles").exists()


def test_init_knows_an_operator_key(carol: Shell, service: LyingService) -> None:
    from tests.hmctl.http_service import Reply

    service.answer("GET", "/v1/health", Reply({"detail": "unknown token"}, 401))
    service.answer("GET", "/v1/admin/tenants", {"tenants": []})

    document = json.loads(carol("init", "--service", service.url, "--api-key", "operator", "--json").out)

    assert document["role"] == "admin"


def test_show_masks_the_key_unless_told_otherwise(alice: Shell, service: LyingService) -> None:
    path = alice.home / "profiles" / "alice.yaml"
    assert alice("profile", "show").out == f"# {path}\napi_key: hmk_…\nrole: tenant\nservice: {service.url}\n"
    assert f"api_key: {service.alice}\n" in alice("profile", "show", "--reveal").out


def test_list_marks_the_active_one(alice: Shell, service: LyingService) -> None:
    alice.profile("zoe", service="https://rooms.example", key="")

    assert alice("profile", "list").out == (
        "ACTIVE  NAME   ROLE    API_KEY  SERVICE\n"
        f"        alice  tenant  yes      {service.url}\n"
        "*       zoe    tenant  no       https://rooms.example\n"
    )


def test_use_rename_delete_move_the_pointer(alice: Shell, service: LyingService) -> None:
    alice.profile("bob", service=service.url, key=service.bob)

    assert alice("profile", "use", "alice").code == 0
    assert alice("profile", "rename", "alice", "ann").code == 0
    assert (alice.home / "active").read_text() == "ann\n"
    assert alice("profile", "rename", "ann", "bob").code == 1
    assert alice("profile", "delete", "ann").code == 1
    assert alice("profile", "delete", "ann", "-y").code == 0
    assert not (alice.home / "active").exists()
    assert alice("profile", "use", "ann").code == 1


@pytest.mark.parametrize(
    "content",
    ["- a\n- b\n", "service: 3\n", "{", "api_key: x\n", "service: ftp://x\n", "service: http://u:p@h\n",
     "service: http://h\nrole: king\n", 'service: http://h\napi_key: "hmk_a\\r\\nX: y"\n', "\x00"],
)  # fmt: skip
def test_a_damaged_profile_is_one_line(content: str, alice: Shell) -> None:
    (alice.home / "profiles" / "alice.yaml").write_text(content)

    shown = alice("room", "list")

    assert shown.code == 1
    assert shown.err.count("error: ") == 1


def test_without_a_profile_the_hint_says_what_to_do(carol: Shell) -> None:
    shown = carol("room", "list")

    assert shown.screen == (
        "exit 1\n--- out\n--- err\nerror: there is no profile 'default'\n"
        "hint: Make one with `hmctl init --service URL --api-key -`.\n"
    )


def test_a_home_that_cannot_be_written_is_one_line(carol: Shell, service: LyingService) -> None:
    carol.home.parent.mkdir(parents=True, exist_ok=True)
    carol.home.write_text("a file, not a folder")

    shown = carol("init", "--service", service.url, "--api-key", service.alice)

    assert shown.code == 1
    assert shown.err.count("error: ") == 1


def _tree(top: Path) -> dict[str, bytes]:
    files = (path for path in top.rglob("*") if path.is_file() and path.name != ".lock")
    return {str(path): path.read_bytes() for path in files}


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)
