"""Kokoro's alphabet: the symbols its network knows, and espeak-ng's transcription written in them. No I/O.

The numbers are `vocab` in config.json of hexgrad/Kokoro-82M (Apache-2.0). It was taught with misaki's
notation, in which a diphthong or an affricate is one symbol (misaki, EN_PHONES.md).
"""

# ruff: noqa: RUF001  # phonetic symbols that look like letters are what this is about

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final

MOST_TOKENS: Final = 250
"""At once; the network takes 510, but then needs 300 MB more and hurries."""

_NUMBERED: Final = (
    (1, ";:,.!?"),
    (9, '—…"()“” \u0303ʣʥʦʨᵝ\uab67AI'),
    (31, "O"),
    (33, "Q"),
    (35, "ST"),
    (39, "W"),
    (41, "Yᵊabcdef"),
    (50, "hijklmnopqrstuvwxyzɑɐɒæ"),
    (75, "βɔɕç"),
    (80, "ɖðʤə"),
    (85, "ɚɛɜ"),
    (90, "ɟ"),
    (92, "ɡ"),
    (99, "ɥ"),
    (101, "ɨɪʝ"),
    (110, "ɯɰŋɳɲɴø"),
    (118, "ɸθœ"),
    (123, "ɹ"),
    (125, "ɾɻ"),
    (128, "ʁɽʂʃʈʧ"),
    (135, "ʊʋ"),
    (138, "ʌɣɤ"),
    (142, "χʎ"),
    (147, "ʒʔ"),
    (156, "ˈˌː"),
    (162, "ʰ"),
    (164, "ʲ"),
    (169, "↓"),
    (171, "→↗↘"),
    (177, "ᵻ"),
)
SYMBOLS: Final = {
    symbol: first + offset for first, symbols in _NUMBERED for offset, symbol in enumerate(symbols)
}

TIE: Final = "^"
"""What espeak-ng is told to put between the symbols of one sound."""
_TIED: Final = {
    "a^ɪ": "I",
    "a^ʊ": "W",
    "d^z": "ʣ",
    "d^ʒ": "ʤ",
    "e^ɪ": "A",
    "o^ʊ": "O",
    "t^s": "ʦ",
    "t^ʃ": "ʧ",
    "ɔ^ɪ": "Y",
    "ə^ʊ": "Q",
}
_OTHER_LANGUAGE: Final = re.compile(r"\([^()]*\)")
"""espeak-ng says in brackets that it reads a word as another language."""
_MARKS: Final = re.compile(r"[;:,.!?—…।॥]+(?=\s|$)")
_UNHEARD: Final = str.maketrans(dict.fromkeys('"“”„«»()¡¿', " "))
_DANDAS: Final = str.maketrans("।॥", "..")


def runs(text: str) -> list[tuple[str, str]]:
    """The text as words and the marks after them: espeak-ng drops marks, and Kokoro breathes by them."""
    found: list[tuple[str, str]] = []
    begin = 0
    text = text.translate(_UNHEARD)
    for marks in _MARKS.finditer(text):
        found.append((text[begin : marks.start()].strip(), marks[0].translate(_DANDAS)))
        begin = marks.end()
    found.append((text[begin:].strip(), ""))
    return [(words, marks) for words, marks in found if words or marks]


def joined(spoken: Sequence[tuple[str, str]]) -> str:
    """Transcribed words and their marks, in Kokoro's alphabet."""
    return known(" ".join(from_espeak(words) + marks for words, marks in spoken))


def from_espeak(phonemes: str) -> str:
    """A transcription by espeak-ng in Kokoro's notation."""
    phonemes = _OTHER_LANGUAGE.sub("", phonemes)
    for tied, symbol in _TIED.items():
        phonemes = phonemes.replace(tied, symbol)
    return phonemes.replace(TIE, "").replace("-", "").strip()


def known(phonemes: str) -> str:
    """Only the symbols Kokoro knows; a letter with a mark it does not know becomes the letter, or both."""
    parts = (symbol if symbol in SYMBOLS else unicodedata.normalize("NFD", symbol) for symbol in phonemes)
    return " ".join("".join(symbol for part in parts for symbol in part if symbol in SYMBOLS).split())


def tokens(phonemes: str) -> list[int]:
    """The numbers the network is given."""
    return [SYMBOLS[symbol] for symbol in phonemes if symbol in SYMBOLS]


def fitting(phonemes: str, most: int = MOST_TOKENS) -> Iterator[str]:
    """A transcription in parts the network takes, cut at the last mark, blank or symbol that fits."""
    while len(phonemes) > most:
        head = phonemes[:most]
        cuts = (max(map(head.rfind, marks)) for marks in (".!?…", ",;:—", " "))
        cut = next((at + 1 for at in cuts if at >= most // 2), most)
        yield phonemes[:cut].strip()
        phonemes = phonemes[cut:].strip()
    if phonemes:
        yield phonemes
