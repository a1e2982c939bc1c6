"""Media as pure values: transcriptions, subtitles and their quality, without any input or output."""

from __future__ import annotations

from batuta.media.conformity import Conformity, Violation, check
from batuta.media.formats import FORMATS, Format, read, write
from batuta.media.linebreaks import break_lines
from batuta.media.profiles import PROFILES, Profile, profile_named
from batuta.media.segmentation import cues_from_words
from batuta.media.subtitles import Cue, Subtitles
from batuta.media.words import Segment, Transcription, Word

__all__ = [
    "FORMATS",
    "PROFILES",
    "Conformity",
    "Cue",
    "Format",
    "Profile",
    "Segment",
    "Subtitles",
    "Transcription",
    "Violation",
    "Word",
    "break_lines",
    "check",
    "cues_from_words",
    "profile_named",
    "read",
    "write",
]
