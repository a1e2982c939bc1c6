"""Transcripts of YouTube videos, from the nearest tier that has them.

The seed's names, for programs without an event loop; `batuta.transcripts.app.open_transcripts` is the
asynchronous core, which HTTP and the command line use.
"""

from batuta.transcripts.blocking import TranscriptOrchestrator, get_session
from batuta.transcripts.causes import TranscriptUnavailable
from batuta.transcripts.cores import TranscriptCache
from batuta.transcripts.models import Cause, Segment, Track, TranscriptResult
from batuta.transcripts.video_ids import extract_video_id
from batuta.transcripts.youtube import YouTube as YouTubeTranscriptFetcher

__all__ = [
    "Cause",
    "Segment",
    "Track",
    "TranscriptCache",
    "TranscriptOrchestrator",
    "TranscriptResult",
    "TranscriptUnavailable",
    "YouTubeTranscriptFetcher",
    "extract_video_id",
    "get_session",
]
