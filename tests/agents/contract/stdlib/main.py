# Nothing but Python's own library; a relative command; the token as a bearer.
import json
import os
import sys
import urllib.error
import urllib.request

BRIDGE = os.environ["BRIDGE_URL"]


def post(path, body):
    request = urllib.request.Request(BRIDGE + path, json.dumps(body).encode(), method="POST")
    request.add_header("Authorization", "Bearer " + os.environ["SESSION_TOKEN"])
    request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def get(path):
    request = urllib.request.Request(BRIDGE + path, headers={"Authorization": "Bearer " + os.environ["SESSION_TOKEN"]})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


names = sorted(tool["function"]["name"] for tool in get("/tools"))
assert names == ["execute_sql", "get_schema"], names
unknown = post("/tools/launch", {"arguments": {}})
assert unknown["result"] == "" and "execute_sql" in unknown["error"], unknown
schema = json.loads(post("/tools/get_schema", {})["result"])
rows = post("/tools/execute_sql", {"arguments": {"sql": "SELECT '100%%' AS share, %s AS n", "params": [7]}})
assert rows["error"] is None, rows
print("stdlib", os.environ["AGENT_ROLE"], len(schema), rows["result"], sep="|")
try:
    said = post("/llm/chat", {"messages": [{"role": "user", "content": os.environ["QUERY_PROMPT"]}], "max_tokens": 64})
    print(said["content"], said["usage"]["completion_tokens"] >= 0, sep="|")
except urllib.error.HTTPError as refusal:
    print("no model:", refusal.code, file=sys.stderr)
