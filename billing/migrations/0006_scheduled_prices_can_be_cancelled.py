"""A price that nobody can have been quoted yet may go: until ten seconds before it begins.

The seconds are for clocks that differ and for the commit, before which others still read the price. A transaction that
takes longer is refused at its end.
"""

from django.db import migrations

ALLOW = """
CREATE FUNCTION billing_guard_price() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND OLD.effective_from > clock_timestamp() + interval '10 seconds' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '% of a price that may have been quoted is refused', TG_OP USING ERRCODE = 'restrict_violation';
END $$;

DROP TRIGGER price_is_immutable ON billing_price;
CREATE TRIGGER price_is_immutable BEFORE UPDATE OR DELETE ON billing_price
    FOR EACH ROW EXECUTE FUNCTION billing_guard_price();
CREATE CONSTRAINT TRIGGER price_is_cancelled_in_time AFTER DELETE ON billing_price
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION billing_guard_price();
"""
FORBID = """
DROP FUNCTION billing_guard_price() CASCADE;
CREATE TRIGGER price_is_immutable BEFORE UPDATE OR DELETE ON billing_price
    FOR EACH ROW EXECUTE FUNCTION billing_refuse();
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0005_pages_sent_and_lists")]

    operations = [migrations.RunSQL(ALLOW, reverse_sql=FORBID)]
