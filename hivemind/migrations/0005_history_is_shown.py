from django.db import migrations

from hivemind import history_sql
from hivemind.history_sql import Branch
from hivemind.role_grants import granting

COPIED = {
    "hivemind_tenantevent": (
        "tenants_tenant",
        ["id", "name", "db_name", "db_owner", "signing_pubkey_b64", "created_at", "suspended_at"],
    ),
    "hivemind_roomevent": (
        "rooms_room",
        ["id", "tenant_id", "name", "manifest_hash", "owner_pubkey_b64", "serial", "created_at", "revoked_at"],
    ),
    "hivemind_agentevent": (
        "agents_agent",
        [
            *["id", "tenant_id", "room_id", "uploader_token_id", "name", "agent_type", "inspection_mode", "harness"],
            *["memory_mb", "max_llm_calls", "max_tokens", "timeout_seconds", "files_count", "files_digest"],
            *["attested_files_count", "attested_files_digest", "source_sha256", "image_id", "created_at"],
        ],
    ),
    "hivemind_accountevent": ("billing_account", ["tenant_id", "name", "opened_at", "closed_at"]),
    "hivemind_creditcodeevent": (
        "billing_creditcode",
        [
            *["code_id", "label", "credit_micro_usd", "max_redemptions"],
            *["created_at", "created_by", "expires_at", "revoked_at"],
        ],
    ),
    "hivemind_priceevent": (
        "billing_price",
        [
            *["id", "provider", "model", "prompt_micro_usd_per_mtok", "completion_micro_usd_per_mtok"],
            *["effective_from", "withdrawn", "source", "created_at", "created_by"],
        ],
    ),
    "hivemind_spendtokenevent": (
        "billing_spendtoken",
        [
            *["token_id", "account_id", "limit_micro_usd", "room_id", "service"],
            *["minted_by", "created_at", "expires_at", "revoked_at"],
        ],
    ),
    "hivemind_operatorevent": ("auth_user", ["id", "username", "email", "is_active", "is_staff", "is_superuser"]),
    "hivemind_groupevent": ("auth_group", ["id", "name"]),
    "hivemind_operatorgroupevent": ("auth_user_groups", ["id", "user_id", "group_id"]),
    "hivemind_operatorpermissionevent": ("auth_user_user_permissions", ["id", "user_id", "permission_id"]),
    "hivemind_grouppermissionevent": ("auth_group_permissions", ["id", "group_id", "permission_id"]),
}
OPERATOR = "jsonb_build_object('operator', (SELECT u.username FROM auth_user u WHERE u.id = e.user_id))"
GROUP = "jsonb_build_object('group', (SELECT g.name FROM auth_group g WHERE g.id = e.group_id))"
PERMISSION = """jsonb_build_object('permission', (
        SELECT t.app_label || '.' || p.codename
        FROM auth_permission p JOIN django_content_type t ON t.id = p.content_type_id WHERE p.id = e.permission_id
    ))"""
BRANCHES = [
    Branch("tenant", "hivemind_tenantevent", "id"),
    Branch("room", "hivemind_roomevent", "id"),
    Branch("agent", "hivemind_agentevent", "id"),
    Branch("account", "hivemind_accountevent", "tenant_id"),
    Branch("credit_code", "hivemind_creditcodeevent", "code_id"),
    Branch("price", "hivemind_priceevent", "id"),
    Branch("spend_token", "hivemind_spendtokenevent", "token_id"),
    Branch("operator", "hivemind_operatorevent", "id"),
    Branch("group", "hivemind_groupevent", "id"),
    Branch("operator_group", "hivemind_operatorgroupevent", "id", "user_id", f"{OPERATOR} || {GROUP}"),
    Branch("operator_permission", "hivemind_operatorpermissionevent", "id", "user_id", f"{OPERATOR} || {PERMISSION}"),
    Branch("group_permission", "hivemind_grouppermissionevent", "id", "group_id", f"{GROUP} || {PERMISSION}"),
]
BASELINE = "".join(history_sql.baseline(events, table, columns) for events, (table, columns) in COPIED.items())


class Migration(migrations.Migration):
    dependencies = [("hivemind", "0004_history")]

    operations = [
        migrations.RunSQL(BASELINE, reverse_sql=migrations.RunSQL.noop),
        migrations.RunSQL(
            history_sql.REFUSE + history_sql.append_only(COPIED),
            reverse_sql=history_sql.not_append_only(COPIED) + history_sql.DROP_REFUSE,
        ),
        migrations.RunSQL(history_sql.view(BRANCHES), reverse_sql=history_sql.DROP_VIEW),
        granting({role: ["hivemind.view_change"] for role in ("viewer", "support", "finance", "admin")}),
    ]
