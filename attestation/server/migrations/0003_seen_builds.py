from django.db import migrations, models

INSTALL = """
CREATE FUNCTION attestation_guard_seen_build() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a build that ran is not forgotten' USING ERRCODE = 'restrict_violation';
    ELSIF to_jsonb(NEW) - 'last_seen_at' IS DISTINCT FROM to_jsonb(OLD) - 'last_seen_at' THEN
        RAISE EXCEPTION 'a build that ran never changes' USING ERRCODE = 'restrict_violation';
    END IF;
    NEW.last_seen_at := greatest(NEW.last_seen_at, OLD.last_seen_at);
    RETURN NEW;
END $$;

CREATE TRIGGER seen_build_is_kept BEFORE UPDATE OR DELETE ON attestation_seenbuild
    FOR EACH ROW EXECUTE FUNCTION attestation_guard_seen_build();
"""
REMOVE = """
DROP TRIGGER seen_build_is_kept ON attestation_seenbuild;
DROP FUNCTION attestation_guard_seen_build();
"""


class Migration(migrations.Migration):
    dependencies = [("attestation", "0002_compose_pins")]

    operations = [
        migrations.CreateModel(
            name='SeenBuild',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('compose_hash', models.CharField(max_length=64)),
                ('app_id', models.CharField(blank=True, max_length=64)),
                ('instance_id', models.CharField(blank=True, max_length=64)),
                ('app_version', models.CharField(max_length=40)),
                ('kind', models.CharField(choices=[('dstack', 'dstack'), ('development', 'development')], max_length=20)),
                ('run_signer_pubkey_b64', models.CharField(max_length=64)),
                ('first_seen_at', models.DateTimeField()),
                ('last_seen_at', models.DateTimeField()),
            ],
            options={
                'verbose_name': 'build that ran',
                'verbose_name_plural': 'builds that ran',
                'ordering': ('-last_seen_at', '-id'),
                'indexes': [models.Index(fields=['-last_seen_at', '-id'], name='builds_last_seen')],
                'constraints': [models.UniqueConstraint(fields=('compose_hash', 'app_id', 'instance_id', 'app_version', 'kind', 'run_signer_pubkey_b64'), name='one_row_of_a_build'), models.CheckConstraint(condition=models.Q(('compose_hash__regex', '^[0-9a-f]{64}$')), name='build_compose_hash_shape'), models.CheckConstraint(condition=models.Q(('kind__in', ['dstack', 'development'])), name='build_kind_known'), models.CheckConstraint(condition=models.Q(('last_seen_at__gte', models.F('first_seen_at'))), name='build_seen_in_order')],
            },
        ),
        migrations.RunSQL(INSTALL, reverse_sql=REMOVE),
    ]
