"""Runs, their stages, the terms they were made under and what they leave behind."""

from runner.models.artifact import Artifact, ArtifactPart
from runner.models.room_version import RoomVersion
from runner.models.run import Run
from runner.models.stage import Stage

__all__ = ["Artifact", "ArtifactPart", "RoomVersion", "Run", "Stage"]
