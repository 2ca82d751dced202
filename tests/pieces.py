"""Tiny pieces, each for one thing that notation or MIDI may get wrong, and a strategy for any
others.
"""

from fractions import Fraction

from hypothesis import strategies as st

from partimento.music.events import Event
from partimento.music.notes import Note, Notes
from partimento.music.piece import Piece
from partimento.music.timelines import Key, Meter, Part, Tempo

Q = Fraction(1)
GUITAR, ORGAN = Part("Guitar", 24), Part("Organ", 19)


def melody(*lengths: Fraction | int, pitches=(60, 62, 64, 65, 67), start=Fraction(0)) -> list[Note]:
    notes, now = [], start
    for i, length in enumerate(lengths):
        notes.append(Note(now, Fraction(length), pitches[i % len(pitches)]))
        now += Fraction(length)
    return notes


def chorale(bars: int = 4) -> Piece:
    chords = [(48, 55, 64, 72), (53, 57, 65, 72), (55, 59, 62, 74), (48, 55, 64, 72)] * bars
    return Piece.from_events(
        [Event(c, Q) for c in chords],
        parts=(ORGAN,),
        keys=(Key(0, "major"),),
        title="Chorale",
        composer="A Learner",
    )


def marked() -> Piece:
    """One of everything that is to survive."""
    return Piece(
        melody(1, *[Fraction(1, 2)] * 6, 3, *[Q / 3] * 6, pitches=(62, 66, 69, 73)),
        meters=(Meter(3, 4), Meter(2, 4, Fraction(7))),
        keys=(Key(2, "major"), Key(-1, "minor", Fraction(4))),
        tempos=(Tempo(666_666), Tempo(500_001, Fraction(4))),
        pickup=Fraction(1),
        length=Fraction(11),
        parts=(GUITAR,),
        title="Étude № 1",
        composer="F. Sor & M. <Giuliani>",
    )


PIECES = {
    "chorale": chorale(),
    "marked": marked(),
    "empty": Piece([]),
    "one note": Piece([Note(Q * 0, Q, 69)]),
    "tied over bars": Piece(
        [Note(Fraction(1, 2), Fraction(9), 60), Note(Q * 3, Q * 3, 72)], parts=(GUITAR,)
    ),
    "struck again": Piece([Note(Q * i, Q, 60) for i in range(8)]),
    "quarter triplets": Piece(
        melody(*[Fraction(2, 3)] * 6, *[Fraction(1, 3)] * 6, *[Fraction(1, 6)] * 6)
    ),
    "quintuplets": Piece(
        melody(*[Fraction(1, 5)] * 5, *[Fraction(2, 7)] * 7, *[Fraction(1, 9)] * 9)
    ),
    "6/8": Piece(
        melody(*[Fraction(1, 2)] * 6, *[Fraction(3, 4)] * 4, Fraction(3), pitches=(60, 64, 67)),
        meters=(Meter(6, 8),),
    ),
    "off any grid": Piece(
        melody(Fraction(341, 384), Fraction(43, 384), 1, 2, Fraction(1, 97), Fraction(96, 97))
    ),
    "drums": Piece(melody(1, 1, 1, 1, pitches=(36, 38)), parts=(Part("Kit", None, True),)),
    "two parts": Piece(
        [*melody(1, 1, 2), *(Note(n.onset, n.duration, n.pitch, 90, 1) for n in melody(2, 1, 1))],
        parts=(Part("A", 40), Part("B", 40)),
    ),
    "two hands": Piece(
        [
            *melody(*[Fraction(1, 2)] * 8, pitches=(72, 76, 79)),
            *melody(2, 2, pitches=(36, 43)),
            *melody(2, 2, pitches=(48, 47)),
        ],
        parts=(Part("Piano", 0),),
    ),
    "odd meters": Piece(
        melody(*[Fraction(1, 2)] * 30),
        meters=(Meter(5, 8), Meter(7, 8, Fraction(5)), Meter(1, 4, Fraction(12))),
    ),
    "long pickup": Piece(melody(*[Q] * 10), pickup=Fraction(6)),
}

LONG = Piece(melody(*[Q / 2] * 840), title="Long")  # several pages

times = st.builds(Fraction, st.integers(0, 96), st.sampled_from([1, 2, 3, 4, 5, 6, 8, 12, 16, 480]))
lengths = times.filter(bool)
notes = st.builds(
    Note, times, lengths, st.integers(21, 108), st.integers(1, 127), st.integers(0, 1)
)
meters = st.builds(Meter, st.integers(1, 13), st.sampled_from([2, 4, 8, 16]))
names = (
    st.text(
        st.characters(min_codepoint=33, max_codepoint=0x24F, exclude_categories=("Cc", "Cf")),
        min_size=1,
        max_size=12,
    )
    .map(str.strip)
    .filter(bool)
)


@st.composite
def pieces(draw) -> Piece:
    """Any two-part piece with a first meter, key and tempo, and perhaps others."""
    later = draw(st.integers(1, 24))
    first = draw(meters)
    meter = draw(meters)
    # A meter changes at a bar line: elsewhere the bar before is cut short, which only some formats
    # can say.
    second = (
        (Meter(meter.numerator, meter.denominator, first.bar_ql * later),)
        if draw(st.booleans())
        else ()
    )
    mode = draw(st.sampled_from(["major", "minor"]))
    us = draw(st.integers(100_000, 5_000_000))
    return Piece(
        draw(st.lists(notes, min_size=1, max_size=25)),
        meters=(first, *second),
        keys=(Key(draw(st.integers(-7, 7)), mode),),
        tempos=(Tempo(us), Tempo(us + 1, Fraction(later))),
        parts=(
            Part(draw(names), draw(st.integers(0, 127))),
            Part(draw(names), draw(st.integers(0, 127))),
        ),
        title=draw(names),
        length=draw(times),
    )


def spans(piece):
    return [(n.onset, n.duration, n.pitch) for n in piece.notes]


def waltz(
    upbeat: Fraction,
    *,
    bars: int = 16,
    beat: Fraction = Q,
    numerator: int = 3,
    denominator: int = 4,
) -> Piece:
    """Basses on downbeats, chords on other beats, a tune that rests in every fourth bar; the last
    bar lacks what the upbeat took.
    """
    bar = Meter(numerator, denominator).bar_ql
    notes = [Note(Fraction(0), upbeat, 67)] if upbeat else []
    for number in range(bars):
        start = upbeat + number * bar
        notes.append(Note(start, bar - (upbeat if number == bars - 1 else 0), 48 - number % 3))
        if number % 4 == 3:
            notes.append(Note(start, bar - (upbeat or beat), 72))
            if upbeat and number < bars - 1:
                notes.append(Note(start + bar - upbeat, upbeat, 67))
        else:
            notes += [
                Note(start + i * beat / 2, beat / 2, 72 + i % 3 + number % 4)
                for i in range(int(2 * bar / beat))
            ]
            notes += [Note(start + i * beat, beat, 55) for i in range(1, int(bar / beat))]
    return Piece(
        Notes(notes),
        meters=(Meter(numerator, denominator),),
        length=bars * bar,
        parts=(Part("Guitar", 24),),
    )
