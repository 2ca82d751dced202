"""One part, bar by bar: notes, chords, divisions, transpositions, percussion."""

from tests.io.musicxml.documents import (
    CHORD,
    START,
    F,
    attributes,
    back,
    note,
    read,
    time_,
)
from tests.pieces import spans

from partimento import Key, Tempo
from partimento.music.timelines import Part


def test_notes_chords_and_rests_are_read():
    bar = (
        START
        + note("C#4".replace("#", "1"))
        + note("E4", head=CHORD)
        + note("B-14", 2)
        + note("r", 2)
        + note("F24", 4)
        + note("r", 4)
    )
    assert spans(read([bar])) == [(0, 1, 61), (0, 1, 64), (1, F(1, 2), 70), (2, 1, 67)]


def test_divisions_are_exact_and_may_differ():
    parts = (
        [attributes(time_(2), divisions=3) + note("C4", 1) * 6],
        [attributes(time_(2), divisions=5) + note("C3", 1) * 10],
    )
    piece = read(*parts)
    assert {n.duration for n in piece.notes} == {F(1, 3), F(1, 5)}
    assert piece.notes.divisions == 15
    assert (
        read(
            [attributes(time_(1), divisions=1) + note("C4", "0.375") + note("C4", "0.625")]
        ).notes.divisions
        == 8
    )
    assert spans(read([attributes(time_(1), divisions="0.5") + note("C4", "0.5")])) == [(0, 1, 60)]


def test_divisions_may_change_between_bars():
    piece = read([START + note("C4", 16), attributes(divisions=12) + note("D4", 48)])
    assert spans(piece) == [(0, 4, 60), (4, 4, 62)]


def test_all_notes_of_a_chord_last_as_long_as_its_first():
    bar = (
        attributes(time_(4), divisions=256)
        + note("C4", 513)
        + note("E4", 512, head=CHORD)
        + note("G4", None, head=CHORD)
        + note("r", 511)
    )
    assert spans(read([bar])) == [(0, F(513, 256), 60), (0, F(513, 256), 64), (0, F(513, 256), 67)]


def test_cue_notes_are_skipped_but_keep_their_time():
    assert spans(read([START + note("C4", 8, head="<cue/>") + note("D4", 8)])) == [(2, 2, 62)]


def test_velocity_comes_from_dynamics():
    assert [
        n.velocity
        for n in read([START + note("C4", 8, attributes='dynamics="100"') + note("D4", 8)]).notes
    ] == [90, 80]


def test_transpositions_apply_from_where_they_are_written():
    def transpose(chromatic, diatonic, octave=0, number=""):
        return (
            f"<transpose {number}><diatonic>{diatonic}</diatonic><chromatic>{chromatic}</chromatic>"
            f"<octave-change>{octave}</octave-change></transpose>"
        )

    key = "<key><fifths>2</fifths><mode>major</mode></key>"
    clarinet = attributes(key, time_(4), transpose(-2, -1)) + note("D4", 16)
    other = (
        note("D4", 8)
        + f"<attributes>{transpose(-3, -2)}</attributes>"
        + note("D4", 8)
        + back(16)
        + note("D5", 8, voice=2)
    )
    other += note("D5", 8, voice=2)
    piece = read([clarinet, other, note("D4", 16)])
    assert spans(piece) == [(0, 4, 60), (4, 2, 60), (4, 2, 72), (6, 2, 59), (6, 2, 71), (8, 4, 59)]
    assert piece.keys == (Key(0, "major"),)
    guitar = attributes(transpose(0, 0, -1)) + note("C4", 16)
    assert spans(read([guitar, guitar])) == [(0, 4, 48), (4, 4, 48)]
    staves = (
        attributes("<staves>2</staves>", transpose(0, 0, -1, 'number="2"'))
        + note("C4", 16, staff=1)
        + back(16)
        + note("C4", 16, staff=2)
    )
    assert spans(read([staves, note("C4", 16, staff=2)])) == [(0, 4, 48), (0, 4, 60), (4, 4, 48)]


def test_percussion_sounds_as_general_midi_plays_it():
    listed = (
        '<score-part id="P0"><part-name>Kit</part-name>'
        "<midi-instrument"
        ' id="I1"><midi-channel>10</midi-channel><midi-unpitched>39</midi-unpitched></midi-instrument>'  # noqa: E501
        "<midi-instrument"
        ' id="I2"><midi-channel>10</midi-channel><midi-unpitched>37</midi-unpitched></midi-instrument></score-part>'  # noqa: E501
    )
    hit = (
        "<note><unpitched><display-step>F</display-step><display-octave>4</display-octave></unpitched><duration>4</duration>{}<voice>1</voice>"
        "</note>"
    )
    bar = (
        START
        + hit.format('<instrument id="I1"/>')
        + hit.format('<instrument id="I2"/>')
        + hit.format("") * 2
    )
    piece = read([bar], listed=listed)
    assert [n.pitch for n in piece.notes] == [38, 36, 65, 65]
    assert piece.parts == (Part("Kit", None, True),)


def test_tempos_for_playback_are_read():
    def both(printed, sounding):
        mark = f"<metronome><beat-unit>quarter</beat-unit><per-minute>{printed}</per-minute></metronome>"  # noqa: E501
        return (
            f"<direction><direction-type>{mark}</direction-type><sound"
            f' tempo="{sounding}"/></direction>'
        )

    bars = [
        START + both(72, 72.3) + note("C4", 8) + '<sound tempo="60"/>' + note("D4", 8),
        both(92, 120) + note("C4", 16),
    ]
    assert read(bars).tempos == (
        Tempo.from_bpm(72.3),
        Tempo.from_bpm(60, onset=F(2)),
        Tempo.from_bpm(92, onset=F(4)),
    )


def test_a_repeat_sign_within_a_bar_stands_for_the_notes_before():
    def sign(kind, bars=1):
        style = f'<measure-repeat type="{kind}">{bars}</measure-repeat>'
        return f"<attributes><measure-style>{style}</measure-style></attributes>"

    rest = note("r", 16).replace("<rest/>", '<rest measure="yes"/>')
    one = [START + note("C4", 8) + note("D4", 8), sign("start") + rest, rest]
    after = [sign("stop") + note("E4", 16)]
    assert [n.pitch for n in read([*one, *after]).notes] == [60, 62, 60, 62, 60, 62, 64]
    assert read([*one, *after]).length == 16
    two = [START + note("C4", 16), note("D4", 16), sign("start", 2) + rest, rest, *after]
    assert [n.pitch for n in read(two).notes] == [60, 62, 60, 62, 64]
    assert [n.pitch for n in read([START + sign("start") + rest, note("D4", 16)]).notes] == [62]
