"""Recognize names of instruments, those of General MIDI and of several languages."""

from __future__ import annotations

import difflib
import re
import unicodedata
from functools import lru_cache

from partimento.errors import PartimentoError

LONGEST = 500  # characters of a name that are examined
MAX_TRACKS = 128  # more than any score has: the number of tracks or players that are analyzed

FAMILIES = {
    "hands": (
        "piano harpsichord clavinet celesta organ accordion harp dulcimer vibraphone marimba"
        " xylophone glockenspiel"
    ),
    "plucked": "guitar bass lute vihuela mandolin banjo ukulele sitar shamisen koto",
    "bowed": "violin viola cello double_bass strings viol",
    # instruments that play one note at a time
    "single": (
        "voice flute piccolo recorder pan_flute oboe english_horn clarinet bassoon saxophone shawm"
        " shakuhachi whistle ocarina trumpet horn trombone tuba brass cornett"
    ),
}
FAMILY = {
    name.replace("_", " "): family for family, names in FAMILIES.items() for name in names.split()
}
# The instruments of General MIDI's 128 programs; ``*n`` repeats a name n times.
GENERAL_MIDI = (
    "piano*6 harpsichord clavinet celesta glockenspiel music_box vibraphone marimba xylophone bells"
    " dulcimer organ*5 accordion harmonica accordion guitar*8 bass*8 violin viola cello double_bass"
    " strings*2 harp timpani strings*4 voice*3 orchestra trumpet trombone tuba trumpet horn brass*3"
    " saxophone*4 oboe english_horn bassoon clarinet piccolo flute recorder pan_flute flute"
    " shakuhachi whistle ocarina synthesizer*24 sitar banjo shamisen koto kalimba bagpipe violin"
    " shawm percussion*8 effects*8"
)
PROGRAMS = tuple(
    name.replace("_", " ")
    for entry in GENERAL_MIDI.split()
    for name, _, times in [entry.partition("*")]
    for _ in range(int(times or 1))
)

# General MIDI's own names: of the families of eight programs each, then of the 128 programs.
FAMILY_NAMES = (
    "piano",
    "chromatic percussion",
    "organ",
    "guitar",
    "bass",
    "strings",
    "ensemble",
    "brass",
    "reed",
    "pipe",
    "synth lead",
    "synth pad",
    "synth effects",
    "ethnic",
    "percussive",
    "sound effects",
)
OWN_NAMES = (
    "acoustic grand piano, bright acoustic piano, electric grand piano, honky-tonk piano, electric"
    " piano 1, electric piano 2, harpsichord, clavinet, celesta, glockenspiel, music box,"
    " vibraphone, marimba, xylophone, tubular bells, dulcimer, drawbar organ, percussive organ,"
    " rock organ, church organ, reed organ, accordion, harmonica, tango accordion, nylon guitar,"
    " steel guitar, jazz guitar, clean guitar, muted guitar, overdriven guitar, distortion guitar,"
    " guitar harmonics, acoustic bass, fingered bass, picked bass, fretless bass, slap bass 1, slap"
    " bass 2, synth bass 1, synth bass 2, violin, viola, cello, contrabass, tremolo strings,"
    " pizzicato strings, orchestral harp, timpani, string ensemble 1, string ensemble 2, synth"
    " strings 1, synth strings 2, choir aahs, voice oohs, synth voice, orchestra hit, trumpet,"
    " trombone, tuba, muted trumpet, french horn, brass section, synth brass 1, synth brass 2,"
    " soprano sax, alto sax, tenor sax, baritone sax, oboe, english horn, bassoon, clarinet,"
    " piccolo, flute, recorder, pan flute, blown bottle, shakuhachi, whistle, ocarina, square lead,"
    " sawtooth lead, calliope lead, chiff lead, charang lead, voice lead, fifths lead, bass and"
    " lead, new age pad, warm pad, polysynth pad, choir pad, bowed pad, metallic pad, halo pad,"
    " sweep pad, rain, soundtrack, crystal, atmosphere, brightness, goblins, echoes, sci-fi, sitar,"
    " banjo, shamisen, koto, kalimba, bagpipe, fiddle, shanai, tinkle bell, agogo, steel drums,"
    " woodblock, taiko drum, melodic tom, synth drum, reverse cymbal, guitar fret noise, breath"
    " noise, seashore, bird tweet, telephone ring, helicopter, applause, gunshot"
)
PROGRAM_NAMES = tuple(OWN_NAMES.split(", "))
# The usual program of an instrument, where it is not the first one with that name.
USUAL_PROGRAMS = {
    "organ": 19,
    "bass": 32,
    "strings": 48,
    "voice": 52,
    "choir": 52,
    "orchestra": 48,
    "brass": 61,
    "saxophone": 65,
    "lute": 24,
    "vihuela": 24,
    "ukulele": 24,
    "mandolin": 25,
    "viol": 42,
    "cornett": 56,
    "classical guitar": 24,
    "acoustic guitar": 24,
    "electric guitar": 27,
    "electric bass": 33,
    "pipe organ": 19,
    "grand piano": 0,
    "electric piano": 4,
    "string ensemble": 48,
    "percussion": 112,
    "continuo": 6,
}

# Regular expressions for instruments, without accents, in English, German, French, Italian, Spanish
# and a few other languages. The first one that matches wins.
WORDS = {
    "bass": (
        r"bass? guitars?|bassgitarren?|guitares? basses?|electric bass|(?:basso|bajo) elettrico"
    ),
    "lute": r"(?:arch)?lutes?|luths?|lauten?|liuti?o?|laude?s?|theorb\w*|tiorba|chitarron[ei]",
    "vihuela": r"vihuelas?",
    "mandolin": r"mandolin\w*",
    "banjo": r"banjos?",
    "ukulele": r"uk[ue]leles?",
    "guitar": (
        r"guit+arr?[aes]*|guit|violao|violoes|gitarr?e?n?|gitar[ay]|gitaar|chitarr[ae]|kytar[ay]|гитар[аы]?"
    ),
    "double bass": (
        r"double bass\w*|string bass|[kc]ontrabass\w*|contrebasses?|violon[ei]|contrabajos?"
    ),
    "cello": r"(?:violon)?cell[oi]s?|violoncel(?:le|o)s?",
    "viol": r"viol[ae]s? d[ae] gambas?|violes? de gambe|gamb[ae]s?|viols?",
    "violin": r"violin\w*|violons?|geigen?|fiddles?|скрипк[аи]",
    "viola": r"viol[ae]s?|bratschen?",
    "recorder": (
        r"recorders?|\w*blockflote\w*|flutes? a bec|flaut[oi] dolc[ei]|flautas?"
        r" (?:dulce|doce)s?|blokfluit"
    ),
    "pan flute": r"pan ?flutes?|panflote",
    "piccolo": r"piccol[oi]s?|flautin[oi]",
    "flute": r"flutes?|(?:quer)?flote\w*|flaut[oi]s?|flautas?|travers[oi]|fluit|флеит[аы]",
    "english horn": r"english horns?|cors? anglais|englischhorn|corn[oi] ingles[ei]",
    "oboe": r"oboe?[is]*|oboen|hautbois",
    "clarinet": r"clarin?et\w*|klarinet\w*|chalumeau",
    "bassoon": r"bassoons?|bassons?|fagott?[oei]?s?",
    "saxophone": r"sax(?:ophon\w*|es)?|sassofon[oi]|saxofon\w*",
    "trumpet": r"trumpets?|trompet\w*|tromb[ae]",
    "trombone": r"trombon\w*|posaunen?|sackbuts?",
    "cornett": r"cornett[oi]?s?|zink",
    "tuba": r"tubas?",
    "horn": r"(?:french |wald)?horn(?:s|er)?|cors?|corn[oi]|trompas?",
    "harpsichord": r"harpsichords?|cembal[oi]|clavecins?|clavicembal[oi]|clave|spinet",
    "organ": r"organs?|orgel|orgues?|organ[oi]|harmonium",
    "accordion": r"accord[ei]ons?|akkordeon|fisarmonica|acordeon|bandoneon",
    "harmonica": r"harmonicas?|mundharmonika",
    "harp": r"harps?|harfen?|harpes?|arp[ae]s?",
    "xylophone": r"xylophon\w*",
    "vibraphone": r"vibraphon\w*",
    "marimba": r"marimbas?",
    "celesta": r"celesta",
    "glockenspiel": r"glockenspiel",
    "timpani": r"timpani|pauken?|timbal[ei]s",
    "drums": r"drums?|drum ?(?:set|kit)|schlagzeug|batt?eri[ae]",
    "percussion": r"percuss\w*|perkussion|cowbell|tambourines?|triangle",
    "piano": r"piano ?-?fortes?|pianos?|fortepianos?|klaviere?|clavier|keyboards?|фортепиано",
    "continuo": r"(?:basso )?continuo|generalbass|basse continue|figured bass",
    "strings": r"strings|streicher|archi",
    "orchestra": r"orchestr\w*|orchester",
    "register": (
        r"sopran\w*|mezzo\w*|alt[oi]?s?|contralt[oi]s?|(?:contra)?tenor\w*|barytons?|baritones?|cant[ou]s?|quint[ou]s?|superius"
        r"|triplum|motetus"
    ),
    "voice": r"choirs?|chor|choeurs?|cor[oi]|chorus|satb|vocals?|vocalists?|singers?|gesang|chant",
    "singer or line": r"voices?|voix|voc[ei]|voz|(?:sing)?stimmen?",
    "low": r"bass|bass[oi]|basses?",  # a singer beside other registers, else an instrument
}
NUMBERS = {
    word: n
    for n, words in enumerate(
        ("two deux zwei due dos", "three trois drei tre tres", "four quatre vier quattro cuatro"), 2
    )
    for word in words.split()
}
# Names of standard ensembles, and their members.
ENSEMBLES = (
    (
        r"\b(?:string quartets?|streichquartett\w*|quatuors? a cordes|quartett[oi] d.archi)\b",
        "2 violins, viola, cello",
    ),
    (r"\b(?:piano trios?|klaviertrios?)\b", "violin, cello, piano"),
)
GROUPS = {"duo": 2, "duet": 2, "trio": 3, "quartet": 4}
REGISTERS = "sopranino|soprano|sopran|alto|alt|tenor|tenore|baritone|bass|treble"
COUNTED = (
    rf"(?:\b(?P<count>\d+|{'|'.join(NUMBERS)})"
    r" (?:(?!(?:and|or|et|und|e|y|strings?|st|nd|rd|th)\b)[^\W\d]+ )?)?"
)
NAMED = "|".join(
    f"(?P<{name.replace(' ', '_')}>{'' if name in ('bass', 'register') else f'(?:(?:{REGISTERS})[ -])?'}(?:{words}))"  # noqa: E501
    for name, words in WORDS.items()
)
INSTRUMENT = re.compile(rf"{COUNTED}\b(?:{NAMED})\b(?: (?P<group>{'|'.join(GROUPS)})s?\b)?")
LINE = re.compile(rf"(?:solo )?\b(?:{WORDS['singer or line']})\b")
REGISTER = re.compile(rf"\b(?:{WORDS['register']})\b")
LOW = re.compile(WORDS["low"])
PLACE = re.compile(  # words for the position of a staff or voice, which name no player
    r"\b(?:upper|lower|middle|up|down|dn|top|bottom|high|low|right|left|[rl]h|hand|treble|staff|voice|track|melody|oben|unten|rechts|links"
    r"|haut|main|droite|gauche|mano|destra|sinistra|derecha|izquierda|(?<=\w )bass)\b"
)
PLACES = re.compile(
    rf"(?:\W|\d|{PLACE.pattern}|bass|bas|part|music|xml|new|one|two|three|first|second|third)*"
)


@lru_cache(4096)
def instruments_of_text(text: str) -> tuple[str, ...]:
    """Return the instruments that a text names, one entry per player.

    Parameters
    ----------
    text : str
        From a catalog, a title page or the name of a track.

    Returns
    -------
    tuple of str
        Instruments in the order of the text. A number in the text (two violins) repeats one.

    Examples
    --------
    >>> instruments_of_text("2 guitars and 2 optional voices")
    ('guitar', 'guitar', 'voice', 'voice')
    >>> instruments_of_text("Flute, and 'Cello or Gitarre")
    ('flute', 'cello', 'guitar')
    """
    text, instruments = plain_words(text), []
    for ensemble, members in ENSEMBLES:
        text = re.sub(ensemble, members, text)
    for match in INSTRUMENT.finditer(text):
        name = next(
            name
            for name, words in match.groupdict().items()
            if words and name not in ("count", "group")
        )
        count = match["count"]
        times = GROUPS.get(match["group"], 1) * (
            NUMBERS.get(count) or min(int(count), MAX_TRACKS) if count else 1
        )
        instruments += [name.replace("_", " ")] * times
    voices = {
        "register": "voice",
        "singer or line": "voice",
        "low": "voice" if "register" in instruments else "bass",
    }
    return tuple(voices.get(name, name) for name in instruments)


def program_named(text: str) -> int:
    """Return the General MIDI program for a number, an instrument or a family.

    The name may be one of General MIDI's own, or that of an instrument in several languages.

    Raises
    ------
    PartimentoError
        If the number is out of range or the name is unknown; the message suggests the nearest one.

    Examples
    --------
    >>> names = "24", "guitar", "Gitarre", "church organ", "flute", "reed"
    >>> [program_named(name) for name in names]
    [24, 24, 24, 19, 73, 64]
    """
    words = re.sub(r"[^\w#]+", " ", text.casefold()).strip()
    if re.fullmatch(r"\s*[-+]?\d+\s*", text):
        number = int(text)
        if not 0 <= number <= 127:
            raise PartimentoError(
                "a General MIDI program is a number from 0 to 127, or the name of an instrument,"
                f" not {number}"
            )
        return number
    known = _programs()
    if words in known:
        return known[words]
    named = [name for name in instruments_of_text(text) if name in known]
    if len(set(named)) == 1:
        return known[named[0]]
    near = difflib.get_close_matches(words, known, n=1, cutoff=0.6)
    offer = (
        f"did you mean {near[0]}?"
        if near
        else "write one like guitar, violin or church organ, or a General MIDI number"
    )
    raise PartimentoError(f"there is no instrument {text!r}: {offer}")


@lru_cache(1)
def _programs() -> dict[str, int]:
    """Return the program of each known name; the usual one if a name has several."""
    known = {family: 8 * number for number, family in enumerate(FAMILY_NAMES)}
    known |= {name: PROGRAMS.index(name) for name in PROGRAMS}
    known |= {re.sub(r"\W+", " ", name): number for number, name in enumerate(PROGRAM_NAMES)}
    return known | USUAL_PROGRAMS


def plain_words(text: str) -> str:
    """Convert a text to lower case without accents, cut to `LONGEST` characters.

    Words that are written together are separated, as in ``GuitarStaff`` or ``guitar2``.
    """
    text = re.sub(
        r"(?<=[a-zß-ÿ])(?=[A-Z])|(?<=[^\W\d])(?=\d)|(?<=\d)(?=[^\W\d])|[_\s]+", " ", text[:LONGEST]
    )
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter)).strip()
