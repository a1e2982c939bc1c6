"""The catalogue over HTTP (contract: shopping, "Services"); every path is also there under `/api/v1`."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, FastAPI, Header, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from batuta.access.answers import PROBLEMS
from batuta.services.catalog.catalog import Catalog
from batuta.services.catalog.models import MAX_SIZE, CatalogResults, CatalogSearch, Lexicon
from batuta.services.problems import install_problems
from batuta.services.products import Frozen, Name, Product
from batuta.telemetry.traces import FASTAPI_TELEMETRY
from batuta.version import __version__

_JSON: Final = "application/json"


class ProductIds(Frozen):
    """The body of `POST /products/batch`."""

    ids: tuple[Name, ...] = Field(max_length=MAX_SIZE)


class ProductList(BaseModel):
    """The answer of `POST /products/batch`: those that there are, in the order of the ids."""

    products: list[Product]


def catalog_app(catalog: Catalog) -> FastAPI:
    """The service as an ASGI app; whoever opened the catalogue closes it."""
    app = FastAPI(
        title="Batuta catalog", version=__version__, telemetry=FASTAPI_TELEMETRY, responses=PROBLEMS
    )
    app.state.catalog = catalog
    app.include_router(_router)
    app.include_router(_router, prefix="/api/v1", include_in_schema=False)
    install_problems(app)
    return app


async def the_catalog(request: Request) -> Catalog:
    """The catalogue of the app that was asked."""
    catalog: Catalog = request.app.state.catalog
    return catalog


TheCatalog = Annotated[Catalog, Depends(the_catalog)]
_router = APIRouter()


@_router.post("/search", response_model=CatalogResults)
async def search(asked: CatalogSearch, catalog: TheCatalog) -> Response:
    """Products that fit the query and pass the filters, and what all of them differ by."""
    return _json(await catalog.search(asked))


@_router.post("/products/batch", response_model=ProductList)
async def products(wanted: ProductIds, catalog: TheCatalog) -> Response:
    """Those of the products that there are, in the order of the ids."""
    return _json(ProductList(products=await catalog.products(wanted.ids)))


@_router.get("/products/{product_id:path}", response_model=Product)
async def product(product_id: str, catalog: TheCatalog) -> Response:
    """One product."""
    return _json(await catalog.product(product_id))


@_router.get(
    "/lexicon", response_model=Lexicon, responses={304: {"description": "as you have it (`If-None-Match`)"}}
)
async def lexicon(catalog: TheCatalog, if_none_match: Annotated[str | None, Header()] = None) -> Response:
    """The words of the catalogue; its `ETag` changes with the products."""
    found = await catalog.lexicon()
    headers = {"ETag": f'"{found.version}"', "Cache-Control": "no-cache"}
    if _has(if_none_match, found.version):
        return Response(status_code=304, headers=headers)
    return Response(found.model_dump_json(), headers=headers, media_type=_JSON)


@_router.get("/health")
async def health(catalog: TheCatalog) -> dict[str, Any]:
    """Alive, and how many products there are; an error where the file cannot be read."""
    return {"status": "ok", "service": "catalog", "version": __version__, "products": await catalog.size()}


def _json(found: BaseModel) -> Response:
    """The model as it is; FastAPI would validate it once more, which takes as long as the search."""
    return Response(found.model_dump_json(), media_type=_JSON)


def _has(if_none_match: str | None, version: str) -> bool:
    """Whether the tags name the version (RFC 9110, section 13.1.2; the comparison is weak)."""
    tags = [tag.strip().removeprefix("W/") for tag in (if_none_match or "").split(",")]
    return "*" in tags or f'"{version}"' in tags
