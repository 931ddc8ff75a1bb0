"""A build context with the two clients and what they need, copied from this interpreter's packages.

What is compiled fits no other Python than this one: pydantic is the base image's own, and one has a stand-in.
"""

from __future__ import annotations

import io
import tarfile
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

FOLDER = Path(__file__).parent / "sealed"
COMPILED = {"pydantic", "pydantic-core", "jiter"}


def closure(*names: str) -> dict[str, metadata.Distribution]:
    """The packages of these names and what they need here, by name."""
    found: dict[str, metadata.Distribution] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop().lower().replace("_", "-")
        if name in found:
            continue
        found[name] = metadata.distribution(name)
        for text in found[name].requires or []:
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                waiting.append(requirement.name)
    return found


def context() -> bytes:
    """The tar archive of the build: the folder beside this file, and the packages under `site-packages`."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for path in sorted(FOLDER.iterdir()):
            if path.is_file():
                tar.add(path, path.name)
        for name, distribution in closure("openai", "anthropic").items():
            for file in (distribution.files or []) if name not in COMPILED else ():
                source = Path(str(file.locate()))
                if ".." not in file.parts and source.is_file():
                    tar.add(source, f"site-packages/{file}")
    return archive.getvalue()
