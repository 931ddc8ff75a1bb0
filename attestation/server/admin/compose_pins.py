"""Owners' compose pins: what they say, whether they hold, and whose they are."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Q, QuerySet
from django.http import HttpRequest

from attestation.canonical import PIN_V1
from attestation.errors import KernelError
from attestation.manifests.compose_pin import VerifiedPin, open_pin
from attestation.server import signer
from attestation.server.models import ComposePin
from attestation.server.selectors import pins
from hivemind.kit import clock
from hivemind.kit.admin import audit_events, columns
from hivemind.kit.admin.bases import ShownAdmin
from hivemind.kit.admin.columns import column
from hivemind.kit.admin.paging import CappedPaginator
from hivemind.kit.admin.panels import Panel
from hivemind.kit.admin.questions import Answer, question

BEFORE_ANY_EXPIRY = 0.0
EVERY_AGENT = "every agent"
BOOLEAN = BooleanField()


def _expired(rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.filter(Q(expires_at__lt=clock.now()), revoked_at=None)


def _newer() -> QuerySet[ComposePin]:
    """Pins in force about the same as the row that asks, signed later: clients go by the newest."""
    about = {name: OuterRef(name) for name in ("tenant", "scope_agent_id")}
    later = Q(issued_at__gt=OuterRef("issued_at")) | Q(issued_at=OuterRef("issued_at"), pin_id__gt=OuterRef("pin_id"))
    return pins.in_force(ComposePin.objects.filter(later, **about))


@admin.register(ComposePin)
class ComposePinAdmin(ShownAdmin):
    """Pins, newest first. The database lets nothing of them change but that they are revoked."""

    shown = (
        *("id", "pin_id", "tenant", "tenant__name", "tenant__signing_pubkey_b64", "scope_agent_id"),
        *("signer_pubkey_b64", "issued_at", "expires_at", "created_at", "revoked_at"),
    )
    list_select_related = ("tenant",)
    list_display = ("pin", "state", "running", "tenant_link", "agent", "created", "expires")
    list_filter = (
        question(
            "In force?",
            "force",
            Answer("yes", "yes", lambda rows: pins.in_force(rows.filter(superseded=False))),
            Answer("superseded", "superseded", lambda rows: pins.in_force(rows.filter(superseded=True))),
            Answer("revoked", "revoked", lambda rows: rows.exclude(revoked_at=None)),
            Answer("expired", "expired", _expired),
        ),
        question(
            "Names the running build?",
            "running",
            Answer("yes", "yes", lambda rows: rows.filter(names_running=True)),
            Answer("no", "no", lambda rows: rows.filter(names_running=False)),
        ),
    )
    search_fields = ("pin_id__startswith", "tenant__id__startswith", "scope_agent_id__startswith")
    search_help_text = "Beginning of the id of a pin, tenant or scope agent"
    paginator = CappedPaginator
    fieldsets = (
        (None, {"fields": (("identifier", "state"), ("tenant_link", "agent"))}),
        ("Dates", {"fields": (("issued", "created_exactly"), ("expires_exactly", "revoked"))}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Pins with whether a newer one speaks in their place, and whether their text names the running build.

        Without evidence nobody knows which build runs.
        """
        live = signer.compose_hash()
        names = Q(envelope__contains=f'"{live}"') if live else Q(pk=None)
        told = {"names_running": ExpressionWrapper(names, BOOLEAN), "superseded": Exists(_newer())}
        rows: QuerySet[Any] = super().get_queryset(request).annotate(**told)
        return rows

    def panels(self, row: Any, request: HttpRequest) -> Iterable[Panel]:
        """What was signed, after the signature was checked with this very request."""
        whole = ComposePin.objects.select_related("tenant").get(pk=row.pk)
        try:
            verified = open_pin(
                PIN_V1.decode_strict(whole.envelope.encode("utf-8")),
                tenant_id=whole.tenant_id,
                expected_pubkey_b64=whole.signer_pubkey_b64,
                now=BEFORE_ANY_EXPIRY,
            )
        except KernelError as error:
            yield Panel("The pin does not verify", facts=[("Failed check", error.code), ("Shown", "nothing of it")])
        else:
            yield _signed(whole, verified)

    def last_panels(self, row: Any, request: HttpRequest) -> Iterable[Panel | None]:
        """What was done about it."""
        yield audit_events.latest(request, subject=row.pin_id)

    @column("Pin")
    def pin(self, row: ComposePin) -> object:
        """Its short name."""
        return columns.code(row.pin_id)

    @column("Id")
    def identifier(self, row: ComposePin) -> object:
        """Its short name."""
        return columns.code(row.pin_id)

    @column("State")
    def state(self, row: ComposePin) -> object:
        """Whether it is in force."""
        if row.revoked_at is not None:
            return columns.badge("plain", "revoked")
        if row.expires_at is not None and row.expires_at < clock.now():
            return columns.badge("warning", "expired")
        if getattr(row, "superseded", False):
            return columns.badge("plain", "superseded")
        return columns.badge("success", "in force")

    @column("Running build")
    def running(self, row: Any) -> object:
        """Whether clients that heed the pin go on while this build runs; a pin that is over says nothing."""
        if row.revoked_at is not None or (row.expires_at is not None and row.expires_at < clock.now()):
            return columns.NOTHING
        return columns.badge("success", "named") if row.names_running else columns.badge("danger", "not named")

    @column("Tenant")
    def tenant_link(self, row: ComposePin) -> object:
        """Whose it is."""
        return columns.row("tenants_tenant", row.tenant_id, row.tenant.name)

    @column("About")
    def agent(self, row: ComposePin) -> object:
        """The scope agent that it is about, in the owner's words."""
        return columns.code(row.scope_agent_id) if row.scope_agent_id else EVERY_AGENT

    @column("Kept")
    def created(self, row: ComposePin) -> object:
        """When it was handed over."""
        return columns.moment(row.created_at)

    @column("Expires")
    def expires(self, row: ComposePin) -> object:
        """When it ends by itself."""
        return columns.moment(row.expires_at) if row.expires_at else "never"

    @column("Signed")
    def issued(self, row: ComposePin) -> object:
        """When the owner says that it was signed."""
        return columns.both(row.issued_at)

    @column("Kept")
    def created_exactly(self, row: ComposePin) -> object:
        """When it was handed over, to the second."""
        return columns.both(row.created_at)

    @column("Expires")
    def expires_exactly(self, row: ComposePin) -> object:
        """When it ends by itself, to the second."""
        return columns.both(row.expires_at) if row.expires_at else "never"

    @column("Revoked")
    def revoked(self, row: ComposePin) -> object:
        """When the owner took it back."""
        return columns.both(row.revoked_at)


def _signed(row: ComposePin, verified: VerifiedPin) -> Panel:
    same = row.signer_pubkey_b64 == row.tenant.signing_pubkey_b64
    builds = "\n".join(verified.pin.allowed_composes)
    return Panel(
        "What the owner signed (verified now)",
        facts=[
            ("Signature", columns.badge("success", "verified")),
            ("Signed with", "the key that signs the tenant's rooms" if same else "another key of the owner"),
            ("Signer", columns.code(row.signer_pubkey_b64)),
            ("About", columns.code(verified.pin.scope_agent_id) if verified.pin.scope_agent_id else EVERY_AGENT),
            ("Files of that agent", columns.code(verified.pin.attested_files_digest)),
            ("Accepted builds", columns.code(builds) if builds else "none"),
        ],
    )
