"""Scope agents that tell what their simulations came to, and query agents that play one part there, another here.

What a scope agent learns leaves it only in its function; here the function hands it out as the only row.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.factories import packages

if TYPE_CHECKING:  # measurements use this without the service's settings
    from tests.factories.platform import Platform
    from tests.factories.rooms import MadeRoom

SCOPE = (
    packages.CALL
    + '''
import threading, time, urllib.error

ALL = "def scope(sql, params, rows):\\n    return {'allow': True, 'rows': rows}"
FIRST = "def scope(sql, params, rows):\\n    return {'allow': True, 'rows': rows[:1]}"
NONE = "def scope(sql, params, rows):\\n    return {'allow': True, 'rows': []}"

def post(path, **body):
    """The status and the parsed answer, also of a refusal."""
    body = {"query_agent_id": os.environ["QUERY_AGENT_ID"], "prompt": os.environ["QUERY_PROMPT"], **body}
    try:
        return 200, call("/sandbox/" + path, body)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)

def simulate(source=ALL, **more):
    return post("simulate", scope_fn_source=source, **more)

def batch(*candidates, **more):
    return post("simulate_batch", candidates=list(candidates), **more)

def at_once(times, work):
    done = [None] * times
    def one(i):
        done[i] = work()
    threads = [threading.Thread(target=one, args=(i,)) for i in range(times)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    return done

def tell(value):
    told = json.dumps(value).replace("__", "_")
    source = "def scope(sql, params, rows):\\n    return {'allow': True, 'rows': [{'told': %r}]}" % told
    print(json.dumps({"scope_fn": source}))
'''
)

ASK_MODEL = (
    'print(call("/llm/chat", {"messages": [{"role": "user", "content": "hello"}], "max_tokens": 100})["content"])'
)


def query(simulated: str) -> str:
    """A query agent that runs `simulated` when it is rehearsed, and shows the scope agent's message when it is not."""
    body = "\n".join(f"    {line}" for line in simulated.strip().splitlines())
    return f"""{packages.CALL}
import sys, time
if "RUN_ID" not in os.environ:
{body}
else:
    print(tool("execute_sql", sql="SELECT 1 AS one FROM sales LIMIT 1"))
"""


def room(platform: Platform, scope: str, simulated: str, **wishes: Any) -> MadeRoom:
    """A room without mediator whose scope agent runs `scope` and whose query agent rehearses `simulated`."""
    return platform.room(scope=SCOPE + scope, query=query(simulated), mediator=None, **wishes)


def told(body: dict[str, Any]) -> Any:
    """What the scope agent told, of an answered run."""
    assert body["status"] == "completed", body["error"]
    (row,) = json.loads(body["output"])
    return json.loads(row["told"])
