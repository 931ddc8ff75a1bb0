from django.db import migrations

# Tenants' roles live on the same server; only the service's own role may enter the service's database.
CLOSE = """
DO $$ BEGIN EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database()); END $$
"""


class Migration(migrations.Migration):
    dependencies = [("tenants", "0001_initial")]

    operations = [migrations.RunSQL(CLOSE, reverse_sql=migrations.RunSQL.noop)]
