"""MusicXML made up by hypothesis, element by element: of three documents two could be music, one is
wild.
"""

from __future__ import annotations

from hypothesis import strategies as st
from tests.fuzz.spoil import NUMBERS
from tests.fuzz.spoil_xml import FRAGMENTS, MOST_BYTES

START = "<attributes><divisions>4</divisions><time><beats>4</beats><beat-type>4</beat-type></time></attributes>"  # noqa: E501
TIES = ('<tie type="start"/>', '<tie type="stop"/>', '<tie type="stop"/><tie type="start"/>')
FINGER = "<notations><technical><string>1</string><fret>99</fret></technical></notations>"
Text = st.SearchStrategy[str]


def _words(*words: str) -> Text:
    return st.sampled_from(words)


def _tag(name: str, inside: Text) -> Text:
    return inside.map(lambda text: f"<{name}>{text}</{name}>")


def _all(*parts: Text | str) -> Text:
    return st.tuples(*(st.just(part) if isinstance(part, str) else part for part in parts)).map(
        "".join
    )


def _some(*parts: Text) -> Text:
    """Each of them or not."""
    return st.tuples(*(st.one_of(st.just(""), part) for part in parts)).map("".join)


number = st.one_of(
    st.integers(0, 16).map(str), st.sampled_from([each for each in NUMBERS if "\0" not in each])
)
length = st.one_of(*[_words("1", "2", "3", "4", "6", "8")] * 6, number)


def _moves(lengths: Text) -> Text:
    return st.builds(
        lambda tag, d: f"<{tag}><duration>{d}</duration></{tag}>",
        _words("backup", "backup", "forward"),
        lengths,
    )


# What could be music

voice = _tag("voice", _words("1", "2"))
tame_pitch = _tag(
    "pitch", _all(_tag("step", _words(*"CDEFGAB")), _tag("octave", _words("2", "3", "4", "5")))
)
tame_note = _tag(
    "note",
    _all(
        _words("", "", "", "<chord/>", "<cue/>"),
        st.one_of(_words("<rest/>"), *[tame_pitch] * 4),
        _tag("duration", _words("1", "2", "3", "4", "6", "0.5")),
        _words("", "", "", *TIES),
        voice,
    ),
)
grace = _tag("note", _all("<grace/>", tame_pitch, voice))
tame_attributes = _tag(
    "attributes",
    _some(
        _tag("divisions", _words("1", "2", "4", "6", "10")),
        _tag("key", _tag("fifths", _words("-7", "0", "3"))),
        _tag(
            "time",
            _all(
                _tag("beats", _words("1", "3", "4", "3+2", "200")),
                _tag("beat-type", _words("4", "8", "2", "128")),
            ),
        ),
        _tag(
            "transpose",
            _some(
                _tag("chromatic", _words("-3", "2")), _tag("octave-change", _words("-1", "0", "1"))
            ),
        ),
    ),
)
jumps = _words(
    *(
        f"<direction><sound {name}='x'/></direction>"
        for name in ("dacapo", "dalsegno", "segno", "tocoda", "coda", "fine")
    )
)
turns = st.builds(
    lambda d, t, n, k: (
        f'<barline><repeat direction="{d}" times="{t}"/><ending number="{n}" type="{k}"/></barline>'
    ),
    _words("forward", "backward", ""),
    _words("", "2", "99999999", "-1"),
    _words("1", "2", "1, 2", "", "99-1"),
    _words("start", "stop", "discontinue", ""),
)
tame = st.one_of(
    tame_note,
    tame_note,
    tame_note,
    grace,
    tame_attributes,
    _moves(_words("1", "4", "8", "99")),
    turns,
    jumps,
)

# What is wild

pitch = _tag(
    "pitch",
    _all(
        _tag("step", _words(*"CDEFGAB", "H", "")),
        _words("", "", "", "<alter>1</alter>", "<alter>-0.5</alter>", "<alter>99</alter>"),
        _tag("octave", st.one_of(*[_words("3", "4", "5")] * 4, number)),
    ),
)
note = _tag("note", _all(pitch, _tag("duration", length), _words("", "", *TIES), voice))
odd_note = _tag(
    "note",
    _some(
        _words("<grace/>", "<cue/>"),
        _words("<chord/>"),
        _words("<rest/>", '<rest measure="yes"/>', "<unpitched/>"),
        pitch,
        _tag("duration", length),
        _words(*TIES),
        _tag("staff", number),
        _tag("voice", number),
        _words("<type>whole</type>", '<instrument id="I1"/>', FINGER),
    ),
)
attributes = _tag(
    "attributes",
    _some(
        _tag("divisions", length),
        _tag("key", _tag("fifths", number)),
        _tag(
            "time",
            _all(_tag("beats", length), _tag("beat-type", _words("4", "4", "8", "2", "128", "3"))),
        ),
        _tag(
            "transpose",
            _some(
                _tag("diatonic", number), _tag("chromatic", number), _tag("octave-change", number)
            ),
        ),
    ),
)
wild = st.one_of(tame, tame, note, odd_note, attributes, _moves(length), st.sampled_from(FRAGMENTS))
plain_text = st.text(
    st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="<&>"), max_size=5
)
midi_instrument = _all(
    '<midi-instrument id="I1">',
    _some(
        _tag("midi-channel", number), _tag("midi-program", number), _tag("midi-unpitched", number)
    ),
    "</midi-instrument>",
)
instruments = _some(_tag("part-name", plain_text), midi_instrument)


def _bars(things: Text) -> Text:
    return st.builds(
        lambda inside, times, said: (
            f"<measure {said}>{inside}</measure>"
            * max(1, min(times, MOST_BYTES // (len(inside) + 20)))
        ),
        st.lists(things, max_size=6).map("".join),
        st.sampled_from([1] * 12 + [3, 60, 5000]),
        _words("", "", 'implicit="yes"', 'number="0"'),
    )


tame_bars, wild_bars = _bars(tame), _bars(wild)


@st.composite
def musicxml_files(draw: st.DrawFn) -> bytes:
    """Any MusicXML document, or nearly one."""
    is_tame = draw(st.sampled_from([True, True, False]))
    parts = draw(
        st.lists(
            st.lists(tame_bars if is_tame else wild_bars, max_size=5).map("".join),
            min_size=1,
            max_size=3,
        )
    )
    start = f'<measure number="1">{START}</measure>' if is_tame or draw(st.booleans()) else ""
    played = "" if is_tame else draw(instruments)
    listed = "".join(f'<score-part id="P{i}">{played}</score-part>' for i in range(len(parts)))
    body = "".join(f'<part id="P{i}">{start}{inside}</part>' for i, inside in enumerate(parts))
    root = (
        "score-partwise"
        if is_tame
        else draw(_words("score-partwise", "score-partwise", "score-timewise"))
    )
    text = f"<{root}><part-list>{listed}</part-list>{body}</{root}>"
    return text.encode(draw(_words(*["utf-8"] * 9, "utf-16")))
