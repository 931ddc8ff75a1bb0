"""The books: accounts, their immutable entries, holds, prices, credit codes and spend tokens.

A movement is one `Entry`. The database keeps the account's figures from the entries and lets nobody else write them,
numbers the entries of an account without gaps, and refuses to change or delete any; see the migration beside.
"""

from billing.models.account import Account, DailyFigure
from billing.models.books_check import BooksCheck
from billing.models.credit_code import CreditCode, Redemption
from billing.models.entry import CreditLot, Entry
from billing.models.hold import Hold
from billing.models.price import Price
from billing.models.sent_page import SentPage
from billing.models.spend_token import SpendToken

__all__ = [
    "Account",
    "BooksCheck",
    "CreditCode",
    "CreditLot",
    "DailyFigure",
    "Entry",
    "Hold",
    "Price",
    "Redemption",
    "SentPage",
    "SpendToken",
]
