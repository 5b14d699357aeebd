"""The page about the interface, in a real browser, with nothing from elsewhere."""

import shutil

import pytest
from playwright.sync_api import sync_playwright

CHROMIUM = shutil.which("chromium")


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's Chromium")
def test_the_page_shows_every_topic_without_breaking_its_own_rules(address):
    told, asked = [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.on("console", lambda message: told.append((message.type, message.text)))
        page.on("pageerror", lambda error: told.append(("error", str(error))))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{address}/docs")
        page.wait_for_selector(".opblock-tag")
        topics = page.locator(".opblock-tag").all_inner_texts()
        page.locator(".opblock-tag", has_text="orders").first.click()
        page.wait_for_selector(".opblock-summary-path")
        browser.close()

    assert any("orders" in topic for topic in topics)
    assert [text for kind, text in told if kind == "error"] == []
    assert [url for url in asked if not url.startswith((address, "data:"))] == []
