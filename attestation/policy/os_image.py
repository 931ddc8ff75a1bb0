"""Demands on firmware, kernel and boot configuration: the ground on which all other facts stand."""

from dataclasses import dataclass

from attestation.evidence.machine import AttestedMachine
from attestation.policy.errors import OsImageRefused, PolicyEmpty, SubjectUnknown


@dataclass(frozen=True, kw_only=True)
class OsImage:
    """The measurements of one known image in one virtual hardware configuration, as lowercase hex.

    `rtmr0` covers the virtual hardware, so an image has one entry for each size of machine it runs in.
    `os_image_hash`, when given, must also be what the machine says about itself. It is no substitute for the
    registers: an unknown system can say about itself what it likes.
    """

    mr_td: str
    rtmr0: str
    rtmr1: str
    rtmr2: str
    os_image_hash: str | None = None


@dataclass(frozen=True)
class OsImagePolicy:
    """Accepts machines that started one of the given images."""

    images: frozenset[OsImage]

    def verify(self, value: AttestedMachine) -> None:
        """Raises OsImageRefused, SubjectUnknown when a demanded image hash is not told, or PolicyEmpty."""
        if not self.images:
            raise PolicyEmpty
        body = value.quote.body
        measured = (body.mr_td.hex(), *(register.hex() for register in body.rtmrs[:3]))
        known = {
            image.os_image_hash
            for image in self.images
            if (image.mr_td, image.rtmr0, image.rtmr1, image.rtmr2) == measured
        }
        if not known:
            raise OsImageRefused
        if None in known:
            return
        if value.facts is None or value.facts.os_image_hash is None:
            raise SubjectUnknown("operating system image")
        if value.facts.os_image_hash not in known:
            raise OsImageRefused
