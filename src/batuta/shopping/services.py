"""The three services as the orchestrator asks them: one request, one checked answer.

Near or far makes no difference: what answers nonsense is a service that failed, not "no products".
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Final, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, ValidationError

from batuta.clients import ServiceClient, deadline
from batuta.errors import (
    BatutaError,
    DeadlineExceeded,
    Forbidden,
    InvalidRequest,
    NotFound,
    ServiceError,
    ServiceUnavailable,
    Unauthorized,
)
from batuta.ids import content_key
from batuta.services.catalog.models import CatalogResults, CatalogSearch
from batuta.services.composer.models import ComposeRequest, ComposeResponse, RankRequest, RankResponse
from batuta.services.problems import invalid
from batuta.services.products import Product

CATALOG_SECONDS: Final = 5.0
COMPOSER_SECONDS: Final = 2.0
"""So long a search, or a ranking, may take with all its retries: somebody is waiting for the answer."""

_JSON: Final = {"Content-Type": "application/json"}
M = TypeVar("M", bound=BaseModel)


class Catalog:
    """The catalogue: products by what is wanted of them, or by their id."""

    def __init__(self, client: ServiceClient) -> None:
        self.client = client

    async def search(self, asked: CatalogSearch) -> CatalogResults:
        """What fits; raises what `ServiceClient` does, and `InvalidRequest` for an unknown platform."""
        with deadline(CATALOG_SECONDS):
            return await _posted(self.client, "/search", asked, CatalogResults, passed_on=(InvalidRequest,))

    async def product(self, product_id: str) -> Product:
        """The product; raises `NotFound`."""
        with deadline(CATALOG_SECONDS), as_its_failure(self.client, passed_on=(NotFound,)):
            response = await self.client.request("GET", f"/products/{quote(product_id, safe='')}")
        return answered(self.client, "/products", response.content, Product)


class Composer:
    """The composer: ranks and words."""

    def __init__(self, client: ServiceClient) -> None:
        self.client = client

    async def rank(self, asked: RankRequest) -> RankResponse:
        """The same products, best first."""
        with deadline(COMPOSER_SECONDS):
            ranked = await _posted(self.client, "/rank", asked, RankResponse)
        if sorted(each.product.id for each in ranked.products) != sorted(each.id for each in asked.products):
            raise ServiceUnavailable(f"{self.client.name} ranked other products than it was given")
        return ranked

    async def compose(self, asked: ComposeRequest) -> ComposeResponse:
        """Text and cards."""
        with deadline(COMPOSER_SECONDS):
            return await _posted(self.client, "/compose", asked, ComposeResponse)


@contextmanager
def as_its_failure(
    client: ServiceClient, *, passed_on: tuple[type[BatutaError], ...] = ()
) -> Generator[None]:
    """What a service holds against us is its failure, and nothing whoever talks to us could mend.

    A service of ours names its errors, so that its "a key is needed" would read as if we had asked for one.
    Raises `ServiceUnavailable` instead, except for errors that are `passed_on`.
    """
    try:
        yield
    except (ServiceError, DeadlineExceeded, *passed_on):
        raise
    except (Unauthorized, Forbidden) as error:
        raise ServiceUnavailable(
            f"{client.name} does not let us in: set SERVICES_API_KEY to a key of it ({error.message})"
        ) from error
    except BatutaError as error:
        raise ServiceUnavailable(f"{client.name} refuses what we ask of it: {error.message}") from error


async def _posted(
    client: ServiceClient,
    path: str,
    asked: BaseModel,
    answer: type[M],
    *,
    passed_on: tuple[type[BatutaError], ...] = (),
) -> M:
    # A search changes nothing, so the same one may be asked again.
    content = asked.model_dump_json(exclude_defaults=True)
    with as_its_failure(client, passed_on=passed_on):
        response = await client.request(
            "POST",
            path,
            content=content.encode(),
            headers=_JSON,
            idempotency_key=content_key(path, content),
        )
    return answered(client, path, response.content, answer)


def answered(client: ServiceClient, path: str, content: bytes, answer: type[M]) -> M:
    """What the service answered; raises `ServiceUnavailable` for nonsense."""
    try:
        return answer.model_validate_json(content)
    except ValidationError as error:
        raise ServiceUnavailable(
            f"{client.name} answered {path} with what makes no sense: {invalid(error)}"
        ) from error
