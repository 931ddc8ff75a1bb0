from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0004_checks_of_the_books")]

    operations = [
        migrations.CreateModel(
            name="SentPage",
            fields=[
                ("number", models.CharField(max_length=32, primary_key=True, serialize=False)),
                ("sent_at", models.DateTimeField(db_index=True)),
            ],
            options={"ordering": ("-sent_at", "number")},
        ),
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(
                condition=models.Q(("kind__in", ("hold", "release", "charge")), _negated=True),
                fields=["kind", "-id"],
                name="entries_of_no_run",
            ),
        ),
        migrations.AddIndex(
            model_name="hold",
            index=models.Index(fields=["-created_at", "run_id"], name="holds_by_time"),
        ),
        migrations.AddIndex(
            model_name="spendtoken",
            index=models.Index(fields=["-created_at", "token_id"], name="spend_tokens_by_time"),
        ),
    ]
