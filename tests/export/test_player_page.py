"""The page in a real browser."""

import functools
import http.server
import threading
import time

import pytest
from tests.browser import open_browser
from tests.pieces import chorale

from partimento.export.write import write

pytestmark = pytest.mark.slow


def until(tab, condition: str) -> None:
    """Wait until a condition holds; playwright's own way of waiting is not allowed by the page's
    security policy.
    """
    for _ in range(300):
        if tab.evaluate(condition):
            return
        time.sleep(0.1)
    pytest.fail(f"never: {condition}")


@pytest.fixture
def page(tmp_path):
    write(chorale(), tmp_path / "index.html", about={"text": "Ten chorales."}, files=["a.mid"])

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=str(tmp_path))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with open_browser("--autoplay-policy=no-user-gesture-required") as browser:
        tab = browser.new_page()
        tab.problems, tab.requests = [], []
        tab.on(
            "console",
            lambda message: (
                tab.problems.append(message.text) if message.type in ("error", "warning") else None
            ),
        )
        tab.on("pageerror", lambda error: tab.problems.append(str(error)))
        tab.on("request", lambda request: tab.requests.append(request.url))
        tab.goto(f"http://127.0.0.1:{server.server_port}/index.html")
        until(tab, "document.getElementById('sound').readyState >= 1")
        yield tab
    server.shutdown()
    server.server_close()


def test_nothing_is_asked_of_the_network_and_nothing_complains(page):
    assert [url for url in page.requests if not url.startswith("data:")] == [page.url]
    assert page.problems == []


def test_a_click_on_a_note_begins_there_and_lights_it(page):
    page.evaluate("document.getElementById('sound').muted = true")
    page.evaluate(
        "document.getElementById('sound').playbackRate = 0.0625"
    )  # so that a slow machine can look in time
    page.locator("#n20 use").first.click()
    until(page, "document.querySelector('#n20').classList.contains('sounds')")
    now = page.evaluate("document.getElementById('sound').currentTime")
    assert 2.5 <= now < 3  # the sixth chord, half a second each
    assert page.locator("#play").get_attribute("aria-pressed") == "true"
    page.keyboard.press("Space")
    until(page, "document.getElementById('sound').paused")
    until(page, "document.getElementById('play').getAttribute('aria-label') === 'Play'")


def test_the_keyboard_moves_through_the_piece(page):
    page.keyboard.press("ArrowRight")
    until(page, "Math.abs(document.getElementById('sound').currentTime - 2) < 0.05")
    lit = page.evaluate("[...document.querySelectorAll('.sounds')].map((note) => note.id).sort()")
    assert lit == ["n16", "n17", "n18", "n19"]
    page.keyboard.press("Home")
    until(page, "document.getElementById('sound').currentTime === 0")
    assert page.locator(".sounds").count() == 0
