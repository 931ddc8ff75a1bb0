from django.db import migrations

from hivemind.role_grants import granting

SHOWN = ["billing.view_bookscheck"]


class Migration(migrations.Migration):
    dependencies = [("hivemind", "0002_roles_in_the_books"), ("billing", "0004_checks_of_the_books")]

    operations = [granting({"viewer": SHOWN, "support": SHOWN, "finance": SHOWN, "admin": SHOWN})]
