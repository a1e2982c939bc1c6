"""A market: a catalogue of a few products and a made-up media service, and the server before them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from console_stage import HOSTILE
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from batuta.server import batuta_app, orchestrator_app
from batuta.services.catalog.app import catalog_app
from batuta.services.catalog.catalog import Catalog
from batuta.services.products import Product
from batuta.settings import Settings
from batuta.shopping.app import Shopping
from batuta.testing.servers import serving

WORDS = " ".join(HOSTILE.values())
"""The title, brand and addresses of one product are these."""
LAPTOPS = (
    ("Aurora 14", "Acme", 649.0, 16),
    ("Basalt 15", "Borealis", 899.0, 32),
    ("Cirrus 13", "Cobalt", 549.0, 8),
    ("Delta 16", "Acme", 1299.0, 32),
    ("Ember 11", "Borealis", 299.0, 8),
    ("Fjord 14", "Cobalt", 749.0, 16),
    ("Granite 17", "Acme", 1499.0, 64),
    ("Halo 13", "Borealis", None, 16),
    ("Iris 14", "Cobalt", 459.0, 8),
    ("Juno 16", "Acme", 1099.0, 32),
    ("Kelvin 15", "Borealis", 799.0, 16),
    ("Lumen 13", "Cobalt", 599.0, 16),
    ("Mistral 14", "Acme", 999.0, 64),
)


def goods() -> list[Product]:
    """Thirteen laptops, three backpacks, and a product whose every word is hostile."""
    found = [
        Product(
            id=f"laptop-{at}",
            title=f"{name} laptop",
            brand=brand,
            category="laptop",
            price=price,
            rating=3.9 + at % 10 / 10,
            reviews=12 + 7 * at,
            condition="refurbished" if at == 2 else "new",
            url=f"https://shop.test/laptops/{at}",
            image="https://pictures.test/1.jpg" if at == 0 else None,
            attributes={"memory_gb": float(memory), "colour": ("silver", "black")[at % 2]},
        )
        for at, (name, brand, price, memory) in enumerate(LAPTOPS)
    ]
    found += [
        Product(
            id=f"pack-{at}", title=f"Tor {size} backpack", brand="Cobalt", category="backpack", price=59.0
        )
        for at, size in enumerate((20, 30, 40))
    ]
    found.append(
        Product(
            id="hostile",
            title=f"zither {WORDS}"[:400],
            brand=HOSTILE["template"],
            category="zither",
            price=10.0,
            url="javascript:document.title='owned'",
            image=HOSTILE["script"],
            attributes={"tuning": HOSTILE["script"]},
        )
    )
    return found


@dataclass
class Shutter:
    """Before the catalogue: it may be shut, or answer only once an event is set."""

    app: ASGIApp
    is_down: bool = False
    held: asyncio.Event | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; words are always given."""
        searched = scope["path"].endswith("/search")
        if searched and self.held is not None:
            await self.held.wait()
        if searched and self.is_down:
            await JSONResponse({"detail": "closed for stocktaking"}, 503)(scope, receive, send)
            return
        await self.app(scope, receive, send)


@dataclass
class Senses:
    """Sees a laptop in every photo, hears the same words in every recording."""

    heard: str = "a laptop under 700 dollars"
    taken: list[bytes] = field(default_factory=list[bytes])
    refuses: bool = False

    def service(self) -> Starlette:
        """The media service."""

        async def upload(request: Request) -> Response:
            body = await request.body()
            if self.refuses:
                return JSONResponse({"detail": "the file is no photo"}, 415)
            self.taken.append(body)
            return JSONResponse({"upload_id": f"sent-{len(self.taken)}"}, 201)

        async def look(_: Request) -> Response:
            return JSONResponse(
                {"labels": [{"name": "laptop", "confidence": 0.9}], "text": [], "colours": []}
            )

        async def listen(_: Request) -> Response:
            return JSONResponse({"text": self.heard})

        async def health(_: Request) -> Response:
            return JSONResponse({"status": "ok"})

        return Starlette(
            routes=[
                Route("/uploads", upload, methods=["POST"]),
                Route("/extract-image-attributes", look, methods=["POST"]),
                Route("/transcribe", listen, methods=["POST"]),
                Route("/health", health),
            ]
        )


@dataclass(frozen=True)
class Market:
    """A running server, and what stands behind it."""

    url: str
    shopping: Shopping
    shutter: Shutter
    senses: Senses


@asynccontextmanager
async def market(
    folder: Path, *, only: str | None = "shopping", bound_to: str | None = None, **settings: object
) -> AsyncGenerator[Market]:
    """A server of shopping alone, or of another app, or of all, with the goods above."""
    catalog = await Catalog.opened(folder / "goods")
    try:
        await catalog.load(goods(), replace=True)
        shutter, senses = Shutter(catalog_app(catalog)), Senses()
        near_by = Starlette(routes=[Mount("/catalog", shutter), Mount("/media", senses.service())])
        async with serving(near_by) as near:
            wanted = Settings(
                batuta_data=folder / "house",
                catalog_service_url=f"{near}/catalog",
                media_service_url=f"{near}/media",
                rate_limit_per_minute=0,
                rate_limit_submits_per_minute=0,
                **settings,
            )
            app = (
                batuta_app(wanted, bound_to=bound_to)
                if only is None
                else orchestrator_app(only, wanted, bound_to=bound_to)
            )
            async with serving(app) as url:
                yield Market(url, app.state.shopping, shutter, senses)
    finally:
        await catalog.aclose()
