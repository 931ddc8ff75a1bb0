"""A browser of this machine for tests, and pictures of what it shows when somebody wants them."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from hivemind.local import browser as program

DESK, PHONE = (1400, 900), (390, 844)


class Visitor:
    """One person at the browser. Whatever breaks on a page or leaves for another host is kept in `trouble`."""

    def __init__(self, page: Page, origin: str) -> None:
        self.page = page
        self.origin = origin
        self.trouble: list[str] = []
        page.set_default_timeout(15_000)
        page.on("console", lambda said: self.trouble.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.trouble.append(str(error)))
        page.on("request", lambda asked: self._note(asked.url))

    def go(self, path: str) -> None:
        """Open a page of the service."""
        answer = self.page.goto(f"{self.origin}{path}")
        assert answer is not None and answer.ok, path

    def press(self, text: str) -> None:
        """Press the button or follow the link with this text."""
        # The name of an icon is text of its own, before or after it.
        named = re.compile(rf"(?:^|\s){re.escape(text)}(?:\s+[a-z_]+)?\s*$")
        self.page.locator("button:visible, a:visible").filter(has_text=named).first.click()
        self.page.wait_for_load_state()

    def fill(self, **values: str) -> None:
        """Fill in the form by the names of its fields."""
        for name, value in values.items():
            self.page.fill(f"[name={name}]", value)

    def reads(self) -> str:
        """The text of the page, as it is seen."""
        return " ".join(self.page.locator("body").inner_text().split())

    def picture(self, name: str) -> None:
        """The page in light, in dark and on a phone, in the folder of HIVEMIND_TEST_SCREENSHOTS when that is set."""
        folder = os.environ.get("HIVEMIND_TEST_SCREENSHOTS", "")
        if not folder:
            return
        Path(folder).mkdir(parents=True, exist_ok=True)
        for mode, (width, height) in {"light": DESK, "dark": DESK, "phone": PHONE}.items():
            self.page.emulate_media(color_scheme="dark" if mode == "dark" else "light")
            self.page.set_viewport_size({"width": width, "height": height})
            self.page.wait_for_timeout(300)
            self.page.screenshot(path=Path(folder) / f"{name}-{mode}.png", full_page=mode == "phone")
        self.page.emulate_media(color_scheme="light")
        self.page.set_viewport_size({"width": DESK[0], "height": DESK[1]})

    def _note(self, url: str) -> None:
        if not url.startswith((self.origin, "data:", "blob:")):
            self.trouble.append(f"asked for {url}")


@contextmanager
def visitor(origin: str) -> Iterator[Visitor]:
    """Somebody who opens a browser at this service, with nothing remembered from before."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program.find(os.environ), args=["--no-sandbox"])
        try:
            context = browser.new_context(viewport={"width": DESK[0], "height": DESK[1]}, accept_downloads=True)
            yield Visitor(context.new_page(), origin)
        finally:
            browser.close()
