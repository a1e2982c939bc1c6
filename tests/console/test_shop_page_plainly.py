"""The page of shopping as the server gives it: forms, failures, whose conversation it is, and words."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import httpx2
import pytest
from shop_stage import Market, market

from batuta.console.pages import navigation
from batuta.console.shop_shown import START_OVER, compared, outward, own_picture, wishes
from batuta.services.catalog.models import AttributeWords, Lexicon
from batuta.services.products import Exclusions, PriceRange, Range, RequirementSpec
from batuta.shopping.understanding.models import Context
from batuta.shopping.understanding.understand import understand
from batuta.shopping.understanding.vocabulary import Vocabulary

pytestmark = pytest.mark.anyio
AS_BROWSER = {"Accept": "text/html,application/xhtml+xml"}
INLINE = r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)"
OPERATOR = "operator-key"
SHOP = "/console/shop"


@pytest.fixture(scope="module")
async def whole(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Market]:
    """A server of all apps that asks for keys."""
    del anyio_backend
    folder = tmp_path_factory.mktemp("market")
    async with market(folder, only=None, bound_to="0.0.0.0", batuta_api_key=OPERATOR) as built:
        yield built


WORDS = Lexicon(
    version="1",
    types={"laptop": 30, "jacket": 20},
    brands={"Acme": 10, "Cobalt": 9, "Zeta": 4},
    attributes={
        "colour": AttributeWords(label="colour", products=50, values={"red": 10, "blue": 10}),
        "material": AttributeWords(label="material", products=20, values={"leather": 10}),
        "memory_gb": AttributeWords(label="memory", unit="GB", products=30, values={}, least=4, greatest=64),
        "screen_size_in": AttributeWords(
            label="screen size", unit="in", products=30, values={}, least=10, greatest=17
        ),
        "backlit_keyboard": AttributeWords(label="backlit keyboard", products=30, values={}),
    },
)


def plain(url: str, key: str | None = OPERATOR) -> httpx2.AsyncClient:
    """A browser without scripts, and with cookies."""
    headers = AS_BROWSER if key is None else {**AS_BROWSER, "Authorization": f"Bearer {key}"}
    return httpx2.AsyncClient(base_url=url, headers=headers, timeout=30)


def form(**fields: str) -> dict[str, tuple[None, str]]:
    """As a page's form is sent."""
    return {name: (None, value) for name, value in fields.items()}


def turn_of(page: str) -> str:
    """What the page's forms say of the turn that they would be."""
    found = re.search(r'name="turn" value="(\w+)"', page)
    assert found
    return found[1]


async def test_all_of_shopping_works_without_scripts(whole: Market) -> None:
    """Say, answer, compare; a form sent twice is one turn; beside the other apps."""
    async with plain(whole.url) as web:
        first = await web.get(SHOP)
        assert 'href="/console/jobs"' in first.text
        assert 'data-url="/shopping"' in first.text
        assert "Nothing found yet" in first.text
        assert not re.search(INLINE, first.text)
        cookie = first.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert f"Path={SHOP}" in cookie
        asks = form(message="laptop", turn=turn_of(first.text))
        sent = await web.post(SHOP, files=asks)
        assert sent.status_code == 303, sent.text
        talk = sent.headers["location"]
        assert (await web.post(SHOP, files=asks)).headers["location"] == talk

        page = (await web.get(talk)).text
        assert not re.search(INLINE, page)
        assert page.count('class="turn"') == 2  # the other is the template's
        assert "13 products" in page
        assert 'id="good-10"' in page
        assert 'rel="noopener noreferrer nofollow"' in page
        assert "<img" not in page
        answer = re.search(r'class="chip" name="message" value="([^"]+)"', page)
        assert answer
        answers = form(message=answer[1], turn=turn_of(page))
        assert (await web.post(talk, files=answers)).headers["location"] == talk
        assert (await web.post(talk, files=answers)).status_code == 303
        page = (await web.get(talk)).text
        assert page.count('class="turn"') == 3
        assert "wish-soft" in page

        picked = form(turn=turn_of(page), compare="1", **{"pick-2": "1", "pick-1": "1"})
        assert (await web.post(talk, files=picked)).headers["location"] == f"{talk}#results"
        page = (await web.get(talk)).text
        assert "compare 1 and 2" in page
        assert 'id="comparison"' in page
        assert 'class="differs"' in page
        wrong = await web.post(talk, files=form(turn=turn_of(page), compare="1", **{"pick-2": "1"}))
        assert wrong.status_code == 422
        assert "1 products are chosen: choose 2 to 4 to compare" in wrong.text
        assert 'id="comparison"' in wrong.text
        blank = await web.post(talk, files=form(message="  ", turn=turn_of(page)))
        assert blank.status_code == 422
        assert "the message is empty" in blank.text


async def test_a_conversation_is_his_who_began_it(whole: Market) -> None:
    """By a cookie; to anybody else it is as unknown as one that is deleted."""
    async with plain(whole.url) as web, plain(whole.url) as stranger:
        talk = (await web.post(SHOP, files=form(message="laptop", turn="a"))).headers["location"]
        other = await stranger.get(talk)
        assert other.status_code == 404
        assert "This conversation is not here" in other.text
        assert "laptop" not in re.sub("“[^”]*”", "", other.text)
        refused = await stranger.post(talk, files=form(message="laptop", turn="1"))
        assert refused.status_code == 404
        session_id = talk.rpartition("=")[2]
        deleted = await web.post(f"{SHOP}/{session_id}/delete")
        assert deleted.headers["location"] == SHOP
        assert (await web.get(talk)).status_code == 404
        assert (await web.get(SHOP, params={"session": "no such/id"})).status_code == 422


async def test_an_outage_is_told_and_the_same_message_sent_again(whole: Market) -> None:
    """In the first turn, whose conversation is not in the address yet, and in a later one."""
    async with plain(whole.url) as web:
        whole.shutter.is_down = True
        first = await web.get(SHOP)
        failed = await web.post(SHOP, files=form(message="laptop <i>", turn=turn_of(first.text)))
        assert failed.status_code == 503
        assert "Nothing found yet" in failed.text
        assert '<p class="mine-text" dir="auto">laptop &lt;i&gt;</p>' in failed.text
        again = re.search(r'name="again" value="(\w+)"', failed.text)
        assert again
        whole.shutter.is_down = False
        told = await web.post(SHOP, files=form(message="laptop <i>", again=again[1]))
        talk = told.headers["location"]
        assert "13 products" in (page := (await web.get(talk)).text)
        assert "theirs-failed" not in page.partition("<template")[0]

        whole.shutter.is_down = True
        assert (await web.post(talk, files=form(message="under $800", turn="1"))).status_code == 503
        page = (await web.get(talk)).text  # which remembers what was not answered
        assert page.partition("<template")[0].count("theirs-failed") == 1
        assert "13 products" in page
        again = re.search(r'name="again" value="(\w+)"', page)
        assert again
        whole.shutter.is_down = False
        await web.post(talk, files=form(message="under $800", again=again[1]))
        page = (await web.get(talk)).text
        assert "theirs-failed" not in page.partition("<template")[0]
        assert "under $800" in page


async def test_who_may_ask(whole: Market) -> None:
    """A key without the scope submit may look at its own conversations, and has nothing to ask with."""
    async with plain(whole.url) as operator:
        made = await operator.post("/admin/keys", json={"name": "ann", "scopes": ["read"]})
        sent = await operator.post(SHOP, files=form(message="laptop", turn="a"))
        talk, shopper = sent.headers["location"], operator.cookies["batuta_shopper"]
    async with plain(whole.url, made.json()["key"]) as ann:
        ann.cookies.set("batuta_shopper", shopper)
        assert (await ann.get(talk)).status_code == 404  # the cookie alone is not enough
        page = (await ann.get(SHOP)).text
        assert "needs the scope" in page
        assert 'name="message"' not in page
        assert (await ann.post(SHOP, files=form(message="laptop"))).status_code == 403
    async with plain(whole.url, None) as nobody:
        assert (await nobody.get(talk)).headers["location"].startswith("/login?next=")


WANTED = RequirementSpec(
    product_type="laptop",
    keywords=("quiet", "zorbing"),
    attributes={"colour": ("red", "blue"), "backlit_keyboard": (True,)},
    filters=Exclusions(
        exclude_brands=("Zeta",),
        exclude_attributes={"material": ("leather",)},
        exclude_words=("kids",),
        ranges={"memory_gb": Range(min=16), "screen_size_in": Range(min=13, max=14)},
        sort_by="price_asc",
        in_stock=True,
    ),
    price=PriceRange(max=200, currency="EUR"),
    brand_preferences=("Acme", "Cobalt"),
    rating_min=4.5,
    condition="used",
    soft=("brand", "memory_gb"),
)
TAKEN_BACK = {
    "Looking for: laptop": "start over",
    "Word: quiet": "forget quiet",
    "Word: zorbing": "forget zorbing",
    "Brand: Acme or Cobalt (soft)": "forget Acme and Cobalt",
    "Price: under €200": "forget the budget",
    "Rating: 4.5 stars or more": "any rating",
    "Condition: used": "any condition",
    "Memory: at least 16 GB (soft)": "forget the memory",
    "Screen size: 13–14 in": "forget the screen size",  # noqa: RUF001  # the dash of ranges
    "Colour: red or blue": "forget the colour",
    "Backlit keyboard: yes": "forget the backlit keyboard",
    "Not by: Zeta": "forget Zeta",
    "Material not: leather": "forget leather",
    "Without: kids": "forget kids",
    "Stock: only what is in stock": "forget the stock",
    "Sorted: cheapest first": "sort by relevance",
}


def told(spec: RequirementSpec) -> dict[str, str]:
    """The wishes in words, and what is said to take each back."""
    found = wishes(spec)
    return {f"{one.label}: {one.text}{' (soft)' if one.soft else ''}": one.taken_back for one in found}


def test_a_requirement_is_told_wish_by_wish() -> None:
    """Each with what is to be said to take it back."""
    assert told(WANTED) == TAKEN_BACK
    assert told(RequirementSpec(brand_preferences=("Acme",))) == {"Brand: Acme": "any brand"}
    assert told(RequirementSpec()) == {}


@pytest.mark.parametrize("wish", [wish for wish in TAKEN_BACK if TAKEN_BACK[wish] != START_OVER])
def test_what_takes_a_wish_back_is_understood(wish: str) -> None:
    """That one goes, all others stay."""
    understood = understand(TAKEN_BACK[wish], Context(spec=WANTED), Vocabulary.of(WORDS))
    assert set(TAKEN_BACK) - set(told(understood.spec)) == {wish}


@pytest.mark.parametrize(
    ("address", "leads"),
    [
        ("https://shop.test/a?b=c", True),
        ("http://shop.test", True),
        ("javascript:alert(1)", False),
        ("java\nscript:alert(1)", False),
        ("https:///nowhere", False),
        ("//shop.test/a", False),
        ("/own", False),
        ("data:text/html,x", False),
        ("https://[", False),
        (f"https://shop.test/{'a' * 2000}", False),
        (None, False),
    ],
)
def test_only_addresses_of_the_web_become_links(address: str | None, *, leads: bool) -> None:
    """What a catalogue says may be anything."""
    assert outward(address) == (address if leads else None)


@pytest.mark.parametrize(
    ("address", "is_ours"),
    [
        ("/pictures/1.jpg", True),
        ("//elsewhere.test/1.jpg", False),
        ("/\\elsewhere.test/1.jpg", False),
        ("https://elsewhere.test/1.jpg", False),
        ("data:image/png;base64,AA==", False),
        (None, False),
    ],
)
def test_only_pictures_of_our_own_are_shown(address: str | None, *, is_ours: bool) -> None:
    """Others would tell a stranger who looks at what."""
    assert own_picture(address) == (address if is_ours else None)


def test_only_a_server_of_shopping_leads_to_its_page() -> None:
    """As with the other apps."""
    assert any(section.app == "shopping" for section in navigation({"shopping": ""}))
    assert all(section.app != "shopping" for section in navigation({"albums": ""}))


def test_products_are_compared_by_their_numbers() -> None:
    """As somebody would say it."""
    assert compared([1, 3]) == "compare 1 and 3"
    assert compared([1, 2, 4]) == "compare 1, 2 and 4"
