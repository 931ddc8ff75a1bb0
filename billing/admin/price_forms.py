"""What the operator fills in about prices: one by one, or many in a file."""

import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminTextInputWidget

from billing import money
from billing.admin.amounts import DollarField
from billing.admin.once import OncePage
from billing.errors import BadAmount
from billing.services.prices import NAME_CHARS, NewPrice
from hivemind.kit import clock
from hivemind.kit.admin.spreadsheets import STARTS_A_FORMULA

COLUMNS = ("provider", "model", "prompt_usd_per_mtok", "completion_usd_per_mtok", "effective_from")
FILE_BYTES = 200_000
FILE_ROWS = 500
PAST = "A price cannot begin in the past: runs keep the price that they were quoted."


class PriceForm(OncePage):
    """A price from a moment on."""

    provider = forms.CharField(
        max_length=NAME_CHARS["provider"],
        widget=UnfoldAdminTextInputWidget({"list": "providers", "autocomplete": "off"}),
    )
    model = forms.CharField(
        max_length=NAME_CHARS["model"], widget=UnfoldAdminTextInputWidget({"list": "models", "autocomplete": "off"})
    )
    prompt = DollarField(least_micro_usd=0, label="Dollars for a million prompt tokens")
    completion = DollarField(least_micro_usd=0, label="Dollars for a million completion tokens")
    starts = forms.DateTimeField(
        required=False,
        label="In force from (UTC)",
        widget=UnfoldAdminTextInputWidget({"type": "datetime-local"}),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M"],
        help_text="Leave it empty for now. Runs that were quoted before keep their price.",
    )
    field_order = ("provider", "model", "prompt", "completion", "starts")

    def clean_provider(self) -> str:
        """The provider as it is compared."""
        return str(self.cleaned_data["provider"]).strip().lower()

    def clean_starts(self) -> datetime | None:
        """A moment that is not over."""
        starts: datetime | None = self.cleaned_data["starts"]
        if starts is not None and starts < clock.now():
            raise forms.ValidationError(PAST)
        return starts

    @property
    def wanted(self) -> NewPrice:
        """The price as the service takes it."""
        chosen = self.cleaned_data
        return NewPrice(chosen["provider"], chosen["model"], chosen["prompt"], chosen["completion"], chosen["starts"])


class ImportForm(OncePage):
    """A file of prices. Its text travels in `text` from the preview to the deed."""

    file = forms.FileField(
        required=False,
        label="CSV file",
        widget=UnfoldAdminFileFieldWidget({"accept": ".csv,text/csv"}),
        help_text=f"With the columns {', '.join(COLUMNS)}. An empty last column means now.",
    )
    text = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        """The text of the file that was sent, or of the one that was looked over."""
        chosen: dict[str, Any] = super().clean() or self.cleaned_data
        sent = chosen.get("file")
        if sent is not None:
            if sent.size > FILE_BYTES:
                raise forms.ValidationError("The file is too large.")
            try:
                chosen["text"] = sent.read().decode("utf-8-sig")
            except UnicodeDecodeError as error:
                raise forms.ValidationError("The file is not UTF-8 text.") from error
        if not chosen.get("text") or len(chosen["text"]) > FILE_BYTES or "\0" in chosen["text"]:
            raise forms.ValidationError("Choose a CSV file of prices.")
        chosen["prices"] = _prices(chosen["text"])
        return chosen


def _prices(text: str) -> list[NewPrice]:
    """The rows of a file. Raises ValidationError naming every row that is wrong."""
    reader = csv.reader(io.StringIO(text), strict=True)
    found: list[NewPrice] = []
    problems: list[str] = []
    try:
        header = tuple(cell.strip().lower() for cell in next(reader, []))
        if header != COLUMNS:
            raise forms.ValidationError(f"The first line must be: {','.join(COLUMNS)}")
        for row in reader:
            if len(found) + len(problems) >= FILE_ROWS:
                raise forms.ValidationError(f"At most {FILE_ROWS} prices at a time.")
            if any(cell.strip() for cell in row):
                _read(row, reader.line_num, found, problems)
    except csv.Error as error:
        raise forms.ValidationError(f"Line {reader.line_num} is no CSV.") from error
    if problems:
        raise forms.ValidationError([*problems[:10], *(["and more"] if len(problems) > 10 else [])])
    if not found:
        raise forms.ValidationError("The file holds no prices.")
    return found


def _read(row: Sequence[str], line: int, found: list[NewPrice], problems: list[str]) -> None:
    try:
        found.append(_price(row))
    except (ValueError, BadAmount) as error:
        problems.append(f"Line {line}: {error}")


def _price(row: Sequence[str]) -> NewPrice:
    if len(row) != len(COLUMNS):
        raise ValueError(f"it has {len(row)} columns instead of {len(COLUMNS)}")
    provider, model, prompt, completion, starts = (_unguarded(cell.strip()) for cell in row)
    if not provider or not model or len(provider) > NAME_CHARS["provider"] or len(model) > NAME_CHARS["model"]:
        raise ValueError("provider and model are required")
    return NewPrice(
        provider.lower(),
        model,
        money.micro_usd(prompt, field=COLUMNS[2]),
        money.micro_usd(completion, field=COLUMNS[3]),
        _moment(starts),
    )


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError("effective_from must be a moment such as 2030-01-31T00:00:00+00:00") from error
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def _unguarded(cell: str) -> str:
    """The cell without the apostrophe that a file of ours puts before what looks like a formula."""
    return cell[1:] if cell[:1] == "'" and cell[1:].startswith(STARTS_A_FORMULA) else cell
