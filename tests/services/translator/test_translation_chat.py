"""A language model behind a chat endpoint, on loopback, that misbehaves in every way one can."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from speeches import EN_PT, lines
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route as Path

from batuta.clients import RetryPolicy
from batuta.errors import ServiceError, ServiceRefused, ServiceUnavailable
from batuta.services.translator.chat import Chat
from batuta.services.translator.lines import Outcome, translate_lines
from batuta.testing.servers import serving

pytestmark = pytest.mark.anyio

QUICK = RetryPolicy(max_retries=2, base=0.001)
ASKED = lines("one", "two", "three")
RIGHT = {0: "ONE", 1: "TWO", 2: "THREE"}

Answer = Callable[[dict[str, str]], Response]


def said(content: str, **more: Any) -> Response:
    """An answer whose message has this content."""
    choice = {"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": "stop"}
    return JSONResponse({"object": "chat.completion", "choices": [{**choice, **more}]})


def upper(named: dict[str, str]) -> dict[str, str]:
    return {number: text.upper() for number, text in named.items()}


def well(named: dict[str, str]) -> Response:
    return said(json.dumps(upper(named)))


class Model:
    """The endpoint: answers in turn as the test says, then as the last time."""

    def __init__(self) -> None:
        self.answers: list[Answer] = [well]
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.hangs = False
        self.app = Starlette(routes=[Path("/v1/chat/completions", self._complete, methods=["POST"])])

    async def _complete(self, request: Request) -> Response:
        body = await request.json()
        self.requests.append(body)
        self.headers.append(dict(request.headers))
        if self.hangs:
            while (await request.receive())["type"] != "http.disconnect":
                pass
            return Response()
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return answer(json.loads(body["messages"][1]["content"]))


@pytest.fixture
def model() -> Model:
    return Model()


@pytest.fixture
async def chat(model: Model) -> AsyncIterator[Chat]:
    async with serving(model.app) as url:
        backend = Chat.at(f"{url}/v1/", "tiny-model", "swordfish", timeout=5, retry=QUICK)
        yield backend
        await backend.aclose()


async def translated(backend: Chat) -> Outcome:
    return await translate_lines(ASKED, backend, EN_PT, [].append)


async def test_lines_travel_under_their_ids(model: Model, chat: Chat) -> None:
    """One request with the lines as data, a schema of exactly their ids, the model and the key."""
    assert await translated(chat) == Outcome(RIGHT)
    (request,), (headers,) = model.requests, model.headers
    assert json.loads(request["messages"][1]["content"]) == {"0": "one", "1": "two", "2": "three"}
    schema = request["response_format"]["json_schema"]["schema"]
    assert schema["required"] == ["0", "1", "2"]
    assert not schema["additionalProperties"]
    assert request["model"] == "tiny-model"
    assert "English into Portuguese" in request["messages"][0]["content"]
    assert headers["authorization"] == "Bearer swordfish"


async def test_the_key_is_not_in_the_identity(chat: Chat) -> None:
    """Whoever asks for the version learns the model and the host, no more."""
    assert chat.identity == "chat:tiny-model@127.0.0.1"


@pytest.mark.parametrize("around", ["{}", "Here you are:\n```json\n{}\n```\nAnything else?", " \n{}\n"])
async def test_prose_around_the_answer_does_not_matter(model: Model, chat: Chat, around: str) -> None:
    """Models talk, even when they are told not to."""
    model.answers = [lambda named: said(around.replace("{}", json.dumps(upper(named))))]
    assert await translated(chat) == Outcome(RIGHT)
    assert len(model.requests) == 1


def shifted(named: dict[str, str]) -> Response:
    return said(json.dumps({str(int(number) + 1): text for number, text in upper(named).items()}))


def missing(named: dict[str, str]) -> Response:
    return said(json.dumps(dict(list(upper(named).items())[1:])))


def doubled(named: dict[str, str]) -> Response:
    members = ", ".join(f"{json.dumps(number)}: {json.dumps(text)}" for number, text in upper(named).items())
    return said(f"{{{members}, {members}}}")


GARBLED: dict[str, Answer] = {
    "shifted": shifted,
    "missing": missing,
    "extra": lambda named: said(json.dumps({**upper(named), "77": "MORE"})),
    "twice": doubled,
    "empty": lambda named: said(json.dumps(dict.fromkeys(named, ""))),
    "other ids": lambda named: said(json.dumps({f"line {number}": text for number, text in named.items()})),
    "no text": lambda named: said(json.dumps(dict.fromkeys(named, 5))),
    "a list": lambda named: said(json.dumps(list(named.values()))),
    "prose": lambda _: said("I would rather talk about the weather."),
    "half an object": lambda _: said('{"0": "ON'),
    "nested without end": lambda _: said('{"0":' * 100_000 + "}" * 100_000),
    "cut off": lambda named: said(json.dumps(upper(named)), finish_reason="length"),
    "a refusal": lambda _: said("", message={"content": None, "refusal": "I do not translate this."}),
    "no message": lambda _: JSONResponse({"choices": []}),
    "no JSON": lambda _: Response("<html>Bad gateway</html>", media_type="text/html"),
    "too much at once": lambda _: JSONResponse({"error": {"message": "context length exceeded"}}, 400),
}


@pytest.mark.parametrize("way", GARBLED)
async def test_a_garbled_answer_is_asked_again_in_halves(model: Model, chat: Chat, way: str) -> None:
    """Every line comes out right, under its own id, from smaller questions."""
    model.answers = [GARBLED[way], well]
    assert await translated(chat) == Outcome(RIGHT)
    asked = [list(json.loads(request["messages"][1]["content"])) for request in model.requests]
    assert asked == [["0", "1", "2"], ["0"], ["1", "2"]]


@pytest.mark.parametrize("way", GARBLED)
async def test_a_line_nobody_can_translate_is_named(model: Model, chat: Chat, way: str) -> None:
    """The others are translated; the cause is what the model did."""

    def answer(named: dict[str, str]) -> Response:
        return GARBLED[way](named) if "1" in named else well(named)

    model.answers = [answer]
    outcome = await translated(chat)
    assert outcome.texts == {0: "ONE", 2: "THREE"}
    assert outcome.kept.keys() == {1}
    assert outcome.kept[1]


async def test_a_model_that_never_makes_sense_is_an_error(model: Model, chat: Chat) -> None:
    """No untranslated document is passed off as translated."""
    model.answers = [GARBLED["prose"]]
    with pytest.raises(ServiceError, match=r"chat:tiny-model@127\.0\.0\.1 translated none of 3 lines"):
        await translated(chat)


async def test_half_characters_do_not_come_through(model: Model, chat: Chat) -> None:
    """An escaped lone surrogate and line breaks could be in no subtitle file."""
    model.answers = [lambda named: said(json.dumps(dict.fromkeys(named, "a\ud800\n\n b")))]
    outcome = await translated(chat)
    assert outcome.texts == dict.fromkeys(RIGHT, "a? b")


async def test_a_failing_server_is_asked_again_and_then_an_error(model: Model, chat: Chat) -> None:
    """500 is the server's trouble: smaller questions would not help."""
    model.answers = [lambda _: JSONResponse({"error": {"message": "out of memory"}}, 500)]
    with pytest.raises(ServiceUnavailable, match="answered 500: out of memory"):
        await translated(chat)
    assert len(model.requests) == 3
    model.answers = [lambda _: Response(status_code=503), well]
    assert await translated(chat) == Outcome(RIGHT)


async def test_a_busy_server_is_obeyed(model: Model, chat: Chat) -> None:
    """429 with Retry-After: asked again then, with the same key."""
    model.answers = [lambda _: Response(status_code=429, headers={"Retry-After": "0"}), well]
    assert await translated(chat) == Outcome(RIGHT)
    keys = {headers["idempotency-key"] for headers in model.headers}
    assert (len(model.headers), len(keys)) == (2, 1)


async def test_a_server_that_is_busy_for_long_is_an_error_that_says_how_long(
    model: Model, chat: Chat
) -> None:
    """Nobody waits an hour inside a job."""
    model.answers = [lambda _: Response(status_code=429, headers={"Retry-After": "3600"})]
    with pytest.raises(ServiceUnavailable, match="429") as caught:
        await translated(chat)
    assert caught.value.retry_after == 3600
    assert len(model.requests) == 1


async def test_a_wrong_key_is_an_error_at_once(model: Model, chat: Chat) -> None:
    """401 is answered the same however often it is asked."""
    model.answers = [lambda _: JSONResponse({"error": {"message": "Incorrect API key"}}, 401)]
    with pytest.raises(ServiceRefused, match="Incorrect API key"):
        await translated(chat)
    assert len(model.requests) == 1


async def test_a_server_that_hangs_is_left(model: Model) -> None:
    """Each attempt has its time, and there are only so many."""
    model.hangs = True
    async with serving(model.app) as url:
        backend = Chat.at(
            url + "/v1", "tiny-model", timeout=0.2, retry=RetryPolicy(max_retries=1, base=0.001)
        )
        with pytest.raises(ServiceUnavailable, match="got no answer"):
            await translated(backend)
        await backend.aclose()
    assert len(model.requests) == 2
    assert "authorization" not in model.headers[0]


async def test_batches_are_under_way_side_by_side(model: Model, chat: Chat) -> None:
    """A long document does not wait for one answer after the other, and every line is asked once."""
    many = lines(*(f"line {number}" for number in range(200)))
    outcome = await translate_lines(many, chat, EN_PT, [].append)
    assert outcome.texts == {number: f"LINE {number}" for number in range(200)}
    asked = [list(json.loads(request["messages"][1]["content"])) for request in model.requests]
    assert sorted(map(len, asked)) == [40] * 5
