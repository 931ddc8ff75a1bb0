"""Associated data: what a seal is about and where it belongs. One builder per kind, none by hand.

Every field carries its length, so no two places share a context.
"""

from attestation import domains, framing
from attestation.errors import SealError


def wrap_context(kind: str, *, tenant_id: str, room_id: str, holder: str, key_id: str) -> bytes:
    """A key wrapped for somebody.

    `kind` says which key, `holder` for whom; `room_id` is empty for a tenant's key.
    """
    return _context("wrap", kind, tenant_id, room_id, holder, key_id)


def vault_item_context(*, tenant_id: str, room_id: str, item_id: str, key_id: str) -> bytes:
    """One vault item with its metadata."""
    return _context("vault-item", tenant_id, room_id, item_id, key_id)


def vault_index_context(*, tenant_id: str, room_id: str, key_id: str) -> bytes:
    """The sealed list that fixes order and number of a room's vault items."""
    return _context("vault-index", tenant_id, room_id, key_id)


def source_file_context(*, tenant_id: str, agent_id: str, path: str, key_id: str) -> bytes:
    """One file of an agent's source."""
    return _context("source-file", tenant_id, agent_id, path, key_id)


def build_log_context(*, tenant_id: str, agent_id: str, build_id: str, key_id: str) -> bytes:
    """What one build of an agent's image printed."""
    return _context("build-log", tenant_id, agent_id, build_id, key_id)


def prompt_context(*, tenant_id: str, room_id: str, run_id: str) -> bytes:
    """The prompt of one run."""
    return _context("prompt", tenant_id, room_id, run_id)


def output_context(*, tenant_id: str, room_id: str, run_id: str) -> bytes:
    """The output of one run."""
    return _context("output", tenant_id, room_id, run_id)


def artifact_context(*, tenant_id: str, room_id: str, run_id: str, filename: str) -> bytes:
    """One file that a run left."""
    return _context("artifact", tenant_id, room_id, run_id, filename)


def artifact_part_context(
    *, tenant_id: str, room_id: str, run_id: str, edition: str, position: int, is_last: bool
) -> bytes:
    """A piece of such a file. `edition` is the file's, chosen at random each time one is written."""
    return _context("artifact-part", tenant_id, room_id, run_id, edition, str(position), "last" if is_last else "more")


def secret_context(*, tenant_id: str, kind: str) -> bytes:
    """A tenant's own secret of the given kind, one per kind."""
    return _context("secret", tenant_id, kind)


def handoff_context(subject: str, *, worker_id: str) -> bytes:
    """Something sealed to one living worker, about one subject (a run's or a build's id)."""
    return _context("handoff", subject, worker_id)


def _context(*fields: str) -> bytes:
    try:
        encoded = [field.encode("utf-8") for field in fields]
    except UnicodeEncodeError as error:
        raise SealError("A name in the seal's context cannot be encoded.") from error
    return framing.length_prefixed([domains.SEAL_CONTEXT, *encoded])
