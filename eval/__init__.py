"""Repeatable measurements of what rooms let out: leaks, shape, latency, tool calls, tokens, cost and usefulness.

Everything is judged by programs, never by a model, and privacy and usefulness stay two figures: they are not averaged.
`python -m eval --help` lists what can be done. It talks to a service the way a participant does.
"""
