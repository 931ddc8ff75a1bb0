"""Alice demands that the key which signs runs comes from a key service that she knows."""

import json
from typing import Any

import pytest

from attestation.evidence.development.issuers import DevelopmentIssuers, development_issuers
from attestation.evidence.key_chain import make_key_chain
from tests.hmctl.enclave import Enclave
from tests.hmctl.far_away import refused
from tests.hmctl.secured import SecuredService
from tests.hmctl.shell import Shell

SECRET = b"\x21" * 32
APP = "a1" * 20
KNOWN = development_issuers(b"k" * 32, app_id=APP)
CAROLS = development_issuers(b"c" * 32, app_id=APP)
ANOTHER_APPS = development_issuers(b"k" * 32, app_id="b2" * 20)


def demand(shell: Shell, *roots: DevelopmentIssuers) -> None:
    keys = [issuers.root_public.hex() for issuers in roots]
    (shell.home / "trust-policy.json").write_text(json.dumps({"version": 1, "key_services": keys}))


def show(enclave: Enclave, issuers: DevelopmentIssuers) -> None:
    def change(answer: dict[str, Any]) -> dict[str, Any]:
        chain = make_key_chain(SECRET, issuers.sign_path(SECRET), run_signer=enclave.service.signer.public)
        answer["attestation"]["run_signer_chain"] = chain.to_wire()
        return answer

    enclave.change = change


def test_a_known_key_service_is_enough(remote: Shell, enclave: Enclave) -> None:
    demand(remote, CAROLS, KNOWN)
    show(enclave, KNOWN)

    shown = remote("-v", "room", "list", text="y\n")

    assert shown.code == 0
    assert "run signer chain" not in shown.err.split("Not checked:")[1].splitlines()[0]


def test_without_the_demand_it_is_said_that_nobody_looked(remote: Shell, enclave: Enclave) -> None:
    show(enclave, CAROLS)

    shown = remote("-v", "room", "list", text="y\n")

    assert shown.code == 0
    assert "run signer chain" in shown.err.split("Not checked:")[1].splitlines()[0]


def test_an_examination_lists_the_check_whatever_comes_out(remote: Shell, enclave: Enclave) -> None:
    held = json.loads(remote("trust", "attest", "--json").out)["checks"]
    doctor = {check["name"]: check for check in json.loads(remote("-y", "doctor", "--json").out)["checks"]}
    enclave.debug = True
    refused = json.loads(remote("trust", "attest", "--json").out)["checks"]

    assert [check["outcome"] for check in held if check["name"] == "run signer chain"] == ["not_checked"]
    assert doctor["evidence: run signer chain"]["status"] == "warn"
    assert "trust-policy.json" in doctor["evidence: run signer chain"]["hint"]
    assert {check["name"] for check in held} - {"build approval"} <= {check["name"] for check in refused}


@pytest.mark.parametrize(
    ("issuers", "code"),
    [(CAROLS, "key_root_refused"), (ANOTHER_APPS, "key_root_refused"), (None, "key_chain_missing")],
    ids=["another key service", "another application", "no chain"],
)
def test_another_source_is_refused_before_anything_is_told(
    issuers: DevelopmentIssuers | None, code: str, remote: Shell, secured: SecuredService, enclave: Enclave
) -> None:
    demand(remote, KNOWN)
    if issuers:
        show(enclave, issuers)

    for flags in (["-y"], ["-y", "--allow-degraded-attestation"]):
        assert refused(remote(*flags, "room", "list", "--json"), secured) == (code, "run signer chain")


@pytest.mark.parametrize("keys", [[], ["zz"], ["02"], ["02" + "ff" * 32], "02"], ids=str)
def test_a_demand_that_names_no_key_is_an_error(keys: object, remote: Shell) -> None:
    (remote.home / "trust-policy.json").write_text(json.dumps({"version": 1, "key_services": keys}))

    shown = remote("room", "list")

    assert shown.code == 1
    assert "key_services" in shown.err
