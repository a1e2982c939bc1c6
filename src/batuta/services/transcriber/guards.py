"""Whether to believe a segment: one pure decision over what Whisper and the voice activity model say of it.

The numbers are Whisper's own (openai/whisper, `transcribe.py`: 2.4, -1.0, 0.6) and stable-ts's (half of the
words without length). What Whisper makes up in sound without speech shows in them: given 30 s of synthetic
music it repeats one sentence with a compression ratio near 10, nearly every word without length; given
digital silence it says "you" with a `no_speech_prob` of 0.93 and an `avg_logprob` of -0.8, which Whisper's
own rule lets pass. Real speech measures ratios to 2.2, probabilities of silence to 0.44, logprobs from -0.3.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Final

from batuta.services.transcriber.heard import Heard, bare

MAX_COMPRESSION: Final = 2.4
MIN_LOGPROB: Final = -1.0
MAX_NO_SPEECH: Final = 0.6
MAX_INSTANT_SHARE: Final = 0.5
MAX_CHARACTERS_A_SECOND: Final = 45.0
"""Of speech; the fastest speakers reach 30."""

INSTANT_SECONDS: Final = 0.011
"""Less than one of Whisper's time steps of 20 ms."""
_FEWEST_TIMED: Final = 3
"""So few words without length say nothing: Whisper has but 20 ms steps for them."""

_ANNOTATION: Final = re.compile(r"\s*([\[(*♪♫【\uff08].*[\])*♪♫】\uff09]|[\W_]*)\s*", re.DOTALL)
"""Nothing but what stands in brackets, between stars or notes, or is punctuation."""

_CREDITS: Final = re.compile(
    r"amara\.?org|subtitles by|untertitelung (des zdf|im auftrag|aufgrund)|legendas pela comunidade"
    r"|sous-titrage (société|st)|редактор субтитров|субтитры (сделал|делал|создавал|подготов)"
    r"|字幕by|字幕志愿者|请不吝点赞"
)
"""Credits that stand in the subtitles Whisper was trained on; nobody speaks them."""

_CLOSINGS: Final = frozenset(
    bare(text)
    for text in (
        "you", "thank you", "thank you very much", "thank you so much", "thanks", "bye", "bye bye", "the end",
        "thanks for watching", "thank you for watching", "thank you so much for watching",
        "please subscribe", "please subscribe to my channel", "like and subscribe", "see you next time",
        "i'll see you in the next video", "we'll be right back", "to be continued", "i'm sorry", "so", "okay",
        "obrigado", "obrigado por assistir", "tchau", "inscreva-se no canal", "e aí", "gracias",
        "gracias por ver el video", "¡suscríbete al canal!", "merci", "merci d'avoir regardé cette vidéo",
        "vielen dank", "vielen dank fürs zuschauen", "bis zum nächsten mal", "grazie", "grazie a tutti",
        "grazie per la visione", "продолжение следует", "спасибо за просмотр", "ご視聴ありがとうございました",
        "おやすみなさい", "谢谢观看", "謝謝觀看", "시청해주셔서 감사합니다", "dziękuję", "dziękuję za uwagę",
        "bedankt voor het kijken", "tack för att ni tittade", "izlediğiniz için teşekkür ederim",
    )
)  # fmt: skip
"""What Whisper says most where nobody speaks. People say it too, so more must speak against it."""


class Verdict(Enum):
    """What to do with a segment."""

    KEEP = "keep"
    DOUBT = "doubt"
    """Listen again; if that gives nothing better, keep it."""
    DROP = "drop"


def verdict(segment: Heard, speech_seconds: float) -> Verdict:
    """Whether to believe the segment; `speech_seconds` is how much speech was found around it."""
    if _is_no_speech(segment) or _is_impossible(segment, speech_seconds):
        return Verdict.DROP
    if _is_closing(segment) and _is_unlikely(segment, speech_seconds):
        return Verdict.DROP
    if segment.compression_ratio > MAX_COMPRESSION:
        return Verdict.DOUBT if segment.words else Verdict.DROP  # without words no loop can be cut out
    return Verdict.DOUBT if segment.avg_logprob < MIN_LOGPROB else Verdict.KEEP


def is_sure(segment: Heard, speech_seconds: float) -> bool:
    """Whether nothing at all speaks against the segment: asked of what is heard where nothing was before."""
    believed = verdict(segment, speech_seconds) is Verdict.KEEP
    return believed and segment.no_speech_prob <= MAX_NO_SPEECH and not _is_closing(segment)


def _is_no_speech(segment: Heard) -> bool:
    """Annotations, credits, and what Whisper itself takes for silence."""
    if _ANNOTATION.fullmatch(segment.text) or _CREDITS.search(segment.text.casefold()):
        return True
    return segment.no_speech_prob > MAX_NO_SPEECH and segment.avg_logprob < MIN_LOGPROB


def _is_impossible(segment: Heard, speech_seconds: float) -> bool:
    """More than anybody could say in that time, by the words' own lengths or by the speech there is."""
    instant = sum(word.end - word.start < INSTANT_SECONDS for word in segment.words)
    if len(segment.words) >= _FEWEST_TIMED and instant > MAX_INSTANT_SHARE * len(segment.words):
        return True
    return len(segment.text.strip()) > MAX_CHARACTERS_A_SECOND * speech_seconds


def _is_closing(segment: Heard) -> bool:
    return bare(segment.text) in _CLOSINGS


def _is_unlikely(segment: Heard, speech_seconds: float) -> bool:
    return (
        segment.no_speech_prob > MAX_NO_SPEECH
        or segment.avg_logprob < MIN_LOGPROB
        or speech_seconds < (segment.end - segment.start) / 2
    )
