"""A run: one question to one room. The row is the truth; the message that wakes a worker is only a nudge."""

from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Coalesce

from rooms.models import Room
from runner.enums import BillingStatus, FailureCode, RunStatus
from tenants.models import Tenant

# Where a record names its build. Records are canonical, so that these very characters occur in no text within.
COMPOSE_HASH = '"compose_hash":"([0-9a-f]{64})"'


class Run(models.Model):
    """One ask.

    `terms` is the frozen `RunTerms`. `prompt_sealed` and `output_sealed` are under the room's key, so that only a
    bearer of the room reads them; `error` is a sentence of ours that no agent can choose. `handoff` holds the room's
    key sealed to the workers that were alive at submission; it is emptied in the same update that ends the run.
    `fence` rises with every claim and guards every later write of the worker. `issuer_token_id` is empty when the
    owner asked. `evidence_sha256` names the evidence that the service offered when the run ended; `compose_hash` is the
    build that the record in `receipt` names, which the database itself takes from there. `scope_enforcement` names what
    stood between the query stage and the data, as the record does, and `row_policies_sha256` which row policies.
    """

    id = models.CharField(max_length=64, primary_key=True)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="runs")
    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="runs")
    status = models.CharField(max_length=10, choices=RunStatus.choices, default=RunStatus.PENDING)
    failure_code = models.CharField(max_length=30, choices=FailureCode.choices, blank=True)

    scope_agent_id = models.CharField(max_length=64)
    query_agent_id = models.CharField(max_length=64)
    mediator_agent_id = models.CharField(max_length=64, blank=True)
    room_manifest_hash = models.CharField(max_length=64)
    output_visibility = models.CharField(max_length=30)
    terms = models.JSONField()

    issuer_role = models.CharField(max_length=10)
    issuer_token_id = models.CharField(max_length=12, blank=True, db_index=True)
    payer_tenant_id = models.CharField(max_length=64, db_index=True)
    payer_token_id = models.CharField(max_length=12, blank=True)
    request_sha256 = models.CharField(max_length=64)

    prompt_sealed = models.BinaryField(default=b"")
    prompt_sha256 = models.CharField(max_length=64)
    output_sealed = models.BinaryField(default=b"")
    error = models.CharField(max_length=500, blank=True)
    receipt = models.TextField(blank=True)
    evidence_sha256 = models.CharField(max_length=64, blank=True)
    compose_hash = models.GeneratedField(
        expression=Coalesce(Func(F("receipt"), Value(COMPOSE_HASH), function="substring"), Value("")),
        output_field=models.CharField(max_length=64),
        db_persist=True,
    )
    usage = models.JSONField(default=dict)
    scope_enforcement = models.JSONField(default=list, blank=True)
    row_policies_sha256 = models.CharField(max_length=64, blank=True)

    billing_status = models.CharField(max_length=20, choices=BillingStatus.choices, default=BillingStatus.UNBILLED)
    billing_provider = models.CharField(max_length=40, blank=True)
    billing_model = models.TextField(blank=True)
    billing_hold_micro_usd = models.BigIntegerField(default=0)
    billing_cost_micro_usd = models.BigIntegerField(default=0)
    billing_settled_at = models.DateTimeField(null=True, blank=True)

    handoff = models.JSONField(default=dict)
    fence = models.PositiveIntegerField(default=0)
    worker_id = models.CharField(max_length=64, blank=True)
    cancel_requested_at = models.DateTimeField(null=True, blank=True)
    deadline_at = models.DateTimeField()
    created_at = models.DateTimeField(db_index=True)
    updated_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at", "-id")
        indexes = [
            models.Index(fields=["tenant", "-created_at"], name="runs_of_tenant"),
            models.Index(fields=["room", "-created_at"], name="runs_of_room"),
            models.Index(fields=["compose_hash"], name="runs_of_build"),
            models.Index(fields=["deadline_at"], condition=Q(ended_at=None), name="runs_alive"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(id__regex=r"^[0-9a-f]{12,64}$"), name="run_id_shape"),
            models.CheckConstraint(condition=Q(status__in=RunStatus.values), name="run_status_known"),
            models.CheckConstraint(
                condition=Q(status__in=["pending", "running"], ended_at=None)
                | (Q(status__in=["completed", "failed", "cancelled"]) & Q(ended_at__isnull=False, handoff={})),
                name="ended_run_keeps_no_key",
            ),
            models.CheckConstraint(condition=~Q(status="completed") | ~Q(receipt=""), name="answer_has_a_receipt"),
            models.CheckConstraint(
                condition=Q(billing_status__in=BillingStatus.values, billing_cost_micro_usd__gte=0)
                & Q(billing_cost_micro_usd__lte=F("billing_hold_micro_usd")),
                name="run_costs_at_most_its_hold",
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) | ~Q(billing_status="held"), name="ended_run_holds_no_money"
            ),
        ]

    def __str__(self) -> str:
        return self.id
