"""The columns of the common shops mean what those shops mean by them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from batuta.errors import InvalidRequest
from batuta.services.catalog.attributes import MAX_ATTRIBUTES, plain, snake
from batuta.services.catalog.importing import Fault, read_products
from batuta.services.products import Product, Scalar

SHOPIFY = """\
Handle,Title,Body (HTML),Vendor,Product Category,Type,Tags,Published,Option1 Name,Option1 Value,\
Variant SKU,Variant Grams,\
Variant Price,Variant Compare At Price,Image Src,Status,Fabric (product.metafields.shopify.fabric)
rain-coat,Rain Coat,"<p>Keeps <b>you</b> dry &amp; warm.</p><ul><li>Hood</li></ul>",Brackwater,\
Apparel & Accessories > Clothing > Coats & Jackets,Coats,"rain, sale",true,Size,M,RC-M,900,129.00,159.00,\
https://shop.example/coat.jpg,active,Nylon
rain-coat,,,,,,,,,L,RC-L,950,129.00,,,,
rain-coat,,,,,,,,,,,,,,https://shop.example/coat-2.jpg,,
"""
WOOCOMMERCE = """\
ID,Type,SKU,Name,Published,Short description,Description,In stock?,Stock,Weight (kg),Sale price,\
Regular price,\
Categories,Images,Attribute 1 name,Attribute 1 value(s),Attribute 2 name,Attribute 2 value(s),\
Date sale price ends
44,simple,MUG,Stone Mug &amp; Lid,1,Short,Long,1,12,0.4,9.50,12.00,"Kitchen, Kitchen > Cups > Mugs",\
"https://s.example/a.jpg, https://s.example/b.jpg",Brand,Kettleby,Color,Sand,
45,variation,JUG,Stone Jug,1,,,0,,,19.00,25.00,Kitchen,,,,,,2026-12-24
"""
GOOGLE = """\
id\ttitle\tdescription\tlink\timage_link\tavailability\tprice\tsale_price\tgoogle_product_category\tbrand\tgtin\t\
condition\tcolor\tshipping_weight\tadult
g1\tDesk Lamp\tBright\thttps://s.example/l\thttps://s.example/l.jpg\tout of stock\t15.00 USD\t12.00 USD\t\
Home > Lighting > Desk Lamps\tLumenfold\t4012345678901\trefurbished\tgreen\t3 kg\tno
g2\tDesk Lamp 2\tBright\tjavascript:alert(1)\t\tpreorder\t15.00 USD\t\t594\tLumenfold\t\tused\t\t\t
"""
ICECAT = {
    "id": "7",
    "name": "LN-7",
    "title": "Quorvia Note notebook Black",
    "ean": ["4012345678901"],
    "short_description": "A notebook",
    "img_500x500": "http://i.example/7.jpg",
    "date_released": "2019-04-01T00:00:00Z",
    "supplier": "Quorvia",
    "price": 10995,
    "attr_t_product_type": "Notebook",
    "attr_t_processor_cores": "2",
    "attr_n_weight__with_stand_": 1.5,
    "attr_b_touchscreen": False,
}
SHOPIFY_JSON = {
    "id": 9,
    "title": "Trail Pack",
    "body_html": "<p>Light</p>",
    "vendor": "Tarnfell",
    "product_type": "Backpacks",
    "published_at": "2026-01-02T10:00:00Z",
    "variants": [{"price": "59.00", "sku": "TP-1", "available": False}, {"price": "61.00"}],
    "images": [{"src": "https://s.example/p.jpg"}],
    "options": [
        {"name": "Color", "values": ["Teal", "Sand"]},
        {"name": "Title", "values": ["Default Title"]},
    ],
}
NESTED_JSON = {
    "productID": "n1",
    "name": "Pocket Camera",
    "brand": {"name": "Corvane"},
    "offers": {"price": 229, "priceCurrency": "EUR", "availability": "https://schema.org/InStock"},
    "aggregateRating": {"ratingValue": "4.4", "reviewCount": 89},
    "itemCondition": "https://schema.org/UsedCondition",
    "attributes": {"zoom_x": 10, "waterproof": "yes", 'Screen size (")': "3"},
}  # fmt: skip


def products(path: Path, content: str, **asked) -> list[Product]:
    path.write_text(content)
    found = list(read_products(path, **asked))
    assert [each for each in found if isinstance(each, Fault)] == []
    return [each for each in found if isinstance(each, Product)]


def attributes(path: Path, columns: dict[str, object]) -> dict[str, Scalar]:
    return products(path / "a.json", json.dumps([{"title": "A"} | columns]))[0].attributes


def test_shopify_s_table(tmp_path: Path):
    """One product of its lines, with the first variant's price and size."""
    (coat,) = products(tmp_path / "shopify.csv", SHOPIFY)
    assert coat.model_dump(exclude={"score", "description"}) == {
        "id": "RC-M",
        "title": "Rain Coat",
        "brand": "Brackwater",
        "category": "coat",
        "price": 129.0,
        "currency": "USD",
        "rating": None,
        "reviews": None,
        "condition": "new",
        "in_stock": None,
        "platform": "local",
        "url": None,
        "image": "https://shop.example/coat.jpg",
        "released": None,
        "attributes": {"size": "M", "fabric": "Nylon"},
    }
    assert coat.description == "Keeps you dry & warm. Hood"


def test_woocommerce_s_table(tmp_path: Path):
    """A reduced price counts unless it ends some day; the deepest category; attributes in pairs."""
    mug, jug = products(tmp_path / "woo.csv", WOOCOMMERCE)
    assert (mug.id, mug.title, mug.price, mug.category, mug.brand) == (
        "44", "Stone Mug & Lid", 9.5, "mug", "Kettleby",
    )  # fmt: skip
    assert (mug.description, mug.in_stock, mug.image) == ("Long", True, "https://s.example/a.jpg")
    assert mug.attributes == {"weight_kg": 0.4, "colour": "Sand"}
    assert (jug.price, jug.in_stock, jug.category) == (25.0, False, "kitchen")


def test_google_merchant_s_feed(tmp_path: Path):
    """Prices with their currency; only links to pages are links; what is ordered ahead is not in stock."""
    lamp, second = products(tmp_path / "feed.txt", GOOGLE, currency="EUR")
    assert (lamp.price, lamp.currency, lamp.category) == (12.0, "USD", "desk lamp")
    assert (lamp.condition, lamp.in_stock, lamp.url) == ("refurbished", False, "https://s.example/l")
    assert lamp.attributes == {"colour": "green"}
    assert (second.category, second.url, second.condition, second.in_stock) == (None, None, "used", False)


def test_icecat_s_lines(tmp_path: Path):
    """Whole prices beside its columns are cents; a column says what kind of value it holds."""
    (found,) = products(tmp_path / "icecat.jsonl", json.dumps(ICECAT))
    assert (found.price, found.brand, found.released) == (109.95, "Quorvia", "2019-04-01")
    assert (found.image, found.category) == ("http://i.example/7.jpg", None)
    assert found.attributes == {
        "stated_product_type": "Notebook",
        "processor_cores": "2",
        "weight_with_stand": 1.5,
        "touchscreen": False,
        "model": "LN-7",
    }


def test_shopify_s_and_nested_json(tmp_path: Path):
    """Variants, offers, ratings and options come up from where they are nested."""
    pack, camera = products(tmp_path / "a.json", json.dumps({"products": [SHOPIFY_JSON, NESTED_JSON]}))
    assert (pack.id, pack.price, pack.category, pack.in_stock) == ("9", 59.0, "backpack", False)
    assert (pack.image, pack.released) == ("https://s.example/p.jpg", "2026-01-02")
    assert pack.attributes == {"colour": "Teal, Sand"}
    assert (camera.brand, camera.price, camera.currency) == ("Corvane", 229.0, "EUR")
    assert (camera.rating, camera.reviews) == (4.4, 89)
    assert (camera.condition, camera.in_stock) == ("used", True)
    assert camera.attributes == {"zoom_x": 10.0, "waterproof": True, "screen_size_in": 3.0}


def test_our_own_products_come_back(tmp_path: Path):
    """What the catalogue gives can be imported again."""
    given = Product(
        id="a-1",
        title="Kettle",
        brand="Kettleby",
        category="kettle",
        price=12.5,
        currency="EUR",
        rating=4.5,
        reviews=3,
        condition="used",
        in_stock=True,
        platform="elsewhere",
        url="https://s.example/1",
        released="2026-01-02",
        attributes={"capacity_l": 1.5, "cordless": True, "colour": "red"},
    )
    assert products(tmp_path / "a.jsonl", given.model_dump_json(), platform="elsewhere") == [given]


@pytest.mark.parametrize(
    ("columns", "cents", "price"),
    [
        ({"supplier": "A", "attr_t_type": "x", "price": 1999}, None, 19.99),
        ({"supplier": "A", "attr_t_type": "x", "price": 1999}, False, 1999.0),
        ({"supplier": "A", "attr_t_type": "x", "price": 19.99}, None, 19.99),
        ({"supplier": "A", "price": 1999}, None, 1999.0),
        ({"brand": "A", "attr_t_type": "x", "price": 1999}, None, 1999.0),
        ({"price": "1999"}, True, 19.99),
    ],
)
def test_prices_are_cents_by_one_rule(
    tmp_path: Path,
    columns: dict[str, object],
    cents: bool | None,  # noqa: FBT001
    price: float,
):
    """Icecat's layout with whole prices, or because somebody says so."""
    (found,) = products(tmp_path / "a.jsonl", json.dumps({"title": "A", **columns}), cents=cents)
    assert found.price == price


def test_a_broken_cent_is_a_fault(tmp_path: Path):
    """A later price with decimals says that the file is not in cents after all."""
    (tmp_path / "a.jsonl").write_text('{"title":"A","price":1999.5}')
    (fault,) = read_products(tmp_path / "a.jsonl", cents=True)
    assert isinstance(fault, Fault)
    assert "cents" in fault.reason


def test_an_id_is_made_of_the_content(tmp_path: Path):
    """The same record has the same id in any import; another has another."""
    lines = '{"title":"A","price":1}\n{"title":"A","price":2}\n'
    first = products(tmp_path / "a.jsonl", lines)
    assert [p.id for p in first] == [p.id for p in products(tmp_path / "b.jsonl", lines)]
    assert len({p.id for p in first}) == 2


def test_an_id_that_comes_again_is_told(tmp_path: Path):
    """Both products are given, so the last one stays; the fault before it says so."""
    (tmp_path / "a.csv").write_text("id,title\n1,A\n2,B\n1,C\n")
    found = list(read_products(tmp_path / "a.csv"))
    assert [type(each) for each in found] == [Product, Product, Fault, Product]
    assert found[2] == Fault(4, "the id '1' came before: this product replaces that one")


@pytest.mark.parametrize(
    ("column", "value", "found"),
    [
        ("Weight (kg)", "1.5", {"weight_kg": 1.5}),
        ("Memory", "16 GB", {"memory_gb": 16.0}),
        ("storage_gb", "1 TB", {"storage_gb": 1000.0}),
        ("display", '27"', {"display_in": 27.0}),
        ("weight", "250 g", {"weight_g": 250.0}),
        ("network", "5G", {"network": "5G"}),
        ("size", "10 M", {"size": "10 M"}),
        ("code", "007", {"code": "007"}),
        ("screenSize", 27, {"screen_size": 27.0}),
        ("Printing Colors", "Yes", {"printing_colours": True}),
        ("wireless", "no", {"wireless": False}),
        ("Größe", "groß", {"größe": "groß"}),
        ("Sizes", ["S", "M"], {"sizes": "S, M"}),
        ("price_level", "a<b>b</b>", {"price_level": "ab"}),
        ("manual", "https://s.example/manual.pdf", {}),
        ("gtin13", "4012345678901", {}),
        ("tags", "a, b", {}),
        ("ratio", float("nan"), {}),
        ("x" * 101, "a", {}),
        ("parts", [{"a": 1}], {}),
        ("attr_t_condition", "As new", {"stated_condition": "As new"}),
    ],
)
def test_other_columns_become_attributes(
    tmp_path: Path, column: str, value: object, found: dict[str, Scalar]
):
    """With their units in their names; links, numbers of articles and the office's columns do not."""
    assert attributes(tmp_path, {column: value}) == found


@pytest.mark.parametrize(
    ("value", "stars"),
    [
        ("4.5", 4.5),
        ("4,5", 4.5),
        ("9/10", 4.5),
        ("4.5 out of 5", 4.5),
        ("0.00", None),
        ("87", None),
        ("good", None),
    ],
)
def test_stars_are_out_of_five(tmp_path: Path, value: str, stars: float | None):
    """Nobody's votes are no stars."""
    assert products(tmp_path / "a.csv", f'title,average_rating\nA,"{value}"\n')[0].rating == stars


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ({"title": " "}, "no title"),
        ({"title": "<b></b>"}, "no title"),
        ({"title": "A", "price": "soon"}, "cannot be read"),
        ({"title": "A", "price": float("nan")}, "no finite number"),
        ({"title": "A", "price": "5", "currency": "shells"}, "currency"),
        ({"title": "A", "id": "x" * 201}, "201 characters"),
        ({"title": "A", **{f"a{n}": n for n in range(MAX_ATTRIBUTES + 1)}}, "500 attributes"),
    ],
)
def test_a_record_that_is_no_product_is_a_fault(tmp_path: Path, columns: dict[str, object], why: str):
    """That says what is wrong with it."""
    (tmp_path / "a.json").write_text(json.dumps([columns]))
    (fault,) = read_products(tmp_path / "a.json")
    assert isinstance(fault, Fault)
    assert why in fault.reason


@pytest.mark.parametrize("asked", [{"currency": "euro"}, {"platform": ""}, {"platform": "x" * 201}])
def test_a_wrong_option_is_refused(tmp_path: Path, asked: dict[str, str]):
    """Before anything is read."""
    with pytest.raises(InvalidRequest):
        next(read_products(tmp_path / "none.csv", **asked))  # type: ignore[arg-type]


def test_long_texts_are_cut(tmp_path: Path):
    """Where a word of them is enough."""
    (found,) = products(tmp_path / "a.csv", f"title,note\n{'A' * 900},{'b' * 900}\n")
    assert (len(found.title), len(str(found.attributes["note"]))) == (500, 300)
    assert found.title.endswith("…")


@pytest.mark.parametrize(
    "markup",
    ["<a " * 9000, "<" * 30_000, "<![x[ a" * 3000, "&#" * 10_000, ">" * 6000 + "<a " * 4000, "<!--" * 5000],
)
def test_hostile_markup_takes_no_time(markup: str):
    """Python's own parser would take seconds for some of it; 100 of these take a moment."""
    for _ in range(100):
        assert len(plain(markup, 5000)) <= 5000


def test_markup_is_read_as_a_page_shows_it():
    """Scripts are not shown; signs that are no tags stay."""
    assert plain("<p>A&amp;B</p><script>x()</script><style>p{}</style>c<br>d", 50) == "A&B c d"
    assert plain("Mini PC (<= 3L) &  more\x00", 50) == "Mini PC (<= 3L) & more"


def test_names_are_in_snake_case():
    """Whatever the shop writes."""
    assert [snake(name) for name in ("In stock?", "priceCurrency", "iPhone case", "Wi-Fi", " ")] == [
        "in_stock", "price_currency", "iphone_case", "wi_fi", "",
    ]  # fmt: skip
