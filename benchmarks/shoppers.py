"""Simulated shoppers: how many find what they have in mind after at most three questions.

`python -m benchmarks.shoppers FOLDER`, with `products.jsonl.gz` in the folder: 19,406 real products. They are
imported into a catalogue in a temporary folder; then each shopper has one product in mind, drawn evenly
from all, opens, and answers what `batuta.shopping.questions` asks, until it asks nothing more. He has found
it if it is among the ten products shown then. Search, ranking and questions are those of the house, in
process.

What he opens with, by style:

* `type`: the product's type, as the catalogue has mined it from the title (`toner cartridge`) and taken as
  understood: a firm wish, whose words search, since mined types leave nothing out (`Lexicon.types_mined`).
  Of a product without a type, the last three words of its title's first phrase (no brand, nothing with a
  digit), as words to search by.
* `type and brand`: the same with the product's brand, a firm wish too.
* `type and property`: the same with one thing that a shopper may know beforehand, drawn from the brand and
  those of the product's properties that `askability` takes for known by most people or all.

How he answers:

* truthful: by the product's own value: the offered range that holds it, or the value itself, which need not
  be among those offered if it has at most three words (who would type `CLP-610ND, CLP-660N, CLX-6200FX`?);
  "no preference" where the product lacks the property, or he cannot say its value.
* noisy: of ten answers one is another offered value and two are "no preference", whatever the question.

The answers are words, and go through `batuta.shopping.understanding`, which makes preferences of them.
Nobody is impatient or changes his mind: the figures say what the questions are worth. The contract says
nothing of the opening; its limits are held against the last style, the others are told beside it.
"""

from __future__ import annotations

import asyncio
import random
import re
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from batuta.services.catalog.catalog import Catalog
from batuta.services.catalog.importing import read_products
from batuta.services.composer import wording
from batuta.services.composer.models import RankRequest
from batuta.services.composer.ranking import rank
from batuta.services.composer.wishes import same
from batuta.services.products import Product, Range, RequirementSpec, Scalar
from batuta.shopping.askability import KNOWN_BY_MOST, topic_of
from batuta.shopping.models import Need, Question, Suggestion, Survey
from batuta.shopping.orchestrator import CRITERIA
from batuta.shopping.questions import next_question
from batuta.shopping.searching import asked_for
from batuta.shopping.understanding.models import Act, Context
from batuta.shopping.understanding.understand import understand
from batuta.shopping.understanding.vocabulary import Vocabulary
from benchmarks.figures import Figure

PRODUCTS: Final = "products.jsonl.gz"
SHOPPERS: Final = 600
"""Of each kind; a share of .95 is then known within .02 (two standard errors)."""
SHOWN: Final = 10
SEED: Final = 20261120
WRONG: Final = 0.10
NO_ANSWER: Final = 0.20
NO_PREFERENCE: Final = "no preference"
LIMITS: Final = {"truthful": 0.95, "noisy": 0.80}
"""Contract: shopping, "Figures to reach"."""
_WORDS_TYPED: Final = 3
_WORD: Final = re.compile(r"(?<![\w-])[^\W\d_]{2,}(?:[-'/][^\W\d_]+)*(?![\w-])")

Manner = Literal["truthful", "noisy"]
Style = Literal["type", "type and brand", "type and property"]

STYLES: Final[tuple[Style, ...]] = ("type", "type and brand", "type and property")


@dataclass(frozen=True)
class Visit:
    """What became of one shopper."""

    found: bool
    facets: tuple[str, ...]
    """What he was asked for."""
    total: int
    """Products that his opening found."""


@dataclass(frozen=True)
class Shop:
    """What he talks to."""

    catalog: Catalog
    vocabulary: Vocabulary
    types_mined: bool
    """Whether types neither filter nor prefer (`searching.asked_for`)."""


class Shopper:
    """Somebody with one product in mind."""

    def __init__(self, target: Product, manner: Manner, dice: random.Random) -> None:
        self._target = target
        self._manner = manner
        self._dice = dice

    def opening(self, style: Style) -> RequirementSpec:
        """What he asks for at first."""
        target = self._target
        spec = RequirementSpec(product_type=target.category)
        if target.category is None:
            spec = RequirementSpec(keywords=title_words(target))
        if style == "type":
            return spec
        known: dict[str, Scalar] = {"brand": target.brand} if target.brand else {}
        if style == "type and property":
            known |= {
                name: value
                for name, value in target.attributes.items()
                if sayable(value)
                and topic_of(name, numeric=wording.is_number(value)).askability >= KNOWN_BY_MOST
            }
        if not known:
            return spec
        name = self._dice.choice(sorted(known))
        value = known[name]
        if name == "brand":
            return spec.model_copy(update={"brand_preferences": (value,)})
        return spec.model_copy(update={"attributes": {name: (value,)}})

    def answer(self, question: Question) -> str:
        """What he says to it."""
        if self._manner == "noisy":
            chance = self._dice.random()
            if chance < NO_ANSWER:
                return NO_PREFERENCE
            if chance < NO_ANSWER + WRONG:
                wrong = [each.value for each in question.suggestions if not self._is_own(question, each)]
                return self._dice.choice(wrong) if wrong else NO_PREFERENCE
        for each in question.suggestions:
            if self._is_own(question, each):
                return each.value
        own = self._own(question.facet)
        in_ranges = any(isinstance(offer(each), Range) for each in question.suggestions)
        if own is None or not sayable(own) or (in_ranges and wording.is_number(own)):
            return NO_PREFERENCE
        return wording.value_of("", own)

    def _own(self, facet: str) -> Scalar | None:
        target = self._target
        ours = {"brand": target.brand, "product_type": target.category, "price": target.price}
        return ours[facet] if facet in ours else target.attributes.get(facet)

    def _is_own(self, question: Question, suggestion: Suggestion) -> bool:
        own, offered = self._own(question.facet), offer(suggestion)
        if own is None:
            return False
        if isinstance(offered, Range) and wording.is_number(own):
            return offered.holds(float(own))
        return same(own, suggestion.value)


def title_words(product: Product) -> tuple[str, ...]:
    """The last three words of the title's first phrase."""
    brand = (product.brand or "").casefold().split()
    words = [
        word for word in _WORD.findall(re.split(r"[,(|]", product.title)[0]) if word.casefold() not in brand
    ]
    return tuple(words[-_WORDS_TYPED:])


def sayable(value: Scalar) -> bool:
    """Whether somebody would say or type it."""
    return not isinstance(value, str) or len(value.split()) <= _WORDS_TYPED


def offer(suggestion: Suggestion) -> Scalar | Range:
    """The range that a suggestion stands for, or its value."""
    bounds = re.fullmatch(r"(under |over )?([\d.e+]+)(?:-([\d.e+]+))?", suggestion.value)
    if bounds and bounds[1]:
        limit = float(bounds[2])
        return Range(max=limit) if bounds[1] == "under " else Range(min=limit)
    if bounds and bounds[3]:
        return Range(min=float(bounds[2]), max=float(bounds[3]))
    return suggestion.value


async def visit(shop: Shop, target: Product, style: Style, shopper: Shopper) -> Visit:
    """One conversation, as `shopping/orchestrator.py` leads it."""
    need = Need(spec=shopper.opening(style))
    opening: int | None = None
    while True:
        found = await shop.catalog.search(asked_for(need.spec, 1, SHOWN, types_mined=shop.types_mined))
        opening = found.total if opening is None else opening
        survey = Survey(total=found.total, flatness=found.flatness, facets=found.facets)
        question = next_question(survey, need, shown=SHOWN)
        if question is None:
            break
        said = shopper.answer(question)
        understood = understand(said, Context(spec=need.spec, question=question), shop.vocabulary)
        declined = (question.facet,) if understood.act is Act.SKIP else ()
        need = need.model_copy(
            update={
                "spec": understood.spec,
                "asked": (*need.asked, question.facet),
                "declined": (*need.declined, *declined),
            }
        )
    ranked = rank(
        RankRequest(
            products=tuple(found.products),
            requirement_spec=need.spec,
            criteria=CRITERIA,
            preferences_applied=True,
        )
    )
    shown = [each.product.id for each in ranked.products[:SHOWN]]
    return Visit(target.id in shown, need.asked, opening or 0)


async def visits(shop: Shop, targets: Sequence[Product], style: Style, manner: Manner) -> list[Visit]:
    """One shopper for each target."""
    return [
        await visit(shop, target, style, Shopper(target, manner, random.Random(f"{SEED} {target.id}")))
        for target in targets
    ]


def show(found: Sequence[Visit], style: Style, manner: Manner) -> None:
    """The share that found it, by how much was asked, and what was asked for."""
    share = statistics.fmean(each.found for each in found)
    what = f"{manner} shoppers who open with {style}, found in the first {SHOWN}"
    if style == "type and property":
        Figure(what, share, "of them", LIMITS[manner], wanted="at least").show()
    else:
        print(f"{what}: {share:.3f} of them")
    for number, several in sorted(_by_questions(found).items()):
        found_it = statistics.fmean(each.found for each in several)
        opened = statistics.median(each.total for each in several)
        print(f"  asked {number}: {len(several)} shoppers, {found_it:.3f} of them found it;", end=" ")
        print(f"openings found {opened:,.0f} products (median)")
    facets = Counter(facet for each in found for facet in each.facets).most_common(8)
    print(f"  asked for {', '.join(f'{facet} {count}' for facet, count in facets)}")


def _by_questions(found: Sequence[Visit]) -> dict[int, list[Visit]]:
    by: dict[int, list[Visit]] = {}
    for each in found:
        by.setdefault(len(each.facets), []).append(each)
    return by


async def measure(file: Path) -> None:
    products = [each for each in read_products(file) if isinstance(each, Product)]
    with tempfile.TemporaryDirectory(prefix="batuta-bench-") as folder:
        catalog = await Catalog.opened(Path(folder))
        try:
            begun = time.monotonic()
            await catalog.load(products, replace=True)
            print(f"{len(products):,} products, imported in {time.monotonic() - begun:.0f} s")
            await show_all(catalog, [product.id for product in products])
        finally:
            await catalog.aclose()


async def show_all(catalog: Catalog, ids: Sequence[str]) -> None:
    chosen = random.Random(SEED).sample(sorted(ids), SHOPPERS)
    targets = await catalog.products(chosen)
    lexicon = await catalog.lexicon()
    shop = Shop(catalog, Vocabulary.of(lexicon), lexicon.types_mined)
    untyped = sum(target.category is None for target in targets)
    print(f"{len(targets)} shoppers of each kind; {untyped} of the products have no type")
    for style in STYLES:
        for manner in ("truthful", "noisy"):
            show(await visits(shop, targets, style, manner), style, manner)


def main() -> None:
    file = Path(sys.argv[1] if sys.argv[1:] else ".", PRODUCTS)
    if not file.is_file():
        print(f"simulated shoppers: not measured, {file} is not there: give the folder that has {PRODUCTS}")
        return
    asyncio.run(measure(file))


if __name__ == "__main__":
    main()
