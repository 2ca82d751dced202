"""Animations by what is in them: frames, times, data, notes; and pages that ask nothing of the network."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import shutil
import time
from collections.abc import Iterator
from fractions import Fraction
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from partimento import Event, Key, Meter, Part, Piece
from partimento.config import UserError
from partimento.write.animation import (
    CAPTION_HEIGHT,
    GIF_WIDTH,
    LatentHistory,
    Reconstruction,
    chords_right,
    latent_gif,
    latent_page,
    score_gif,
    score_page,
    to_gif,
    write_animation,
    write_learning_page,
)

Q = Fraction(1)
SVG = "{http://www.w3.org/2000/svg}"
GUITAR = (Part("Guitar", 24),)


def drift(frames: int = 4, points: int = 6, **more: Any) -> LatentHistory:
    """A cloud that moves to the right."""
    cloud = np.random.default_rng(0).normal(size=(points, 2))
    moved = np.stack([cloud * 0.1 + (step, 0.5) for step in range(frames)])
    return LatentHistory(moved, [5 * step for step in range(frames)], **more)


def study(chords: list[tuple[int, ...]], **more: Any) -> Piece:
    """A quarter each."""
    return Piece.from_events([Event(chord, Q) for chord in chords], parts=GUITAR, **more)


CHORDS = [(45, 57), (48,), (52, 60), (50,), (45, 57), (48, 60), (52,), (40, 64)] * 2
LEARNED = [[(45,)] * 16, [*CHORDS[:7], (), *[(45, 57, 61)] * 8], CHORDS]


def learned(**more: Any) -> Reconstruction:
    original = study(CHORDS, title="Study", keys=(Key(0, "minor"),))
    snapshots = [study(chords) for chords in LEARNED]
    captions = ["epoch {}, {} of {} chords right".format(5 * n, *chords_right(original, piece)) for n, piece in enumerate(snapshots)]
    return Reconstruction(original, snapshots, captions, **more)


@pytest.fixture(scope="module")
def reconstruction() -> Reconstruction:
    return learned(title="Window <3>")


def frames_of(data: bytes) -> tuple[list[np.ndarray], list[int]]:
    """The pictures (H, W, 3) and how long each is shown, in milliseconds."""
    pictures, durations = [], []
    with Image.open(io.BytesIO(data)) as gif:
        assert gif.format == "GIF"
        assert gif.info["loop"] == 0  # without end
        for number in range(gif.n_frames):
            gif.seek(number)
            durations.append(gif.info["duration"])
            pictures.append(np.asarray(gif.convert("RGB")).astype(int))
    return pictures, durations


def data_in(page: str) -> dict[str, Any]:
    (text,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    return dict(json.loads(text))


class Markup(HTMLParser):
    """What a browser would take from a page: addresses, handlers, the policy and the script."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.addresses: set[str] = set()
        self.handlers: list[str] = []
        self.policy, self.script, self.inside = "", "", False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.addresses |= {value or "" for name, value in attrs if name in ("src", "href", "srcset", "action", "data")}
        self.handlers += [name for name in given if name.startswith("on")]
        if given.get("http-equiv") == "Content-Security-Policy":
            self.policy = given["content"] or ""
        self.inside = tag == "script" and "type" not in given

    def handle_data(self, data: str) -> None:
        self.script += data if self.inside else ""
        self.inside = False


def is_self_contained(page: str) -> None:
    """Nothing is loaded, no markup comes from texts, and the only script is the one that the policy knows."""
    markup = Markup(page)
    assert markup.policy.startswith("default-src 'none';")
    assert f"script-src 'sha256-{base64.b64encode(hashlib.sha256(markup.script.encode()).digest()).decode()}'" in markup.policy
    assert markup.addresses == {"data:,"}
    assert markup.handlers == []
    without = page.replace("http://www.w3.org/2000/svg", "").replace("http://www.w3.org/1999/xlink", "")
    assert not re.search(r"https?://|@import|url\(", without)


def test_a_frame_an_epoch_and_the_last_one_stays() -> None:
    data = latent_gif(drift(4))
    pictures, durations = frames_of(data)
    assert len(pictures) == 4
    assert durations == [120, 120, 120, 2000]
    assert {picture.shape for picture in pictures} == {(531, 720, 3)}
    assert (pictures[0][:5, :5] == 255).all()
    assert latent_gif(drift(4)) == data


def test_axes_stay_so_that_drift_is_seen() -> None:
    pictures, _ = frames_of(latent_gif(drift(3)))
    plot = slice(60, 460), slice(80, 500)  # inside the axes
    centres = []
    for picture in pictures:
        blue = (picture[plot][..., 2] - picture[plot][..., 0]) > 80
        centres.append(float(np.nonzero(blue)[1].mean()))
    assert centres[1] - centres[0] == pytest.approx(centres[2] - centres[1], abs=4)
    assert centres[1] - centres[0] > 50
    for picture in pictures[1:]:
        assert (picture[465:] == pictures[0][465:]).all()  # the numbers at the axis
        assert (picture[:, :60] == pictures[0][:, :60]).all()
        assert (picture[:50, 320:510] != pictures[0][:50, 320:510]).any()  # the epoch
    grey = [
        int(((picture[plot].max(axis=2) - picture[plot].min(axis=2) < 12) & (picture[plot].min(axis=2) < 235)).sum())
        for picture in pictures
    ]
    assert grey[0] < grey[1] < grey[2]  # the path of the mean grows


def test_groups_have_their_colours_in_a_gif() -> None:
    pictures, _ = frames_of(latent_gif(drift(1, groups=["x"] * 3 + ["y"] * 3)))
    colours = {tuple(colour) for colour in pictures[0].reshape(-1, 3).tolist()}
    assert {(0, 114, 178), (213, 94, 0)} <= colours  # exactly those of the legend
    assert len(colours) <= 256


def test_a_gif_of_a_hundred_epochs_stays_small() -> None:
    rng = np.random.default_rng(0)
    cloud, groups = rng.normal(size=(512, 2)), [f"piece {k % 9}" for k in range(512)]
    moving = np.stack([cloud * (1 - 0.9**step) + rng.normal(0, 0.02, (512, 2)) for step in range(1, 11)])
    data = latent_gif(LatentHistory(moving, range(10), groups, prior=True))
    assert len(data) < 200_000  # a tenth of 2 MB for a tenth of the frames


def test_palette_keeps_flat_colours() -> None:
    pixels = np.full((8, 8, 3), 255, np.uint8)
    pixels[:4, :4], pixels[4:, 4:] = (0, 0, 0), (214, 95, 1)
    (picture,), (duration,) = frames_of(to_gif([Image.fromarray(pixels)], ["#000000", "#D55E00"], frame_ms=50, last_ms=700))
    assert duration == 700
    assert picture[0, 0].tolist() == [0, 0, 0]
    assert picture[7, 7].tolist() == [213, 94, 0]
    assert picture[0, 7].tolist() == [255, 255, 255]


def test_the_page_holds_the_points() -> None:
    history = drift(5, 7, groups=["C major"] * 4 + ["a minor"] * 3, names=[f"Étude {n}" for n in (1, 1, 2, 2, 3, 3, 3)], prior=True)
    page = latent_page(history)
    is_self_contained(page)
    data = data_in(page)
    np.testing.assert_allclose(np.array(data["frames"]).reshape(5, 7, 2), history.frames, atol=0.0005001)
    assert data["decimals"] == 3
    assert data["epochs"] == [0, 5, 10, 15, 20]
    assert [data["names"][k] for k in data["name_of"]] == ["Étude 1"] * 2 + ["Étude 2"] * 2 + ["Étude 3"] * 3
    assert [data["groups"][k]["name"] for k in data["of"]] == ["C major"] * 4 + ["A minor"] * 3
    assert data["prior"] is True
    left, right, bottom, top = data["limits"]
    assert left < -2
    assert right > history.frames[..., 0].max()
    assert top - bottom == pytest.approx(right - left, abs=0.01)
    assert latent_page(history) == page
    for label in ('aria-label="Player"', 'aria-label="Speed"', 'role="img" aria-label="Latent states of 7 windows', "color-scheme"):
        assert label in page


def test_small_latent_spaces_keep_their_digits() -> None:
    data = data_in(latent_page(LatentHistory(np.array([[[0.00123, 0.0], [0.002, 0.001]]]), [1])))
    assert data["frames"] == [[0.00123, 0.0, 0.002, 0.001]]


def test_names_are_text_and_no_markup() -> None:
    wild = "</script><img src=x onerror=alert(1)>&\"'"
    page = latent_page(drift(2, 2, groups=[wild, "b"], title=wild))
    is_self_contained(page)
    assert wild not in page
    assert data_in(page)["groups"][0]["name"] == wild
    with pytest.raises(UserError, match="cannot be written"):
        latent_page(drift(2, 2, title="\ud800"))


@pytest.mark.parametrize(
    ("frames", "epochs", "more", "message"),
    [
        (np.zeros((0, 3, 2)), [], {}, "takes frames"),
        (np.zeros((3, 2)), [1, 2, 3], {}, "takes frames"),
        (np.zeros((2, 3, 4)), [1, 2], {}, "two dimensions"),
        (np.zeros((2, 0, 2)), [1, 2], {}, "two dimensions"),
        (np.zeros((2, 3, 2)), [1], {}, "2 frames, but 1 epochs"),
        (np.full((2, 3, 2), np.inf), [1, 2], {}, "diverged"),
        (np.zeros((2, 3, 2)), [1, 2], {"groups": ["a"]}, "3 points, but 1"),
        (np.zeros((2, 3, 2)), [1, 2], {"names": ["a"]}, "3 points, but 1"),
    ],
)
def test_what_is_no_history_is_refused(frames: np.ndarray, epochs: list[int], more: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        LatentHistory(frames, epochs, **more)


def test_chords_that_are_right() -> None:
    original = study([(60,), (62,), (), (64,)])
    assert chords_right(original, original) == (4, 4)
    assert chords_right(original, study([(60,), (61,), (), (64, 67)])) == (2, 4)
    assert chords_right(original, Piece.from_events([Event((60,), 2 * Q)])) == (2, 4)  # where it ends, it rests
    assert [caption.split(", ")[1] for caption in learned().captions] == [
        "0 of 16 chords right",
        "7 of 16 chords right",
        "16 of 16 chords right",
    ]


def wrong_and_right(page: ElementTree.Element) -> list[int]:
    """How many notes (chords as one) and rests of the second staff are marked, and how many are not."""
    counts = [0, 0]
    for measure in [group for group in page.iter(f"{SVG}g") if group.get("class") == "measure"]:
        _, lower = [child for child in measure if child.get("class") == "staff"]
        for layer in [child for child in lower if child.get("class") == "layer"]:
            for group in layer:
                if (kinds := group.get("class", "").split())[:1] in (["note"], ["chord"], ["rest"]):
                    counts["wrong" not in kinds] += 1
    return counts


def test_wrong_chords_are_marked_and_wrong_rests_too(reconstruction: Reconstruction) -> None:
    first, second, last = reconstruction.pages
    assert wrong_and_right(first) == [16, 0]
    assert wrong_and_right(second) == [9, 7]
    assert wrong_and_right(last) == [0, 16]
    (rest,) = [group for group in second.iter(f"{SVG}g") if group.get("class", "").startswith("rest")]
    assert rest.get("class") == "rest wrong"
    for page in reconstruction.pages:  # the original is in ink
        for measure in [group for group in page.iter(f"{SVG}g") if group.get("class") == "measure"]:
            upper = next(child for child in measure if child.get("class") == "staff")
            assert not [group for group in upper.iter() if "wrong" in group.get("class", "")]


def staff_lines(page: ElementTree.Element) -> list[str]:
    """The lines of all staves: where they begin and end."""
    staves = [group for group in page.iter(f"{SVG}g") if group.get("class") == "staff"]
    return [path.get("d", "") for staff in staves for path in staff if path.tag == f"{SVG}path"]


def test_lines_break_at_the_same_bars_in_every_frame(reconstruction: Reconstruction) -> None:
    counts = []
    for page in reconstruction.pages:
        systems = [group for group in page.iter(f"{SVG}g") if group.get("class") == "system"]
        counts.append([sum(child.get("class") == "measure" for child in system) for system in systems])
    assert counts == [[4]] * 3
    first, *others = map(staff_lines, reconstruction.pages)
    for other in others:  # staves and bars stand where they stood
        at, now = (np.array([re.findall(r"[-\d.]+", line) for line in lines], float) for lines in (first, other))
        assert np.abs(at - now)[:, 1::2].max() < 20  # a staff is 720 high
        assert np.abs(at - now)[:, ::2].max() < 400  # and 18,000 wide: an accidental takes some room
    fuller = Reconstruction(study(CHORDS * 2), [study(CHORDS), study([(40,)] * 40)], ["a", "b"])
    assert fuller.breaks == {4}
    assert len([group for group in fuller.pages[1].iter(f"{SVG}g") if group.get("class") == "measure"]) == 8  # no longer than the original


def test_staves_say_whose_they_are(reconstruction: Reconstruction) -> None:
    for page in reconstruction.pages:
        assert [text.text for text in page.iter(f"{SVG}text")] == ["original", "model"]


def test_a_window_for_two_hands_has_a_label_for_both_staves() -> None:
    hands = [(48, 55, 64, 72), (53, 57, 65, 72), (55, 59, 62, 74), (48, 55, 64, 72)] * 2
    original = Piece.from_events([Event(chord, Q) for chord in hands], parts=(Part("Organ", 19),))
    (page,) = Reconstruction(original, [original], ["now"]).pages
    measure = next(group for group in page.iter(f"{SVG}g") if group.get("class") == "measure")
    assert sum(child.get("class") == "staff" for child in measure) == 4
    assert [text.text for text in page.iter(f"{SVG}text")] == ["original", "model"]


def test_upbeats_triplets_and_notes_beyond_the_end() -> None:
    lengths = [Q, Q / 3, Q / 3, Q / 3, 2 * Q, Q / 2, Q / 2, Q]
    original = Piece.from_events(
        [Event((57 + n,), length) for n, length in enumerate(lengths)], parts=GUITAR, pickup=Q, meters=(Meter(3, 4),)
    )
    late = Piece.from_events([Event((), 3 * Q), Event((57,), 90 * Q)])
    made = Reconstruction(original, [original, late], ["a", "b"])
    assert made.pairs[1].length == original.length
    assert len(made.pages) == 2
    beyond = Reconstruction(original, [Piece.from_events([Event((), 50 * Q), Event((57,), Q)])], ["a"])
    assert len(beyond.pairs[0].notes) == len(original.notes)
    assert beyond.pages[0].get("viewBox")


def test_equal_snapshots_are_engraved_once() -> None:
    piece = study(CHORDS)
    one, other, same = Reconstruction(piece, [piece, study([(45,)] * 16), piece], ["a", "b", "c"]).pages
    assert one is same
    assert one is not other


def test_the_gif_of_scores(reconstruction: Reconstruction) -> None:
    data = score_gif(reconstruction)
    pictures, durations = frames_of(data)
    assert durations == [700, 700, 2100]
    assert {picture.shape[1] for picture in pictures} == {GIF_WIDTH}
    assert len({picture.shape for picture in pictures}) == 1
    orange = [int(((picture[..., 0] - picture[..., 2]) > 150).sum()) for picture in pictures]
    assert orange[0] > 500
    assert orange[1] > 500
    assert orange[2] == 0
    head = round(CAPTION_HEIGHT * GIF_WIDTH / 2100)
    assert (pictures[0][:head, 500:] != pictures[2][:head, 500:]).any()  # the captions differ
    assert (pictures[0][:head, :400] == pictures[2][:head, :400]).all()
    assert (pictures[0][:head, :400] < 100).any()  # the title
    assert len(data) < 20_000 * 3
    assert score_gif(learned(title="Window <3>")) == data


def test_the_page_of_scores(reconstruction: Reconstruction) -> None:
    page = score_page(reconstruction)
    is_self_contained(page)
    data = data_in(page)
    assert data["captions"] == list(reconstruction.captions)
    assert data["page_of"] == [0, 1, 2]
    parsed = [ElementTree.fromstring(svg) for svg in data["pages"]]
    assert [wrong_and_right(svg) for svg in parsed] == [[16, 0], [9, 7], [0, 16]]
    assert len({svg.get("viewBox") for svg in parsed}) == 1
    (defs,) = re.findall(r'<svg class="glyphs".*?</svg>', page, re.DOTALL)
    known = set(re.findall(r'id="([0-9A-F]+)"', defs))
    used = {name for svg in data["pages"] for name in re.findall(r'href="#([^"]+)"', svg)}
    assert used
    assert used <= known  # the glyphs stand in the page once
    assert "Window &lt;3&gt;" in page
    assert "epoch 10, 16 of 16 chords right</p>" in page  # what is seen without scripts
    assert score_page(learned(title="Window <3>")) == page


def test_what_is_no_reconstruction_is_refused() -> None:
    piece = study(CHORDS)
    with pytest.raises(UserError, match="at least one snapshot"):
        Reconstruction(piece, [], [])
    with pytest.raises(UserError, match="has notes"):
        Reconstruction(Piece([]), [piece], ["a"])
    with pytest.raises(UserError, match="1 snapshots, but 2 captions"):
        Reconstruction(piece, [piece], ["a", "b"])


def test_files_have_the_suffix_of_what_they_hold(tmp_path: Path) -> None:
    assert write_animation(b"GIF89a", tmp_path / "a.gif").read_bytes() == b"GIF89a"
    assert write_animation("<p>é", tmp_path / "a.html").read_text(encoding="utf-8") == "<p>é"
    with pytest.raises(UserError, match=r"a \.gif file"):
        write_animation(b"GIF89a", tmp_path / "b.html")
    with pytest.raises(UserError, match="there already"):
        write_animation("<p>", tmp_path / "a.html")
    write_animation("<p>", tmp_path / "a.html", force=True)
    assert (tmp_path / "a.html").read_text() == "<p>"


def test_the_index_shows_what_was_made(tmp_path: Path) -> None:
    Image.new("RGB", (30, 20)).save(tmp_path / "loss a.png")
    for name in ("latent.html", "history.csv"):
        (tmp_path / name).write_text("x")
    sections = {
        "Losses & more": [("loss a.png", 'Loss, "best" in epoch 3'), ("history.csv", "numbers")],
        "Latent": [("latent.html", "play it")],
    }
    page = write_learning_page(tmp_path, "vae <1>", sections).read_text(encoding="utf-8")
    assert '<img src="loss%20a.png" alt="Loss, &quot;best&quot; in epoch 3" width="30" height="20"' in page
    assert "<h2" in page
    assert "Losses &amp; more</h2>" in page
    assert page.index("loss%20a.png") < page.index("history.csv") < page.index("latent.html")
    assert set(re.findall(r'(?:src|href)="([^"]*)"', page)) == {"data:,", "loss%20a.png", "history.csv", "latent.html"}
    assert "<script" not in page
    assert "vae &lt;1&gt;" in page
    with pytest.raises(UserError, match="there already"):
        write_learning_page(tmp_path, "a", {})
    for missing in ("none.png", "../index.html", str(tmp_path / "loss a.png")):
        with pytest.raises(UserError, match="no such file"):
            write_learning_page(tmp_path, "a", {"b": [(missing, "c")]}, force=True)


@pytest.fixture
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no chromium on this machine")
    with sync_api.sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
        opened = playwright.chromium.launch(executable_path=chromium, args=arguments)
        yield opened
        opened.close()


def opened(browser: Any, path: Path) -> Any:
    tab = browser.new_page(viewport={"width": 1000, "height": 1000})
    tab.problems = []
    tab.on("console", lambda message: tab.problems.append(message.text) if message.type in ("error", "warning") else None)
    tab.on("pageerror", lambda error: tab.problems.append(str(error)))
    tab.on("request", lambda request: tab.problems.append(request.url) if not request.url.startswith(("file:", "data:")) else None)
    tab.goto(path.as_uri())
    return tab


def until(tab: Any, condition: str) -> None:
    for _ in range(100):
        if tab.evaluate(condition):
            return
        time.sleep(0.1)
    pytest.fail(f"never: {condition}")


@pytest.mark.slow
def test_the_latent_page_plays_steps_and_tells_names(tmp_path: Path, browser: Any) -> None:
    frames = np.array([[[-1.0, 0.0], [1.0, 0.5]], [[-0.5, 0.0], [1.0, 1.0]], [[0.0, 0.0], [1.0, 1.5]]])
    write_animation(latent_page(LatentHistory(frames, [0, 5, 10], ["a", "b"], ["Étude 1", "Étude 2"])), tmp_path / "a.html")
    tab = opened(browser, tmp_path / "a.html")
    assert tab.locator("#clock").inner_text() == "epoch 0"
    assert tab.locator("#mean").inner_text() == "0.000, 0.250"
    tab.keyboard.press("ArrowRight")
    assert tab.locator("#clock").inner_text() == "epoch 5"
    assert tab.locator("#seek").get_attribute("aria-valuetext") == "epoch 5"
    tab.keyboard.press("End")
    assert tab.locator("#mean").inner_text() == "0.500, 0.750"
    tab.evaluate("(() => { const seek = document.getElementById('seek'); seek.value = 1; seek.dispatchEvent(new Event('input')); })()")
    assert tab.locator("#clock").inner_text() == "epoch 5"
    tab.keyboard.press("Space")
    until(tab, "document.getElementById('clock').textContent === 'epoch 10'")
    until(tab, "document.getElementById('play').getAttribute('aria-label') === 'Play'")
    left, right, bottom, top = data_in((tmp_path / "a.html").read_text(encoding="utf-8"))["limits"]
    box = tab.locator("#map").bounding_box()
    em = min(14, box["width"] / 42)
    span = box["width"] - 4.8 * em  # the axes, as the script lays them out
    for (x, y), name in zip(frames[2], ("Étude 1", "Étude 2"), strict=True):
        at = 3.8 * em + (x - left) / (right - left) * span, em + (top - y) / (top - bottom) * span
        tab.mouse.move(box["x"] + at[0] + 3, box["y"] + at[1] - 3)
        assert tab.locator("#tip").inner_text() == name
    tab.mouse.move(box["x"] + 3.8 * em + span, box["y"] + em)
    assert tab.locator("#tip").is_hidden()
    tab.locator(".groups button").nth(1).click()
    assert tab.locator(".groups button").nth(1).get_attribute("aria-pressed") == "true"
    assert tab.problems == []


@pytest.mark.slow
def test_the_score_page_steps(tmp_path: Path, browser: Any, reconstruction: Reconstruction) -> None:
    write_animation(score_page(reconstruction), tmp_path / "a.html")
    tab = opened(browser, tmp_path / "a.html")
    assert tab.locator("#caption").inner_text() == reconstruction.captions[0]
    assert tab.locator("#score .wrong").count() == 16
    tab.keyboard.press("End")
    assert tab.locator("#caption").inner_text() == reconstruction.captions[2]
    assert tab.locator("#score .wrong").count() == 0
    assert reconstruction.captions[2] in tab.locator("#score").get_attribute("aria-label")
    box = tab.evaluate("document.querySelector('#score .notehead use').getBoundingClientRect().width")
    assert box > 3  # the shared glyphs are found
    assert tab.problems == []


@pytest.mark.slow
def test_the_index_shows_its_pictures_from_a_folder(tmp_path: Path, browser: Any) -> None:
    Image.new("RGB", (30, 20)).save(tmp_path / "a.png")
    tab = opened(browser, write_learning_page(tmp_path, "a", {"b": [("a.png", "c")]}))
    assert tab.evaluate("document.images[0].naturalWidth") == 30
    assert tab.problems == []
