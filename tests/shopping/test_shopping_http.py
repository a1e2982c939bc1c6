"""Conversations over HTTP, with the demo catalogue."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx2
import pytest
from shopping_stage import ShopServer

pytestmark = pytest.mark.anyio


async def test_a_conversation_narrows_down_and_is_remembered(shop: ShopServer, session_id: str) -> None:
    """Each turn adds to the one before, and what is shown fits all of it."""
    first = await shop.say("running shoes", session_id)
    assert first["requirement_spec"]["product_type"] == "running shoe"
    assert first["state"] == "CLARIFICATION"
    assert first["products"]
    assert len(first["question"]["suggestions"]) >= 2
    second = await shop.say("under 120 dollars, not red", session_id)
    spec = second["requirement_spec"]
    assert spec["product_type"] == "running shoe"
    assert spec["price"]["max"] == 120
    assert second["products"]
    for card in second["products"]:
        assert card["price"] <= 120
        assert card["why_ranked"]
        assert "red" not in card["attributes"].get("colour", "").lower()
    kept = await shop.session(session_id)
    assert kept["requirement_spec"] == spec
    assert [turn["message"] for turn in kept["history"]] == ["running shoes", "under 120 dollars, not red"]
    assert [card["id"] for card in kept["products"]] == [card["id"] for card in second["products"]]
    assert kept["turns"] == 2


async def test_an_answer_to_the_question_prefers_and_excludes_nothing(
    shop: ShopServer, session_id: str
) -> None:
    """What is picked comes first; the rest is still there."""
    asked = await shop.say("headphones", session_id)
    question = asked["question"]
    picked = question["suggestions"][0]
    answer = await shop.api.post(
        f"/api/v1/sessions/{session_id}/clarify",
        json={"answer": picked["value"], "user_id": "ann", "question_id": question["id"]},
    )
    assert answer.status_code == 200, answer.text
    outcome = answer.json()
    assert question["facet"] in outcome["requirement_spec"]["soft"]
    assert outcome["total"] == asked["total"]
    assert outcome["question"] is None or outcome["question"]["facet"] != question["facet"]


async def test_no_more_than_three_questions_are_asked_for_a_need(shop: ShopServer, session_id: str) -> None:
    """Then there are results and nothing else; a new need may be asked about again."""
    outcome = await shop.say("laptops", session_id)
    asked = []
    while outcome["question"] is not None:
        asked.append(outcome["question"]["facet"])
        assert len(asked) <= 3
        outcome = await shop.say("no preference", session_id)
    assert len(set(asked)) == len(asked)
    assert outcome["state"] == "COMPLETED"
    assert outcome["products"]
    other = await shop.say("headphones", session_id)
    assert other["question"] is not None


async def test_the_same_request_twice_answers_the_first_outcome(shop: ShopServer, session_id: str) -> None:
    """At once or later; and it is one turn."""
    one, other = await asyncio.gather(
        *(shop.say("a backpack", session_id, request_id="r1") for _ in range(2))
    )
    again = await shop.say("a backpack", session_id, request_id="r1")
    assert one == other == again
    assert (await shop.session(session_id))["turns"] == 1


async def test_a_first_message_sent_twice_opens_one_conversation(shop: ShopServer) -> None:
    """Even where nobody chose an id for it."""
    body = {"message": "a backpack", "user_id": "twice", "request_id": "first"}
    one = (await shop.api.post("/api/v1/chat", json=body)).json()
    other = (await shop.api.post("/api/v1/chat", json=body)).json()
    assert one["session_id"] == other["session_id"]


async def test_a_request_id_of_another_message_is_a_conflict(shop: ShopServer, session_id: str) -> None:
    """Neither message is lost: the first stands, the second is refused."""
    await shop.say("a backpack", session_id, request_id="r1")
    answer = await shop.try_to_say("a toaster", session_id, request_id="r1")
    assert answer.status_code == 409
    assert answer.json()["code"] == "conflict"


async def test_two_tabs_talk_in_turns_and_nothing_is_lost(shop: ShopServer, session_id: str) -> None:
    """What each of them says holds at the end."""
    await shop.say("running shoes", session_id)
    await asyncio.gather(
        shop.say("under 150 dollars", session_id),
        shop.say("not red", session_id),
        shop.say("4 stars or more", session_id),
    )
    spec = (await shop.session(session_id))["requirement_spec"]
    assert spec["product_type"] == "running shoe"
    assert spec["price"]["max"] == 150
    assert spec["rating_min"] == 4
    assert "red" in json.dumps(spec["filters"])
    assert (await shop.session(session_id))["turns"] == 4


@pytest.mark.parametrize("way", ["chat", "clarify", "show", "delete", "search again"])
async def test_for_anybody_else_there_is_no_such_conversation(
    shop: ShopServer, session_id: str, way: str
) -> None:
    """Another user's name opens nothing, changes nothing, and learns nothing."""
    await shop.say("running shoes", session_id)
    before = await shop.session(session_id)
    path = f"/api/v1/sessions/{session_id}"
    asked: dict[str, Any] = {
        "chat": lambda: shop.try_to_say("laptops", session_id, "mallory"),
        "clarify": lambda: shop.api.post(f"{path}/clarify", json={"answer": "any", "user_id": "mallory"}),
        "show": lambda: shop.api.get(path, params={"user_id": "mallory"}),
        "delete": lambda: shop.api.delete(path, params={"user_id": "mallory"}),
        "search again": lambda: shop.try_to_say("running shoes", session_id, "mallory", request_id="r"),
    }
    answer: httpx2.Response = await asked[way]()
    assert answer.status_code == 404
    unknown = await shop.api.get("/api/v1/sessions/nobody", params={"user_id": "mallory"})
    assert answer.json()["detail"].replace(session_id, "nobody") == unknown.json()["detail"]
    assert await shop.session(session_id) == before


async def test_a_deleted_conversation_is_gone(shop: ShopServer, session_id: str) -> None:
    """And its id begins a new one, which is said."""
    await shop.say("running shoes under 100", session_id)
    gone = await shop.api.delete(f"/api/v1/sessions/{session_id}", params={"user_id": "ann"})
    assert gone.status_code == 204
    assert (
        await shop.api.get(f"/api/v1/sessions/{session_id}", params={"user_id": "ann"})
    ).status_code == 404
    outcome = await shop.say("headphones", session_id)
    assert outcome["requirement_spec"]["price"]["max"] is None
    assert "new_conversation" in {notice["code"] for notice in outcome["notices"]}


async def test_an_answer_to_a_question_that_is_not_open_is_refused(shop: ShopServer, session_id: str) -> None:
    """The conversation stays as it is."""
    asked = await shop.say("laptops", session_id)
    path = f"/api/v1/sessions/{session_id}/clarify"
    stale = await shop.api.post(path, json={"answer": "any", "user_id": "ann", "question_id": "other"})
    assert stale.status_code == 409
    assert (await shop.session(session_id))["question"] == asked["question"]


async def test_a_search_asks_nothing_and_pages_without_gaps(shop: ShopServer) -> None:
    """Every product is on exactly one page."""
    seen: list[str] = []
    total, page = 1, 0
    while len(seen) < total:
        page += 1
        answer = await shop.api.post(
            "/api/v1/search", json={"query": "laptop", "user_id": "ann", "page": page, "size": 7}
        )
        assert answer.status_code == 200, answer.text
        outcome = answer.json()
        total = outcome["total"]
        assert outcome["question"] is None
        assert outcome["state"] == "COMPLETED"
        assert outcome["products"], f"page {page} is empty after {len(seen)} of {total}"
        seen += [card["id"] for card in outcome["products"]]
    assert len(set(seen)) == len(seen) == total > 7


async def test_filters_of_a_search_hold(shop: ShopServer) -> None:
    """They are what the catalogue understands."""
    body = {"query": "laptop", "user_id": "ann", "filters": {"price_max": 900, "rating_min": 4}}
    outcome = (await shop.api.post("/api/v1/search", json=body)).json()
    assert outcome["products"]
    assert all(card["price"] <= 900 and card["rating"] >= 4 for card in outcome["products"])


async def test_what_cannot_be_had_is_said_with_what_comes_nearest(shop: ShopServer, session_id: str) -> None:
    """A budget is never exceeded silently."""
    outcome = await shop.say("laptops under 5 dollars", session_id)
    assert "Nothing under $5" in outcome["reply"]
    assert outcome["products"]
    assert all(any("$5" in miss for miss in card["misses"]) for card in outcome["products"])
    assert outcome["requirement_spec"]["price"]["max"] == 5


async def test_products_shown_can_be_referred_to_and_compared(shop: ShopServer, session_id: str) -> None:
    """By their places."""
    shown = (await shop.say("headphones", session_id))["products"]
    second = await shop.say("tell me about the second one", session_id)
    assert [card["id"] for card in second["products"]] == [shown[1]["id"]]
    both = await shop.say("compare 1 and 3", session_id)
    assert both["comparison"]["product_ids"] == [shown[0]["id"], shown[2]["id"]]
    assert any(row["differs"] for row in both["comparison"]["rows"])


BAD = [
    ({"user_id": "ann"}, 422),
    ({"message": "   ", "user_id": "ann"}, 422),
    ({"message": "x"}, 422),
    ({"message": "x" * 5001, "user_id": "ann"}, 422),
    ({"message": "x", "user_id": "ann", "session_id": "../etc"}, 422),
    ({"message": "x", "user_id": "ann", "request_id": ""}, 422),
    ({"message": "x", "user_id": "ann", "size": 101}, 422),
    ({"message": "x", "user_id": "ann", "media": [{"type": "video", "data": "x"}]}, 422),
    ({"message": "x", "user_id": "ann", "media": [{"type": "image"}]}, 422),
    ({"message": "x", "user_id": "ann", "colour": "red"}, 422),
]


@pytest.mark.parametrize(("body", "status"), BAD)
async def test_what_cannot_be_used_is_said_as_a_problem(
    shop: ShopServer, body: dict[str, Any], status: int
) -> None:
    """What, which value, and nothing was done."""
    answer = await shop.api.post("/api/v1/chat", json=body)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.json()["code"] == "invalid_request"
    assert answer.json()["detail"]


@pytest.mark.parametrize(
    "message",
    [
        "🙂🙂🙂",
        "asdfgh qwerty",
        "'; DROP TABLE products; --",
        "\x00\x01",
        'NEAR( * -"',
        "a" * 5000,
        "0",
        "-1",
    ],
)
async def test_nonsense_gets_an_answer_and_breaks_nothing(
    shop: ShopServer, session_id: str, message: str
) -> None:
    """Whatever is typed."""
    outcome = await shop.say(message, session_id)
    assert outcome["reply"]
    assert (await shop.say("laptops", session_id))["products"]


async def test_events_tell_the_turn_as_it_happens(shop: ShopServer, session_id: str) -> None:
    """The same outcome as without them; results come once, `done` last."""
    body = {"message": "running shoes", "user_id": "ann", "session_id": session_id}
    answer = await shop.api.post("/api/v1/chat", json=body, headers={"Accept": "text/event-stream"})
    assert answer.headers["content-type"].startswith("text/event-stream")
    frames = [json.loads(line[5:]) for line in answer.text.splitlines() if line.startswith("data:")]
    kinds = [frame["type"] for frame in frames]
    assert kinds[0] == "thinking"
    assert kinds[-1] == "done"
    assert kinds.count("results") == 1
    states = [frame["data"]["state"] for frame in frames if frame["type"] == "progress"]
    assert states == ["REQUIREMENT_BUILDING", "SEARCHING", "RANKING", "CLARIFICATION"]
    results = frames[kinds.index("results")]["data"]
    told = "".join(frame["data"]["token"] for frame in frames if frame["type"] == "token")
    assert told.strip() == results["final_response"].strip()
    assert frames[-1]["session_id"] == session_id


async def test_health_names_its_parts(shop: ShopServer) -> None:
    """All of them are there."""
    answer = await shop.api.get("/health")
    assert answer.status_code == 200
    assert answer.json()["status"] == "ok"
    assert set(answer.json()["parts"]) == {"sessions", "catalog", "composer", "media"}


async def test_the_seeds_documentation_paths_answer(shop: ShopServer) -> None:
    """`/docs` and `/redoc`."""
    assert (await shop.api.get("/redoc")).status_code == 307
    assert (await shop.api.get("/redoc", follow_redirects=True)).status_code == 200


@pytest.mark.parametrize(
    "filters", [{"price_max": 50}, {"categories": ["toaster"]}, {"brands": ["Quorvia"]}, {"rating_min": 4.5}]
)
async def test_a_search_may_be_filters_alone(shop: ShopServer, filters: dict[str, Any]) -> None:
    """Nothing has to be said beside them."""
    outcome = (await shop.api.post("/api/v1/search", json={"user_id": "ann", "filters": filters})).json()
    assert outcome["total"] >= len(outcome["products"]) > 0


async def test_the_page_after_the_last_is_empty_and_says_how_many_there_are(shop: ShopServer) -> None:
    """It is not that nothing was found."""
    body = {"query": "laptop", "user_id": "ann", "page": 9}
    outcome = (await shop.api.post("/api/v1/search", json=body)).json()
    assert outcome["products"] == []
    assert outcome["total"] > 10
    assert "all" in outcome["reply"]


async def test_more_of_what_nearly_fits_is_shown_too(shop: ShopServer, session_id: str) -> None:
    """What was left out for the first page is left out for the second."""
    first = await shop.say("laptops under 5 dollars", session_id)
    more = await shop.say("show more", session_id)
    assert more["products"]
    assert not {card["id"] for card in first["products"]} & {card["id"] for card in more["products"]}
    assert (await shop.say("show more", session_id))["products"] == []


async def test_words_that_nothing_has_are_said_once_and_given_up(shop: ShopServer, session_id: str) -> None:
    """They do not stand in the way of every later turn."""
    nothing = await shop.say("birthday gift for a 10 year old boy", session_id)
    assert nothing["products"] == []
    assert nothing["question"]["facet"] in {"need", "product_type"}
    second = await shop.say("board games then", session_id)
    assert "birthday" in second["reply"]
    assert second["products"]
    third = await shop.say("under 50", session_id)
    assert "birthday" not in third["reply"]
    assert third["requirement_spec"]["keywords"] == []
