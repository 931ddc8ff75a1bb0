"""The cast of the agent routes."""

from tests.runner.cast import *  # noqa: F403
