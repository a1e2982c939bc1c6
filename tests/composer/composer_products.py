"""Products in few words."""

from __future__ import annotations

from batuta.services.composer.composing import compose
from batuta.services.composer.models import ComposeRequest, ComposeResponse, Criteria, Ranked, RankRequest
from batuta.services.composer.ranking import rank
from batuta.services.products import Exclusions, PriceRange, Product, RequirementSpec


def product(name: str, price: float | None = 100.0, **more) -> Product:
    return Product.model_validate({"id": name, "title": name, "price": price, "score": 1.0, **more})


def spec(
    *, under: float | None = None, over: float | None = None, currency: str = "USD", **more
) -> RequirementSpec:
    filters = Exclusions.model_validate(more.pop("filters", {}))
    price = PriceRange(min=over, max=under, currency=currency)
    return RequirementSpec.model_validate({"price": price, "filters": filters, **more})


def ranked(products: list[Product], wanted: RequirementSpec | None = None, **more) -> list[Ranked]:
    criteria = Criteria(**more.pop("criteria", {}))
    request = RankRequest(
        products=tuple(products), requirement_spec=wanted or spec(), criteria=criteria, **more
    )
    return rank(request).products


def order(products: list[Product], wanted: RequirementSpec | None = None, **more) -> list[str]:
    return [one.product.id for one in ranked(products, wanted, **more)]


def composed(products: list[Product], wanted: RequirementSpec | None = None, **more) -> ComposeResponse:
    return compose(ComposeRequest(products=tuple(products), requirement_spec=wanted or spec(), **more))
