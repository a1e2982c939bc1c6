"""Keys that cannot collide, of names that compare as people compare them."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from typing import Any, Final, cast

from batuta.errors import InvalidRequest

ALL: Final = "ALL"
"""The key of every track there is, by the seed's `get_async("ALL")`; another name for `tracks_all`."""
SNAPSHOT: Final = "tracks_all"
TRACKS: Final = "tracks_"
"""Before an artist's name: the key of the list of the artist's tracks."""
GenericKey = str | tuple[str, str]
"""A generic key as the memory has it: a string as it came; `("tracks", name)`; `("json", text)`."""


def folded(name: str) -> str:
    """The name for comparing: trimmed, caseless, one form of Unicode.

    NFC(casefold(NFD(name))) is Unicode's canonical caseless match (The Unicode Standard 3.13, D145) with
    its result composed.
    """
    if name.isascii():
        return name.strip().lower()
    decomposed = unicodedata.normalize("NFD", name)
    return unicodedata.normalize("NFC", decomposed.casefold()).strip()


def generic_key(key: object) -> GenericKey:
    """The key for the memory: two keys are one exactly where they mean the same.

    Raises `InvalidRequest` for a key that has no JSON form.
    """
    if isinstance(key, str):
        if key == ALL:
            return SNAPSHOT
        if not key.startswith(TRACKS) or key == SNAPSHOT:
            return key
        return ("tracks", folded(key[len(TRACKS) :]))  # an artist called All is not the snapshot
    try:
        return ("json", json.dumps(_marked(key), sort_keys=True))
    except (ValueError, RecursionError) as error:  # a number of thousands of digits; a list in itself
        raise InvalidRequest(f"a cache key of type {type(key).__name__} has no JSON form: {error}") from error


def key_text(key: GenericKey) -> str:
    """The key for the disk, also where it has halves of characters (file names do)."""
    return json.dumps(key if isinstance(key, str) else list(key))


def key_of_text(text: str) -> GenericKey:
    """The key that `key_text` wrote; raises `ValueError` for anything else."""
    read: object = json.loads(text)
    if isinstance(read, str):
        return read
    kind, name = cast("list[str]", read)
    return (str(kind), str(name))


class UnifiedHashService:
    """SHA-256 in hexadecimal of names and data, each part with its length before it: `("a|b", "c")` and
    `("a", "b|c")` differ.
    """  # noqa: D205  # the examples belong to the promise

    ALGORITHM: Final = "sha256"

    @staticmethod
    def hash_album_key(artist: str, album: str) -> str:
        """The key of an album."""
        first = folded(artist)
        return _digest(f"album {len(first)} {first}{folded(album)}")

    @staticmethod
    def hash_api_key(artist: str, album: str, source: str) -> str:
        """The key of one source's answer about an album."""
        first, second = folded(artist), folded(album)
        return _digest(f"api {len(first)} {first}{len(second)} {second}{folded(source)}")

    @staticmethod
    def hash_generic_key(data: object) -> str:
        """The key of anything that has a JSON form; a dictionary's order does not matter."""
        return _digest(f"generic {key_text(generic_key(data))}")

    @classmethod
    def get_algorithm(cls) -> str:
        """The name of the algorithm."""
        return cls.ALGORITHM


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _marked(value: object) -> object:
    """The value as JSON in which kinds that JSON does not tell apart are marked."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, tuple):
        return {"tuple": [_marked(part) for part in cast("tuple[object, ...]", value)]}
    if isinstance(value, list):
        return [_marked(part) for part in cast("list[object]", value)]
    if isinstance(value, dict):
        items = cast("dict[Any, object]", value).items()
        pairs = [[_marked(name), _marked(part)] for name, part in items]
        return {"dict": sorted(pairs, key=lambda pair: json.dumps(pair[0], sort_keys=True))}
    raise InvalidRequest(
        "a cache key must be a string, a number, or a list, tuple or dictionary of these:"
        f" {type(value).__name__}"
    )
