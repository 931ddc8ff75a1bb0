"""Steps of a build reach the operator's package index, and through it nothing else."""

import base64
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import docker
import pytest

from runner.engine import build_index, errors
from runner.engine.base import BuildSpec, BuildWatch
from runner.engine.build_index import BuildIndex
from runner.engine.docker import DockerEngine
from tests.runner.engine import contexts

BASE = "hivemind-agent-base:latest"
READ = """
import os, sys, urllib.request, urllib.error
try:
    with urllib.request.urlopen(sys.argv[1].replace("INDEX", os.environ["PIP_INDEX_URL"].rstrip("/")), timeout=5) as a:
        print("got", a.status, a.read()[:300])
except urllib.error.HTTPError as e:
    print("http", e.code)
except OSError as e:
    print("no way", type(e).__name__)
"""


class Index(ThreadingHTTPServer):
    """A package index that remembers what it was asked for."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Pages)
        self.seen: list[tuple[str, str, str]] = []
        self.origin = f"http://127.0.0.1:{self.server_address[1]}"


class _Pages(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        server: Index = self.server  # type: ignore[assignment]
        server.seen.append((self.path, self.headers.get("Authorization", ""), self.headers.get("X-Leak", "")))
        page = f'<a href="{server.origin}/files/hello.whl">hello</a>'.encode()
        body, kind = (page, "text/html") if self.path.startswith("/simple") else (b"wheel-bytes", "application/zip")
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        return


@pytest.fixture
def index() -> Iterator[Index]:
    server = Index()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def built(engine: DockerEngine, index: BuildIndex, *addresses: str) -> str:
    """What steps that read these addresses print."""
    reads = "".join(f"RUN python3 /read.py '{address}'\n" for address in addresses)
    text = f"FROM hivemind-agent-base\nCOPY read.py /read.py\n{reads}RUN env; echo {time.monotonic_ns()}; exit 1\n"
    said: list[str] = []
    name = f"hm-b-{time.monotonic_ns()}"  # in the context too, so that no step comes from the cache
    with build_index.reachable(engine, index, name=name, owner_id="b1", image=BASE) as network:
        spec = BuildSpec(
            tag="hivemind-test-index:x",
            context=contexts.pack({"Dockerfile": text, "read.py": f"# {name}{READ}"}),
            network=network,
            opening=index.opening,
        )
        with pytest.raises(errors.BuildFailed):
            engine.build_image(spec, watch=BuildWatch(said.append))
    return "".join(said)


@pytest.mark.docker
def test_a_step_reads_pages_and_files_and_reaches_nothing_else(docker_engine: DockerEngine, index: Index) -> None:
    wanted = BuildIndex(index.origin.replace("//", "//olga:canary-password@") + "/simple/")
    other = ThreadingHTTPServer(("127.0.0.1", 0), _Pages)
    said = built(
        docker_engine,
        wanted,
        "INDEX/hello/?leak=canary-query",
        "http://127.0.0.1:8791/files/hello.whl",
        f"http://127.0.0.1:{other.server_address[1]}/",
        f"{index.origin}/simple/",
        "http://192.0.2.1/",
        "http://example.com/",
        "http://127.0.0.1:8791/simple/../../etc",
        "http://127.0.0.1:8791/a&b",
    )
    other.server_close()
    assert said.count("got 200") == 2, said
    assert 'href="http://127.0.0.1:8791/files/hello.whl"' in said and "wheel-bytes" in said
    assert said.count("no way") == 4, said
    assert "canary-password" not in said
    expected = "Basic " + base64.b64encode(b"olga:canary-password").decode()
    assert [(path, login) for path, login, _ in index.seen] == [
        ("/simple/hello/", expected),
        ("/files/hello.whl", expected),
    ]


@pytest.mark.docker
def test_the_way_is_closed_when_the_build_is_over(docker_engine: DockerEngine, index: Index) -> None:
    wanted, name = BuildIndex(f"{index.origin}/simple/"), f"hm-b-{time.monotonic_ns()}"
    with build_index.reachable(docker_engine, wanted, name=name, owner_id="b2", image=BASE) as network:
        container = network.removeprefix("container:")
        found = docker.APIClient(version="auto").inspect_container(container)
        assert found["HostConfig"]["NetworkMode"] == "none"
        assert [stray.run_id for stray in docker_engine.list_containers()] == ["b2"]
    deadline = time.monotonic() + 10
    while docker_engine.list_containers() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert docker_engine.list_containers() == ()


@pytest.mark.parametrize(
    "url",
    ["ftp://x/simple", "http:///simple", "http://x/simple?a=b", "http://x/$HOME", 'http://x/"', "http://x/a b", "x"],
)
def test_an_address_that_is_no_plain_index_is_refused(url: str) -> None:
    with pytest.raises(errors.InvalidSpec):
        BuildIndex(url)


def test_name_and_password_stay_out_of_what_a_build_sees() -> None:
    index = BuildIndex("https://olga:canary@index.example:8443/root/simple/")
    assert (index.origin, index.credentials) == ("https://index.example:8443", ("olga", "canary"))
    assert "canary" not in repr(index) + str(index.opening)
    assert "ARG PIP_INDEX_URL=http://127.0.0.1:8791/root/simple/" in index.opening
