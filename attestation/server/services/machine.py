"""One quote of the guest agent as the kernel reads it, and the agent's other words held against it."""

from dataclasses import dataclass

from attestation.evidence.chains import check_chains, read_chain
from attestation.evidence.compose_hash import prove_compose_hash
from attestation.evidence.config_identity import document_digest, read_document
from attestation.evidence.errors import ClaimDiffers, ConfigIdMalformed, DebugMachine
from attestation.evidence.event_log import check_event_log, parse_event_log
from attestation.evidence.identity import BootFacts, read_boot_facts
from attestation.evidence.quote import ConfigIdKind, QuoteBody, read_config_id
from attestation.evidence.quote_parts import read_parts
from attestation.evidence.roots import TrustRoot
from attestation.server.guest import GuestInfo, GuestQuote


@dataclass(frozen=True)
class QuotedMachine:
    """What one quote says. `config_document` is there only when the quote's configuration id is its digest."""

    offered: GuestQuote
    body: QuoteBody
    facts: BootFacts
    compose_hash: str
    config_document: str

    @property
    def measurements(self) -> dict[str, str]:
        """The registers by the names of the wire format."""
        registers = {f"rtmr{index}": value.hex() for index, value in enumerate(self.body.rtmrs)}
        return {"mrtd": self.body.mr_td.hex(), **registers, "mr_config_id": self.body.mr_config_id.hex()}


def read_machine(offered: GuestQuote, *, root: TrustRoot) -> QuotedMachine:
    """Read all that a quote proves without the maker's statements about the machine.

    Raises the kernel's VerificationError for a quote of another layout or root, of a machine in debug mode, for a
    log that does not lead to its registers, and when it does not tell the build.
    """
    parts = read_parts(offered.quote)
    if parts.body.debug:
        raise DebugMachine
    check_chains([read_chain(parts.pck_chain)], root_point=root.public_point)
    facts = read_boot_facts(check_event_log(parse_event_log(offered.event_log_json), body=parts.body))
    document = _readable(offered.config_document, parts.body.mr_config_id)
    compose = prove_compose_hash(parts.body.mr_config_id, facts=facts, document=document or None)
    return QuotedMachine(offered, parts.body, facts, compose.value, document)


def refuse_other_claims(machine: QuotedMachine, info: GuestInfo) -> None:
    """Raises ClaimDiffers when the agent describes its machine otherwise than its quote does."""
    pairs = {
        "compose hash": (info.compose_hash, machine.compose_hash),
        "app id": (info.app_id, machine.facts.app_id),
        "instance id": (info.instance_id, machine.facts.instance_id or info.instance_id),
    }
    for name, (claimed, quoted) in pairs.items():
        if claimed and claimed != quoted:
            raise ClaimDiffers(name)


def _readable(document: str, config_id: bytes) -> str:
    """The document if the quote names it and verifiers can read it; the event log tells the same without it."""
    named = read_config_id(config_id)
    if not document or named.kind is not ConfigIdKind.DOCUMENT:
        return ""
    try:
        read_document(document)
        return document if document_digest(document) == named.value else ""
    except ConfigIdMalformed:
        return ""
