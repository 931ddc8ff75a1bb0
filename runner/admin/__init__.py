"""Runs for the operator: states, times, limits, usage and whether a receipt was signed; never a prompt or an answer."""

from runner.admin import of_builds, panels, runs

__all__ = ["of_builds", "panels", "runs"]
