"""Ways to falsify the books, each written against one guard: a trigger or a constraint of the database.

`without` names guards that would refuse the same thing earlier; they are switched off so that the one meant is seen.
"""

from dataclasses import dataclass

from tests.billing.full_books import BOB, PAID_BY_TOKEN, SETTLED, STANDING, VOIDED, Books

ENTRY = (
    "INSERT INTO billing_entry (entry_id, account_id, position, kind, amount_micro_usd, balance_after_micro_usd,"
    " run_id, actor, note, details, may_overdraw, created_at) VALUES "
)
HOLD = (
    "INSERT INTO billing_hold (run_id, account_id, token_id, amount_micro_usd, created_at, expires_at, resolved_at,"
    " resolution, cost_micro_usd) VALUES "
)
CODE = (
    "INSERT INTO billing_creditcode (code_id, code_hash, label, credit_micro_usd, max_redemptions, redeemed_count,"
    " created_at, created_by) VALUES "
)
PRICE = (
    "INSERT INTO billing_price (provider, model, prompt_micro_usd_per_mtok, completion_micro_usd_per_mtok,"
    " effective_from, withdrawn, source, created_at, created_by) VALUES "
)
TOKEN = (
    "INSERT INTO billing_spendtoken (token_id, token_hash, account_id, label, limit_micro_usd, committed_micro_usd,"
    " room_id, service, minted_by, created_at, expires_at) VALUES "
)
ACCOUNT = (
    "INSERT INTO billing_account (tenant_id, name, opened_at, balance_micro_usd, held_micro_usd, spent_micro_usd,"
    " credited_micro_usd, debited_micro_usd, entry_count) VALUES "
)
NEW = "fe" * 6


def entry(
    kind: str, amount: int, run_id: str = "", *, account: str = BOB, overdraw: bool = False, name: str = "a"
) -> str:
    return f"('ble_{name * 24}', '{account}', 0, '{kind}', {amount}, 0, '{run_id}', 'x', '', '{{}}', {overdraw}, now())"


def moved(*entries: str) -> str:
    return ENTRY + ", ".join(entries)


def held(run_id: str, amount: int, *, account: str = BOB, token: str = "NULL") -> str:
    return HOLD + (f"('{run_id}', '{account}', {token}, {amount}, now(), now() + interval '1 hour', NULL, '', 0)")


def resolved(run_id: str, resolution: str, cost: int) -> str:
    return (
        f"UPDATE billing_hold SET resolved_at = now(), resolution = '{resolution}', cost_micro_usd = {cost}"
        f" WHERE run_id = '{run_id}'"
    )


def redeemed(code: str, account: str, entry_id: str) -> str:
    return (
        "INSERT INTO billing_redemption (redemption_id, code_id, account_id, entry_id, created_at) VALUES"
        f" ('ccr_{'a' * 24}', {code}, '{account}', {entry_id}, now())"
    )


@dataclass(frozen=True)
class Attack:
    """SQL against one guard; `{token}` and `{code}` are the names of those in the books."""

    guard: str
    statements: tuple[str, ...]
    without: tuple[str, ...] = ()

    def sql(self, books: Books) -> list[str]:
        return [s.replace("{token}", books.token.pk).replace("{code}", books.code.pk) for s in self.statements]


def on(guard: str, *statements: str, without: tuple[str, ...] = ()) -> Attack:
    return Attack(guard, statements, without)


CAROLS = "(SELECT id FROM billing_entry WHERE account_id = 't_00000000000c')"
LOT = "INSERT INTO billing_creditlot (entry_id, account_id, amount_micro_usd, remaining_micro_usd, expires_at)"

# Against triggers.
TRIGGERS: list[Attack] = [
    on("entry_moves_its_account", moved(entry("grant", 10, account="t_closed"))),
    on("account_moves_by_entries", "UPDATE billing_account SET closed_at = NULL WHERE tenant_id = 't_closed'"),
    on("account_moves_by_entries", "UPDATE billing_account SET closed_at = now() WHERE tenant_id = 't_closed'"),
    on("account_moves_by_entries", "UPDATE billing_account SET opened_at = now() - interval '1 day'"),
    on("account_moves_by_entries", ACCOUNT + "('t_1', 'x', now(), 5, 0, 0, 5, 0, 0)"),
    on("account_agrees_with_entries", moved(entry("grant", 7), entry("grant", 8)) + " ON CONFLICT DO NOTHING"),
    on("account_agrees_with_entries", "UPDATE billing_account SET balance_micro_usd = balance_micro_usd + 1,"
       " credited_micro_usd = credited_micro_usd + 1", without=("account_moves_by_entries",)),
    on("account_agrees_with_entries", "UPDATE billing_account SET held_micro_usd = held_micro_usd - 1,"
       f" spent_micro_usd = spent_micro_usd + 1 WHERE tenant_id = '{BOB}'", without=("account_moves_by_entries",)),
    on("account_agrees_with_entries", "UPDATE billing_account SET entry_count = 0",
       without=("account_moves_by_entries",)),
    on("account_is_kept", "DELETE FROM billing_account WHERE tenant_id = 't_closed'"),
    on("daily_figure_moves_by_entries", "UPDATE billing_dailyfigure SET spent_micro_usd = 5"),
    on("daily_figure_moves_by_entries", "INSERT INTO billing_dailyfigure (account_id, day_date, credited_micro_usd,"
       f" debited_micro_usd, spent_micro_usd, run_count) VALUES ('{BOB}', '2001-01-01', 0, 0, 0, 0)"),
    on("daily_figure_is_kept", "DELETE FROM billing_dailyfigure"),
    on("entry_is_immutable", "UPDATE billing_entry SET amount_micro_usd = amount_micro_usd + 1 WHERE kind = 'grant'"),
    on("entry_is_immutable", "UPDATE billing_entry SET note = 'other'"),
    on("entry_is_immutable", "UPDATE billing_entry SET details = '{}', created_at = now()"),
    on("entry_is_immutable", "DELETE FROM billing_entry WHERE kind = 'debit'"),
    on("entry_is_immutable", "WITH gone AS (DELETE FROM billing_entry WHERE kind = 'debit' RETURNING 1) SELECT 1"),
    on("entry_is_immutable", "MERGE INTO billing_entry e USING (SELECT 1) AS one ON e.kind = 'debit'"
       " WHEN MATCHED THEN DELETE"),
    on("entry_is_immutable", moved(entry("grant", 7)),
       moved(entry("grant", 8)) + " ON CONFLICT (entry_id) DO UPDATE SET note = 'other'",
       without=("account_agrees_with_entries",)),
    on("price_is_immutable", "UPDATE billing_price SET prompt_micro_usd_per_mtok = 1"),
    on("price_is_immutable", "DELETE FROM billing_price", without=("price_is_cancelled_in_time",)),
    on("price_is_immutable",
       PRICE + "('p', 'm', 1, 1, clock_timestamp() + interval '9 seconds', FALSE, 'x', now(), 'x')",
       "DELETE FROM billing_price WHERE provider = 'p'", without=("price_is_cancelled_in_time",)),
    on("price_is_cancelled_in_time", "DELETE FROM billing_price", without=("price_is_immutable",)),
    on("redemption_is_immutable", "UPDATE billing_redemption SET account_id = 't_00000000000c'"),
    on("redemption_is_immutable", "DELETE FROM billing_redemption"),
    on("redemption_uses_its_code", redeemed("'{code}'", "t_00000000000c", CAROLS)),
    on("redemption_uses_its_code", redeemed("'{code}'", "t_00000000000c", "NULL")),
    on("hold_is_kept", f"DELETE FROM billing_hold WHERE run_id = '{VOIDED}'"),
    on("hold_is_resolved_once", "UPDATE billing_hold SET expires_at = now()"),
    on("hold_is_resolved_once", f"UPDATE billing_hold SET resolution = 'expired' WHERE run_id = '{VOIDED}'"),
    on("hold_is_resolved_once", f"UPDATE billing_hold SET token_id = NULL WHERE run_id = '{PAID_BY_TOKEN}'"),
    on("lot_is_kept", "DELETE FROM billing_creditlot"),
    on("lot_only_shrinks", "UPDATE billing_creditlot SET expires_at = now() + interval '9 years'"),
    on("lot_only_shrinks", "UPDATE billing_creditlot SET remaining_micro_usd = amount_micro_usd"),
    on("lot_is_of_a_grant", f"{LOT} SELECT id, account_id, 900, 900, now() FROM billing_entry WHERE kind = 'debit'"),
    on("lot_is_of_a_grant", f"{LOT} SELECT id, '{BOB}', 5, 5, now() FROM billing_entry"
       " WHERE account_id = 't_00000000000c'"),
    on("code_is_kept", CODE + f"('cc_{'0' * 16}', '{'0' * 64}', '', 5, 1, 0, now(), 'x')",
       f"DELETE FROM billing_creditcode WHERE code_id = 'cc_{'0' * 16}'"),
    on("code_is_worth_what_it_was", "UPDATE billing_creditcode SET credit_micro_usd = 10"),
    on("code_is_worth_what_it_was", "UPDATE billing_creditcode SET max_redemptions = 99"),
    on("code_is_worth_what_it_was", "UPDATE billing_creditcode SET redeemed_count = 0"),
    on("code_is_worth_what_it_was", "UPDATE billing_creditcode SET expires_at = now() + interval '9 years'"),
    on("code_is_worth_what_it_was", "UPDATE billing_creditcode SET revoked_at = now()",
       "UPDATE billing_creditcode SET revoked_at = NULL"),
    on("code_is_worth_what_it_was", CODE + f"('cc_{'0' * 16}', '{'0' * 64}', '', 5, 9, 3, now(), 'x')"),
    on("spend_token_is_kept", TOKEN + f"('{'0' * 12}', '{'0' * 64}', '{BOB}', '', 5, 0, '', '', '', now(), now())",
       f"DELETE FROM billing_spendtoken WHERE token_id = '{'0' * 12}'"),
    on("spend_token_keeps_its_limits", "UPDATE billing_spendtoken SET limit_micro_usd = 10000"),
    on("spend_token_keeps_its_limits", "UPDATE billing_spendtoken SET committed_micro_usd = 0"),
    on("spend_token_keeps_its_limits", "UPDATE billing_spendtoken SET room_id = 'room_000000000000'"),
    on("spend_token_keeps_its_limits", "UPDATE billing_spendtoken SET expires_at = now() + interval '9 years'"),
    on("spend_token_keeps_its_limits", "UPDATE billing_spendtoken SET revoked_at = now()",
       "UPDATE billing_spendtoken SET revoked_at = NULL"),
    on("spend_token_keeps_its_limits",
       TOKEN + f"('{'0' * 12}', '{'0' * 64}', '{BOB}', '', 5, 4, '', '', '', now(), now())"),
    on("hold_spends_its_token", held(NEW, 5, account="t_00000000000c", token="'{token}'"),
       moved(entry("hold", -5, NEW, account="t_00000000000c"))),
    on("hold_spends_its_token", "UPDATE billing_spendtoken SET revoked_at = now()",
       held(NEW, 5, token="'{token}'"), moved(entry("hold", -5, NEW))),
    on("hold_agrees_with_entries", held(NEW, 5)),
    on("hold_agrees_with_entries", held(NEW, 5), moved(entry("hold", -4, NEW))),
    on("hold_agrees_with_entries", resolved(STANDING, "voided", 0)),
    on("hold_agrees_with_entries", resolved(STANDING, "settled", 5), moved(entry("release", 60, STANDING))),
    on("usage_entry_agrees_with_hold", moved(entry("hold", -5, NEW))),
    on("usage_entry_agrees_with_hold", moved(entry("release", 60, STANDING))),
    on("usage_entry_agrees_with_hold", moved(entry("charge", -5, VOIDED))),
    on("usage_entry_agrees_with_hold", resolved(STANDING, "settled", 5),
       moved(entry("charge", -5, STANDING), entry("release", 60, STANDING, name="b"))),
]  # fmt: skip

# Against what the movement of an account refuses, by the words of the refusal.
MOVEMENTS: list[tuple[str, tuple[str, ...]]] = [
    ("no such account", (moved(entry("grant", 5, account="t_nobody")),)),
    ("the account is closed", (moved(entry("grant", 5, account="t_closed")),)),
    ("the account is closed", (held(NEW, 5, account="t_closed"),
                               moved(entry("hold", -5, NEW, account="t_closed", overdraw=True)))),
    ("does not cover", (moved(entry("debit", -911)),)),
    ("does not cover", (moved(entry("expiry", -911)),)),
    ("does not cover", (held(NEW, 911), moved(entry("hold", -911, NEW)))),
    ("does not cover", (moved(entry("debit", -500), entry("debit", -500, name="b")),)),
    ("covered by the hold", (moved(entry("release", 61, STANDING)),)),
    ("covered by the hold", (moved(entry("release", 60, STANDING, account="t_00000000000c")),)),
    ("covered by the hold", (moved(entry("release", 60, NEW)),)),
    ("covered by the hold", (moved(entry("charge", -61, STANDING)),)),
    ("covered by the hold", (moved(entry("charge", -5, NEW)),)),
    ("than the run was charged", (moved(entry("refund", 161, SETTLED)),)),
    ("than the run was charged", (moved(entry("refund", 80, SETTLED), entry("refund", 81, SETTLED, name="b")),)),
    ("than the run was charged", (moved(entry("refund", 5, VOIDED)),)),
    ("than was charged", (moved(entry("refund", 211)),)),
    ("than was charged", (moved(entry("refund", 200), entry("refund", 11, name="b")),)),
    ("than was charged", (moved(entry("refund", 205), entry("refund", 6, SETTLED, name="b")),)),
]  # fmt: skip

# Against constraints.
CONSTRAINTS: list[Attack] = [
    on("account_figures_agree", "UPDATE billing_account SET balance_micro_usd = balance_micro_usd + 1",
       without=("account_moves_by_entries", "account_agrees_with_entries")),
    on("account_figures_not_negative", "UPDATE billing_account SET held_micro_usd = -1,"
       f" spent_micro_usd = spent_micro_usd + 61 WHERE tenant_id = '{BOB}'",
       without=("account_moves_by_entries", "account_agrees_with_entries")),
    on("one_figure_a_day", "INSERT INTO billing_dailyfigure (account_id, day_date, credited_micro_usd,"
       " debited_micro_usd, spent_micro_usd, run_count) SELECT account_id, day_date, 0, 0, 0, 0"
       " FROM billing_dailyfigure", without=("daily_figure_moves_by_entries",)),
    on("entries_without_gaps", moved(entry("grant", 5), entry("grant", 5, name="b")),
       without=("entry_moves_its_account",)),
    on("one_hold_a_run", moved(entry("hold", -60, STANDING))),
    on("one_release_a_run", held(NEW, 400), moved(entry("hold", -400, NEW)),
       moved(entry("release", 400, SETTLED, name="b"))),
    on("one_charge_a_run", moved(entry("charge", -200, SETTLED))),
    on("entry_sign_of_kind", moved(entry("grant", -5))),
    on("entry_sign_of_kind", moved(entry("debit", 5))),
    on("entry_sign_of_kind", moved(entry("grant", 0))),
    on("entry_sign_of_kind", moved(entry("present", 5)), without=("account_figures_agree",)),
    on("usage_entry_names_its_run", held("", 5), moved(entry("hold", -5))),
    on("entry_id_shape", moved(entry("grant", 5, name="z"))),
    on("lot_within_its_grant", "UPDATE billing_creditlot SET remaining_micro_usd = -1"),
    on("lot_within_its_grant", f"{LOT} SELECT id, account_id, 5, 6, now() FROM billing_entry"
       " WHERE account_id = 't_00000000000c'"),
    on("hold_bounds_its_cost", held(NEW, 0), without=("hold_agrees_with_entries",)),
    on("hold_bounds_its_cost", resolved(STANDING, "settled", 61), without=("hold_agrees_with_entries",)),
    on("hold_resolved_one_way", resolved(STANDING, "voided", 10),
       moved(entry("release", 60, STANDING), entry("charge", -10, STANDING, name="b"))),
    on("hold_resolved_one_way", resolved(STANDING, "lost", 0), moved(entry("release", 60, STANDING))),
    on("code_within_its_uses", CODE + f"('cc_{'0' * 16}', '{'0' * 64}', '', 5, 0, 0, now(), 'x')"),
    on("code_within_its_uses", "UPDATE billing_creditcode SET redeemed_count = 3",
       without=("code_is_worth_what_it_was",)),
    on("code_not_negative", CODE + f"('cc_{'0' * 16}', '{'0' * 64}', '', -5, 1, 0, now(), 'x')"),
    on("code_is_hashed", CODE + f"('cc_{'0' * 16}', 'hmc_readable', '', 5, 1, 0, now(), 'x')"),
    on("code_id_shape", CODE + f"('cc_1', '{'0' * 64}', '', 5, 1, 0, now(), 'x')"),
    on("one_redemption_a_tenant", redeemed("'{code}'", BOB,
       "(SELECT id FROM billing_entry WHERE entry_id = 'ble_' || repeat('b', 24))").replace(
       "INSERT", moved(entry("grant", 100, name="b")) + "; INSERT", 1)),
    on("spend_token_within_its_limit", held(NEW, 451, token="'{token}'"), moved(entry("hold", -451, NEW))),
    on("spend_token_is_hashed", TOKEN + f"('{'0' * 12}', 'hmp_', '{BOB}', '', 5, 0, '', '', '', now(), now())"),
    on("one_price_at_a_time", PRICE + "('p', 'm', 1, 1, '2030-01-01', FALSE, 'x', now(), 'x'),"
       " ('p', 'm', 2, 2, '2030-01-01', FALSE, 'x', now(), 'x')"),
    on("price_not_negative", PRICE + "('p', 'm', -1, 1, now(), FALSE, 'x', now(), 'x')"),
    on("price_names_its_model", PRICE + "('p', '', 1, 1, now(), FALSE, 'x', now(), 'x')"),
]  # fmt: skip
