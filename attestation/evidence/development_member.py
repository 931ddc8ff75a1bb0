"""What a service says when its evidence is for development: the root it made itself, and the statements below it.

Whoever makes evidence can make such a root, too. It may be used to find out whether the evidence is well formed
and says what the service says; it never makes anything of it true about hardware.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from attestation.encoding import unb64
from attestation.errors import EncodingError, KernelError, ManifestError
from attestation.evidence.collateral import Collateral, parse_collateral
from attestation.evidence.errors import BundleMalformed
from attestation.evidence.roots import DevelopmentRoot
from attestation.reading import Reader

_MEMBER: Final = "development"


@dataclass(frozen=True)
class DevelopmentMember:
    """A self-made root with its statements. `label` is the service's own remark for people."""

    label: str
    root: DevelopmentRoot = field(repr=False)
    collateral: Collateral = field(repr=False)


def parse_development_member(response: object) -> DevelopmentMember | None:
    """Reads the member of a ready response. None: the service claims real hardware.

    Raises BundleMalformed. Verifies nothing.
    """
    if not isinstance(response, Mapping):
        raise BundleMalformed
    top = Reader(response)
    if not top.has(_MEMBER):
        return None
    try:
        member = top.object(_MEMBER)
        return DevelopmentMember(
            label=member.text("label"),
            root=DevelopmentRoot(unb64(member.text("root_ca_der_b64"))),
            collateral=parse_collateral(json.dumps(dict(member.object("collateral").members)).encode("utf-8")),
        )
    except (ManifestError, EncodingError) as error:
        raise BundleMalformed from error
    except (KernelError, RecursionError) as error:
        raise BundleMalformed(f"{BundleMalformed.sentence[:-1]} (development).") from error
