"""What operators publish so that a build can be followed to its source: the app compose text, and a file on GitHub.

Both are checked against what the quote proves, so it does not matter who serves them; addresses that a service
claims are still used with care, because this machine would connect to them.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final
from urllib.parse import urlsplit

from attestation.reproduce import app_compose, compose_yaml
from attestation.reproduce.errors import AppComposeDiffers, AppComposeUnavailable, SourceUnavailable
from attestation.reproduce.source import SourceFile
from hmctl.client import outside
from hmctl.client.outside import OutsideFailed, Request
from hmctl.secret import Secret

USUAL_GATEWAY: Final = "dstack-pha-prod9.phala.network"
_TIMEOUT_SECONDS: Final = 15.0
_LARGEST_PAGE: Final = 4 * app_compose.LARGEST_BYTES
_HOST: Final = re.compile(r"[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,8}")
_APP_ID: Final = re.compile(r"[0-9a-f]{40}")


def tcb_info_address(app_id: str, gateway: str) -> str:
    """Where a machine behind a gateway shows its own description."""
    return f"https://{app_id}-8090.{gateway}/"


@dataclass(frozen=True, kw_only=True)
class Places:
    """The hosts that are asked. Nothing a user can set changes them; tests bring their own."""

    tcb_info: Callable[[str, str], str] = tcb_info_address
    raw_files: str = "https://raw.githubusercontent.com"
    api: str = "https://api.github.com"
    timeout_seconds: float = _TIMEOUT_SECONDS


@dataclass(frozen=True)
class Publisher:
    """Asks the places. The token goes to GitHub's hosts alone, and only for what is not public."""

    places: Places = field(default_factory=Places)
    github_token: Secret | None = None

    def app_compose(self, app_id: str, *, gateway: str, compose_hash: str) -> bytes:
        """The app compose text that the machine shows (AppComposeUnavailable, AppComposeDiffers)."""
        if not _APP_ID.fullmatch(app_id) or not _HOST.fullmatch(gateway):
            raise AppComposeUnavailable(details={"app id": app_id[:80], "gateway": gateway[:80]})
        address = self.places.tcb_info(app_id, gateway)
        try:
            page = self._get(address, largest=_LARGEST_PAGE)
            text, claimed = read_page(page)
        except OutsideFailed as problem:
            raise AppComposeUnavailable(details={"reason": str(problem)}) from None
        if claimed and claimed.lower().removeprefix("0x") != compose_hash:
            raise AppComposeDiffers(details={"proven": compose_hash, "claimed by the page": claimed[:80]})
        return text

    def source_file(self, source: SourceFile) -> bytes:
        """The file at its commit, without a credential if that is enough (SourceUnavailable)."""
        address = f"{self.places.raw_files}{source.raw_path}"
        try:
            return self._get(address, largest=compose_yaml.LARGEST_BYTES)
        except OutsideFailed as problem:
            if self.github_token is None:
                raise SourceUnavailable(details={"file": source.short, "reason": str(problem)}) from None
        return self._with_token(source, self.github_token)

    def _with_token(self, source: SourceFile, token: Secret) -> bytes:
        address = f"{self.places.api}/repos/{source.owner}/{source.repository}/contents/{source.path}"
        headers = {"Authorization": f"Bearer {token.reveal()}", "Accept": "application/vnd.github.raw+json"}
        try:
            return self._get(f"{address}?ref={source.commit}", largest=compose_yaml.LARGEST_BYTES, headers=headers)
        except OutsideFailed as problem:
            raise SourceUnavailable(details={"file": source.short, "reason": f"{problem} (with your token)"}) from None

    def _get(self, url: str, *, largest: int, headers: dict[str, str] | None = None) -> bytes:
        request = Request(url, timeout_seconds=self.places.timeout_seconds, largest_body=largest, headers=headers or {})
        return outside.fetch(request)


def gateway_of(pinning_url: str) -> str:
    """The gateway that a service claims to be behind, or the usual one. Never this machine, never a bare address."""
    try:
        parts = urlsplit(pinning_url)
        host = (parts.hostname or "").partition(".")[2]
    except ValueError:
        return USUAL_GATEWAY
    usable = parts.scheme == "https" and _HOST.fullmatch(host) and not re.fullmatch(r"[0-9.]+", host)
    return host if usable and not outside.is_loopback(host) else USUAL_GATEWAY


def read_page(page: bytes) -> tuple[bytes, str]:
    """The app compose text of a machine's description page, and the hash that the page claims (OutsideFailed)."""
    reader = _ReadOnlyText()
    try:
        reader.feed(page.decode("utf-8"))
        reader.close()
        content = json.loads(reader.text)
    except (ValueError, RecursionError):
        raise OutsideFailed("the machine's page holds no description of it") from None
    text = content.get("app_compose") if isinstance(content, dict) else None
    if not isinstance(text, str):
        raise OutsideFailed("the machine's page does not show its app compose text")
    claimed = content.get("compose_hash")
    try:
        return text.encode("utf-8"), claimed if isinstance(claimed, str) else ""
    except UnicodeEncodeError:
        raise OutsideFailed("the machine's page holds a text that is none") from None


class _ReadOnlyText(HTMLParser):
    """Keeps the content of the first text field that cannot be edited."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._parts: list[str] = []
        self._state = "before"

    @property
    def text(self) -> str:
        return "".join(self._parts)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "textarea" and self._state == "before" and "readonly" in dict(attrs):
            self._state = "inside"

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._state == "inside":
            self._state = "behind"

    def handle_data(self, data: str) -> None:
        if self._state == "inside":
            self._parts.append(data)
