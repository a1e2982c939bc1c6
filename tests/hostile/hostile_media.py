"""Files that are no media, or lie about what is in them; written here byte by byte."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
import zlib
from pathlib import Path

import av
import numpy as np

FTYP = b"isom\0\0\2\0isomiso2mp41"
BOMB_BYTES = 20_000_000


def box(kind: bytes, content: bytes = b"", size: int | None = None) -> bytes:
    """An MP4 atom that claims to have this size."""
    return struct.pack(">I4s", 8 + len(content) if size is None else size, kind) + content


def wav(
    data: bytes = bytes(3200),
    *,
    kind: int = 1,
    channels: int = 1,
    rate: int = 16_000,
    bits: int = 16,
    claimed: int | None = None,
) -> bytes:
    """A WAV file that claims these things."""
    align = channels * bits // 8 & 0xFFFF
    form = struct.pack("<HHIIHH", kind, channels, rate, rate * align & 0xFFFFFFFF, align, bits)
    size = len(data) if claimed is None else claimed
    whole = min(36 + size, 0xFFFFFFFF)
    return (
        struct.pack("<4sI4s4sI", b"RIFF", whole, b"WAVE", b"fmt ", 16)
        + form
        + b"data"
        + (struct.pack("<I", size) + data)
    )


def png(width: int, height: int) -> bytes:
    """A picture that claims this size, in a few bytes."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def flac(picture: bytes = b"") -> bytes:
    """A FLAC file without a sound, with a cover picture if one is given."""
    info = struct.pack(">HH", 4096, 4096) + bytes(6) + struct.pack(">Q", 16_000 << 44 | 15 << 36) + bytes(16)
    last = b"" if picture else b"\x80"
    start = b"fLaC" + (last or b"\0") + struct.pack(">I", len(info))[1:] + info
    if not picture:
        return start
    cover = struct.pack(">II9sIIIIII", 3, 9, b"image/png", 0, 100_000, 100_000, 24, 0, len(picture)) + picture
    return start + b"\x86" + struct.pack(">I", len(cover))[1:] + cover


def changed(file: bytes, tag: bytes, offset: int, content: bytes) -> bytes:
    """The file with other bytes so far behind the start of its first `tag`."""
    start = file.index(tag) + offset
    return file[:start] + content + file[start + len(content) :]


def zipped() -> bytes:
    """Much in little."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.wav", bytes(BOMB_BYTES))
    return file.getvalue()


def recorded(path: Path) -> bytes:
    """A second of silence in the container that the name asks for."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=16_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 16_000), np.float32), "fltp", "mono")
        frame.sample_rate = 16_000
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    return path.read_bytes()


def film_of(path: Path, *, width: int, height: int) -> bytes:
    """A film without sound that claims pictures of this size."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 16, 16, "yuv420p"
        frame = av.VideoFrame.from_ndarray(np.zeros((16, 16, 3), np.uint8), "rgb24")
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    size = struct.pack(">HH", min(width, 0xFFFF), min(height, 0xFFFF))
    file = changed(path.read_bytes(), b"mp4v", 28, size)
    return changed(
        file, b"tkhd", 4 + 76, struct.pack(">II", width << 16 & 0xFFFFFFFF, height << 16 & 0xFFFFFFFF)
    )


DASH = (
    b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
    b'mediaPresentationDuration="PT10S"><Period><AdaptationSet mimeType="audio/mp4">'
    b'<Representation id="1" bandwidth="1"><BaseURL>%s</BaseURL></Representation></AdaptationSet>'
    b"</Period></MPD>"
)
LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9))
    + b"]><MPD>&j;</MPD>"
)


def playlist(*addresses: str) -> bytes:
    """An HLS playlist of these pieces."""
    pieces = "".join(f"#EXTINF:10,\n{address}\n" for address in addresses)
    head = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:10\n"
    return f"{head}{pieces}#EXT-X-ENDLIST\n".encode()


NOT_MEDIA: dict[str, bytes] = {
    "nothing": b"",
    "one byte": b"\0",
    "zeros": bytes(1_000_000),
    "noise": np.random.default_rng(1).bytes(500_000),
    "text": b"hello world\n" * 100,
    "a page": b"<html><body>hello</body></html>",
    "a program": b"\x7fELF\2\1\1" + bytes(50_000),
    "a zip bomb": zipped(),
    "a gzip bomb": gzip.compress(bytes(BOMB_BYTES)),
    "subtitles": b"1\n00:00:00,000 --> 00:00:01,000\nhello\n",
    "a playlist of a file": playlist("file:///etc/passwd"),
    "a playlist of a server": playlist("http://127.0.0.1:1/x"),
    "a list to concatenate": b"ffconcat version 1.0\nfile '/etc/passwd'\n",
    "a name to concatenate": b"concat:/etc/passwd|/etc/hosts",
    "a DASH manifest": DASH % b"file:///etc/passwd",
    "a manifest with entities": LAUGHS,
    "a manifest with an outside entity": b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM '
    b'"file:///etc/passwd">]><MPD>&e;</MPD>',
    "a session description": b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n"
    b"m=audio 5004 RTP/AVP 0\n",
    "a pls playlist": b"[playlist]\nFile1=file:///etc/passwd\n",
    "an asx playlist": b'<asx version="3.0"><entry><ref href="file:///etc/passwd"/></entry></asx>',
    "a picture": png(10, 10),
    "a pixel bomb": png(100_000, 100_000),
    "a drawing": b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
    "a GIF of 65535 x 65535": b"GIF89a\xff\xff\xff\xff\x80\0\0" + bytes(100),
}
_JUNK = b"\xff" * 200
DAMAGED: dict[str, bytes] = {
    "an MP4 of its type only": box(b"ftyp", FTYP),
    "an MP4 atom of 4 GB": box(b"ftyp", FTYP) + box(b"moov", b"", 0xFFFFFFFF),
    "an MP4 atom of 8 EB": box(b"ftyp", FTYP) + struct.pack(">I4sQ", 1, b"moov", 2**63 - 1),
    "an MP4 atom of -1": box(b"ftyp", FTYP) + struct.pack(">I4sQ", 1, b"moov", 2**64 - 1),
    "MP4 atoms 20000 deep": box(b"ftyp", FTYP)
    + b"".join(struct.pack(">I4s", 8 * (20_000 - depth), b"moov") for depth in range(20_000)),
    "an MKV head of 72 PB": b"\x1aE\xdf\xa3\x01" + b"\xff" * 6 + b"\xfe" + bytes(100),
    "a WAV without sound": wav(b""),
    "a WAV of its head only": wav()[:44],
    "half the head of a WAV": wav()[:20],
    "a WAV at 0 Hz": wav(rate=0),
    "a WAV at 1 Hz": wav(rate=1),
    "a WAV at 4294967295 Hz": wav(rate=0xFFFFFFFF),
    "a WAV of no channel": wav(channels=0),
    "a WAV of 65535 channels": wav(channels=0xFFFF),
    "a WAV of 0 bits": wav(bits=0),
    "a WAV of 1000 bits": wav(bits=1000),
    "a WAV of a codec there is not": wav(kind=0x6666),
    "an RF64 of 16 EB": b"RF64\xff\xff\xff\xffWAVEds64\x1c\0\0\0" + b"\xff" * 24 + bytes(4) + wav()[12:],
    "a FLAC of its head only": flac(),
    "a FLAC with a pixel bomb": flac(png(100_000, 100_000)),
    "an ID3 tag of 256 MB": b"ID3\x04\0\0\x7f\x7f\x7f\x7f" + bytes(1000),
    "a broken Ogg": b"OggS" + bytes(10_000),
    "a broken MP3": b"\xff\xfb\x90\0" + bytes(50),
    "an AU of 4294967295 channels": b".snd" + struct.pack(">5I", 24, 2**32 - 1, 3, 2**32 - 1, 2**32 - 1),
    "a broken AIFF": b"FORM\xff\xff\xff\xffAIFFCOMM\0\0\0\x12" + b"\xff" * 6 + b"\x40\x1e" + b"\xff" * 8,
    "a CAF at 1e308 Hz": b"caff\0\1\0\0desc"
    + struct.pack(">Qd4s5I", 32, 1e308, b"lpcm", 0, 2**32 - 1, 2**32 - 1, 2**32 - 1, 2**32 - 1),
    "a broken VOC": b"Creative Voice File\x1a" + _JUNK,
    "a broken Wave64": b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\0\0" + _JUNK,
    "a broken FLV": b"FLV\1\5\0\0\0\t\0\0\0\0" + _JUNK,
    "a broken AVI": b"RIFF\xff\xff\xff\xffAVI LIST\xff\xff\xff\xffhdrl" + _JUNK,
    "an empty MPEG-TS": (b"G\x40\0\x10" + b"\xff" * 184) * 50,
    "a broken NUT": b"nut/multimedia container\0" + _JUNK,
    "a broken ASF": bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c") + _JUNK,
    "a broken RealMedia": b".RMF" + _JUNK,
    "a broken MXF": bytes.fromhex("060e2b34020501010d0102010102") + _JUNK,
}


def doctored(folder: Path) -> dict[str, bytes]:
    """Real recordings made unreadable."""
    mp4, mkv = recorded(folder / "a.mp4"), recorded(folder / "a.mkv")
    return {
        "an MP4 cut in its head": mp4[:100],
        "half an MP4": mp4[: len(mp4) // 2],
        "an MP4 of 4 G samples": changed(mp4, b"stsz", 8, struct.pack(">II", 0, 0xFFFFFFF0)),
        "an MP4 whose sound lies elsewhere": changed(mp4, b"stco", 12, b"\xff\xff\xff\xf0"),
        "an MKV cut in its head": mkv[:60],
        "an MKV without its sound": mkv[:200],
        "a film of 100000 x 100000": film_of(folder / "b.mp4", width=100_000, height=100_000),
    }


def odd(folder: Path) -> dict[str, bytes]:
    """Recordings that lie and yet can be read: whoever plays them hears something, or silence."""
    mp4, mkv = recorded(folder / "c.mp4"), recorded(folder / "c.mkv")
    floats = {"kind": 3, "bits": 32}
    return {
        "a WAV of 4 GB": wav(claimed=0xFFFFFFFF),
        "a WAV of NaN": wav(struct.pack("<f", float("nan")) * 16_000, **floats),
        "a WAV of infinities": wav(struct.pack("<f", float("inf")) * 16_000, **floats),
        "a WAV as loud as can be": wav(struct.pack("<ff", 3e38, -3e38) * 8_000, **floats),
        "an MKV of 72 PB": changed(mkv, b"\x18\x53\x80\x67", 4, b"\x01" + b"\xff" * 6 + b"\xfe"),
        "an MP4 whose clock stands": changed(mp4, b"mdhd", 16, bytes(4)),
        "an MP4 that refers to a file": changed(mp4, b"url ", 0, b"alis"),
        "an MP4 of 4 G samples of 4 G ticks": changed(mp4, b"stts", 12, b"\xff" * 8),
    }
