"""What must hold of the books whoever writes: kept figures, immutable rows, holds that are resolved once."""

from django.db import migrations

FIGURES = """
CREATE FUNCTION billing_apply_entry() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    figures record;
    standing bigint;
    paid bigint;
    returned bigint;
BEGIN
    IF NEW.kind IN ('release', 'charge') THEN
        SELECT amount_micro_usd INTO standing FROM billing_hold
            WHERE run_id = NEW.run_id AND account_id = NEW.account_id;
        IF NOT FOUND
            OR (NEW.kind = 'release' AND NEW.amount_micro_usd <> standing)
            OR (NEW.kind = 'charge' AND -NEW.amount_micro_usd > standing) THEN
            RAISE EXCEPTION 'a % must be covered by the hold of its run', NEW.kind USING ERRCODE = 'check_violation';
        END IF;
    END IF;
    UPDATE billing_account SET
        balance_micro_usd = balance_micro_usd + NEW.amount_micro_usd,
        held_micro_usd = held_micro_usd - CASE WHEN NEW.kind IN ('hold', 'release') THEN NEW.amount_micro_usd ELSE 0 END,
        spent_micro_usd = spent_micro_usd - CASE WHEN NEW.kind = 'charge' THEN NEW.amount_micro_usd ELSE 0 END,
        credited_micro_usd = credited_micro_usd
            + CASE WHEN NEW.kind IN ('grant', 'refund') THEN NEW.amount_micro_usd ELSE 0 END,
        debited_micro_usd = debited_micro_usd
            - CASE WHEN NEW.kind IN ('debit', 'expiry') THEN NEW.amount_micro_usd ELSE 0 END,
        entry_count = entry_count + 1
        WHERE tenant_id = NEW.account_id
        RETURNING balance_micro_usd, entry_count, spent_micro_usd, closed_at INTO figures;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such account' USING ERRCODE = 'foreign_key_violation';
    END IF;
    IF figures.closed_at IS NOT NULL AND NEW.kind IN ('grant', 'hold') THEN
        RAISE EXCEPTION 'the account is closed' USING ERRCODE = 'check_violation';
    END IF;
    IF figures.balance_micro_usd < 0 AND NEW.kind IN ('hold', 'debit', 'expiry') AND NOT NEW.may_overdraw THEN
        RAISE EXCEPTION 'the balance does not cover this' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.kind = 'refund' THEN
        SELECT coalesce(sum(amount_micro_usd), 0) INTO returned
            FROM billing_entry WHERE account_id = NEW.account_id AND kind = 'refund';
        IF returned + NEW.amount_micro_usd > figures.spent_micro_usd THEN
            RAISE EXCEPTION 'more would be refunded than was charged' USING ERRCODE = 'check_violation';
        END IF;
    END IF;
    IF NEW.kind = 'refund' AND NEW.run_id <> '' THEN
        SELECT coalesce(-sum(amount_micro_usd) FILTER (WHERE kind = 'charge'), 0),
               coalesce(sum(amount_micro_usd) FILTER (WHERE kind = 'refund'), 0)
            INTO paid, returned FROM billing_entry WHERE run_id = NEW.run_id AND account_id = NEW.account_id;
        IF returned + NEW.amount_micro_usd > paid THEN
            RAISE EXCEPTION 'more would be refunded than the run was charged' USING ERRCODE = 'check_violation';
        END IF;
    END IF;
    IF NEW.kind NOT IN ('hold', 'release') THEN
        INSERT INTO billing_dailyfigure AS day
            (account_id, day_date, credited_micro_usd, debited_micro_usd, spent_micro_usd, run_count)
            VALUES (
                NEW.account_id,
                (NEW.created_at AT TIME ZONE 'UTC')::date,
                CASE WHEN NEW.kind IN ('grant', 'refund') THEN NEW.amount_micro_usd ELSE 0 END,
                CASE WHEN NEW.kind IN ('debit', 'expiry') THEN -NEW.amount_micro_usd ELSE 0 END,
                CASE WHEN NEW.kind = 'charge' THEN -NEW.amount_micro_usd ELSE 0 END,
                CASE WHEN NEW.kind = 'charge' THEN 1 ELSE 0 END
            )
            ON CONFLICT (account_id, day_date) DO UPDATE SET
                credited_micro_usd = day.credited_micro_usd + excluded.credited_micro_usd,
                debited_micro_usd = day.debited_micro_usd + excluded.debited_micro_usd,
                spent_micro_usd = day.spent_micro_usd + excluded.spent_micro_usd,
                run_count = day.run_count + excluded.run_count;
    END IF;
    NEW.position := figures.entry_count;
    NEW.balance_after_micro_usd := figures.balance_micro_usd;
    RETURN NEW;
END $$;

CREATE TRIGGER entry_moves_its_account BEFORE INSERT ON billing_entry
    FOR EACH ROW EXECUTE FUNCTION billing_apply_entry();
"""

# Figures may be written by the trigger of an entry only, which runs one level down.
GUARDS = """
CREATE FUNCTION billing_guard_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF (NEW.balance_micro_usd, NEW.held_micro_usd, NEW.spent_micro_usd, NEW.credited_micro_usd,
            NEW.debited_micro_usd, NEW.entry_count) IS DISTINCT FROM (0, 0, 0, 0, 0, 0) THEN
            RAISE EXCEPTION 'an account begins empty' USING ERRCODE = 'restrict_violation';
        END IF;
    ELSIF (NEW.balance_micro_usd, NEW.held_micro_usd, NEW.spent_micro_usd, NEW.credited_micro_usd,
           NEW.debited_micro_usd, NEW.entry_count, NEW.tenant_id)
        IS DISTINCT FROM (OLD.balance_micro_usd, OLD.held_micro_usd, OLD.spent_micro_usd, OLD.credited_micro_usd,
           OLD.debited_micro_usd, OLD.entry_count, OLD.tenant_id)
        AND pg_trigger_depth() < 2 THEN
        RAISE EXCEPTION 'only entries move an account' USING ERRCODE = 'restrict_violation';
    ELSIF NEW.opened_at <> OLD.opened_at OR NEW.closed_at IS DISTINCT FROM coalesce(OLD.closed_at, NEW.closed_at) THEN
        RAISE EXCEPTION 'an account is opened once and closed once' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER account_moves_by_entries BEFORE INSERT OR UPDATE ON billing_account
    FOR EACH ROW EXECUTE FUNCTION billing_guard_account();

CREATE FUNCTION billing_guard_daily_figure() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_trigger_depth() < 2 THEN
        RAISE EXCEPTION 'only entries move daily figures' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER daily_figure_moves_by_entries BEFORE INSERT OR UPDATE ON billing_dailyfigure
    FOR EACH ROW EXECUTE FUNCTION billing_guard_daily_figure();

CREATE FUNCTION billing_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused: the books are kept', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER entry_is_immutable BEFORE UPDATE OR DELETE ON billing_entry
    FOR EACH ROW EXECUTE FUNCTION billing_refuse();
CREATE TRIGGER price_is_immutable BEFORE UPDATE OR DELETE ON billing_price
    FOR EACH ROW EXECUTE FUNCTION billing_refuse();
CREATE TRIGGER redemption_is_immutable BEFORE UPDATE OR DELETE ON billing_redemption
    FOR EACH ROW EXECUTE FUNCTION billing_refuse();
CREATE TRIGGER account_is_kept BEFORE DELETE ON billing_account
    FOR EACH ROW EXECUTE FUNCTION billing_refuse();
CREATE TRIGGER daily_figure_is_kept BEFORE DELETE ON billing_dailyfigure
    FOR EACH ROW EXECUTE FUNCTION billing_refuse();
CREATE TRIGGER hold_is_kept BEFORE DELETE ON billing_hold
    FOR EACH ROW EXECUTE FUNCTION billing_refuse();
CREATE TRIGGER lot_is_kept BEFORE DELETE ON billing_creditlot
    FOR EACH ROW EXECUTE FUNCTION billing_refuse();
CREATE TRIGGER code_is_kept BEFORE DELETE ON billing_creditcode
    FOR EACH ROW EXECUTE FUNCTION billing_refuse();
CREATE TRIGGER spend_token_is_kept BEFORE DELETE ON billing_spendtoken
    FOR EACH ROW EXECUTE FUNCTION billing_refuse();

CREATE FUNCTION billing_guard_hold() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.resolved_at IS NOT NULL OR NEW.resolved_at IS NULL
        OR (NEW.run_id, NEW.account_id, NEW.token_id, NEW.amount_micro_usd, NEW.created_at, NEW.expires_at)
        IS DISTINCT FROM (OLD.run_id, OLD.account_id, OLD.token_id, OLD.amount_micro_usd, OLD.created_at, OLD.expires_at)
    THEN
        RAISE EXCEPTION 'a hold is resolved once and never changed' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER hold_is_resolved_once BEFORE UPDATE ON billing_hold
    FOR EACH ROW EXECUTE FUNCTION billing_guard_hold();

CREATE FUNCTION billing_guard_lot() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.remaining_micro_usd > OLD.remaining_micro_usd
        OR (NEW.entry_id, NEW.account_id, NEW.amount_micro_usd, NEW.expires_at)
        IS DISTINCT FROM (OLD.entry_id, OLD.account_id, OLD.amount_micro_usd, OLD.expires_at) THEN
        RAISE EXCEPTION 'a lot only shrinks' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER lot_only_shrinks BEFORE UPDATE ON billing_creditlot
    FOR EACH ROW EXECUTE FUNCTION billing_guard_lot();

CREATE FUNCTION billing_check_lot() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM billing_entry WHERE id = NEW.entry_id AND kind = 'grant'
            AND account_id = NEW.account_id AND amount_micro_usd = NEW.amount_micro_usd
    ) THEN
        RAISE EXCEPTION 'a lot without its grant' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER lot_is_of_a_grant BEFORE INSERT ON billing_creditlot
    FOR EACH ROW EXECUTE FUNCTION billing_check_lot();

CREATE FUNCTION billing_guard_code() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.redeemed_count <> 0 THEN
            RAISE EXCEPTION 'a credit code begins unused' USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.redeemed_count <> OLD.redeemed_count AND pg_trigger_depth() < 2 THEN
        RAISE EXCEPTION 'only redemptions use a credit code' USING ERRCODE = 'restrict_violation';
    END IF;
    IF (OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS DISTINCT FROM OLD.revoked_at)
        OR (NEW.code_id, NEW.code_hash, NEW.credit_micro_usd, NEW.max_redemptions, NEW.created_at, NEW.expires_at)
        IS DISTINCT FROM
        (OLD.code_id, OLD.code_hash, OLD.credit_micro_usd, OLD.max_redemptions, OLD.created_at, OLD.expires_at) THEN
        RAISE EXCEPTION 'a credit code is counted up and revoked, nothing else' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER code_is_worth_what_it_was BEFORE INSERT OR UPDATE ON billing_creditcode
    FOR EACH ROW EXECUTE FUNCTION billing_guard_code();

CREATE FUNCTION billing_guard_spend_token() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.committed_micro_usd <> 0 THEN
            RAISE EXCEPTION 'a spend token begins unspent' USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.committed_micro_usd <> OLD.committed_micro_usd AND pg_trigger_depth() < 2 THEN
        RAISE EXCEPTION 'only holds spend a token' USING ERRCODE = 'restrict_violation';
    END IF;
    IF (OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS DISTINCT FROM OLD.revoked_at)
        OR (NEW.token_id, NEW.token_hash, NEW.account_id, NEW.limit_micro_usd, NEW.room_id, NEW.service,
            NEW.expires_at)
        IS DISTINCT FROM (OLD.token_id, OLD.token_hash, OLD.account_id, OLD.limit_micro_usd, OLD.room_id, OLD.service,
            OLD.expires_at) THEN
        RAISE EXCEPTION 'a spend token is spent and revoked, nothing else' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER spend_token_keeps_its_limits BEFORE INSERT OR UPDATE ON billing_spendtoken
    FOR EACH ROW EXECUTE FUNCTION billing_guard_spend_token();
"""

# A redemption uses its code once more and has the grant that the code is worth.
CODES = """
CREATE FUNCTION billing_use_code() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    worth bigint;
BEGIN
    UPDATE billing_creditcode SET redeemed_count = redeemed_count + 1
        WHERE code_id = NEW.code_id AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > NEW.created_at)
        RETURNING credit_micro_usd INTO worth;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no living credit code' USING ERRCODE = 'check_violation';
    END IF;
    IF (worth = 0) <> (NEW.entry_id IS NULL) OR worth > 0 AND NOT EXISTS (
        SELECT FROM billing_entry WHERE id = NEW.entry_id AND kind = 'grant'
            AND account_id = NEW.account_id AND amount_micro_usd = worth
    ) THEN
        RAISE EXCEPTION 'a redemption without its grant' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER redemption_uses_its_code AFTER INSERT ON billing_redemption
    FOR EACH ROW EXECUTE FUNCTION billing_use_code();
"""

# A hold takes its amount out of the limit of the token that pays; what it did not cost comes back. After the row, so
# that a hold that was not stored takes nothing.
TOKENS = """
CREATE FUNCTION billing_commit_hold() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    change bigint;
BEGIN
    change := CASE WHEN NEW.resolved_at IS NULL THEN NEW.amount_micro_usd ELSE NEW.cost_micro_usd END;
    IF TG_OP = 'UPDATE' THEN
        change := change - OLD.amount_micro_usd;
    END IF;
    UPDATE billing_spendtoken SET committed_micro_usd = committed_micro_usd + change
        WHERE token_id = NEW.token_id AND account_id = NEW.account_id
            AND (TG_OP = 'UPDATE' OR (revoked_at IS NULL AND expires_at > NEW.created_at));
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no living spend token of the account' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER hold_spends_its_token AFTER INSERT OR UPDATE ON billing_hold
    FOR EACH ROW WHEN (NEW.token_id IS NOT NULL) EXECUTE FUNCTION billing_commit_hold();
"""

# At the end of a transaction an account stands where its last entry left it (also where an entry was not stored after
# all, as with ON CONFLICT DO NOTHING), a hold has its movement, and a resolved one was given back.
AGREEMENT = """
CREATE FUNCTION billing_check_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.entry_count <> OLD.entry_count + 1 OR NOT EXISTS (
        SELECT FROM billing_entry WHERE account_id = NEW.tenant_id AND position = NEW.entry_count
            AND balance_after_micro_usd = NEW.balance_micro_usd
            AND amount_micro_usd = NEW.balance_micro_usd - OLD.balance_micro_usd
    ) THEN
        RAISE EXCEPTION 'an account moved without an entry' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER account_agrees_with_entries AFTER UPDATE ON billing_account
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (
        (NEW.balance_micro_usd, NEW.held_micro_usd, NEW.spent_micro_usd, NEW.credited_micro_usd,
         NEW.debited_micro_usd, NEW.entry_count)
        IS DISTINCT FROM (OLD.balance_micro_usd, OLD.held_micro_usd, OLD.spent_micro_usd, OLD.credited_micro_usd,
         OLD.debited_micro_usd, OLD.entry_count)
    ) EXECUTE FUNCTION billing_check_account();

CREATE FUNCTION billing_check_hold() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM billing_entry WHERE run_id = NEW.run_id AND kind = 'hold'
            AND account_id = NEW.account_id AND amount_micro_usd = -NEW.amount_micro_usd
    ) THEN
        RAISE EXCEPTION 'a hold without its entry' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.resolved_at IS NOT NULL AND (
        NOT EXISTS (SELECT FROM billing_entry WHERE run_id = NEW.run_id AND kind = 'release')
        OR NEW.cost_micro_usd <> coalesce(
            (SELECT -amount_micro_usd FROM billing_entry WHERE run_id = NEW.run_id AND kind = 'charge'), 0)
    ) THEN
        RAISE EXCEPTION 'a resolved hold without its entries' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER hold_agrees_with_entries AFTER INSERT OR UPDATE ON billing_hold
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION billing_check_hold();

CREATE FUNCTION billing_check_usage_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM billing_hold WHERE run_id = NEW.run_id AND account_id = NEW.account_id
            AND (NEW.kind = 'hold' OR resolved_at IS NOT NULL)
            AND (NEW.kind <> 'charge' OR cost_micro_usd = -NEW.amount_micro_usd)
    ) THEN
        RAISE EXCEPTION 'a % without its hold', NEW.kind USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.kind = 'charge' AND NOT EXISTS (
        SELECT FROM billing_entry WHERE run_id = NEW.run_id AND kind = 'release' AND position < NEW.position
    ) THEN
        RAISE EXCEPTION 'a charge before its release' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER usage_entry_agrees_with_hold AFTER INSERT ON billing_entry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.kind IN ('hold', 'release', 'charge'))
    EXECUTE FUNCTION billing_check_usage_entry();
"""

# TRUNCATE passes row triggers by. Only a session that says so in as many words, such as a test's, may use it.
EMPTYING = """
CREATE FUNCTION billing_refuse_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('hivemind.may_empty_the_books', true) IS DISTINCT FROM 'on' THEN
        RAISE EXCEPTION 'TRUNCATE of % is refused: the books are kept', TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;
"""
TABLES = ("account", "creditcode", "creditlot", "dailyfigure", "entry", "hold", "price", "redemption", "spendtoken")
FUNCTIONS = (
    "apply_entry",
    "guard_account",
    "guard_daily_figure",
    "refuse",
    "guard_hold",
    "guard_lot",
    "check_lot",
    "guard_code",
    "guard_spend_token",
    "use_code",
    "commit_hold",
    "check_account",
    "check_hold",
    "check_usage_entry",
    "refuse_truncate",
)


def _install() -> str:
    guards = "".join(
        f"CREATE TRIGGER {table}_is_not_emptied BEFORE TRUNCATE ON billing_{table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION billing_refuse_truncate();\n"
        for table in TABLES
    )
    return FIGURES + GUARDS + CODES + TOKENS + AGREEMENT + EMPTYING + guards


def _remove() -> str:
    return "".join(f"DROP FUNCTION billing_{name}() CASCADE;\n" for name in FUNCTIONS)


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_initial")]

    operations = [migrations.RunSQL(_install(), reverse_sql=_remove())]
