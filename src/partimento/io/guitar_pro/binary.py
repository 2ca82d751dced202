"""Read the files of Guitar Pro 3, 4 and 5 through PyGuitarPro."""

from __future__ import annotations

import io
import logging
import re
from collections import Counter
from dataclasses import replace
from fractions import Fraction
from typing import Any

import guitarpro

from partimento.errors import InvalidScoreError
from partimento.io.guitar_pro.jumps import add_jump, add_target, set_endings
from partimento.io.guitar_pro.song import HARMONIC, BarHead, Beat, Song, Tone, Track
from partimento.io.musicxml.turns import MOST_TIMES, Turns
from partimento.io.text_encoding import decode_texts
from partimento.music.timelines import Key, Meter, Part, Tempo

# PyGuitarPro's objects have no types.
GuitarSong = Any
GuitarBeat = Any
GuitarNote = Any

DRUM_CHANNEL = 9
PASSES = 8  # bits of the mask of an ending
NORMAL_TYPES = (guitarpro.NoteType.normal, guitarpro.NoteType.tie)

logging.getLogger("guitarpro").setLevel(logging.ERROR)  # it logs unknown values, which we ignore


def song_of_binary(data: bytes, encoding: str = "") -> Song:
    """Read a file of Guitar Pro 3, 4 or 5.

    Parameters
    ----------
    data : bytes
    encoding : str
        The encoding of its text; empty to detect it.

    Raises
    ------
    InvalidScoreError
        If the file is damaged, or of an older version.
    """
    try:
        # Latin-1 keeps every byte, so that the encoding can be found afterwards.
        song = guitarpro.parse(io.BytesIO(data), encoding="latin-1")
        return _decoded(_song(song), encoding)
    except (InvalidScoreError, MemoryError):
        raise
    # The library reports damage as whatever error the values lead to.
    except Exception as error:
        if "unsupported version" in str(error):
            name = data[1 : 1 + data[0]].decode("latin-1")
            version = re.sub(r"[^v0-9.]", "", name.rpartition(" ")[2])[:10]
            raise InvalidScoreError(
                f"a file of Guitar Pro {version}, which is not read: save it as .gp5 there"
            ) from error
        raise InvalidScoreError("damaged: it cannot be read as a Guitar Pro file") from error


def _song(song: GuitarSong) -> Song:
    left_out: Counter[str] = Counter()
    heads = [_head(header) for header in song.measureHeaders]
    set_endings([head.turns for head in heads])
    heads[0].tempos[Fraction(0)] = _tempo(song.tempo)
    tracks = [_track(track, left_out) for track in song.tracks]
    composer = next(
        (name for name in map(_text, (song.music, song.words, song.artist)) if name), ""
    )
    return Song(heads, tracks, _text(song.title), composer, left_out=+left_out)


def _text(text: str | None) -> str:
    return (text or "").replace("\0", " ").strip(" ")


def _decoded(song: Song, encoding: str) -> Song:
    """Decode the texts of a song, which were read as Latin-1."""
    chords = [
        beat
        for track in song.tracks
        for bar in track.bars
        for voice in bar
        for beat in voice
        if beat.chord
    ]
    texts = [song.title, song.composer]
    texts += [track.part.name for track in song.tracks] + [beat.chord for beat in chords]
    decoded = decode_texts([text.encode("latin-1") for text in texts], encoding)
    song.title, song.composer, *names = (" ".join(text.split()) for text in decoded.texts)
    for track, name in zip(song.tracks, names, strict=False):
        track.part = replace(track.part, name=name)
    for beat, chord in zip(chords, names[len(song.tracks) :], strict=True):
        beat.chord = chord
    song.warning = decoded.warning
    return song


def _tempo(bpm: int) -> Tempo:
    if not bpm > 0:
        raise InvalidScoreError(f"no such tempo: {bpm}")
    return Tempo.from_bpm(max(bpm, 4))


def _head(header: Any) -> BarHead:
    signature = header.timeSignature
    fifths, minor = header.keySignature.value
    key = Key(fifths, "minor" if minor else "major") if -7 <= fifths <= 7 else None
    mask = header.repeatAlternative
    turns = Turns(
        forward=bool(header.isRepeatOpen),
        times=min(header.repeatClose + 1, MOST_TIMES) if header.repeatClose > 0 else 0,
        endings=tuple(bit + 1 for bit in range(PASSES) if mask >> bit & 1),
    )
    if header.direction is not None:
        add_target(turns, header.direction.name)
    if header.fromDirection is not None:
        add_jump(turns, header.fromDirection.name)
    return BarHead(Meter(signature.numerator, signature.denominator.value), key, turns)


def _track(track: Any, left_out: Counter[str]) -> Track:
    channel = track.channel
    is_drum = bool(track.isPercussionTrack) or channel.channel % 16 == DRUM_CHANNEL
    program = channel.instrument if 0 <= channel.instrument <= 127 and not is_drum else None
    strings = () if is_drum else tuple(string.value for string in track.strings)
    part = Part(_text(track.name), program, is_drum, strings=strings, capo=max(track.offset, 0))
    bars = [
        [
            [
                read
                for beat in voice.beats
                if beat.status != guitarpro.BeatStatus.empty
                for read in _beat(beat, track, left_out, is_drum=is_drum)
            ]
            for voice in measure.voices
        ]
        for measure in track.measures
    ]
    return Track(part, bars)


def _duration(duration: Any) -> Fraction:
    quarters = Fraction(4, duration.value) * (Fraction(3, 2) if duration.isDotted else 1)
    return quarters * Fraction(duration.tuplet.times, duration.tuplet.enters)


def _beat(beat: GuitarBeat, track: Any, left_out: Counter[str], *, is_drum: bool) -> list[Beat]:
    """Read a beat, preceded by its grace notes."""
    duration = _duration(beat.duration)
    tones, graces = [], []
    for note in beat.notes:
        _count(note, left_out)
        if note.type in NORMAL_TYPES:
            tones.append(_tone(note, note.value, note.velocity, track, is_drum=is_drum))
        grace = note.effect.grace
        if grace is not None and not grace.isDead:
            graces.append(_tone(note, grace.fret, grace.velocity, track, is_drum=is_drum))
    for tone in graces:
        tone.tied = False
    effect = beat.effect
    chord = _text(effect.chord.name) if effect.chord is not None else ""
    change = effect.mixTableChange
    tempo = _tempo(change.tempo.value) if change is not None and change.tempo is not None else None
    before = [Beat(duration, graces, grace=True)] if graces else []
    return [*before, Beat(duration, tones, chord=chord, tempo=tempo)]


def _tone(note: GuitarNote, fret: int, velocity: int, track: Any, *, is_drum: bool) -> Tone:
    velocity = min(max(velocity, 1), 127)
    tied = note.type == guitarpro.NoteType.tie
    if is_drum:  # the fret is the General MIDI number of the drum
        return Tone(fret, velocity, tied=tied)
    pitch = track.strings[note.string - 1].value + fret + track.offset
    return Tone(pitch, velocity, note.string, fret, tied)


def _count(note: GuitarNote, left_out: Counter[str]) -> None:
    """Count what is not read of a note."""
    effect = note.effect
    left_out["dead note"] += note.type == guitarpro.NoteType.dead
    left_out["bend"] += bool(effect.isBend)
    left_out["trill"] += bool(effect.isTrill)
    left_out["tremolo"] += bool(effect.isTremoloPicking)
    left_out[HARMONIC] += bool(effect.isHarmonic)
