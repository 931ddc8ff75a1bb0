"""Removing the readers of runs that are over, where their worker did not."""

import logging

import psycopg

from runner.models import Run
from tenants.databases import names, session
from tenants.models import Tenant

log = logging.getLogger(__name__)


def remove() -> None:
    """Remove run roles, with their views and sessions, once no run is under way that they may belong to.

    Roles of runs that are not known here may be another service's on the same server; they are left alone.
    """
    try:
        left = session.run_readers_left()
    except psycopg.Error:
        log.warning("the databases do not answer; readers of ended runs stay for the next sweep")
        return
    for role in left:
        tenant = _whose(role)
        if tenant is not None:
            _remove(tenant, role)


def _whose(role: str) -> Tenant | None:
    """The tenant in whose database the role is, None while it may be in use and where nobody here knows it."""
    run_id = names.run_id_of(role)
    is_whole = len(run_id) < names.RUN_ID_CHARS
    known = Run.objects.filter(pk=run_id) if is_whole else Run.objects.filter(pk__startswith=run_id)
    runs = list(known.select_related("tenant").only("ended_at", "tenant"))
    return runs[0].tenant if runs and all(run.ended_at for run in runs) else None


def _remove(tenant: Tenant, role: str) -> None:
    try:
        session.drop_run_reader(tenant, role)
    except psycopg.Error as error:
        log.warning("a reader of an ended run stays for the next sweep", extra={"code": error.sqlstate})
    else:
        log.info("removed the reader of an ended run", extra={"tenant_id": tenant.pk})
