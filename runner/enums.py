"""States and stages of a run."""

from django.db import models


class RunStatus(models.TextChoices):
    """States of a run. The wire shows `cancelled` as `failed`, because old clients know four words only."""

    PENDING = "pending"  # waiting for a worker; owner: runner.services.runs
    RUNNING = "running"  # a worker holds the claim; owner: runner.services.execute
    COMPLETED = "completed"  # answered, receipt signed; owner: runner.services.finish
    FAILED = "failed"  # ended without an answer, receipt signed all the same; owner: runner.services.finish
    CANCELLED = "cancelled"  # stopped by somebody with a right to; owner: runner.services.finish


class BillingStatus(models.TextChoices):
    """How far a run's money is, in the words of the wire."""

    UNBILLED = "unbilled"  # a run from before there were holds
    NOT_BILLABLE = "not_billable"  # nothing can be charged: no model, or models that are free
    HELD = "held"  # its hold stands
    PRICING_MISSING = "pricing_missing"  # a model had no price: not charged for it
    SETTLED = "settled"  # the hold was given back and the cost charged
    BILLING_ERROR = "billing_error"  # the hold was resolved by somebody else first: not charged


class StageName(models.TextChoices):
    """Steps of a run, in order."""

    BUILD = "build"  # only for a package that the participant brought
    SCOPE = "scope"  # draws the data boundary
    QUERY = "query"  # answers within it
    MEDIATOR = "mediator"  # audits the answer


class StageStatus(models.TextChoices):
    """States of one stage."""

    WAITING = "waiting"  # its turn has not come
    EXECUTING = "executing"  # its container runs
    DONE = "done"  # it gave its result
    FAILED = "failed"  # it did not
    SKIPPED = "skipped"  # the run ended before its turn


class FailureCode(models.TextChoices):
    """Why a run ended without an answer: whose failure it was, in words that no agent can choose."""

    SCOPE_AGENT = "scope_agent_failed"  # the scope agent exited non-zero, hung, or printed no usable function
    QUERY_AGENT = "query_agent_failed"  # the query agent exited non-zero or hung
    MEDIATOR_AGENT = "mediator_agent_failed"  # the mediator exited non-zero, hung, or had no budget left
    BUILD = "build_failed"  # an image could not be built
    DEADLINE = "deadline_passed"  # a deadline of the run passed without its worker
    WORKER_LOST = "worker_lost"  # the worker that held the run's key is gone
    CANCELLED = "cancelled"  # stopped on request
    PLATFORM = "platform_error"  # our own fault
