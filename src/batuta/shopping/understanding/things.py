"""What is wanted in words of the catalogue: types, brands, values. Others are searched for as they are."""

from __future__ import annotations

import re
from typing import Final

from batuta.shopping.understanding.hearing import Deed, Fact, Hearing
from batuta.shopping.understanding.languages import COMMON
from batuta.shopping.understanding.pieces import Piece
from batuta.shopping.understanding.senses import Sense
from batuta.shopping.understanding.synonyms import OTHER_THINGS
from batuta.shopping.understanding.text import singular
from batuta.shopping.understanding.vocabulary import Class, Entry

MOST_KEYWORDS: Final = 20
"""Of one message; more is a letter, not a search."""
LONGEST_KEYWORD: Final = 60
_BRAND_BEFORE: Final = frozenset({Sense.BY, Sense.FROM, Sense.NO, Sense.NOT, Sense.ONLY})
_ROWS: Final = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "poiuytrewq", "lkjhgfdsa", "mnbvcxz")
_MASHED: Final = frozenset(row[at : at + 4] for row in _ROWS for at in range(len(row) - 3)) - {
    "erty",
    "wert",
    "trew",
    "rewq",
}
"""Letters side by side on a keyboard that no word has, but for `property`, `Wert` and `strewn`."""
_REPEATED: Final = re.compile(r"(.)\1{3,}")
_VOWELS: Final = frozenset("aeiouy")
_WITHOUT_VOWELS: Final = 5


def hear_things(hearing: Hearing, denied: frozenset[int]) -> None:
    """Hear the words of the catalogue and the unknown ones that are left."""
    head = _head(hearing, denied)
    for place, piece in enumerate(hearing.pieces):
        if not hearing.free(place):
            continue
        if piece.sense is Sense.ENTRY:
            _hear_entry(hearing, place, head=head, denied=place in denied)
        elif piece.sense is Sense.UNKNOWN:
            _hear_unknown(hearing, place, denied=place in denied)
        elif piece.sense is Sense.ORDINAL and hearing.sense(place + 1) is Sense.UNKNOWN:
            _keyword(hearing, place, piece.text)  # `first aid`
        elif piece.sense is Sense.NUMBER and _of_a_name(hearing, place):
            _keyword(hearing, place, hearing.at(place).raw)
    words = [fact for fact in hearing.facts if fact.facet == "keywords"]
    for fact in words[MOST_KEYWORDS:]:
        hearing.facts.remove(fact)


def kind_of(hearing: Hearing, denied: frozenset[int]) -> str | None:
    """The type of product that a message is about, or what it was about before."""
    head = _first_type(hearing, denied)
    entry = hearing.at(head).entry(Class.TYPE) if head is not None else None
    said = next((str(fact.value) for fact in hearing.facts if fact.facet == "product_type"), None)
    return str(entry.value) if entry else said or hearing.context.spec.product_type


def _head(hearing: Hearing, denied: frozenset[int]) -> int | None:
    """The place of the type that is wanted; None where a word beside it makes another thing of it."""
    head = _first_type(hearing, denied)
    if head is None:
        return None
    more = range(head + 1, len(hearing.pieces))
    end = next((place for place in more if hearing.sense(place) is Sense.FOR), len(hearing.pieces))
    joined = (place for place in more if place < end and _joins(hearing, place))
    entry = hearing.at(head).entry(Class.TYPE)
    for place in joined:
        other = hearing.at(place).entry(Class.TYPE)
        if entry and other and hearing.free(place) and place not in denied:
            hearing.take((place,))
            if other.value != entry.value:
                hearing.tell("assumed", f"One thing at a time: {entry.value} first.")
    hearing.other_thing = _another_thing(hearing, head)
    return None if hearing.other_thing else head


def _joins(hearing: Hearing, place: int) -> bool:
    """Whether `and` or `or` stands before it."""
    before = place - 2 if hearing.sense(place - 1) is Sense.FILLER else place - 1
    return hearing.sense(before) in {Sense.OR, Sense.AND}


def _first_type(hearing: Hearing, denied: frozenset[int]) -> int | None:
    """The place of a type: of several in a row the last, of others the first."""
    types = [
        place
        for place, piece in enumerate(hearing.pieces)
        if piece.entry(Class.TYPE) and hearing.free(place) and place not in denied
        and not _rather(hearing, place, Class.BRAND)
    ]  # fmt: skip
    if not types:
        return None
    head = types[0]
    while head + 1 in types and not hearing.at(head).foreign:
        head += 1
    return head


def _another_thing(hearing: Hearing, place: int) -> bool:
    """`phone case`, `video games`: a word beside the type makes another thing of it."""
    piece, after, before = hearing.at(place), hearing.at(place + 1), hearing.at(place - 1)
    named = after.sense is Sense.UNKNOWN or (after.entry(Class.NAME) and hearing.free(place + 1))
    if named and {after.text, singular(after.text)} & OTHER_THINGS:
        return True
    entry = piece.entry(Class.TYPE)
    guess = entry is not None and entry.head
    return (
        guess
        and hearing.free(place - 1)
        and (before.sense is Sense.UNKNOWN or before.entry(Class.NAME) is not None)
    )


def _hear_entry(hearing: Hearing, place: int, *, head: int | None, denied: bool) -> None:
    piece = hearing.at(place)
    entry = _choice(hearing, place, head)
    named = entry is not None and entry.of is Class.NAME
    if named and (piece.foreign or _names_a_value(hearing, place) or _names_what_is_said(hearing, place)):
        hearing.take((place,))
    elif entry is None or entry.of is Class.NAME:
        word = piece.text.replace(" ", "") if piece.text[0].isdigit() else piece.text  # `4k`
        _keyword(hearing, place, word, denied=denied)
    elif entry.of is Class.TYPE and place != head and not denied:
        _keyword(hearing, place, piece.text)
    elif entry.of is Class.TYPE and denied:
        _keyword(hearing, place, str(entry.value), denied=True)
    else:
        hearing.take((place,))
        hearing.facts.append(_fact(place, entry, denied=denied))


def _names_a_value(hearing: Hearing, place: int) -> bool:
    """Whether the value stands beside the name of its attribute: `size M`, `in the colour blue`."""
    facets = {entry.facet for entry in hearing.at(place).entries if entry.of is Class.NAME}
    beside = (hearing.at(place + step) for step in (-2, -1, 1, 2, 3))
    return any(
        entry.of is Class.VALUE and entry.facet in facets for piece in beside for entry in piece.entries
    )


def _names_what_is_said(hearing: Hearing, place: int) -> bool:
    """Whether a number was heard of the attribute: `10x optical zoom`."""
    facets = {entry.facet for entry in hearing.at(place).entries if entry.of is Class.NAME}
    return any(fact.facet in facets and fact.deed is Deed.WANT for fact in hearing.facts)


def _fact(place: int, entry: Entry, *, denied: bool) -> Fact:
    if entry.of is Class.FLAG:
        return Fact(place, Deed.WANT, entry.facet, value=not denied)
    return Fact(place, Deed.EXCLUDE if denied else Deed.WANT, entry.facet, entry.value)


def _choice(hearing: Hearing, place: int, head: int | None) -> Entry | None:
    """What an entry of several meanings means here; None if it is an ordinary word."""
    piece = hearing.at(place)
    usable = [entry for entry in piece.entries if not entry.shy or _called_for(hearing, place, entry)]
    asked = next((entry for entry in usable if entry.facet == hearing.asked), None)
    if asked is not None and (asked.of is not Class.TYPE or place == head):
        return asked
    for of in (Class.BRAND, Class.TYPE, Class.VALUE, Class.FLAG, Class.NAME):
        entries = [entry for entry in usable if entry.of is of and _makes_sense(hearing, piece, entry)]
        if of is Class.TYPE and place != head and len(usable) > len(entries):
            continue
        if not entries or (
            of is Class.BRAND and not _brand(hearing, place, only=len(usable) == len(entries))
        ):
            continue
        return _best(hearing, place, entries)
    return None


def _makes_sense(hearing: Hearing, piece: Piece, entry: Entry) -> bool:
    """Whether an attribute can be meant: one that most products of this type have.

    Where that is not known an ordinary word (`work`, `travel`) is searched for as a word, and where no type
    was said every word (`windows 10`), unless it is of something like a colour.
    """
    if entry.of not in {Class.VALUE, Class.FLAG}:
        return True
    fits = hearing.vocabulary.fits(entry.facet, hearing.kind)
    if fits is not None:
        return fits
    untyped = hearing.kind is None and hearing.vocabulary.types.get(entry.facet) is not None
    return entry.facet in hearing.vocabulary.broad or not (untyped or piece.text in COMMON)


def _best(hearing: Hearing, place: int, entries: list[Entry]) -> Entry | None:
    """Of several attributes the one whose name stands beside it; None where nobody knows what it is about.

    Else one that all things have, else that with most such products.
    """
    names = {
        entry.facet
        for beside in (place - 2, place - 1, place + 1)
        for entry in hearing.at(beside).entries
        if entry.of is Class.NAME
    }
    broad = hearing.vocabulary.broad
    best = max(entries, key=lambda entry: (entry.facet in names, entry.facet in broad, entry.products))
    vague = len(entries) > 1 and hearing.kind is None and best.facet not in names | broad
    return None if vague else best


def _called_for(hearing: Hearing, place: int, entry: Entry) -> bool:
    """`m` and `42` are sizes where that is asked for or named, a capital letter also by itself."""
    if entry.facet == hearing.asked:
        return True
    piece = hearing.at(place)
    if len(piece.text) > 1 and piece.text.isalpha() and hearing.vocabulary.fits(entry.facet, hearing.kind):
        return True  # `medium`
    beside = (each for step in (-2, -1, 1) for each in hearing.at(place + step).entries)
    if any(other.of is Class.NAME and other.facet == entry.facet for other in beside):
        return True
    return len(piece.raw) == 1 and piece.raw.isupper() and not piece.glued and not _shouted(hearing)


def _shouted(hearing: Hearing) -> bool:
    """Whether all is written in capitals, which then tell nothing."""
    return len(hearing.pieces) > 1 and all(piece.raw == piece.raw.upper() for piece in hearing.pieces)


def _rather(hearing: Hearing, place: int, of: Class) -> bool:
    return (
        of is Class.BRAND and hearing.at(place).entry(of) is not None and _brand(hearing, place, only=False)
    )


def _brand(hearing: Hearing, place: int, *, only: bool) -> bool:
    """Whether a name of a brand is meant as one.

    What else it may mean is preferred, unless it is written as a name or called one; an ordinary word is a
    brand beside a product.
    """
    piece = hearing.at(place)
    before = hearing.at(place - 1)
    capital = piece.raw[:1].isupper() and not piece.first and not _shouted(hearing)
    called = before.sense in _BRAND_BEFORE or (before.sense is Sense.FACET and before.value == "brand")
    called = called or hearing.asked == "brand"
    if capital or called:
        return True
    if not only:
        return False
    if piece.text not in COMMON:
        return True
    beside = (hearing.at(place + 1).entry(Class.TYPE), before.entry(Class.TYPE))
    alone = all(
        other is piece or other.sense in {Sense.STOP, Sense.QUESTION, Sense.FILLER}
        for other in hearing.pieces
    )
    return any(beside) or alone


def _hear_unknown(hearing: Hearing, place: int, *, denied: bool) -> None:
    piece = hearing.at(place)
    if not is_word(piece):
        hearing.take((place,))
        return
    glued = place + 1 < len(hearing.pieces) and hearing.at(place + 1).glued
    if glued and hearing.sense(place + 1) is Sense.NUMBER and hearing.free(place + 1):
        hearing.take((place + 1,))
        _keyword(hearing, place, f"{piece.text}-{hearing.at(place + 1).text}", denied=denied)
        return
    _keyword(hearing, place, piece.text, denied=denied)


def is_word(piece: Piece) -> bool:
    """Whether an unknown piece can be a word of any language: not `asdfgh`, `zzzzz`, `xkcdqw`."""
    word = piece.text
    if len(word) < 2 or len(word) > LONGEST_KEYWORD or _REPEATED.search(word):  # noqa: PLR2004
        return not word.isascii() and len(word) <= LONGEST_KEYWORD
    if any(word[at : at + 4] in _MASHED for at in range(len(word) - 3)):
        return False
    letters = word.isascii() and word.isalpha()
    return not (letters and len(word) >= _WITHOUT_VOWELS and not _VOWELS & set(word))


def _of_a_name(hearing: Hearing, place: int) -> bool:
    """Whether a number belongs to the word beside it: `iphone 12`, `wifi 6`, `2 person`; not `2 laptops`."""
    before, after = hearing.at(place - 1), hearing.at(place + 1)
    if hearing.at(place).value is not None:  # a word: `two`
        return after.sense is Sense.UNKNOWN
    last = after.sense in {Sense.STOP, Sense.QUESTION, Sense.COMMA} and before.entry(Class.TYPE)
    return (
        bool(last)
        or any(
            piece.sense in {Sense.UNKNOWN, Sense.INCH}
            or (piece.sense is Sense.ENTRY and not piece.entry(Class.TYPE))
            for piece in (before, after)
        )
        or (after.glued and after.sense is Sense.HUNDRED)
    )


def _keyword(hearing: Hearing, place: int, word: str, *, denied: bool = False) -> None:
    hearing.take((place,))
    if len(word) < 2 and word.isascii() and not word.isdigit():  # noqa: PLR2004  # a letter alone
        return
    after = hearing.at(place + 1)
    joined = {Sense.UNKNOWN, Sense.HUNDRED, Sense.ENTRY}
    if hearing.sense(place) is Sense.NUMBER and after.glued and after.sense in joined:
        word += after.text
        hearing.take((place + 1,))
    deed = Deed.EXCLUDE if denied else Deed.WANT
    hearing.facts.append(Fact(place, deed, "keywords", word[:LONGEST_KEYWORD]))
