"""Runs, their stages, the terms they were made under and what they leave behind."""

from runner.models.artifact import Artifact
from runner.models.room_version import RoomVersion
from runner.models.run import Run
from runner.models.stage import Stage

__all__ = ["Artifact", "RoomVersion", "Run", "Stage"]
