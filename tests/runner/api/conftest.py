"""A room of Alice's with three agents, a worker that lives, and Bob who pays."""

from tests.runner.cast import *  # noqa: F403
