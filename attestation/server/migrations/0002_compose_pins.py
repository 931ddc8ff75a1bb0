import django.db.models.deletion
from django.db import migrations, models

INSTALL = """
CREATE FUNCTION attestation_guard_compose_pin() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_jsonb(NEW) - 'revoked_at' IS DISTINCT FROM to_jsonb(OLD) - 'revoked_at' THEN
        RAISE EXCEPTION 'a compose pin never changes' USING ERRCODE = 'restrict_violation';
    ELSIF OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS DISTINCT FROM OLD.revoked_at THEN
        RAISE EXCEPTION 'a compose pin is revoked once' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER compose_pin_never_changes BEFORE UPDATE ON attestation_composepin
    FOR EACH ROW EXECUTE FUNCTION attestation_guard_compose_pin();

CREATE FUNCTION attestation_keep_compose_pin() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM tenants_tenant WHERE id = OLD.tenant_id) THEN
        RAISE EXCEPTION 'a compose pin goes only with its tenant' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER compose_pin_is_kept AFTER DELETE ON attestation_composepin
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION attestation_keep_compose_pin();
"""
REMOVE = """
DROP TRIGGER compose_pin_is_kept ON attestation_composepin;
DROP TRIGGER compose_pin_never_changes ON attestation_composepin;
DROP FUNCTION attestation_keep_compose_pin();
DROP FUNCTION attestation_guard_compose_pin();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("attestation", "0001_evidence_snapshots"),
        ("tenants", "0002_close_control_database"),
    ]

    operations = [
        migrations.CreateModel(
            name='ComposePin',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('pin_id', models.CharField(max_length=12)),
                ('envelope', models.TextField()),
                ('scope_agent_id', models.CharField(blank=True, max_length=200)),
                ('signer_pubkey_b64', models.CharField(max_length=64)),
                ('issued_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField(blank=True, null=True)),
                ('created_at', models.DateTimeField()),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='compose_pins', to='tenants.tenant')),
            ],
            options={
                'ordering': ('-created_at', '-id'),
                'indexes': [models.Index(fields=['tenant', '-created_at', '-id'], name='pins_of_tenant'), models.Index(fields=['-created_at', '-id'], name='pins_newest')],
                'constraints': [models.UniqueConstraint(fields=('tenant', 'pin_id'), name='one_pin_of_an_id'), models.CheckConstraint(condition=models.Q(('pin_id__regex', '^[0-9a-f]{12}$')), name='pin_id_shape'), models.CheckConstraint(condition=models.Q(models.Q(('envelope', ''), _negated=True), models.Q(('signer_pubkey_b64', ''), _negated=True)), name='pin_is_signed')],
            },
        ),
        migrations.RunSQL(INSTALL, reverse_sql=REMOVE),
    ]
