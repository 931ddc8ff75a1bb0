from django.db import migrations

from hivemind.role_grants import granting

ROLES = ("viewer", "support", "finance", "admin")


class Migration(migrations.Migration):
    dependencies = [("hivemind", "0007_roles_see_the_proof"), ("kit", "0004_scheduled_jobs")]

    operations = [granting({role: ["kit.view_scheduledjob"] for role in ROLES})]
