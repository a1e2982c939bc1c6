"""What a file is by its first bytes; what its sender calls it does not count."""

from __future__ import annotations

from typing import Final

HEAD_BYTES: Final = 512
"""How much of a file `image_kind`, `audio_kind` and `described` look at."""
UNKNOWN: Final = "application/octet-stream"

_RIFF: Final = slice(8, 12)
_BRAND: Final = slice(4, 8)
_PICTURES: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
)
_SOUNDS: Final = (
    (b"\x1a\x45\xdf\xa3", "audio/webm"),  # or Matroska
    (b"OggS", "audio/ogg"),
    (b"fLaC", "audio/flac"),
    (b"ID3", "audio/mpeg"),
    (b"#!AMR", "audio/amr"),
    (b"caff", "audio/x-caf"),
    (b".snd", "audio/basic"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "audio/x-ms-wma"),
)
_FRAME_SYNC: Final = 0xFFE0
"""The eleven bits that begin a frame of MPEG audio or ADTS."""
_STILL: Final = (b"heic", b"heix", b"mif1", b"msf1", b"avif", b"avis")
"""Brands of ISO media files that are pictures."""
_OTHERS: Final = (
    (b"%PDF", "a PDF"),
    (b"II*\0", "a TIFF"),
    (b"MM\0*", "a TIFF"),
    (b"\0\0\1\0", "an icon"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
)


def image_kind(head: bytes) -> str | None:
    """The media type of a picture that is read here, None for anything else."""
    if head.startswith(b"RIFF") and head[_RIFF] == b"WEBP":
        return "image/webp"
    return next((kind for start, kind in _PICTURES if head.startswith(start)), None)


def audio_kind(head: bytes) -> str | None:
    """The media type of a recording, None where the first bytes are not enough to tell."""
    if head.startswith(b"RIFF") and head[_RIFF] == b"WAVE":
        return "audio/wav"
    if head.startswith(b"FORM") and head[_RIFF] in {b"AIFF", b"AIFC"}:
        return "audio/aiff"
    if head[_BRAND] == b"ftyp" and head[_RIFF] not in _STILL:
        return "audio/mp4"
    found = next((kind for start, kind in _SOUNDS if head.startswith(start)), None)
    if (
        found is None
        and image_kind(head) is None
        and int.from_bytes(head[:2], "big") & _FRAME_SYNC == _FRAME_SYNC
    ):
        return "audio/mpeg"
    return found


def described(head: bytes) -> str:
    """What it looks like, for a message that refuses it."""
    if head[_BRAND] == b"ftyp" and head[_RIFF] in _STILL:
        return "a HEIC or AVIF picture"
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if text.startswith((b"<svg", b"<?xml", b"<!DOCTYPE")) and b"<svg" in head:
        return "an SVG drawing"
    named = next((name for start, name in _OTHERS if head.startswith(start)), None)
    if named is not None:
        return named
    if (kind := image_kind(head) or audio_kind(head)) is not None:
        return kind
    return "text" if _is_text(head) else "something else"


def _is_text(head: bytes) -> bool:
    try:
        head.decode()
    except UnicodeDecodeError as error:
        return error.end == len(head) and b"\0" not in head  # a character cut in two
    return b"\0" not in head
