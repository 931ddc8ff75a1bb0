"""Lies about money: a spend token that can do more than was asked for, or a bill without a bound."""

from collections.abc import Callable
from typing import Any

from tests.conformance import actions as do
from tests.conformance.case import Case, Expect
from tests.conformance.network import Reply
from tests.conformance.secret_things import AS_OWNER, NOTHING, TO_READ_THE_ROOM
from tests.conformance.setting import Setting
from tests.conformance.world import World

_BEFORE = (do.accept_room(by="link"),)
_BAD = Expect(1, "answer form", "bad_answer")
Tell = Callable[[World], object]


def _case(name: str, lie: str, tell: Tell, expect: Expect, **more: Any) -> Case:
    chosen: dict[str, Any] = {"action": do.ask(by="link"), "may_see": AS_OWNER | TO_READ_THE_ROOM} | more
    return Case(name=f"payment/{name}", lie=lie, tell=tell, before=_BEFORE, expect=expect, **chosen)


def _minted(**changes: Any) -> Tell:
    return lambda world: world.service.change("spend token", lambda token: token | changes)


def _quoted(**changes: Any) -> Tell:
    return lambda world: world.service.change("price", lambda quote: quote | changes)


def _no_quote(world: World) -> None:
    world.routes.instead("POST", "/v1/rooms/[^/]+/quote", lambda asked: Reply({"detail": "no"}, 500))


_LIMITED = do.ask(**{"by": "link", "at most": "$0.01"})
CASES = (
    _case(
        "token-with-another-limit",
        "the spend token that was made can spend more",
        _minted(limit_micro_usd=99_000_000),
        _BAD,
    ),
    _case(
        "token-for-another-room",
        "the spend token that was made is for another room",
        _minted(room_id="room_ffffffffffff"),
        _BAD,
    ),
    _case(
        "token-for-every-service", "the spend token that was made counts at every service", _minted(service=""), _BAD
    ),
    _case("token-of-another-kind", "what was made is no spend token", _minted(token="hmk_" + "x" * 43), _BAD),
    _case("quote-of-another-room", "the quote is for another room", _quoted(room_id="room_ffffffffffff"), _BAD),
    _case("quote-without-a-bound", "the quote names no highest cost", _quoted(max_cost_micro_usd=None), _BAD),
    _case("quote-below-zero", "the quote is negative", _quoted(max_cost_micro_usd=-5), _BAD),
    _case("quote-refused", "the service gives no quote", _no_quote, Expect(1, "", "http")),
    _case(
        "dearer-than-allowed",
        "the question may cost more than its asker allows",
        lambda world: None,
        Expect(1, "highest cost", "too_expensive"),
        action=_LIMITED,
        may_see=TO_READ_THE_ROOM,
    ),
    _case(
        "price-unknown",
        "a model has no price, so nobody knows what the question may cost",
        _quoted(missing_prices=["vendor/model"], max_cost_micro_usd=1),
        Expect(1, "highest cost", "cost_unknown"),
        action=_LIMITED,
        may_see=TO_READ_THE_ROOM,
    ),
    Case(
        name="payment/key-of-another-service",
        lie="a link leads to another service than the paying profile's: its key does not go there",
        tell=lambda world: None,
        setting=Setting(profile="elsewhere"),
        action=do.ask(by="link"),
        expect=Expect(1, "service of the key", "foreign_service"),
        may_see=NOTHING,
    ),
)
