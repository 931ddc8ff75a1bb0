# A server of its own that speaks the Model Context Protocol on its two streams and passes calls on to the bridge.
import json
import os
import sys
import urllib.request


def bridge(path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(os.environ["BRIDGE_URL"] + path, data, {"Content-Type": "application/json"})
    request.add_header("Authorization", "Bearer " + os.environ["SESSION_TOKEN"])
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def listed():
    for tool in bridge("/tools"):
        function = tool["function"]
        yield {"name": function["name"], "description": function["description"], "inputSchema": function["parameters"]}


for line in sys.stdin:
    asked = json.loads(line)
    if "id" not in asked:
        continue
    if asked["method"] == "initialize":
        told = {
            "protocolVersion": "2024-11-05",
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "p", "version": "1"},
        }
    elif asked["method"] == "tools/list":
        told = {"tools": list(listed())}
    else:
        called = bridge("/tools/" + asked["params"]["name"], {"arguments": asked["params"]["arguments"]})
        told = {"content": [{"type": "text", "text": called["result"]}], "isError": called["error"] is not None}
    print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": told}), flush=True)
