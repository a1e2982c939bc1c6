"""Whether to ask, what to ask, and which answers to offer (contract: shopping, "When and what to ask"); pure.

| ask only if                                             | constant         | from                    |
|---------------------------------------------------------|------------------|-------------------------|
| more products were found than are shown                 | `shown`          | contract: 10            |
| none of them stands out (normalised entropy of scores)  | `FLAT`           | ours                    |
| fewer questions were asked for this need                | `MOST_QUESTIONS` | contract: 3             |
| the answer is expected to tell enough                   | `LEAST_GAIN`     | contract: half a bit    |
| the facet is known of enough of what was found          | `LEAST_KNOWN`    | contract: 25 %          |
| it was neither said, nor asked, nor declined            |                  | contract                |

Of what is left the facet with the greatest expected gain x coverage x askability is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from batuta.services.catalog.models import Facet, FacetValue, Lexicon
from batuta.services.composer import wording
from batuta.services.products import Range, RequirementSpec
from batuta.shopping.askability import NEVER, Topic, question_for, topic_of
from batuta.shopping.beliefs import Outlook, outlook, weights
from batuta.shopping.models import Need, Question, Suggestion, Survey

MOST_QUESTIONS: Final = 3
LEAST_GAIN: Final = 0.5
LEAST_KNOWN: Final = 0.25
FLAT: Final = 0.6
"""Below it one product has half of the belief: of thirty the entropy is then at .7, of a thousand at .6."""
MOST_SUGGESTIONS: Final = 5
LONGEST_OFFER: Final = 60
"""Characters of a value that can be offered; a longer one is a text about the product."""
NEED: Final = "need"
"""The facet of the question that begins a conversation."""
_CATEGORY: Final = "category"
"""The catalogue's name for `product_type`."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A facet that could be asked for."""

    facet: str
    topic: Topic
    outlook: Outlook
    offers: Sequence[FacetValue]

    @property
    def merit(self) -> float:
        """Expected gain x coverage x askability; what few suggestions cover is hard to answer."""
        return self.outlook.gain * self.outlook.offered * self.topic.askability


def next_question(
    survey: Survey, need: Need, *, shown: int = 10, currency: str | None = None
) -> Question | None:
    """The question that helps most, or None where asking would not help enough.

    Prices are offered in the `currency`: the catalogue's own (`Lexicon.currency`), or without it that of the
    need, which nobody has said yet where the budget is asked for.
    """
    if survey.total <= shown or survey.flatness < FLAT or len(need.asked) >= MOST_QUESTIONS:
        return None
    best = max(_candidates(survey, need), key=lambda one: (one.merit, one.facet), default=None)
    return None if best is None else _question(best, need, currency or need.spec.price.currency)


def opening_question(lexicon: Lexicon | None) -> Question:
    """What to ask where nothing was said yet: the kind of product, with the most common ones offered."""
    types = sorted((lexicon.types if lexicon else {}).items(), key=lambda item: (-item[1], item[0]))
    return Question(
        id=f"0-{NEED}",
        text="What are you looking for?",
        facet=NEED,
        suggestions=tuple(
            Suggestion(value=name, label=wording.clean(name, LONGEST_OFFER), count=count)
            for name, count in types[:MOST_SUGGESTIONS]
        ),
        allows_no_preference=False,
    )


def _candidates(survey: Survey, need: Need) -> Iterator[_Candidate]:
    settled = {*said(need.spec), *need.asked, *need.declined}
    topics = {topic_of(facet).name for facet in settled}
    for name, facet in survey.facets.items():
        asked_as = "product_type" if name == _CATEGORY else name
        topic = topic_of(asked_as, yes_or_no=_is_yes_or_no(facet), numeric=_is_numeric(facet))
        if asked_as in settled or topic.askability == NEVER or (topic.once and topic.name in topics):
            continue
        offers = _offers(facet)
        if len(offers) < 2:  # noqa: PLR2004  # one value is no choice
            continue
        promise = outlook(facet, offers)
        if promise.known >= LEAST_KNOWN and promise.gain >= LEAST_GAIN:
            yield _Candidate(asked_as, topic, promise, offers)


def said(spec: RequirementSpec) -> frozenset[str]:
    """The facets about which something was said, firmly or as a preference."""
    found = {*spec.attributes, *spec.filters.ranges, *spec.soft}
    ordered_by = {"price_asc": "price", "price_desc": "price", "rating": "rating"}.get(spec.filters.sort_by)
    told = {
        "product_type": spec.product_type is not None,
        "brand": bool(spec.brand_preferences),
        "price": spec.price.min is not None or spec.price.max is not None,
        "rating": spec.rating_min is not None,
        "condition": spec.condition is not None,
        ordered_by or "": ordered_by is not None,  # `the cheapest` has no budget to ask for
    }
    return frozenset(found | {facet for facet, is_told in told.items() if is_told})


def _offers(facet: Facet) -> list[FacetValue]:
    """The values to offer: ranges whole and in order, of others those with most belief; numbers ascend."""
    ranges = [value for value in facet.values if isinstance(value.value, Range)]
    if ranges:
        return _merged(sorted(ranges, key=_begin))
    sayable = _spelt_once(
        value
        for value in facet.values
        if not isinstance(value.value, str) or len(value.value) <= LONGEST_OFFER
    )
    weighed = zip(weights(sayable), sayable, strict=True)
    best = [value for _, value in sorted(weighed, key=lambda pair: (-pair[0], -pair[1].count))][
        :MOST_SUGGESTIONS
    ]
    if all(isinstance(value.value, bool) for value in best):
        return sorted(best, key=lambda value: not value.value)
    if all(isinstance(value.value, float) for value in best):
        return sorted(best, key=lambda value: float(value.value) if isinstance(value.value, float) else 0.0)
    return best


def _spelt_once(values: Iterable[FacetValue]) -> list[FacetValue]:
    """The values in their order; `Magenta` and `magenta` are one, spelt as most are."""
    found: dict[object, FacetValue] = {}
    for value in values:
        word = value.value.casefold().strip() if isinstance(value.value, str) else None
        if word == "":
            continue
        key = (type(value.value), value.value) if word is None else word
        other = found.setdefault(key, value)
        if other is not value:
            usual = max(other, value, key=lambda one: one.count)
            count, weight = other.count + value.count, other.weight + value.weight
            found[key] = FacetValue(value=usual.value, count=count, weight=weight)
    return list(found.values())


def _begin(value: FacetValue) -> tuple[float, float]:
    bounds = value.value if isinstance(value.value, Range) else Range()
    least = float("-inf") if bounds.min is None else bounds.min
    return least, float("inf") if bounds.max is None else bounds.max


def _merged(ranges: list[FacetValue]) -> list[FacetValue]:
    """At most `MOST_SUGGESTIONS` ranges: neighbours with the least belief become one."""
    while len(ranges) > MOST_SUGGESTIONS:
        weighed = weights(ranges)
        at = min(range(len(ranges) - 1), key=lambda place: weighed[place] + weighed[place + 1])
        ranges[at : at + 2] = [_joined(ranges[at], ranges[at + 1])]
    return ranges


def _joined(lower: FacetValue, upper: FacetValue) -> FacetValue:
    least = lower.value.min if isinstance(lower.value, Range) else None
    most = upper.value.max if isinstance(upper.value, Range) else None
    return FacetValue(
        value=Range(min=least, max=most), count=lower.count + upper.count, weight=lower.weight + upper.weight
    )


def _question(best: _Candidate, need: Need, currency: str) -> Question:
    numeric = any(isinstance(value.value, Range | float) for value in best.offers)
    return Question(
        id=f"{need.number}-{best.facet}",
        text=question_for(best.facet, best.topic, numeric=numeric),
        facet=best.facet,
        suggestions=tuple(_suggestion(best.facet, value, currency) for value in best.offers),
    )


def _suggestion(facet: str, offered: FacetValue, currency: str) -> Suggestion:
    value = offered.value
    if isinstance(value, Range):
        return Suggestion(value=_answer(value), label=_label(facet, value, currency), count=offered.count)
    if isinstance(value, bool):
        return Suggestion(value="yes" if value else "no", label="Yes" if value else "No", count=offered.count)
    label = wording.value_of(facet, value)
    if isinstance(value, str):
        return Suggestion(value=value, label=label, count=offered.count)
    return Suggestion(value=f"{value:.10g}", label=label, count=offered.count)


def _answer(bounds: Range) -> str:
    """As the understanding reads it: `under 50`, `50-100`, `over 100`."""
    if bounds.min is None:
        return "any" if bounds.max is None else f"under {bounds.max:.10g}"
    return f"over {bounds.min:.10g}" if bounds.max is None else f"{bounds.min:.10g}-{bounds.max:.10g}"


def _label(facet: str, bounds: Range, currency: str) -> str:
    """`Up to $50`, `$50–$100`, `$100 or more`: both ends are included."""  # noqa: RUF002  # the dash of ranges

    def told(amount: float) -> str:
        return wording.price_text(amount, currency) if facet == "price" else wording.value_of(facet, amount)

    if bounds.min is None:
        return "Any" if bounds.max is None else f"Up to {told(bounds.max)}"
    if bounds.max is None:
        return f"{told(bounds.min)} or more"
    return wording.between(told(bounds.min), told(bounds.max))


def _is_yes_or_no(facet: Facet) -> bool:
    return all(isinstance(value.value, bool) for value in facet.values)


def _is_numeric(facet: Facet) -> bool:
    return any(isinstance(value.value, Range | float) for value in facet.values)
