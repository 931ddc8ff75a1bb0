"""The hardware maker's statements about this machine, from the cache that the operator set; for the operator to see.

Clients fetch theirs themselves. What comes from here is as signed as anywhere, and could just as well be forged: the
verification finds out.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import httpx

from attestation.errors import VerificationError
from attestation.evidence import maker_interface
from attestation.evidence.collateral import MAX_COLLATERAL_BYTES, Collateral, parse_collateral
from attestation.evidence.dcap import machine_kind
from attestation.evidence.maker_interface import Told
from hivemind.kit import clock
from hivemind.kit.conf import conf

FETCH_SECONDS: Final = 5.0
FRESH_SECONDS: Final = 86_400.0
AGAIN_SECONDS: Final = 60.0
NO_SOURCE: Final = "no collateral: HIVEMIND_PCCS_URL is not set"
ON_ITS_WAY: Final = "no collateral yet: it is being fetched"
NOT_TO_BE_HAD: Final = "no collateral: the cache at HIVEMIND_PCCS_URL did not give any"


@dataclass(frozen=True)
class Unavailable:
    """There are no statements now, and why."""

    reason: str


Fetch = Callable[[str, bytes], str]


class Statements:
    """One machine's statements in this process: fetched by one thread at a time, kept for a day while they are valid.

    After a failure nobody asks for a minute.
    """

    def __init__(self, fetch: Fetch | None = None) -> None:
        self._fetch = fetch or _fetched
        self._fetching = threading.Lock()
        self._kept: tuple[str, float, Collateral | Unavailable] | None = None

    def find(self, quote: bytes) -> Collateral | Unavailable:
        """What there is for the machine of this quote; waits a few seconds at most."""
        url = conf.evidence.pccs_url
        if not url:
            return Unavailable(NO_SOURCE)
        known = self._known(url)
        if known is not None:
            return known
        if not self._fetching.acquire(blocking=False):
            return Unavailable(ON_ITS_WAY)
        try:
            found = self._found(url, quote)
            self._kept = (url, time.monotonic(), found)
        finally:
            self._fetching.release()
        return found

    def _known(self, url: str) -> Collateral | Unavailable | None:
        if self._kept is None or self._kept[0] != url:
            return None
        _, at, known = self._kept
        fresh = FRESH_SECONDS if isinstance(known, Collateral) else AGAIN_SECONDS
        return known if time.monotonic() - at < fresh and _is_current(known) else None

    def _found(self, url: str, quote: bytes) -> Collateral | Unavailable:
        try:
            return parse_collateral(self._fetch(url, quote).encode("utf-8")).without_pck_chain()
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError, VerificationError):
            return Unavailable(NOT_TO_BE_HAD)


def _is_current(known: Collateral | Unavailable) -> bool:
    if isinstance(known, Unavailable):
        return True
    try:
        return clock.now().timestamp() < known.validity().end
    except VerificationError:
        return False


def _fetched(url: str, quote: bytes) -> str:
    """Asks with requests of our own: those of the verifying library end in a thread that can bring a process down."""
    kind, until = machine_kind(quote), time.monotonic() + FETCH_SECONDS
    with httpx.Client(timeout=FETCH_SECONDS, follow_redirects=False) as client:

        def ask(path: str) -> Told:
            return _told(client, maker_interface.base_of(url) + path, until=until)

        def root_list() -> bytes:
            try:
                return ask(maker_interface.ROOT_LIST_PATH).content
            except httpx.HTTPError:
                return _told(client, maker_interface.ROOT_LIST_URL, until=until).content

        return maker_interface.collect(kind, ask=ask, root_list=root_list).to_json()


def _told(client: httpx.Client, url: str, *, until: float) -> Told:
    with client.stream("GET", url) as response:
        response.raise_for_status()
        content = bytearray()
        for part in response.iter_bytes():
            content += part
            if len(content) > MAX_COLLATERAL_BYTES or time.monotonic() > until:
                raise httpx.ReadError("more than there may be")
    return Told(bytes(content), {name.lower(): value for name, value in response.headers.items()})


statements: Final = Statements()
