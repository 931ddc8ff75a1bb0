import django.contrib.auth.models
import django.contrib.auth.validators
import django.db.models.deletion
import pghistory.utils
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('agents', '0001_initial'),
        ('auth', '0012_alter_user_first_name_max_length'),
        ('billing', '0005_pages_sent_and_lists'),
        ('hivemind', '0003_roles_see_the_checks'),
        ('rooms', '0002_store_sealed_bytes_as_they_are'),
        ('tenants', '0002_close_control_database'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Change',
            fields=[
                ('key', models.CharField(max_length=80, primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=40)),
                ('number', models.BigIntegerField()),
                ('at', models.DateTimeField()),
                ('act', models.CharField(max_length=20)),
                ('subject', models.CharField(max_length=64)),
                ('context', models.JSONField(null=True)),
                ('before', models.JSONField(null=True)),
                ('after', models.JSONField()),
            ],
            options={
                'db_table': 'hivemind_change',
                'ordering': ('-at', '-number'),
                'managed': False,
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='TrackedAccount',
            fields=[
            ],
            options={
                'proxy': True,
                'default_permissions': (),
                'indexes': [],
                'constraints': [],
            },
            bases=('billing.account',),
        ),
        migrations.CreateModel(
            name='TrackedAgent',
            fields=[
            ],
            options={
                'proxy': True,
                'default_permissions': (),
                'indexes': [],
                'constraints': [],
            },
            bases=('agents.agent',),
        ),
        migrations.CreateModel(
            name='TrackedCreditCode',
            fields=[
            ],
            options={
                'proxy': True,
                'default_permissions': (),
                'indexes': [],
                'constraints': [],
            },
            bases=('billing.creditcode',),
        ),
        migrations.CreateModel(
            name='TrackedGroup',
            fields=[
            ],
            options={
                'proxy': True,
                'default_permissions': (),
                'indexes': [],
                'constraints': [],
            },
            bases=('auth.group',),
            managers=[
                ('objects', django.contrib.auth.models.GroupManager()),
            ],
        ),
        migrations.CreateModel(
            name='TrackedGroupPermission',
            fields=[
            ],
            options={
                'proxy': True,
                'default_permissions': (),
                'indexes': [],
                'constraints': [],
            },
            bases=('auth.group_permissions',),
        ),
        migrations.CreateModel(
            name='TrackedOperator',
            fields=[
            ],
            options={
                'proxy': True,
                'default_permissions': (),
                'indexes': [],
                'constraints': [],
            },
            bases=('auth.user',),
            managers=[
                ('objects', django.contrib.auth.models.UserManager()),
            ],
        ),
        migrations.CreateModel(
            name='TrackedOperatorGroup',
            fields=[
            ],
            options={
                'proxy': True,
                'default_permissions': (),
                'indexes': [],
                'constraints': [],
            },
            bases=('auth.user_groups',),
        ),
        migrations.CreateModel(
            name='TrackedOperatorPermission',
            fields=[
            ],
            options={
                'proxy': True,
                'default_permissions': (),
                'indexes': [],
                'constraints': [],
            },
            bases=('auth.user_user_permissions',),
        ),
        migrations.CreateModel(
            name='TrackedPrice',
            fields=[
            ],
            options={
                'proxy': True,
                'default_permissions': (),
                'indexes': [],
                'constraints': [],
            },
            bases=('billing.price',),
        ),
        migrations.CreateModel(
            name='TrackedRoom',
            fields=[
            ],
            options={
                'proxy': True,
                'default_permissions': (),
                'indexes': [],
                'constraints': [],
            },
            bases=('rooms.room',),
        ),
        migrations.CreateModel(
            name='TrackedSpendToken',
            fields=[
            ],
            options={
                'proxy': True,
                'default_permissions': (),
                'indexes': [],
                'constraints': [],
            },
            bases=('billing.spendtoken',),
        ),
        migrations.CreateModel(
            name='TrackedTenant',
            fields=[
            ],
            options={
                'proxy': True,
                'default_permissions': (),
                'indexes': [],
                'constraints': [],
            },
            bases=('tenants.tenant',),
        ),
        migrations.CreateModel(
            name='AccountEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_context', pghistory.utils.JSONField(null=True)),
                ('tenant_id', models.CharField(max_length=64, serialize=False)),
                ('name', models.CharField(max_length=200)),
                ('opened_at', models.DateTimeField()),
                ('closed_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'abstract': False,
                'default_permissions': (),
                'indexes': [models.Index(fields=['pgh_created_at', 'pgh_id'], name='account_events_at'), models.Index(fields=['tenant_id', 'pgh_id'], name='account_events_of')],
            },
        ),
        migrations.CreateModel(
            name='AgentEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_context', pghistory.utils.JSONField(null=True)),
                ('id', models.CharField(max_length=64, serialize=False)),
                ('room_id', models.CharField(blank=True, max_length=64)),
                ('uploader_token_id', models.CharField(blank=True, max_length=12)),
                ('name', models.CharField(max_length=200)),
                ('agent_type', models.CharField(choices=[('scope', 'Scope'), ('query', 'Query'), ('mediator', 'Mediator')], max_length=10)),
                ('inspection_mode', models.CharField(choices=[('full', 'Full'), ('sealed', 'Sealed')], max_length=10)),
                ('harness', models.CharField(default='claude_code', max_length=20)),
                ('memory_mb', models.PositiveIntegerField()),
                ('max_llm_calls', models.PositiveIntegerField()),
                ('max_tokens', models.PositiveBigIntegerField()),
                ('timeout_seconds', models.PositiveIntegerField()),
                ('files_count', models.PositiveIntegerField()),
                ('files_digest', models.CharField(max_length=64)),
                ('attested_files_count', models.PositiveIntegerField()),
                ('attested_files_digest', models.CharField(max_length=64)),
                ('source_sha256', models.CharField(max_length=64)),
                ('image_id', models.CharField(blank=True, max_length=100)),
                ('created_at', models.DateTimeField()),
                ('tenant', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='tenants.tenant')),
            ],
            options={
                'abstract': False,
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='CreditCodeEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_context', pghistory.utils.JSONField(null=True)),
                ('code_id', models.CharField(max_length=19, serialize=False)),
                ('label', models.CharField(blank=True, max_length=200)),
                ('credit_micro_usd', models.BigIntegerField()),
                ('max_redemptions', models.PositiveIntegerField()),
                ('created_at', models.DateTimeField()),
                ('created_by', models.CharField(max_length=120)),
                ('expires_at', models.DateTimeField(blank=True, null=True)),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'abstract': False,
                'default_permissions': (),
                'indexes': [models.Index(fields=['pgh_created_at', 'pgh_id'], name='credit_code_events_at'), models.Index(fields=['code_id', 'pgh_id'], name='credit_code_events_of')],
            },
        ),
        migrations.CreateModel(
            name='GroupEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_context', pghistory.utils.JSONField(null=True)),
                ('id', models.IntegerField()),
                ('name', models.CharField(max_length=150, verbose_name='name')),
            ],
            options={
                'abstract': False,
                'default_permissions': (),
                'indexes': [models.Index(fields=['pgh_created_at', 'pgh_id'], name='group_events_at'), models.Index(fields=['id', 'pgh_id'], name='group_events_of')],
            },
        ),
        migrations.CreateModel(
            name='GroupPermissionEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_context', pghistory.utils.JSONField(null=True)),
                ('id', models.IntegerField()),
                ('group', models.ForeignKey(db_constraint=False, db_index=False, db_tablespace='', on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='auth.group')),
                ('permission', models.ForeignKey(db_constraint=False, db_index=False, db_tablespace='', on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='auth.permission')),
            ],
            options={
                'abstract': False,
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='OperatorEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_context', pghistory.utils.JSONField(null=True)),
                ('id', models.IntegerField()),
                ('username', models.CharField(error_messages={'unique': 'A user with that username already exists.'}, help_text='Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.', max_length=150, validators=[django.contrib.auth.validators.UnicodeUsernameValidator()], verbose_name='username')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='email address')),
                ('is_active', models.BooleanField(default=True, help_text='Designates whether this user should be treated as active. Unselect this instead of deleting accounts.', verbose_name='active')),
                ('is_staff', models.BooleanField(default=False, help_text='Designates whether the user can log into this admin site.', verbose_name='staff status')),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
            ],
            options={
                'abstract': False,
                'default_permissions': (),
                'indexes': [models.Index(fields=['pgh_created_at', 'pgh_id'], name='operator_events_at'), models.Index(fields=['id', 'pgh_id'], name='operator_events_of')],
            },
        ),
        migrations.CreateModel(
            name='OperatorGroupEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_context', pghistory.utils.JSONField(null=True)),
                ('id', models.IntegerField()),
                ('group', models.ForeignKey(db_constraint=False, db_index=False, db_tablespace='', on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='auth.group')),
                ('user', models.ForeignKey(db_constraint=False, db_index=False, db_tablespace='', on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'abstract': False,
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='OperatorPermissionEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_context', pghistory.utils.JSONField(null=True)),
                ('id', models.IntegerField()),
                ('permission', models.ForeignKey(db_constraint=False, db_index=False, db_tablespace='', on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='auth.permission')),
                ('user', models.ForeignKey(db_constraint=False, db_index=False, db_tablespace='', on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'abstract': False,
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='PriceEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_context', pghistory.utils.JSONField(null=True)),
                ('id', models.BigIntegerField()),
                ('provider', models.CharField(max_length=40)),
                ('model', models.CharField(max_length=200)),
                ('prompt_micro_usd_per_mtok', models.BigIntegerField()),
                ('completion_micro_usd_per_mtok', models.BigIntegerField()),
                ('effective_from', models.DateTimeField()),
                ('withdrawn', models.BooleanField(default=False)),
                ('source', models.CharField(max_length=40)),
                ('created_at', models.DateTimeField()),
                ('created_by', models.CharField(max_length=120)),
            ],
            options={
                'abstract': False,
                'default_permissions': (),
                'indexes': [models.Index(fields=['pgh_created_at', 'pgh_id'], name='price_events_at'), models.Index(fields=['id', 'pgh_id'], name='price_events_of')],
            },
        ),
        migrations.CreateModel(
            name='RoomEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_context', pghistory.utils.JSONField(null=True)),
                ('id', models.CharField(max_length=64, serialize=False)),
                ('name', models.TextField(blank=True)),
                ('manifest_hash', models.CharField(max_length=64)),
                ('owner_pubkey_b64', models.CharField(max_length=64)),
                ('serial', models.PositiveIntegerField(default=1)),
                ('created_at', models.DateTimeField()),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
                ('tenant', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='tenants.tenant')),
            ],
            options={
                'abstract': False,
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='SpendTokenEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_context', pghistory.utils.JSONField(null=True)),
                ('token_id', models.CharField(max_length=12, serialize=False)),
                ('limit_micro_usd', models.BigIntegerField()),
                ('room_id', models.CharField(blank=True, max_length=64)),
                ('service', models.CharField(blank=True, max_length=300)),
                ('minted_by', models.CharField(max_length=12)),
                ('created_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
                ('account', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='billing.account')),
            ],
            options={
                'abstract': False,
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='TenantEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_context', pghistory.utils.JSONField(null=True)),
                ('id', models.CharField(max_length=64, serialize=False)),
                ('name', models.CharField(max_length=200)),
                ('db_name', models.CharField(max_length=80)),
                ('db_owner', models.CharField(max_length=80)),
                ('signing_pubkey_b64', models.CharField(blank=True, max_length=64)),
                ('created_at', models.DateTimeField()),
                ('suspended_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'abstract': False,
                'default_permissions': (),
                'indexes': [models.Index(fields=['pgh_created_at', 'pgh_id'], name='tenant_events_at'), models.Index(fields=['id', 'pgh_id'], name='tenant_events_of')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='trackedaccount',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "hivemind_accountevent" ("closed_at", "name", "opened_at", "pgh_context", "pgh_created_at", "pgh_label", "tenant_id") VALUES (NEW."closed_at", NEW."name", NEW."opened_at", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'insert\', NEW."tenant_id"); RETURN NULL;', hash='8bfe80e292d8b93c30e8c3d66d60dde27d036b40', operation='INSERT', pgid='pgtrigger_insert_insert_2b748', table='billing_account', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='trackedaccount',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "hivemind_accountevent" ("closed_at", "name", "opened_at", "pgh_context", "pgh_created_at", "pgh_label", "tenant_id") VALUES (OLD."closed_at", OLD."name", OLD."opened_at", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'delete\', OLD."tenant_id"); RETURN NULL;', hash='e8c87207bd18b22126b1734c5ad876b973d2db27', operation='DELETE', pgid='pgtrigger_delete_delete_e7786', table='billing_account', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='trackedaccount',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."closed_at" IS DISTINCT FROM (NEW."closed_at") OR OLD."name" IS DISTINCT FROM (NEW."name") OR OLD."opened_at" IS DISTINCT FROM (NEW."opened_at") OR OLD."tenant_id" IS DISTINCT FROM (NEW."tenant_id"))', func='INSERT INTO "hivemind_accountevent" ("closed_at", "name", "opened_at", "pgh_context", "pgh_created_at", "pgh_label", "tenant_id") VALUES (NEW."closed_at", NEW."name", NEW."opened_at", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'update\', NEW."tenant_id"); RETURN NULL;', hash='c8f5e80649050aa064b3579a0308d4083373df12', operation='UPDATE', pgid='pgtrigger_update_update_344d5', table='billing_account', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='trackedagent',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "hivemind_agentevent" ("agent_type", "attested_files_count", "attested_files_digest", "created_at", "files_count", "files_digest", "harness", "id", "image_id", "inspection_mode", "max_llm_calls", "max_tokens", "memory_mb", "name", "pgh_context", "pgh_created_at", "pgh_label", "room_id", "source_sha256", "tenant_id", "timeout_seconds", "uploader_token_id") VALUES (NEW."agent_type", NEW."attested_files_count", NEW."attested_files_digest", NEW."created_at", NEW."files_count", NEW."files_digest", NEW."harness", NEW."id", NEW."image_id", NEW."inspection_mode", NEW."max_llm_calls", NEW."max_tokens", NEW."memory_mb", NEW."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'insert\', NEW."room_id", NEW."source_sha256", NEW."tenant_id", NEW."timeout_seconds", NEW."uploader_token_id"); RETURN NULL;', hash='cea2cdb23ae5a75af167d5b183dddb227345a938', operation='INSERT', pgid='pgtrigger_insert_insert_8472f', table='agents_agent', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='trackedagent',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "hivemind_agentevent" ("agent_type", "attested_files_count", "attested_files_digest", "created_at", "files_count", "files_digest", "harness", "id", "image_id", "inspection_mode", "max_llm_calls", "max_tokens", "memory_mb", "name", "pgh_context", "pgh_created_at", "pgh_label", "room_id", "source_sha256", "tenant_id", "timeout_seconds", "uploader_token_id") VALUES (OLD."agent_type", OLD."attested_files_count", OLD."attested_files_digest", OLD."created_at", OLD."files_count", OLD."files_digest", OLD."harness", OLD."id", OLD."image_id", OLD."inspection_mode", OLD."max_llm_calls", OLD."max_tokens", OLD."memory_mb", OLD."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'delete\', OLD."room_id", OLD."source_sha256", OLD."tenant_id", OLD."timeout_seconds", OLD."uploader_token_id"); RETURN NULL;', hash='1755459657e53f47d2c938cf04749eb1529e3145', operation='DELETE', pgid='pgtrigger_delete_delete_96771', table='agents_agent', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='trackedagent',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."agent_type" IS DISTINCT FROM (NEW."agent_type") OR OLD."attested_files_count" IS DISTINCT FROM (NEW."attested_files_count") OR OLD."attested_files_digest" IS DISTINCT FROM (NEW."attested_files_digest") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."files_count" IS DISTINCT FROM (NEW."files_count") OR OLD."files_digest" IS DISTINCT FROM (NEW."files_digest") OR OLD."harness" IS DISTINCT FROM (NEW."harness") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."image_id" IS DISTINCT FROM (NEW."image_id") OR OLD."inspection_mode" IS DISTINCT FROM (NEW."inspection_mode") OR OLD."max_llm_calls" IS DISTINCT FROM (NEW."max_llm_calls") OR OLD."max_tokens" IS DISTINCT FROM (NEW."max_tokens") OR OLD."memory_mb" IS DISTINCT FROM (NEW."memory_mb") OR OLD."name" IS DISTINCT FROM (NEW."name") OR OLD."room_id" IS DISTINCT FROM (NEW."room_id") OR OLD."source_sha256" IS DISTINCT FROM (NEW."source_sha256") OR OLD."tenant_id" IS DISTINCT FROM (NEW."tenant_id") OR OLD."timeout_seconds" IS DISTINCT FROM (NEW."timeout_seconds") OR OLD."uploader_token_id" IS DISTINCT FROM (NEW."uploader_token_id"))', func='INSERT INTO "hivemind_agentevent" ("agent_type", "attested_files_count", "attested_files_digest", "created_at", "files_count", "files_digest", "harness", "id", "image_id", "inspection_mode", "max_llm_calls", "max_tokens", "memory_mb", "name", "pgh_context", "pgh_created_at", "pgh_label", "room_id", "source_sha256", "tenant_id", "timeout_seconds", "uploader_token_id") VALUES (NEW."agent_type", NEW."attested_files_count", NEW."attested_files_digest", NEW."created_at", NEW."files_count", NEW."files_digest", NEW."harness", NEW."id", NEW."image_id", NEW."inspection_mode", NEW."max_llm_calls", NEW."max_tokens", NEW."memory_mb", NEW."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'update\', NEW."room_id", NEW."source_sha256", NEW."tenant_id", NEW."timeout_seconds", NEW."uploader_token_id"); RETURN NULL;', hash='1c7b2055530731183cbd5cab29708ee9b2868d7c', operation='UPDATE', pgid='pgtrigger_update_update_8fd24', table='agents_agent', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='trackedcreditcode',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "hivemind_creditcodeevent" ("code_id", "created_at", "created_by", "credit_micro_usd", "expires_at", "label", "max_redemptions", "pgh_context", "pgh_created_at", "pgh_label", "revoked_at") VALUES (NEW."code_id", NEW."created_at", NEW."created_by", NEW."credit_micro_usd", NEW."expires_at", NEW."label", NEW."max_redemptions", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'insert\', NEW."revoked_at"); RETURN NULL;', hash='b8ec5bb1bf77b8783edce5e38c3392eb3341399e', operation='INSERT', pgid='pgtrigger_insert_insert_cc737', table='billing_creditcode', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='trackedcreditcode',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "hivemind_creditcodeevent" ("code_id", "created_at", "created_by", "credit_micro_usd", "expires_at", "label", "max_redemptions", "pgh_context", "pgh_created_at", "pgh_label", "revoked_at") VALUES (OLD."code_id", OLD."created_at", OLD."created_by", OLD."credit_micro_usd", OLD."expires_at", OLD."label", OLD."max_redemptions", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'delete\', OLD."revoked_at"); RETURN NULL;', hash='f2df4193daf67cfe8594d744978ce89e776b5e48', operation='DELETE', pgid='pgtrigger_delete_delete_1aaf0', table='billing_creditcode', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='trackedcreditcode',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."code_id" IS DISTINCT FROM (NEW."code_id") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."created_by" IS DISTINCT FROM (NEW."created_by") OR OLD."credit_micro_usd" IS DISTINCT FROM (NEW."credit_micro_usd") OR OLD."expires_at" IS DISTINCT FROM (NEW."expires_at") OR OLD."label" IS DISTINCT FROM (NEW."label") OR OLD."max_redemptions" IS DISTINCT FROM (NEW."max_redemptions") OR OLD."revoked_at" IS DISTINCT FROM (NEW."revoked_at"))', func='INSERT INTO "hivemind_creditcodeevent" ("code_id", "created_at", "created_by", "credit_micro_usd", "expires_at", "label", "max_redemptions", "pgh_context", "pgh_created_at", "pgh_label", "revoked_at") VALUES (NEW."code_id", NEW."created_at", NEW."created_by", NEW."credit_micro_usd", NEW."expires_at", NEW."label", NEW."max_redemptions", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'update\', NEW."revoked_at"); RETURN NULL;', hash='e877992da6ecd807cdc7feee81c53e98755f5bab', operation='UPDATE', pgid='pgtrigger_update_update_f20da', table='billing_creditcode', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='trackedgroup',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "hivemind_groupevent" ("id", "name", "pgh_context", "pgh_created_at", "pgh_label") VALUES (NEW."id", NEW."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'insert\'); RETURN NULL;', hash='60fe00589908916a3397e5b2769f4a4719985051', operation='INSERT', pgid='pgtrigger_insert_insert_56c3e', table='auth_group', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='trackedgroup',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "hivemind_groupevent" ("id", "name", "pgh_context", "pgh_created_at", "pgh_label") VALUES (OLD."id", OLD."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'delete\'); RETURN NULL;', hash='e23f93b22f0cdf26f4cd52eeccd085aae9736d7f', operation='DELETE', pgid='pgtrigger_delete_delete_f9829', table='auth_group', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='trackedgroup',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "hivemind_groupevent" ("id", "name", "pgh_context", "pgh_created_at", "pgh_label") VALUES (NEW."id", NEW."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'update\'); RETURN NULL;', hash='ae9150a941118f52968a333f4cda150c01175fca', operation='UPDATE', pgid='pgtrigger_update_update_e203c', table='auth_group', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='trackedgrouppermission',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "hivemind_grouppermissionevent" ("group_id", "id", "permission_id", "pgh_context", "pgh_created_at", "pgh_label") VALUES (NEW."group_id", NEW."id", NEW."permission_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'insert\'); RETURN NULL;', hash='88e4a5753319337da2ba2819d68d1713d2eef419', operation='INSERT', pgid='pgtrigger_insert_insert_f6981', table='auth_group_permissions', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='trackedgrouppermission',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "hivemind_grouppermissionevent" ("group_id", "id", "permission_id", "pgh_context", "pgh_created_at", "pgh_label") VALUES (OLD."group_id", OLD."id", OLD."permission_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'delete\'); RETURN NULL;', hash='2a5f1ea0a040d3bb2beaf820feebe18caf399f8f', operation='DELETE', pgid='pgtrigger_delete_delete_7e15c', table='auth_group_permissions', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='trackedoperator',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "hivemind_operatorevent" ("email", "id", "is_active", "is_staff", "is_superuser", "pgh_context", "pgh_created_at", "pgh_label", "username") VALUES (NEW."email", NEW."id", NEW."is_active", NEW."is_staff", NEW."is_superuser", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'insert\', NEW."username"); RETURN NULL;', hash='a955a079cabccca9db0c6ad3c781ee8b59baf295', operation='INSERT', pgid='pgtrigger_insert_insert_26032', table='auth_user', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='trackedoperator',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "hivemind_operatorevent" ("email", "id", "is_active", "is_staff", "is_superuser", "pgh_context", "pgh_created_at", "pgh_label", "username") VALUES (OLD."email", OLD."id", OLD."is_active", OLD."is_staff", OLD."is_superuser", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'delete\', OLD."username"); RETURN NULL;', hash='48f5bbf7e959c06c5f5dd363f349ce72c46d732c', operation='DELETE', pgid='pgtrigger_delete_delete_d198a', table='auth_user', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='trackedoperator',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."email" IS DISTINCT FROM (NEW."email") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."is_active" IS DISTINCT FROM (NEW."is_active") OR OLD."is_staff" IS DISTINCT FROM (NEW."is_staff") OR OLD."is_superuser" IS DISTINCT FROM (NEW."is_superuser") OR OLD."username" IS DISTINCT FROM (NEW."username"))', func='INSERT INTO "hivemind_operatorevent" ("email", "id", "is_active", "is_staff", "is_superuser", "pgh_context", "pgh_created_at", "pgh_label", "username") VALUES (NEW."email", NEW."id", NEW."is_active", NEW."is_staff", NEW."is_superuser", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'update\', NEW."username"); RETURN NULL;', hash='b2726f91b031f62f3e69086911219a58456e47e7', operation='UPDATE', pgid='pgtrigger_update_update_95f87', table='auth_user', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='trackedoperator',
            trigger=pgtrigger.compiler.Trigger(name='password_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."password" IS DISTINCT FROM (NEW."password"))', func='INSERT INTO "hivemind_operatorevent" ("email", "id", "is_active", "is_staff", "is_superuser", "pgh_context", "pgh_created_at", "pgh_label", "username") VALUES (NEW."email", NEW."id", NEW."is_active", NEW."is_staff", NEW."is_superuser", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'password\', NEW."username"); RETURN NULL;', hash='172c1d912c9ffb6677639405d5e0e394ad79f3dd', operation='UPDATE', pgid='pgtrigger_password_update_ad4fc', table='auth_user', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='trackedoperatorgroup',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "hivemind_operatorgroupevent" ("group_id", "id", "pgh_context", "pgh_created_at", "pgh_label", "user_id") VALUES (NEW."group_id", NEW."id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'insert\', NEW."user_id"); RETURN NULL;', hash='a1a16f42e0786ea55d87d3bf11c0965d1520152b', operation='INSERT', pgid='pgtrigger_insert_insert_0a1b3', table='auth_user_groups', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='trackedoperatorgroup',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "hivemind_operatorgroupevent" ("group_id", "id", "pgh_context", "pgh_created_at", "pgh_label", "user_id") VALUES (OLD."group_id", OLD."id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'delete\', OLD."user_id"); RETURN NULL;', hash='06283c08a3dd88565287eae50406c648e0bce602', operation='DELETE', pgid='pgtrigger_delete_delete_796b4', table='auth_user_groups', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='trackedoperatorpermission',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "hivemind_operatorpermissionevent" ("id", "permission_id", "pgh_context", "pgh_created_at", "pgh_label", "user_id") VALUES (NEW."id", NEW."permission_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'insert\', NEW."user_id"); RETURN NULL;', hash='3e4c633b4aab80974408112f7c8612be0386cf18', operation='INSERT', pgid='pgtrigger_insert_insert_490bb', table='auth_user_user_permissions', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='trackedoperatorpermission',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "hivemind_operatorpermissionevent" ("id", "permission_id", "pgh_context", "pgh_created_at", "pgh_label", "user_id") VALUES (OLD."id", OLD."permission_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'delete\', OLD."user_id"); RETURN NULL;', hash='b624dfc9bea78eaac562381115e1c374273c6e89', operation='DELETE', pgid='pgtrigger_delete_delete_7305c', table='auth_user_user_permissions', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='trackedprice',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "hivemind_priceevent" ("completion_micro_usd_per_mtok", "created_at", "created_by", "effective_from", "id", "model", "pgh_context", "pgh_created_at", "pgh_label", "prompt_micro_usd_per_mtok", "provider", "source", "withdrawn") VALUES (NEW."completion_micro_usd_per_mtok", NEW."created_at", NEW."created_by", NEW."effective_from", NEW."id", NEW."model", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'insert\', NEW."prompt_micro_usd_per_mtok", NEW."provider", NEW."source", NEW."withdrawn"); RETURN NULL;', hash='0dd1fbaad1ace9ce7f3642e3cdb9b388528bc3aa', operation='INSERT', pgid='pgtrigger_insert_insert_09c56', table='billing_price', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='trackedprice',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "hivemind_priceevent" ("completion_micro_usd_per_mtok", "created_at", "created_by", "effective_from", "id", "model", "pgh_context", "pgh_created_at", "pgh_label", "prompt_micro_usd_per_mtok", "provider", "source", "withdrawn") VALUES (OLD."completion_micro_usd_per_mtok", OLD."created_at", OLD."created_by", OLD."effective_from", OLD."id", OLD."model", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'delete\', OLD."prompt_micro_usd_per_mtok", OLD."provider", OLD."source", OLD."withdrawn"); RETURN NULL;', hash='16ea106b9788e859d7acd3fd17c874909e83c737', operation='DELETE', pgid='pgtrigger_delete_delete_7c7d9', table='billing_price', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='trackedprice',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "hivemind_priceevent" ("completion_micro_usd_per_mtok", "created_at", "created_by", "effective_from", "id", "model", "pgh_context", "pgh_created_at", "pgh_label", "prompt_micro_usd_per_mtok", "provider", "source", "withdrawn") VALUES (NEW."completion_micro_usd_per_mtok", NEW."created_at", NEW."created_by", NEW."effective_from", NEW."id", NEW."model", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'update\', NEW."prompt_micro_usd_per_mtok", NEW."provider", NEW."source", NEW."withdrawn"); RETURN NULL;', hash='7d8ae6d7637589d535d93f1d7ec9caece1dbd561', operation='UPDATE', pgid='pgtrigger_update_update_14a82', table='billing_price', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='trackedroom',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "hivemind_roomevent" ("created_at", "id", "manifest_hash", "name", "owner_pubkey_b64", "pgh_context", "pgh_created_at", "pgh_label", "revoked_at", "serial", "tenant_id") VALUES (NEW."created_at", NEW."id", NEW."manifest_hash", NEW."name", NEW."owner_pubkey_b64", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'insert\', NEW."revoked_at", NEW."serial", NEW."tenant_id"); RETURN NULL;', hash='75b982a85cde542db69723c9c0c5812e1a00f32d', operation='INSERT', pgid='pgtrigger_insert_insert_8b871', table='rooms_room', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='trackedroom',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "hivemind_roomevent" ("created_at", "id", "manifest_hash", "name", "owner_pubkey_b64", "pgh_context", "pgh_created_at", "pgh_label", "revoked_at", "serial", "tenant_id") VALUES (OLD."created_at", OLD."id", OLD."manifest_hash", OLD."name", OLD."owner_pubkey_b64", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'delete\', OLD."revoked_at", OLD."serial", OLD."tenant_id"); RETURN NULL;', hash='4e49991d8b349c596fe994ae0e2130666fe54253', operation='DELETE', pgid='pgtrigger_delete_delete_84f81', table='rooms_room', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='trackedroom',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."manifest_hash" IS DISTINCT FROM (NEW."manifest_hash") OR OLD."name" IS DISTINCT FROM (NEW."name") OR OLD."owner_pubkey_b64" IS DISTINCT FROM (NEW."owner_pubkey_b64") OR OLD."revoked_at" IS DISTINCT FROM (NEW."revoked_at") OR OLD."serial" IS DISTINCT FROM (NEW."serial") OR OLD."tenant_id" IS DISTINCT FROM (NEW."tenant_id"))', func='INSERT INTO "hivemind_roomevent" ("created_at", "id", "manifest_hash", "name", "owner_pubkey_b64", "pgh_context", "pgh_created_at", "pgh_label", "revoked_at", "serial", "tenant_id") VALUES (NEW."created_at", NEW."id", NEW."manifest_hash", NEW."name", NEW."owner_pubkey_b64", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'update\', NEW."revoked_at", NEW."serial", NEW."tenant_id"); RETURN NULL;', hash='31ce015e80e2cfb5b9c6cfc1b82f56701118f1e8', operation='UPDATE', pgid='pgtrigger_update_update_d7475', table='rooms_room', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='trackedspendtoken',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "hivemind_spendtokenevent" ("account_id", "created_at", "expires_at", "limit_micro_usd", "minted_by", "pgh_context", "pgh_created_at", "pgh_label", "revoked_at", "room_id", "service", "token_id") VALUES (NEW."account_id", NEW."created_at", NEW."expires_at", NEW."limit_micro_usd", NEW."minted_by", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'insert\', NEW."revoked_at", NEW."room_id", NEW."service", NEW."token_id"); RETURN NULL;', hash='3288391332d61c9fdbf0390e7c22356b282a6b4a', operation='INSERT', pgid='pgtrigger_insert_insert_0b9a3', table='billing_spendtoken', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='trackedspendtoken',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "hivemind_spendtokenevent" ("account_id", "created_at", "expires_at", "limit_micro_usd", "minted_by", "pgh_context", "pgh_created_at", "pgh_label", "revoked_at", "room_id", "service", "token_id") VALUES (OLD."account_id", OLD."created_at", OLD."expires_at", OLD."limit_micro_usd", OLD."minted_by", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'delete\', OLD."revoked_at", OLD."room_id", OLD."service", OLD."token_id"); RETURN NULL;', hash='de9a510ed58c28ac770ee72878ae12b39e6a3b88', operation='DELETE', pgid='pgtrigger_delete_delete_ab3eb', table='billing_spendtoken', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='trackedspendtoken',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."account_id" IS DISTINCT FROM (NEW."account_id") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."expires_at" IS DISTINCT FROM (NEW."expires_at") OR OLD."limit_micro_usd" IS DISTINCT FROM (NEW."limit_micro_usd") OR OLD."minted_by" IS DISTINCT FROM (NEW."minted_by") OR OLD."revoked_at" IS DISTINCT FROM (NEW."revoked_at") OR OLD."room_id" IS DISTINCT FROM (NEW."room_id") OR OLD."service" IS DISTINCT FROM (NEW."service") OR OLD."token_id" IS DISTINCT FROM (NEW."token_id"))', func='INSERT INTO "hivemind_spendtokenevent" ("account_id", "created_at", "expires_at", "limit_micro_usd", "minted_by", "pgh_context", "pgh_created_at", "pgh_label", "revoked_at", "room_id", "service", "token_id") VALUES (NEW."account_id", NEW."created_at", NEW."expires_at", NEW."limit_micro_usd", NEW."minted_by", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'update\', NEW."revoked_at", NEW."room_id", NEW."service", NEW."token_id"); RETURN NULL;', hash='fd48a6d8d7a6f9085261fb80882f440f466cf01d', operation='UPDATE', pgid='pgtrigger_update_update_48654', table='billing_spendtoken', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='trackedtenant',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "hivemind_tenantevent" ("created_at", "db_name", "db_owner", "id", "name", "pgh_context", "pgh_created_at", "pgh_label", "signing_pubkey_b64", "suspended_at") VALUES (NEW."created_at", NEW."db_name", NEW."db_owner", NEW."id", NEW."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'insert\', NEW."signing_pubkey_b64", NEW."suspended_at"); RETURN NULL;', hash='84dea222f5ceda68e923db012d8bd3c8dc8549c1', operation='INSERT', pgid='pgtrigger_insert_insert_ce348', table='tenants_tenant', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='trackedtenant',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "hivemind_tenantevent" ("created_at", "db_name", "db_owner", "id", "name", "pgh_context", "pgh_created_at", "pgh_label", "signing_pubkey_b64", "suspended_at") VALUES (OLD."created_at", OLD."db_name", OLD."db_owner", OLD."id", OLD."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'delete\', OLD."signing_pubkey_b64", OLD."suspended_at"); RETURN NULL;', hash='639d1748c58c0f0eecdd7639b006572d676a588f', operation='DELETE', pgid='pgtrigger_delete_delete_942aa', table='tenants_tenant', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='trackedtenant',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."db_name" IS DISTINCT FROM (NEW."db_name") OR OLD."db_owner" IS DISTINCT FROM (NEW."db_owner") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."name" IS DISTINCT FROM (NEW."name") OR OLD."signing_pubkey_b64" IS DISTINCT FROM (NEW."signing_pubkey_b64") OR OLD."suspended_at" IS DISTINCT FROM (NEW."suspended_at"))', func='INSERT INTO "hivemind_tenantevent" ("created_at", "db_name", "db_owner", "id", "name", "pgh_context", "pgh_created_at", "pgh_label", "signing_pubkey_b64", "suspended_at") VALUES (NEW."created_at", NEW."db_name", NEW."db_owner", NEW."id", NEW."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'update\', NEW."signing_pubkey_b64", NEW."suspended_at"); RETURN NULL;', hash='c54cc9dc84ed21f1ef2ee63adf31ea80291c7217', operation='UPDATE', pgid='pgtrigger_update_update_ce0ce', table='tenants_tenant', when='AFTER')),
        ),
        migrations.AddIndex(
            model_name='agentevent',
            index=models.Index(fields=['pgh_created_at', 'pgh_id'], name='agent_events_at'),
        ),
        migrations.AddIndex(
            model_name='agentevent',
            index=models.Index(fields=['id', 'pgh_id'], name='agent_events_of'),
        ),
        migrations.AddIndex(
            model_name='grouppermissionevent',
            index=models.Index(fields=['pgh_created_at', 'pgh_id'], name='group_permission_events_at'),
        ),
        migrations.AddIndex(
            model_name='grouppermissionevent',
            index=models.Index(fields=['id', 'pgh_id'], name='group_permission_events_of'),
        ),
        migrations.AddIndex(
            model_name='operatorgroupevent',
            index=models.Index(fields=['pgh_created_at', 'pgh_id'], name='operator_group_events_at'),
        ),
        migrations.AddIndex(
            model_name='operatorgroupevent',
            index=models.Index(fields=['id', 'pgh_id'], name='operator_group_events_of'),
        ),
        migrations.AddIndex(
            model_name='operatorpermissionevent',
            index=models.Index(fields=['pgh_created_at', 'pgh_id'], name='operator_permission_events_at'),
        ),
        migrations.AddIndex(
            model_name='operatorpermissionevent',
            index=models.Index(fields=['id', 'pgh_id'], name='operator_permission_events_of'),
        ),
        migrations.AddIndex(
            model_name='roomevent',
            index=models.Index(fields=['pgh_created_at', 'pgh_id'], name='room_events_at'),
        ),
        migrations.AddIndex(
            model_name='roomevent',
            index=models.Index(fields=['id', 'pgh_id'], name='room_events_of'),
        ),
        migrations.AddIndex(
            model_name='spendtokenevent',
            index=models.Index(fields=['pgh_created_at', 'pgh_id'], name='spend_token_events_at'),
        ),
        migrations.AddIndex(
            model_name='spendtokenevent',
            index=models.Index(fields=['token_id', 'pgh_id'], name='spend_token_events_of'),
        ),
    ]
