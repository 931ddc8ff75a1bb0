"""From inside a stage's container nothing but its own bridge answers."""

import json
import socket
import subprocess

import pytest

from tests.factories import packages
from tests.factories.service import Service

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

PROBE = (
    packages.CALL
    + """
import concurrent.futures, glob, socket, stat

def answers(target):
    host, port = target
    try:
        with socket.create_connection((host, port), timeout=0.5):
            return [host, port]
    except OSError:
        return None

wanted = json.loads(os.environ["QUERY_PROMPT"])
LISTEN = "0A"
rows = [line.split() for name in ("tcp", "tcp6") for line in open("/proc/net/" + name).readlines()[1:]]
listening = sorted(row[1] for row in rows if row[3] == LISTEN)
with concurrent.futures.ThreadPoolExecutor(64) as pool:
    found = [t for t in pool.map(answers, wanted) if t]
interfaces = sorted(line.split(":")[0].strip() for line in open("/proc/net/dev").readlines()[2:])
try:
    socket.getaddrinfo("example.com", 80)
    names = True
except OSError:
    names = False
paths = [path for top in ("/run", "/var", "/tmp", "/home") for path in glob.glob(top + "/**", recursive=True)]
sockets = [path for path in paths if os.path.lexists(path) and stat.S_ISSOCK(os.lstat(path).st_mode)]
try:
    stranger = call("/tools", token="x" * 43)
except urllib.error.HTTPError as error:
    stranger = error.code
seen = {"found": found, "listening": listening, "interfaces": interfaces, "names": names}
print(json.dumps(seen | {"sockets": sockets, "stranger": stranger}))
"""
)


def addresses_of_this_machine() -> list[str]:
    printed = subprocess.run(["ip", "-j", "addr"], capture_output=True, text=True, check=True).stdout
    return [a["local"] for link in json.loads(printed) for a in link["addr_info"]]


def test_no_address_of_the_host_and_no_other_bridge_answers(service: Service) -> None:
    hosts = [*addresses_of_this_machine(), "172.17.0.1", "169.254.169.254"]
    with socket.socket() as listening:  # something that surely listens on every address of the host
        listening.bind(("0.0.0.0", 0))
        listening.listen()
        ports = [service.port, 5432, 6379, 22, 80, 2375, listening.getsockname()[1]]
        targets = [[host, port] for host in hosts if not host.startswith("127.") for port in ports]
        room = service.room(
            "probe", query="import urllib.error\n" + PROBE, mediator="import os; print(os.environ['RAW_OUTPUT'])"
        )
        others = [
            service.submit(service.room("slow", query="import time; time.sleep(8); print('done')")) for _ in range(2)
        ]
        seen = json.loads(service.ask(room, json.dumps(targets))["output"])
        for other in others:
            assert service.await_run(other)["status"] == "completed"
    assert seen["found"] == []
    assert seen["listening"] == ["0100007F:2253"]  # 127.0.0.1:8787, the stage's own bridge
    assert seen["interfaces"] == ["lo"]
    assert seen["names"] is False
    assert seen["sockets"] == []
    assert seen["stranger"] == 401
