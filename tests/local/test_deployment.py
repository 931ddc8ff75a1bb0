"""What is measured of a deployment: everything that matters, by digest, and nothing that can be changed later."""

import hashlib
import json
import os
import re
import shutil
import subprocess
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy import render
from hivemind.settings import env

DIGEST = "sha256:" + "a" * 64
IMAGES = {name: f"registry.example/hive/{name}@{DIGEST}" for name in render.IMAGES}
DEPLOYMENT = render.Deployment(images=IMAGES, public_url="https://hive.example")
SECRETS = {"HIVEMIND_ADMIN_KEY", "HIVEMIND_LLM_API_KEY", "HIVEMIND_TINFOIL_API_KEY"}
SERVING = ("web", "worker")
DECLARED = {f"HIVEMIND_{f.metadata['name']}": f for group in env.GROUPS.values() for f in fields(group)}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(DEPLOYMENT.compose_file())
    return read


def environment(compose: dict[str, Any], service: str) -> dict[str, str]:
    return dict(compose["services"][service].get("environment", {}))


def test_every_image_is_named_by_its_digest(compose: dict[str, Any]) -> None:
    images = [service["image"] for service in compose["services"].values()]
    assert set(images) == {IMAGES[name] for name in ("platform", "postgres", "redis")}
    assert all(re.fullmatch(r"[^@\s]+@sha256:[0-9a-f]{64}", image) for image in images)
    named = [f"hivemind-{name}={IMAGES[name]}" for name in ("agent-base", "agent-base-hermes")]
    assert compose["services"]["agent-base"]["command"][-2:] == named
    assert not any("build" in service for service in compose["services"].values())


def test_nothing_but_secrets_comes_from_variables_that_are_not_measured(compose: dict[str, Any]) -> None:
    text = DEPLOYMENT.compose_file()
    assert set(re.findall(r"\$\{?([A-Za-z_]+)", text)) == SECRETS
    for service in compose["services"]:
        for name, value in environment(compose, service).items():
            assert value is not None, f"{name} of {service} would be taken from whoever starts it"
            if "$" in value:
                assert value == f"${{{name}:-}}"
                assert DECLARED[name].metadata["secret"]
        assert "env_file" not in compose["services"][service]
    outside = {name: value for name, value in compose["services"].items() if "$" in json.dumps(value)}
    assert set(outside) == {"web", "worker"}


def test_the_secrets_that_may_be_given_are_measured() -> None:
    assert json.loads(DEPLOYMENT.app_compose())["allowed_envs"] == sorted(SECRETS)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HIVEMIND_EVIDENCE", "dstack"),
        ("HIVEMIND_ENCLAVE_TLS", "true"),
        ("HIVEMIND_DEBUG", "false"),
        ("HIVEMIND_BILLING_ENFORCE_CREDITS", "true"),
        ("HIVEMIND_ADMIN_REQUIRE_OTP", "true"),
        ("HIVEMIND_SELF_SERVE_SIGNUP_ENABLED", "false"),
        ("HIVEMIND_TRUSTED_PROXIES", ""),
        ("HIVEMIND_CORS_ALLOW_ORIGINS", ""),
        ("HIVEMIND_PUBLIC_URL", "https://hive.example"),
        ("HIVEMIND_ALLOWED_HOSTS", f"hive.example,.{render.DEFAULT_GATEWAY}"),
        ("HIVEMIND_PINNING_GATEWAY", render.DEFAULT_GATEWAY),
        ("HIVEMIND_LLM_BASE_URL", "https://openrouter.ai/api/v1"),
    ],
)
@pytest.mark.parametrize("service", SERVING)
def test_a_setting_that_matters_stands_in_the_text(
    compose: dict[str, Any], service: str, name: str, value: str
) -> None:
    assert environment(compose, service)[name] == value


def test_every_throttle_stands_in_the_text(compose: dict[str, Any]) -> None:
    throttles = {name for name in DECLARED if name.startswith("HIVEMIND_THROTTLE_")}
    assert throttles
    assert throttles <= environment(compose, "web").keys()
    assert all(environment(compose, "web")[name] for name in throttles)


def test_the_service_takes_every_setting(compose: dict[str, Any], tmp_path: Path) -> None:
    for service in ("web", "worker", "beat", "setup"):
        told = environment(compose, service)
        for name in ("HIVEMIND_DATABASE_URL_FILE", "HIVEMIND_SECRET_KEY_FILE"):
            secret = tmp_path / name
            secret.write_text("postgresql://h:p@postgres/h")
            told[name] = str(secret)
        schema = env.load({name: "" if "$" in value else value for name, value in told.items()}, base_dir=tmp_path)
        assert schema.service.debug is False
        assert schema.evidence.enclave_tls is (service in SERVING)


def test_only_the_web_server_is_reached_from_outside(compose: dict[str, Any]) -> None:
    published = {name: service["ports"] for name, service in compose["services"].items() if "ports" in service}
    assert published == {"web": ["8100:8100"]}
    assert compose["networks"]["data"]["internal"] is True
    outside = {name for name, service in compose["services"].items() if "outside" in service.get("networks", [])}
    assert outside == {"web", "worker"}
    assert not any(service.get("network_mode") == "host" for service in compose["services"].values())


def test_only_those_that_need_it_reach_the_engine_and_the_guest_agent(compose: dict[str, Any]) -> None:
    def mounting(path: str) -> set[str]:
        return {name for name, service in compose["services"].items() if path in json.dumps(service.get("volumes", []))}

    assert mounting("docker.sock") == {"worker", "agent-base"}
    assert mounting("dstack.sock") == {"web", "worker"}
    assert not any(service.get("privileged") for service in compose["services"].values())
    assert {name for name, service in compose["services"].items() if service.get("pid") == "host"} == {"worker"}


def test_whoever_lives_on_is_looked_after(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        if service["restart"] == "unless-stopped":
            assert service["healthcheck"]["test"][0] == "CMD", name
            assert service["security_opt"] == ["no-new-privileges:true"], name


def test_every_program_that_is_called_is_there(compose: dict[str, Any]) -> None:
    folder = Path(render.__file__).parents[1]
    called = set(re.findall(r"deploy/image/\w+\.py", DEPLOYMENT.compose_file()))
    assert called == {f"deploy/image/{path.name}" for path in (folder / "deploy" / "image").glob("[a-z]*.py")}


def test_the_hash_is_that_of_the_text_as_dstack_writes_it() -> None:
    text = DEPLOYMENT.app_compose()
    assert render.compose_hash(text) == hashlib.sha256(text.encode()).hexdigest()
    read = json.loads(text)
    assert text == json.dumps(read, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert read["docker_compose_file"] == DEPLOYMENT.compose_file()
    assert (read["runner"], read["kms_enabled"], read["public_logs"]) == ("docker-compose", True, False)
    assert "pre_launch_script" not in read


def test_the_second_base_of_agents_is_the_first_unless_it_is_named(tmp_path: Path) -> None:
    given = {name: image for name, image in IMAGES.items() if name != "agent-base-hermes"}
    options = [word for name, image in given.items() for word in (f"--{name}", image)]
    assert render.main([*options, "--public-url", "https://hive.example", "--out", str(tmp_path)]) == 0
    both = render.Deployment(
        images=given | {"agent-base-hermes": given["agent-base"]}, public_url="https://hive.example"
    )
    assert (tmp_path / "app-compose.json").read_text() == both.app_compose()


def test_the_same_arguments_give_the_same_bytes_and_others_give_others(tmp_path: Path, capsys: Any) -> None:
    options = [word for name, image in IMAGES.items() for word in (f"--{name}", image)]
    options += ["--public-url", "https://hive.example", "--out"]
    assert render.main([*options, str(tmp_path / "a")]) == render.main([*options, str(tmp_path / "b")]) == 0
    first, second = capsys.readouterr().out.split()
    assert first == second == render.compose_hash((tmp_path / "a" / "app-compose.json").read_text())
    assert (tmp_path / "a" / "docker-compose.yaml").read_bytes() == (
        tmp_path / "b" / "docker-compose.yaml"
    ).read_bytes()
    other = render.Deployment(images=IMAGES, public_url="https://other.example")
    assert render.compose_hash(other.app_compose()) != first


@pytest.mark.parametrize(
    "changed",
    [
        {"images": IMAGES | {"redis": "redis:7"}},
        {"images": IMAGES | {"redis": "redis@sha256:short"}},
        {"images": IMAGES | {"redis": f"redis@{DIGEST}\n  privileged: true"}},
        {"images": {name: image for name, image in IMAGES.items() if name != "platform"}},
        {"public_url": "http://hive.example"},
        {"public_url": 'https://hive.example"\n  HIVEMIND_DEBUG: "true'},
        {"public_url": "https://${HOST}"},
        {"public_url": "https:///nowhere"},
        {"gateway": "gate.example,*"},
        {"name": "Hive mind"},
        {"contract": "0x12"},
        {"contract": "0x" + "1" * 40},
    ],
    ids=str,
)
def test_an_argument_that_would_weaken_the_text_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(render.Refused):
        render.Deployment(**({"images": IMAGES, "public_url": "https://hive.example"} | changed))


def test_a_refusal_is_one_line_and_leaves_no_file(tmp_path: Path, capsys: Any) -> None:
    options = [word for name in IMAGES for word in (f"--{name}", "a:latest")]
    assert render.main([*options, "--public-url", "https://hive.example", "--out", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err == "error: platform must be an image by digest, such as name@sha256:…\n"
    assert not (tmp_path / "out").exists()


def test_compose_itself_reads_what_is_measured(compose: dict[str, Any], tmp_path: Path) -> None:
    program = _compose_program()
    if program is None:
        pytest.skip("neither docker compose nor docker-compose is installed; the file was read as YAML only")
    (tmp_path / "docker-compose.yaml").write_text(DEPLOYMENT.compose_file())
    clean = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    done = subprocess.run([*program, "config"], cwd=tmp_path, env=clean, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    services = yaml.safe_load(done.stdout)["services"]
    assert {name: each["image"] for name, each in services.items()} == {
        name: each["image"] for name, each in compose["services"].items()
    }
    for name, each in services.items():
        expected = {key: "" if "$" in value else value for key, value in environment(compose, name).items()}
        assert each.get("environment", {}) == expected


def _compose_program() -> list[str] | None:
    """Whichever of the two is there, the newer first."""
    for program in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(program[0]) and not subprocess.run([*program, "version"], capture_output=True).returncode:
            return program
    return None
