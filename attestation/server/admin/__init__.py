"""What the operator sees of evidence, of builds that ran and of owners' pins."""

from attestation.server.admin import compose_pins, seen_builds

__all__ = ["compose_pins", "seen_builds"]
