"""Sources of album years: who can be asked, and what each of them can answer.

source = MusicBrainz("https://example.org/contact")
match await source.look_up("Nirvana", "Nevermind"):
    case Found(candidates=candidates): …     # `scoring.conclude` says which year they come to
    case Unknown(): …                        # asked, does not know it
    case Failed(reason=reason): …            # says nothing about the album
"""

from __future__ import annotations

from batuta.albums.sources.answers import (
    ANSWERS,
    Candidate,
    Failed,
    Found,
    Kind,
    Reason,
    Source,
    SourceAnswer,
    Unknown,
)
from batuta.albums.sources.asking import Manners
from batuta.albums.sources.discogs import Discogs
from batuta.albums.sources.itunes import ITunes
from batuta.albums.sources.musicbrainz import MusicBrainz

__all__ = [
    "ANSWERS",
    "Candidate",
    "Discogs",
    "Failed",
    "Found",
    "ITunes",
    "Kind",
    "Manners",
    "MusicBrainz",
    "Reason",
    "Source",
    "SourceAnswer",
    "Unknown",
]
