"""Keys tell apart what differs and bring together what people call the same."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batuta.albums import CacheOrchestrator, UnifiedHashService
from batuta.albums.keys import folded, generic_key, key_of_text, key_text
from batuta.errors import InvalidRequest

names = st.text(st.characters(exclude_categories=()), max_size=12)
plain = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
keys = st.recursive(
    plain,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(plain, inner, max_size=3)
    ),
    max_leaves=6,
)


@given(names, names, names, names)
def test_two_albums_have_one_key_exactly_where_their_names_compare_equal(
    artist: str, album: str, other_artist: str, other_album: str
) -> None:
    """Whatever characters are in the names."""
    same = (folded(artist), folded(album)) == (folded(other_artist), folded(other_album))
    one, other = (
        UnifiedHashService.hash_album_key(artist, album),
        UnifiedHashService.hash_album_key(other_artist, other_album),
    )
    assert (one == other) is same


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("a|b", "c"), ("a", "b|c")),
        (("ab", "c"), ("a", "bc")),
        (("1", "1 1"), ("1 1", "1")),
        (("a", ""), ("", "a")),
    ],
)
def test_parts_of_a_name_do_not_wander(one: tuple[str, str], other: tuple[str, str]) -> None:
    """A separator in a name is part of the name."""
    assert CacheOrchestrator.generate_album_key(*one) != CacheOrchestrator.generate_album_key(*other)
    assert UnifiedHashService.hash_api_key(*one, "x") != UnifiedHashService.hash_api_key(*other, "x")
    assert UnifiedHashService.hash_api_key(*one, "x") != UnifiedHashService.hash_api_key(one[0], "x", one[1])


@given(names)
def test_a_name_compares_as_its_other_forms_do(name: str) -> None:
    """Composed or not, trimmed or not, in lower case or not."""
    for form in ("NFC", "NFD"):
        assert folded(unicodedata.normalize(form, name)) == folded(name)
    assert folded(f" \u00a0{name}\n") == folded(name)
    assert folded(name.casefold()) == folded(name)
    assert folded(folded(name)) == folded(name)


def test_names_of_real_artists_compare_as_people_do() -> None:
    """Sharp s, dotted capitals, ligatures that are other letters stay other letters."""
    assert folded("MAẞE") == folded("masse") == folded("Maße")
    assert folded("Sigur Ro\u0301s") == folded("SIGUR RÓS")
    assert folded("ﬁ") == folded("FI")
    assert folded("Moloko") != folded("Moloko+")


@given(keys, keys)
def test_generic_keys_are_one_exactly_where_they_mean_the_same(one: object, other: object) -> None:
    """A tuple is no list, 1 is neither "1" nor True; a dictionary's order says nothing."""
    same = repr(_ordered(one)) == repr(_ordered(other))
    assert (generic_key(one) == generic_key(other)) is same
    assert (UnifiedHashService.hash_generic_key(one) == UnifiedHashService.hash_generic_key(other)) is same


@given(keys | names | names.map(lambda name: f"tracks_{name}"))
def test_a_generic_key_comes_back_from_the_disk_as_it_was(key: object) -> None:
    """Halves of characters included."""
    assert key_of_text(key_text(generic_key(key))) == generic_key(key)


def test_lists_of_tracks_are_known_by_the_artist_however_written() -> None:
    """An artist called All is not the snapshot of all tracks."""
    assert generic_key("tracks_BJÖRK ") == generic_key("tracks_bjo\u0308rk")
    assert generic_key("tracks_All") != generic_key("tracks_all")
    assert generic_key("ALL") == generic_key("tracks_all")
    assert generic_key("Tracks_x") != generic_key("tracks_x")


def test_a_key_without_a_form_is_refused() -> None:
    """By a sentence that names its type."""
    with pytest.raises(InvalidRequest, match="object"):
        generic_key(object())


def _ordered(key: object) -> object:
    if isinstance(key, str):
        return generic_key(key)
    if isinstance(key, list | tuple):
        return (type(key).__name__, [_ordered(part) for part in key])
    if isinstance(key, dict):
        return ("dict", sorted((repr(_ordered(name)), repr(_ordered(part))) for name, part in key.items()))
    return key
