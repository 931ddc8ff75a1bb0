"""The whole of a TDX quote, byte by byte: what is signed, what signs it, and what follows.

The order is header, report, length of the signature part, signature part, padding. Nothing may be left over
inside a part and the padding may hold zeros only, so no byte of a quote escapes both the signatures and this
reader.
"""

from dataclasses import dataclass
from typing import Final

from attestation.evidence.errors import NotTdx, QuoteMalformed
from attestation.evidence.quote import QuoteBody, body_span, is_sgx, read_quote

MAX_QUOTE_BYTES: Final = 32 * 1024
_SIGNATURE_AND_KEY: Final = 64 + 64
_QE_REPORT_AND_SIGNATURE: Final = 384 + 64
_QE_REPORT_CERTIFICATION: Final = 6
_PEM_CHAIN_CERTIFICATION: Final = 5


@dataclass(frozen=True)
class QuoteParts:
    """A quote taken apart. `pck_chain` is PEM text without the terminating zero."""

    body: QuoteBody
    pck_chain: bytes


def read_parts(quote: bytes) -> QuoteParts:
    """Takes a version 4 or 5 quote apart.

    Raises NotTdx for a quote of an SGX enclave, QuoteMalformed for everything else that is not exactly such
    a quote with an ECDSA signature and the machine's certificate chain.
    """
    if len(quote) > MAX_QUOTE_BYTES:
        raise QuoteMalformed
    if is_sgx(quote):
        raise NotTdx
    body = read_quote(quote)
    signature_part = _counted(quote, body_span(quote).stop, size=4, padded=True)
    certified = _certification(signature_part[_SIGNATURE_AND_KEY:], _QE_REPORT_CERTIFICATION)
    auth_end = _QE_REPORT_AND_SIGNATURE + 2 + int.from_bytes(certified[448:450], "little")
    chain = _certification(certified[auth_end:], _PEM_CHAIN_CERTIFICATION)
    return QuoteParts(body=body, pck_chain=chain.removesuffix(b"\0"))


def _certification(data: bytes, kind: int) -> bytes:
    """The content of a block made of kind, length and content, which must fill `data`."""
    if int.from_bytes(data[:2], "little") != kind:
        raise QuoteMalformed
    return _counted(data, 2, size=4, padded=False)


def _counted(data: bytes, at: int, *, size: int, padded: bool) -> bytes:
    """The content after a length of `size` bytes at `at`; behind it at most zeros, or nothing."""
    start = at + size
    end = start + int.from_bytes(data[at:start], "little")
    rest = data[end:]
    if len(data) < max(start, end) or (any(rest) if padded else rest):
        raise QuoteMalformed
    return data[start:end]
