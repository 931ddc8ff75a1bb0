"""Agents and the builds of their images for the operator: digests, limits, states and times; never a line of source."""

from agents.admin import agents, builds

__all__ = ["agents", "builds"]
