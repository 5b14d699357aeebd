"""The live page in a real browser. ONESHELF_PICTURES=folder also writes its pictures there."""

import os
import shutil
from pathlib import Path

import httpx
import live_day
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright

CHROMIUM = "/usr/bin/chromium"
SIZES = {"desk": (1440, 900), "phone": (390, 844), "wall": (1920, 1080)}
BYTES_MAX = 200_000
SWITCHES = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not shutil.which(CHROMIUM), reason="Debian's Chromium is not installed"),
]


@pytest.fixture(scope="module")
def chromium():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium, address):
    """Return how to open a page; afterwards none of them may have complained."""
    complaints, contexts = [], []

    def opened(size="desk", scheme="light", path="/", motion="no-preference"):
        width, height = SIZES[size]
        context = chromium.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion=motion
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(address + path, wait_until="domcontentloaded")
        page.wait_for_selector("html[data-live=on]", timeout=5_000)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def day(database):
    shop = live_day.open_shop(database)
    live_day.sell_all_morning(shop, orders=36)
    return shop


def faults(page):
    found = Axe().run(page, options={"resultTypes": ["violations"]})
    return [(fault["id"], fault["nodes"][0]["html"]) for fault in found.response["violations"]]


def overflow(page):
    return page.evaluate("document.documentElement.scrollWidth - innerWidth")


def newest_number(page):
    return page.locator("#orders li b").first.inner_text()


@pytest.mark.usefixtures("day")
def test_the_page_is_readable_by_everybody_at_every_size_and_light(open_page):
    seen = {}
    for size in ("desk", "phone"):
        page = open_page(size)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            seen[size, scheme] = (faults(page), overflow(page))

    assert set(map(str, seen.values())) == {str(([], 0))}


def test_an_order_appears_by_itself(day, open_page):
    page = open_page()
    for number, order in enumerate(live_day.tuesday()[100:112]):
        day.place(order)
        page.wait_for_function(
            "number => document.querySelector('#orders li b').textContent === number",
            arg=f"#{10_037 + number}",
            polling=20,
            timeout=5_000,
        )

    assert page.locator("#arcs .fading").count() > 0


@pytest.mark.usefixtures("day")
def test_the_page_weighs_little_and_runs_nothing_that_is_not_a_file_of_ours(address):
    with httpx.Client(base_url=address) as client:
        page = client.get("/")
        files = [part.split('"')[0] for part in page.text.split('="/static/')[1:]]
        answers = [client.get(f"/static/{file}") for file in files]
        stale = client.get("/static/live/0000/live.css")
    policy = page.headers["content-security-policy"]

    assert len(page.content) + sum(len(answer.content) for answer in answers) < BYTES_MAX
    assert all("immutable" in answer.headers["cache-control"] for answer in answers)
    assert stale.status_code == 404
    assert "script-src 'self'; style-src 'self'" in policy
    assert "unsafe" not in policy
    assert "<style" not in page.text
    assert "style=" not in page.text
    assert page.text.count("<script") == page.text.count("<script src=")


@pytest.mark.usefixtures("day")
def test_the_picker_works_by_keyboard_and_shows_where_it_is(open_page):
    page = open_page()
    page.keyboard.press("Tab")
    skip = page.evaluate("document.activeElement.className")
    for _ in range(2):
        page.keyboard.press("Tab")
    focus = page.evaluate(
        "[document.activeElement.id, getComputedStyle(document.activeElement).outlineStyle]"
    )
    page.keyboard.type("22469")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?sku=22469")

    assert skip == "skip"
    assert focus == ["sku", "solid"]
    expect(page.locator("#shelf .lead")).to_contain_text("Heart of wicker small")


def test_what_somebody_types_or_reads_stays_while_orders_come(day, open_page):
    page = open_page()
    page.locator("#sku").type("wick")
    page.locator("#orders").hover()
    before = newest_number(page)
    day.place(live_day.tuesday()[100])
    page.wait_for_function("() => document.querySelector('#figures dd').textContent === '37'")
    while_read = newest_number(page)
    page.mouse.move(5, 5)
    page.wait_for_function(
        "number => document.querySelector('#orders b').textContent !== number", arg=before
    )

    assert while_read == before
    assert page.evaluate("[document.activeElement.id, document.activeElement.value]") == [
        "sku",
        "wick",
    ]


def test_pause_holds_everything_until_it_is_pressed_again(day, open_page):
    page = open_page()
    before = newest_number(page)
    page.get_by_role("button", name="Pause").press("Enter")
    day.place(live_day.tuesday()[100])
    page.wait_for_timeout(900)
    paused = newest_number(page)
    page.get_by_role("button", name="Go on").press("Enter")
    page.wait_for_function(
        "number => document.querySelector('#orders b').textContent !== number", arg=before
    )

    assert paused == before


def test_nothing_moves_where_the_system_asks_for_it(day, open_page):
    page = open_page(motion="reduce")
    day.place(live_day.tuesday()[100])
    page.wait_for_selector("#arcs .fading", state="attached")

    assert page.evaluate("document.getAnimations().length") == 0


def test_an_empty_shop_says_what_to_do_next(open_page):
    page = open_page("phone")

    assert faults(page) == []
    assert overflow(page) == 0
    expect(page.locator("main")).to_contain_text("Start oneshelf demo")
    expect(page.locator("#orders")).to_contain_text("No orders yet")


def test_an_empty_page_fills_by_itself_when_places_come(database, open_page):
    page = open_page()
    live_day.open_shop(database)

    expect(page.locator(".warehouse")).to_have_count(2, timeout=10_000)


def test_an_unknown_product_is_told_from_what_to_choose(open_page):
    page = open_page(path="/?sku=%3Cb%3Enothing")

    expect(page.get_by_role("alert")).to_contain_text("No product has the SKU “<b>nothing”")
    assert faults(page) == []


@pytest.mark.usefixtures("day")
def test_a_kit_sends_to_its_parts(open_page):
    page = open_page(path="/?sku=kit-cake-party")
    page.locator("#shelf a").first.click()
    page.wait_for_url("**/?sku=21212")

    expect(page.locator("#shelf .bars")).to_be_visible()


@pytest.mark.skipif(not os.environ.get("ONESHELF_PICTURES"), reason="no pictures were asked for")
def test_pictures(database, open_page):
    folder = Path(os.environ["ONESHELF_PICTURES"])
    folder.mkdir(parents=True, exist_ok=True)
    shop = live_day.open_shop(database)
    live_day.sell_all_morning(shop)
    for size in SIZES:
        for scheme in ("light", "dark"):
            page = open_page(size, scheme)
            page.wait_for_timeout(600)
            page.screenshot(
                path=folder / f"live_page_{size}_{scheme}.png", full_page=size == "phone"
            )

    assert len(list(folder.glob("live_page_*.png"))) == 2 * len(SIZES)
