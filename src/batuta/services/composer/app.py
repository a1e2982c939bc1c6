"""The composer over HTTP: `POST /rank`, `POST /compose`, `GET /health`, each also under `/api/v1`."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI

from batuta.access.answers import PROBLEMS
from batuta.services.composer.composing import compose
from batuta.services.composer.models import ComposeRequest, ComposeResponse, RankRequest, RankResponse
from batuta.services.composer.ranking import rank
from batuta.services.problems import install_problems
from batuta.telemetry.traces import FASTAPI_TELEMETRY
from batuta.version import __version__

_router = APIRouter(tags=["composer"])


def composer_app() -> FastAPI:
    """The composer as an ASGI app; it keeps nothing."""
    app = FastAPI(
        title="Batuta composer", version=__version__, telemetry=FASTAPI_TELEMETRY, responses=PROBLEMS
    )
    app.include_router(_router)
    app.include_router(_router, prefix="/api/v1")
    install_problems(app)
    return app


@_router.post("/rank")
async def rank_products(request: RankRequest) -> RankResponse:
    """Rank the products for what somebody wants; those that break a wish come after all that grant it."""
    return rank(request)


@_router.post("/compose")
async def compose_answer(request: ComposeRequest) -> ComposeResponse:
    """Word the answer: text, cards, and a table where products are to be compared."""
    return compose(request)


@_router.get("/health")
async def health() -> dict[str, str]:
    """It works: it needs nothing but itself."""
    return {"status": "ok", "version": __version__}
