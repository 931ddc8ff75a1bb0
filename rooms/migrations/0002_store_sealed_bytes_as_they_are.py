"""Sealed bytes do not get smaller, so Postgres need not try to compress them."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("rooms", "0001_initial")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE rooms_vaultitem ALTER COLUMN sealed SET STORAGE EXTERNAL",
            "ALTER TABLE rooms_vaultitem ALTER COLUMN sealed SET STORAGE EXTENDED",
        )
    ]
