"""Olga's build with everything that leads to its source; Alice follows it."""

import dataclasses
import hashlib
import json
from functools import cache
from typing import Any

from attestation.errors import VerificationError
from attestation.evidence.session import EvidenceExpectation
from attestation.evidence.verifier import EvidencePolicy, VerifiedEvidence, verify_evidence
from attestation.policy.base import NotGiven
from attestation.policy.os_image import OsImage, OsImagePolicy
from attestation.reproduce.chain import Material, walk
from attestation.reproduce.links import Chain, Link
from attestation.reproduce.source import NamedSource, settle_source
from tests.attestation import invented

COMMIT = "3c3fcbb0e1d2c3b4a5968778695a4b3c2d1e0f9a"
DIGEST, OTHER_DIGEST = f"sha256:{'ab' * 32}", f"sha256:{'cd' * 32}"
CORE, INGRESS = f"ghcr.io/olga/hivemind-core@{DIGEST}", f"docker.io/olga/ingress:1@{OTHER_DIGEST}"
SOURCE_FILE = f"""services:
  core:
    image: {CORE}
    environment:
      - OPENROUTER_KEY=${{OPENROUTER_KEY}}
      - TLS=1
  ingress:
    image: "{INGRESS}" # in front
"""
URL = f"https://github.com/olga/rooms/blob/{COMMIT}/deploy/compose.yaml"


def app_compose(compose_file: str = SOURCE_FILE, **changes: Any) -> bytes:
    members = {
        "manifest_version": 2,
        "name": "rooms",
        "runner": "docker-compose",
        "docker_compose_file": compose_file,
        "public_tcbinfo": True,
        "kms_enabled": True,
        "allowed_envs": ["OPENROUTER_KEY"],
        "pre_launch_script": "",
    } | changes
    return json.dumps({name: value for name, value in members.items() if value is not None}).encode()


@cache
def _proven() -> VerifiedEvidence:
    known = invented.MEASUREMENTS
    image = OsImage(
        mr_td=known.mr_td.hex(), **{f"rtmr{index}": known.rtmrs[index].hex() for index in range(3)}, os_image_hash=None
    )
    return verify_evidence(
        invented.bundle(),
        expect=EvidenceExpectation(nonce=invented.NONCE, tls_cert_sha256=invented.CERT),
        collateral=invented.collateral(),
        at=invented.AT,
        roots=invented.authority().trust_root,
        policy=EvidencePolicy(
            platform=invented.IN_ORDER,
            os_image=OsImagePolicy(frozenset({image})),
            build=NotGiven("decided later"),
            app=NotGiven("any"),
            key_provider=NotGiven("any"),
        ),
    )


def evidence(text: bytes, *, development: bool = False) -> VerifiedEvidence:
    """What the invented machine proves, with the build behind the text, as if of real hardware."""
    proven = _proven()
    compose = dataclasses.replace(proven.machine.compose, value=hashlib.sha256(text).hexdigest())
    quote = dataclasses.replace(proven.machine.quote, development=development)
    return dataclasses.replace(proven, machine=dataclasses.replace(proven.machine, compose=compose, quote=quote))


def material(text: bytes, **changes: Any) -> Material:
    source = settle_source([NamedSource("you", COMMIT, URL)])
    return dataclasses.replace(Material(app_compose=text, source=source, source_file=SOURCE_FILE.encode()), **changes)


def follow(
    text: bytes | None = None, proven: VerifiedEvidence | VerificationError | None = None, **changes: Any
) -> Chain:
    """The chain of a build; the honest one when nothing is changed."""
    text = app_compose() if text is None else text
    return walk(evidence(text) if proven is None else proven, material(text, **changes))


def link(chain: Chain, name: str) -> Link:
    return next(link for link in chain.links if link.name == name)
