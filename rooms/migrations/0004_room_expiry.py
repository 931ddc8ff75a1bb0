"""When a room's terms end, beside the envelope that says it, so that lists can be asked about it."""

import json
from datetime import UTC, datetime

from django.db import migrations, models


def fill(apps, schema_editor):
    rooms = apps.get_model("rooms", "Room").objects.using(schema_editor.connection.alias)
    for room in rooms.filter(envelope__contains='"expires_at"').only("pk", "envelope").iterator(chunk_size=100):
        try:
            seconds = json.loads(room.envelope)["manifest"]["expires_at"]
            ends = datetime.fromtimestamp(seconds, UTC)
        except (ValueError, KeyError, TypeError, OverflowError, OSError):
            continue  # none, or a damaged envelope, which tells nothing
        rooms.filter(pk=room.pk).update(expires_at=ends)


class Migration(migrations.Migration):
    dependencies = [("rooms", "0003_keep_signed_revocations")]

    operations = [
        migrations.AddField(
            model_name="room",
            name="expires_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
