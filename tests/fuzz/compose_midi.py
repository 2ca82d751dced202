"""MIDI files made up by hypothesis, event by event: of three, two could be music, one is wild."""

from __future__ import annotations

from hypothesis import strategies as st
from tests.fuzz.spoil_midi import DELTAS, DIVISIONS, END, MOST_BYTES, Song, Timed, meta, variable

TAIL = b"\x90\x40\x40"  # what should not stand behind the end of a track

byte, data_byte, channel = st.integers(0, 255), st.integers(0, 127), st.integers(0, 15)
delta = st.sampled_from([0, 0, 0, 0, 120, 240, 480, 480, 480, *DELTAS])
short = st.sampled_from([0, 0, 0, 1, 43, 120, 240, 480])
texts = st.builds(
    meta,
    st.integers(1, 9),
    st.text(max_size=8).map(lambda text: text.encode("utf-8", "surrogatepass")),
)


def _note(before: int, length: int, channel: int, pitch: int, velocity: int) -> list[Timed]:
    return [
        (before, bytes([0x90 | channel, pitch, velocity])),
        (length, bytes([0x80 | channel, pitch, 0])),
    ]


def _alone(
    times: st.SearchStrategy[int], events: st.SearchStrategy[bytes]
) -> st.SearchStrategy[list[Timed]]:
    return st.builds(lambda time, event: [(time, event)], times, events)


def _tempos(us: st.SearchStrategy[int]) -> st.SearchStrategy[bytes]:
    return st.builds(lambda us: meta(0x51, us.to_bytes(3, "big")), us)


def _meters(
    numerator: st.SearchStrategy[int], power: st.SearchStrategy[int]
) -> st.SearchStrategy[bytes]:
    return st.builds(lambda n, p: meta(0x58, bytes([n, p, 24, 8])), numerator, power)


def _keys(fifths: st.SearchStrategy[int], mode: st.SearchStrategy[int]) -> st.SearchStrategy[bytes]:
    return st.builds(lambda k, m: meta(0x59, bytes([k % 256, m])), fifths, mode)


voices = st.one_of(
    st.builds(lambda c, p, v: bytes([0x90 | c, p, v]), channel, data_byte, data_byte),
    st.builds(lambda c, p: bytes([0x80 | c, p, 0]), channel, data_byte),
    st.builds(
        lambda s, c, a, b: bytes([s | c, a, b]),
        st.sampled_from([0xA0, 0xB0, 0xE0]),
        channel,
        data_byte,
        data_byte,
    ),
    st.builds(lambda s, c, a: bytes([s | c, a]), st.sampled_from([0xC0, 0xD0]), channel, data_byte),
)
tame_notes = st.builds(
    _note,
    short,
    st.sampled_from([1, 43, 120, 160, 240, 480, 960]),
    st.sampled_from([0, 1, 9]),
    st.integers(40, 80),
    st.integers(1, 127),
)
tame_metas = st.one_of(
    _tempos(st.integers(1, 2**24 - 1)),
    _meters(st.integers(1, 255), st.integers(0, 7)),
    _keys(st.integers(-7, 7), st.integers(0, 1)),
    texts,
)
tame = st.one_of(tame_notes, tame_notes, _alone(short, st.one_of(voices, tame_metas)))
wild_metas = st.one_of(
    _tempos(st.sampled_from([0, 1, 400_000, 2**24 - 1])),
    _meters(byte, st.integers(0, 9)),
    _keys(st.integers(-9, 9), st.integers(0, 2)),
    texts,
    st.builds(meta, data_byte, st.binary(max_size=6)),
    st.builds(
        lambda kind, size: bytes([0xFF, kind]) + variable(size),
        byte,
        st.sampled_from([1, 30, 2**14, 2**28 - 1]),
    ),
)
odd = st.one_of(
    st.binary(min_size=1, max_size=4),
    st.builds(bytes, st.tuples(byte, byte, byte)),
    st.sampled_from([END, b"\xf0\x03ab\xf7", b"\xf7\x03\x90\x40\x50"]),
)
wild_notes = st.builds(_note, delta, delta, channel, data_byte, st.integers(1, 127))
wild = st.one_of(tame, tame, wild_notes, _alone(delta, wild_metas), _alone(delta, odd))


def _tracks(
    groups: st.SearchStrategy[list[Timed]], *ends: list[Timed]
) -> st.SearchStrategy[list[Timed]]:
    return st.builds(
        lambda groups, times, end: (
            ([event for group in groups for event in group] * times)[:20_000] + end
        ),
        st.lists(groups, max_size=12),
        st.sampled_from([1, 1, 1, 1, 1, 3, 500]),
        st.sampled_from([[(0, END)], [(0, END)], [(480, END)], *ends]),
    )


tame_tracks, wild_tracks = _tracks(tame), _tracks(wild, [], [(0, END), (0, TAIL)])


@st.composite
def midi_files(draw: st.DrawFn) -> bytes:
    """Any MIDI file, or nearly one."""
    if draw(st.sampled_from([True, True, False])):
        song = Song(
            draw(st.integers(0, 1)),
            draw(st.one_of(st.sampled_from([480, 96, 1, 32767]), st.integers(1, 32767))),
        )
        song.tracks = draw(st.lists(tame_tracks, min_size=1, max_size=4))
        return _many(song, draw(st.sampled_from([1] * 9 + [40, 40, 2000]))).to_bytes()
    division = draw(st.one_of(st.sampled_from([480, 480, 96, *DIVISIONS]), st.integers(1, 32767)))
    song = Song(draw(st.sampled_from([1, 1, 1, 0, 2, 3])), division)
    song.tracks = draw(st.lists(wild_tracks, max_size=4))
    if song.tracks:
        _many(song, draw(st.sampled_from([1] * 6 + [40, 4000])))
    if draw(st.integers(0, 9)) == 0:
        song.count = draw(st.integers(0, 0xFFFF))
    if song.tracks and draw(st.integers(0, 9)) == 0:
        song.lies[draw(st.integers(0, len(song.tracks) - 1))] = draw(st.integers(-9, 9))
    return song.to_bytes() + draw(st.sampled_from([b"", b"", b"", b"junk", b"\0" * 9]))


def _many(song: Song, times: int) -> Song:
    """The song with its tracks repeated, within bounds."""
    size = sum(len(event) + 4 for track in song.tracks for _, event in track) + 8
    song.tracks *= max(1, min(times, MOST_BYTES // size))
    return song
