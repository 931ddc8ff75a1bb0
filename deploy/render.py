"""Fill in the compose file and wrap it as dstack does: `python -m deploy.render --help`.

Two files come out: `docker-compose.yaml`, and `app-compose.json`, whose bytes are what a machine is started with. Their
SHA-256 is the compose hash that quotes name. The same arguments give the same bytes.
"""

import argparse
import hashlib
import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

TEMPLATE: Final = Path(__file__).with_name("compose.yaml.in")
IMAGES: Final = ("platform", "postgres", "redis", "agent-base", "agent-base-hermes")
_NAMESAKE: Final = {"agent-base-hermes": "agent-base"}
DEFAULT_GATEWAY: Final = "dstack-pha-prod9.phala.network"
_IMAGE: Final = re.compile(r"[a-z0-9]+([._:/-][a-z0-9]+)*@sha256:[0-9a-f]{64}")
_HOST: Final = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+")
_URL: Final = re.compile(r"https://[A-Za-z0-9._~:/?=&%-]+")
_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,62}")
_CONTRACT: Final = re.compile(r"0x[0-9a-fA-F]{40}")
_HOLE: Final = re.compile(r"@[A-Z_]+@")
_VARIABLE: Final = re.compile(r"\$\{([A-Z_]+)")


class Refused(ValueError):
    """An argument that must not get into the measured text."""


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """What is decided for one deployment. Images by digest, addresses of https."""

    images: Mapping[str, str]
    public_url: str
    name: str = "hivemind"
    gateway: str = DEFAULT_GATEWAY
    contract: str = ""
    chain_id: int = 11_155_111
    rpc_url: str = ""

    def __post_init__(self) -> None:
        for image in IMAGES:
            _must(_IMAGE, self.images.get(image, ""), f"{image} must be an image by digest, such as name@sha256:…")
        _must(_URL, self.public_url, "the public address must begin with https://")
        _must(_HOST, self._host, "the public address must name a host")
        _must(_HOST, self.gateway, "the gateway must be a host's name")
        _must(_NAME, self.name, "the name has lowercase letters, digits and hyphens")
        if self.contract:
            _must(_CONTRACT, self.contract, "the contract must be an address")
            _must(_URL, self.rpc_url, "a contract needs a node to ask, by https")

    @property
    def _host(self) -> str:
        return urlsplit(self.public_url).hostname or ""

    def compose_file(self) -> str:
        """The compose file as text."""
        values = {image.upper().replace("-", "_"): self.images[image] for image in IMAGES} | {
            "PUBLIC_URL": self.public_url.rstrip("/"),
            "ALLOWED_HOSTS": f"{self._host},.{self.gateway}",
            "GATEWAY": self.gateway,
            "CONTRACT": self.contract,
            "CHAIN_ID": str(self.chain_id),
            "RPC_URL": self.rpc_url,
        }
        return _HOLE.sub(lambda hole: values[hole.group().strip("@")], TEMPLATE.read_text(encoding="utf-8"))

    def app_compose(self) -> str:
        """The text that is measured: sorted and compact, as dstack's own tools hash it."""
        text = self.compose_file()
        members: dict[str, Any] = {
            "manifest_version": 2,
            "name": self.name,
            "runner": "docker-compose",
            "docker_compose_file": text,
            "kms_enabled": True,
            "key_provider": "kms",
            "gateway_enabled": True,
            "local_key_provider_enabled": False,
            "public_logs": False,
            "public_sysinfo": False,
            "public_tcbinfo": True,
            "allowed_envs": sorted(set(_VARIABLE.findall(text))),
            "no_instance_id": False,
            "secure_time": True,
        }
        return json.dumps(members, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def compose_hash(app_compose: str) -> str:
    """What quotes name: the SHA-256 of the text's bytes, as hex."""
    return hashlib.sha256(app_compose.encode("utf-8")).hexdigest()


def main(arguments: list[str] | None = None) -> int:
    """Write both files and print the compose hash."""
    options = _parser().parse_args(arguments)
    try:
        deployment = Deployment(
            images=_images(options),
            public_url=options.public_url,
            name=options.name,
            gateway=options.gateway,
            contract=options.contract,
            chain_id=options.chain_id,
            rpc_url=options.rpc_url,
        )
    except Refused as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    options.out.mkdir(parents=True, exist_ok=True)
    text = deployment.app_compose()
    (options.out / "docker-compose.yaml").write_text(deployment.compose_file(), encoding="utf-8", newline="")
    (options.out / "app-compose.json").write_text(text, encoding="utf-8", newline="")
    print(compose_hash(text))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy.render", description="Render the platform for dstack.")
    for image in IMAGES:
        other = _NAMESAKE.get(image, "")
        told = f"image of {image}" + (f" (that of {other} when not given)" if other else "")
        parser.add_argument(f"--{image}", required=not other, metavar="NAME@sha256:…", help=told)
    parser.add_argument("--public-url", required=True, help="address under which clients reach the service")
    parser.add_argument("--name", default="hivemind", help="name of the application")
    parser.add_argument("--gateway", default=DEFAULT_GATEWAY, help="gateway that passes TLS through")
    parser.add_argument("--contract", default="", help="contract in which builds are registered")
    parser.add_argument("--chain-id", type=int, default=11_155_111, help="chain of that contract")
    parser.add_argument("--rpc-url", default="", help="node of that chain")
    parser.add_argument("--out", type=Path, default=Path("deploy/rendered"), help="where the files go")
    return parser


def _images(options: argparse.Namespace) -> dict[str, str]:
    given = {image: getattr(options, image.replace("-", "_")) for image in IMAGES}
    return {image: name or given[_NAMESAKE[image]] for image, name in given.items()}


def _must(form: re.Pattern[str], value: str, otherwise: str) -> None:
    if not form.fullmatch(value):
        raise Refused(otherwise)


if __name__ == "__main__":
    sys.exit(main())
