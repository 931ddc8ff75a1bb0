"""An agent on Hermes as somebody would write it, and where it can be built."""

import io
import json
import subprocess
import tarfile

import pytest

BASE = "hivemind-agent-base-hermes:latest"
LEFT_OUT = "com.hivemind.agentbase-hermes.left-out"
# Programs of this name are around; it is also the helper package's, of which the plugin has a copy.
PROGRAM = "hivemind_agent.py"
DOCKERFILE = f'FROM {BASE}\nCOPY {PROGRAM} /app/{PROGRAM}\nCMD ["python3", "{PROGRAM}"]\n'
AGENT = """
import os
import sys

sys.stdout, answer = sys.stderr, sys.stdout

from run_agent import AIAgent

agent = AIAgent(
    base_url=os.environ["OPENAI_BASE_URL"],
    api_key=os.environ["OPENAI_API_KEY"],
    model=os.environ["HIVEMIND_MODEL"],
    max_iterations=4,
    enabled_toolsets=["hivemind"],
    quiet_mode=True,
    skip_context_files=True,
    skip_memory=True,
)
print(agent.chat(os.environ["QUERY_PROMPT"]), file=answer)
"""


def context(role: str = "") -> bytes:
    """The agent's folder as an archive; with `role` the package says its role itself.

    Skips where the base image was made without Hermes.
    """
    shown = ["docker", "image", "inspect", "--format", "{{json .Config.Labels}}", BASE]
    labels = json.loads(subprocess.run(shown, capture_output=True, text=True, check=True).stdout) or {}
    if labels.get(LEFT_OUT) != "":
        pytest.skip(f"{BASE} is without Hermes Agent; agents/base/build.sh --force tries to get it")
    dockerfile = DOCKERFILE + (f"ENV HIVEMIND_AGENT_ROLE={role}\n" if role else "")
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, text in (("Dockerfile", dockerfile), (PROGRAM, AGENT)):
            info = tarfile.TarInfo(name)
            info.size = len(text.encode())
            tar.addfile(info, io.BytesIO(text.encode()))
    return buffer.getvalue()
