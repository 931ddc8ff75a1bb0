"""A recipe's `pip install` with the real pip, from a package index that the operator has named."""

import base64
import hashlib
import io
import threading
import time
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from runner.engine import build_index, errors
from runner.engine.base import BuildSpec, BuildWatch, ContainerSpec
from runner.engine.build_index import BuildIndex
from runner.engine.docker import DockerEngine
from tests.runner.engine import contexts

pytestmark = [pytest.mark.docker, pytest.mark.timeout(180)]

BASE = "hivemind-agent-base:latest"
RECIPE = f"""\
FROM {BASE}
RUN python3 -m pip install tiny
COPY agent.py .
CMD ["python3", "agent.py"]
"""


def wheel(name: str, *, needs: str = "") -> bytes:
    """A package of one module, and of a program that prints what the module says."""
    info = f"{name}-1.0.dist-info"
    files = {
        f"{name}.py": f"WORD = 'from {name}'\ndef main():\n    print(WORD)\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
        + (f"Requires-Dist: {needs}\n" if needs else ""),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[console_scripts]\n{name}-says = {name}:main\n",
    }
    record = "".join(f"{path},sha256={_digest(text)},{len(text)}\n" for path, text in files.items())
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, text in {**files, f"{info}/RECORD": f"{record}{info}/RECORD,,\n"}.items():
            archive.writestr(path, text)
    return buffer.getvalue()


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


class _Files(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *arguments: object) -> None:
        return


@pytest.fixture
def index(tmp_path: Path) -> Iterator[BuildIndex]:
    """Static pages, as any web server would give them."""
    for name, needs in (("tiny", "tinier>=1"), ("tinier", "")):
        folder = tmp_path / "simple" / name
        folder.mkdir(parents=True)
        file = f"{name}-1.0-py3-none-any.whl"
        content = wheel(name, needs=needs)
        (tmp_path / file).write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        (folder / "index.html").write_text(f'<a href="../../{file}#sha256={digest}">{file}</a>')
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Files, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield BuildIndex(f"http://127.0.0.1:{server.server_address[1]}/simple/")
    server.shutdown()
    server.server_close()


def build(engine: DockerEngine, index: BuildIndex, tag: str, recipe: str) -> str:
    """Build with the index in reach; the image's id."""
    said: list[str] = []
    name = f"hm-b-{time.monotonic_ns()}"
    agent = f"# {name}\nimport subprocess, tinier, tiny\nprint(tiny.WORD, tinier.WORD, flush=True)\n"
    files = {"Dockerfile": recipe, "agent.py": f"{agent}subprocess.run(['tiny-says'])\n"}
    with build_index.reachable(engine, index, name=name, owner_id="b", image=BASE) as network:
        spec = BuildSpec(
            tag=tag, context=contexts.pack(files), network=network, opening=index.opening, cache_scope=f"{id(said):x}"
        )
        try:
            return engine.build_image(spec, watch=BuildWatch(said.append)).id
        except errors.BuildFailed as failure:
            raise AssertionError("".join(said)) from failure


def test_what_a_recipe_installs_is_there_when_the_agent_runs(docker_engine: DockerEngine, index: BuildIndex) -> None:
    tag = f"hivemind-test-pip:{time.monotonic_ns()}"
    image = build(docker_engine, index, tag, RECIPE)
    try:
        spec = ContainerSpec(name=f"hm-test-{time.monotonic_ns()}", image=image, run_id="r", stage="query")
        with docker_engine.prepare(spec) as prepared:
            prepared.release({})
            ended = prepared.wait(time.monotonic() + 60)
        assert ended.stdout == b"from tiny from tinier\nfrom tiny\n", ended.stderr
        found = docker_engine.image_info(image)
        assert found is not None
        assert not [item for item in found.env if "INDEX" in item or "TRUSTED" in item]
    finally:
        docker_engine.close()
        docker_engine.remove_image(tag)


def test_a_package_that_the_index_lacks_fails_the_build_with_pips_words(
    docker_engine: DockerEngine, index: BuildIndex
) -> None:
    with pytest.raises(AssertionError, match="No matching distribution found for absent"):
        build(docker_engine, index, "hivemind-test-pip:absent", RECIPE.replace("install tiny", "install absent"))
