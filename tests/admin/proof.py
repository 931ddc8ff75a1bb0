"""Pins and builds for the pages of the operator."""

from datetime import timedelta
from typing import Any

from attestation.keys import derive_room_signing_key
from attestation.manifests.compose_pin import ComposePin as Statement
from attestation.manifests.compose_pin import sign_pin
from attestation.server.models import ComposePin, SeenBuild
from attestation.server.services import pins
from hivemind.kit import clock
from tests.factories.tenants import Person

BUILD = "b11d" * 16
APP, INSTANCE, SIGNER = "a9" * 20, "1d" * 20, "c2lnbmVy" * 5 + "c2k="


def pin(person: Person, *, scope_agent_id: str = "", composes: tuple[str, ...] = (BUILD,), exp: int = 0) -> ComposePin:
    """A pin that `person` signed and handed over."""
    statement = Statement(
        tenant_id=person.tenant.pk,
        allowed_composes=composes,
        scope_agent_id=scope_agent_id,
        attested_files_digest="",
        issued_at=int(clock.now().timestamp()),
        exp=exp,
    )
    key = derive_room_signing_key(person.api_key, tenant_id=person.tenant.pk)
    return pins.store(person.owner, sign_pin(statement, key=key))


def build(compose_hash: str = BUILD, *, kind: str = "dstack", age_seconds: float = 0, **values: Any) -> SeenBuild:
    """A build that ran for a day, until some time ago."""
    last = clock.now() - timedelta(seconds=age_seconds)
    facts = {"app_id": APP, "instance_id": INSTANCE, "app_version": "0.3.7", "run_signer_pubkey_b64": SIGNER}
    return SeenBuild.objects.create(
        compose_hash=compose_hash,
        kind=kind,
        first_seen_at=last - timedelta(days=1),
        last_seen_at=last,
        **(facts | values),
    )
