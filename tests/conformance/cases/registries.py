"""A registry of builds that the user pinned: what it refuses stays refused, and what it cannot tell is no approval."""

from collections.abc import Callable
from typing import Any

from tests.conformance import actions as do
from tests.conformance.case import HONEST, Case, Expect
from tests.conformance.network import Asked, Reply
from tests.conformance.secret_things import NOTHING, TO_READ_THE_ROOM
from tests.conformance.setting import YES, Setting
from tests.conformance.world import World

CHAIN_ID = 11155111
_REGISTRY = {"contract": "0x" + "12" * 20, "chain_id": CHAIN_ID, "rpc_url": "{registry}"}
_DEMANDS = {"services": {"{service}": {"registry": _REGISTRY}}}
_PINNED = Setting(approved="nothing", demands=_DEMANDS)
_APPROVED = Setting(demands=_DEMANDS)
_REFUSED = Expect(4, "build registry", "registry_refused")
_NOT_APPROVED = Expect(4, "build approval", "build_refused")
_ALLOWED, _RELEASE = "90144031", "f491a84c"
Told = dict[str, Any]


def _case(name: str, lie: str, change: Callable[[Told], Told | Reply], expect: Expect, **more: Any) -> Case:
    """The registry answers as `change` makes of its honest answer."""

    def tell(world: World) -> None:
        world.registry_answers = lambda asked: _reply(change(_honest(asked)))

    chosen: dict[str, Any] = {"setting": _PINNED} | more
    return Case(
        name=f"registry/{name}",
        lie=lie,
        tell=tell,
        action=do.inspect_room(by="link"),
        expect=expect,
        may_see=TO_READ_THE_ROOM if expect == HONEST else NOTHING,
        **chosen,
    )


def _reply(told: Told | Reply) -> Reply:
    return told if isinstance(told, Reply) else Reply(told)


def _honest(asked: Asked) -> Told:
    question = asked.json
    answer: Told = {"jsonrpc": "2.0", "id": question["id"]}
    if question["method"] == "eth_chainId":
        return answer | {"result": hex(CHAIN_ID)}
    data = question["params"][0]["data"].removeprefix("0x")
    return answer | {"result": "0x" + (_word(1) if data.startswith(_ALLOWED) else _release(approved=True))}


def _release(*, approved: bool) -> str:
    words = [
        _word(int(approved)),
        _word(1_760_000_000),
        _word(0 if approved else 1_770_000_000),
        _word(160),
        _word(192),
    ]
    return "".join(words) + _word(0) + _word(0)


def _word(number: int) -> str:
    return f"{number:064x}"


def _revoked(told: Told) -> Told:
    if len(told["result"]) < 66:
        return told
    return told | {"result": "0x" + (_word(0) if len(told["result"]) == 66 else _release(approved=False))}


def _self_contradicting(told: Told) -> Told:
    return told | {"result": "0x" + _word(0)} if len(told["result"]) == 66 else told


def _other_chain(told: Told) -> Told:
    return told | {"result": "0x1"} if len(told["result"]) < 66 else told


CASES = (
    _case("approved", "none: the registry that the user pinned approves the build", lambda told: told, HONEST),
    _case("revoked", "the registry revoked the build", _revoked, _REFUSED),
    _case(
        "revoked-with-yes",
        "the registry revoked the build: -y does not lift that",
        _revoked,
        _REFUSED,
        setting=Setting(approved="nothing", demands=_DEMANDS, switches=frozenset({YES})),
    ),
    _case(
        "revoked-since-it-was-approved",
        "the registry revoked the build that the user approved before",
        _revoked,
        _REFUSED,
        setting=_APPROVED,
    ),
    _case(
        "away-since-it-was-approved",
        "none: the RPC does not answer, and the user approved the build before",
        lambda told: Reply({"detail": "later"}, 503),
        HONEST,
        setting=_APPROVED,
    ),
    _case("of-another-chain", "the RPC serves another chain", _other_chain, _NOT_APPROVED),
    _case("contradicting-itself", "the registry contradicts itself", _self_contradicting, _NOT_APPROVED),
    _case(
        "answer-to-another-question", "the answer is to another question", lambda told: told | {"id": 99}, _NOT_APPROVED
    ),
    _case("garbage", "the answer is no number", lambda told: told | {"result": "0xzz"}, _NOT_APPROVED),
    _case("away", "the RPC does not answer", lambda told: Reply({"detail": "later"}, 503), _NOT_APPROVED),
    _case(
        "redirected",
        "the RPC sends the question elsewhere",
        lambda told: Reply(b"", 307, {"Location": "http://127.0.0.1:9/"}),
        _NOT_APPROVED,
    ),
)
