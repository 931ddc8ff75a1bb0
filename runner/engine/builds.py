"""Building agent images: with limits, without network, and never on top of another agent's image."""

import hashlib
import json
import re
import time
from collections import deque
from contextlib import closing
from dataclasses import dataclass
from typing import IO, Any, Final

from docker.utils import parse_repository_tag

from runner.engine import build_context, dockerfile, errors, hardening, long_calls
from runner.engine.base import BuildSpec, BuildWatch, ImageInfo
from runner.engine.client import Client, Conflict, Gone, Refused
from runner.engine.config import EngineConfig
from runner.engine.images import Images

RECIPE_LABEL: Final = "com.hivemind.agent.recipe-hash"
_SCOPE_LABEL: Final = "hivemind-build-scope"
_RECIPE: Final = b"hivemind:build-recipe:v1"
_HERMES_LEAF = "hivemind-agent-base-hermes"
# What the engine says when a step that it meant to take from its cache was removed meanwhile, with an image above it.
_VANISHED: Final = re.compile(
    r"No such image: sha256:|failed to get digest sha256:|failed to export image: failed to set parent sha256:"
)
_ATTEMPTS: Final = 5
_KEPT_LINES = 40
_KEPT_LINE_CHARACTERS = 400


class Builder:
    """Builds images for one installation."""

    def __init__(self, config: EngineConfig, client: Client, images: Images) -> None:
        self._config = config
        self._client = client
        self._images = images
        base_leaf = config.base_image.rpartition("/")[2].partition(":")[0]
        self._bases = {base_leaf: config.base_image, _HERMES_LEAF: f"{_HERMES_LEAF}:latest"}

    def build(self, spec: BuildSpec, *, watch: BuildWatch | None = None) -> ImageInfo:
        """See `Engine.build_image`."""
        deadline = time.monotonic() + spec.timeout_seconds
        pinned = self._pinned(build_context.dockerfile_of(spec.context), spec, deadline_monotonic=deadline)
        recipe = _recipe(pinned, spec)
        made = self._made_before(spec, recipe)
        if made is not None:
            return made
        with closing(build_context.rewritten(spec.context, lambda _: pinned)) as context:
            self._run_again(_Going(spec, recipe, watch or _UNWATCHED), context, deadline)
        built = self._images.info(spec.tag)
        if built is None:
            raise errors.BuildFailed("The build ended without an image.")
        if built.size_bytes > spec.largest_image_bytes:
            self._images.remove(spec.tag)
            raise errors.BuildFailed(f"The image is larger than {spec.largest_image_bytes // 2**20} MiB.")
        return built

    def _made_before(self, spec: BuildSpec, recipe: str) -> ImageInfo | None:
        for image_id in spec.reuse:
            found = self._images.info(image_id)
            if found is not None and found.id == image_id and found.labels.get(RECIPE_LABEL) == recipe:
                try:
                    self._images.tag(image_id, spec.tag)
                except errors.ImageMissing:
                    continue  # somebody removed it just now
                return found
        return None

    def _pinned(self, content: bytes, spec: BuildSpec, *, deadline_monotonic: float) -> bytes:
        """The Dockerfile with every image replaced by the id of the one that was looked at."""
        parsed = dockerfile.parse(content)
        found = {
            source: self._resolve(source, fetch_missing=spec.fetch_missing, deadline_monotonic=deadline_monotonic)
            for source in parsed.sources
        }
        return parsed.render(found, opening=self._opening(spec))

    def _opening(self, spec: BuildSpec) -> tuple[str, ...]:
        """What sets the steps of one scope apart from those of all others, and names whose leftovers they are."""
        if not spec.cache_scope:
            return spec.opening
        if not re.fullmatch("[0-9a-f]+", spec.cache_scope):
            raise errors.InvalidSpec("A scope of the cache is hexadecimal.")
        label = f"LABEL {hardening.INSTANCE_LABEL}={self._config.instance} {_SCOPE_LABEL}={spec.cache_scope}"
        return (label, *spec.opening)

    def _resolve(self, source: dockerfile.Source, *, fetch_missing: bool, deadline_monotonic: float) -> str:
        reference = self._bases.get(source.leaf, source.reference)
        try:
            found = self._images.info(reference)
        except Refused as unreadable:
            reason = "the image it names cannot be read"
            raise errors.BuildRefused(f"The Dockerfile, line {source.line}: {reason}.") from unreadable
        if found is None and fetch_missing and source.leaf not in self._bases:
            self._fetch(reference, deadline_monotonic)
            found = self._images.info(reference)
        if found is None:
            raise errors.BaseImageMissing(reference)
        _check_usable(found, reference, source.line)
        return found.id

    def _fetch(self, reference: str, deadline_monotonic: float) -> None:
        # Anonymously: what the operator may pull is not the uploader's.
        name, tag = parse_repository_tag(reference)
        params = {"fromImage": name, "tag": tag or "latest"}
        follow = long_calls.follow(self._client, "/images/create", params=params, deadline_monotonic=deadline_monotonic)
        try:
            with follow as lines:
                failed = any("error" in line for line in lines)
        except (Gone, Conflict, Refused, errors.ImageMissing) as failure:
            raise errors.BaseImageMissing(reference) from failure
        if failed:
            raise errors.BaseImageMissing(reference)

    def _run_again(self, going: "_Going", context: IO[bytes], deadline_monotonic: float) -> None:
        """Build, and once more when another image's removal took a step away that this build was standing on."""
        for _ in range(_ATTEMPTS - 1):
            try:
                return self._run(going, context, deadline_monotonic)
            except _StepVanished:
                context.seek(0)
                going.watch.printed("A step was removed with another image meanwhile. Building again.\n")
        return self._run(going, context, deadline_monotonic)

    def _run(self, going: "_Going", context: IO[bytes], deadline_monotonic: float) -> None:
        printed: deque[str] = deque(maxlen=_KEPT_LINES)
        follow = long_calls.follow(
            self._client,
            "/build",
            params=self._parameters(going),
            data=context,
            deadline_monotonic=deadline_monotonic,
            stopped=going.watch.stopped,
        )
        try:
            with follow as lines:
                for line in lines:
                    text = str(line.get("stream") or "")
                    printed.append(text[-_KEPT_LINE_CHARACTERS:])
                    going.watch.printed(text or str(line.get("error") or ""))
                    if "error" in line:
                        raise _failure(str(line["error"]), "".join(printed))
        except (Gone, Refused) as refusal:
            raise errors.BuildFailed("The Dockerfile cannot be built.", output=refusal.diagnosis) from refusal

    def _parameters(self, going: "_Going") -> dict[str, Any]:
        spec = going.spec
        ours = hardening.labels(instance=self._config.instance) | {RECIPE_LABEL: going.recipe}
        labels = dict(spec.labels) | ours
        return {
            "t": spec.tag,
            "rm": True,
            "forcerm": True,
            "pull": False,
            "networkmode": spec.network,
            "memory": spec.memory_bytes,
            "memswap": spec.memory_bytes,
            "cpushares": spec.cpu_shares,
            "labels": json.dumps(labels),
        }


@dataclass(frozen=True)
class _Going:
    """A build under way."""

    spec: BuildSpec
    recipe: str
    watch: BuildWatch


_UNWATCHED: Final = BuildWatch(lambda text: None)


def _recipe(pinned: bytes, spec: BuildSpec) -> str:
    """Digest of all that decides what comes of a build: its steps, the images below them, every byte, its network."""
    network = spec.network.partition(":")[0]  # which container lends its network changes from build to build
    parts = [pinned, build_context.sha256(spec.context).encode(), network.encode()]
    lengths = b"".join(len(part).to_bytes(8, "big") for part in parts)
    return hashlib.sha256(_RECIPE + lengths + b"".join(parts)).hexdigest()


def _check_usable(image: ImageInfo, reference: str, line: int) -> None:
    """Refuse what may hold another party's sealed source: an agent's image, or a step of its build found by its id."""
    if image.labels.get(hardening.MANAGED_BY_LABEL) == hardening.MANAGED_BY:
        raise errors.BuildRefused(f"The Dockerfile, line {line}: an agent's image is nobody's base image.")
    if image.id.removeprefix("sha256:").startswith(reference.removeprefix("sha256:").lower()):
        raise errors.BuildRefused(f"The Dockerfile, line {line}: an image is named by its name, not by its id.")
    if image.on_build:
        raise errors.BuildRefused(f"The Dockerfile, line {line}: a base image with ONBUILD is not possible.")


class _StepVanished(errors.BuildFailed):
    """A step in the engine's cache went while it was used: nothing that the Dockerfile did."""


def _failure(error: str, printed: str) -> errors.EngineError:
    if _VANISHED.match(error):
        return _StepVanished(
            "The engine lost a step of the build. Try again.", output=f"{printed.rstrip()}\n{error}".strip()
        )
    if "no space left on device" in error.lower():
        return errors.DiskFull("The image could not be built: the engine's disk is full.", diagnosis=error)
    return errors.BuildFailed("A step of the Dockerfile failed.", output=f"{printed.rstrip()}\n{error}".strip())
