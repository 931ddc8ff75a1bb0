from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("kit", "0003_signing_in")]

    operations = [
        migrations.CreateModel(
            name="ScheduledJob",
            fields=[
                ("name", models.CharField(max_length=60, primary_key=True, serialize=False)),
                ("declared_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("took_ms", models.PositiveIntegerField(default=0)),
                ("succeeded_at", models.DateTimeField(blank=True, null=True)),
                ("failing_since", models.DateTimeField(blank=True, null=True)),
                ("failure", models.CharField(blank=True, max_length=120)),
                ("failures", models.PositiveIntegerField(default=0)),
            ],
            options={"verbose_name": "scheduled job", "ordering": ("name",)},
        ),
    ]
