"""`batuta shop`: a conversation in the terminal, a search, products loaded into the catalogue."""

from __future__ import annotations

import asyncio
import getpass
import json
import secrets
import sys
from collections.abc import AsyncGenerator, Generator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Final

from cyclopts import App, Parameter, validators
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from batuta.cli.screen import print_document, say, stderr
from batuta.cli.stopping import stopped_by_signal
from batuta.cli.typed import Typed
from batuta.errors import BatutaError, InvalidRequest
from batuta.house import open_batuta
from batuta.services.catalog.catalog import Catalog
from batuta.services.catalog.importing import Fault, read_products
from batuta.services.composer.models import Comparison
from batuta.services.problems import fields_of
from batuta.services.products import Product
from batuta.sessions.dynamo import DynamoSessions
from batuta.settings import Settings
from batuta.shopping.app import Shopping
from batuta.shopping.models import ChatRequest, SearchRequest, TurnOutcome

MOST_FAULTS: Final = 20
"""Faults that are told one by one."""
_PIPE_COLUMNS: Final = 200

app = App(name="shop", help="Say what you want, and find it.")

AsJson = Annotated[bool, Parameter(name="--json", negative="")]
Flag = Annotated[bool, Parameter(negative="")]
Words = Annotated[str, Parameter(allow_leading_hyphen=True)]


@app.default
async def chat(
    *message: Words, session: str | None = None, user: str | None = None, as_json: AsJson = False
) -> int:
    """Talk about what you want; with a message, one turn of it.

    Parameters
    ----------
    message
        What to say; without one, every line typed (or read from a pipe) is a message, until `bye`.
    session
        A conversation to go on with, as the last answer named it.
    user
        Who is talking; by default whoever is logged in.
    as_json
        Print the outcomes on stdout, one JSON document a line.
    """
    who = user or _user()
    session_id = session or f"cli-{secrets.token_hex(8)}"
    async with stopped_by_signal(), _shopping() as shopping:
        if message:
            return await _said(shopping, " ".join(message), who, session_id, as_json=as_json)
        if sys.stdin.isatty():
            say("What are you looking for? (`bye` ends; a number answers with that suggestion)")
        prompt = "> " if sys.stdin.isatty() and not as_json else ""
        worst, typed = 0, Typed(sys.stdin.fileno())
        while (line := await typed.line(prompt)) is not None:
            if line.strip().lower() in {"bye", "quit", "exit"}:
                break
            if line.strip():
                worst = max(worst, await _said(shopping, line, who, session_id, as_json=as_json))
        if sys.stdin.isatty():
            say(f"go on with it by `batuta shop --session {session_id}`")
        return worst if not sys.stdin.isatty() else 0


@app.command
async def search(
    *query: Words,
    page: Annotated[int, Parameter(validator=validators.Number(gte=1))] = 1,
    size: Annotated[int, Parameter(validator=validators.Number(gte=1, lte=100))] = 10,
    as_json: AsJson = False,
) -> int:
    """Search once, without a question.

    Parameters
    ----------
    query
        What to search for, such as: running shoes under 100, not red
    page
        Which page of the results.
    size
        Products on a page.
    as_json
        Print one JSON document on stdout.
    """
    asked = {"message": " ".join(query), "user_id": _user(), "page": page, "size": size}
    async with stopped_by_signal(), _shopping() as shopping:
        outcome = await shopping.search(fields_of(SearchRequest, asked))
    _show(outcome, as_json=as_json)
    return 0


@app.command(name="import")
async def load(
    file: Path,
    *,
    replace: Flag = False,
    platform: str = "local",
    currency: str | None = None,
    cents: bool | None = None,
    as_json: AsJson = False,
) -> int:
    """Load products into the catalogue from a CSV, JSON or JSONL file, also a .gz one.

    Parameters
    ----------
    file
        The products: one a row, a list, or one JSON object a line.
    replace
        Forget all other products.
    platform
        Whose catalogue it is, to search it alone.
    currency
        Of prices that name none, such as EUR.
    cents
        Whether prices are whole cents; by default the layout of the file tells.
    as_json
        Print one JSON document on stdout.
    """
    settings = Settings()
    if settings.catalog_service_url is not None:
        raise InvalidRequest(
            "CATALOG_SERVICE_URL names another catalogue: load the products there, or unset it"
        )
    if not await asyncio.to_thread(file.is_file):
        raise InvalidRequest(f"{file} is not a file: give a CSV, JSON or JSONL file")
    rows = _Rows(read_products(file, platform=platform, currency=currency, cents=cents))
    async with stopped_by_signal():
        if not await asyncio.to_thread(rows.any):
            raise InvalidRequest(f"{file} has no product that can be used; nothing was changed{rows.why}")
        catalog = await Catalog.opened(settings.catalog_folder)
        try:
            with _progress() as (progress, task):
                loaded = await catalog.load(
                    rows, replace=replace, on_progress=lambda done: progress.update(task, completed=done)
                )
        finally:
            await catalog.aclose()
    for fault in rows.faults:
        say(f"{file.name}, line {fault.line}: {fault.reason}")
    if rows.found > len(rows.faults):
        say(f"… and {rows.found - len(rows.faults)} more")
    told = {**asdict(loaded), "found": rows.found, "faults": [asdict(fault) for fault in rows.faults]}
    if as_json:
        print_document(json.dumps(told, ensure_ascii=False))
    else:
        print_document(
            f"{loaded.added} added, {loaded.updated} updated, {loaded.removed} removed, {rows.found} faults "
            f"found; the catalogue has {loaded.total} products"
        )
    return 0


@app.command(name="init-dynamodb")
async def init_dynamodb() -> int:
    """Make the table that DYNAMODB_TABLE_NAME names, where it is not there yet."""
    settings = Settings()
    table, region, endpoint = settings.dynamodb_table_name, settings.aws_region, settings.dynamodb_endpoint
    if table is None or region is None:
        raise InvalidRequest("set DYNAMODB_TABLE_NAME, the table to make, and AWS_REGION, where it is to be")
    store = DynamoSessions.at(table, region, endpoint=None if endpoint is None else str(endpoint))
    try:
        made = await store.create_table()
    finally:
        await store.aclose()
    print_document(f"{table}: {'made' if made else 'was there already'}")
    return 0


@asynccontextmanager
async def _shopping() -> AsyncGenerator[Shopping]:
    async with open_batuta(Settings(), carries="own") as batuta:
        with stderr.status("opening the catalogue…"):
            await batuta.shopping.ready()
        yield batuta.shopping


async def _said(shopping: Shopping, text: str, who: str, session_id: str, *, as_json: bool) -> int:
    """One turn, shown; the exit code of what went wrong."""
    try:
        request = fields_of(ChatRequest, {"message": text, "user_id": who, "session_id": session_id})
        outcome = await shopping.chat(request)
    except BatutaError as error:
        if as_json:
            print_document(json.dumps({"status": "failed", "error": error.to_dict()}, ensure_ascii=False))
        say(f"batuta: {error.message}")
        return error.exit_code
    _show(outcome, as_json=as_json)
    return 0


def _show(outcome: TurnOutcome, *, as_json: bool) -> None:
    if as_json:
        print_document(outcome.model_dump_json())
        return
    print_document(outcome.reply)
    for notice in outcome.notices:
        if notice.code != "new_conversation":
            print_document(f"  ({notice.message})")
    if outcome.comparison is not None:
        _print(_compared(outcome.comparison, [card.title for card in outcome.products]))
    elif outcome.products:
        _print(_cards(outcome))
    if outcome.question is not None:
        print_document(outcome.question.text)
        for number, suggestion in enumerate(outcome.question.suggestions, 1):
            print_document(f"  {number}. {suggestion.label} ({suggestion.count})")


def _cards(outcome: TurnOutcome) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("", "product", "price", "rating", "why"):
        table.add_column(name, justify="right" if name == "price" else "left")
    for number, card in enumerate(outcome.products, 1):
        rating = "-" if card.rating is None else f"{card.rating:g}"
        why = "; ".join((*card.why_ranked, *(f"but {miss}" for miss in card.misses)))
        table.add_row(str(number), Text(card.title), Text(card.price_text), rating, Text(why))
    return table


def _compared(comparison: Comparison, titles: Sequence[str]) -> Table:
    table = Table(box=None, pad_edge=False)
    for title in ("", *titles):
        table.add_column(Text(title))
    for row in comparison.rows:
        table.add_row(
            *(Text(value, style="bold" if row.differs else "") for value in (row.name, *row.values))
        )
    return table


def _print(table: Table) -> None:
    Console(width=None if sys.stdout.isatty() else _PIPE_COLUMNS).print(table)


class _Rows:
    """The products of a file, read as they are taken; faults are counted, and the first of them kept."""

    def __init__(self, rows: Iterator[Product | Fault]) -> None:
        self.faults: list[Fault] = []
        self.found = 0
        """Faults; one may be told of a product that is taken all the same."""
        self._products = self._good(rows)
        self._first: Product | None = None

    def any(self) -> bool:
        """Whether there is a product at all."""
        self._first = next(self._products, None)
        return self._first is not None

    def __iter__(self) -> Iterator[Product]:
        if self._first is not None:
            yield self._first
        yield from self._products

    @property
    def why(self) -> str:
        """The first fault, for whoever has no product."""
        return f": line {self.faults[0].line}: {self.faults[0].reason}" if self.faults else ""

    def _good(self, rows: Iterator[Product | Fault]) -> Iterator[Product]:
        for row in rows:
            if not isinstance(row, Fault):
                yield row
                continue
            self.found += 1
            if len(self.faults) < MOST_FAULTS:
                self.faults.append(row)


@contextmanager
def _progress() -> Generator[tuple[Progress, TaskID]]:
    columns = (TextColumn("reading and indexing"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=stderr, disable=not stderr.is_terminal) as progress:
        yield progress, progress.add_task("products", total=None)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "cli"
