"""The service that the client's tests talk to answers about money as the real one does."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.factories.service import TRIVIAL, Service
from tests.hmctl.lying_service import LyingService

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
PRICE = {"provider": "openrouter", "model": "m/double", "source": "admin"} | dict.fromkeys(
    ("prompt_usd_per_million", "completion_usd_per_million"), "0.25"
)


class Teller:
    """Does the same things at either service and writes down the shapes of the answers."""

    def __init__(self, base: str, *, admin_key: str, room_id: str, owner: str) -> None:
        self.base, self.admin_key, self.room_id, self.owner = base, admin_key, room_id, owner
        self.shapes: dict[str, Any] = {}

    def call(self, method: str, path: str, *, bearer: str = "", name: str = "", body: Any = None, **query: str) -> Any:
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        with httpx.Client(base_url=f"{self.base}/v1", timeout=60) as http:
            answer = http.request(method, path, headers=headers, json=body, params=query)
        assert answer.status_code == 200, f"{method} {path}: {answer.text}"
        self.shapes[f"{method} {name or path}"] = shape(answer.json())
        return answer.json()

    def tell(self) -> dict[str, Any]:
        self._owner()
        self._operator()
        return self.shapes

    def _owner(self) -> None:
        new = self.call("POST", "/signup", body={"name": "double"})
        key, tenant = new["api_key"], new["tenant_id"]
        minted = {"credit_usd": "3.00", "max_redemptions": 1, "label": "x", "expires_in_seconds": 600}
        code = self.call("POST", "/admin/credit-codes", bearer=self.admin_key, body=minted)
        self.call("POST", "/billing/credit-codes/redeem", bearer=key, body={"credit_code": code["code"]})
        self.call("GET", "/billing", bearer=key, limit="5")
        wanted = {"limit_micro_usd": 5, "expires_in_seconds": 60, "room_id": self.room_id, "service": self.base}
        token = self.call("POST", "/billing/spend-tokens", bearer=key, body=wanted | {"label": "x"})
        self.call("GET", "/billing/spend-tokens", bearer=key)
        self.call("DELETE", f"/billing/spend-tokens/{token['token_id']}", bearer=key, name="/billing/spend-tokens/ID")
        self.call("POST", f"/rooms/{self.room_id}/quote", bearer=self.owner, name="/rooms/ID/quote", body={})
        self.tenant, self.code_id = tenant, code["code_id"]

    def _operator(self) -> None:
        def admin(method: str, path: str, *, name: str = "", body: Any = None, **query: str) -> Any:
            return self.call(method, f"/admin{path}", bearer=self.admin_key, name=name, body=body, **query)

        admin("GET", "/credit-codes", include_revoked="true", limit="5")
        admin("POST", f"/credit-codes/{self.code_id}/revoke", name="/credit-codes/ID/revoke")
        admin("GET", "/billing")
        admin("GET", f"/billing/{self.tenant}", name="/billing/ID", limit="5")
        admin("GET", "/billing/ledger", tenant_id=self.tenant, limit="5")
        for kind in ("credits", "debits"):
            path = f"/billing/{self.tenant}/{kind}"
            admin("POST", path, name=kind, body={"amount_usd": "0.50", "note": "n"})
        admin("POST", "/billing/prices", body=PRICE)
        admin("GET", "/billing/prices")
        admin("DELETE", "/billing/prices/openrouter/m/double")
        self._tenants(admin)
        admin("POST", "/agents/sweep-broken", dry_run="true")
        admin("GET", "/llm-probe", provider="openrouter", model="m/x")

    def _tenants(self, admin: Callable[..., Any]) -> None:
        admin("GET", "/tenants")
        other = admin("POST", "/tenants", body={"name": "another double"})["tenant_id"]
        admin("POST", f"/tenants/{other}/rename", name="rename", body={"name": "a third"})
        admin("POST", f"/tenants/{other}/reset-key", name="reset", body={"clear_seal": False})
        admin("DELETE", f"/tenants/{other}", name="delete")


def _priced_room(service: Service) -> str:
    """A room in which a model may be called, so that questions have a price."""
    agents = {f"{kind}_agent_id": service.agent(kind, source) for kind, source in TRIVIAL.items()}
    egress = {"llm_providers": ["openrouter"], "allow_artifacts": False}
    return str(service.post("/rooms", name="priced", query_mode="fixed", egress=egress, **agents)["room_id"])


def shape(value: Any) -> Any:
    """Names and kinds of what is in an answer; of a list its first element stands for all."""
    if isinstance(value, dict):
        return {name: "any" if name == "metadata" else shape(inner) for name, inner in sorted(value.items())}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__


def test_money_has_the_same_shapes_in_the_double(service: Service) -> None:
    double = LyingService()
    try:
        double.bank.spending = {"2026-01-01": 5}
        double.office.orphans = 0
        double.office.probe = {"error_class": "ConnectError", "error": "refused", "elapsed_ms": 1}
        double.publish(double.manifest())
        imitated = Teller(
            double.url, admin_key=double.office.key, room_id="room_0123456789ab", owner=double.alice
        ).tell()
    finally:
        double.close()
    room_id = _priced_room(service)
    real = Teller(service.origin, admin_key=service.admin_key, room_id=room_id, owner=service.key).tell()

    real["GET /billing"]["spending"] = imitated["GET /billing"]["spending"]  # nothing is spent here
    real["GET /billing/ID"]["spending"] = imitated["GET /billing/ID"]["spending"]
    assert real == imitated
