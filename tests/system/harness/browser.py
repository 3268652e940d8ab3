"""A real browser without a window, for the console."""

import contextlib
import os
from pathlib import Path

from playwright.sync_api import sync_playwright

_MODULES = Path(__file__).resolve().parents[3] / "build/console/node_modules"
PICTURES = Path(os.environ.get("WAYBILL_PICTURES") or Path(__file__).resolve().parents[3] / "build/pictures")


@contextlib.contextmanager
def chromium():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium-headless-shell", args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


class Console:
    """One tab with the console of a relay. Whatever the page complains about is kept in `complaints`."""

    def __init__(self, browser, url, token=None, **options):
        self.context = browser.new_context(**{"viewport": {"width": 1280, "height": 860}, "locale": "en-GB", **options})
        self.page = self.context.new_page()
        self.page.set_default_timeout(20_000)
        self.complaints = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.complaints.append(f"dialog {dialog.message}"), dialog.dismiss()))
        self.page.on("console", self._listen)
        self.url = url + "/console/"
        self.page.goto(self.url)
        if token:
            self.page.get_by_label("A token, as", exact=False).fill(token)
            self.page.get_by_role("button", name="Sign in").click()
            self.page.get_by_role("heading", name="Overview").wait_for()

    def _listen(self, message):
        # A relay that was ended on purpose can't be fetched from: the page says so itself.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)

    def open(self, place):
        self.page.goto(f"{self.url}#/{place}")
        return self.page

    def text(self):
        return self.page.inner_text("body")

    def wait_text(self, text):
        self.page.get_by_text(text, exact=False).first.wait_for()

    def picture(self, name):
        PICTURES.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=PICTURES / f"{name}.png")

    def accessibility(self):
        """What axe-core finds wrong with the page as it is."""
        self.page.evaluate((_MODULES / "axe-core/axe.min.js").read_text())
        found = self.page.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']})")
        return [f"{one['id']}: {one['help']}: {node['html'][:200]}" for one in found["violations"] for node in one["nodes"]]

    def close(self):
        self.context.close()
