from django.db import migrations

INSTALL = """
CREATE FUNCTION kit_refuse_change_of_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit events are append-only' USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE ON kit_auditevent
    FOR EACH ROW EXECUTE FUNCTION kit_refuse_change_of_audit();
"""
REMOVE = """
DROP TRIGGER audit_is_append_only ON kit_auditevent;
DROP FUNCTION kit_refuse_change_of_audit();
"""


class Migration(migrations.Migration):
    dependencies = [("kit", "0001_initial")]

    operations = [migrations.RunSQL(INSTALL, reverse_sql=REMOVE)]
