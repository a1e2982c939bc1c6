"""What is a year is one wherever it comes from; an error page is none."""

from __future__ import annotations

from pathlib import Path

import pytest
from albums_parts import caches

from batuta.albums import CacheOrchestrator
from batuta.albums.years import parse_year
from batuta.errors import InvalidRequest

pytestmark = pytest.mark.anyio
WIDE = "\N{FULLWIDTH DIGIT ONE}\N{FULLWIDTH DIGIT NINE}91"
NO_YEARS = [
    "",
    "404",
    "nan",
    "None",
    "0000",
    "1859",
    "9999",
    WIDE,
    "1991!",
    "1993-99-99",
    "<html>429</html>",
]


@pytest.mark.parametrize(
    ("text", "year"),
    [
        ("1991", 1991),
        (" 1991-09 ", 1991),
        ("1991-09-24", 1991),
        ("1991-00-00", 1991),
        ("1991-09-24T07:00:00Z", 1991),
        ("1860", 1860),
        ("2027", 2027),
        ("2028", None),
        ("19911", None),
        *((text, None) for text in NO_YEARS),
    ],
)
def test_a_year_is_four_digits_or_a_date(text: str, year: int | None) -> None:
    """From the first recording to next year, in digits that everybody reads."""
    assert parse_year(text, 2026) == year


@pytest.mark.parametrize("text", NO_YEARS)
async def test_no_other_text_becomes_a_year(
    orchestrator: CacheOrchestrator, tmp_path: Path, text: str
) -> None:
    """Not by storing it, not as a source's answer, which is a failed lookup then, and not out of a file."""
    with pytest.raises(InvalidRequest, match="is no year"):
        await orchestrator.store_album_year("a", "b", text, 80)
    await orchestrator.set_cached_api_result("a", "b", "itunes", text)
    result = await orchestrator.get_cached_api_result("a", "b", "itunes")
    assert result is not None
    assert (result.year, result.ttl) == (None, 3600)

    there = tmp_path / "older"
    there.mkdir()
    (there / "album_years.csv").write_text(f"artist,album,year\nc,d,{text}\nc,e,1990\n", encoding="utf-8")
    answer = f'"artist": "c", "album": "d", "source": "s", "timestamp": 9e9, "year": "{text}", "ttl": null'
    (there / "cache.json").write_text("{" + f'"k": {{{answer}}}' + "}", encoding="utf-8")
    async with caches(tmp_path / "other") as other:
        assert await other.import_files(there) == {"album_years.csv": 1, "cache.json": 1}
        assert [entry.album for entry in other.album_years_cache.values()] == ["e"]
        assert [one.year for one in other.api_cache.values()] == [None]
