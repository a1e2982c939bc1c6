"""A segment carries the engine's measures, where the engine takes any."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from batuta.media import Segment

_MEASURE = st.none() | st.floats(allow_nan=False, allow_infinity=False)


@given(_MEASURE, _MEASURE, _MEASURE)
def test_measures_go_through_json(logprob: float | None, silence: float | None, ratio: float | None) -> None:
    """What is there comes back equal; what is not is no key."""
    segment = Segment(1.0, 2.0, "so", avg_logprob=logprob, no_speech_prob=silence, compression_ratio=ratio)
    data = json.loads(json.dumps(segment.to_dict()))
    assert Segment.from_dict(data) == segment
    assert len(data) == 4 + sum(measure is not None for measure in (logprob, silence, ratio))


def test_segments_of_other_services_are_as_before() -> None:
    """Without measures, in both directions."""
    data = {"start": 1.0, "end": 2.0, "text": "so", "words": []}
    assert Segment.from_dict(data).to_dict() == data
