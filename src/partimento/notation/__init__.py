"""Convert sounding notes to written ones, independently of any file format.

- `graces`: which notes are written as grace notes.
- `staves`: the staves and clefs of a part.
- `voices`: the staff and the voice of each note.
- `drums`: the place and the voice of each drum.
- `meter`: the metrical spans of a bar.
- `rhythm`: note values for one voice in one bar that keep the meter visible.
- `beams`: which notes share a beam.
- `spelling`: the name of each pitch.
- `layout`: all of these together for a whole part, bar by bar.
"""
