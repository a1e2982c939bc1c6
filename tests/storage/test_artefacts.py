"""Artefacts, over every kind of store: named by their content, whole or not there at all."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

import pytest
from pydantic import ValidationError
from shelves import MEGABYTE, Shelf, Source, chunks, reference

from batuta.errors import BatutaError, NotFound, PayloadTooLarge
from batuta.storage.artefacts import Artefact, as_local_file

pytestmark = pytest.mark.anyio

SMALL, LARGE = 0, 9
"""Megabytes: one fits the writer's buffer, the other goes in several parts."""


async def test_what_is_put_is_named_by_the_hash_of_its_bytes(shelf: Shelf) -> None:
    """The reference says hash, size and type, and gives the bytes back."""
    artefact = await shelf.artefacts.put(chunks(b"a baton ", b"for all"), "text/plain")
    assert artefact.sha256 == hashlib.sha256(b"a baton for all").hexdigest()
    assert (artefact.size, artefact.media_type) == (15, "text/plain")
    assert await shelf.bytes_of(artefact) == b"a baton for all"
    assert await shelf.artefacts.has(artefact)


async def test_the_same_bytes_are_kept_once(shelf: Shelf) -> None:
    """Cut into other pieces and called another type, they are still the same artefact."""
    first = await shelf.artefacts.put(chunks(b"twice"), "text/plain")
    second = await shelf.artefacts.put(chunks(b"tw", b"ice"), "audio/wav")
    assert first.sha256 == second.sha256
    assert len(shelf.keys()) == 1


async def test_many_may_put_the_same_bytes_at_the_same_time(shelf: Shelf) -> None:
    """Each gets the reference, and there is one artefact, whole."""
    sources = [Source(LARGE) for _ in range(4)]
    puts = [asyncio.create_task(shelf.artefacts.put(source.stream(), "audio/wav")) for source in sources]
    await asyncio.wait_for(asyncio.gather(*(source.paused.wait() for source in sources)), 10)
    for source in sources:
        source.go_on.set()
    found = await asyncio.gather(*puts)
    assert {artefact.sha256 for artefact in found} == {sources[0].reference.sha256}
    assert shelf.keys() == [f"sha256/{found[0].sha256[:2]}/{found[0].sha256[2:]}"]
    assert reference(await shelf.bytes_of(found[0])) == sources[0].reference


@pytest.mark.parametrize("megabytes", [SMALL, LARGE])
async def test_nobody_sees_an_artefact_before_it_is_whole(shelf: Shelf, megabytes: int) -> None:
    """While it is being put it is not there, neither asked for nor read; then it is, at once."""
    source = Source(megabytes)
    put = asyncio.create_task(shelf.artefacts.put(source.stream(), "audio/wav"))
    await asyncio.wait_for(source.paused.wait(), 10)
    assert not await shelf.artefacts.has(source.reference)
    with pytest.raises(NotFound):
        await shelf.bytes_of(source.reference)
    source.go_on.set()
    await put
    assert await shelf.artefacts.has(source.reference)


async def test_whoever_reads_reads_on_while_the_same_bytes_are_put_and_deleted(shelf: Shelf) -> None:
    """A reader in the middle of an artefact sees it through to its end."""
    data = b"".join(Source(8).parts)
    artefact = await shelf.artefacts.put(chunks(data), "audio/wav")
    reader = shelf.artefacts.read(artefact)
    beginning = await anext(reader)
    await shelf.artefacts.put(chunks(data), "audio/wav")
    await shelf.artefacts.delete(artefact)
    rest = b"".join([chunk async for chunk in reader])
    assert beginning + rest == data
    assert not await shelf.artefacts.has(artefact)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (0, None, b"0123456789"),
        (0, 4, b"0123"),
        (4, None, b"456789"),
        (9, 10, b"9"),
        (3, 3, b""),
        (5, 2, b""),
        (8, 99, b"89"),
        (10, None, b""),
        (99, None, b""),
    ],
)
async def test_a_part_of_an_artefact_can_be_read(
    shelf: Shelf, start: int, end: int | None, expected: bytes
) -> None:
    """From `start` up to, not including, `end`, as far as there are bytes."""
    artefact = await shelf.artefacts.put(chunks(b"0123456789"), "text/plain")
    assert await shelf.bytes_of(artefact, start, end) == expected


async def test_large_artefacts_are_read_in_pieces(shelf: Shelf) -> None:
    """No piece is larger than a few megabytes, and together they are everything."""
    data = b"".join(Source(LARGE).parts)
    artefact = await shelf.artefacts.put(chunks(*Source(LARGE).parts), "audio/wav")
    sizes = [len(chunk) async for chunk in shelf.artefacts.read(artefact)]
    assert sum(sizes) == len(data)
    if shelf.artefacts.local_path(artefact) is not None:  # memory gives what it has, in one piece
        assert max(sizes) <= 2 * MEGABYTE


@pytest.mark.parametrize("data", [b"something", b""])
async def test_what_is_not_there_is_not_found(shelf: Shelf, data: bytes) -> None:
    """Reading says so with the hash, even of no bytes; deleting it is no error."""
    missing = reference(data)
    assert not await shelf.artefacts.has(missing)
    with pytest.raises(NotFound, match=missing.sha256):
        await shelf.bytes_of(missing)
    await shelf.artefacts.delete(missing)


async def test_nothing_is_something(shelf: Shelf) -> None:
    """An empty stream is an artefact of no bytes."""
    artefact = await shelf.artefacts.put(chunks(), "text/plain")
    assert artefact.size == 0
    assert await shelf.artefacts.has(artefact)
    assert await shelf.bytes_of(artefact) == b""


async def test_what_is_deleted_is_gone(shelf: Shelf) -> None:
    """Nothing of it is left in the store, and it can be put again."""
    artefact = await shelf.artefacts.put(chunks(b"for now"), "text/plain")
    await shelf.artefacts.delete(artefact)
    assert shelf.keys() == []
    assert await shelf.artefacts.put(chunks(b"for now"), "text/plain") == artefact
    assert await shelf.artefacts.has(artefact)


@pytest.mark.parametrize("wrong", [-1, 1])
async def test_a_reference_of_another_size_is_not_answered(shelf: Shelf, wrong: int) -> None:
    """A hash with a size that is not that of the bytes refers to nothing that is here whole."""
    artefact = await shelf.artefacts.put(chunks(b"ten bytes!"), "text/plain")
    wrong_size = artefact.model_copy(update={"size": artefact.size + wrong})
    assert not await shelf.artefacts.has(wrong_size)
    with pytest.raises(NotFound):
        await shelf.bytes_of(wrong_size)


async def test_exactly_as_much_as_allowed_is_allowed(shelf: Shelf) -> None:
    """The limit is the largest size that fits."""
    artefact = await shelf.artefacts.put(chunks(b"12345", b"67890"), "text/plain", max_bytes=10)
    assert artefact.size == 10


@pytest.mark.parametrize("megabytes", [SMALL, LARGE])
async def test_too_much_is_refused_and_nothing_of_it_kept(shelf: Shelf, megabytes: int) -> None:
    """The error says the limit, and the source is not read any further but closed."""
    source = Source(megabytes)
    source.go_on.set()
    limit = megabytes * MEGABYTE + 3
    with pytest.raises(PayloadTooLarge, match=str(limit)):
        await shelf.artefacts.put(source.stream(), "audio/wav", max_bytes=limit)
    assert shelf.keys() == []
    assert source.closed


@pytest.mark.parametrize("megabytes", [SMALL, LARGE])
@pytest.mark.parametrize("failure", [NotFound("the other artefact"), RuntimeError("bug"), OSError("reset")])
async def test_a_source_that_fails_leaves_nothing(shelf: Shelf, megabytes: int, failure: Exception) -> None:
    """Its own error reaches the caller, as one of ours where it is the system's."""
    source = Source(megabytes, failure)
    source.go_on.set()
    with pytest.raises(BatutaError if isinstance(failure, OSError) else type(failure), match=str(failure)):
        await shelf.artefacts.put(source.stream(), "audio/wav")
    assert shelf.keys() == []


@pytest.mark.parametrize("megabytes", [SMALL, LARGE])
async def test_a_put_that_is_cancelled_leaves_nothing(shelf: Shelf, megabytes: int) -> None:
    """Neither in the store nor open."""
    source = Source(megabytes)
    put = asyncio.create_task(shelf.artefacts.put(source.stream(), "audio/wav"))
    await asyncio.wait_for(source.paused.wait(), 10)
    put.cancel()
    with pytest.raises(asyncio.CancelledError):
        await put
    assert shelf.keys() == []
    assert source.closed


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("audio/wav", "audio/wav"),
        ("text/html; charset=utf-8", "text/html"),
        ("audio/wav\r\nSet-Cookie: a=b", "application/octet-stream"),
        ("", "application/octet-stream"),
        ("áudio/wav", "application/octet-stream"),
        ("nonsense", "application/octet-stream"),
    ],
)
async def test_a_type_is_kept_only_if_it_is_one(shelf: Shelf, given: str, kept: str) -> None:
    """It comes from outside and goes into headers: parameters and everything odd stay behind."""
    assert (await shelf.artefacts.put(chunks(b"x"), given)).media_type == kept


@pytest.mark.parametrize(
    "wrong",
    [
        {"sha256": "../../../etc/passwd"},
        {"sha256": "A" * 64},
        {"sha256": "a" * 63},
        {"sha256": "a" * 64 + "\n"},
        {"size": -1},
        {"media_type": "text/html\r\nX: y"},
        {"media_type": "text/html\n"},
    ],
)
def test_a_reference_that_is_none_is_refused(wrong: dict[str, object]) -> None:
    """Only 64 lower-case hexadecimal digits are a hash: no path, no header can be made of a reference."""
    with pytest.raises(ValidationError):
        Artefact.model_validate({"sha256": "a" * 64, "size": 1, **wrong})


async def test_a_file_is_copied_into_the_store(shelf: Shelf, tmp_path: Path) -> None:
    """The file stays where and as it was."""
    file = tmp_path / "speech.wav"
    file.write_bytes(b"la" * MEGABYTE)
    artefact = await shelf.artefacts.put_file(file, "audio/wav")
    assert artefact == reference(b"la" * MEGABYTE).model_copy(update={"media_type": "audio/wav"})
    assert file.stat().st_size == 2 * MEGABYTE


async def test_a_file_that_is_not_there_cannot_be_put(shelf: Shelf, tmp_path: Path) -> None:
    """The error names the file, and nothing is kept."""
    with pytest.raises(BatutaError, match="absent"):
        await shelf.artefacts.put_file(tmp_path / "absent", "audio/wav")
    assert shelf.keys() == []


async def test_an_artefact_can_be_had_as_a_file(shelf: Shelf, tmp_path: Path) -> None:
    """For programs that open files: the bytes lie there during the block, and no copy stays behind."""
    artefact = await shelf.artefacts.put(chunks(b"la", b"la"), "audio/wav")
    (workspace := tmp_path / "workspace").mkdir()
    async with as_local_file(shelf.artefacts, artefact, workspace) as file:
        assert file.read_bytes() == b"lala"
    assert list(workspace.iterdir()) == []
    assert await shelf.artefacts.has(artefact)


async def test_an_artefact_that_is_gone_cannot_be_had_as_a_file(shelf: Shelf, tmp_path: Path) -> None:
    """It is not found, and nothing stays behind."""
    (workspace := tmp_path / "workspace").mkdir()
    with pytest.raises(NotFound):
        async with as_local_file(shelf.artefacts, reference(b"gone"), workspace):
            pass
    assert list(workspace.iterdir()) == []
