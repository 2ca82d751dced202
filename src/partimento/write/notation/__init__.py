"""From sounding notes to written ones: staves, voices, note values, beams and spelling. Knows no file format.

The flow: `voices` says which note stands on which staff in which voice, `rhythm` cuts a voice's bar into note values that respect the
metre (`metre`), `beams` joins flags, `spelling` names pitches; `layout` puts these together, bar by bar, for a whole part.
"""
