"""The owner's signed statement that a room is over, empty for a room that lives or was ended without one."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("rooms", "0002_store_sealed_bytes_as_they_are")]

    operations = [
        migrations.AddField(
            model_name="room",
            name="revocation",
            field=models.TextField(blank=True, default=""),
        )
    ]
