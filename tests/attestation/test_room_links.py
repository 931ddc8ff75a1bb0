import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attestation.encoding import b64
from attestation.errors import LinkError
from attestation.links import RoomLink, is_link, parse_link

VECTORS = Path(__file__).parents[1] / "vectors"
GOLDEN = json.loads((VECTORS / "links.json").read_text())
INPUTS = json.loads((VECTORS / "inputs.json").read_text())
OWNER_KEY = "fnXdSeMu+nUgdvEdCmKcTEzcigoDss7DJ3qtca48/rk="
SHARE_LINKS = [case for case in GOLDEN["parse"] if "share=" in case["link"]]
INVITE_LINKS = [case for case in GOLDEN["parse"] if "share=" not in case["link"]]


def link(**changes: str) -> str:
    """A good invite link with parts replaced; an empty part is left out."""
    parts = {
        "path": "room_0123456789ab",
        "service": quote("https://rooms.example", safe=""),
        "token": INPUTS["invite_token"],
        "owner_pubkey": quote(OWNER_KEY, safe=""),
    } | changes
    path = parts.pop("path")
    return f"hmroom://x/{path}?" + "&".join(f"{name}={value}" for name, value in parts.items() if value)


def parts_of(text: str) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in text.partition("?")[2].split("&"))


@pytest.mark.parametrize("case", GOLDEN["build"], ids=lambda case: case["headers"]["host"])
def test_built_links_have_the_exact_text(case: dict[str, Any]) -> None:
    for text, token in ((case["invite_link"], "invite_token"), (case["share_link"], "share_token")):
        parsed = parse_link(text)
        built = RoomLink(parsed.host, INPUTS["room_id"], parsed.service, INPUTS[token], OWNER_KEY)
        assert built == parsed
        assert built.format() == text


@pytest.mark.parametrize("case", INVITE_LINKS, ids=lambda case: case["link"])
def test_invite_links_parse_as_published_clients_parse_them(case: dict[str, Any]) -> None:
    if not case["ok"]:
        with pytest.raises(LinkError):
            parse_link(case["link"])
        return
    parsed = parse_link(case["link"])
    assert (parsed.service, parsed.room_id) == (case["service"], case["room_id"])
    assert f"Bearer {parsed.token}" == case["authorization"]
    assert parsed.owner_pubkey_b64 == case["owner_pubkey_b64"]
    assert not parsed.is_share


@pytest.mark.parametrize("case", SHARE_LINKS, ids=lambda case: case["link"])
def test_share_links_parse_too_although_older_clients_refuse_them(case: dict[str, Any]) -> None:
    parsed = parse_link(case["link"])
    assert parsed.is_share
    assert parsed.token == INPUTS["share_token"]


@given(
    host=st.from_regex(r"[a-z]{1,8}(\.[a-z]{1,5})?(:[0-9]{1,4})?", fullmatch=True),
    room_id=st.from_regex(r"room_[0-9a-f]{12}", fullmatch=True),
    scheme=st.sampled_from(["http", "https"]),
    prefix=st.sampled_from(["hmq_", "hms_"]),
    secret=st.from_regex(r"[A-Za-z0-9_-]{43}", fullmatch=True),
    key=st.binary(min_size=32, max_size=32),
)
def test_every_link_survives_the_round_trip(
    host: str, room_id: str, scheme: str, prefix: str, secret: str, key: bytes
) -> None:
    original = RoomLink(host, room_id, f"{scheme}://{host}", prefix + secret, b64(key))
    assert parse_link(original.format()) == original
    assert secret not in repr(original)


def test_a_link_that_was_percent_encoded_twice_on_its_way_still_parses() -> None:
    twice = link(service=quote(quote("https://rooms.example", safe=""), safe=""))
    assert parse_link(twice) == parse_link(link())


def test_a_bare_room_id_is_not_a_link() -> None:
    assert not is_link("room_0123456789ab")
    with pytest.raises(LinkError):
        parse_link("room_0123456789ab")


@pytest.mark.parametrize("missing", ["service", "token", "owner_pubkey"])
def test_a_link_without_one_of_its_parts_is_refused(missing: str) -> None:
    with pytest.raises(LinkError):
        parse_link(link(**{missing: ""}))


def test_a_link_with_two_bearers_is_refused() -> None:
    with pytest.raises(LinkError):
        parse_link(link(share=INPUTS["share_token"]))


@pytest.mark.parametrize("name", ["service", "token", "owner_pubkey", "later"])
def test_a_link_that_names_a_part_twice_is_refused(name: str) -> None:
    """Whoever shows the link to a person and whoever follows it might read different ones."""
    once = link() if name != "later" else f"{link()}&later=1"
    assert parse_link(once)
    for second in ("https%3A%2F%2Fevil.example", parts_of(once)[name]):
        with pytest.raises(LinkError, match="twice"):
            parse_link(f"{once}&{name}={second}")


def test_a_bearer_under_the_wrong_name_is_refused() -> None:
    with pytest.raises(LinkError):
        parse_link(link(token=INPUTS["share_token"]))
    with pytest.raises(LinkError):
        parse_link(link(token="", share=INPUTS["invite_token"]))


@pytest.mark.parametrize(
    "service",
    [
        "ftp://a.example",
        "javascript:alert(1)",
        "a.example",
        "https://",
        "https:///path",
        "https://user:pass@a.example",
        "https://a.example@evil.example",
        "https://a.example?x=1",
        "https://a.example#x",
        "https://a.example\\@evil.example",
        "https://a.example\r\nX: 1",
        "https://a example",
        "https://[::1",
        "https://é.example",
    ],
)
def test_a_service_that_is_not_a_plain_base_url_is_refused(service: str) -> None:
    with pytest.raises(LinkError):
        parse_link(link(service=quote(service, safe="")))


@pytest.mark.parametrize("path", ["..", "../admin", "room_1/../../x", "room%2f..", "", "room_1?x", "a" * 129])
def test_a_room_id_that_could_leave_its_place_in_a_url_is_refused(path: str) -> None:
    with pytest.raises(LinkError):
        parse_link(link(path=path))


@pytest.mark.parametrize("token", ["hmq_a%0d%0aX-Evil:1", "hmq_a%20b", "hmq_%C3%A9"])
def test_a_token_that_could_break_a_header_is_refused_without_repeating_it(token: str) -> None:
    with pytest.raises(LinkError) as refused:
        parse_link(link(token=token))
    assert "hmq_" not in str(refused.value)


@given(st.text(max_size=200))
def test_any_other_text_is_refused_and_nothing_else_happens(text: str) -> None:
    with pytest.raises(LinkError):
        parse_link("hmroom://" + text)
