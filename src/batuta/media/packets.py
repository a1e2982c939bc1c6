"""The packets of a video as they lie in its file: how one sees that a copy is one, bit for bit."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from batuta.errors import InvalidRequest
from batuta.media.audio import opened, probe
from batuta.media.video import packets_of, picture_of


@dataclass(frozen=True, slots=True)
class PacketTrail:
    """What the packets of a video are, in the order of the file, without their bytes."""

    sha256: str
    """Of the bytes of all of them, one after the other."""
    shown: tuple[Fraction | None, ...]
    """When each is shown: seconds on the time line of the medium (pts)."""
    decoded: tuple[Fraction | None, ...]
    """When each is decoded (dts)."""
    keys: tuple[bool, ...]
    """Which of them stand alone."""


def video_trail(path: Path) -> PacketTrail:
    """The trail of the file's video; raises `UnreadableMedia`, and `InvalidRequest` when there is none."""
    origin = Fraction(probe(path).origin).limit_denominator(1_000_000)
    digest = hashlib.sha256()
    shown: list[Fraction | None] = []
    decoded: list[Fraction | None] = []
    keys: list[bool] = []
    with opened(path, path.name) as container:
        picture = picture_of(container)
        if picture is None:
            raise InvalidRequest(f"{path.name} has no video in it.")
        for packet in packets_of(container, picture):
            digest.update(bytes(packet))
            shown.append(None if packet.pts is None else packet.pts * packet.time_base - origin)
            decoded.append(None if packet.dts is None else packet.dts * packet.time_base - origin)
            keys.append(packet.is_keyframe)
    return PacketTrail(digest.hexdigest(), tuple(shown), tuple(decoded), tuple(keys))
