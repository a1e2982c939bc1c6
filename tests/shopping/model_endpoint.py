"""A language model behind a chat endpoint that answers as a test says; a catalogue's words; an answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route as Path

from batuta.services.catalog.models import AttributeWords, Lexicon
from batuta.services.composer.models import Card, ComposeResponse
from batuta.services.products import RequirementSpec
from batuta.shopping.model.answers import Item
from batuta.shopping.understanding.models import Act, Understanding

Answer = Callable[[dict[str, Any]], Response]

LEXICON = Lexicon(
    version="1",
    types={"headphones": 40, "running shoes": 30, "laptop": 20, "rain jacket": 10},
    brands={"Sony": 20, "Acme": 15, "Hewlett-Packard": 9, "Apple": 8, "On": 2, "Peak": 1},
    attributes={
        "colour": AttributeWords(label="colour", products=90, values={"red": 30, "black": 30, "blue": 9}),
        "material": AttributeWords(label="material", products=40, values={"leather": 9, "mesh": 8}),
        "waterproof": AttributeWords(label="waterproof", products=30, values={}),
        "memory_gb": AttributeWords(label="memory", unit="GB", products=20, values={}, least=4, greatest=64),
        "screen_size_in": AttributeWords(
            label="screen size", unit="in", products=20, values={}, least=10, greatest=18
        ),
    },
)


def heard(act: Act = Act.SEARCH, spec: RequirementSpec | None = None, **more: Any) -> Understanding:
    """What our own reading came to."""
    return Understanding(act=act, spec=spec or RequirementSpec(), **more)


def item(facet: str, value: str | float | bool, quote: str, relation: str = "is") -> Item:  # noqa: FBT001
    return Item.model_validate({"facet": facet, "relation": relation, "value": value, "quote": quote})


def card(number: int, title: str, **more: Any) -> Card:
    """A product as it is shown."""
    price, rating = more.pop("price", 59.9), more.pop("rating", 4.6)
    known: dict[str, Any] = {
        "id": str(number),
        "title": title,
        "brand": title.split(maxsplit=1)[0],
        "price": price,
        "currency": "USD",
        "price_text": "price unknown" if price is None else f"${price:,.2f}",
        "rating": rating,
        "reviews": 1203,
        "condition": "new",
        "url": None,
        "image": None,
        "attributes": {"memory": "16 GB"},
        "why_ranked": [f"{rating} stars from 1,203 reviews"],
        "misses": [],
    }
    return Card(**{**known, **more})


COMPOSED = ComposeResponse(
    text="I found 12 products. The best is Acme Glide 12 Pro: $59.90, 4.6 stars from 1,203 reviews.",
    cards=[card(1, "Acme Glide 12 Pro"), card(2, "Sony WH-1000XM5 Headphones", price=129.0, rating=4.1)],
)


def said(content: str, **more: Any) -> Response:
    """An answer whose message has this content."""
    choice = {"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": "stop"}
    return JSONResponse({"object": "chat.completion", "choices": [{**choice, **more}]})


def items(*found: Item) -> Answer:
    """A reading with these items."""
    return lambda _: said(json.dumps({"items": [each.model_dump() for each in found]}))


def text(words: str) -> Answer:
    """A wording."""
    return lambda _: said(json.dumps({"text": words}))


async def _drops() -> AsyncIterator[bytes]:
    while True:
        yield b" "
        await asyncio.sleep(0.01)


def for_ever(_: dict[str, Any]) -> Response:
    """White space, a drop at a time, without end."""
    return StreamingResponse(_drops(), media_type="application/json")


class Endpoint:
    """Answers in turn as the test says, then as the last time."""

    def __init__(self) -> None:
        self.answers: list[Answer] = [items()]
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.hangs = False
        self.app = Starlette(routes=[Path("/v1/chat/completions", self._complete, methods=["POST"])])

    @property
    def asked(self) -> list[dict[str, Any]]:
        """The data of each question."""
        return [json.loads(request["messages"][1]["content"]) for request in self.requests]

    async def _complete(self, request: Request) -> Response:
        body = await request.json()
        self.requests.append(body)
        self.headers.append(dict(request.headers))
        if self.hangs:
            while (await request.receive())["type"] != "http.disconnect":
                pass
            return Response()
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return answer(body)
