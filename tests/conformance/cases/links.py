"""Links that were tampered with: nothing is sent anywhere before a link is whole."""

from tests.conformance import actions as do
from tests.conformance.case import Case, Expect
from tests.conformance.secret_things import NOTHING
from tests.conformance.setting import HARDWARE, Setting
from tests.conformance.world import World

_BAD = Expect(1, "room link", "bad_input")
LINKS = {
    "without-owner-key": ("the owner's key is missing", "&owner_pubkey=", None),
    "without-token": ("the token is missing", "&token=", None),
    "without-service": ("the service is missing", "service=", None),
    "owner-key-cut": ("the owner's key is cut", "&owner_pubkey=", "AAAA"),
    "owner-key-of-small-order": (
        "the owner's key is one under which anything verifies",
        "&owner_pubkey=",
        "A" * 43 + "%3D",
    ),
    "service-with-a-path": ("the service is an address with a path", "service=", "https%3A%2F%2Frooms.example%2Fx"),
    "service-with-a-user": (
        "the service's address holds another one",
        "service=",
        "https%3A%2F%2Frooms.example%40stranger.example",
    ),
    "service-of-another-kind": ("the service is a file", "service=", "file%3A%2F%2F%2Fetc%2Fpasswd"),
    "token-with-a-line": ("the token holds a line end and a header", "&token=", "hmq_x%0D%0AX-A%3A%20b"),
}


def tampered(world: World, name: str) -> str:
    """The case's link with one part replaced or left out."""
    _, part, value = LINKS[name]
    before, _, after = world.link.partition(part)
    rest = after.partition("&")
    if value is None:
        return before + rest[1] + rest[2]
    return before + part + value + rest[1] + rest[2]


TAMPERED = [
    Case(
        name=f"link/{name}",
        lie=LINKS[name][0],
        action=do.inspect_room(by="link", link=name),
        expect=_BAD,
        may_see=NOTHING,
        setting=HARDWARE,
    )
    for name in LINKS
]
CASES = (
    *TAMPERED,
    Case(
        name="link/plain-http-far-away",
        lie="the link names the service without encryption",
        action=do.accept_room(by="link"),
        expect=Expect(4, "tls channel", "not_https"),
        may_see=NOTHING,
        setting=Setting(scheme="http"),
    ),
)
