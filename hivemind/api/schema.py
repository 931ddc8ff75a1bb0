"""drf-spectacular hooks: tags by noun, the refusals that follow from what an operation is, plain names, examples."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent

from hivemind.api import examples
from tenants.api.permissions import OperatorKey

METHODS = frozenset({"get", "post", "put", "patch", "delete"})
TAGS = {
    "healthz": "Is the service up",
    "health": "Settings that affect a caller",
    "whoami": "Who is asking",
    "attestation": "What the service offers as proof of itself",
    "admin": "Tables of a tenant's own database, and the operator's doings",
    "rooms": "Rooms: terms, vaults, share links, asking",
    "room-agents": "Packages that rooms run",
    "runs": "Asks, their answers and their signed records",
    "tenant": "An owner's key, database and tokens",
    "tenants": "An owner's signed word on which builds of the service they accept",
    "billing": "An owner's money: balance, credit codes, tokens that spend a little",
    "signup": "A tenant of one's own, where the operator lets anybody in",
}
REFUSED = {
    "400": "A value is well formed and still not acceptable.",
    "401": "Nobody is known by the bearer presented.",
    "402": "Nobody pays for this, or the payer cannot.",
    "403": "The caller is known and may not do this.",
    "404": "There is no such thing, or the caller may not know that there is.",
    "409": "The thing is in a state in which this cannot be done.",
    "410": "The thing was made under rules that are no longer served, or its time is over.",
    "413": "The body is too large.",
    "415": "The body's media type is not accepted here.",
    "422": "The request does not have the documented shape.",
    "429": "Too many requests; Retry-After says when to come back.",
    "503": "Something the request needs is not there at the moment.",
}
NEXT_PAGE = {
    "X-Next-Cursor": {
        "description": "Pass it as `cursor` to read on. Absent on the last page.",
        "schema": {"type": "string"},
    }
}
OPERATOR = {"type": "http", "scheme": "bearer", "description": "The admin key that the operator configured."}
# What the shared layers answer in front of every view, by whose bearer it wants.
IN_FRONT = {"bearer": ("401", "403", "429"), "operator": ("401", "429", "503")}
ERROR = {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorResponse"}}}
MALFORMED = {"application/json": {"schema": {"$ref": "#/components/schemas/MalformedResponse"}}}


class OperationSchema(AutoSchema):
    """Schema of one operation: tagged by the first noun of its path."""

    def get_tags(self) -> list[str]:
        """The first part of the path after /v1."""
        return [self.path.removeprefix("/v1/").split("/")[0]]

    def get_auth(self) -> list[dict[str, Any]]:
        """Which bearer it wants: the admin key is checked by a permission, everything else by an authenticator."""
        if any(isinstance(permission, OperatorKey) for permission in self.view.get_permissions()):
            scheme = ResolvedComponent(  # type: ignore[no-untyped-call]
                name="operator", type=ResolvedComponent.SECURITY_SCHEMA, object=OperatorKey, schema=OPERATOR
            )
            self.registry.register_on_missing(scheme)
            return [{"operator": []}]
        return super().get_auth()


def postprocess(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Add what every operation shares, and sort what has no order of its own."""
    for path, operation in operations(result):
        _add_refusals(path, operation)
        _add_examples(operation)
        _add_paging(operation)
        operation.setdefault("security", [])
    result["tags"] = [{"name": name, "description": text} for name, text in TAGS.items()]
    result["servers"] = [{"url": "/", "description": "the service that serves this document"}]
    return _with_plain_names(result)


def operations(document: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each operation of an OpenAPI document with its path."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in METHODS:
                yield path, operation


def _add_refusals(path: str, operation: dict[str, Any]) -> None:
    """Declare what the shared layers answer in front of every view of this kind, and describe all refusals."""
    responses = operation["responses"]
    for status in (each for scheme in operation.get("security", []) for name in scheme for each in IN_FRONT[name]):
        responses.setdefault(status, {"content": ERROR})
    if "{" in path:
        responses.setdefault("404", {"content": ERROR})
    if "requestBody" in operation:
        responses.setdefault("413", {"content": ERROR})
        responses.setdefault("415", {"content": ERROR})
        responses.setdefault("422", {"content": MALFORMED})
    for status, response in responses.items():
        if status in REFUSED:
            response["description"] = REFUSED[status]
        elif not response.get("description"):
            response["description"] = "Done."
    operation["responses"] = dict(sorted(responses.items()))


def _add_examples(operation: dict[str, Any]) -> None:
    """Put the examples of this operation beside the shapes they are examples of."""
    name = operation["operationId"]
    if name in examples.REQUESTS:
        operation["requestBody"]["content"]["application/json"]["example"] = examples.REQUESTS[name]
    if name in examples.ANSWERS:
        operation["responses"]["200"]["content"]["application/json"]["example"] = examples.ANSWERS[name]


def _add_paging(operation: dict[str, Any]) -> None:
    """Declare the header that carries the next page's cursor where a cursor is taken."""
    if any(parameter["name"] == "cursor" for parameter in operation.get("parameters", [])):
        operation["responses"]["200"]["headers"] = NEXT_PAGE


def _with_plain_names(result: dict[str, Any]) -> dict[str, Any]:
    """Call the shape of RoomCreateRequest so, where the generator's suffix for requests doubled the word."""
    schemas = result["components"]["schemas"]
    text = json.dumps(_with_plain_nulls(result))
    for name in schemas:
        plain = name.removesuffix("Request")
        if plain.endswith("Request") and plain not in schemas:
            text = text.replace(f'"#/components/schemas/{name}"', f'"#/components/schemas/{plain}"')
            text = text.replace(f'"{name}": {{', f'"{plain}": {{')
    renamed: dict[str, Any] = json.loads(text)
    components = renamed["components"]
    components["schemas"] = dict(sorted(components["schemas"].items()))
    return renamed


def _with_plain_nulls(node: Any) -> Any:
    """Replace "anything or null", which nothing satisfies because null is both, by "anything"."""
    if isinstance(node, list):
        return [_with_plain_nulls(inner) for inner in node]
    if not isinstance(node, dict):
        return node
    if node.get("oneOf") == [{}, {"type": "null"}]:
        node = {key: inner for key, inner in node.items() if key != "oneOf"}
    return {key: _with_plain_nulls(inner) for key, inner in node.items()}
