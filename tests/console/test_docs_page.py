"""The documentation of the API: everything is on it, in words, for whoever may read the document itself."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Literal

import httpx2
import pytest
from console_checks import fits_and_can_be_read, is_in_parts
from console_stage import HOSTILE, PHONE, visiting
from fastapi import FastAPI, Query
from markupsafe import escape
from playwright.async_api import Browser, expect
from pydantic import BaseModel, Field

from batuta.console.assets import Assets
from batuta.console.docs_page import DOCS, REDOC, Listing
from batuta.console.docs_shown import Property, shown
from batuta.console.docs_types import limits, words
from batuta.console.pages import Pages
from batuta.server import batuta_app, orchestrator_app
from batuta.settings import Settings
from batuta.testing.servers import serving

pytestmark = pytest.mark.anyio
KEY = "operator-key"
WORDS = " ".join(HOSTILE.values())


class Node(BaseModel):
    """Holds more of its kind."""

    name: str = Field(default=WORDS, description=WORDS, pattern="<b>")
    kind: Literal["<i>", "leaf"] = "leaf"
    children: list[Node] = []


@asynccontextmanager
async def before(app: FastAPI, key: str | None = None) -> AsyncGenerator[httpx2.AsyncClient]:
    """Somebody on this machine; the app's rooms stay closed, as nothing here needs them."""
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=headers) as web:
        yield web


def said(kind: object) -> str:
    """The type in words."""
    return "".join(word.text for word in words(kind))


@pytest.mark.parametrize("name", [None, "shopping"])
async def test_every_operation_is_on_the_page_of_every_server(tmp_path: Path, name: str | None) -> None:
    """With its path, its parameters, its fields, and each schema that it links to."""
    settings = Settings(batuta_data=tmp_path)
    app = batuta_app(settings) if name is None else orchestrator_app(name, settings)
    async with before(app) as web:
        page = (await web.get(DOCS)).text
        assert (await web.get(REDOC)).headers["location"] == DOCS
    document = app.openapi()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert f'id="{operation["operationId"]}"' in page
            assert f"data-word>{method.upper()}</span>" in page
            assert f"data-word>{escape(path)}</code>" in page
            for parameter in operation.get("parameters", ()):
                assert f"data-word>{escape(parameter['name'])}</code>" in page
    for schema in document["components"]["schemas"]:
        assert f'id="schema-{schema}"' in page
    assert page.count('data-entry="operation"') == sum(map(len, document["paths"].values()))
    assert page.count('id="schema-Problem"') == 1
    assert 'href="/openapi.json"' in page
    assert 'href="/docs" aria-current="page"' in page


async def test_it_needs_the_rights_that_the_document_needs(tmp_path: Path) -> None:
    """Where keys are asked for, none sees neither."""
    app = orchestrator_app("albums", Settings(batuta_data=tmp_path, batuta_api_key=KEY), bound_to="0.0.0.0")
    async with before(app) as stranger, before(app, KEY) as operator:
        for path, status in (("/openapi.json", 200), (DOCS, 200), (REDOC, 307)):
            assert (await stranger.get(path)).status_code == 401
            assert (await operator.get(path)).status_code == status


async def test_a_hostile_document_is_text_and_schemas_that_hold_themselves_end() -> None:
    """Whatever a description, a tag, a default or a name has in it."""
    app = FastAPI()

    @app.post("/{place}", tags=[WORDS], summary=WORDS, description=WORDS, response_description=WORDS)
    async def plant(
        place: str, node: Node, word: Annotated[str, Query(alias="<u>", description=WORDS)]
    ) -> Node:
        return node.model_copy(update={"name": place + word})

    app.openapi()["paths"]["/<s>{{ 7 * 7 }}"] = {"get": {"operationId": '"><img src=x>'}}
    listing = Listing(app, Pages(Assets.packaged(), {}))
    html = await listing.html()
    assert html is await listing.html()
    for tag in ("<script", "<img", "<b>", "<i>", "<u>", "<s>", "</title>", "</textarea>"):
        assert tag not in html
    assert html.count(str(escape(HOSTILE["script"]))) >= 6
    assert "{{ 7 * 7 }}" in html
    assert 'id="-img-src-x-"' in html
    assert 'list of <a href="#schema-Node-Input">Node-Input</a>' in html


async def test_circles_and_depths_and_nonsense_end() -> None:
    """A `$ref` that leads back, objects in objects without end, members that are of another type."""
    deep: dict[str, object] = {"type": "string"}
    for _ in range(200):
        deep = {"type": "object", "properties": {"in": deep}, "items": deep, "anyOf": []}
    circle = {"$ref": "#/components/schemas/A"}
    paths = {
        "/deep": {"post": {"requestBody": {"content": {"x/y": {"schema": deep}}}}},
        "/circle": {"post": {"requestBody": {"content": {"x/y": {"schema": circle}}}}},
        "/nonsense": {"get": {"tags": 7, "parameters": [True, {"schema": [1]}], "responses": {"200": None}}},
    }
    schemas = {"A": {"$ref": "#/components/schemas/B"}, "B": circle, "C": {"allOf": [circle, True]}}
    found = shown({"paths": paths, "components": {"schemas": schemas}})
    operations = {each.path: each for group in found.groups for each in group.operations}
    assert len(operations["/deep"].bodies[0].properties) < 10
    assert operations["/circle"].bodies[0].properties == ()
    assert operations["/nonsense"].parameters[0] == Property("", words({}), (), (), False, None)


@pytest.mark.parametrize(
    ("schema", "kind", "must"),
    [
        (
            {"anyOf": [{"type": "string", "minLength": 1, "maxLength": 200}, {"type": "null"}]},
            "string or null",
            ["1 to 200 characters"],
        ),
        (
            {"type": "array", "items": {"$ref": "#/x/Row"}, "minItems": 1},
            "list of Row",
            ["at least 1 item"],
        ),
        (
            {"type": "array", "items": {"type": ["integer", "null"], "maximum": 5.0}},
            "list of (integer or null)",
            ["each at most 5"],
        ),
        (
            {
                "type": "object",
                "additionalProperties": {"type": "number", "exclusiveMinimum": 0},
                "propertyNames": {"minLength": 2, "maxLength": 2},
                "maxProperties": 3,
            },
            "object of number",
            ["at most 3 entries", "each more than 0", "each name exactly 2 characters"],
        ),
        ({"type": "string", "format": "binary"}, "file", []),
        ({"type": "string", "format": "date-time"}, "string (date-time)", []),
        ({"enum": ["new", None], "default": 1}, "anything", ['one of "new", null']),
    ],
)
async def test_types_and_limits_are_said_in_words(schema: object, kind: str, must: list[str]) -> None:
    """As few as are needed."""
    assert said(schema) == kind
    assert list(limits(schema)) == must


async def test_it_is_read_on_a_phone(browser: Browser, tmp_path: Path) -> None:
    """It fits; a link opens what it leads to; the field leaves what has all its words."""
    async with (
        serving(batuta_app(Settings(batuta_data=tmp_path))) as url,
        visiting(browser, url, viewport=PHONE, color_scheme="dark") as visitor,
    ):
        await fits_and_can_be_read(visitor, DOCS)
        await is_in_parts(visitor, DOCS)
        page = visitor.page
        await visitor.goes(f"{DOCS}?#chat_shopping_api_v1_chat_post")
        chat = page.locator("#chat_shopping_api_v1_chat_post")
        await expect(chat).to_be_in_viewport()
        await expect(page.locator("details[open]")).to_have_count(1)
        field = page.get_by_label("Find operations")
        await field.fill("Session delete")
        await expect(page.locator("#docs-found")).to_have_text("1 operation")
        await expect(page.locator("details:visible")).to_have_count(1)
        await expect(chat).to_be_hidden()
        await page.locator("details:visible summary").click()
        await page.get_by_role("link", name="Problem").first.click()
        await expect(page.locator("#schema-Problem")).to_be_in_viewport()
        await expect(field).to_have_value("")
        await field.fill("nothing of this kind")
        await expect(page.get_by_text("Nothing here has these words")).to_be_visible()
