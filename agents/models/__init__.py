"""What may run: packages, their sources, their images."""

from agents.models.agent import Agent
from agents.models.image_build import ImageBuild
from agents.models.source_file import SourceFile
from agents.models.source_key_wrap import SourceKeyWrap

__all__ = ["Agent", "ImageBuild", "SourceFile", "SourceKeyWrap"]
