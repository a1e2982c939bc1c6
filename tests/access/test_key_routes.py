"""Keys and the console's cookie over HTTP."""

from __future__ import annotations

import json

import pytest
from houses import Open, bearer, refusal

from batuta.access.keys import Keys

pytestmark = pytest.mark.anyio
JSON = {"Content-Type": "application/json"}


async def test_an_administrator_makes_lists_and_ends_keys(opened: Open) -> None:
    """The key is shown by the answer that makes it, and never again."""
    async with opened(batuta_api_key="op") as client:
        client.headers.update(bearer("op"))
        answer = await client.post("/admin/keys", json={"name": "ci", "scopes": ["read"]})
        assert answer.status_code == 201
        assert answer.headers["cache-control"] == "no-store"
        made = answer.json()
        assert made["key"].startswith(f"btk_{made['id']}_")
        assert (await client.get("/jobs", headers=bearer(made["key"]))).json()["name"] == "ci"

        listed = await client.get("/admin/keys")
        (shown,) = listed.json()["keys"]
        assert made["key"].split("_")[2] not in listed.text
        assert "hash" not in listed.text
        assert (shown["id"], shown["scopes"], shown["revoked_at"]) == (made["id"], ["read"], None)

        ended = await client.delete(f"/admin/keys/{made['id']}")
        assert ended.json()["revoked_at"] is not None
        refusal(await client.get("/jobs", headers=bearer(made["key"])), 401, "unauthorized")
        assert (await client.delete("/admin/keys/0123")).status_code == 404


NO_KEYS: list[object] = [
    *({}, {"name": ""}, {"name": " "}, {"name": "x", "scopes": []}, {"name": "x", "scopes": ["root"]}),
    *({"name": "x", "requests_per_minute": -1}, {"name": "x", "requests_per_minute": 2**31}),
    *({"name": "x", "key": "mine"}, {"name": "\ud800"}, {"name": "a\u0000b"}, [], {"name": "x" * 101}),
]


async def test_a_key_that_makes_no_sense_is_422(opened: Open, keys: Keys) -> None:
    """And is not made."""
    headers = {**bearer("op"), **JSON}
    async with opened(batuta_api_key="op") as client:
        for body in NO_KEYS:
            answer = await client.post("/admin/keys", content=json.dumps(body), headers=headers)
            refusal(answer, 422, "invalid_request")
    assert await keys.listed() == []


async def test_nobody_else_comes_near_the_keys(opened: Open, keys: Keys) -> None:
    """Not even this machine without a key."""
    small = bearer((await keys.create("small", ["submit", "read"])).clear)
    async with opened() as client:
        for method, path in [("POST", "/admin/keys"), ("GET", "/admin/keys"), ("DELETE", "/admin/keys/1")]:
            refusal(await client.request(method, path), 401, "unauthorized")
            refusal(await client.request(method, path, headers=small), 403, "forbidden")
    assert len(await keys.listed()) == 1


@pytest.mark.parametrize("https", [False, True])
async def test_logging_in_keeps_the_key_in_a_careful_cookie(opened: Open, keys: Keys, https: bool) -> None:  # noqa: FBT001
    """Scripts cannot read it, other sites cannot send it, and over https nothing else can."""
    made = await keys.create("person", ["submit", "read"])
    async with opened("0.0.0.0") as client:
        headers = {"X-Forwarded-Proto": "https"} if https else {}
        answer = await client.post("/login", json={"key": f" {made.clear} "}, headers=headers)
        assert answer.json() == {"name": "person", "scopes": ["read", "submit"]}
        assert made.clear not in answer.text
        cookie = answer.headers["set-cookie"]
        attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
        assert {"httponly", "samesite=strict", "path=/"} <= attributes
        assert ("secure" in attributes) is https
        assert not any(part.startswith("domain") for part in attributes)
        shown = {"Cookie": cookie.split(";")[0]}
        assert (await client.get("/jobs", headers=shown)).json()["owner"] == made.key.id
        gone = await client.post("/logout", headers={**shown, "Sec-Fetch-Site": "same-origin"})
        assert gone.status_code == 204
        assert "max-age=0" in gone.headers["set-cookie"].lower()


async def test_the_operator_s_key_may_be_a_cookie_whatever_its_characters(opened: Open) -> None:
    """It comes back as it was."""
    key = "schlüssel; \"1\", ≠ '2' %41\\"
    async with opened("0.0.0.0", batuta_api_key=key) as client:
        answer = await client.post("/login", json={"key": key})
        assert answer.json()["name"] == "BATUTA_API_KEY"
        shown = {"Cookie": answer.headers["set-cookie"].split(";")[0]}
        assert (await client.get("/admin/stats", headers=shown)).text == "inside"


NO_LOGINS: list[tuple[object, int]] = [
    *(({"key": "wrong"}, 401), ({"key": "\ud800"}, 422), ({"key": ""}, 422), ({"key": "x" * 900}, 422)),
    *(({"key": "   "}, 401), ({"key": None}, 422), ([], 422), ({"key": "a", "next": "/"}, 422)),
]


async def test_a_wrong_key_gives_no_cookie(opened: Open) -> None:
    """And says what was wrong."""
    async with opened("0.0.0.0") as client:
        for body, status in NO_LOGINS:
            answer = await client.post("/login", content=json.dumps(body), headers=JSON)
            refusal(answer, status, "unauthorized" if status == 401 else "invalid_request")
            assert "set-cookie" not in answer.headers
