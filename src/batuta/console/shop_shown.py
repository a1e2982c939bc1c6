"""A conversation about products as its page shows it: what was said, understood and found. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

from batuta.console.sentences import Tone
from batuta.errors import ErrorDict, from_dict
from batuta.services.composer import wording
from batuta.services.composer.models import Card, Comparison
from batuta.services.products import Exclusions, RequirementSpec, Scalar
from batuta.sessions import TurnStatus
from batuta.shopping.models import SHOWN, HistoryTurn, Question, SessionView

PATH: Final = "/console/shop"
FEWEST_COMPARED: Final = 2
MOST_COMPARED: Final = 4
MORE: Final = "show more"
NO_PREFERENCE: Final = "no preference"
START_OVER: Final = "start over"
"""Without the type nothing of the need is left to say."""

_MEDIA: Final = MappingProxyType({"image": "a photo", "audio": "a recording"})
_TONES: Final[MappingProxyType[str, Tone]] = MappingProxyType(
    {
        "degraded": "warn",
        "relaxed": "warn",
        "dropped": "warn",
        "out_of_range": "warn",
        "not_understood": "warn",
    }
)
"""Of notices; the others only tell."""
_CONDITIONS: Final = MappingProxyType({"new": "New", "refurbished": "Refurbished", "used": "Used"})
_SORTED: Final = MappingProxyType(
    {
        "price_asc": "cheapest first",
        "price_desc": "dearest first",
        "rating": "best rated first",
        "newest": "newest first",
        "popularity": "most popular first",
    }
)


@dataclass(frozen=True, slots=True)
class Wish:
    """One thing of the requirement, and what to say to take it back."""

    facet: str
    label: str
    text: str
    taken_back: str
    soft: bool = False
    """It was an answer to a question of ours: it moves products, and excludes none."""


@dataclass(frozen=True, slots=True)
class Told:
    """A notice and how it looks."""

    tone: Tone
    text: str


@dataclass(frozen=True, slots=True)
class ShownTurn:
    """What was said, and what came of it."""

    number: int
    said: str
    media: tuple[str, ...]
    reply: str
    question: str
    notices: tuple[Told, ...]
    status: str
    error: Wrong | None
    again: str | None
    """The request id under which it can be tried again."""

    @property
    def under_way(self) -> bool:
        """Whether the answer is still to come."""
        return self.status in {TurnStatus.PENDING, TurnStatus.PROCESSING}


@dataclass(frozen=True, slots=True)
class Wrong:
    """Why there is no answer."""

    title: str
    detail: str


@dataclass(frozen=True, slots=True)
class ShownCard:
    """A product under the number by which it can be spoken of."""

    number: int
    card: Card
    stars: str
    condition: str
    link: str | None
    picture: str | None
    """Of our own address: pictures from elsewhere are not loaded, they would tell others who looks."""
    picture_link: str | None


@dataclass(frozen=True, slots=True)
class Column:
    """A product that is compared."""

    number: int
    title: str
    link: str | None


@dataclass(frozen=True, slots=True)
class Table:
    """Products side by side."""

    columns: tuple[Column, ...]
    comparison: Comparison


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation as it stands."""

    session_id: str
    turns: int
    said: tuple[ShownTurn, ...]
    question: Question | None
    wishes: tuple[Wish, ...]
    cards: tuple[ShownCard, ...]
    total: int
    has_more: bool
    table: Table | None


def talk(view: SessionView) -> Talk:
    """The conversation in the words of the page."""
    cards = tuple(_shown_card(at, card) for at, card in enumerate(view.products, 1))
    return Talk(
        session_id=view.session_id,
        turns=view.turns,
        said=tuple(map(_shown_turn, view.history)),
        question=view.question,
        wishes=tuple(wishes(view.requirement_spec)),
        cards=cards,
        total=max(view.total, len(cards)),
        has_more=bool(cards) and view.page * SHOWN < view.total,
        table=_table(view.history, cards),
    )


def compared(picked: Sequence[int]) -> str:
    """What to say to have products side by side, by their numbers: `compare 1, 2 and 4`."""
    return f"compare {wording.listed([str(number) for number in picked])}"


def wishes(spec: RequirementSpec) -> Iterator[Wish]:
    """What somebody wants, one thing after the other, and in what words he takes back that one alone."""
    soft = frozenset(spec.soft)
    if spec.product_type is not None:
        text = spec.product_type
        yield Wish("product_type", "Looking for", text, START_OVER, "product_type" in soft)
    for word in spec.keywords:
        yield Wish("keywords", "Word", word, f"forget {word}")
    if spec.brand_preferences:
        brands = wording.listed(spec.brand_preferences, "or")
        taken_back = "any brand"
        if spec.filters.exclude_brands:  # which are to stay
            taken_back = f"forget {wording.listed(spec.brand_preferences)}"
        yield Wish("brand", "Brand", brands, taken_back, "brand" in soft)
    if price := wording.budget(spec.price):
        yield Wish("price", "Price", price, "forget the budget", "price" in soft)
    if spec.rating_min is not None:
        text = f"{wording.number(spec.rating_min)} stars or more"
        yield Wish("rating", "Rating", text, "any rating", "rating" in soft)
    if spec.condition is not None:
        yield Wish("condition", "Condition", spec.condition, "any condition", "condition" in soft)
    yield from _attribute_wishes(spec, soft)
    yield from _filter_wishes(spec.filters)


def outward(address: str | None) -> str | None:
    """The address, if it is one of the web: what a catalogue says may be anything."""
    if address is None or len(address) > 2000 or not address.isprintable():  # noqa: PLR2004  # as browsers do
        return None
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    return address if parts.scheme in {"http", "https"} and parts.netloc else None


def own_picture(address: str | None) -> str | None:
    """The address, if it is a path of this server."""
    if address is None or not address.isprintable():
        return None
    ours = address.startswith("/") and not address.startswith("//") and "\\" not in address
    return address if ours else None


def _attribute_wishes(spec: RequirementSpec, soft: frozenset[str]) -> Iterator[Wish]:
    ranges = spec.filters.ranges
    for facet, bounds in ranges.items():
        if text := wording.span(facet, bounds):
            name = wording.named(facet, numeric=True)[0]
            yield Wish(facet, _capital(name), text, f"forget the {name}", facet in soft)
    for facet, values in spec.attributes.items():
        if facet not in ranges and values:
            name = _name_of(facet, values)
            yield Wish(facet, _capital(name), _any_of(facet, values), f"forget the {name}", facet in soft)


def _filter_wishes(filters: Exclusions) -> Iterator[Wish]:
    for brand in filters.exclude_brands:
        yield Wish("exclude_brands", "Not by", brand, f"forget {brand}")
    for facet, values in filters.exclude_attributes.items():
        label = f"{_capital(_name_of(facet, values))} not"
        taken_back = f"forget {wording.listed([wording.value_of(facet, value) for value in values])}"
        yield Wish(f"exclude-{facet}", label, _any_of(facet, values), taken_back)
    for word in filters.exclude_words:
        yield Wish("exclude_words", "Without", word, f"forget {word}")
    if filters.in_stock is not None:
        text = "only what is in stock" if filters.in_stock else "only what is out of stock"
        yield Wish("in_stock", "Stock", text, "forget the stock")
    if filters.sort_by in _SORTED:
        yield Wish("sort", "Sorted", _SORTED[filters.sort_by], "sort by relevance")


def _name_of(facet: str, values: Sequence[Scalar]) -> str:
    return wording.label_of(facet, values[0]) if values else wording.named(facet, numeric=False)[0]


def _any_of(facet: str, values: Sequence[Scalar]) -> str:
    return wording.listed([wording.value_of(facet, value) for value in values], "or")


def _shown_turn(turn: HistoryTurn) -> ShownTurn:
    question = turn.question.text if turn.question is not None else ""
    reply = turn.reply or ""
    error = turn.error
    return ShownTurn(
        number=turn.number,
        said=turn.message,
        media=tuple(_MEDIA.get(kind, kind) for kind in turn.media),
        reply=reply,
        question="" if question and question in reply else question,
        notices=tuple(
            Told(_TONES.get(notice.code, "idle"), _capital(notice.message)) for notice in turn.notices
        ),
        status=turn.status,
        error=None if error is None else wrong(error),
        # What came with photos cannot be sent again from here: their ids are the other page's.
        again=turn.request_id if error is not None and error.get("retryable") and not turn.media else None,
    )


def wrong(error: ErrorDict) -> Wrong:
    """Why there is no answer, in words."""
    named = from_dict(error)
    return Wrong(named.title, named.message)


def _shown_card(number: int, card: Card) -> ShownCard:
    picture = own_picture(card.image)
    return ShownCard(
        number=number,
        card=card,
        stars="" if card.rating is None else wording.stars(card.rating, card.reviews),
        condition=_CONDITIONS.get(card.condition, card.condition),
        link=outward(card.url),
        picture=picture,
        picture_link=None if picture else outward(card.image),
    )


def _table(history: Sequence[HistoryTurn], cards: Sequence[ShownCard]) -> Table | None:
    """The last comparison, while the products that it compares are those which are shown."""
    known: Mapping[str, ShownCard] = {shown.card.id: shown for shown in cards}
    last = next((turn.comparison for turn in reversed(history) if turn.comparison is not None), None)
    if last is None or any(product_id not in known for product_id in last.product_ids):
        return None
    found = [known[product_id] for product_id in last.product_ids]
    columns = tuple(Column(shown.number, shown.card.title, shown.link) for shown in found)
    return Table(columns, last)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
