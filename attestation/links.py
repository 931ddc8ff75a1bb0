"""hmroom:// links: where a room is, who signed it, and the bearer that opens it.

Parsing is generous about order and repeated decoding, as published clients are, and strict about everything
that ends up in a URL. Whether the token and the key are well formed is left to `tokens` and `keys`.
"""

import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

from attestation import tokens
from attestation.errors import LinkError

SCHEME: Final = "hmroom://"
_ROOM_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_PRINTABLE = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True)
class RoomLink:
    """One link.

    `host` is for display only; `service` is the base URL to talk to, without a trailing slash.
    """

    host: str
    room_id: str
    service: str
    token: str = field(repr=False)
    owner_pubkey_b64: str

    @property
    def is_share(self) -> bool:
        """Whether the bearer is a share-link token rather than an invite."""
        return self.token.startswith(tokens.SHARE)

    def format(self) -> str:
        """The link as text. It contains the bearer."""
        bearer = "share" if self.is_share else "token"
        query = (("service", self.service), (bearer, self.token), ("owner_pubkey", self.owner_pubkey_b64))
        pairs = "&".join(f"{name}={quote(value, safe='')}" for name, value in query)
        return f"{SCHEME}{self.host}/{self.room_id}?{pairs}"


def is_link(text: str) -> bool:
    """Whether the text claims to be a room link (a bare room id does not)."""
    return text.startswith(SCHEME)


def parse_link(text: str) -> RoomLink:
    """Reads an invite or share link.

    Raises LinkError, without the text, when any part is missing or unsafe.
    """
    if not is_link(text):
        raise LinkError
    parts = _split(text)
    values = _single_values(parts.query)
    room_id = parts.path.strip("/")
    if not _ROOM_ID.fullmatch(room_id):
        raise LinkError("The link does not name a room.")
    return RoomLink(
        host=parts.netloc,
        room_id=room_id,
        service=_checked_service(values.get("service", "")),
        token=_bearer(values),
        owner_pubkey_b64=_required(values, "owner_pubkey"),
    )


def _split(text: str) -> SplitResult:
    try:
        return urlsplit(text)
    except ValueError as error:
        raise LinkError from error


def _single_values(query: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(query, max_num_fields=32)
    except ValueError as error:
        raise LinkError from error
    values = {name: unquote(value) for name, value in pairs}
    if len(values) != len(pairs):  # whoever checks the link and whoever follows it could read different ones
        raise LinkError("The link names a part of it twice.")
    return values


def _required(values: dict[str, str], name: str) -> str:
    value = values.get(name, "")
    if not _PRINTABLE.fullmatch(value):
        raise LinkError(f"The link has no usable {name}.")
    return value


def _bearer(values: dict[str, str]) -> str:
    names = [name for name in ("token", "share") if name in values]
    if len(names) != 1:
        raise LinkError("The link must carry exactly one token.")
    bearer = _required(values, names[0])
    if bearer.startswith(tokens.SHARE) != (names[0] == "share"):
        raise LinkError("The link's token is not of the kind it claims.")
    return bearer


def _checked_service(service: str) -> str:
    base = service.rstrip("/")
    parts = _split(base)
    if not _PRINTABLE.fullmatch(base) or parts.scheme not in ("http", "https") or not parts.hostname:
        raise LinkError("The link names no service address.")
    if "@" in parts.netloc or "?" in base or "#" in base or "\\" in base:
        raise LinkError("The link's service address is not a plain base URL.")
    return base
