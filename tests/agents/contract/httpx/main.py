# A library of its own, the token as an API key, and a stream read line by line.
import json
import os

import httpx

with httpx.Client(
    base_url=os.environ["OPENAI_BASE_URL"].removesuffix("/v1"),
    headers={"x-api-key": os.environ["OPENAI_API_KEY"]},
    timeout=60,
) as client:
    health = client.get("/health", headers={"x-api-key": ""}).json()
    assert health["status"] == "ok" and "max_calls" in health["budget"], health
    refused = client.get("/tools", headers={"x-api-key": "wrong"})
    assert (refused.status_code, refused.json()) == (401, {"detail": "Invalid session token"}), refused.text
    rows = client.post("/tools/execute_sql", json={"arguments": {"sql": "SELECT 1"}}).json()["result"]
    asked = {"model": "mine", "stream": True, "messages": [{"role": "user", "content": os.environ["QUERY_PROMPT"]}]}
    text, last = "", {}
    with client.stream("POST", "/v1/chat/completions", json=asked) as answer:
        if answer.status_code == 200:
            for line in answer.iter_lines():
                if line.startswith("data: ") and line != "data: [DONE]":
                    last = json.loads(line[6:])
                    text += "".join(choice["delta"].get("content") or "" for choice in last["choices"])
            assert last["choices"] == [] and last["usage"]["total_tokens"] >= 0, last
print("httpx", rows, text, sep="|")
