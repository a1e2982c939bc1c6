"""What Bazarr's Whisper provider puts on the wire (bazarr, `subliminal_patch/providers/whisperai.py`)."""

from __future__ import annotations

BOUNDARY = b"8d1f3c5c2f6a4e0f9b7a6c5d4e3f2a1b"


def posted(target: str, sound: bytes) -> bytes:
    """What `requests.Session.post(params=…, files={"audio_file": sound})` puts on the wire."""
    body = (
        b"--" + BOUNDARY + b"\r\n"
        b'Content-Disposition: form-data; name="audio_file"; filename="audio_file"\r\n\r\n'
        + sound
        + b"\r\n--"
        + BOUNDARY
        + b"--\r\n"
    )
    head = (
        f"POST {target} HTTP/1.1\r\nHost: {{host}}\r\nUser-Agent: Subliminal/2.1\r\n"
        "Accept-Encoding: gzip, deflate\r\nAccept: */*\r\nConnection: keep-alive\r\n"
        f"Content-Length: {len(body)}\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY.decode()}\r\n\r\n"
    )
    return head.encode() + body


TRANSCRIBE = "/asr?task=transcribe&language=en&output=srt&encode=false"
WITH_NAME = f"{TRANSCRIBE}&video_file=%2Fmedia%2FSome+Show%2FS01E01.mkv"
TRANSLATE = "/asr?task=translate&language=de&output=srt&encode=false"
DETECT = "/detect-language?encode=false"
