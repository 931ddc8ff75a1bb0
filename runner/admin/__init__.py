"""Runs for the operator: states, times, limits, usage and whether a receipt was signed; never a prompt or an answer."""

from runner.admin import panels, runs

__all__ = ["panels", "runs"]
