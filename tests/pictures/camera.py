"""A browser that takes small pictures."""

import io
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from hivemind.local import browser as program

WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
COLOURS, RARE = 256, 64
LARGEST_BYTES = 150_000


class Camera:
    """One window of the browser, as one person; `base` is the address of the service."""

    def __init__(self, browser: Browser, base: str, folder: Path) -> None:
        self.browser = browser
        self.base = base
        self.folder = folder
        self.page = self._window(None)

    def open(self, path: str) -> None:
        """Go to a page of the admin."""
        answer = self.page.goto(f"{self.base}/admin/{path}")
        assert answer is not None and answer.status < 400, f"{path}: {answer and answer.status}"

    def press(self, text: str) -> None:
        """Press the button or follow the link of this name, and wait for the next page."""
        named = re.compile(rf"^\s*([a-z_]+\s+)?{re.escape(text)}(\s+[a-z_]+)?\s*$")  # icons are words too
        buttons = self.page.locator("a, button, input[type=submit]").filter(has_text=named)
        with self.page.expect_navigation():
            buttons.locator("visible=true").first.click()

    def fill(self, **values: object) -> None:
        """Type into the fields of the form, by their names."""
        for name, value in values.items():
            self.page.locator(f"[name={name}]").locator("visible=true").first.fill(str(value))

    def take(self, name: str, *, height: int = 0, top: str = "") -> None:
        """Write what is seen as a picture; `top` scrolls to this text, `height` looks at more or less."""
        self._write(self.page, name, height=height, top=top)

    def take_elsewhere(self, name: str, *, phone: bool = False, dark: bool = False, height: int = 0) -> None:
        """Write the present page as another screen shows it."""
        page = self._window(self.page.context.storage_state(), phone=phone, dark=dark)
        page.goto(self.page.url)
        self._write(page, name, height=height, top="")
        page.context.close()

    def forget(self) -> None:
        """Be nobody again, in a new window."""
        self.page.context.close()
        self.page = self._window(None)

    def _window(self, storage: Any, *, phone: bool = False, dark: bool = False) -> Page:
        context = self.browser.new_context(
            viewport=PHONE if phone else WIDE,  # type: ignore[arg-type]
            color_scheme="dark" if dark else "light",
            storage_state=storage,
            locale="en-GB",
            timezone_id="UTC",
            reduced_motion="reduce",
        )
        context.set_default_timeout(10_000)
        return context.new_page()

    def _write(self, page: Page, name: str, *, height: int, top: str) -> None:
        usual = page.viewport_size or WIDE
        page.set_viewport_size({"width": usual["width"], "height": height or usual["height"]})  # type: ignore[arg-type]
        page.wait_for_load_state("networkidle")
        if top:
            page.get_by_text(top, exact=True).locator("visible=true").first.evaluate("e => e.scrollIntoView(true)")
        (self.folder / f"{name}.png").write_bytes(_small(page.screenshot(animations="disabled", caret="hide")))
        page.set_viewport_size(usual)  # type: ignore[arg-type]


def _small(png: bytes) -> bytes:
    """The picture in few colours. Raises ValueError for one that is too large all the same."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    out = io.BytesIO()
    _in_few_colours(picture).save(out, "PNG", optimize=True)
    if out.tell() > LARGEST_BYTES:
        raise ValueError(f"a picture of {out.tell()} bytes")
    return out.getvalue()


def _in_few_colours(picture: Image.Image) -> Image.Image:
    """The colours that cover most exactly as they are; what is rare, such as an orange dot, in others near to it."""
    counted: Any = picture.getcolors(picture.width * picture.height)
    often = [colour for _, colour in sorted(counted, reverse=True)[: COLOURS - RARE]]
    rare = picture.quantize(RARE, method=Image.Quantize.MAXCOVERAGE).getpalette() or []
    palette = Image.new("P", (1, 1))
    palette.putpalette([part for colour in often for part in colour] + rare)
    few = picture.quantize(palette=palette, dither=Image.Dither.NONE)
    exact = {colour: number for number, colour in enumerate(often)}
    pixels: Any = zip(picture.getdata(), few.getdata(), strict=True)
    few.putdata([exact.get(colour, near) for colour, near in pixels])
    return few


@contextmanager
def camera(base: str, folder: Path) -> Iterator[Camera]:
    """A browser without a window of its own on this machine."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program.ensure(os.environ), args=["--no-sandbox"])
        try:
            yield Camera(browser, base, folder)
        finally:
            browser.close()
