"""A node of a chain with one registry contract on it, which can lie in every way."""

import time
from typing import Any

from tests.attestation.released import encoded, word
from tests.hmctl.http_service import Asked, HttpService, Reply

CONTRACT = "0x" + "ab" * 20
CHAIN = 11155111
ALLOWED, RELEASES = "0x90144031", "0xf491a84c"


class ChainNode(HttpService):
    """`allowed` and `release` are the contract's return data; `replies` overrides single methods."""

    def __init__(self) -> None:
        super().__init__()
        self.chain_id: object = hex(CHAIN)
        self.allowed = word(1)
        self.release = self.registered()
        self.replies: dict[str, Any] = {}
        self.reply: Reply | None = None
        self.delay_seconds = 0.0
        self.asked: list[Any] = []

    def registered(self, **changes: Any) -> bytes:
        members = {"approved": 1, "approved_at": 1_700_000_000, "revoked_at": 0, "commit": b"3c" * 20, "uri": b"u:r"}
        return encoded(**(members | changes))

    def respond(self, asked: Asked) -> Reply:
        question = asked.json
        self.asked.append(question)
        time.sleep(self.delay_seconds)
        if self.reply is not None:
            return self.reply
        return Reply({"jsonrpc": "2.0", "id": question["id"]} | self._answer(question))

    def _answer(self, question: dict[str, Any]) -> dict[str, Any]:
        method, params = question["method"], question["params"]
        if method == "eth_chainId":
            return self.replies.get(method, {"result": self.chain_id})
        target, block = params
        assert (method, block) == ("eth_call", "latest")
        selector = target["data"][:10]
        if target["to"] != CONTRACT:
            return {"result": "0x"}
        returned = {ALLOWED: self.allowed, RELEASES: self.release}[selector]
        return self.replies.get(selector, {"result": f"0x{returned.hex()}"})
