# A client of the protocol above: it starts the server, lists the tools and calls one, by what the list says.
import itertools
import json
import subprocess
import sys
from pathlib import Path

server = subprocess.Popen(
    [sys.executable, str(Path(__file__).with_name("proxy.py"))],
    stdin=subprocess.PIPE,
    stdout=subprocess.PIPE,
    text=True,
)
numbers = itertools.count(1)


def ask(method, **params):
    message = {"jsonrpc": "2.0", "id": next(numbers), "method": method, "params": params}
    server.stdin.write(json.dumps(message) + "\n")
    server.stdin.flush()
    return json.loads(server.stdout.readline())["result"]


began = ask("initialize", protocolVersion="2024-11-05", capabilities={}, clientInfo={"name": "c", "version": "1"})
assert began["protocolVersion"] == "2024-11-05", began
tools = {tool["name"]: tool for tool in ask("tools/list")["tools"]}
assert tools["execute_sql"]["inputSchema"]["required"] == ["sql"], tools
rows = ask("tools/call", name="execute_sql", arguments={"sql": "SELECT 1", "params": []})
print("mcp", sorted(tools), rows["content"][0]["text"], sep="|")
server.stdin.close()
sys.exit(server.wait(10))
