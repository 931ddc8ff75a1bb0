"""The API description: complete, valid, and the one that is committed."""

import json
from collections import Counter
from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import validate

from hivemind.reference import openapi
from hivemind.reference.pages import FOLDER
from tenants.api.permissions import OperatorKey, Public
from tests.contract.routes import Operation, operations

DOCUMENT = openapi.document()
ALL = operations()
DESCRIBED = [(m, p) for p, item in DOCUMENT["paths"].items() for m in item if m != "parameters"]


def described(operation: Operation) -> dict[str, Any]:
    found: dict[str, Any] = DOCUMENT["paths"][operation.path][operation.method]
    return found


def test_the_description_is_valid_openapi() -> None:
    assert DOCUMENT["openapi"].startswith("3.1")
    validate(DOCUMENT)


def test_the_committed_description_is_the_one_that_the_code_gives() -> None:
    committed = (FOLDER / "openapi.json").read_text(encoding="utf-8")
    assert committed == openapi.page(), "run manage.py reference_docs and look at the difference"


def test_every_route_is_described_and_nothing_else() -> None:
    assert sorted(DESCRIBED) == sorted((each.method, each.path) for each in ALL)


def test_every_operation_has_an_id_of_its_own() -> None:
    ids = Counter(described(each)["operationId"] for each in ALL)
    assert [name for name, count in ids.items() if count > 1] == []


@pytest.mark.parametrize("operation", ALL, ids=str)
def test_an_operation_says_what_it_does_and_answers(operation: Operation) -> None:
    told = described(operation)
    assert 5 <= len(told["summary"]) <= 80
    for media, content in told["responses"]["200"]["content"].items():
        shape = content["schema"]
        assert media != "application/json" or "$ref" in shape or "$ref" in shape["items"], shape


@pytest.mark.parametrize("operation", ALL, ids=str)
def test_an_operation_wants_a_bearer_unless_it_is_public(operation: Operation) -> None:
    asked = operation.view.permission_classes
    if Public in asked and not operation.view.authentication_classes:
        assert described(operation)["security"] == []
    else:
        assert described(operation)["security"] == [{"operator" if OperatorKey in asked else "bearer": []}]


@pytest.mark.parametrize("operation", ALL, ids=str)
def test_an_operation_declares_its_refusals(operation: Operation) -> None:
    told = described(operation)
    in_front = {"bearer": {"401", "403", "429"}, "operator": {"401", "429", "503"}}
    wanted = {status for scheme in told["security"] for name in scheme for status in in_front[name]}
    wanted |= {"404"} if "{" in operation.path else set()
    wanted |= {"413", "415", "422"} if "requestBody" in told else set()
    assert wanted <= set(told["responses"])
    for status, response in told["responses"].items():
        if status != "200":
            name = "MalformedResponse" if status == "422" else "ErrorResponse"
            assert response["content"] == {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}


def _examples() -> list[tuple[str, dict[str, Any], Any]]:
    found = []
    for operation in ALL:
        told = described(operation)
        bodies = [told.get("requestBody", {}), told["responses"]["200"]]
        for content in (c for body in bodies for c in body.get("content", {}).values()):
            if "example" in content:
                found.append((str(operation), content["schema"], content["example"]))
    return found


@pytest.mark.parametrize(("name", "schema", "example"), _examples())
def test_an_example_fits_its_shape(name: str, schema: dict[str, Any], example: Any) -> None:
    whole = {**schema, "components": DOCUMENT["components"]}
    assert [error.message for error in OAS31Validator(whole).iter_errors(example)] == [], name
    shape = DOCUMENT["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    assert set(example) <= set(shape["properties"])


def test_there_are_examples_of_the_first_steps() -> None:
    assert {"POST /v1/rooms", "POST /v1/rooms/{room_id}/runs"} <= {name for name, _, _ in _examples()}


def test_no_shape_is_left_over() -> None:
    text = json.dumps(DOCUMENT)
    unused = [n for n in DOCUMENT["components"]["schemas"] if f'"#/components/schemas/{n}"' not in text]
    assert unused == []
