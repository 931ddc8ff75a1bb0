"""What the engine can fail at. Each class has a stable ``code``.

The sentence of an error never contains what an agent printed. ``diagnosis`` holds the machinery's own words for the
operator's log; ``BuildFailed.output`` is the exception that its docstring explains.
"""

from typing import ClassVar

_DIAGNOSIS_CHARACTERS = 400
_BUILD_OUTPUT_CHARACTERS = 1200


class EngineError(Exception):
    """Root of everything the engine raises."""

    code: ClassVar[str] = "engine_error"

    def __init__(self, message: str, *, diagnosis: str = "") -> None:
        super().__init__(message)
        self.diagnosis = diagnosis[:_DIAGNOSIS_CHARACTERS]


class EngineUnavailable(EngineError):
    """The container engine did not answer, or not in time. Asking later may help."""

    code = "engine_unavailable"


class NotPermitted(EngineError):
    """This process lacks a right that the operation needs. The sentence names the right."""

    code = "engine_not_permitted"


class DiskFull(EngineError):
    """The engine's disk, or the memory-backed stage directory, is full."""

    code = "engine_disk_full"


class InvalidSpec(EngineError):
    """The caller asked for something that no container can be made from."""

    code = "engine_invalid_spec"


class NameTaken(EngineError):
    """A container of this name exists already. The sweep of strays removes it when its run is over."""

    code = "engine_name_taken"


class ImageMissing(EngineError):
    """The image is not on this machine."""

    code = "engine_image_missing"

    def __init__(self, reference: str) -> None:
        super().__init__(f"The image {reference} is not on this machine.")
        self.reference = reference


class StartFailed(EngineError):
    """The container could not be made ready, or ended before it was released."""

    code = "engine_start_failed"


class NotReleasable(EngineError):
    """The stage was released before, killed or closed: it cannot be given its inputs any more."""

    code = "engine_not_releasable"


class BuildError(EngineError):
    """An image could not be built. Every subclass but BuildTimedOut and BuildStopped is the uploader's to repair."""

    code = "build_error"


class BuildFailed(BuildError):
    """The Dockerfile's own steps failed.

    ``output`` is the end of what the build printed, written by the uploader's own steps: it may be shown to the
    uploader and to nobody else.
    """

    code = "build_failed"

    def __init__(self, message: str, *, output: str = "") -> None:
        super().__init__(message)
        self.output = output[-_BUILD_OUTPUT_CHARACTERS:]


class BuildTimedOut(BuildError):
    """The build took longer than it may, and was ended."""

    code = "build_timed_out"


class BuildStopped(BuildError):
    """Nobody wanted the image any more, and the build was ended."""

    code = "build_stopped"


class DockerfileMissing(BuildError):
    """There is no regular file named Dockerfile at the root of the uploaded folder."""

    code = "build_dockerfile_missing"

    def __init__(self) -> None:
        super().__init__("The upload has no Dockerfile at its root.")


class BuildRefused(BuildError):
    """The Dockerfile asks for something that no build may do. The sentence says what and where."""

    code = "build_refused"


class BaseImageMissing(BuildError):
    """A FROM names an image that is neither on this machine nor obtainable."""

    code = "build_base_image_missing"

    def __init__(self, reference: str) -> None:
        super().__init__(f"The Dockerfile needs {reference}, which is not on this machine and could not be fetched.")
        self.reference = reference
