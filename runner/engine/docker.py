"""The engine on Docker, or on what speaks its API. See `base.Engine` for the contract."""

import os
import threading
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

from runner.engine import errors, gate, hardening, namespaces, stage_directory, strays
from runner.engine.base import (
    BuildSpec,
    BuildWatch,
    ContainerSpec,
    Engine,
    EngineFacts,
    ImageInfo,
    KeptImage,
    Prepared,
    Stray,
)
from runner.engine.builds import Builder
from runner.engine.client import Client, Conflict, Gone, translated
from runner.engine.config import EngineConfig
from runner.engine.images import Images
from runner.engine.prepared import DockerPrepared, Parts
from runner.engine.shell import GateShell
from runner.engine.stage_directory import StageDirectory

_REMOVERS = 2
_MOST_VOLUMES = 8
_WORKDIR_OF_AN_IMAGE_WITHOUT = "/tmp"  # noqa: S108 - inside the container


class DockerEngine(Engine):
    """See `base.Engine`. Connects at the first use, and anew in a process that was forked."""

    def __init__(self, config: EngineConfig) -> None:
        self._config = config
        self._client = Client(config)
        self._images = Images(self._client)
        self._shell = GateShell(config, self._client)
        self._builder = Builder(config, self._client, self._images)
        self._stage_root = config.stage_root or stage_directory.default_root(
            instance=config.instance, state_directory=config.state_directory
        )
        self._removers: ThreadPoolExecutor | None = None
        self._removers_process_id = 0
        self._lock = threading.Lock()

    def prepare(self, spec: ContainerSpec) -> Prepared:
        """See `base.Engine.prepare`."""
        spec.check()
        image = self._images.require(spec.image)
        command = gate.command_line(spec.entrypoint, image)
        with ExitStack() as on_failure:
            directory = StageDirectory.create(self._stage_root, spec.name, uid=spec.uid, gid=spec.gid)
            on_failure.callback(directory.remove)
            container_id = self._create(spec, image, command, directory)
            on_failure.callback(self._remove_now, container_id)
            prepared = self._start(spec, image, container_id, directory)
            on_failure.pop_all()
        return prepared

    def image_info(self, reference: str) -> ImageInfo | None:
        """See `base.Engine.image_info`."""
        return self._images.info(reference)

    def build_image(self, spec: BuildSpec, *, watch: BuildWatch | None = None) -> ImageInfo:
        """See `base.Engine.build_image`."""
        return self._builder.build(spec, watch=watch)

    def remove_image(self, reference: str) -> None:
        """See `base.Engine.remove_image`."""
        self._images.remove(reference)

    def list_images(self) -> tuple[KeptImage, ...]:
        """See `base.Engine.list_images`."""
        return self._images.of_instance(self._config.instance)

    def prune_images(self, *, older_than_seconds: float = 3600.0) -> int:
        """See `base.Engine.prune_images`."""
        return self._images.prune(self._config.instance, older_than_seconds=older_than_seconds)

    def list_containers(self) -> tuple[Stray, ...]:
        """See `base.Engine.list_containers`."""
        return strays.find(self._client, instance=self._config.instance)

    def remove_strays(self, living_run_ids: Collection[str], *, older_than_seconds: float = 60.0) -> int:
        """See `base.Engine.remove_strays`."""
        found = self.list_containers()
        doomed = strays.choose(found, living_run_ids, older_than_seconds=older_than_seconds)
        removed = sum(self._remove_now(stray.container_id) for stray in doomed)
        names = frozenset(stray.name for stray in found) - {stray.name for stray in doomed}
        stage_directory.sweep(self._stage_root, keep=names, older_than_seconds=older_than_seconds)
        return removed

    def facts(self) -> EngineFacts:
        """See `base.Engine.facts`."""
        with translated("describe itself"):
            found = self._client.api.info()
        return EngineFacts(
            version=str(found.get("ServerVersion", "")),
            runtimes=tuple(sorted(found.get("Runtimes") or ())),
            default_runtime=str(found.get("DefaultRuntime", "")),
        )

    def close(self) -> None:
        """See `base.Engine.close`."""
        with self._lock:
            removers, self._removers = self._removers, None
        if removers is not None and self._removers_process_id == os.getpid():
            removers.shutdown(wait=True)
        self._client.close()

    def _create(self, spec: ContainerSpec, image: ImageInfo, command: list[str], directory: StageDirectory) -> str:
        if len(image.volumes) > _MOST_VOLUMES:
            raise errors.InvalidSpec(f"The agent's image declares more than {_MOST_VOLUMES} volumes.")
        mounts = self._shell.mounts(directory.path)
        settings = {
            "Image": image.id,
            "Entrypoint": gate.entrypoint(),
            "Cmd": command,
            "WorkingDir": image.workdir or _WORKDIR_OF_AN_IMAGE_WITHOUT,
            "User": spec.user,
            "Labels": hardening.labels(instance=self._config.instance, run_id=spec.run_id, stage=spec.stage),
            "Healthcheck": {"Test": ["NONE"]},
            # Besides NetworkMode none: it spares the engine the slowest part of a start.
            "NetworkDisabled": True,
            "AttachStdin": False,
            "OpenStdin": False,
            "Tty": False,
            "HostConfig": hardening.host_config(spec, mounts=mounts, volumes=image.volumes),
        }
        try:
            with translated("create a container", image=spec.image, refusal=errors.StartFailed):
                create: Any = self._client.api.create_container_from_config
                answer = create(settings, spec.name)
        except Conflict as taken:
            raise errors.NameTaken("A container of this name exists already.") from taken
        except Gone as missing:
            raise errors.ImageMissing(spec.image) from missing
        return str(answer["Id"])

    def _start(
        self, spec: ContainerSpec, image: ImageInfo, container_id: str, directory: StageDirectory
    ) -> DockerPrepared:
        api = self._client.api
        with ExitStack() as on_failure, _starting():
            # Attached before it starts: what a program prints is kept nowhere else.
            attached = api.attach_socket(container_id, params={"stdout": 1, "stderr": 1, "stream": 1})
            stream = getattr(attached, "_sock", attached)
            on_failure.callback(stream.close)
            on_failure.callback(attached.close)
            api.start(container_id)
            found = api.inspect_container(container_id)
            namespace = _namespace(found, container_id)
            on_failure.pop_all()
        return DockerPrepared(
            Parts(
                client=self._client,
                container_id=container_id,
                name=spec.name,
                image_id=image.id,
                image_env=image.env,
                runtime=str(found["HostConfig"].get("Runtime") or ""),
                limits=spec.limits,
                directory=directory,
                stream=stream,
                attached=attached,
                namespace=namespace,
                remove_later=self._remove_later,
            )
        )

    def _remove_later(self, container_id: str) -> None:
        with self._lock:
            if self._removers is None or self._removers_process_id != os.getpid():
                self._removers = ThreadPoolExecutor(_REMOVERS, thread_name_prefix="hive-remove")
                self._removers_process_id = os.getpid()
            self._removers.submit(self._remove_now, container_id)

    def _remove_now(self, container_id: str) -> bool:
        """Whether it was there. What cannot be removed now is a stray, and found again as one."""
        with suppress(errors.EngineError), translated("remove a container"):
            self._client.api.remove_container(container_id, force=True, v=True)
            return True
        return False


@contextmanager
def _starting() -> Iterator[None]:
    try:
        with translated("start a container", refusal=errors.StartFailed):
            yield
    except (Gone, Conflict) as taken_away:
        raise errors.StartFailed("The container was taken away while it started.") from taken_away


def _namespace(found: dict[str, Any], container_id: str) -> namespaces.NetworkNamespace | errors.NotPermitted:
    """The container's network, unless this process has no right to look: then only `listen` has to fail."""
    if not found["State"]["Running"]:
        raise errors.StartFailed("The container ended at once.")
    try:
        return namespaces.pin(int(found["State"]["Pid"]), container_id=container_id)
    except errors.NotPermitted as refusal:
        return refusal
