"""Every endpoint of the bridge, asked by every kind of stage, with every method and every way to show a token."""

import http.client
import json
import socket
from collections.abc import Iterator

import pytest

from runner.bridge.app import routes_for
from runner.bridge.server import Bridge
from tests.hostile import bridge_matrix as matrix


@pytest.fixture(scope="module")
def bridge() -> Iterator[Bridge]:
    made = Bridge()
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def ports(bridge: Bridge) -> Iterator[dict[str, int]]:
    """A stage of each kind, and beside them one whose token is tried on all."""
    opened, found = [], {}
    for name, kind in [*matrix.KINDS.items(), ("neighbour", matrix.KINDS["query"])]:
        listener = socket.create_server(("127.0.0.1", 0))
        found[name] = listener.getsockname()[1]
        token = matrix.OTHER if name == "neighbour" else matrix.OWN
        opened.append(bridge.open(kind.session(token), listener))
    yield found
    for stage in opened:
        stage.close()


def _asked(port: int, method: str, path: str, body: object, headers: dict[str, str]) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        content = b"" if body is None else json.dumps(body).encode()
        connection.request(method, path, body=content, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize("kind", matrix.KINDS)
def test_every_endpoint_of_a_stage_is_listed(kind: str) -> None:
    wanted = matrix.KINDS[kind]
    routes = {(route.method, route.path.replace(":.+", "")) for route in routes_for(wanted.session(matrix.OWN))}
    listed = {(matrix.ENDPOINTS[name].method, matrix.ENDPOINTS[name].route) for name in wanted.endpoints}
    assert routes == listed


def test_no_endpoint_is_open_but_the_one() -> None:
    assert [name for name, endpoint in matrix.ENDPOINTS.items() if endpoint.open] == ["health"]


@pytest.mark.parametrize("kind", matrix.KINDS)
@pytest.mark.parametrize("name", matrix.ENDPOINTS)
def test_the_role_the_method_and_the_token_decide(ports: dict[str, int], kind: str, name: str) -> None:
    endpoint, wrong = matrix.ENDPOINTS[name], []
    for method in matrix.METHODS:
        for shown, headers in matrix.SHOWN.items():
            status, body = _asked(ports[kind], method, endpoint.path, endpoint.body, headers)
            wanted = matrix.expected(matrix.KINDS[kind], name, method=method, shown=shown)
            if status != wanted or matrix.OWN.encode() in body:
                wrong.append((method, shown, status, wanted))
    assert wrong == []


_PATHS = (
    "//tools",
    "/tools/",
    "/./tools",
    "/health/../tools",
    "/health/..%2ftools",
    "/health%2f..%2ftools",
    "/%74ools",
    "/tools;token=x",
    "/tools%00",
    "/tools%0d%0aX: y",
    "/TOOLS",
    "/tools?token=" + matrix.OWN,
    "/tools#/health",
    "http://127.0.0.1/tools",
    "http://169.254.169.254/latest/meta-data",
    "/sandbox/agents/" + matrix.AGENT + "/files/../../../tools",
    "/sandbox/agents/" + matrix.OTHER_AGENT + "/files",
    "/sandbox/agents/..%2f" + matrix.AGENT + "/files",
    "/sandbox/agents/%2e%2e/files",
    "/v1/../tools",
    "/v1/models/..%2f..%2ftools",
    "*",
)


@pytest.mark.parametrize("path", _PATHS)
def test_no_way_of_writing_a_path_spares_the_token(ports: dict[str, int], path: str) -> None:
    for kind in ("scope", "query", "mediator"):
        for headers in ({}, matrix.SHOWN["another stage's"]):
            status, body = _raw(ports[kind], f"GET {path} HTTP/1.1", headers)
            assert status in (400, 401, 404, 405), (kind, status)
            assert b"echo" not in body


@pytest.mark.parametrize("path", _PATHS)
def test_no_way_of_writing_a_path_leads_to_another_roles_endpoint(ports: dict[str, int], path: str) -> None:
    with_token = matrix.SHOWN["its own"]
    for target in ("sandbox/simulate", "sandbox/artifact-upload", "sandbox/artifacts/a.txt/withhold"):
        written = path.replace("tools", target) if "tools" in path else f"{path}/../{target}"
        status, _ = _raw(ports["query"], f"POST {written} HTTP/1.1", with_token)
        assert status in (400, 401, 404, 405), written


_OVERRIDES = {
    "method override": {"X-HTTP-Method-Override": "POST", "X-Method-Override": "POST", "X-HTTP-Method": "POST"},
    "another host": {"Host": "169.254.169.254", "X-Forwarded-Host": "bridge"},
    "an origin": {"Origin": "http://127.0.0.1:8787", "Sec-Fetch-Site": "same-origin"},
    "a proxy's word": {"X-Forwarded-For": "127.0.0.1", "Forwarded": "for=127.0.0.1;proto=https", "X-Real-IP": "::1"},
    "a rewritten path": {"X-Original-URL": "/health", "X-Rewrite-URL": "/health"},
    "a user": {"X-Remote-User": "admin", "X-Hivemind-Role": "scope", "X-Hivemind-Api-Key": matrix.OWN},
    "another stage": {"X-Session-Token": matrix.OWN, "Session-Token": matrix.OWN, "AGENT_ROLE": "scope"},
}


@pytest.mark.parametrize("headers", _OVERRIDES.values(), ids=_OVERRIDES.keys())
def test_no_header_stands_for_a_token_or_a_role(ports: dict[str, int], headers: dict[str, str]) -> None:
    assert _asked(ports["query"], "GET", "/tools", None, headers)[0] == 401
    assert _asked(ports["query"], "GET", "/tools/echo", None, headers | matrix.SHOWN["its own"])[0] == 405
    assert _asked(ports["query"], "POST", "/sandbox/simulate", {}, headers | matrix.SHOWN["its own"])[0] == 404


def test_two_tokens_of_which_one_is_wrong_are_judged_by_the_right_one_only(ports: dict[str, int]) -> None:
    both = f"Authorization: Bearer {matrix.OTHER}\r\nAuthorization: Bearer wrong-token-0123456789abcdef"
    assert _raw(ports["query"], f"GET /tools HTTP/1.1\r\n{both}", {})[0] in (400, 401)


def _raw(port: int, head: str, headers: dict[str, str]) -> tuple[int, bytes]:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(f"{head}\r\nHost: b\r\nConnection: close\r\nContent-Length: 0\r\n{lines}\r\n".encode())
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    return int(answer.split(b" ", 2)[1]), answer.partition(b"\r\n\r\n")[2]
