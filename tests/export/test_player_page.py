"""The page in a real browser."""

import base64
import functools
import http.server
import json
import re
import threading
import time
from contextlib import contextmanager

import pytest
from tests.browser import open_browser
from tests.pieces import Q, chorale

from partimento.export.page_sounds import PageSound
from partimento.export.player_page import to_page
from partimento.export.write import write
from partimento.music.notes import Note
from partimento.music.piece import Piece
from partimento.music.timelines import Key, Part

slow = pytest.mark.slow  # with a browser

VOICES = ("Soprano", "Alto", "Tenor", "Bass")
# The loudest sample that leaves each voice, and all of them, at this moment.
METERS = """() => {
  window.meters = () => {
    const { sound } = partimento;
    window.taps ??= [...sound.gains, sound.output].map((node) => {
      const tap = new AnalyserNode(sound.context, { fftSize: 2048 });
      node.connect(tap);
      return tap;
    });
    return window.taps.map((tap) => {
      const samples = new Float32Array(tap.fftSize);
      tap.getFloatTimeDomainData(samples);
      return Math.max(...samples.map(Math.abs));
    });
  };
}"""


def four_voices() -> Piece:
    chords = [(72, 64, 55, 48), (72, 65, 57, 53), (74, 62, 59, 55), (72, 64, 55, 48)] * 16
    return Piece(
        [
            Note(Q * time, Q, pitch, part=part)
            for time, chord in enumerate(chords)
            for part, pitch in enumerate(chord)
        ],
        parts=tuple(Part(name, 52) for name in VOICES),
        keys=(Key(0, "major"),),
        title="Chorale in C major",
    )


def until(tab, condition: str) -> None:
    """Wait until a condition holds; playwright's own way of waiting is not allowed by the page's
    security policy.
    """
    for _ in range(300):
        if tab.evaluate(condition):
            return
        time.sleep(0.1)
    pytest.fail(f"never: {condition}")


@contextmanager
def opened(folder):
    """The page of a folder in a browser, over a server that only this test knows."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))
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
        yield tab
    server.shutdown()
    server.server_close()


@pytest.fixture
def page(tmp_path):
    write(chorale(), tmp_path / "index.html", about={"text": "Ten chorales."}, files=["a.mid"])
    with opened(tmp_path) as tab:
        until(tab, "document.getElementById('sound').readyState >= 1")
        yield tab


@pytest.fixture
def choir(tmp_path):
    """The page of a piece for four voices, which last for half a minute."""
    write(
        four_voices(),
        tmp_path / "index.html",
        about={"text": "Ten chorales.", "sections": [{"heading": "Measured", "text": "4.1"}]},
    )
    with opened(tmp_path) as tab:
        tab.evaluate(METERS)
        yield tab


@slow
def test_nothing_is_asked_of_the_network_and_nothing_complains(page):
    assert [url for url in page.requests if not url.startswith("data:")] == [page.url]
    assert page.problems == []


@slow
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


@slow
def test_the_keyboard_moves_through_the_piece(page):
    page.keyboard.press("ArrowRight")
    until(page, "Math.abs(document.getElementById('sound').currentTime - 2) < 0.05")
    lit = page.evaluate("[...document.querySelectorAll('.sounds')].map((note) => note.id).sort()")
    assert lit == ["n16", "n17", "n18", "n19"]
    page.keyboard.press("Home")
    until(page, "document.getElementById('sound').currentTime === 0")
    assert page.locator(".sounds").count() == 0


@slow
def test_a_voice_is_muted_and_heard_alone(choir):
    """The sound itself: a muted voice leaves no sample in the mix, a solo only its own."""
    choir.locator("#play").click()
    until(choir, "meters().every((level) => level > 0.01)")
    choir.get_by_role("button", name="Mute Soprano").click()
    assert choir.evaluate("document.activeElement === document.body")  # Space still pauses
    until(choir, "meters()[0] === 0 || meters()[0] < 1e-5")
    until(choir, "meters().slice(1).every((level) => level > 0.01)")
    assert choir.evaluate("!partimento.sound.paused")
    choir.get_by_role("button", name="Solo Bass").click()
    until(choir, "meters().slice(0, 3).every((level) => level < 1e-5) && meters()[3] > 0.01")
    choir.get_by_role("button", name="Solo Bass").click()
    choir.get_by_role("button", name="Mute Soprano").click()
    until(choir, "meters().every((level) => level > 0.01)")
    assert choir.problems == []
    assert choir.requests == [choir.url]


@slow
def test_voices_are_muted_by_the_keyboard_and_their_notes_fade(choir):
    mute = choir.get_by_role("button", name="Mute Alto")
    mute.focus()
    choir.keyboard.press("Space")
    assert mute.get_attribute("aria-pressed") == "true"
    assert choir.evaluate("partimento.sound.paused")  # Space was for the button
    assert choir.evaluate("partimento.sound.audible") == [True, False, True, True]
    faded = "[...document.querySelectorAll('g.layer.silent g.note')].map((note) => note.id)"
    notes = {int(name[1:].split(".")[0]) for name in choir.evaluate(faded)}
    piece = four_voices()
    assert notes == {n for n, part in enumerate(piece.notes.part.tolist()) if part == 1}
    choir.keyboard.press("Enter")
    assert mute.get_attribute("aria-pressed") == "false"
    assert choir.evaluate(faded) == []


@slow
def test_voices_keep_the_player(choir):
    choir.keyboard.press("ArrowRight")
    until(choir, "partimento.sound.currentTime === 2")
    lit = choir.evaluate("[...document.querySelectorAll('.sounds')].map((note) => note.id).sort()")
    assert lit == ["n16", "n17", "n18", "n19"]
    choir.locator("#n20 use").first.click()
    until(choir, "partimento.sound.currentTime > 2.6")
    until(choir, "document.querySelectorAll('.sounds').length === 4")
    assert choir.locator("#play").get_attribute("aria-pressed") == "true"
    choir.keyboard.press("Space")
    until(choir, "document.getElementById('play').getAttribute('aria-label') === 'Play'")
    stopped = choir.evaluate("partimento.sound.currentTime")
    time.sleep(0.2)
    assert choir.evaluate("partimento.sound.currentTime") == stopped
    choir.evaluate("partimento.sound.currentTime = partimento.sound.duration - 0.2")
    choir.keyboard.press("Space")
    until(
        choir,
        "partimento.sound.paused && partimento.sound.currentTime === partimento.sound.duration",
    )
    assert choir.locator("#play").get_attribute("aria-pressed") == "false"


@slow
def test_the_system_that_sounds_is_not_hidden_by_the_player(choir):
    choir.set_viewport_size({"width": 360, "height": 640})
    choir.emulate_media(reduced_motion="reduce")  # it scrolls at once
    choir.evaluate("partimento.sound.currentTime = 26")
    choir.locator("#play").click()
    choir.evaluate(
        """() => {
          window.shown = () => {
            const note = document.querySelector(".sounds");
            if (!note) return false;
            const system = note.closest("g.system").getBoundingClientRect();
            const head = note.getBoundingClientRect(), player = document.querySelector(".player");
            return system.top >= player.getBoundingClientRect().bottom && head.top < innerHeight
              && head.left >= 0 && head.right <= innerWidth;
          };
        }"""
    )
    until(choir, "scrollY > 0")
    assert choir.evaluate("shown()")


@slow
def test_nothing_is_wider_than_a_small_screen(choir):
    for width in (360, 768, 1920):
        choir.set_viewport_size({"width": width, "height": 640})
        assert choir.evaluate("document.documentElement.scrollWidth") <= width
        for name in VOICES:
            box = choir.get_by_role("button", name=f"Solo {name}").bounding_box()
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width
            assert box["height"] >= 24  # WCAG 2.2, target size


def test_each_voice_has_its_buttons_and_its_sound():
    piece = four_voices()
    sounds = [PageSound(name, n, b"RIFF" + bytes([n])) for n, name in enumerate(VOICES)]
    sounds[3] = sounds[3]._replace(name="Bass <1>")
    page = to_page(piece, ["<svg></svg>"], piece.note_seconds(), sounds)
    texts = re.findall(r'<script type="audio/wav" class="sound">([^<]*)</script>', page)
    assert [base64.b64decode(text) for text in texts] == [sound.wav for sound in sounds]
    labels = re.findall(r'aria-pressed="false" aria-label="([^"]*)"', page)
    names = [*VOICES[:3], "Bass &lt;1&gt;"]
    assert labels == [f"{kind} {name}" for name in names for kind in ("Mute", "Solo")]
    (times,) = re.findall(r'id="times">([^<]*)<', page)
    assert [part for _, _, part in json.loads(times)] == piece.notes.part.tolist()
    assert "<audio" not in page


def test_one_sound_has_one_player_and_no_buttons():
    piece = chorale()
    page = to_page(piece, ["<svg></svg>"], piece.note_seconds(), [PageSound("", -1, b"RIFF")])
    assert page.count('<audio id="sound"') == 1
    assert 'class="voice' not in page
    assert "AudioContext" not in page
    (times,) = re.findall(r'id="times">([^<]*)<', page)
    assert {len(time) for time in json.loads(times)} == {2}


def test_sections_come_before_the_origin_and_a_key_is_named_once():
    piece = four_voices()
    sections = [{"heading": "Measured <beside> Bach", "figures": [{"": "fifths", "Bach": "2.4"}]}]
    about = {"text": "Ten chorales.", "sections": sections}
    sound = PageSound("", -1, b"")
    page = to_page(piece, [], piece.note_seconds(), [sound], about=about)
    headings = re.findall(r'<h2 id="([^"]*)">([^<]*)</h2>', page)
    assert headings == [
        ("about-measured-beside-bach", "Measured &lt;beside&gt; Bach"),
        ("about", "Training music"),
    ]
    assert '<p class="by">Soprano, Alto, Tenor, Bass</p>' in page
    other = to_page(piece.replace(title="Hymn"), [], piece.note_seconds(), [sound])
    assert '<p class="by">Soprano, Alto, Tenor, Bass · C major</p>' in other
