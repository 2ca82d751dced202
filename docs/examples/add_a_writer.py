"""Write a piece as a list of chords: ``piece.save("piece.chords")``."""

from partimento.export.write import WRITERS, Chain
from partimento.music.names import pitch_name


def write_chords(chain: Chain, suffix: str) -> list[str]:
    """Return the content of the file: a line for each event."""
    lines = [
        f"{event.duration}\t{' '.join(map(pitch_name, event.chord)) or 'rest'}"
        for event in chain.piece.events
    ]
    return ["\n".join(lines) + "\n"]


WRITERS[".chords"] = f"{__name__}:write_chords"  # now every command and `save` know it
