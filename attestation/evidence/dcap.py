"""Proof that a quote was signed by a genuine, current and undisturbed machine.

The signatures are checked by the library dcap-qvl, everything that it leaves open is checked here. The library
is loaded at the first verification, so that nobody pays for it who has nothing to verify.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, Final

from cryptography.x509 import Certificate

from attestation.evidence import errors
from attestation.evidence.chains import PARSING_ERRORS, check_chains, read_chain
from attestation.evidence.collateral import Collateral, Validity
from attestation.evidence.dcap_reasons import reason_for
from attestation.evidence.maker_interface import MachineKind
from attestation.evidence.platform import PlatformPolicy, TcbStatus, VerifiedQuote
from attestation.evidence.quote import QuoteBody
from attestation.evidence.quote_parts import QuoteParts, read_parts
from attestation.evidence.roots import TrustRoot

# What the steps of `verify_quote` establish, in their order, for reports.
QUOTE_CHECKS: Final = (
    "quote layout",
    "debug mode",
    "collateral validity",
    "certificate chains",
    "quote signature",
    "revocation",
    "tcb status",
)
_FMSPC: Final = re.compile(r"[0-9a-f]{12}")
_AUTHORITIES: Final = frozenset({"platform", "processor"})
_REPORT_FIELDS: Final = (
    *("tee_tcb_svn", "mr_seam", "td_attributes", "xfam", "mr_td", "mr_config_id", "mr_owner", "mr_owner_config"),
    *("rt_mr0", "rt_mr1", "rt_mr2", "rt_mr3", "report_data"),
)


def verify_quote(
    quote: bytes, *, collateral: Collateral, at: int, roots: TrustRoot, policy: PlatformPolicy
) -> VerifiedQuote:
    """Proves that the quote comes from a machine under `roots` that is in order at `at` (unix seconds).

    (1) The bytes are exactly one TDX quote; (2) of a machine that nobody debugs; (3) the collateral speaks
    about this time; (4) all certificates lead to the root, and the machine's own is valid; (5) the library
    confirms all signatures, that nothing is revoked and that the firmware is listed; (6) it read the same
    report and the same root; (7) the policy accepts the result.

    Raises the class of the failed step: a CouldNotCheck for missing, expired or unsuitable collateral, another
    VerificationError for evidence that is bad. What the report means is left to the caller.
    """
    parts = read_parts(quote)  # 1
    if parts.body.debug:  # 2
        raise errors.DebugMachine
    validity = _current_validity(collateral, at)  # 3
    chains = _checked_chains(parts, collateral, at=at, roots=roots)  # 4
    try:
        claims = _library_claims(quote, collateral=collateral, at=at, roots=roots)  # 5
    except ValueError as error:
        lists = (collateral.root_ca_crl, collateral.pck_crl)
        raise reason_for(str(error), chains=chains, revocation_lists=lists) from error
    verified = _read_claims(claims, parts.body, at=at, valid_until=validity.end, roots=roots)  # 6
    policy.verify(verified)  # 7
    return verified


def machine_kind(quote: bytes) -> MachineKind:
    """What the maker's statements about the quote's machine depend on, as the quote says; nothing is verified.

    Raises QuoteMalformed, QuoteLibraryMissing.
    """
    read_parts(quote)
    try:
        import dcap_qvl  # type: ignore[import-untyped]
    except ImportError as error:
        raise errors.QuoteLibraryMissing from error
    try:
        parsed = dcap_qvl.parse_quote(quote)
        kind = MachineKind(str(parsed.fmspc()).lower(), str(parsed.ca()).lower())
    except ValueError as error:
        raise errors.QuoteMalformed from error
    if not _FMSPC.fullmatch(kind.fmspc) or kind.authority not in _AUTHORITIES:
        raise errors.QuoteMalformed
    return kind


def _current_validity(collateral: Collateral, at: int) -> Validity:
    validity = collateral.validity()
    if at < validity.start:
        raise errors.CollateralNotYetValid
    if at >= validity.end:
        raise errors.CollateralExpired
    return validity


def _checked_chains(
    parts: QuoteParts, collateral: Collateral, *, at: int, roots: TrustRoot
) -> list[tuple[Certificate, ...]]:
    machine = read_chain(parts.pck_chain)
    chains = [machine, *(read_chain(text.encode("utf-8")) for text in collateral.issuer_chains.values())]
    check_chains(chains, root_point=roots.public_point)
    try:
        for certificate in machine:
            span = certificate.not_valid_before_utc.timestamp(), certificate.not_valid_after_utc.timestamp()
            if not span[0] <= at < span[1]:
                raise errors.CertificateOutsideValidity
    except PARSING_ERRORS as error:
        raise errors.ChainInvalid from error
    return chains


def _library_claims(quote: bytes, *, collateral: Collateral, at: int, roots: TrustRoot) -> Mapping[str, Any]:
    """What the library established. Raises ValueError with its message when it refuses."""
    try:
        import dcap_qvl
    except ImportError as error:
        raise errors.QuoteLibraryMissing from error
    try:
        statements = dcap_qvl.QuoteCollateralV3.from_json(collateral.to_json())
    except ValueError as error:
        raise errors.CollateralMalformed from error
    verifier, policy = dcap_qvl.QuoteVerifier(roots.der), dcap_qvl.QuotePolicy.claims_only(at)
    claims: dict[str, Any] = json.loads(verifier.verify_with_policy(quote, statements, at, policy).to_json())
    return claims


def _read_claims(
    claims: Mapping[str, Any], body: QuoteBody, *, at: int, valid_until: int, roots: TrustRoot
) -> VerifiedQuote:
    try:
        if bytes(claims["platform"]["root_key_id"]) != hashlib.sha384(roots.public_point).digest():
            raise errors.ChainInvalid
        if _report(claims["report"]) != _fields(body):
            raise errors.QuoteRefused("its report can be read in two ways")
        numbers = (claims["tcb"]["eval_data_number"], claims["qe"]["tcb_eval_data_number"])
        return VerifiedQuote(
            body=body,
            tcb_status=TcbStatus(claims["tcb"]["status"]),
            advisory_ids=tuple(claims["tcb"]["advisory_ids"]),
            evaluation_number=min(numbers),
            fmspc=bytes(claims["platform"]["pck"]["fmspc"]).hex(),
            at=at,
            valid_until=valid_until,
            development=roots.development,
        )
    except (KeyError, TypeError, ValueError, StopIteration) as error:
        raise errors.QuoteRefused("the library's answer is not of the known form") from error


def _fields(body: QuoteBody) -> dict[str, str]:
    """The report as this package read it."""
    named = {name: value.hex() for name, value in vars(body).items() if isinstance(value, bytes)}
    return named | {f"rt_mr{index}": value.hex() for index, value in enumerate(body.rtmrs)}


def _report(report: Mapping[str, Any]) -> dict[str, str]:
    """The same fields as the library read them. Later kinds of report hold the earlier one inside."""
    fields: Mapping[str, Any] = next(iter(report.values()))
    while "base" in fields:
        fields = fields["base"]
    return {name: fields[name] for name in _REPORT_FIELDS}
