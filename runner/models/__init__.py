"""Runs, their stages and what they leave behind."""

from runner.models.artifact import Artifact
from runner.models.run import Run
from runner.models.stage import Stage

__all__ = ["Artifact", "Run", "Stage"]
