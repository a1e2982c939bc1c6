"""Any shop's file is read whole, or its faults are told line by line; nothing else ever comes out of it."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batuta.errors import InvalidRequest, PayloadTooLarge
from batuta.services.catalog import files
from batuta.services.catalog.importing import Fault, read_products
from batuta.services.products import Product

TABLE = "id,title,price\n1,Kettle,19.99\n2,Toaster,29\n"
ROWS = [{"id": "1", "title": "Kettle", "price": 19.99}, {"id": "2", "title": "Toaster", "price": 29}]
LINES = "\n".join(json.dumps(row) for row in ROWS)


def read(path: Path, content: str | bytes, **asked) -> list[Product | Fault]:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(read_products(path, **asked))


def faults(found: list[Product | Fault]) -> list[tuple[int, str]]:
    return [(each.line, each.reason) for each in found if isinstance(each, Fault)]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", TABLE),
        ("a.csv", "\ufeff" + TABLE),
        ("a.csv", TABLE.replace(",", ";")),
        ("a.csv", "sep=;\n" + TABLE.replace(",", ";")),
        ("a.tsv", TABLE.replace(",", "\t")),
        ("a.txt", TABLE.replace(",", "|").replace("\n", "\r\n")),
        ("a.csv", TABLE.encode("utf-16")),
        ("a.csv.gz", gzip.compress(TABLE.encode())),
        ("packed-without-saying", gzip.compress(LINES.encode())),
        ("a.json", json.dumps(ROWS)),
        ("a.json", json.dumps(ROWS, indent=2)),
        ("a.json", json.dumps({"total": 2, "products": ROWS})),
        ("a.json", json.dumps({"items": ROWS}, indent=1)),
        ("a.json", LINES),
        ("a.jsonl", json.dumps(ROWS)),
        ("a.jsonl", "\n" + LINES + "\n\n"),
        ("a.ndjson", LINES),
        ("no-name-says", TABLE),
        ("no-name-says", LINES),
    ],
)
def test_every_format_gives_the_same_products(tmp_path: Path, name: str, content: str | bytes):
    """By name or by content, packed or not, in any dialect."""
    found = read(tmp_path / name, content)
    assert [(p.id, p.title, p.price) for p in found] == [("1", "Kettle", 19.99), ("2", "Toaster", 29.0)]  # type: ignore[union-attr]


def test_cells_may_hold_delimiters_quotes_and_line_ends(tmp_path: Path):
    """As RFC 4180 quotes them; a fault names the line on which its record begins."""
    table = 'title,description,price\n"Kettle, red","It ""sings"",\nthen boils",12\nJug,,no\n'
    kettle, fault = read(tmp_path / "a.csv", table)
    assert isinstance(kettle, Product)
    assert (kettle.title, kettle.description) == ("Kettle, red", 'It "sings", then boils')
    assert isinstance(fault, Fault)
    assert fault.line == 4


def test_a_table_of_windows_keeps_its_letters(tmp_path: Path):
    """Excel writes Windows-1252 without saying so."""
    (found,) = read(tmp_path / "a.csv", "title,price\nCafé für zwölf,5 €\n".encode("cp1252"))
    assert isinstance(found, Product)
    assert (found.title, found.price, found.currency) == ("Café für zwölf", 5.0, "EUR")


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.csv", b"", "empty"),
        ("a.csv", b"\n \n", "empty"),
        ("a.csv", b"hello,world\n1,2\n", "title"),
        ("a.xlsx", b"PK\x03\x04\x00\x00", "no text"),
        ("a.json", b"hello", "no JSON"),
        ("a.json", b'{"a":\n 1}', "no list"),
        ("a.json", b'[{"title": "Kettle"}', "no list"),
        ("a.csv.gz", gzip.compress(TABLE.encode())[:12], "cannot be read"),
    ],
)
def test_what_is_no_such_file_is_refused(tmp_path: Path, name: str, content: bytes, why: str):
    """With one error that says what is wrong."""
    with pytest.raises(InvalidRequest, match=why):
        read(tmp_path / name, content)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path):
    """With their path in the message."""
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(InvalidRequest, match="no file"):
            next(read_products(path))


def test_a_bad_record_does_not_spoil_the_others(tmp_path: Path):
    """Each fault has its line; the products around it come through."""
    lines = '{"title":"A"}\nnot json\n[1]\n{"title":"B","price":-1}\n{"id":"x"}\n\xff\n{"title":"C"}\n'
    found = read(tmp_path / "a.jsonl", lines.encode("latin-1"))
    assert [p.title for p in found if isinstance(p, Product)] == ["A", "C"]
    assert [line for line, _ in faults(found)] == [2, 3, 4, 5, 6]
    assert ["JSON" in faults(found)[0][1], "negative" in faults(found)[2][1]] == [True, True]


def test_a_table_with_a_wrong_row_goes_on_after_it(tmp_path: Path):
    """Too many fields, or a quote inside: that row is a fault."""
    found = read(tmp_path / "a.csv", 'title,price\nA,1\nB,1,2,3\n"C"x,1\n"D",4,,\nE,5\n')
    assert [p.title for p in found if isinstance(p, Product)] == ["A", "D", "E"]
    assert [line for line, _ in faults(found)] == [3, 4]


def test_a_quote_that_is_never_closed_is_a_fault(tmp_path: Path):
    """The rest of the file is not taken for a description."""
    found = read(tmp_path / "a.csv", 'title,description\nA,"open\nB,b\nC,c\n')
    assert faults(found) == [(2, "unexpected end of data")]


def test_too_long_lines_and_too_many_fields_are_faults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """In lines and in tables; the next line is read."""
    monkeypatch.setattr(files, "LONGEST_LINE", 1000)
    long = "x" * 5000
    found = read(tmp_path / "a.jsonl", f'{{"title":"A"}}\n{{"title":"{long}"}}\n{{"title":"B"}}\n')
    assert [line for line, _ in faults(found)] == [2]
    found = read(tmp_path / "a.csv", f"title\nA\n{long}\nB\n")
    assert [line for line, _ in faults(found)] == [3]
    assert len(found) == 3
    monkeypatch.setattr(files, "MOST_COLUMNS", 2)
    found = read(tmp_path / "a.jsonl", '{"title":"A","b":1,"c":2}\n')
    assert "3 fields" in faults(found)[0][1]


def test_a_document_over_the_limit_asks_for_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A JSON document is read whole, so its size has a limit; lines have none."""
    monkeypatch.setattr(files, "LARGEST_DOCUMENT", 60)
    with pytest.raises(PayloadTooLarge, match="JSON lines"):
        read(tmp_path / "a.json", json.dumps(ROWS, indent=1))
    assert len(read(tmp_path / "a.jsonl", LINES)) == 2


def test_one_long_line_may_be_a_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Programs write arrays without line ends."""
    monkeypatch.setattr(files, "LONGEST_LINE", 20)
    assert len(read(tmp_path / "a.json", json.dumps({"products": ROWS}))) == 2


def test_a_bomb_ends_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """What unpacks to far more than its size is a damaged file: products before that point stay."""
    monkeypatch.setattr(files, "ALWAYS_UNPACKED", 100_000)
    bomb = gzip.compress((LINES + "\n").encode() + b" " * 20_000_000 + b'\n{"title":"C"}')
    found = read(tmp_path / "a.jsonl.gz", bomb)
    assert [p.title for p in found if isinstance(p, Product)] == ["Kettle", "Toaster"]
    assert "unpacks to more than" in faults(found)[0][1]


def test_a_file_that_breaks_off_gives_what_came_before(tmp_path: Path):
    """A download that ended early."""
    many = "\n".join(json.dumps({"id": str(n), "title": f"Kettle {n * n * 7919}"}) for n in range(4000))
    found = read(tmp_path / "a.jsonl.gz", gzip.compress(many.encode())[:-2000])
    assert 500 < len(found) < 4000
    assert [reason.startswith("the file breaks off") for _, reason in faults(found)] == [True]
    assert isinstance(found[-1], Fault)


def test_deep_nesting_is_a_fault(tmp_path: Path):
    """Not the end of the import."""
    found = read(tmp_path / "a.jsonl", '{"title":"A"}\n' + '{"a":' * 50_000 + "\n")
    assert [line for line, _ in faults(found)] == [2]


JSONISH = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.sampled_from(["$5", "", "A", "1.2.3", "<b", "\ud800", "\0", "16 GB", "a > b"]),
        st.text(max_size=8),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["name", "value", "price", "src", "currency"]), inner, max_size=3),
    ),
    max_leaves=6,
)
NAMES = (
    "id title name price sale_price currency brand category categories rating reviews condition in_stock url "
    "image images released attributes options variants offers type tags attr_n_a attr_t_b Weight_(kg)"
)
COLUMNS = st.sampled_from(NAMES.split())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.dictionaries(COLUMNS, JSONISH, max_size=8), min_size=1, max_size=4))
def test_no_record_breaks_an_import(tmp_path: Path, rows: list[dict[str, object]]):
    """Whatever a field holds, each record is a product that can be written as JSON, or a fault."""
    found = read(tmp_path / "a.jsonl", "\n".join(json.dumps(row) for row in rows))
    for each in found:
        assert each.model_dump_json() if isinstance(each, Product) else each.reason


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(["a.csv", "a.json", "a.jsonl", "a"]), st.binary(max_size=60), st.booleans())
def test_no_bytes_break_an_import(tmp_path: Path, name: str, content: bytes, begun: bool):  # noqa: FBT001
    """Only `InvalidRequest` ever comes out."""
    try:
        found = read(tmp_path / name, (b"title;price\nA;1\n" if begun else b"") + content)
    except InvalidRequest as error:
        found = [Fault(1, error.message)]
    assert all(each.reason for each in found if isinstance(each, Fault))
