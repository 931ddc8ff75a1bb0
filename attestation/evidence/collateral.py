"""What the hardware maker states about its machines, as handed over by a cache: strict form, bounds, validity.

Reading proves nothing; the signatures are checked together with a quote.
"""

import dataclasses
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from cryptography import x509

from attestation.canonical import ROOM_V1
from attestation.encoding import unhex
from attestation.errors import CanonicalError, EncodingError, ManifestError
from attestation.evidence.chains import PARSING_ERRORS, read_chain
from attestation.evidence.errors import ChainInvalid, CollateralMalformed
from attestation.reading import Reader

MAX_COLLATERAL_BYTES: Final = 1024 * 1024
_SIGNATURE_BYTES: Final = 64
_PCK_CHAIN: Final = "pck_certificate_chain"
_HEX_FIELDS: Final = frozenset({"root_ca_crl", "pck_crl", "tcb_info_signature", "qe_identity_signature"})
_MOMENT: Final = "%Y-%m-%dT%H:%M:%S%z"


@dataclass(frozen=True)
class Validity:
    """Unix seconds from `start` up to, and not including, `end`."""

    start: int
    end: int


@dataclass(frozen=True, kw_only=True)
class Collateral:
    """The nine statements, and the machine's certificate chain if it came with them.

    `tcb_info` and `qe_identity` are the exact texts that were signed. A `pck_certificate_chain` takes the
    place of the one in the quote, so it must be left out to judge a quote of another machine.
    """

    pck_crl_issuer_chain: str = field(repr=False)
    root_ca_crl: bytes = field(repr=False)
    pck_crl: bytes = field(repr=False)
    tcb_info_issuer_chain: str = field(repr=False)
    tcb_info: str = field(repr=False)
    tcb_info_signature: bytes = field(repr=False)
    qe_identity_issuer_chain: str = field(repr=False)
    qe_identity: str = field(repr=False)
    qe_identity_signature: bytes = field(repr=False)
    pck_certificate_chain: str | None = field(default=None, repr=False)

    def without_pck_chain(self) -> "Collateral":
        """The same statements for use with a quote that carries its own chain."""
        return dataclasses.replace(self, pck_certificate_chain=None)

    def to_json(self) -> str:
        """The form in which caches hand it over."""
        members = {name: value for name, value in vars(self).items() if value is not None}
        return json.dumps({name: value.hex() if name in _HEX_FIELDS else value for name, value in members.items()})

    @property
    def issuer_chains(self) -> dict[str, str]:
        """The certificate chains in here by name."""
        chains = {
            "pck_crl_issuer_chain": self.pck_crl_issuer_chain,
            "tcb_info_issuer_chain": self.tcb_info_issuer_chain,
            "qe_identity_issuer_chain": self.qe_identity_issuer_chain,
        }
        return chains | ({_PCK_CHAIN: self.pck_certificate_chain} if self.pck_certificate_chain else {})

    def validity(self) -> Validity:
        """The time in which every statement and every certificate that vouches for one is valid.

        Raises CollateralMalformed.
        """
        try:
            spans = [
                *_certificate_spans(self.issuer_chains.values()),
                *map(_crl_span, (self.root_ca_crl, self.pck_crl)),
            ]
            spans += [_statement_span(text) for text in (self.tcb_info, self.qe_identity)]
        except (*PARSING_ERRORS, ChainInvalid, CanonicalError, ManifestError, OverflowError) as error:
            raise CollateralMalformed from error
        return Validity(max(span.start for span in spans), min(span.end for span in spans))


def parse_collateral(data: bytes) -> Collateral:
    """Reads the JSON of a cache.

    Raises CollateralMalformed for members that are missing, repeated, unknown or of another form, and for
    more than a mebibyte.
    """
    if len(data) > MAX_COLLATERAL_BYTES:
        raise CollateralMalformed
    names = {item.name for item in dataclasses.fields(Collateral)}
    try:
        members = ROOM_V1.decode_strict(data)
        if not isinstance(members, Mapping) or not names - {_PCK_CHAIN} <= set(members) <= names:
            raise CollateralMalformed
        values: dict[str, Any] = {name: _member(Reader(members), name) for name in members}
    except (CanonicalError, ManifestError, EncodingError) as error:
        raise CollateralMalformed from error
    return Collateral(**values)


def _member(reader: Reader, name: str) -> str | bytes:
    text = reader.filled(name)
    if name not in _HEX_FIELDS:
        return text
    return unhex(text, _SIGNATURE_BYTES if name.endswith("_signature") else None)


def _certificate_spans(chains: Iterable[str]) -> Iterator[Validity]:
    for text in chains:
        for certificate in read_chain(text.encode("utf-8")):
            yield _span(certificate.not_valid_before_utc, certificate.not_valid_after_utc)


def _crl_span(der: bytes) -> Validity:
    crl = x509.load_der_x509_crl(der)
    if crl.next_update_utc is None:
        raise CollateralMalformed
    return _span(crl.last_update_utc, crl.next_update_utc)


def _statement_span(text: str) -> Validity:
    members = ROOM_V1.decode_strict(text.encode("utf-8"))
    if not isinstance(members, Mapping):
        raise CollateralMalformed
    moments = (Reader(members).filled(name) for name in ("issueDate", "nextUpdate"))
    start, end = (datetime.strptime(moment, _MOMENT).astimezone(UTC) for moment in moments)
    return _span(start, end)


def _span(start: datetime, end: datetime) -> Validity:
    return Validity(int(start.timestamp()), int(end.timestamp()))
