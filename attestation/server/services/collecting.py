"""Putting evidence together: what the guest agent says, held against its own quote before anybody is told.

Nothing leaves here that a client would refuse. Under a development root the whole verification is run. On real
hardware everything is checked but the maker's statements, which only the verifier can choose: the layout, the
certificates up to the maker's root, the event log, the build and what the quote was made for.
"""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from attestation.encoding import b64, unb64
from attestation.errors import KernelError
from attestation.evidence import report_data, session
from attestation.evidence.bundle import RUN_SIGNER_KEY_PATH, Ready, parse_bundle
from attestation.evidence.platform import TcbStatus
from attestation.evidence.quote import read_quote
from attestation.evidence.report_data import SessionBinding
from attestation.evidence.roots import IntelRoot, TrustRoot
from attestation.evidence.session import EvidenceExpectation
from attestation.evidence.verifier import EvidencePolicy, verify_evidence
from attestation.keys import SigningKey
from attestation.policy.base import NotGiven
from attestation.policy.tcb import TcbPolicy
from attestation.server.errors import EvidenceRefused, IdentityChanged
from attestation.server.guest import DevelopmentStatements, GuestAgent
from attestation.server.services import enclave, operator_claims
from attestation.server.services.claims import Claims, app_version, gather
from attestation.server.services.machine import QuotedMachine, read_machine, refuse_other_claims
from hivemind.kit import clock

log = logging.getLogger(__name__)
Kind = Literal["development", "dstack"]
LABEL: Final = "development evidence, proves nothing about hardware"
STATEMENTS_SPARE_SECONDS: Final = 3 * 86_400
_OTHERS_DECIDE: Final = NotGiven("left to whoever asks")
_OWN_POLICY: Final = EvidencePolicy(
    platform=TcbPolicy(
        allowed_statuses=frozenset({TcbStatus.UP_TO_DATE}), minimum_evaluation_number=0, allow_development=True
    ),
    os_image=_OTHERS_DECIDE,
    build=_OTHERS_DECIDE,
    app=_OTHERS_DECIDE,
    key_provider=_OTHERS_DECIDE,
)


@dataclass(frozen=True)
class Source:
    """A guest agent and the root its quotes must lead to; a development source names its root itself."""

    agent: GuestAgent
    kind: Kind
    root: TrustRoot = field(default_factory=IntelRoot)


@dataclass(frozen=True)
class Identity:
    """What run records are signed with: the key, and the build that the quote proved."""

    signer: SigningKey
    compose_hash: str


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """One collection: the bundle made at the start, and what answers to single requests are made with."""

    identity: Identity
    bundle: Ready
    claims: Claims
    root: TrustRoot
    statements: DevelopmentStatements | None

    def outlasts(self, renewed: "Evidence", *, at: int) -> bool:
        """Whether this may stay in the place of what was collected later, so that evidence does not change needlessly.

        It may while the operator's claims are the same and the statements in it last for another while.
        """
        if (self.bundle.tls, self.bundle.app_auth) != (renewed.bundle.tls, renewed.bundle.app_auth):
            return False
        if self.statements is None or renewed.statements is None:
            return self.statements is renewed.statements
        same_root = self.statements.root == renewed.statements.root
        return same_root and self.statements.collateral.validity().end - at > STATEMENTS_SPARE_SECONDS

    def to_wire(self, bundle: Ready) -> dict[str, Any]:
        """The response body with this bundle."""
        if self.statements is None:
            return bundle.to_wire()
        shown = {
            "label": LABEL,
            "root_ca_der_b64": b64(self.statements.root.der),
            "collateral": json.loads(self.statements.collateral.to_json()),
        }
        return bundle.to_wire() | {"development": shown}


def collect(source: Source, *, booted_at: float) -> Evidence:
    """Ask the guest agent for everything, once.

    Raises EvidenceUnavailable: GuestAgent… when it does not answer well, EvidenceRefused when what it answers would
    not be believed, EnclaveKeyUnusable.
    """
    agent = source.agent
    info, claims = agent.info(), gather(agent, booted_at=booted_at)
    statements = agent.development() if source.kind == "development" else None
    root = statements.root if statements else source.root
    offered = agent.quote(claims.report_data_at_start)
    with _refusing():
        machine = read_machine(offered, root=root)
        refuse_other_claims(machine, info)
        evidence = Evidence(
            identity=Identity(claims.signer, machine.compose_hash),
            bundle=_bundle(machine, claims, mr_aggregated=info.mr_aggregated),
            claims=claims,
            root=root,
            statements=statements,
        )
        _verify(evidence.bundle, evidence, nonce=NotGiven("made at the start"))
    return evidence


def answer(source: Source, known: Evidence, *, nonce: bytes) -> Ready:
    """A bundle with a quote made for this nonce (32 bytes), by the machine that `known` describes.

    Raises EvidenceUnavailable as `collect` does, IdentityChanged when another build answers.
    """
    claims = known.claims
    binding = SessionBinding(
        app_version=app_version(),
        nonce=nonce,
        tls_cert_sha256=claims.certificate_sha256,
        run_signer=unb64(claims.signer.public_b64),
        keyset_sha256=report_data.keyset_digest(known.bundle.keyset),
    )
    offered = source.agent.quote(report_data.build_v3(binding))
    with _refusing():
        machine = read_machine(offered, root=known.root)
        bundle = replace(
            _bundle(machine, claims, mr_aggregated=known.bundle.measurements["mr_aggregated"]),
            run_signer_chain=claims.chain,  # it leads to a signer that only this quote names
        )
        _verify(bundle, known, nonce=nonce)
    if machine.compose_hash != known.identity.compose_hash:
        raise IdentityChanged
    return bundle


def _bundle(machine: QuotedMachine, claims: Claims, *, mr_aggregated: str) -> Ready:
    """The claims about the machine are the quote's own, so that they cannot differ from it."""
    app_id = machine.facts.app_id
    return Ready(
        booted_at=claims.booted_at,
        quote=machine.offered.quote,
        event_log_json=machine.offered.event_log_json,
        measurements=machine.measurements | {"mr_aggregated": mr_aggregated},
        compose_hash=machine.compose_hash,
        app_id=app_id,
        instance_id=machine.facts.instance_id or "",
        hivemind_version=app_version(),
        report_data_version=report_data.read(machine.body.report_data).version,
        app_auth=operator_claims.app_auth(),
        tls=replace(claims.tls, pinning_url=enclave.pinning_url(app_id)) if claims.tls.enabled else claims.tls,
        run_signer_pubkey_b64=claims.signer.public_b64,
        run_signer_key_path=RUN_SIGNER_KEY_PATH,
        config_document=machine.config_document,
    )


def _verify(bundle: Ready, known: Evidence, *, nonce: bytes | NotGiven) -> None:
    """Do what a client will do with the bundle. Raises KernelError."""
    certificate = known.claims.certificate_sha256 or NotGiven("TLS ends outside the machine")
    expect = EvidenceExpectation(nonce=nonce, tls_cert_sha256=certificate)
    if known.statements is None:
        session.check_session(bundle, quoted=read_quote(bundle.quote).report_data, expect=expect)
        return
    verify_evidence(
        parse_bundle(bundle.to_wire()),
        expect=expect,
        collateral=known.statements.collateral,
        at=int(clock.now().timestamp()),
        roots=known.root,
        policy=_OWN_POLICY,
    )


@contextmanager
def _refusing() -> Iterator[None]:
    """Turn the kernel's refusal into the reason why there is no evidence, and tell the operator."""
    try:
        yield
    except KernelError as error:
        log.error("the guest agent's evidence does not verify and is not served", extra={"code": error.code})
        raise EvidenceRefused(f"{EvidenceRefused.sentence}: {error.code}") from error
