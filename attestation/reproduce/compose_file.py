"""What a compose file runs: every image, and every place where its operator can put something in."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from attestation.reproduce.compose_yaml import Plain, read_compose_yaml
from attestation.reproduce.errors import ComposeFileMalformed, ComposeFileOpen, ImageBuiltInPlace

_VARIABLE: Final = re.compile(r"\$(?:\$|\{?([A-Za-z_][A-Za-z0-9_]*))")
_ELSEWHERE: Final[tuple[str, ...]] = ("include", "models")  # top-level members that bring in other texts
_ELSEWHERE_OF_SERVICE: Final[tuple[str, ...]] = ("extends", "provider", "models", "use_api_socket")
_MOST_SERVICES: Final = 100
_BY_OPERATOR: Final = frozenset({"environment"})


@dataclass(frozen=True, kw_only=True)
class ComposeFile:
    """Images as written, by where they stand; the variables of `environment` that take their value from outside."""

    images: dict[str, str]
    outside_variables: tuple[str, ...]


def read_compose_file(text: bytes) -> ComposeFile:
    """Reads images and variables.

    Raises ComposeFileMalformed, ImageBuiltInPlace for a service with a `build` member, and ComposeFileOpen for
    texts brought in from elsewhere and for variables outside of `environment`: their values are not measured.
    """
    top = read_compose_yaml(text)
    services = top.get("services")
    if not isinstance(services, dict) or not 0 < len(services) <= _MOST_SERVICES:
        raise ComposeFileMalformed
    opened: list[str] = [name for name in _ELSEWHERE if name in top]
    images: dict[str, str] = {}
    variables: set[str] = set()
    for name, plain in services.items():
        service = _mapping(plain)
        if "build" in service:
            raise ImageBuiltInPlace(details={"service": name})
        opened += [f"{name}.{member}" for member in _ELSEWHERE_OF_SERVICE if member in service]
        images |= _images(name, service)
        variables |= _operator_variables(service)
        opened += [f"{name}.{place}" for place in _interpolated(service)]
    for section in ("networks", "volumes", "configs", "secrets"):
        opened += _interpolated({section: top.get(section)})
    opened += [f"configs.{place}" for place in _sources(top.get("configs"))]
    variables |= {f"secrets.{place}" for place in _sources(top.get("secrets"))}
    if opened:
        raise ComposeFileOpen(details={"from outside": ", ".join(opened)})
    return ComposeFile(images=images, outside_variables=tuple(sorted(variables)))


def _images(name: str, service: dict[str, Plain]) -> dict[str, str]:
    """The service's image, and those that it mounts."""
    image = service.get("image")
    if not isinstance(image, str):
        raise ComposeFileMalformed(details={"service without an image": name})
    found = {name: image}
    volumes = service.get("volumes")
    for index, volume in enumerate(volumes if isinstance(volumes, list) else []):
        mount = volume if isinstance(volume, dict) else {}
        if mount.get("type") == "image":
            found[f"{name}.volumes[{index}]"] = str(mount.get("source") or "")
    return found


def _sources(section: Plain) -> list[str]:
    """The entries of `configs` or `secrets` whose content is not in the text, with where it is."""
    entries = section.items() if isinstance(section, dict) else ()
    return [
        f"{name}.{origin}"
        for name, entry in entries
        for origin in ("file", "environment", "external")
        if isinstance(entry, dict) and origin in entry
    ]


def _operator_variables(service: dict[str, Plain]) -> set[str]:
    """Names whose values come from outside: interpolated, or passed on without a value."""
    names = {variable for _, text in _texts(service.get("environment"), "") for variable in _names(text)}
    environment = service.get("environment")
    if isinstance(environment, dict):
        names |= {name for name, value in environment.items() if value is None}
    elif isinstance(environment, list):
        names |= {item for item in environment if isinstance(item, str) and "=" not in item}
    files = service.get("env_file")
    if files is not None:
        names |= {f"everything in {text}" for _, text in _texts(files, "")}
    return names


def _interpolated(members: dict[str, Plain]) -> list[str]:
    """Places other than the environment, and than images (which are judged one by one), with a variable."""
    left_out = _BY_OPERATOR | {"image"}
    rest = {name: value for name, value in members.items() if name not in left_out}
    return [place for place, text in _texts(rest, "") if _names(text)]


def _names(text: str) -> list[str]:
    """The variables in a text; two dollar signs stand for one."""
    return [name for name in _VARIABLE.findall(text) if name]


def _texts(value: Plain, place: str, seen: set[int] | None = None) -> Iterator[tuple[str, str]]:
    """Every text below a value with where it stands; what several places share is visited once."""
    seen = set() if seen is None else seen
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, dict | list) and id(value) not in seen:
        seen.add(id(value))
        members = value.items() if isinstance(value, dict) else ((str(index), item) for index, item in enumerate(value))
        for name, item in members:
            yield from _texts(item, f"{place}.{name}".lstrip("."), seen)


def _mapping(plain: Plain) -> dict[str, Plain]:
    if not isinstance(plain, dict):
        raise ComposeFileMalformed
    return plain
