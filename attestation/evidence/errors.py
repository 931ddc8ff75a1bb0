"""What can be wrong with evidence, one class per reason."""

from attestation.errors import CouldNotCheck, VerificationError


class BundleMalformed(VerificationError):
    """The attestation response is not of the agreed form."""

    code = "bundle_malformed"
    check = "attestation bundle"
    sentence = "The service's attestation is not of the expected form."


class QuoteMalformed(VerificationError):
    """The bytes are not a TDX quote of a known layout."""

    code = "quote_malformed"
    check = "quote layout"
    sentence = "The hardware quote is not of a known layout."


class ConfigIdMalformed(VerificationError):
    """The machine's configuration id follows none of the known types."""

    code = "config_id_malformed"
    check = "configuration id"
    sentence = "The hardware quote carries a configuration id of an unknown form."


class ReportDataDiffers(VerificationError):
    """The quote speaks about another build or another TLS certificate."""

    code = "report_data_differs"
    check = "report data"
    sentence = "The hardware quote was made for another build or another connection."


class ReportDataUnknown(CouldNotCheck):
    """The quote's report data has a version this code does not know."""

    code = "report_data_unknown"
    check = "report data"
    sentence = "The hardware quote's report data has an unknown version."
    remedy = "Update the client."


class ChannelNotBound(CouldNotCheck):
    """The quote says nothing about the connection it came through."""

    code = "channel_not_bound"
    check = "report data"
    sentence = "The hardware quote does not name the TLS certificate of this connection."
    remedy = "Use a service with TLS inside the attested machine."


class EvidenceMissing(CouldNotCheck):
    """The service has no hardware evidence at all."""

    code = "evidence_missing"
    check = "attestation bundle"
    sentence = "The service does not run in attested hardware, or does not say so."
    remedy = "Use a service that offers hardware evidence, or decide to trust its operator."


class QuoteLibraryMissing(CouldNotCheck):
    """The library that checks hardware signatures is not installed."""

    code = "quote_library_missing"
    check = "quote signature"
    sentence = "The library that verifies hardware quotes is not installed."
    remedy = "Install the package dcap-qvl and check again."


class NotTdx(VerificationError):
    """A quote of another kind of machine, for example of an SGX enclave."""

    code = "not_tdx"
    check = "quote layout"
    sentence = "The hardware quote is not from a TDX virtual machine."


class DebugMachine(VerificationError):
    """The host may read and change the memory of this machine."""

    code = "debug_machine"
    check = "debug mode"
    sentence = "The machine runs in debug mode: its operator can read all of its memory."


class QuoteForged(VerificationError):
    """A signature inside the quote does not hold."""

    code = "quote_forged"
    check = "quote signature"
    sentence = "The hardware quote was forged or altered."


class ChainInvalid(VerificationError):
    """Certificates do not lead to the root of trust."""

    code = "chain_invalid"
    check = "certificate chains"
    sentence = "The certificates do not lead to the hardware maker's root."


class CertificateOutsideValidity(VerificationError):
    """The machine's own certificate is not valid at the given time."""

    code = "machine_certificate_not_valid"
    check = "certificate chains"
    sentence = "The machine's certificate is expired or not yet valid."


class MachineRevoked(VerificationError):
    """The maker revoked the machine, its firmware level or a certificate above it."""

    code = "machine_revoked"
    check = "revocation"
    sentence = "The hardware maker revoked this machine or its firmware."


class TcbLevelUnknown(VerificationError):
    """The machine's firmware is older than every level the maker lists."""

    code = "tcb_level_unknown"
    check = "tcb status"
    sentence = "The machine's firmware matches no level that the hardware maker lists."
    remedy = "Ask the operator to update the machine's firmware."


class QuoteRefused(VerificationError):
    """The library refused for a reason without a class of its own; `reason` is its text."""

    code = "quote_refused"
    check = "quote signature"
    sentence = "The hardware quote does not verify."

    def __init__(self, reason: str = "") -> None:
        super().__init__(f"{self.sentence[:-1]}: {reason}." if reason else "")
        self.reason = reason


class CollateralMalformed(CouldNotCheck):
    """The maker's statements about the machine are not of the agreed form."""

    code = "collateral_malformed"
    check = "collateral form"
    sentence = "The hardware maker's data are not of the expected form."
    remedy = "Fetch the data again, if possible from another source."


class CollateralExpired(CouldNotCheck):
    """The maker's statements are too old to say anything about the given time."""

    code = "collateral_expired"
    check = "collateral validity"
    sentence = "The hardware maker's data have expired."
    remedy = "Fetch current data and check again."


class CollateralNotYetValid(CouldNotCheck):
    """The maker's statements begin after the given time."""

    code = "collateral_not_yet_valid"
    check = "collateral validity"
    sentence = "The hardware maker's data are not valid yet."
    remedy = "Check the clock, then fetch the data again."


class CollateralForOtherMachine(CouldNotCheck):
    """The maker's statements are about another kind of processor."""

    code = "collateral_for_other_machine"
    check = "collateral validity"
    sentence = "The hardware maker's data are about another machine."
    remedy = "Fetch the data for this very quote and check again."


class CollateralForged(VerificationError):
    """The maker's statements do not carry the maker's signature."""

    code = "collateral_forged"
    check = "collateral signature"
    sentence = "The data about the machine were not signed by the hardware maker."
    remedy = "Fetch the data from another source; do not use this one."


class EventLogMalformed(VerificationError):
    """The event log is not of the agreed form."""

    code = "event_log_malformed"
    check = "event log"
    sentence = "The machine's event log is not of the expected form."


class EventLogDiffers(VerificationError):
    """The log does not lead to the registers of the quote."""

    code = "event_log_differs"
    check = "event log"
    sentence = "The event log is not the one the hardware measured."


class EventLogAmbiguous(VerificationError):
    """An event that names the machine's identity is repeated, late or readable in two ways."""

    code = "event_log_ambiguous"
    check = "event log"
    sentence = "The event log states the machine's identity more than once or after its start."


class EventLogSilent(CouldNotCheck):
    """The log is genuine and says nothing about the boot sequence."""

    code = "event_log_silent"
    check = "event log"
    sentence = "The event log does not tell what the machine started."
    remedy = "Use a service that publishes its complete event log."


class ComposeHashUnknown(CouldNotCheck):
    """No measured source tells which build runs."""

    code = "compose_hash_unknown"
    check = "compose hash"
    sentence = "The evidence does not tell which build the machine runs."
    remedy = "Use a service that publishes its event log or its configuration document."


class ComposeHashConflict(VerificationError):
    """Two measured sources name different builds or identities."""

    code = "compose_hash_conflict"
    check = "compose hash"
    sentence = "The evidence contradicts itself about what the machine runs."


class NonceNotBound(CouldNotCheck):
    """The quote was not made for this request."""

    code = "nonce_not_bound"
    check = "nonce"
    sentence = "The hardware quote does not answer this request: it may be an old one."
    remedy = "Ask the service for a fresh quote over your own nonce."


class ExpectationMissing(CouldNotCheck):
    """The quote binds something the caller gave nothing to compare with."""

    code = "expectation_missing"
    check = "report data"
    sentence = "The hardware quote names a nonce and a certificate that were not given for comparison."
    remedy = "Check again with the nonce and the certificate of the connection."


class KeyChainBroken(VerificationError):
    """The chain of keys from the key service to the run signer does not hold."""

    code = "key_chain_broken"
    check = "run signer chain"
    sentence = "The signatures that should lead to the key that signs runs do not hold."


class KeyChainMissing(CouldNotCheck):
    """A key service was demanded, and nothing leads from one to the run signer."""

    code = "key_chain_missing"
    check = "run signer chain"
    sentence = "The service does not show which key service its key for signing runs comes from."
    remedy = "Use a service that publishes the chain of its keys, or do without this demand."


class ClaimDiffers(VerificationError):
    """The service says something else about itself than its hardware does; `field` names it."""

    code = "claim_differs"
    check = "claims"
    sentence = "The service describes itself otherwise than its hardware does."

    def __init__(self, field: str = "") -> None:
        super().__init__(f"The service's own {field} differs from what its hardware says." if field else "")
        self.field = field
