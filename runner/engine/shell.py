"""The gate's shell: a static busybox, taken once out of the base image and kept on the host.

Every container mounts it, read-only, so that the gate works in any image: also in one that has no shell, no libc, or a
malicious one of the same name. It is the same file in all of them, so it can be started there and not opened: on a file
that two agents can open they could lock and watch each other. The hosts file therefore is each container's own.
"""

import io
import os
import struct
import tarfile
import threading
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from runner.engine import errors, gate
from runner.engine.base import GATE_DIRECTORY
from runner.engine.client import Client, translated
from runner.engine.config import EngineConfig

_HOSTS = "127.0.0.1\tlocalhost\n"
_LARGEST_BYTES = 16 * 1024 * 1024
_PROGRAM_INTERPRETER = 3
_ONLY_TO_START = 0o711


class GateShell:
    """Makes sure that the shell is on the host, and says how it is mounted."""

    def __init__(self, config: EngineConfig, client: Client) -> None:
        self._config = config
        self._client = client
        self._directory = config.state_directory / "gate"
        self._lock = threading.Lock()
        self._ready = False

    def mounts(self, stage_directory: Path) -> list[dict[str, Any]]:
        """The gate's mounts for one container, all read-only. Takes the shell out of the base image when needed.

        Raises ImageMissing when the base image is not there, StartFailed when it holds no usable shell.
        """
        self._ensure()
        hosts = stage_directory / "hosts"
        _place(hosts, _HOSTS.encode(), mode=0o444)
        places = {
            str(stage_directory): GATE_DIRECTORY,
            str(self._directory / "bin"): gate.SHELL_DIRECTORY,
            str(hosts): "/etc/hosts",
        }
        return [
            {"Type": "bind", "Source": source, "Target": target, "ReadOnly": True} for source, target in places.items()
        ]

    def _ensure(self) -> None:
        shell = self._directory / "bin" / "busybox"
        if self._ready and shell.exists():
            return
        with self._lock:
            shell.parent.mkdir(parents=True, exist_ok=True)
            shell.parent.chmod(_ONLY_TO_START)
            if shell.exists():
                shell.chmod(_ONLY_TO_START)
            else:
                _place(shell, self._take_out(), mode=_ONLY_TO_START)
            self._ready = True

    def _take_out(self) -> bytes:
        api, image = self._client.api, self._config.base_image
        with translated("look into the base image", image=image):
            container = api.create_container(image, ["true"], network_disabled=True)["Id"]
            try:
                chunks, _ = api.get_archive(container, self._config.shell_path)
                content = _only_file(_limited(chunks))
            finally:
                api.remove_container(container, force=True)
        if not is_static_program(content):
            raise errors.StartFailed(f"{self._config.shell_path} of {image} is not a statically linked program.")
        return content


def _limited(chunks: Iterable[bytes]) -> bytes:
    collected = bytearray()
    for chunk in chunks:
        collected += chunk
        if len(collected) > _LARGEST_BYTES:
            raise errors.StartFailed("The gate's shell in the base image is too large.")
    return bytes(collected)


def _only_file(archive: bytes) -> bytes:
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for member in tar:
            file = tar.extractfile(member) if member.isfile() else None
            if file is not None:
                return file.read()
    raise errors.StartFailed("The gate's shell in the base image is not a regular file.")


def is_static_program(content: bytes) -> bool:
    """An ELF program without a program header that names an interpreter."""
    try:
        return _has_no_interpreter(content)
    except (struct.error, OverflowError):
        return False


def _has_no_interpreter(content: bytes) -> bool:
    if content[:4] != b"\x7fELF" or content[4:5] not in (b"\x01", b"\x02"):
        return False
    order = "<" if content[5:6] == b"\x01" else ">"
    wide = content[4:5] == b"\x02"
    (table,) = struct.unpack_from(order + ("Q" if wide else "I"), content, 32 if wide else 28)
    size, count = struct.unpack_from(order + "HH", content, 54 if wide else 42)
    kinds = [struct.unpack_from(order + "I", content, table + index * size)[0] for index in range(count)]
    return _PROGRAM_INTERPRETER not in kinds


def _place(path: Path, content: bytes, *, mode: int) -> None:
    """Write a file in one step, so that another process never sees half of it."""
    unfinished = path.with_name(f".{path.name}-{uuid.uuid4().hex}")
    unfinished.write_bytes(content)
    unfinished.chmod(mode)
    os.replace(unfinished, path)  # noqa: PTH105 - atomic by contract
