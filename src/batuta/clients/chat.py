"""A language model behind an OpenAI-compatible chat endpoint: what it is asked, and reading what it says.

What it is asked about is data: JSON in the user's place, apart from the instructions, and the answer has a
schema. Nothing about an answer is believed here but that it is text, or that there is a JSON object in it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Final, TypeVar
from urllib.parse import urlsplit

import httpx2

from batuta.clients.answers import JSON, explanation, parsed
from batuta.clients.retry import RetryPolicy
from batuta.clients.service import DEFAULT_RETRY, ServiceClient
from batuta.ids import content_key

_PATH: Final = "/chat/completions"
_MOST_BYTES: Final = 4 * 1024 * 1024
_REFUSED: Final = frozenset(
    {HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNPROCESSABLE_ENTITY}
)
"""Of the question, not of the caller: another question may be answered."""

_Object = TypeVar("_Object")


class Unreadable(Exception):
    """An answer that makes no sense; the message is the cause."""


class ChatEndpoint:
    """One model at one address."""

    def __init__(self, client: ServiceClient, model: str) -> None:
        """The client is closed with this."""
        self._client = client
        self._model = model

    @classmethod
    def at(
        cls,
        name: str,
        base_url: str,
        model: str,
        api_key: str | None = None,
        *,
        timeout: float,
        retry: RetryPolicy = DEFAULT_RETRY,
        at_once: int = 4,
        most_bytes: int = _MOST_BYTES,
    ) -> ChatEndpoint:
        """The model behind `base_url` (for example `https://…/v1`); `name` is what errors call it.

        `timeout` is seconds for one answer, of which `at_once` are under way at a time.
        """
        client = ServiceClient(
            name,
            base_url,
            timeout=timeout,
            retry=retry,
            max_concurrency=at_once,
            max_body_bytes=most_bytes,
            headers={"Authorization": f"Bearer {api_key}"} if api_key else {},
        )
        return cls(client, model)

    @property
    def identity(self) -> str:
        """The model and the host that has it."""
        return f"chat:{self._model}@{urlsplit(self._client.base_url).hostname}"

    async def ask(self, instructions: str, data: JSON, name: str, schema: Mapping[str, JSON]) -> str:
        """What the model says about the data; it is told to say it by the schema of this name.

        Raises `Unreadable` for no answer, and what `ServiceClient` does.
        """
        text = json.dumps(data, ensure_ascii=False).encode(errors="replace").decode()  # no half characters
        question: dict[str, JSON] = {
            "model": self._model,
            "messages": [
                {"role": "system", "content": instructions},
                {"role": "user", "content": text},
            ],
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": name, "strict": True, "schema": schema},
            },
        }
        response = await self._client.request(
            "POST",
            _PATH,
            json=question,
            idempotency_key=content_key(question),
            expected=_REFUSED,
        )
        if response.status_code in _REFUSED:
            why = explanation(parsed(response.content)) or "without a reason"
            raise Unreadable(f"the model's server answered {response.status_code}: {why}")
        return _content(response)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def object_in(content: str, made_by: Callable[[list[tuple[str, object]]], _Object]) -> _Object:
    """The JSON object in an answer, prose around it or not.

    `made_by` makes it, and every object in it, of its members as they stand there: `dict` is one way, but a
    key that comes twice is then one. Raises `Unreadable` when there is none.
    """
    begin, end = content.find("{"), content.rfind("}")
    if not 0 <= begin < end:
        raise Unreadable("the model's answer has no JSON object in it")
    try:
        found: _Object = json.loads(content[begin : end + 1], object_pairs_hook=made_by)
    except (ValueError, RecursionError):
        raise Unreadable("the model's answer has no JSON object in it") from None
    return found


def _content(response: httpx2.Response) -> str:
    """What the model says; raises `Unreadable` when it refuses, stops in the middle, or says nothing."""
    match parsed(response.content):
        case {"choices": [{"finish_reason": "length"}, *_]}:
            raise Unreadable("the model's answer was cut off")
        case {"choices": [{"message": {"refusal": str(why)}}, *_]} if why:
            raise Unreadable(f"the model refuses: {why[:200]}")
        case {"choices": [{"message": {"content": str(content)}}, *_]}:
            return content
        case _:
            raise Unreadable("the model's server answered without a message")
