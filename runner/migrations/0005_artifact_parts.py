"""Files of runs in parts, which wait until the run is completed."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("runner", "0004_builds_of_records")]

    operations = [
        migrations.AddField(
            "artifact", "edition", models.CharField(default="", max_length=32), preserve_default=False
        ),
        migrations.AddField("artifact", "released_at", models.DateTimeField(blank=True, null=True)),
        migrations.AlterField("artifact", "created_at", models.DateTimeField(db_index=True)),
        migrations.CreateModel(
            name="ArtifactPart",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("edition", models.CharField(max_length=32)),
                ("position", models.PositiveIntegerField()),
                ("sealed", models.BinaryField()),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="artifact_parts", to="runner.run"
                    ),
                ),
            ],
            options={
                "ordering": ("run_id", "edition", "position"),
                "constraints": [
                    models.UniqueConstraint(fields=["run", "edition", "position"], name="one_part_at_a_position")
                ],
            },
        ),
        # Sealed bytes do not get smaller: the attempt would only take time.
        migrations.RunSQL(
            "ALTER TABLE runner_artifactpart ALTER COLUMN sealed SET STORAGE EXTERNAL",
            "ALTER TABLE runner_artifactpart ALTER COLUMN sealed SET STORAGE EXTENDED",
        ),
    ]
