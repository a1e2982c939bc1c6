"""At which byte of the file the body of an HTTP answer starts."""

from __future__ import annotations

import pytest

from batuta.weights.downloads import start_of
from batuta.weights.sources import SourceFailed


@pytest.mark.parametrize(
    ("status", "headers", "have", "start"),
    [
        (200, {}, 0, 0),
        (200, {"content-length": "10"}, 0, 0),
        (200, {"content-length": "10"}, 4, 0),
        (206, {"content-range": "bytes 4-9/10"}, 4, 4),
        (206, {"content-range": "bytes 4-9/*"}, 4, 4),
        (206, {"content-range": "bytes 0-9/10"}, 4, 0),
    ],
)
def test_a_useful_answer_starts_at_zero_or_where_we_stopped(
    status: int, headers: dict[str, str], have: int, start: int
) -> None:
    """The start is the server's to say, not ours."""
    assert start_of(status, headers, size=10, have=have) == start


@pytest.mark.parametrize(
    ("status", "headers", "cause"),
    [
        (404, {}, "answered 404"),
        (416, {"content-range": "bytes */3"}, "answered 416"),
        (503, {}, "answered 503"),
        (206, {}, "answered 206"),
        (206, {"content-range": "pages 4-9/10"}, "answered 206"),
        (200, {"content-length": "11"}, "another file there, of 11 bytes instead of 10"),
        (206, {"content-range": "bytes 4-10/11"}, "another file there, of 11 bytes instead of 10"),
        (206, {"content-range": "bytes 5-9/10"}, "sent bytes from 5 when asked from 4"),
    ],
)
def test_any_other_answer_is_refused_with_its_cause(status: int, headers: dict[str, str], cause: str) -> None:
    """No byte of such a body is read."""
    with pytest.raises(SourceFailed, match=cause):
        start_of(status, headers, size=10, have=4)
