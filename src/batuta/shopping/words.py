"""The catalogue's words, by which people are understood; asked for again every few seconds."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Final

import structlog
from pydantic import ValidationError

from batuta.clients import ServiceClient
from batuta.errors import BatutaError, NotFound, ServiceRefused
from batuta.services.catalog.models import Lexicon
from batuta.shopping.understanding.vocabulary import Vocabulary

FRESH_SECONDS: Final = 5.0
RETRY_SECONDS: Final = 5.0
NO_WORDS: Final = Lexicon(version="", types={}, brands={}, attributes={})

log = structlog.get_logger(__name__)


class Words:
    """The vocabulary of the catalogue behind a client.

    A catalogue that has no `/lexicon` (it is ours, not the seed's), or does not answer, leaves us with the
    words we had, at first with none: then what people say goes into the query as it is.
    """

    def __init__(self, client: ServiceClient) -> None:
        self._client = client
        self._asking = asyncio.Lock()
        self._next_at = 0.0
        self.lexicon = NO_WORDS
        self._vocabulary = Vocabulary.of(NO_WORDS)

    async def vocabulary(self) -> Vocabulary:
        """The words as they are, or were some seconds ago."""
        now = asyncio.get_running_loop().time()
        if now >= self._next_at and not self._asking.locked():
            async with self._asking:
                try:
                    await self._renew()
                    self._next_at = now + FRESH_SECONDS
                except (NotFound, ServiceRefused):
                    self._next_at = now + 60 * RETRY_SECONDS
                except (BatutaError, ValidationError) as error:
                    log.warning("shopping.no_words", cause=str(error))
                    self._next_at = now + RETRY_SECONDS
        elif not self.lexicon.version:
            async with self._asking:  # the first words are being fetched
                pass
        return self._vocabulary

    async def _renew(self) -> None:
        version = self.lexicon.version
        response = await self._client.request(
            "GET",
            "/lexicon",
            headers={"If-None-Match": f'"{version}"'} if version else {},
            expected={HTTPStatus.NOT_MODIFIED},
        )
        if response.status_code == HTTPStatus.NOT_MODIFIED:
            return
        lexicon = await asyncio.to_thread(Lexicon.model_validate_json, response.content)
        if lexicon.version != version:
            self._vocabulary = await asyncio.to_thread(Vocabulary.of, lexicon)
            self.lexicon = lexicon
