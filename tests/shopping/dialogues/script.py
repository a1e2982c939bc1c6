"""Dialogues as text: what somebody says, and what is then wanted.

    == A budget is said later
    > running shoes                     what he types
      type: running shoe                what changes in the requirement; all else stays
    > under 100
      price: ..100

`shown:` lists products he sees (`title | brand | price ; …`, until it is said again), `asks:` a question for
the next message (`brand: Acme, Zenith`; `50-100 = $50 to $100` where value and label differ). Beside facets a
message may have `act` (search, unless said), `refs` (from 1), `notes` (codes of notices), `answered`,
`declined`, and `new need`. `-` is nothing. `not colour: red` excludes, `memory_gb: 16..` is a range, `soft`
lists preferences.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from dialogues.lexicon import LEXICON

from batuta.services.products import Exclusions, PriceRange, Range, RequirementSpec
from batuta.shopping.models import Question, Shown, Suggestion

NOTHING = "-"
ABOUT_THE_ANSWER = ("act", "refs", "notes", "answered", "declined", "new need")


@dataclass
class Turn:
    """A message, what stands around it, and what it must come to."""

    message: str
    line: int
    shown: tuple[Shown, ...]
    question: Question | None
    expected: dict[str, str] = field(default_factory=dict[str, str])

    def said(self, name: str) -> list[str]:
        """The parts of an expectation; none if there is none."""
        value = self.expected.get(name, "")
        return [part.strip() for part in value.split(",") if part.strip()]

    def changes(self) -> dict[str, str]:
        """What is expected of the requirement."""
        return {name: value for name, value in self.expected.items() if name not in ABOUT_THE_ANSWER}


@dataclass
class Dialogue:
    """Turns of one conversation."""

    title: str
    file: str
    turns: list[Turn] = field(default_factory=list[Turn])


def dialogues(folder: Path) -> Iterator[Dialogue]:
    """All dialogues of a folder's files."""
    for path in sorted(folder.glob("*.txt")):
        yield from _of(path)


def _of(path: Path) -> Iterator[Dialogue]:
    dialogue: Dialogue | None = None
    shown: tuple[Shown, ...] = ()
    question: Question | None = None
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        text = line.strip()
        if not text or text.startswith("# "):
            continue
        if text.startswith("== "):
            if dialogue:
                yield dialogue
            dialogue, shown, question = Dialogue(text[3:], path.stem), (), None
            continue
        assert dialogue is not None, f"{path.name}:{number}: no dialogue has begun"
        if text.startswith("shown:"):
            shown = _shown(text.removeprefix("shown:"))
        elif text.startswith("asks:"):
            question = _question(text.removeprefix("asks:"))
        elif text.startswith(">"):
            dialogue.turns.append(Turn(line.lstrip()[1:].removeprefix(" "), number, shown, question))
            question = None
        else:
            name, _, value = text.partition(":")
            dialogue.turns[-1].expected[name.strip()] = value.strip()
    if dialogue:
        yield dialogue


def _shown(text: str) -> tuple[Shown, ...]:
    if text.strip() == NOTHING:
        return ()
    parts = [[cell.strip() for cell in product.split("|")] for product in text.split(";")]
    return tuple(
        Shown(
            id=f"p{place}",
            title=cells[0],
            brand=cells[1] or None if len(cells) > 1 else None,
            price=float(cells[2]) if len(cells) > 2 and cells[2] else None,
        )
        for place, cells in enumerate(parts)
    )


def _question(text: str) -> Question:
    facet, _, listed = text.partition(":")
    suggestions: list[Suggestion] = []
    for each in listed.split(","):
        value, _, label = each.partition("=")
        if value.strip():
            said = value.strip()
            suggestions.append(Suggestion(value=said, label=label.strip() or said, count=5))
    return Question(id="q", text="?", facet=facet.strip(), suggestions=tuple(suggestions))


def changed(spec: RequirementSpec, changes: dict[str, str]) -> RequirementSpec:
    """A requirement with what a turn is expected to change."""
    for name, value in changes.items():
        spec = _changed(spec, name, value)
    return spec


_ONES = {"type": "product_type", "condition": "condition"}
_LISTS = {"words": "keywords", "brand": "brand_preferences", "soft": "soft"}
_EXCLUSIONS = {"not brand": "exclude_brands", "not words": "exclude_words"}


def _changed(spec: RequirementSpec, name: str, value: str) -> RequirementSpec:
    listed = () if value == NOTHING else tuple(part.strip() for part in value.split(","))
    one = listed[0] if listed else None
    if name in _EXCLUSIONS:
        return _filtered(spec, spec.filters.model_copy(update={_EXCLUSIONS[name]: listed}))
    if name == "stock":
        return _filtered(spec, spec.filters.model_copy(update={"in_stock": True if one else None}))
    if name == "sort":
        return _filtered(spec, spec.filters.model_copy(update={"sort_by": one or "relevance"}))
    update: dict[str, object] = {}
    if name in _ONES:
        update = {_ONES[name]: one}
    elif name in _LISTS:
        update = {_LISTS[name]: listed}
    elif name == "price":
        update = {"price": _price(value, spec.price.currency)}
    elif name == "rating":
        update = {"rating_min": float(one) if one else None}
    return spec.model_copy(update=update) if update else _attribute(spec, name, listed)


def _attribute(spec: RequirementSpec, name: str, listed: tuple[str, ...]) -> RequirementSpec:
    facet = name.removeprefix("not ")
    assert facet in LEXICON.attributes, f"{facet} is no attribute of the catalogue"
    filters = spec.filters
    if name.startswith("not "):
        excluded = {**filters.exclude_attributes, facet: listed}
        kept = {facet: values for facet, values in excluded.items() if values}
        return _filtered(spec, filters.model_copy(update={"exclude_attributes": kept}))
    attributes = {other: values for other, values in spec.attributes.items() if other != facet}
    ranges = {other: bounds for other, bounds in filters.ranges.items() if other != facet}
    if listed and ".." in listed[0]:
        ranges[facet] = _range(listed[0])
    elif listed:
        words = LEXICON.attributes[facet]
        numeric, yes_or_no = words.least is not None, words.least is None and not words.values
        attributes[facet] = tuple(
            float(value) if numeric else value == "yes" if yes_or_no else value for value in listed
        )
    spec = spec.model_copy(update={"attributes": attributes})
    return _filtered(spec, filters.model_copy(update={"ranges": ranges}))


def _filtered(spec: RequirementSpec, filters: Exclusions) -> RequirementSpec:
    return spec.model_copy(update={"filters": filters})


def _range(text: str) -> Range:
    least, _, most = text.partition("..")
    return Range(min=float(least) if least else None, max=float(most) if most else None)


def _price(text: str, currency: str) -> PriceRange:
    bounds, _, said = text.partition(" ")
    if bounds == NOTHING:
        return PriceRange(currency=said or currency)
    between = _range(bounds)
    return PriceRange(min=between.min, max=between.max, currency=said or currency)
