from django.db import migrations

from hivemind.role_grants import granting

SEEN = ["attestation.view_composepin", "attestation.view_seenbuild"]


class Migration(migrations.Migration):
    dependencies = [("hivemind", "0006_support_sweeps_agents"), ("attestation", "0003_seen_builds")]

    operations = [granting({role: SEEN for role in ("viewer", "support", "finance", "admin")})]
