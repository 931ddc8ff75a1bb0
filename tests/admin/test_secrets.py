"""Nothing secret can be displayed, searched, filtered or exported, by construction and by looking at every page."""

import base64
import re
from collections.abc import Iterator

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets, quote
from django.contrib.auth.models import User
from django.core.exceptions import FieldDoesNotExist
from django.db import connection, models
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from hivemind.kit.admin.bases import ShownAdmin
from hivemind.kit.admin.operated import Operates
from hivemind.kit.admin.questions import Question
from hivemind.kit.admin.superusers import SuperusersEdit
from tests.admin.rows import CANARY, secret_texts

# Columns that hold a secret, its hash, or words of owners, participants and agents. Every binary column is secret too.
SECRET = {
    "auth.user": {"password"},
    "otp_totp.totpdevice": {"key"},
    "otp_static.statictoken": {"token"},
    "axes.accessattempt": {"get_data", "post_data", "http_accept"},
    "kit.authenticator": {"key"},
    "kit.failedsignin": {"get_data", "post_data", "http_accept"},
    "tenants.tenant": {"root_key_id"},
    "tenants.apikey": {"token_hash", "root_salt", "root_wrapped"},
    "tenants.tenantsecret": {"sealed"},
    "agents.agent": {"description", "entrypoint"},
    "agents.imagebuild": {"handoff", "error"},
    "agents.sourcefile": {"path", "sealed"},
    "agents.sourcekeywrap": {"wrapped"},
    "rooms.room": {"envelope", "vault_index", "key_id"},
    "rooms.invite": {"token_hash", "label", "constraints"},
    "rooms.sharelink": {"token_hash"},
    "rooms.roomkeywrap": {"salt", "wrapped"},
    "rooms.vaultitem": {"sealed"},
    "runner.run": {
        *("terms", "prompt_sealed", "prompt_sha256", "output_sealed", "request_sha256"),
        *("error", "receipt", "handoff", "usage"),
    },
    "runner.stage": {"usage"},
    "runner.artifact": {"filename", "content_sha256", "sealed"},
    "attestation.composepin": {"envelope"},
    "attestation.evidencesnapshot": {"body"},
    "billing.creditcode": {"code_hash"},
    "billing.spendtoken": {"token_hash", "label"},
    "billing.sentpage": {"number"},
    "kit.workerkey": {"public_key"},
}
OURS = {"hivemind", "tenants", "agents", "rooms", "runner", "billing", "kit", "attestation"}
REGISTERED = sorted(admin.site._registry.items(), key=lambda pair: pair[0]._meta.label)
SHOWN = [(model, shown) for model, shown in REGISTERED if isinstance(shown, ShownAdmin)]


def secret_columns(model: type[models.Model]) -> set[str]:
    named = SECRET.get(model._meta.label_lower, set())
    return named | {f.name for f in model._meta.concrete_fields if isinstance(f, models.BinaryField)}


def is_secret(path: str, model: type[models.Model]) -> bool:
    """Whether a path such as `tenant__root_key_id` ends in, or passes through, a secret column."""
    for part in path.removeprefix("-").split("__"):
        if part in secret_columns(model):
            return True
        try:
            field = model._meta.get_field(part)
        except FieldDoesNotExist:
            return False
        if field.related_model is None:
            return False
        model = field.related_model
    return False


def named_columns(shown: admin.ModelAdmin) -> set[str]:
    names = [*shown.list_display, *shown.list_editable, *shown.search_fields, *(shown.ordering or ())]
    names += [*flatten_fieldsets(shown.fieldsets or ()), *shown.readonly_fields, *shown.autocomplete_fields]
    names += [*getattr(shown, "shown", ()), shown.date_hierarchy or ""]
    return {name for name in names if isinstance(name, str)}


def test_every_table_of_ours_is_judged() -> None:
    ours = {m._meta.label_lower for m in apps.get_models() if m._meta.app_label in OURS}
    assert {table for table in SECRET if table.partition(".")[0] in OURS} <= ours
    shown = {model._meta.label_lower for model, _ in REGISTERED}
    assert shown <= {"auth.user", "auth.group"} | ours


@pytest.mark.parametrize(("model", "shown"), REGISTERED, ids=lambda value: getattr(value, "__name__", ""))
def test_no_secret_column_is_displayed_searched_or_sorted_by(
    model: type[models.Model], shown: admin.ModelAdmin
) -> None:
    assert not {name for name in named_columns(shown) if is_secret(name, model)}
    assert list(shown.inlines) == []


@pytest.mark.parametrize(("model", "shown"), SHOWN, ids=lambda value: getattr(value, "__name__", ""))
def test_lists_are_filtered_by_questions_only(model: type[models.Model], shown: ShownAdmin) -> None:
    assert all(issubclass(asked, Question) for asked in shown.list_filter)
    for field in model._meta.get_fields():
        for lookup in ("", "__startswith", "__exact", "__contains", "__isnull"):
            assert not shown.lookup_allowed(f"{field.name}{lookup}", "a")


@pytest.mark.parametrize(("model", "shown"), REGISTERED, ids=lambda value: getattr(value, "__name__", ""))
def test_nothing_exports_and_only_deeds_act(model: type[models.Model], shown: admin.ModelAdmin, db: None) -> None:
    request = RequestFactory().get("/")
    request.user = _everything_allowed()
    deeds = {deed.name for deed in shown.deeds} if isinstance(shown, Operates) else set()
    accounts = {"delete_selected"} if isinstance(shown, SuperusersEdit) else set()
    assert set(shown.get_actions(request)) == deeds | accounts
    assert not [name for name in dir(shown) if "export" in name.lower()]


@pytest.mark.parametrize("column", ["envelope__contains", "key_id", "vault_index__isnull", "invites__token_hash"])
def test_an_address_cannot_ask_about_secret_columns(column: str, olga: Client) -> None:
    assert olga.get(reverse("admin:rooms_room_changelist"), {column: "a"}).status_code == 400


def test_a_password_cannot_be_guessed_by_filtering_accounts(olga: Client) -> None:
    assert olga.get(reverse("admin:auth_user_changelist"), {"password__startswith": "m"}).status_code == 400


def pages(registered: list[tuple[type[models.Model], admin.ModelAdmin]]) -> Iterator[str]:
    """Every address of the admin that answers to GET."""
    yield from (reverse("admin:index"), reverse("admin:password_change"))
    yield from (reverse("admin:app_list", args=[app]) for app in {m._meta.app_label for m, _ in registered})
    for model, shown in registered:
        base = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        keys = [str(key) for key in model._default_manager.values_list("pk", flat=True)]
        yield reverse(f"{base}_changelist")
        yield from (reverse(f"{base}_changelist") + f"?q={key}" for key in keys)
        yield from (reverse(f"{base}_change", args=[quote(key)]) for key in keys)
        yield from (reverse(f"{base}_history", args=[quote(key)]) for key in keys)
        if isinstance(shown, Operates):
            acts = [*shown.deeds, *shown.pages]
            yield from (reverse(f"{base}_{page.name}") for page in shown.whole)
            yield from (reverse(f"{base}_{act.name}", args=[quote(key)]) for act in acts for key in keys)
            yield from (
                reverse(f"{base}_{deed.name}_several") + f"?pk={key}" for deed in shown.deeds for key in keys[:1]
            )
        for asked in getattr(shown, "list_filter", ()):
            if isinstance(asked, type) and issubclass(asked, Question):
                words = [answer.word for answer in asked.answers]
                yield from (reverse(f"{base}_changelist") + f"?{asked.parameter_name}={word}" for word in words)


def test_no_page_contains_a_secret(olga: Client, everything) -> None:
    canaries = [CANARY, base64.b64encode(CANARY.encode()).decode()[:8], CANARY.encode().hex()]
    forbidden = [*canaries, *secret_texts(*everything)]
    seen = 0
    for address in pages(REGISTERED):
        answer = olga.get(address)
        assert answer.status_code in (200, 302), (address, answer.status_code)
        text = answer.content.decode() + str(answer.headers)
        assert not [secret for secret in forbidden if secret in text], address
        seen += answer.status_code == 200
    assert seen > 60


def test_the_pages_do_show_what_they_are_for(olga: Client, everything) -> None:
    alice, room = everything
    page = olga.get(reverse("admin:rooms_room_change", args=[quote(room.room_id)])).content.decode()
    for fact in (room.row.manifest_hash, "What the owner signed (verified now)", "operator updates", "123 bytes"):
        assert fact in page
    page = olga.get(reverse("admin:tenants_tenant_change", args=[quote(alice.tenant.pk)])).content.decode()
    assert alice.owner.key.token_id in page and alice.tenant.db_name in page
    page = olga.get(reverse("admin:kit_auditevent_changelist"), {"q": room.room_id}).content.decode()
    assert "slip: (a token)" in page


def test_lists_do_not_even_read_secret_columns(olga: Client, everything) -> None:
    with CaptureQueriesContext(connection) as queries:
        for model, _ in SHOWN:
            olga.get(reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"))
    # What is only compared with a constant in the database, as in CASE WHEN error = …, does not leave it.
    chosen = [re.sub(r"CASE .*? END", "", query["sql"].split(" FROM ")[0]) for query in queries]
    assert any('"runner_run"."status"' in select for select in chosen)
    for table in set(SECRET) - {"auth.user"}:
        model = apps.get_model(table)
        columns = [f'"{model._meta.db_table}"."{name}"' for name in secret_columns(model)]
        assert not [column for column in columns if any(column in select for select in chosen)]


def _everything_allowed():
    return User.objects.create_superuser("root")
