"""Turn sounding notes into written ones, without any file format.

- `voices`: the staff and the voice of each note.
- `rhythm`: note values of one voice in one bar that keep the meter visible (`meter`).
- `beams`: which flagged notes share a beam.
- `spelling`: the name of each pitch.
- `layout`: all of these together for a whole part, bar by bar.
"""
