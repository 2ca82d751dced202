"""The names of instruments: General MIDI's programs, and the words of catalogues, title pages and
tracks in several languages.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

LONGEST = 500  # letters of a name
# beyond it nobody asks which tracks double one another or sound in turns: no score is like that
MAX_TRACKS = 128

FAMILIES = {
    "hands": "piano harpsichord clavinet celesta organ accordion harp dulcimer vibraphone marimba xylophone glockenspiel",
    "plucked": "guitar bass lute vihuela mandolin banjo ukulele sitar shamisen koto",
    "bowed": "violin viola cello double_bass strings viol",
    # One note at a time each:
    "single": "voice flute piccolo recorder pan_flute oboe english_horn clarinet bassoon saxophone shawm shakuhachi whistle ocarina "
    "trumpet horn trombone tuba brass cornett",
}
FAMILY = {
    name.replace("_", " "): family for family, names in FAMILIES.items() for name in names.split()
}
# General MIDI's 128 programs, as a musician calls them.
GENERAL_MIDI = (
    "piano*6 harpsichord clavinet celesta glockenspiel music_box vibraphone marimba xylophone bells dulcimer organ*5 accordion harmonica "
    "accordion guitar*8 bass*8 violin viola cello double_bass strings*2 harp timpani strings*4 voice*3 orchestra trumpet trombone tuba "
    "trumpet horn brass*3 saxophone*4 oboe english_horn bassoon clarinet piccolo flute recorder pan_flute flute shakuhachi whistle ocarina "
    "synthesizer*24 sitar banjo shamisen koto kalimba bagpipe violin shawm percussion*8 effects*8"
)
PROGRAMS = tuple(
    name.replace("_", " ")
    for run in GENERAL_MIDI.split()
    for name, _, times in [run.partition("*")]
    for _ in range(int(times or 1))
)

# Words for instruments, without accents, in English, German, French, Italian, Spanish and some in
# other languages; the first to fit counts.
WORDS = {
    "bass": r"bass? guitars?|bassgitarren?|guitares? basses?|electric bass|(?:basso|bajo) elettrico",
    "lute": r"(?:arch)?lutes?|luths?|lauten?|liuti?o?|laude?s?|theorb\w*|tiorba|chitarron[ei]",
    "vihuela": r"vihuelas?",
    "mandolin": r"mandolin\w*",
    "banjo": r"banjos?",
    "ukulele": r"uk[ue]leles?",
    "guitar": r"guit+arr?[aes]*|guit|violao|violoes|gitarr?e?n?|gitar[ay]|gitaar|chitarr[ae]|kytar[ay]|гитар[аы]?",
    "double bass": r"double bass\w*|string bass|[kc]ontrabass\w*|contrebasses?|violon[ei]|contrabajos?",
    "cello": r"(?:violon)?cell[oi]s?|violoncel(?:le|o)s?",
    "viol": r"viol[ae]s? d[ae] gambas?|violes? de gambe|gamb[ae]s?|viols?",
    "violin": r"violin\w*|violons?|geigen?|fiddles?|скрипк[аи]",
    "viola": r"viol[ae]s?|bratschen?",
    "recorder": r"recorders?|\w*blockflote\w*|flutes? a bec|flaut[oi] dolc[ei]|flautas? (?:dulce|doce)s?|blokfluit",
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
    "register": r"sopran\w*|mezzo\w*|alt[oi]?s?|contralt[oi]s?|(?:contra)?tenor\w*|barytons?|baritones?|cant[ou]s?|quint[ou]s?|superius"
    r"|triplum|motetus",
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
COMPANIES = (
    (
        r"\b(?:string quartets?|streichquartett\w*|quatuors? a cordes|quartett[oi] d.archi)\b",
        "2 violins, viola, cello",
    ),
    (r"\b(?:piano trios?|klaviertrios?)\b", "violin, cello, piano"),
)
GROUPS = {"duo": 2, "duet": 2, "trio": 3, "quartet": 4}
REGISTERS = "sopranino|soprano|sopran|alto|alt|tenor|tenore|baritone|bass|treble"
COUNTED = rf"(?:\b(?P<count>\d+|{'|'.join(NUMBERS)}) (?:(?!(?:and|or|et|und|e|y|strings?|st|nd|rd|th)\b)[^\W\d]+ )?)?"
NAMED = "|".join(
    f"(?P<{name.replace(' ', '_')}>{'' if name in ('bass', 'register') else f'(?:(?:{REGISTERS})[ -])?'}(?:{words}))"
    for name, words in WORDS.items()
)
INSTRUMENT = re.compile(rf"{COUNTED}\b(?:{NAMED})\b(?: (?P<group>{'|'.join(GROUPS)})s?\b)?")
LINE = re.compile(rf"(?:solo )?\b(?:{WORDS['singer or line']})\b")
REGISTER = re.compile(rf"\b(?:{WORDS['register']})\b")
LOW = re.compile(WORDS["low"])
PLACE = re.compile(  # where a staff or a voice stands in the score: no name of a player
    r"\b(?:upper|lower|middle|up|down|dn|top|bottom|high|low|right|left|[rl]h|hand|treble|staff|voice|track|melody|oben|unten|rechts|links"
    r"|haut|main|droite|gauche|mano|destra|sinistra|derecha|izquierda|(?<=\w )bass)\b"
)
PLACES = re.compile(
    rf"(?:\W|\d|{PLACE.pattern}|bass|bas|part|music|xml|new|one|two|three|first|second|third)*"
)


@lru_cache(4096)
def instruments_of_text(text: str) -> tuple[str, ...]:
    """The instruments that the words of a catalogue, a title page or a track name, one a player
    where they are counted.

    Examples
    --------
    >>> instruments_of_text("2 guitars and 2 optional voices")
    ('guitar', 'guitar', 'voice', 'voice')
    >>> instruments_of_text("Flute, and 'Cello or Gitarre")
    ('flute', 'cello', 'guitar')
    """
    text, found = plain_words(text), []
    for company, members in COMPANIES:
        text = re.sub(company, members, text)
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
        found += [name.replace("_", " ")] * times
    voices = {
        "register": "voice",
        "singer or line": "voice",
        "low": "voice" if "register" in found else "bass",
    }
    return tuple(voices.get(name, name) for name in found)


def plain_words(text: str) -> str:
    """Lower case without accents; words written together, as in ``GuitarStaff`` or ``guitar2``, set
    apart; no longer than any title.
    """
    text = re.sub(
        r"(?<=[a-zß-ÿ])(?=[A-Z])|(?<=[^\W\d])(?=\d)|(?<=\d)(?=[^\W\d])|[_\s]+", " ", text[:LONGEST]
    )
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter)).strip()
