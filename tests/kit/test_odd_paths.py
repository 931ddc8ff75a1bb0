"""Paths that name nothing."""

import pytest

from tests.factories.tenants import alice


@pytest.mark.parametrize(
    "path", ["runs/%00", "rooms/a%00", "room-agents/%00/files/x", "tenant/tokens/abcdef%00", "%00"]
)
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_path_with_a_nul_is_a_404_like_any_unknown_one(db: None, path: str, method: str) -> None:
    response = alice().client.generic(method, f"/v1/{path}")
    assert (response.status_code, response.json()) == (404, {"detail": "Not Found", "code": "not_found"})
