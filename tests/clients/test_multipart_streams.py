"""Forms with files travel as streams, and can travel again."""

# ruff: noqa: PT012  # reading a stream until it breaks takes a loop

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.datastructures import FormData, Headers, UploadFile
from starlette.formparsers import MultiPartParser

from batuta.clients.multipart import BytesFile, FileSource, Multipart, form_fields
from batuta.errors import StorageError

pytestmark = pytest.mark.anyio


async def read_back(body: Multipart) -> FormData:
    """What a server makes of it."""
    headers = Headers({"content-type": body.content_type})
    return await MultiPartParser(headers, aiter(body)).parse()


async def everything(body: Multipart) -> bytes:
    return b"".join([part async for part in body])


names = st.text(st.characters(codec="utf-8", exclude_categories=["C"], exclude_characters='\\"'), min_size=1)


@settings(deadline=None)
@given(
    fields=st.dictionaries(names, st.text(st.characters(codec="utf-8"))),
    files=st.dictionaries(names, st.builds(BytesFile, filename=names, data=st.binary())),
)
async def test_a_server_reads_what_was_sent(fields: dict[str, str], files: dict[str, BytesFile]):
    """Any text and any bytes arrive unchanged, in a body of exactly the length that was announced."""
    body = Multipart(fields, files)
    assert len(await everything(body)) == body.content_length
    form = await read_back(body)
    assert {k: v for k, v in form.multi_items() if isinstance(v, str)} == fields
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            assert (value.filename, await value.read()) == (files[name].filename, files[name].data)
            await value.close()


async def test_the_same_key_gives_the_same_bytes_every_time():
    """A repeated request is repeated to the byte, and so can be recognised."""
    files = {"file": BytesFile("a.wav", b"RIFF", "audio/wav")}
    body = Multipart({"language": "pt"}, files, seed="key")
    assert await everything(body) == await everything(body)
    assert await everything(body) == await everything(Multipart({"language": "pt"}, files, seed="key"))
    assert Multipart({}, files).content_type != Multipart({}, files).content_type


async def test_names_cannot_break_out_of_their_quotes():
    """A file name with quotes and line breaks adds no header and ends no part."""
    evil = BytesFile('x"; name="admin"\r\nX-Evil: 1', b"data")
    form = await read_back(Multipart({}, {"file": evil}))
    assert list(form) == ["file"]
    await form.close()


@dataclass
class Tape:
    """A file that is made while it is read, and counts how much of it has been made."""

    size: int
    delivered: int
    filename: str = "tape.wav"
    media_type: str = "audio/wav"
    made: int = 0
    closed: bool = False

    async def open(self) -> AsyncIterator[bytes]:
        try:
            while self.made < self.delivered:
                self.made += 10
                yield b"0123456789"
        finally:
            self.closed = True


async def test_a_file_is_read_only_as_fast_as_it_is_sent():
    """However large, no more than one piece of it is in memory."""
    tape = Tape(size=10**12, delivered=10**12)
    source: FileSource = tape
    body = aiter(Multipart({}, {"file": source}))
    for _ in range(6):  # the part's head, then five pieces
        await anext(body)
    assert tape.made == 50
    await body.aclose()
    assert tape.closed


@pytest.mark.parametrize("delivered", [90, 110])
async def test_a_file_that_is_not_its_size_is_an_error_of_ours(delivered: int):
    """The receiver was promised a length, gets no more than that, and we get our own words for it."""
    sent = 0
    with pytest.raises(StorageError, match=r"tape\.wav is not the 100 bytes"):
        async for part in Multipart({}, {"file": Tape(size=100, delivered=delivered)}):
            sent += part == b"0123456789"
    assert sent == min(delivered, 100) // 10


def test_values_are_written_as_forms_expect_them():
    """Text stays text, booleans and numbers are JSON's, None is not sent."""
    values = {"a": "text", "b": True, "c": 0.5, "d": None, "e": ["x", 1]}
    assert form_fields(values) == {"a": "text", "b": "true", "c": "0.5", "e": '["x", 1]'}
