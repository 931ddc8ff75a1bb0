"""Containers: the one place that knows how a stranger's program is started, watched and removed.

Knows nothing of rooms, runs or money, and imports nothing of ours. `base` is the contract, `docker` the adapter.
"""
