"""What was asked for, in words: the whole of it, one constraint of it, and what of it could give way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from batuta.services.composer import wording
from batuta.services.products import Range, RequirementSpec, Scalar

_BEFORE: Final = frozenset(
    {"colour", "color", "material", "pattern", "style", "finish", "type", "genre", "season", "resolution"}
)
"""Last words of attributes whose values stand before the thing: `red leather jacket`, `4K monitor`."""
_SIZES: Final = frozenset({"size", "sizes"})
"""Those that one is in: `jacket in size M`."""
_MOST_NAMED: Final = 3
_MOST_KEYWORDS: Final = 5
_MOST_CHANGES: Final = 3


def asked_for(spec: RequirementSpec) -> str:
    """What was asked for, in a few words: `red laptop by Dell or HP under $200`; empty for nothing."""
    kind = [wording.clean(word, wording.LONGEST_VALUE) for word in spec.keywords[:_MOST_KEYWORDS]]
    if spec.product_type is not None:
        kind.append(wording.clean(spec.product_type, wording.LONGEST_VALUE))
    before = [] if spec.condition is None else [spec.condition]
    having: list[str] = []
    after: list[str] = []
    for facet, values in spec.attributes.items():
        _put(facet, values, before, having, after)
    having += [_measured(facet, bounds) for facet, bounds in spec.filters.ranges.items()]
    if spec.rating_min is not None:
        having.append(f"{wording.number(spec.rating_min)} stars or more")
    by = [f"by {_any_of(spec.brand_preferences)}"] if spec.brand_preferences else []
    with_what = [f"with {wording.listed([one for one in having if one])}"] if any(having) else []
    after = [*by, *with_what, *after]
    if price := _price(spec):
        after.append(price)
    after += ["in stock"] if spec.filters.in_stock else []
    unwanted = list(_unwanted(spec))
    after += [f"but {wording.listed(unwanted, 'and')}"] if unwanted else []
    if not kind and (before or after):
        return " ".join(["anything", *before, *after])
    return " ".join([*before, *kind, *after])


def wanted_of(spec: RequirementSpec, facet: str) -> str:
    """What was asked for of one facet, in words that follow `Nothing`: `under $50`, `by Sony`, `in red`."""
    match facet:
        case "price":
            told = _price(spec)
        case "brand":
            told = f"by {_any_of(spec.brand_preferences)}"
        case "rating":
            told = f"with {wording.number(spec.rating_min or 0)} stars or more"
        case "condition":
            told = f"that is {spec.condition}"
        case "in_stock":
            told = "in stock" if spec.filters.in_stock else "that is out of stock"
        case "product_type":
            told = f"of the type “{wording.clean(spec.product_type or '')}”"
        case "keywords":
            told = f"matching “{wording.clean(' '.join(spec.keywords))}”"
        case _:
            bounds = spec.filters.ranges.get(facet)
            told = (
                _of_attribute(facet, spec.attributes.get(facet, ()))
                if bounds is None
                else f"with {_measured(facet, bounds)}"
            )
    return told


def changes(spec: RequirementSpec) -> str:
    """What to change so that something may be found, what parts most first: `another brand or …`."""
    found: list[str] = []
    if spec.price.max is not None:
        found.append(f"a budget over {wording.price_text(spec.price.max, spec.price.currency)}")
    elif spec.price.min is not None:
        found.append(f"a price under {wording.price_text(spec.price.min, spec.price.currency)}")
    if spec.brand_preferences:
        found.append("another brand")
    found += [_another(facet, values) for facet, values in spec.attributes.items()]
    found += [f"another {wording.named(facet, numeric=True)[0]}" for facet in spec.filters.ranges]
    if spec.rating_min is not None:
        found.append("a lower rating")
    if spec.condition is not None:
        found.append("another condition")
    filters = spec.filters
    if filters.exclude_brands or filters.exclude_attributes or filters.exclude_words:
        found.append("fewer exclusions")
    if filters.in_stock:
        found.append("what is out of stock, too")
    return wording.listed(found[:_MOST_CHANGES] or ["other words"], "or")


def _price(spec: RequirementSpec) -> str:
    """`under $50`, `over $50`, `for $50–$100`."""  # noqa: RUF002  # the dash of ranges
    told = wording.budget(spec.price)
    return told if spec.price.min is None or spec.price.max is None else f"for {told}"


def _put(
    facet: str, values: Sequence[Scalar], before: list[str], having: list[str], after: list[str]
) -> None:
    """An attribute where it belongs: before the thing, with it, or behind it."""
    if not values:
        return
    last = facet.rpartition("_")[2]
    if isinstance(values[0], bool):
        _put_flag(facet, before, having, after, value=values[0])
    elif last in _SIZES and _are_words(values):
        after.append(_of_attribute(facet, values))
    elif last in _BEFORE and _are_words(values):
        before.append(_any_of(values))
    else:
        having.append(_counted(facet, values))


def _put_flag(facet: str, before: list[str], having: list[str], after: list[str], *, value: bool) -> None:
    """What it must not be is told last (`_unwanted`)."""
    label = wording.label_of(facet, value)
    if wording.is_quality(label):
        before += [label] if value else []
    elif value:
        having.append(label)
    else:
        after.append(f"without {label}")


def _of_attribute(facet: str, values: Sequence[Scalar]) -> str:
    if not values:
        return f"with any {wording.named(facet, numeric=True)[0]}"
    first, last = values[0], facet.rpartition("_")[2]
    label = wording.label_of(facet, first)
    if isinstance(first, bool):
        if wording.is_quality(label):
            return f"that is {wording.flag_of(facet, value=first)}"
        return f"with {label}" if first else f"without {label}"
    if _are_words(values) and last in _SIZES:
        return f"in {label} {_any_of(values)}"
    if _are_words(values) and last in {"colour", "color", "material"}:
        return f"in {_any_of(values)}"
    return f"with {_counted(facet, values)}"


def _counted(facet: str, values: Sequence[Scalar]) -> str:
    """`16 GB memory`, `4 slots`, `leather strap`."""
    told = wording.listed([wording.value_of(facet, value) for value in values[:_MOST_NAMED]], "or")
    return _thing(told, wording.label_of(facet, values[0]), one=told == "1")


def _measured(facet: str, bounds: Range) -> str:
    """`at least 16 GB memory`; empty for bounds that are open on both sides."""
    told = wording.span(facet, bounds)
    return told and _thing(told, wording.named(facet, numeric=True)[0], one=told == "1")


def _thing(told: str, label: str, *, one: bool) -> str:
    return f"{told} {label.removesuffix('s') if one and not label.endswith('ss') else label}"


def _another(facet: str, values: Sequence[Scalar]) -> str:
    first = values[0] if values else ""
    label = wording.label_of(facet, first)
    if not isinstance(first, bool):
        return f"another {label}"
    if wording.is_quality(label):
        return f"one that is {wording.flag_of(facet, value=not first)}"
    return f"one without {label}" if first else f"one with {label}"


def _unwanted(spec: RequirementSpec) -> Iterator[str]:
    """What it must not be, in words that follow `but`: `not red`, `not by Zen`, `without “kids”`."""
    filters = spec.filters
    for facet, values in spec.attributes.items():
        label = wording.label_of(facet, value=False)
        if values and values[0] is False and wording.is_quality(label):
            yield f"not {label}"
    if filters.exclude_brands:
        yield f"not by {_any_of(filters.exclude_brands)}"
    for facet, values in filters.exclude_attributes.items():
        if not values:
            continue
        if facet.rpartition("_")[2] in _BEFORE | _SIZES:
            yield f"not {_any_of(values)}"
        else:
            yield f"not with {_counted(facet, values)}"
    if filters.exclude_words:
        yield f"without {_any_of(filters.exclude_words)}"


def _any_of(values: Sequence[Scalar]) -> str:
    return wording.listed([wording.value_of("", value) for value in values[:_MOST_NAMED]], "or")


def _are_words(values: Sequence[Scalar]) -> bool:
    return all(isinstance(value, str) for value in values)
