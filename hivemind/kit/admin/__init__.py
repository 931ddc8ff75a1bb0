"""The toolkit of the operator's admin, and the admin of what the toolkit itself stores."""

from hivemind.kit.admin import accounts, audit_events, failed_sign_ins, jobs, workers

__all__ = ["accounts", "audit_events", "failed_sign_ins", "jobs", "workers"]
