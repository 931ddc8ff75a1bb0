"""Agents' sources at rest: each file sealed under the agent's own key, that key wrapped for whoever may need it.

The source of an agent that the service offers is no secret: its key follows from what it opens.
"""

import hashlib
from collections.abc import Iterable

import psycopg
from django.db import connection

from agents.models import Agent, SourceFile, SourceKeyWrap
from attestation import digests
from attestation.sealing import aead, wrap
from attestation.sealing.context import source_file_context, wrap_context
from attestation.sealing.wrap import key_id
from hivemind.kit import clock
from hivemind.kit.errors import RoomSealed
from tenants.models import SERVICE_TENANT_ID, TenantSecret
from tenants.principals import Owner
from tenants.services import seals

TENANT = "tenant"
_INSERT = """
    INSERT INTO agents_sourcefile (agent_id, path, mode, size_bytes, attestable, stored, sealed)
    VALUES (%s, %s, %s, %s, %s, %s, %b)
"""
KIND = "agent-source"


def store(agent: Agent, files: Iterable[digests.SourceFile], *, source_key: bytes) -> None:
    """Seal and insert the files of a new agent. Call inside the transaction that inserts the agent."""
    files = list(files)
    frozen = {file.path for file in digests.stored_files(files)}
    identifier = key_id(source_key)
    connection.ensure_connection()
    # Binary parameters: the ORM would spell the bytes out in hexadecimal inside the statement.
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.executemany(
            _INSERT,
            (
                (
                    agent.pk,
                    file.path,
                    file.mode,
                    len(file.content),
                    file.attestable,
                    file.path in frozen,
                    aead.seal(source_key, file.content, context=_file_context(agent, file.path, identifier)),
                )
                for file in files
            ),
        )


def load_files(agent: Agent, source_key: bytes) -> list[digests.SourceFile]:
    """Every file of the package, exact. Raises SealBroken when a row was changed or moved."""
    identifier = key_id(source_key)
    return [
        digests.SourceFile(row.path, row.mode, _open(agent, row, source_key, identifier), row.attestable)
        for row in agent.files.order_by("path").iterator(chunk_size=50)
    ]


def load_file(agent: Agent, path: str, source_key: bytes) -> bytes | None:
    """One file's bytes, None when the package has no such file."""
    row = agent.files.filter(path=path).first()
    return _open(agent, row, source_key, key_id(source_key)) if row is not None else None


def wrap_for_tenant(agent: Agent, *, owner: Owner, source_key: bytes) -> None:
    """Keep the source key for the tenant."""
    secret = seals.open_secret(owner, TenantSecret.Kind.AGENT_SOURCE)
    _insert(agent, TENANT, wrap.wrap_key(secret, source_key, context=_wrap_context(agent, TENANT, "", secret)))


def wrap_for_room(agent: Agent, *, owner: Owner, room_id: str, room_key: bytes) -> None:
    """Keep the source key for a room that names the agent, so that its guests' runs can have the image rebuilt."""
    if agent.tenant_id == SERVICE_TENANT_ID:
        return
    insert_room_wrap(agent, source_key=open_source_key(agent, owner=owner), room_id=room_id, room_key=room_key)


def insert_room_wrap(agent: Agent, *, source_key: bytes, room_id: str, room_key: bytes) -> None:
    """Wrap a source key under a room's key."""
    holder = f"room:{room_id}"
    context = _wrap_context(agent, holder, room_id, room_key)
    _insert(agent, holder, wrap.wrap_key(room_key, source_key, context=context))


def open_source_key(
    agent: Agent, *, owner: Owner | None = None, room_id: str = "", room_key: bytes | None = None
) -> bytes:
    """The agent's source key, by the owner's right or by a room's key. Raises TenantSealed or RoomSealed."""
    if agent.tenant_id == SERVICE_TENANT_ID:
        return open_key(agent.source_sha256)
    if owner is not None:
        holder, key = TENANT, seals.open_secret(owner, TenantSecret.Kind.AGENT_SOURCE)
    elif room_key is not None:
        holder, key = f"room:{room_id}", room_key
    else:
        raise RoomSealed
    row = SourceKeyWrap.objects.filter(agent=agent, holder=holder).first()
    if row is None:
        raise RoomSealed
    context = _wrap_context(agent, holder, room_id if owner is None else "", key)
    return wrap.unwrap_key(key, bytes(row.wrapped), context=context)


def open_key(source_sha256: str) -> bytes:
    """The key of an agent that the service offers."""
    return hashlib.sha256(b"hivemind:offered-source:" + source_sha256.encode()).digest()


def _insert(agent: Agent, holder: str, wrapped: bytes) -> None:
    SourceKeyWrap.objects.create(agent=agent, holder=holder, wrapped=wrapped, created_at=clock.now())


def _wrap_context(agent: Agent, holder: str, room_id: str, key: bytes) -> bytes:
    return wrap_context(
        KIND, tenant_id=agent.tenant_id, room_id=room_id, holder=f"{agent.id}|{holder}", key_id=key_id(key)
    )


def _file_context(agent: Agent, path: str, identifier: str) -> bytes:
    return source_file_context(tenant_id=agent.tenant_id, agent_id=agent.id, path=path, key_id=identifier)


def _open(agent: Agent, row: SourceFile, source_key: bytes, identifier: str) -> bytes:
    return aead.open_sealed(source_key, bytes(row.sealed), context=_file_context(agent, row.path, identifier))
