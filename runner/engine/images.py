"""Looking at images and removing them. Building is in `builds`."""

from collections import OrderedDict
from collections.abc import Mapping
from datetime import UTC, datetime
from threading import Lock
from typing import Any

from docker.utils import parse_repository_tag

from runner.engine import errors, hardening
from runner.engine.base import ImageInfo, KeptImage
from runner.engine.client import Client, Conflict, translated

_REMEMBERED = 256
_UNTAGGED = "<none>:<none>"


class Images:
    """The images of the machine. What an id stands for never changes, so that is remembered; what a tag does not."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._known: OrderedDict[str, ImageInfo] = OrderedDict()
        self._lock = Lock()

    def info(self, reference: str) -> ImageInfo | None:
        """See `Engine.image_info`. Always asks the engine."""
        try:
            with translated("look at an image", image=reference):
                found: dict[str, Any] = self._client.api.inspect_image(reference)  # type: ignore[no-untyped-call]
        except errors.ImageMissing:
            return None
        return self._remember(image_info(found))

    def require(self, reference: str) -> ImageInfo:
        """The image, without a question to the engine when an id is known. Raises ImageMissing.

        A known image may have been removed since: making a container of it then raises ImageMissing.
        """
        with self._lock:
            known = self._known.get(reference)
        found = known or self.info(reference)
        if found is None:
            raise errors.ImageMissing(reference)
        return found

    def remove(self, reference: str) -> None:
        """See `Engine.remove_image`."""
        with self._lock:
            self._known.pop(reference, None)
        try:
            with translated("remove an image", image=reference):
                self._client.api.remove_image(reference, force=False, noprune=False)
        except errors.ImageMissing:
            return
        except Conflict as used:
            raise errors.EngineError("The image is still used by a container.", diagnosis=used.diagnosis) from used

    def tag(self, image_id: str, reference: str) -> None:
        """Give an image one more name. Raises ImageMissing when it went meanwhile."""
        name, tag = parse_repository_tag(reference)
        with translated("tag an image", image=image_id):
            self._client.api.tag(image_id, name, tag or "latest", force=True)

    def of_instance(self, instance: str) -> tuple[KeptImage, ...]:
        """See `Engine.list_images`."""
        wanted = hardening.labels(instance=instance)
        filters = {"label": [f"{name}={value}" for name, value in wanted.items()]}
        with translated("list images"):
            found = self._client.api.images(all=False, filters=filters)
        kept = (
            KeptImage(
                id=str(item["Id"]),
                tags=tuple(tag for tag in item.get("RepoTags") or () if tag != _UNTAGGED),
                size_bytes=int(item.get("Size") or 0),
                created_at=datetime.fromtimestamp(item["Created"], UTC),
            )
            for item in found
        )
        return tuple(sorted((image for image in kept if image.tags), key=lambda image: (image.created_at, image.id)))

    def prune(self, instance: str, *, older_than_seconds: float) -> int:
        """See `Engine.prune_images`."""
        label = f"{hardening.INSTANCE_LABEL}={instance}"
        filters = {"dangling": True, "label": [label], "until": f"{int(older_than_seconds)}s"}
        with translated("remove leftovers of builds"):
            prune: Any = self._client.api.prune_images
            done = prune(filters=filters)
        return int(done.get("SpaceReclaimed") or 0)

    def _remember(self, info: ImageInfo) -> ImageInfo:
        with self._lock:
            self._known[info.id] = info
            self._known.move_to_end(info.id)
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return info


def image_info(found: Mapping[str, Any]) -> ImageInfo:
    """What the engine's inspection of an image says."""
    config: Mapping[str, Any] = found.get("Config") or {}
    return ImageInfo(
        id=str(found["Id"]),
        repo_digests=tuple(found.get("RepoDigests") or ()),
        entrypoint=tuple(config.get("Entrypoint") or ()),
        cmd=tuple(config.get("Cmd") or ()),
        workdir=str(config.get("WorkingDir") or ""),
        env=tuple(config.get("Env") or ()),
        volumes=tuple(sorted(config.get("Volumes") or ())),
        labels=dict(config.get("Labels") or {}),
        on_build=tuple(config.get("OnBuild") or ()),
        size_bytes=int(found.get("Size") or 0),
    )
