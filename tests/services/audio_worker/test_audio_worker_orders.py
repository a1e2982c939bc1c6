"""Orders of the audio worker: complete or refused with a word of help, the same by JSON and by form."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from batuta.errors import InvalidRequest
from batuta.services.audio_worker.orders import MAX_CLIPS, AudioTask, Placed
from batuta.services.audio_worker.profiles import PROFILES
from batuta.storage.artefacts import Artefact


def file(number: int = 0) -> Artefact:
    return Artefact(sha256=f"{number:064x}", size=1, media_type="audio/flac")


MIX: dict[str, Any] = {
    "task": "mix",
    "bed": file(90),
    "duration": 10.0,
    "clips": (file(1), file(2), file(1)),
    "placements": (Placed(start=0.5), Placed(start=2.0, tempo=1.1), Placed(start=4.0)),
}
MERGE: dict[str, Any] = {"task": "merge", "video": file(), "audio": file()}


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"task": "extract", "audio": file()}, "extract needs video"),
        ({"task": "separate", "bed": file()}, "separate needs video or audio"),
        ({"task": "merge", "audio": file()}, "merge needs video"),
        ({"task": "merge", "video": file()}, "merge needs audio"),
        ({**MIX, "duration": None}, "mix needs duration or video"),
        ({**MIX, "bed": None}, "keep_background=false"),
        ({**MIX, "clips": (file(1),)}, "1 clips and 3 placements"),
        ({**MIX, "profile": "loud"}, "web, broadcast, netflix"),
        ({**MIX, "placements": "[{"}, "placements are no JSON"),
        ({"task": "mix", "clip_0": file(), "clip_2": file()}, "clip_1 is missing"),
        ({**MERGE, "subtitles_target": Artefact(sha256="0" * 64, size=4_000_001)}, "4000001 bytes"),
    ],
)
def test_what_is_missing_is_named(fields: dict[str, Any], says: str) -> None:
    """An order that cannot be done is refused before anything is, with what to do."""
    with pytest.raises(InvalidRequest, match=says):
        AudioTask.model_validate(fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"task": "dance", "video": file()},
        {**MIX, "placements": [{"start": -1}] * 3},
        {**MIX, "placements": [{"start": float("nan")}] * 3},
        {**MIX, "placements": [{"start": 1, "tempo": 9}] * 3},
        {**MIX, "duration": 1e9},
        {**MIX, "clips": [file()] * (MAX_CLIPS + 1)},
    ],
)
def test_values_have_limits(fields: dict[str, Any]) -> None:
    """Nothing unbounded is taken on."""
    with pytest.raises(ValidationError):
        AudioTask.model_validate(fields)


def test_a_form_gives_the_same_order() -> None:
    """Each clip is a part of its own, the rest are texts; key and files are those of the JSON order."""
    order = AudioTask(**MIX)
    parts = order.files
    assert list(parts) == ["bed", "clip_0", "clip_1", "clip_2"]
    stated = order.model_dump(mode="json", exclude=set(parts))  # as services/remote.py does
    assert "clips" not in stated
    texts = {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in stated.items()
        if value not in (None, [])
    }
    again = AudioTask.model_validate({**texts, **parts})
    assert again == order
    assert again.key("x") == order.key("x")
    assert AudioTask.model_validate(order.model_dump(mode="json")) == order


def test_ten_clips_come_in_the_order_of_their_numbers() -> None:
    """`clip_10` follows `clip_9`, whatever order the parts arrive in."""
    clips = {f"clip_{number}": file(number) for number in reversed(range(11))}
    placements = [Placed(start=number) for number in range(11)]
    order = AudioTask.model_validate(
        {"task": "mix", "keep_background": "false", "duration": "12", "placements": placements, **clips}
    )
    assert order.clips == tuple(file(number) for number in range(11))


def test_every_profile_can_be_ordered() -> None:
    """The seed's default is the contract's web profile."""
    assert AudioTask(**MIX).profile == "web"
    assert (PROFILES["web"].loudness, PROFILES["web"].true_peak) == (-16.0, -1.5)
    assert [AudioTask(**MIX, profile=name).profile for name in PROFILES] == list(PROFILES)
