"""What kind of video a file is, by its first bytes and never by its name. Pure.

The signatures: ISO/IEC 14496-12, section 4.3 (`ftyp`); QuickTime File Format Specification, chapter 1 (movies
without `ftyp`); RFC 8794, section 11.2 and RFC 9559 (EBML, `DocType`); RIFF with the form `AVI `; FLV 10.1,
annex E.
"""

from __future__ import annotations

from typing import Final, Literal

Container = Literal["mp4", "mov", "mkv", "webm", "avi", "flv"]

MEDIA_TYPES: Final[dict[Container, str]] = {
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "mkv": "video/x-matroska",
    "webm": "video/webm",
    "avi": "video/x-msvideo",
    "flv": "video/x-flv",
}
TAKEN: Final = ", ".join(MEDIA_TYPES)

_PICTURES: Final = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis", b"crx "}
)
"""Brands of still pictures in the same container (HEIF, AVIF, Canon's raw)."""
_LARGE_ATOMS: Final = frozenset({b"moov", b"mdat"})
_SMALL_ATOMS: Final = frozenset({b"wide", b"free", b"skip", b"pnot"})
"""They are words, too: in a text the four bytes before them are letters, as a length 500 MB and more."""
_ATOM_HEAD: Final = 8
_SMALL: Final = 1 << 24
_EBML: Final = b"\x1a\x45\xdf\xa3"
_DOC_TYPE: Final = b"\x42\x82"
_EBML_HEADER_BYTES: Final = 256
"""A header has a dozen small elements; `DocType` is one of the first."""


def container_of(beginning: bytes) -> Container | None:
    """The container that these first bytes of a file begin, or None; some 64 bytes are enough."""
    if beginning[4:8] == b"ftyp":
        return _by_brand(beginning[8:12])
    if beginning.startswith(_EBML):
        return _by_doc_type(beginning[:_EBML_HEADER_BYTES])
    if beginning[:4] == b"RIFF" and beginning[8:12] == b"AVI ":
        return "avi"
    if beginning[:4] == b"FLV\x01":
        return "flv"
    return "mov" if _begins_movie(int.from_bytes(beginning[:4]), beginning[4:8]) else None


def _begins_movie(size: int, atom: bytes) -> bool:
    """Whether an atom of so many bytes may begin a movie; a size of 1 means that the real one follows."""
    if atom in _LARGE_ATOMS:
        return size == 1 or size >= _ATOM_HEAD
    return atom in _SMALL_ATOMS and _ATOM_HEAD <= size < _SMALL


def _by_brand(brand: bytes) -> Container | None:
    if brand in _PICTURES:
        return None
    return "mov" if brand == b"qt  " else "mp4"


def _by_doc_type(header: bytes) -> Container | None:
    """`DocType` is an id of two bytes, a length of one (0x80 and the number), and ASCII."""
    place = header.find(_DOC_TYPE)
    if place < 0 or len(header) < place + 3:
        return None
    length = header[place + 2] & 0x7F
    match header[place + 3 : place + 3 + length].rstrip(b"\0"):
        case b"webm":
            return "webm"
        case b"matroska":
            return "mkv"
        case _:
            return None


def media_type_of(key: str) -> str:
    """What an object of ours is sent as: a video's type or none, since the suffix may be the sender's."""
    suffix = key.rpartition(".")[2].lower()
    return next((kind for name, kind in MEDIA_TYPES.items() if name == suffix), "application/octet-stream")
