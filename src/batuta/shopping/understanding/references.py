"""What is meant by `the second one`, `#3`, `the red one`, `those`: places among the products shown."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from batuta.shopping.models import Shown
from batuta.shopping.understanding.hearing import Bounds, Hearing
from batuta.shopping.understanding.money import above, below
from batuta.shopping.understanding.pieces import Piece
from batuta.shopping.understanding.senses import Sense
from batuta.shopping.understanding.text import key, singular
from batuta.shopping.understanding.vocabulary import Class

_JOINTS: Final = frozenset({Sense.AND, Sense.OR, Sense.COMMA, Sense.TO, Sense.COMPARE, Sense.FOR, Sense.DASH})
_AFTER_ORDINAL: Final = frozenset(
    {
        Sense.ONE,
        Sense.ONES,
        Sense.STOP,
        Sense.QUESTION,
        Sense.COMMA,
        Sense.AND,
        Sense.OR,
        Sense.BUT,
        Sense.OF_THESE,
        Sense.COMPARE,
        Sense.FILLER,
        Sense.THAN,
        Sense.FOR,
        Sense.DETAIL,
        Sense.CHEAPER,
        Sense.PRICIER,
        Sense.TO,
    }
)
_BEFORE_ORDINAL: Final = frozenset(
    {Sense.THE, Sense.COMPARE, Sense.AND, Sense.COMMA, Sense.LIKE, Sense.THAN, Sense.DETAIL}
)
_WIDEST: Final = 5
"""Words between `the` and `one`."""
_LARGEST_PLACE: Final = 50
_PRICE_ORDERS: Final = {"price_asc": True, "price_desc": False}
_SILENT: Final = frozenset(
    {Sense.FILLER, Sense.THE, Sense.STOP, Sense.QUESTION, Sense.COMMA, Sense.DETAIL, Sense.WANT}
)
_COMPARATIVES: Final = (Sense.CHEAPER, Sense.PRICIER, Sense.BELOW, Sense.ABOVE)
PRICES_COMPARED: Final = frozenset(
    {
        "cheaper than",
        "less than",
        "lower than",
        "under",
        "below",
        "more expensive than",
        "more than",
        "over",
        "above",
        "higher than",
        "menos de",
        "moins de",
        "billiger als",
        "gunstiger als",
        "meno di",
        "teurer als",
    }
)
"""Bounds of prices; `lighter than` is none."""
_COMPARED_BY: Final = frozenset(
    {Sense.EXTREME, Sense.CHEAPER, Sense.PRICIER, Sense.BEST, Sense.MORE, Sense.WELL_RATED}
)


def hear_references(hearing: Hearing) -> None:
    """Hear what refers to products that were shown, and what is said of those."""
    hearing.compares = hearing.has(Sense.COMPARE)
    hearing.take(hearing.places(Sense.COMPARE))
    places = [
        (at, place) for at, place in (*_numbered(hearing), *_ordinals(hearing)) if not _refused(hearing, at)
    ]
    shown = hearing.context.shown
    if shown:
        places += _described(hearing)
        if hearing.compares and not places:
            places += _compared(hearing)
    _settle(hearing, places)
    if shown:
        _hear_relations(hearing)
        _hear_question(hearing)


def refer_to_all(hearing: Hearing) -> None:
    """`it` is the first, `those` are all, where nothing else is said that they could belong to."""
    shown = range(len(hearing.context.shown))
    if hearing.references or not shown:
        return
    if hearing.has(Sense.THESE, Sense.OF_THESE):
        hearing.references = list(shown)
    elif hearing.has(Sense.THIS):
        hearing.references = [0]


def _refused(hearing: Hearing, place: int) -> bool:
    """`not the first one`."""
    before = place - 2 if hearing.sense(place - 1) is Sense.THE else place - 1
    return hearing.sense(before) is Sense.NOT


def _settle(hearing: Hearing, places: Iterable[tuple[int, int]]) -> None:
    """Keep the places that there are, in the order of the message; -1 is the last."""
    count = len(hearing.context.shown)
    for _, place in sorted(places):
        index = count + place if place < 0 else place
        if not 0 <= index < count:
            number = f"There is no number {place + 1}: only {count} are shown."
            hearing.tell("out_of_range", number if count else "Nothing is shown yet that this could be.")
        elif index not in hearing.references:
            hearing.references.append(index)


def _whole(piece: Piece) -> int | None:
    """A small whole number."""
    if piece.sense is not Sense.NUMBER or piece.number is None:
        return None
    number = piece.number.plain
    return int(number) if number == int(number) and 0 < number <= _LARGEST_PLACE else None


def _wholes(piece: Piece) -> list[int]:
    """Small whole numbers, several where a comma without a space parts them: `1,3`."""
    parts = piece.text.split(",") if piece.sense is Sense.NUMBER else []
    if len(parts) > 1 and all(part.isdigit() and 0 < int(part) <= _LARGEST_PLACE for part in parts):
        return [int(part) for part in parts]
    number = _whole(piece)
    return [] if number is None else [number]


def _numbered(hearing: Hearing) -> list[tuple[int, int]]:
    """`#3`, `number 2`, `compare 1 and 3`, `1 and 3`, `2` alone."""
    marked = [place + 1 for place in hearing.places(Sense.PLACE)]
    listed = _bare_list(hearing)
    starts = [*marked, *(listed if hearing.compares or _only_numbers(hearing) else [])]
    found: list[tuple[int, int]] = []
    for place in hearing.places(Sense.THESE):
        many = _whole(hearing.at(place + 1))
        if many is not None:  # `these two`
            found += [(place, index) for index in range(min(many, len(hearing.context.shown)))]
            hearing.take((place, place + 1))
    for start in starts:
        place = start
        while (numbers := _wholes(hearing.at(place))) and hearing.free(place):
            found += [(place, number - 1) for number in numbers]
            hearing.take((place,))
            place += 1
            while hearing.sense(place) in _JOINTS | {Sense.PLACE}:
                place += 1
    return found


def _bare_list(hearing: Hearing) -> list[int]:
    """Where numbers stand that are of nothing else: no unit, no money."""
    found: list[int] = []
    for place, piece in enumerate(hearing.pieces):
        beside = {hearing.sense(place - 1), hearing.sense(place + 1)}
        bound = {
            Sense.CURRENCY,
            Sense.BELOW,
            Sense.ABOVE,
            Sense.AROUND,
            Sense.HUNDRED,
            Sense.STARS,
            Sense.UNKNOWN,
        }
        if _wholes(piece) and hearing.free(place) and not beside & bound:
            found.append(place)
    return found


def _only_numbers(hearing: Hearing) -> bool:
    """Whether a message is a place or several and nothing else."""
    if not hearing.context.shown:
        return False
    rest = [
        piece for place, piece in enumerate(hearing.pieces)
        if hearing.free(place) and piece.sense not in _SILENT | _JOINTS
    ]  # fmt: skip
    numbers = [max(_wholes(piece), default=0) for piece in rest]
    most = max((number or _LARGEST_PLACE for number in numbers), default=_LARGEST_PLACE)
    if hearing.asked in {"price", "rating", *hearing.vocabulary.numeric}:
        return False
    priced = hearing.context.spec.price.max is not None
    return bool(rest) and all(numbers) and (most <= len(hearing.context.shown) or not priced)


def _ordinals(hearing: Hearing) -> list[tuple[int, int]]:
    """`the second one`, `first and third`, `the first two`, `the last 3`."""
    found: list[tuple[int, int]] = []
    for place in hearing.places(Sense.ORDINAL):
        piece = hearing.at(place)
        number = int(float(piece.value or 0))
        many = _whole(hearing.at(place + 1))
        behind = hearing.sense(place + 2) in _AFTER_ORDINAL
        if many is not None and number in {1, -1} and behind:
            first = 0 if number == 1 else max(len(hearing.context.shown) - many, 0)
            found += [(place, first + more) for more in range(many)]
            hearing.take((place, place + 1))
        elif _refers(hearing, place):
            found.append((place, number - 1 if number > 0 else number))
            hearing.take((place,))
    return found


def _refers(hearing: Hearing, place: int) -> bool:
    """Whether an ordinal stands for a product: not in `first aid`, `a second monitor`."""
    after = hearing.at(place + 1)
    article = hearing.sense(place - 1) in _BEFORE_ORDINAL
    own = " one" in hearing.at(place).text
    if own or after.sense is Sense.ONE:
        return True
    if after.sense not in _AFTER_ORDINAL:
        return article and after.entry(Class.TYPE) is not None and bool(hearing.context.shown)
    return article or bool(hearing.context.shown)


def _described(hearing: Hearing) -> list[tuple[int, int]]:
    """`the red one`, `the Sony one`, `the cheaper one`, `the cheapest of these`."""
    found: list[tuple[int, int]] = []
    for place in hearing.places(Sense.ONE, Sense.OF_THESE):
        begin = next(
            (
                at
                for at in range(place - 1, max(place - 1 - _WIDEST, -1), -1)
                if hearing.sense(at) is Sense.THE
            ),
            None,
        )
        between = range((begin if begin is not None else place - 2) + 1, place)
        free = [at for at in between if hearing.free(at)]
        extreme = next((at for at in free if _cheapest(hearing.at(at)) is not None), None)
        if extreme is not None:
            hearing.take(between)
            index = _by_price(hearing.context.shown, cheapest=bool(_cheapest(hearing.at(extreme))))
            found += [] if index is None else [(place, index)]
            continue
        words = [at for at in free if hearing.sense(at) in {Sense.ENTRY, Sense.UNKNOWN}]
        if begin is None or not words or hearing.sense(place) is not Sense.ONE:
            continue
        alike = [
            index for index, shown in enumerate(hearing.context.shown)
            if all(_is_of(shown, hearing.at(at)) for at in words)
        ]  # fmt: skip
        if len(alike) == 1:
            hearing.take(between)
            found.append((place, alike[0]))
    return found


def _cheapest(piece: Piece) -> bool | None:
    if piece.sense is Sense.CHEAPER:
        return True
    if piece.sense is Sense.PRICIER:
        return False
    return _PRICE_ORDERS.get(str(piece.value)) if piece.sense is Sense.SORT else None


def _by_price(shown: tuple[Shown, ...], *, cheapest: bool) -> int | None:
    known = [(product.price, index) for index, product in enumerate(shown) if product.price is not None]
    if not known:
        return None
    return min(known)[1] if cheapest else max(known, key=lambda pair: (pair[0], -pair[1]))[1]


def _is_of(shown: Shown, piece: Piece) -> bool:
    """Whether a word, or what it means in the catalogue, is in the title or the brand of a product."""
    title = _singulars(f"{shown.title} {shown.brand or ''}")
    said = [piece.text, *(entry.value for entry in piece.entries if isinstance(entry.value, str))]
    return any(_singulars(words) in title for words in said)


def _singulars(words: str) -> str:
    return f" {' '.join(singular(word) for word in key(words).split())} "


def _compared(hearing: Hearing) -> list[tuple[int, int]]:
    """`compare the Sony and the Bose`: the first product shown of each."""
    found: list[tuple[int, int]] = []
    for place in hearing.places(Sense.ENTRY, Sense.UNKNOWN):
        like = (
            index for index, shown in enumerate(hearing.context.shown) if _is_of(shown, hearing.at(place))
        )
        index = next(like, None)
        if index is not None and index not in {other for _, other in found}:
            found.append((place, index))
    if len(found) < 2:  # noqa: PLR2004  # one is nothing to compare
        return []
    hearing.take(place for place, _ in found)
    return found


def _hear_relations(hearing: Hearing) -> None:
    """`like the first one but cheaper`, `cheaper than the second`."""
    if not hearing.references:
        return
    compared = next((at for at in hearing.places(*_COMPARATIVES) if not _bounds_a_number(hearing, at)), None)
    one = len(hearing.references) == 1
    bound = compared is not None and hearing.sense(compared) in {Sense.BELOW, Sense.ABOVE}
    than = one and (hearing.has(Sense.THAN) or bound)
    if one and bound and compared is not None and hearing.at(compared).text not in PRICES_COMPARED:
        hearing.take((compared,))
        hearing.tell("ignored", f"“{hearing.at(compared).raw}” is not known of what was shown; say a value.")
        return
    entries = any(not hearing.at(place).entry(Class.NAME) for place in hearing.places(Sense.ENTRY))
    differs = hearing.has(Sense.BUT) and (entries or compared is not None)
    alike = hearing.has(Sense.LIKE) or (differs and not hearing.has(Sense.QUESTION))
    if not alike and not (than and compared is not None):
        hearing.compares = hearing.compares or (compared is not None and len(hearing.references) > 1)
        if hearing.compares and compared is not None:
            hearing.take((compared,))
        return
    model = hearing.context.shown[hearing.references[0]]
    hearing.modelled = True
    if compared is not None:
        hearing.take((compared,))
        if model.price is not None:
            cheaper = hearing.sense(compared) in {Sense.CHEAPER, Sense.BELOW}
            bounds = Bounds(max=below(model.price)) if cheaper else Bounds(min=above(model.price))
            hearing.want(compared, "price", bounds)
    if alike:
        _hear_model(hearing, model)


def _bounds_a_number(hearing: Hearing, place: int) -> bool:
    after = next((at for at in range(place + 1, place + 4) if hearing.sense(at) is not Sense.FILLER), place)
    return hearing.sense(after) in {Sense.NUMBER, Sense.CURRENCY, Sense.HUNDRED}


def _hear_model(hearing: Hearing, model: Shown) -> None:
    """What is wanted is of the type and brand of a product, unless another one is said."""
    said = {entry.facet for place in hearing.places(Sense.ENTRY) for entry in hearing.at(place).entries}
    if model.brand and "brand" not in said:
        hearing.want(0, "brand", model.brand)
    if hearing.context.spec.product_type is None and "product_type" not in said:
        words = key(model.title).split()
        for length in range(min(4, len(words)), 0, -1):
            for at in range(len(words) - length, -1, -1):
                found = hearing.vocabulary.find(" ".join(words[at : at + length]))
                entry = next((entry for entry in found if entry.of is Class.TYPE), None)
                if entry is not None and entry.value is not None:
                    hearing.want(0, "product_type", entry.value)
                    return


def _hear_question(hearing: Hearing) -> None:
    """`which is lighter?` compares, `which is the cheapest?` refers to one."""
    which = next(iter(hearing.places(Sense.WHICH)), None)
    if which is None or any(piece.entry(Class.TYPE) for piece in hearing.pieces):
        return
    rest = [place for place in range(which + 1, len(hearing.pieces)) if hearing.free(place)]
    cheapest = next(
        (at for at in rest if hearing.sense(at) is Sense.SORT and _cheapest(hearing.at(at)) is not None), None
    )
    if cheapest is not None:
        index = _by_price(hearing.context.shown, cheapest=bool(_cheapest(hearing.at(cheapest))))
        if index is not None:
            hearing.references = [index]
            hearing.take(rest)
    elif any(hearing.sense(at) in _COMPARED_BY or hearing.at(at).entry(Class.NAME) for at in rest):
        hearing.compares = True
        hearing.take(rest)
