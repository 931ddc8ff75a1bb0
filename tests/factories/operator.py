"""Olga, who operates the service, as the API knows her: by the admin key."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import pytest
from django.test import Client

from hivemind.kit import conf
from hivemind.kit.api.testing import Bearer, OperationBattery
from tests.factories.tenants import alice, client

ADMIN_KEY = "an-admin-key-that-is-long-enough"


def olga() -> Client:
    """A test client that presents the admin key."""
    return client(ADMIN_KEY)


@contextmanager
def configured() -> Iterator[Client]:
    """A service whose operator has configured an admin key, and Olga."""
    with conf.override("service", admin_key=ADMIN_KEY):
        yield olga()


class OperatorBattery(OperationBattery):
    """What holds for every operation of the operator. A body that is no object is refused unless `body` is None."""

    allowed: ClassVar[Bearer | None] = staticmethod(lambda: ADMIN_KEY)

    @pytest.fixture(autouse=True)
    def _configured(self) -> Iterator[None]:
        """The operator has configured an admin key."""
        with configured():
            yield

    def test_without_a_configured_key_it_is_closed(self, db: None) -> None:
        with conf.override("service", admin_key=""):
            for bearer in ("", ADMIN_KEY, "hmk_" + "x" * 43):
                self._expect(self.call(bearer), 503)

    def test_a_tenants_bearer_does_not_open_it(self, db: None) -> None:
        response = self.call(alice().api_key)
        self._expect(response, 401)
        assert response.json()["code"] == "admin_key_wrong"

    def test_a_bearer_of_other_bytes_is_a_wrong_one(self, db: None) -> None:
        for bearer in ("\xff\xfe", "ключ".encode().decode("latin-1"), " ", "x" * 5_000):
            self._expect(self._raw(bearer), 401)

    def _raw(self, bearer: str) -> Any:
        agent = Client(raise_request_exception=False)
        return agent.generic(self.method.upper(), self.path, b"", HTTP_AUTHORIZATION=f"Bearer {bearer}")
