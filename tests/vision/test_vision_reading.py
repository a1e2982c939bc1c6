"""Text in pictures: in order, without the network, of any shape of picture."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import photos
import pytest

from batuta.services.vision.reading import in_reading_order

PROGRAM = """
import json, sys

def offline(event, _):
    if event in {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "subprocess.Popen"}:
        raise PermissionError(event)

sys.addaudithook(offline)
from batuta.services.vision.reading import read

for path in sys.argv[1:]:
    found = read({"input": path, "threads": 2}, lambda _: None)
    sys.stderr.write(json.dumps(found) + "\\n")
"""


def box(left: float, top: float, width: float = 100, height: float = 20) -> list[list[float]]:
    return [[left, top], [left + width, top], [left + width, top + height], [left, top + height]]


@pytest.mark.parametrize(("boxes", "order"), [
    ([box(0, 100), box(0, 0), box(0, 50)], [1, 2, 0]),
    ([box(300, 3), box(0, 0), box(150, 6)], [1, 2, 0]),
    ([box(0, 30), box(200, 0), box(0, 4)], [2, 1, 0]),
    ([box(0, 60, height=20), box(200, 0, height=100)], [1, 0]),
    ([], []),
])  # fmt: skip
def test_lines_are_read_from_top_to_bottom_and_left_to_right(
    boxes: list[list[list[float]]], order: list[int]
) -> None:
    """Side by side is what is nearly as high; a tall line is no row of all that is beside it."""
    assert in_reading_order(np.array(boxes, np.float32).reshape(-1, 4, 2)) == order


def test_text_is_read_offline_and_nothing_is_printed(tmp_path: Path) -> None:
    """Three lines exactly; and nothing on a strip that RapidOCR alone would need 10 GB for."""
    pictures = {
        "sign": np.asarray(photos.sign("Trail Runner 42", "EUR 59.90", "Waterproof, size 42")),
        "strip": np.random.default_rng(0).integers(0, 255, (3, 1600, 3), np.uint8),
    }
    paths = [tmp_path / f"{name}.npy" for name in pictures]
    for path, pixels in zip(paths, pictures.values(), strict=True):
        np.save(path, pixels)
    done = subprocess.run(
        [sys.executable, "-P", "-W", "error", "-c", PROGRAM, *map(str, paths)],
        capture_output=True,
        timeout=60,
        check=False,
        text=True,
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    sign, strip = (json.loads(line)["lines"] for line in done.stderr.splitlines())
    assert [line["text"] for line in sign] == ["Trail Runner 42", "EUR 59.90", "Waterproof, size 42"]
    assert all(line["confidence"] > 0.9 for line in sign)
    assert strip == []
