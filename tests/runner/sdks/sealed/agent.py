"""An agent that knows nothing of Hivemind: only the two official clients, set up by the environment."""

import json
import os
import time
from concurrent.futures import ThreadPoolExecutor

import anthropic
import openai

MODEL = "whatever"
FUNCTION = {"type": "function", "function": {"name": "get_row", "parameters": {"type": "object"}}}
TOOL = {"name": "get_row", "input_schema": {"type": "object"}}


def said(text):
    return [{"role": "user", "content": text}]


def openai_part(client):
    chat = client.chat.completions
    found = {"plain": chat.create(model=MODEL, messages=said("plain")).choices[0].message.content}
    started, arrivals, chunks = time.monotonic(), [], []
    for chunk in chat.create(model=MODEL, messages=said("stream"), stream=True):
        chunks.append(chunk)
        if chunk.choices and chunk.choices[0].delta.content:
            arrivals.append(time.monotonic() - started)
    found["streamed"] = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    found["spread"] = arrivals[-1] - arrivals[0]
    found["usage_last"] = chunks[-1].usage.total_tokens
    message = chat.create(model=MODEL, messages=said("tools"), tools=[FUNCTION]).choices[0].message
    rows = [{"role": "tool", "tool_call_id": c.id, "content": c.function.arguments} for c in message.tool_calls]
    found["tools"] = chat.create(model=MODEL, messages=[*said("tools"), message, *rows]).choices[0].message.content
    with ThreadPoolExecutor(20) as pool:
        made = pool.map(lambda n: chat.create(model=MODEL, messages=said(f"plain {n}")), range(20))
        found["parallel"] = sorted(done.choices[0].message.content for done in made)
    found["models"] = [model.id for model in client.models.list()]
    try:
        client.with_options(max_retries=0).chat.completions.create(model=MODEL, messages=said("fail"))
    except openai.InternalServerError as error:
        found["failure"] = str(error)
    return found


def anthropic_part(client):
    def ask(messages, **options):
        return client.messages.create(model=MODEL, max_tokens=100, messages=messages, **options)

    found = {"plain": ask(said("plain")).content[0].text}
    try:
        client.with_options(max_retries=0).messages.create(model=MODEL, max_tokens=9, messages=said("fail"))
    except anthropic.InternalServerError as error:
        found["failure"] = error.api_message
    with client.messages.stream(model=MODEL, max_tokens=100, messages=said("stream")) as stream:
        found["streamed"] = list(stream.text_stream)
        found["usage"] = stream.get_final_message().usage.output_tokens
    first = ask(said("tools"), tools=[TOOL])
    found["stop_reason"] = first.stop_reason
    rows = [
        {"type": "tool_result", "tool_use_id": block.id, "content": json.dumps(block.input)}
        for block in first.content
        if block.type == "tool_use"
    ]
    turns = [*said("tools"), {"role": "assistant", "content": first.content}, {"role": "user", "content": rows}]
    found["tools"] = ask(turns, tools=[TOOL]).content[0].text
    found["counted"] = client.messages.count_tokens(model=MODEL, messages=said("x" * 300)).input_tokens
    found["models"] = [model.id for model in client.models.list()]
    return found


def exhausted(openai_client, anthropic_client):
    """What both say once the calls of the stage are used up."""
    found = []
    try:
        openai_client.chat.completions.create(model=MODEL, messages=said("plain"))
    except openai.RateLimitError as error:
        found.append(str(error))
    try:
        anthropic_client.messages.create(model=MODEL, max_tokens=9, messages=said("plain"))
    except anthropic.RateLimitError as error:
        found.append(str(error))
    return found


clients = openai.OpenAI(), anthropic.Anthropic()
report = {"openai": openai_part(clients[0]), "anthropic": anthropic_part(clients[1]), "exhausted": exhausted(*clients)}
report["environment"] = sorted(os.environ)
print(json.dumps(report))
