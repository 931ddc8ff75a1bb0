"""The prices that a new service begins with, and accounts for tenants who were there before the books.

Both happen once: a price that an operator withdraws later does not come back.
"""

from datetime import UTC, datetime

from django.db import migrations

# (provider, model, prompt, completion) in micro-USD for a million tokens.
DEFAULTS = (
    ("tinfoil", "z-ai/glm-5", 1_000_000, 3_200_000),
    ("openrouter", "z-ai/glm-5", 600_000, 2_080_000),
    ("openrouter", "moonshotai/kimi-k2.6", 750_000, 3_500_000),
    ("openrouter", "moonshotai/kimi-k2.5", 440_000, 2_000_000),
    ("openrouter", "moonshotai/kimi-k2-0905", 400_000, 2_000_000),
    ("openrouter", "moonshotai/kimi-k2-thinking", 600_000, 2_500_000),
    ("openrouter", "moonshotai/kimi-k2", 570_000, 2_300_000),
    ("openrouter", "anthropic/claude-haiku-4.5", 1_000_000, 5_000_000),
    ("openrouter", "anthropic/claude-sonnet-4.5", 3_000_000, 15_000_000),
    ("openrouter", "openai/gpt-5-mini", 250_000, 2_000_000),
    ("openrouter", "google/gemini-2.5-flash-lite", 100_000, 400_000),
    ("openrouter", "google/gemini-2.5-flash", 300_000, 2_500_000),
)


def begin(apps, schema_editor):
    now = datetime.now(UTC)
    price = apps.get_model("billing", "Price")
    price.objects.bulk_create(
        price(
            provider=provider,
            model=model,
            prompt_micro_usd_per_mtok=prompt,
            completion_micro_usd_per_mtok=completion,
            effective_from=now,
            source="default",
            created_at=now,
            created_by="system:setup",
        )
        for provider, model, prompt, completion in DEFAULTS
    )
    account = apps.get_model("billing", "Account")
    account.objects.bulk_create(
        account(tenant_id=tenant.pk, name=tenant.name, opened_at=tenant.created_at)
        for tenant in apps.get_model("tenants", "Tenant").objects.only("pk", "name", "created_at").iterator()
    )


class Migration(migrations.Migration):
    dependencies = [("billing", "0002_the_database_keeps_the_books"), ("tenants", "0001_initial")]

    operations = [migrations.RunPython(begin, migrations.RunPython.noop)]
