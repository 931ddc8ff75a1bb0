"""A battery for every operation: declare the route, and what must hold for all of them is tested.

Mix `OperationBattery` into a test class whose name begins with `Test` and set its attributes. Test code only.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

Bearer = Callable[[], str]


class OperationBattery:
    """What holds for every operation that wants a bearer.

    `path` may be a property of the test class when ids are part of it. `stranger` makes the bearer of another tenant
    that must not reach the thing named in `path`; None when the operation names no thing.
    """

    method: ClassVar[str] = "get"
    path: str = ""
    body: ClassVar[Mapping[str, Any] | None] = None
    allowed: ClassVar[Bearer | None] = None
    refused: ClassVar[tuple[Bearer, ...]] = ()
    stranger: ClassVar[Bearer | None] = None
    most_queries: ClassVar[int | None] = None

    def call(self, bearer: str, *, data: bytes | None = None) -> Any:
        """The response to this operation with `bearer`, and `data` instead of the declared body."""
        if data is None and self.body is not None:
            data = json.dumps(self.body).encode()
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        client = Client(raise_request_exception=False)
        return client.generic(
            self.method.upper(), self.path, data or b"", content_type="application/json", headers=headers
        )

    def test_nobody_gets_in_without_a_bearer(self, db: None) -> None:
        self._expect(self.call(""), 401)
        assert "WWW-Authenticate" not in self.call("").headers

    def test_an_unknown_bearer_is_refused(self, db: None) -> None:
        self._expect(self.call("hmk_" + "x" * 43), 401)

    def test_credentials_are_checked_before_the_body(self, db: None) -> None:
        self._expect(self.call("hmk_" + "x" * 43, data=b"{"), 401)

    def test_roles_that_may_not_call_it_are_denied(self, db: None) -> None:
        for make in type(self).refused:
            self._expect(self.call(make()), 403)

    def test_another_tenant_does_not_reach_it(self, db: None) -> None:
        make = type(self).stranger
        if make is not None:
            response = self.call(make())
            assert response.status_code in (403, 404), response.content

    def test_a_malformed_body_is_a_422(self, db: None) -> None:
        if self.body is not None:
            bearer = self._bearer()
            for data in (b"{", b"[]", b"null", b"\xff"):
                self._expect(self.call(bearer, data=data), 422)

    def test_an_unknown_field_is_a_422(self, db: None) -> None:
        if self.body is not None:
            odd = json.dumps({**self.body, "no_such_field": 1}).encode()
            response = self.call(self._bearer(), data=odd)
            self._expect(response, 422)
            assert ["body", "no_such_field"] in [problem["loc"] for problem in response.json()["detail"]]

    def test_it_stays_within_its_number_of_queries(self, db: None) -> None:
        if self.most_queries is not None:
            bearer = self._bearer()
            with CaptureQueriesContext(connection) as queries:
                response = self.call(bearer)
            assert response.status_code == 200, response.content
            assert len(queries) <= self.most_queries, [query["sql"] for query in queries]

    def _bearer(self) -> str:
        make = type(self).allowed
        assert make is not None, "name in `allowed` who may call this operation"
        return make()

    @staticmethod
    def _expect(response: Any, status: int) -> None:
        assert response.status_code == status, (response.status_code, response.content)
        body = response.json()
        assert set(body) >= {"detail", "code"}
        assert body["detail"]
