from django.db import migrations

from hivemind.role_grants import granting

SHOWN = [
    "agents.view_agent",
    "agents.view_imagebuild",
    "kit.view_auditevent",
    "kit.view_workerkey",
    "rooms.view_room",
    "runner.view_run",
    "tenants.view_tenant",
]
SERVED = ["rooms.change_room", "runner.change_run", "tenants.add_tenant", "tenants.change_tenant"]


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("kit", "0002_audit_is_append_only"),
        ("tenants", "0002_close_control_database"),
        ("agents", "0001_initial"),
        ("rooms", "0002_store_sealed_bytes_as_they_are"),
        ("runner", "0001_initial"),
    ]

    operations = [
        granting(
            {
                "viewer": SHOWN,
                "support": [*SHOWN, *SERVED],
                "finance": SHOWN,
                "admin": [*SHOWN, *SERVED, "tenants.delete_tenant"],
            }
        )
    ]
