"""Sweeping: what nobody mentions goes, unless it was put just now; in every kind of store."""

from __future__ import annotations

import datetime as dt
import os
import time

import pytest
from shelves import Shelf, chunks, reference

from batuta.storage.artefacts import FRESH_SECONDS, Swept

pytestmark = pytest.mark.anyio
AT_ONCE = dt.timedelta()


async def nobody(hashes: set[str]) -> set[str]:
    """Mentions nothing."""
    del hashes
    return set()


async def everybody(hashes: set[str]) -> set[str]:
    """Mentions everything."""
    return hashes


async def test_what_nobody_mentions_is_swept(shelf: Shelf) -> None:
    """And what somebody mentions stays; the report says how much went."""
    kept = await shelf.artefacts.put(chunks(b"kept"), "text/plain")
    gone = [await shelf.artefacts.put(chunks(text), "text/plain") for text in (b"one", b"three")]

    async def one(hashes: set[str]) -> set[str]:
        return hashes & {kept.sha256}

    assert await shelf.artefacts.sweep(one, AT_ONCE) == Swept(files=2, bytes=8)
    assert await shelf.artefacts.has(kept)
    assert [await shelf.artefacts.has(each) for each in gone] == [False, False]
    assert await shelf.artefacts.sweep(one, AT_ONCE) == Swept()


async def test_what_was_put_just_now_is_never_swept(shelf: Shelf) -> None:
    """Whoever put it has yet to say so in a record."""
    fresh = await shelf.artefacts.put(chunks(b"fresh"), "text/plain")
    assert await shelf.artefacts.sweep(nobody, dt.timedelta(seconds=FRESH_SECONDS)) == Swept()
    assert await shelf.artefacts.has(fresh)


async def test_bytes_put_again_are_fresh_again(in_folder: Shelf) -> None:
    """However long they have been there: somebody is about to mention them."""
    artefact = await in_folder.artefacts.put(chunks(b"again"), "text/plain")
    path = in_folder.artefacts.local_path(artefact)
    assert path is not None
    old = time.time() - 2 * FRESH_SECONDS
    os.utime(path, (old, old))
    await in_folder.artefacts.put(chunks(b"again"), "text/plain")
    assert await in_folder.artefacts.sweep(nobody, dt.timedelta(seconds=FRESH_SECONDS)) == Swept()
    os.utime(path, (old, old))
    assert (await in_folder.artefacts.sweep(nobody, dt.timedelta(seconds=FRESH_SECONDS))).files == 1


async def test_an_empty_store_is_swept_without_a_word(shelf: Shelf) -> None:
    """Nothing to ask about, nothing to delete."""
    assert await shelf.artefacts.sweep(everybody, AT_ONCE) == Swept()
    assert not await shelf.artefacts.has(reference(b"nothing"))
