"""Entries as bytes: what was written comes back; anything else is a miss, never an error."""

from __future__ import annotations

import math
import pickle
import struct
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, field_validator

from batuta.cache import Absence, Codec, Entry
from batuta.errors import PayloadTooLarge, StorageError


@dataclass(frozen=True)
class Segment:
    """A value as apps have them."""

    text: str
    start: float
    raw: bytes = b""
    at: datetime | None = None


class Strict(BaseModel):
    """A model that minds what it is given."""

    name: str

    @field_validator("name")
    @classmethod
    def _refuse(cls, name: str) -> str:
        if name == "bad":
            raise KeyError("a validator that raises what it likes")
        return name


times = st.tuples(*[st.floats(0, 1e12)] * 3).map(sorted)
tokens = st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), st.integers(0, 2**53))
texts = st.text(st.characters(exclude_categories=["Cs"]))
segments = st.builds(
    Segment,
    text=texts | texts.map(lambda text: (text or "a") * 3000),
    start=st.floats(allow_nan=False),
    raw=st.binary(),
    at=st.none() | st.datetimes(timezones=st.just(UTC)),
)
SEGMENTS = Codec(list[Segment])
WORDS = Codec(str)
ENTRY = Entry("word", 1.0, 2.0, 3.0, ("t",))


@given(st.lists(segments, max_size=3), times, tokens)
def test_what_is_written_comes_back(value: list[Segment], when: list[float], tagged: dict[str, int]) -> None:
    """Values of every kind, large ones deflated, with times and tokens."""
    entry = Entry(value, *when, tuple(tagged))
    assert SEGMENTS.decode(SEGMENTS.encode(entry, tagged)) == (entry, tagged)


def test_an_absence_comes_back() -> None:
    """With the code and message of its error."""
    entry: Entry[str] = Entry(None, 1, 2, 2, (), Absence("not_found", "no such video"))
    assert WORDS.decode(WORDS.encode(entry, {})) == (entry, {})


def test_none_is_a_value_of_its_own() -> None:
    """It is not the same as nothing."""
    maybe = Codec(str | None)
    entry: Entry[str | None] = Entry(None, 1, 2, 3)
    assert maybe.decode(maybe.encode(entry, {})) == (entry, {})


def test_infinities_come_back() -> None:
    """JSON has none; ours has."""
    numbers = Codec(list[float])
    read = numbers.decode(numbers.encode(Entry([math.inf, -math.inf], 1, 2, 3), {}))
    assert read is not None
    assert read[0].value == [math.inf, -math.inf]


@given(st.binary(max_size=300))
def test_hostile_bytes_are_a_miss(data: bytes) -> None:
    """Whatever lies under our key."""
    assert WORDS.decode(data) is None


@given(st.data())
def test_damaged_bytes_are_a_miss(data: st.DataObject) -> None:
    """One byte changed, somewhere; or the end missing."""
    good = WORDS.encode(ENTRY, {"t": 1})
    at = data.draw(st.integers(0, len(good) - 1))
    damaged = bytearray(good)
    damaged[at] ^= data.draw(st.integers(1, 255))
    assert WORDS.decode(bytes(damaged)) is None
    assert WORDS.decode(good[:at]) is None


def forged(header: bytes, value: bytes, flags: int = 0) -> bytes:
    """Bytes with a right checksum."""
    check = zlib.crc32(value, zlib.crc32(header))
    return struct.pack(">2sBBII", b"\xbat", 1, flags, check, len(header)) + header + value


GOOD = b'{"schema":"builtins.str:1","stored_at":1,"fresh_until":2,"stale_until":3,"tokens":{}}'


def test_the_forger_of_these_tests_can_forge() -> None:
    """Else the next test would prove nothing."""
    assert WORDS.decode(forged(GOOD, b'"x"')) is not None
    assert WORDS.decode(forged(GOOD, zlib.compress(b'"x"'), 1)) is not None


@pytest.mark.parametrize(
    ("header", "value", "flags"),
    [
        (GOOD.replace(b"str:1", b"str:2"), b'"x"', 0),
        (GOOD.replace(b'"fresh_until":2', b'"fresh_until":9'), b'"x"', 0),
        (GOOD.replace(b'"fresh_until":2', b'"fresh_until":"2"'), b'"x"', 0),
        (GOOD.replace(b'"stale_until":3', b'"stale_until":NaN'), b'"x"', 0),
        (GOOD.replace(b'"tokens":{}', b'"tokens":{"t":"1"}'), b'"x"', 0),
        (GOOD.replace(b'"tokens":{}', b'"tokens":{},"more":1'), b'"x"', 0),
        (b"[]", b'"x"', 0),
        (GOOD, b"7", 0),
        (GOOD, b"", 0),
        (GOOD, b"[" * 100_000, 0),
        (GOOD, b'"x"', 1),
        (GOOD, b'"x"', 2),
        (GOOD, zlib.compress(b'"x"')[:-1], 1),
        (GOOD, zlib.compress(b'"' + b"x" * 50_000_000 + b'"'), 1),
        (GOOD, pickle.dumps("x"), 0),
    ],
)
def test_forged_entries_are_a_miss(header: bytes, value: bytes, flags: int) -> None:
    """Other versions, senseless times, wrong types, deep nesting, bombs, pickles."""
    assert WORDS.decode(forged(header, value, flags)) is None


def test_another_type_or_version_is_a_miss() -> None:
    """Even where the JSON would fit."""
    data = Codec(list[str]).encode(Entry(["x"], 1, 2, 3), {})
    assert Codec(tuple[str]).decode(data) is None
    assert Codec(list[str], version=2).decode(data) is None
    assert Codec(list[str]).decode(data) is not None


def test_a_value_its_own_class_refuses_is_a_miss() -> None:
    """Also when it refuses with an unusual error."""
    codec = Codec(Strict)
    bad = Strict.model_construct(name="bad")
    assert codec.decode(codec.encode(Entry(bad, 1, 2, 3), {})) is None
    good = Entry(Strict(name="good"), 1.0, 2.0, 3.0)
    assert codec.decode(codec.encode(good, {})) == (good, {})


def test_a_value_of_another_type_is_not_written() -> None:
    """Other processes could not read it."""
    with pytest.raises(StorageError, match=r"builtins\.str"):
        WORDS.encode(Entry(7, 1, 2, 3), {})  # pyright: ignore[reportArgumentType]  # the point of the test


def test_a_value_above_the_limit_is_not_written() -> None:
    """Nor read."""
    small = Codec(str, max_bytes=100)
    with pytest.raises(PayloadTooLarge, match="102 bytes"):
        small.encode(Entry("x" * 100, 1, 2, 3), {})
    assert small.decode(WORDS.encode(Entry("x" * 100, 1, 2, 3), {})) is None


def test_large_values_are_deflated() -> None:
    """A transcript takes a third, small ones stay as they are."""
    assert len(WORDS.encode(Entry("so it goes " * 1000, 1, 2, 3), {})) < 1000
    assert b"word" in WORDS.encode(ENTRY, {})
