"""Tokens given away: listed and revoked through whoever mints them."""

import pytest

from hivemind.kit.api.testing import OperationBattery
from tenants import capabilities
from tenants.errors import AmbiguousTokenId
from tests.factories.tenants import alice


class TestTokens(OperationBattery):
    path = "/v1/tenant/tokens"
    allowed = staticmethod(lambda: alice().api_key)


class TestRevoke(OperationBattery):
    method = "delete"
    path = "/v1/tenant/tokens/0123456789ab"
    allowed = staticmethod(lambda: alice().api_key)


@pytest.fixture
def minters(monkeypatch):
    """No minters but those that the test adds."""
    monkeypatch.setattr(capabilities, "_minters", [])
    return capabilities


def row(token_id: str, created_at: float) -> dict:
    return {"token_id": token_id, "created_at": created_at}


def test_tokens_of_every_kind_are_listed_newest_first(db, minters):
    minters.register(lambda tenant: [row("b", 2.0), row("a", 1.0)], lambda owner, prefix: 0)
    minters.register(lambda tenant: [row("c", 3.0)], lambda owner, prefix: 0)
    tokens = alice().client.get("/v1/tenant/tokens").json()["tokens"]
    assert [token["token_id"] for token in tokens] == ["c", "b", "a"]


def test_a_token_is_named_by_its_beginning_in_any_case(db, minters):
    seen = []
    minters.register(lambda tenant: [], lambda owner, prefix: seen.append(prefix) or 1)
    response = alice().client.delete("/v1/tenant/tokens/0E3A07")
    assert response.json() == {"status": "ok", "token_id": "0E3A07"}
    assert seen == ["0e3a07"]


@pytest.mark.parametrize(
    ("token_id", "status", "code"),
    [
        ("0e3a0", 400, "token_id_too_short"),
        ("0e3a07", 404, "token_not_found"),
        ("%25%25%25%25%25%25", 404, "token_not_found"),
    ],
)
def test_too_short_and_unknown_ids_are_refused(db, minters, token_id, status, code):
    response = alice().client.delete(f"/v1/tenant/tokens/{token_id}")
    assert (response.status_code, response.json()["code"]) == (status, code)


def test_a_beginning_that_fits_several_revokes_none(db, minters):
    def several(owner, prefix):
        raise AmbiguousTokenId

    minters.register(lambda tenant: [], several)
    response = alice().client.delete("/v1/tenant/tokens/0e3a07")
    assert (response.status_code, response.json()["code"]) == (409, "token_id_ambiguous")
