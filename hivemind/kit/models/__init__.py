"""Tables that belong to no single app."""

from hivemind.kit.models.audit_event import AuditEvent
from hivemind.kit.models.failed_sign_in import FailedSignIn
from hivemind.kit.models.scheduled_job import ScheduledJob
from hivemind.kit.models.totp import Authenticator
from hivemind.kit.models.worker_key import WorkerKey

__all__ = ["AuditEvent", "Authenticator", "FailedSignIn", "ScheduledJob", "WorkerKey"]
