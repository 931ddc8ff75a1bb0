from django.db import migrations

from hivemind.role_grants import granting

SHOWN = [
    "billing.view_account",
    "billing.view_creditcode",
    "billing.view_entry",
    "billing.view_hold",
    "billing.view_price",
    "billing.view_redemption",
    "billing.view_spendtoken",
]
PAID = [
    "billing.add_creditcode",
    "billing.add_price",
    "billing.change_account",
    "billing.change_creditcode",
    "billing.change_spendtoken",
]


class Migration(migrations.Migration):
    dependencies = [("hivemind", "0001_roles"), ("billing", "0001_initial")]

    operations = [
        granting({"viewer": SHOWN, "support": SHOWN, "finance": [*SHOWN, *PAID], "admin": [*SHOWN, *PAID]})
    ]
