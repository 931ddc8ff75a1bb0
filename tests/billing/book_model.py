"""The books as plain numbers in Python: what each act must do, written down without a database."""

from dataclasses import dataclass, field

from billing import errors

Refusal = type[Exception] | None


@dataclass
class Lot:
    """What is left of a grant that expires."""

    expires: int
    left: int


@dataclass
class Account:
    """The figures of one account, and its lots in the order in which they were given."""

    balance: int = 0
    held: int = 0
    spent: int = 0
    credited: int = 0
    debited: int = 0
    refunded: int = 0
    closed: bool = False
    lots: list[Lot] = field(default_factory=list)

    def open_lots(self) -> list[Lot]:
        """Those with something left, the one that expires soonest first."""
        return sorted((lot for lot in self.lots if lot.left), key=lambda lot: lot.expires)

    def credit(self, amount: int, expires: int | None = None) -> None:
        self.balance += amount
        self.credited += amount
        if expires is not None:
            self.lots.append(Lot(expires, max(0, min(amount, self.balance + self.held))))

    def spend(self, amount: int) -> None:
        for lot in self.open_lots():
            taken = min(lot.left, amount)
            lot.left -= taken
            amount -= taken

    def expire(self, now: int) -> None:
        shielded = self.held
        for lot in self.open_lots():
            if lot.expires > now:
                break
            kept = min(lot.left, shielded)
            shielded -= kept
            gone = min(lot.left - kept, max(0, self.balance))
            lot.left -= gone
            self.balance -= gone
            self.debited += gone


@dataclass
class Token:
    """A spend token."""

    account: str
    limit: int
    expires: int
    committed: int = 0
    revoked: bool = False


@dataclass
class Hold:
    """A hold; `cost` is None while it stands."""

    account: str
    amount: int
    expires: int
    token: str
    cost: int | None = None
    refunded: int = 0


@dataclass
class Code:
    """A credit code and who redeemed it."""

    worth: int
    uses: int
    expires: int
    revoked: bool = False
    redeemed_by: set[str] = field(default_factory=set)


@dataclass
class Books:
    """Everything. Each act returns why it is refused, and changes nothing then; or None."""

    now: int = 0
    accounts: dict[str, Account] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    holds: dict[str, Hold] = field(default_factory=dict)
    codes: dict[str, Code] = field(default_factory=dict)

    def grant(self, name: str, amount: int, expires: int | None) -> Refusal:
        if self.accounts[name].closed:
            return errors.AccountClosed
        self.accounts[name].credit(amount, expires)
        return None

    def debit(self, name: str, amount: int, *, overdraw: bool) -> Refusal:
        account = self.accounts[name]
        if account.balance < amount and not overdraw:
            return errors.Overdraft
        account.balance -= amount
        account.debited += amount
        account.spend(amount)
        return None

    def refund(self, name: str, amount: int, run: str) -> Refusal:
        account, hold = self.accounts[name], self.holds.get(run)
        of_account = account.spent - account.refunded
        of_run = (hold.cost or 0) - hold.refunded if hold and hold.account == name else 0
        if amount > (min(of_account, of_run) if run else of_account):
            return errors.RefundTooLarge
        account.credit(amount)
        account.refunded += amount
        if run:
            self.holds[run].refunded += amount
        return None

    def hold(self, run: str, wanted: Hold, *, enforce: bool) -> Refusal:
        account, token = self.accounts[wanted.account], self.tokens.get(wanted.token)
        refusal = self._refuses(wanted, enforce=enforce)
        if refusal is not None:
            return refusal
        account.expire(self.now)
        account.balance -= wanted.amount
        account.held += wanted.amount
        if token:
            token.committed += wanted.amount
        self.holds[run] = wanted
        return None

    def _refuses(self, wanted: Hold, *, enforce: bool) -> Refusal:
        account, token = self.accounts[wanted.account], self.tokens.get(wanted.token)
        if account.closed:
            return errors.AccountClosed
        later = Account(balance=account.balance, held=account.held, lots=[Lot(x.expires, x.left) for x in account.lots])
        later.expire(self.now)
        if enforce and later.balance < wanted.amount:
            return errors.InsufficientCredit
        if token and (token.revoked or token.expires <= self.now or token.account != wanted.account):
            return errors.BadPayer
        if token and token.committed + wanted.amount > token.limit:
            return errors.SpendLimitReached
        return None

    def resolve(self, run: str, cost: int) -> Refusal:
        hold = self.holds.get(run)
        if hold is None:
            return errors.HoldNotFound
        if hold.cost is not None:
            return errors.HoldResolved
        account, token = self.accounts[hold.account], self.tokens.get(hold.token)
        hold.cost = min(max(cost, 0), hold.amount)
        account.held -= hold.amount
        account.balance += hold.amount - hold.cost
        account.spent += hold.cost
        account.spend(hold.cost)
        if token:
            token.committed -= hold.amount - hold.cost
        return None

    def sweep(self) -> None:
        for run, hold in self.holds.items():
            if hold.cost is None and hold.expires <= self.now:
                self.resolve(run, 0)
        for account in self.accounts.values():
            account.expire(self.now)

    def redeem(self, text: str, name: str) -> Refusal:
        code, account = self.codes.get(text), self.accounts[name]
        if account.closed:
            return errors.AccountClosed
        if code is None:
            return errors.CreditCodeInvalid
        if code.revoked:
            return errors.CreditCodeRevoked
        if code.expires <= self.now:
            return errors.CreditCodeExpired
        if len(code.redeemed_by) >= code.uses:
            return errors.CreditCodeExhausted
        if name in code.redeemed_by:
            return errors.CreditCodeRedeemed
        code.redeemed_by.add(name)
        if code.worth:
            account.credit(code.worth)
        return None
