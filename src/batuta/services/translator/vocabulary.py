"""The characters a model knows, out of its SentencePiece vocabulary.

A model answers anything else with whatever comes to its mind: an Arabic greeting came back as `A`, `Müller`
as `O que é o M'ller`. The file is a protocol buffer (sentencepiece_model.proto): field 1, repeated, holds a
piece with its text (1) and its type (3).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

_PIECE, _TEXT, _TYPE = 1, 1, 3
_NORMAL, _USER_DEFINED, _BYTE = 1, 4, 6
_VARINT, _EIGHT_BYTES, _LENGTH, _FOUR_BYTES = 0, 1, 2, 5
"""Wire types (protobuf.dev, "Encoding")."""
_FIXED: Final = {_EIGHT_BYTES: 8, _FOUR_BYTES: 4}
_BLANK: Final = "\u2581"
"""Stands for the blank before a word."""


def known_characters(vocabulary: bytes) -> frozenset[str] | None:
    """Every character some piece holds; None when all are known, as with pieces for single bytes.

    None as well for a file that is read by the engine and not by us: better all than none.
    """
    known: set[str] = set()
    try:
        for number, piece in _fields(vocabulary):
            if number != _PIECE or not isinstance(piece, bytes):
                continue
            fields = dict(_fields(piece))
            kind, text = fields.get(_TYPE, _NORMAL), fields.get(_TEXT, b"")
            if kind == _BYTE:
                return None
            if kind in {_NORMAL, _USER_DEFINED} and isinstance(text, bytes):
                known.update(text.decode())
    except (ValueError, IndexError):
        return None
    return frozenset(known - {_BLANK}) or None


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        kind = key & 7
        if kind == _VARINT:
            value, at = _varint(message, at)
            yield key >> 3, value
            continue
        if kind == _LENGTH:
            size, at = _varint(message, at)
        elif kind in _FIXED:
            size = _FIXED[kind]
        else:
            raise ValueError(f"wire type {kind}")
        if at + size > len(message):
            raise ValueError("ends within a field")
        yield key >> 3, message[at : at + size]
        at += size


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:  # noqa: PLR2004  # the highest bit says that more follow
            return value, at
