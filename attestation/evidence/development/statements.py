"""Collateral of a development authority: what a hardware maker would publish about its machines."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from attestation.evidence.collateral import Collateral
from attestation.evidence.development.authority import NOT_AFTER, NOT_BEFORE, DevelopmentAuthority, Signer, sign_raw
from attestation.evidence.development.machine_extension import FMSPC, PCE_ID
from attestation.evidence.development.quotes import ENCLAVE_PRODUCT, ENCLAVE_SIGNER, ENCLAVE_VERSION
from attestation.evidence.platform import TcbStatus

_LEVEL_DATE: Final = "2024-01-01T00:00:00Z"
_NO_LEVELS: Final = [{"svn": 0}] * 16


@dataclass(frozen=True, kw_only=True)
class MachineState:
    """What the statements say about the one machine. The default is a machine in order.

    `tcb_status` may also be the text "Revoked"; `certificate_revoked` puts its certificate on the list.
    """

    tcb_status: str = TcbStatus.UP_TO_DATE.value
    advisory_ids: tuple[str, ...] = ()
    evaluation_number: int = 1
    certificate_revoked: bool = False


def mint_collateral(
    authority: DevelopmentAuthority, *, issued_at: int, valid_seconds: int, state: MachineState | None = None
) -> Collateral:
    """Collateral about the authority's machine, valid from `issued_at` (unix seconds) on.

    The whole time must lie between 2025 and 2099, as the certificates do.
    """
    state = state or MachineState()
    start = max(datetime.fromtimestamp(issued_at, UTC), NOT_BEFORE)
    end = min(start + timedelta(seconds=valid_seconds), NOT_AFTER)
    revoked = [authority.machine.certificate] if state.certificate_revoked else []
    tcb_info, qe_identity = _tcb_info(state, start, end), _qe_identity(state, start, end)
    statement_chain = authority.statements.pem + authority.root.pem
    return Collateral(
        pck_crl_issuer_chain=authority.platform.pem + authority.root.pem,
        root_ca_crl=_revocation_list(authority.root, start, end, revoked=[]),
        pck_crl=_revocation_list(authority.platform, start, end, revoked=revoked),
        tcb_info_issuer_chain=statement_chain,
        tcb_info=tcb_info,
        tcb_info_signature=sign_raw(authority.statements.key, tcb_info.encode("ascii")),
        qe_identity_issuer_chain=statement_chain,
        qe_identity=qe_identity,
        qe_identity_signature=sign_raw(authority.statements.key, qe_identity.encode("ascii")),
    )


def _revocation_list(issuer: Signer, start: datetime, end: datetime, *, revoked: Sequence[x509.Certificate]) -> bytes:
    key_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(start)
        .next_update(end)
        .add_extension(x509.CRLNumber(1), critical=False)
        .add_extension(key_id, critical=False)
    )
    for certificate in revoked:
        entry = x509.RevokedCertificateBuilder().serial_number(certificate.serial_number).revocation_date(start)
        builder = builder.add_revoked_certificate(entry.build())
    return builder.sign(issuer.key, SHA256(), ecdsa_deterministic=True).public_bytes(Encoding.DER)


def _tcb_info(state: MachineState, start: datetime, end: datetime) -> str:
    level: dict[str, Any] = {
        "tcb": {"sgxtcbcomponents": _NO_LEVELS, "pcesvn": 0, "tdxtcbcomponents": _NO_LEVELS},
        "tcbDate": _LEVEL_DATE,
        "tcbStatus": state.tcb_status,
        "advisoryIDs": list(state.advisory_ids),
    }
    return _text(
        {
            "id": "TDX",
            "version": 3,
            **_dates(start, end),
            "fmspc": FMSPC.hex().upper(),
            "pceId": PCE_ID.hex(),
            "tcbType": 0,
            "tcbEvaluationDataNumber": state.evaluation_number,
            "tdxModule": {"mrsigner": "00" * 48, "attributes": "00" * 8, "attributesMask": "FF" * 8},
            "tcbLevels": [level],
        }
    )


def _qe_identity(state: MachineState, start: datetime, end: datetime) -> str:
    level = {"tcb": {"isvsvn": ENCLAVE_VERSION}, "tcbDate": _LEVEL_DATE, "tcbStatus": TcbStatus.UP_TO_DATE.value}
    return _text(
        {
            "id": "TD_QE",
            "version": 2,
            **_dates(start, end),
            "tcbEvaluationDataNumber": state.evaluation_number,
            "miscselect": "00" * 4,
            "miscselectMask": "FF" * 4,
            "attributes": "00" * 16,
            "attributesMask": "00" * 16,
            "mrsigner": ENCLAVE_SIGNER.hex().upper(),
            "isvprodid": ENCLAVE_PRODUCT,
            "tcbLevels": [level],
        }
    )


def _dates(start: datetime, end: datetime) -> dict[str, str]:
    return {name: f"{moment:%Y-%m-%dT%H:%M:%SZ}" for name, moment in (("issueDate", start), ("nextUpdate", end))}


def _text(members: dict[str, Any]) -> str:
    return json.dumps(members, separators=(",", ":"))
