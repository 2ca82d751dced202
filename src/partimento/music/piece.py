"""A piece of music: notes and timelines, immutable and in exact time.

Every time is a number of quarter notes (``_ql``) as a `fractions.Fraction`. Notes are stored in
integer columns on a stated grid (`Notes.divisions` steps per quarter): this keeps a corpus of a
million pieces small and fast. They are accessed as `Note` objects.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from partimento.errors import PartimentoError
from partimento.music import verbs
from partimento.music.events import Event, Sweep, events_from_sweep, sweep
from partimento.music.fermatas import checked_times, ends_under_fermatas
from partimento.music.json import fields_from_dict, to_dict
from partimento.music.lyrics import Syllable
from partimento.music.notes import Note, Notes
from partimento.music.provenance import Provenance
from partimento.music.score_reference import ScoreReference, reference_after
from partimento.music.tempo_map import TempoMap
from partimento.music.timelines import (
    Bar,
    ChordSymbol,
    Key,
    Meter,
    Part,
    Source,
    Tempo,
    from_start,
)


@dataclass(frozen=True, repr=False)
class Piece:
    """A piece of music, immutable: notes, timelines, parts and where it comes from.

    Build it from `Note` objects, or with `from_events`.

    Parameters
    ----------
    notes : Notes or iterable of Note
    meters, keys, tempos : tuples
        Timelines, sorted by onset. `keys` are declared keys, never estimated ones, and may be
        empty.
    pickup : Fraction
        The length of the incomplete bar before the first whole one, in quarters.
    length : Fraction
        The end of the piece in quarters: the end of its last note, or later if it ends in a rest.
    parts : tuple of Part
    title, composer : str
    source : Source
    cuts : tuple of Fraction
        Further times at which events are cut, in quarters; empty by default. These are the bar
        lines if a file is read as music21 reads it.
    chord_symbols : tuple of ChordSymbol
        The chord symbols that the score states, sorted by onset.
    fermatas : tuple of Fraction
        The onsets of the notes and chords under a fermata, in quarters. A fermata in any part
        counts, and each part may have its own. Grace notes have none.
    phrase_ends : tuple of Fraction
        The times at which a phrase ends. It ends with a note under a fermata, at a breath mark or
        caesura, and at a bar line with a fermata. These times are stored: in several parts, the
        fermatas alone do not say which notes they belong to. If a piece has fermatas but no phrase
        ends are given, they are derived (see `fermatas.ends_under_fermatas`). Like fermatas, they
        are sorted, and times after the end of the piece are dropped.
    open_end : bool
        Whether the music goes on after this excerpt, so that no final bar line is drawn. It does
        not count when pieces are compared.
    warnings : tuple of str
        Parts of the file that its reader left out, with the reasons. They do not count when pieces
        are compared.
    score : ScoreReference or None
        The MusicXML file that shows this piece, and the edits since. Writers use it to keep what
        notes do not say, such as slurs and lyrics. It does not count when pieces are compared, and
        changes of the music drop it.
    provenance : Provenance or None
        How the piece was composed, if a program composed it. It does not count when pieces are
        compared, and stays when the music is changed.
    lyrics : tuple of Syllable
        The words of a MIDI file, sorted by onset. They do not count when pieces are compared. The
        words of a MusicXML file are in its `score`.

    Raises
    ------
    ValueError
        If a time is negative, two marks of a timeline coincide, or a note has no such part. Also
        if a phrase ends where the piece begins.

    Examples
    --------
    >>> Piece([Note(Fraction(0), Fraction(4), 60)], title="One note")
    <Piece 'One note': 1 bar in 4/4, 1 part, 1 note>
    """

    notes: Notes  # an iterable of Note is converted
    meters: tuple[Meter, ...] = (Meter(),)
    keys: tuple[Key, ...] = ()
    tempos: tuple[Tempo, ...] = (Tempo(),)
    pickup: Fraction = Fraction(0)
    length: Fraction = Fraction(0)
    parts: tuple[Part, ...] = (Part(),)
    title: str = ""
    composer: str = ""
    source: Source = field(default_factory=Source)
    cuts: tuple[Fraction, ...] = ()
    chord_symbols: tuple[ChordSymbol, ...] = ()
    fermatas: tuple[Fraction, ...] = ()
    phrase_ends: tuple[Fraction, ...] = ()
    open_end: bool = field(default=False, compare=False)
    warnings: tuple[str, ...] = field(default=(), compare=False)
    score: ScoreReference | None = field(default=None, compare=False, repr=False)
    provenance: Provenance | None = field(default=None, compare=False, repr=False)
    lyrics: tuple[Syllable, ...] = field(default=(), compare=False, repr=False)

    def __post_init__(self) -> None:
        source: Notes | Iterable[Note] = self.notes
        if not isinstance(source, Notes):
            object.__setattr__(self, "notes", Notes(source))
        notes = self.notes
        if len(notes):
            last = Fraction(int(notes.end.max()), notes.divisions)
            if self.length < last:
                object.__setattr__(self, "length", last)
            if int(notes.part.max()) >= len(self.parts):
                raise ValueError(
                    f"a note belongs to part {int(notes.part.max())}, but there are"
                    f" {len(self.parts)} parts"
                )
        if self.pickup < 0:
            raise ValueError("a pickup cannot be negative")
        for name in ("meters", "keys", "tempos", "chord_symbols"):
            line = tuple(sorted(getattr(self, name), key=lambda mark: mark.onset))
            if any(a.onset == b.onset for a, b in pairwise(line)):
                raise ValueError(f"two {name.replace('_', ' ')} at one time")
            if line and line[0].onset < 0:
                raise ValueError(
                    f"one of the {name.replace('_', ' ')} begins before the piece does"
                )
            object.__setattr__(self, name, line)
        if self.fermatas or self.phrase_ends:
            self._check_phrases()

    def _check_phrases(self) -> None:
        fermatas = checked_times(self.fermatas, "fermata", self.length)
        ends = self.phrase_ends or ends_under_fermatas(self.notes, fermatas)
        object.__setattr__(self, "fermatas", fermatas)
        ends = checked_times(ends, "phrase end", self.length)
        if ends and not ends[0]:
            raise ValueError("a phrase cannot end where the piece begins")
        object.__setattr__(self, "phrase_ends", ends)

    def __repr__(self) -> str:
        return verbs.description(self)

    @property
    def first_meter(self) -> Meter:
        """The meter at the start; 4/4 if none is given."""
        return from_start(self.meters, Meter())[0]

    @property
    def drums(self) -> np.ndarray:
        """Which notes belong to a drum part: (N,) bool."""
        mask: np.ndarray = np.array([part.is_drum for part in self.parts], bool)[self.notes.part]
        return mask

    def without_drums(self) -> Piece:
        """Return the piece without the notes of drum parts, whose pitches are not harmony."""
        drums = self.drums
        return self.replace(notes=self.notes.select(~drums)) if drums.any() else self

    def part(self, which: str | int) -> Piece:
        """Return the piece with only one of its parts.

        It keeps all phrase ends, and the fermatas at which the part has a note.

        Parameters
        ----------
        which : str or int
            The name of the part (upper and lower case are the same), or its index.

        Raises
        ------
        PartimentoError
            If there is no such part, or several have the name.
        """
        names = [part.name for part in self.parts]
        if isinstance(which, str):
            matches = [i for i, name in enumerate(names) if name.casefold() == which.casefold()]
            if len(matches) != 1:
                known = ", ".join(repr(name) for name in names)
                number = "no part" if not matches else f"{len(matches)} parts"
                raise PartimentoError(f"{number} named {which!r}: the parts are {known}")
            index = matches[0]
        else:
            if not -len(names) <= which < len(names):
                raise PartimentoError(f"no part {which}: the piece has {len(names)} parts")
            index = which % len(names)
        notes = self.notes.select(self.notes.part == index)
        alone = notes.replace(part=np.zeros_like(notes.part))
        onsets = set(notes.onset[notes.grace == 0].tolist())
        fermatas = [time for time in self.fermatas if time * notes.divisions in onsets]
        return self.replace(notes=alone, parts=(self.parts[index],), fermatas=tuple(fermatas))

    def transpose(self, semitones: int) -> Piece:
        """Return the piece moved by `semitones`; see `music.transpose.transpose`."""
        from partimento.music.transpose import transpose

        return transpose(self, semitones)

    def cut(self, first: int, last: int | None = None) -> Piece:
        """Return the bars `first` to `last`; see `music.excerpt.cut`."""
        from partimento.music.excerpt import cut

        return cut(self, first, last)

    def with_program(self, program: int) -> Piece:
        """Return the piece with another instrument; drums stay.

        Parameters
        ----------
        program : int
            General MIDI program, 0 to 127.
        """
        from partimento.music.appearance import with_program

        return with_program(self, program)

    def with_clef(self, clef: str) -> Piece:
        """Return the piece with another clef, which moves no note.

        Parameters
        ----------
        clef : str
            One of `music.appearance.CLEF_NAMES`, such as ``treble-8``.
        """
        from partimento.music.appearance import with_clef

        return with_clef(self, clef)

    def separate_voices(self) -> Piece:
        """Return the piece with a voice for each note; see `analysis.voice_separation`.

        Examples
        --------
        >>> piece = Piece([Note(Fraction(0), Fraction(1), pitch) for pitch in (48, 64)])
        >>> [note.voice for note in piece.separate_voices().notes]
        [1, 0]
        """
        return verbs.separate_voices(self)

    @cached_property
    def tempo_map(self) -> TempoMap:
        """The conversion between quarter notes and seconds, from `tempos`."""
        return TempoMap(self.tempos)

    @property
    def seconds(self) -> float:
        """The duration of the piece in seconds."""
        return float(self.tempo_map.seconds(self.length))

    def note_seconds(self) -> list[tuple[Fraction, Fraction]]:
        """Return the start and end of each note in seconds, in the order of `notes`."""
        seconds = self.tempo_map.seconds
        return [(seconds(note.onset), seconds(note.end)) for note in self.notes]

    def sweep(self) -> tuple[Sweep, int]:
        """Return the events as arrays, and the steps per quarter note of their times."""
        notes, extra = self.notes, (Fraction(0), self.length, *self.cuts)
        grid = math.lcm(notes.divisions, *{time.denominator for time in extra})
        scale = grid // notes.divisions
        times = (time.numerator * (grid // time.denominator) for time in extra)
        return sweep(notes.onset * scale, notes.end * scale, notes.pitch, times), grid

    @cached_property
    def events(self) -> tuple[Event, ...]:
        """The successive chords: a new event begins wherever any note starts or ends.

        Rests and repeated chords are kept, and nothing is quantized.
        """
        return events_from_sweep(*self.sweep())

    @classmethod
    def from_events(cls, events: Iterable[Event], *, velocity: int = 80, **rest: Any) -> Piece:
        """Build a piece of one part from events: the inverse of `events`.

        A held pitch lengthens its note instead of starting a new one.

        Parameters
        ----------
        events : iterable of Event
        velocity : int
            The velocity of all notes.
        **rest
            The other fields of the piece.

        Raises
        ------
        ValueError
            If an event has no duration, or holds a pitch that the event before does not contain.
        """
        started: dict[int, Fraction] = {}  # sounding pitch → onset of its note
        notes: list[Note] = []
        now = Fraction(0)
        for event in events:
            chord, held = set(event.chord), set(event.held)
            if event.duration <= 0:
                raise ValueError(f"an event has no duration: {event}")
            if not held <= chord & started.keys():
                raise ValueError(
                    "an event holds a pitch that is not in its chord, or did not sound before:"
                    f" {event}"
                )
            for pitch in sorted(started.keys() - held):
                notes.append(Note(started[pitch], now - started[pitch], pitch, velocity))
                del started[pitch]
            started |= dict.fromkeys(sorted(chord - held), now)
            now += event.duration
        notes += [Note(start, now - start, pitch, velocity) for pitch, start in started.items()]
        return cls(Notes(notes), length=now, **rest)

    def bars(self) -> list[Bar]:
        """Return all bars; a pickup is bar number 0.

        The last bar has its full length, even if the music ends inside it.
        """
        meters = from_start(self.meters, Meter())
        bars: list[Bar] = []
        now, number = Fraction(0), 1
        if self.pickup:
            bars.append(Bar(0, now, self.pickup, meters[0]))
            now = self.pickup
        for i, meter in enumerate(meters):
            last = i + 1 == len(meters)
            until = (
                max(self.length, meter.onset + Fraction(1, 1024)) if last else meters[i + 1].onset
            )
            while now < until:
                duration = meter.bar_ql if last else min(meter.bar_ql, until - now)
                bars.append(Bar(number, now, duration, meter))
                now, number = now + duration, number + 1
        return bars

    def to_dict(self) -> dict[str, Any]:
        """Return the piece as a dictionary of JSON values, without loss."""
        return to_dict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Piece:
        """Build a piece from the result of `to_dict`."""
        return cls(**fields_from_dict(values))

    def to_json(self) -> str:
        """Return the piece as JSON text."""
        return json.dumps(self.to_dict(), ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Piece:
        """Build a piece from the result of `to_json`."""
        return cls.from_dict(json.loads(text))

    # ------------------------------------------------------------------ save, show, play

    def save(
        self, path: Path | str, *, force: bool = False, soundfont: Path | str | None = None
    ) -> list[Path]:
        """Write the piece in the format that the suffix of `path` names.

        Parameters
        ----------
        path : Path or str
            The suffix is one of ``.mid .musicxml .mxl .abc .svg .png .pdf .gif .wav .flac .ogg
            .mp3 .json .html``, and for tablature ``.gp5 .tab .txt``. A score of several pages as
            SVG or PNG continues in ``name-2.svg``, ``name-3.svg`` and so on.
        force : bool
            Replace existing files.
        soundfont : Path or str, optional
            SoundFont (.sf2) for sounds and ``.html``.

        Returns
        -------
        list of Path
            The files written.

        Raises
        ------
        PartimentoError
            If the suffix is unknown, a file exists, or the format cannot represent the piece.

        Examples
        --------
        ``piece.save("prelude.pdf")``
        """
        return verbs.save(self, path, force=force, soundfont=soundfont)

    def show(self, *, soundfont: Path | str | None = None) -> None:
        """Show score and player: inside a notebook, else in the web browser.

        Parameters
        ----------
        soundfont : Path or str, optional
            SoundFont (.sf2) for the sound.

        See Also
        --------
        save : Write the same page with the suffix ``.html``.
        """
        verbs.show(self, soundfont=soundfont)

    def play(self, *, soundfont: Path | str | None = None) -> Any:
        """Return a player in a notebook, else open score and player in the web browser.

        Returns
        -------
        IPython.display.Audio or None
        """
        return verbs.play(self, soundfont=soundfont)

    def to_dataframe(self) -> Any:
        """Return the notes as a pandas DataFrame, one row per note.

        Returns
        -------
        pandas.DataFrame
            ``onset`` and ``duration`` in quarters (float), ``onset_steps`` and
            ``duration_steps`` as exact integers, and the other columns of `Notes`.
            ``frame.attrs["divisions"]`` holds the steps per quarter.

        Raises
        ------
        PartimentoError
            If pandas is not installed.
        """
        return verbs.to_dataframe(self)

    def _repr_html_(self) -> str:
        """Return the engraved score, as a notebook shows it."""
        return verbs.to_html(self)

    def replace(self, **changes: Any) -> Piece:
        """Return a copy with some fields changed.

        If the music changes, the copy has no `score`. Other titles and composers are edits of it.
        """
        if self.score is not None and "score" not in changes:
            before = {name: getattr(self, name, None) for name in changes}
            changes["score"] = reference_after(self.score, before, changes)
        return replace(self, **changes)
