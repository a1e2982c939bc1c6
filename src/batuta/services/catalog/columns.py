"""One record of a shop's file made a product: which of its columns mean what. Pure.

Known are the names that Shopify, WooCommerce, Google Merchant, Icecat and schema.org write, and the usual
ones of everybody else. Everything that means nothing to us becomes an attribute, but for links, article
numbers and what only the shop's own office reads.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final, cast

from batuta.errors import InvalidRequest
from batuta.services.catalog.amounts import Amount, amount_of, currency_of
from batuta.services.catalog.attributes import attributes_of, plain, snake
from batuta.services.catalog.inflections import type_name
from batuta.services.products import LONGEST_NAME, Condition, Product


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


LONGEST_TITLE: Final = 500
LONGEST_DESCRIPTION: Final = 5000
"""Characters that are kept; what is longer ends in `…`."""
LONGEST_LINK: Final = 2000
_COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "id": ("id", "product_id", "item_id", "sku", "variant_sku", "asin", "ean", "gtin", "handle"),
    "title": ("title", "product_name", "product_title", "item_name", "name"),
    "description": ("description", "body_html", "body", "long_description", "short_description"),
    "brand": ("brand", "brand_name", "vendor", "manufacturer", "supplier", "maker", "brands"),
    "category": (
        "category", "product_type", "type", "product_category", "categories", "google_product_category",
    ),
    "price": ("price", "variant_price", "regular_price"),
    "sale_price": ("sale_price", "special_price"),
    "currency": ("currency", "currency_code", "price_currency"),
    "rating": ("rating", "average_rating", "aggregate_rating", "stars", "rating_value"),
    "reviews": ("reviews", "review_count", "reviews_count", "rating_count", "num_reviews", "ratings_count"),
    "condition": ("condition", "item_condition"),
    "in_stock": ("in_stock", "availability", "is_in_stock", "stock_status", "available", "stock"),
    "url": ("url", "link", "product_url", "permalink", "external_url"),
    "image": (
        "image", "image_link", "image_url", "image_src", "img_500x500", "img_high", "thumbnail", "images",
    ),
    "released": ("released", "date_released", "release_date", "published_at", "date", "created_at"),
}  # fmt: skip
"""By field of a product, the columns that give it, the first that says something wins."""
_ENDS_OF_SALE: Final = (
    "sale_price_effective_date",
    "date_sale_price_ends",
    "date_on_sale_to",
    "special_to_date",
)
_OFFICE: Final = re.compile(
    r"(?:img|seo|meta|tax|shipping|inventory|variant|google_shopping|custom_label|additional_image|download)_.*"
    r"|(?:ean|gtin|upc|isbn|barcode)s?[0-9]*(?:_.*)?|thumbnail|(?:image|images|gallery)(?:_(?:src|alt|alt_text|position|[0-9]+))?"
    r"|.*_(?:url|link|href|html|gmt|ean|gtin|upc|barcode)"
    r"|(?:list|compare_at|cost|retail|original|discounted|min|max)_price|msrp|rrp|cost_per_item|discount_percentage"
    r"|sale_price.*|date_(?:on_)?sale.*|special_(?:from|to)_date|low_stock(?:_amount)?|stock_quantity"
    r"|handle|slug|sku|published|published_scope|status|visibility_in_catalog|catalog_visibility|position|menu_order"
    r"|parent|parent_id|tags|gift_card|is_featured|featured|purchase_note|backorders|backorders_allowed|backordered"
    r"|sold_individually|allow_customer_reviews|reviews_allowed|grouped_products|upsells|cross_sells|button_text"
    r"|downloads|downloadable|virtual|upsell_ids|cross_sell_ids|related_ids|manage_stock|has_options|purchasable"
    r"|(?:date_)?(?:created|updated|modified)(?:_at|_date)?|adult|identifier_exists|item_group_id|template_suffix"
    r"|admin_graphql_api_id|on_sale|total_sales|links|score|platform"
)
"""Columns for the office: their numbers and links help nobody choose."""
_NO_TYPE: Final = _words("simple variable variation grouped external virtual downloadable uncategorized")
"""What WooCommerce has for a type or category and is none."""
_LISTS: Final = ("attributes", "specs", "specifications", "properties", "additional_property", "options")
"""Where JSON has a product's attributes: an object, or a list of names with values."""
_NUMBERED: Final = re.compile(r"(?:attribute_([0-9]+)|option([0-9]+))_name")
"""WooCommerce and Shopify have an attribute's name in one column and its value in the next."""
_USED: Final = re.compile(r"\b(?:used|pre.?owned|second.?hand|gebraucht|like.?new)", re.IGNORECASE)
_REFURBISHED: Final = re.compile(r"refurb|renewed|recondition|remanufact", re.IGNORECASE)
_OUT: Final = re.compile(
    r"out|sold|no\b|not|false|pre.?order|back.?order|discontinued|unavailable", re.IGNORECASE
)
_IN: Final = re.compile(r"in.?stock|instock|yes|true|available|limited", re.IGNORECASE)
_NUMBER: Final = re.compile(r"[0-9]+(?:[.,][0-9]+)?")
_OUT_OF: Final = re.compile(r"(?:/|out of) ?([0-9]+)")
_STARS: Final = 5
_MOST_DIGITS: Final = 9

Columns = dict[str, object]


@dataclass(frozen=True, slots=True)
class Reading:
    """What is known of the whole file."""

    platform: str
    currency: str | None
    """Of prices that say none."""
    cents: bool
    """Whether prices are whole numbers of a hundredth."""


def product_of(record: Mapping[str, object], reading: Reading) -> Product:
    """The product in a record; raises `InvalidRequest`, whose message says which part cannot be used."""
    columns = _columns(record)
    title = plain(_word(columns, "title"), LONGEST_TITLE)
    if not title:
        raise InvalidRequest("it has no title: fill in a column `title` or `name`")
    price, currency = _price(columns, reading)
    attributes = attributes_of(_others(record, columns, title))
    brand = plain(_word(columns, "brand"), LONGEST_NAME) or str(attributes.pop("stated_brand", ""))
    return Product(
        id=_id(columns, record),
        title=title,
        description=plain(_word(columns, "description"), LONGEST_DESCRIPTION),
        brand=brand or None,
        category=_category(columns),
        price=price,
        currency=currency,
        rating=_rating(columns),
        reviews=_reviews(columns),
        condition=_condition(_word(columns, "condition")),
        in_stock=_in_stock(columns),
        platform=reading.platform,
        url=_link(columns, "url"),
        image=_link(columns, "image"),
        released=_released(_word(columns, "released")),
        attributes=attributes,
    )


def has_title(names: Iterable[str]) -> bool:
    """Whether a file with these columns can have products in it."""
    return any(snake(name) in _COLUMNS["title"] for name in names)


def is_continuation(record: Mapping[str, object]) -> bool:
    """Whether it is a further line about the product before: Shopify gives each variant and picture one.

    The first variant stands for the product.
    """
    return "Handle" in record and "Title" not in record and len(record) > 1


def is_cents(records: list[Mapping[str, object]]) -> bool:
    """Whether these records are of the layout that has prices in cents.

    That is Icecat's (`supplier` beside columns `attr_t_…`, `attr_n_…`, `attr_b_…`) where every price is a
    whole number; a shop's own layout never is, however round its prices.
    """
    prices = [price for record in records for price in [record.get("price")] if price not in (None, "")]
    return (
        bool(prices)
        and any("supplier" in record for record in records)
        and any(name.startswith(("attr_t_", "attr_n_", "attr_b_")) for record in records for name in record)
        and all(_is_whole(price) for price in prices)
    )


def _is_whole(price: object) -> bool:
    return (isinstance(price, int) and not isinstance(price, bool)) or (
        isinstance(price, str) and price.strip().isdecimal()
    )


def _columns(record: Mapping[str, object]) -> Columns:
    """By name in snake case; what JSON nests where a shop nests it comes up."""
    columns: Columns = {}
    for name, value in record.items():
        if value not in (None, "", []):
            columns.setdefault(snake(name), value)
    for name, value in _under(columns.get("variants")).items():
        if name in {"price", "sku", "available", "availability", "currency"}:
            columns.setdefault(name, value)
    for name, value in _under(columns.get("offers")).items():
        columns.setdefault(name, value)
    return columns


def _inside(value: object, *keys: str) -> object:
    """The first of a list; of an object what one of the keys says; else the value itself."""
    if isinstance(value, list):
        listed = cast("list[object]", value)
        value = listed[0] if listed else ""
    if isinstance(value, dict):
        named = cast("dict[str, object]", value)
        return next((named[key] for key in keys if named.get(key) is not None), "")
    return value


def _under(value: object) -> dict[str, object]:
    """The object, or the first of a list of them, by names in snake case; empty for anything else."""
    found = next(iter(cast("list[object]", value)), None) if isinstance(value, list) else value
    if not isinstance(found, dict):
        return {}
    named = cast("dict[str, object]", found)
    return {snake(str(name)): each for name, each in named.items() if each not in (None, "")}


def _of(columns: Columns, field: str) -> Iterator[object]:
    """What the columns of a field say, in their order."""
    return (columns[name] for name in _COLUMNS[field] if name in columns)


def _word(columns: Columns, field: str) -> str:
    """The first text that a field's columns give; of an object its name."""
    for value in _of(columns, field):
        text = _text(value)
        if text:
            return text
    return ""


def _text(value: object) -> str:
    value = _inside(value, "name", "title", "src", "url", "value")
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value).strip()


def _id(columns: Columns, record: Mapping[str, object]) -> str:
    """What the shop calls it, or 16 letters of a hash over the record: the same record has the same."""
    found = " ".join(_word(columns, "id").split())
    if len(found) > LONGEST_NAME:
        raise InvalidRequest(f"its id has {len(found)} characters, {LONGEST_NAME} are allowed")
    if found:
        return found
    written = json.dumps(record, sort_keys=True, default=str).encode()
    return hashlib.sha256(written).hexdigest()[:16]


def _price(columns: Columns, reading: Reading) -> tuple[float | None, str]:
    told = _word(columns, "currency") or _text(_under(columns.get("price")).get("currency"))
    usual = currency_of(told, reading.currency) if told else reading.currency
    asked: Amount | None = None
    for value in (*_sale(columns), *_of(columns, "price")):
        asked = amount_of(_inside(value, "amount", "value", "price"), usual)
        if asked is not None:
            break
    if asked is None:
        return None, usual or "USD"
    if reading.cents and asked.value != math.floor(asked.value):
        raise InvalidRequest(
            f"the price {asked.value:g} is no whole number of cents: say that prices are not in cents"
        )
    value = asked.value / 100 if reading.cents else asked.value
    return value, asked.currency or usual or "USD"


def _sale(columns: Columns) -> Iterator[object]:
    """The reduced price, unless it holds for some days only: we do not know when it is shown."""
    return _of(columns, "sale_price") if not any(columns.get(name) for name in _ENDS_OF_SALE) else iter(())


def _category(columns: Columns) -> str | None:
    """The last of the path that goes deepest; numbers and WooCommerce's kinds of records are none."""
    for name in _COLUMNS["category"]:
        value = columns.get(name)
        listed = cast("list[object]", value) if isinstance(value, list) else [value]
        texts = [_text(each) for each in listed]
        paths = [path for text in texts for path in (text.split(",") if name == "categories" else [text])]
        deepest = max(paths, key=lambda path: path.count(">"), default="")
        found = type_name(plain(deepest.rpartition(">")[2], LONGEST_NAME))
        if found and not found.isdecimal() and found not in _NO_TYPE:
            return found
    return None


def _rating(columns: Columns) -> float | None:
    """Stars out of five; nothing from nobody's votes, and nothing that is no number of stars."""
    for value in _of(columns, "rating"):
        text = _text(_inside(value, "rate", "value", "average", "ratingValue"))
        found = _NUMBER.match(text)
        most = _OUT_OF.search(text)
        if found is None:
            continue
        stars = float(found[0].replace(",", ".")) * _STARS / max(1, int(most[1]) if most else _STARS)
        if 0 < stars <= _STARS:
            return round(stars, 2)
    return None


def _reviews(columns: Columns) -> int | None:
    """How many there are; a list of them is counted."""
    counted = _under(columns.get("rating")) | _under(columns.get("aggregate_rating"))
    inside = (counted[key] for key in ("count", "review_count", "rating_count") if key in counted)
    for value in (*_of(columns, "reviews"), *inside):
        if isinstance(value, list):
            return len(cast("list[object]", value))
        text = _text(value).replace(",", "").removesuffix(".0")
        if text.isdecimal() and len(text) <= _MOST_DIGITS:
            return int(text)
    return None


def _condition(text: str) -> Condition:
    if _REFURBISHED.search(text):
        return "refurbished"
    return "used" if _USED.search(text) else "new"


def _in_stock(columns: Columns) -> bool | None:
    """As the shop says it; more than none on stock is a yes. Ordered ahead is not in stock."""
    for value in _of(columns, "in_stock"):
        if isinstance(value, bool):
            return value
        text = _text(value).rpartition("/")[2]
        number = re.fullmatch(r"-?[0-9]+(?:\.[0-9]+)?", text)
        if number:
            return float(text) > 0
        if _OUT.match(text) or "order" in text.casefold():
            return False
        if _IN.match(text):
            return True
    return None


def _link(columns: Columns, field: str) -> str | None:
    """The first link to a page or picture; anything but http and https is none."""
    for value in _of(columns, field):
        link = _text(value).split(",")[0].split("|")[0].strip()
        if (
            link.casefold().startswith(("http://", "https://"))
            and len(link) <= LONGEST_LINK
            and link.isprintable()
        ):
            return link
    return None


def _released(text: str) -> str | None:
    try:
        return date.fromisoformat(text[:10].replace("/", "-")).isoformat()
    except ValueError:
        return None


def _others(record: Mapping[str, object], columns: Columns, title: str) -> Iterator[tuple[str, object]]:
    """The columns that are attributes, with those of lists and numbered pairs."""
    for name, value in record.items():
        if name.startswith("attr_") or not _is_known(snake(name)):
            yield name, value
    for name in _LISTS:
        yield from _listed(columns.get(name))
    for name, value in columns.items():
        pair = _NUMBERED.fullmatch(name)
        if pair:
            begins = f"attribute_{pair[1]}_value" if pair[1] else f"option{pair[2]}_value"
            found = next(
                (columns[other] for other in (begins, f"{begins}_s", f"{begins}s") if other in columns), None
            )
            yield from _named(value, found)
    kind = columns.get("type")
    if (
        isinstance(kind, str)
        and kind.casefold() not in _NO_TYPE
        and _category({"type": kind}) != _category(columns)
    ):
        yield "type", kind
    model = columns.get("name")
    if isinstance(model, str) and plain(model, LONGEST_TITLE).casefold() not in title.casefold():
        yield "model", model


def _listed(found: object) -> Iterator[tuple[str, object]]:
    if isinstance(found, dict):
        yield from cast("dict[str, object]", found).items()
    if isinstance(found, list):
        for each in cast("list[object]", found):
            if isinstance(each, dict):
                named = cast("dict[str, object]", each)
                values = ("value", "values", "option", "options", "terms")
                yield from _named(
                    named.get("name"), next((named[key] for key in values if key in named), None)
                )


def _named(name: object, value: object) -> Iterator[tuple[str, object]]:
    if isinstance(name, str) and _text(value) != "Default Title":
        yield name, value


@lru_cache(maxsize=16_384)
def _is_known(name: str) -> bool:
    """Whether a column has its place in a product, or is nobody's business."""
    if (
        any(name in columns for columns in _COLUMNS.values())
        or name in _LISTS
        or name in {"offers", "variants"}
    ):
        return True
    return bool(_OFFICE.fullmatch(name) or re.match(r"attribute_[0-9]+_|option[0-9]+(?:_|$)", name))
