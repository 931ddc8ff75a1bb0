"""Small agents, as archives: what a test needs of an agent, in a few lines of Python."""

import io
import tarfile

DOCKERFILE = b'FROM hivemind-agent-base:latest\nCOPY . /app\nCMD ["python3", "/app/agent.py"]\n'

ALLOW_ALL = """
import json
print(json.dumps({"scope_fn": "def scope(sql, params, rows):\\n    return {'allow': True, 'rows': rows}"}))
"""

FIRST_ROW_ONLY = """
import json
print(json.dumps({"scope_fn": "def scope(sql, params, rows):\\n    return {'allow': True, 'rows': rows[:1]}"}))
"""

CALL = """
import json, os, urllib.request

def call(path, body=None, token=os.environ["SESSION_TOKEN"]):
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": "Bearer " + token, "Content-Type": "application/json"}
    request = urllib.request.Request(os.environ["BRIDGE_URL"] + path, data=data, headers=headers)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)

def tool(name, **arguments):
    return call("/tools/" + name, {"arguments": arguments})["result"]
"""

ECHO_SQL = (
    CALL
    + """
print(tool("execute_sql", sql=os.environ["QUERY_PROMPT"]))
"""
)

ECHO_RAW = """
import os
print("mediated: " + (os.environ.get("RAW_OUTPUT") or open(os.environ["RAW_OUTPUT_FILE"]).read()))
"""


SHELL_DOCKERFILE = b'FROM hivemind-agent-base:latest\nCOPY . /app\nCMD ["/bin/sh", "/app/agent.py"]\n'

# The least that an agent can be: no interpreter to start.
TRIVIAL_SCOPE = r"""cat <<'END'
{"scope_fn": "def scope(sql, params, rows):\n    return {\"allow\": True, \"rows\": rows}"}
END
"""
TRIVIAL_QUERY = "echo answer"
TRIVIAL_MEDIATOR = 'echo "mediated: $RAW_OUTPUT"'


def package(agent: str, *, dockerfile: bytes = DOCKERFILE, **files: bytes) -> bytes:
    """A gzipped tar with a Dockerfile and `agent.py`."""
    content = {"Dockerfile": dockerfile, "agent.py": agent.encode(), **files}
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, data in content.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return buffer.getvalue()
