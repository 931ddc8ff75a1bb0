from django.db import migrations

from hivemind.role_grants import granting


class Migration(migrations.Migration):
    dependencies = [("hivemind", "0005_history_is_shown"), ("agents", "0001_initial")]

    operations = [granting({"support": ["agents.change_agent"], "admin": ["agents.change_agent"]})]
