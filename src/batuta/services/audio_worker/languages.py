"""Languages as containers write them: ISO 639-2/T codes (three letters) for what the services call them."""

from __future__ import annotations

from typing import Final

from batuta.services.transcriber.languages import LANGUAGES

UNDETERMINED: Final = "und"

# fmt: off
_ISO_639_2: Final = {
    "af": "afr", "am": "amh", "ar": "ara", "as": "asm", "az": "aze", "ba": "bak", "be": "bel", "bg": "bul",
    "bn": "ben", "bo": "bod", "br": "bre", "bs": "bos", "ca": "cat", "cs": "ces", "cy": "cym", "da": "dan",
    "de": "deu", "el": "ell", "en": "eng", "es": "spa", "et": "est", "eu": "eus", "fa": "fas", "fi": "fin",
    "fo": "fao", "fr": "fra", "ga": "gle", "gl": "glg", "gu": "guj", "ha": "hau", "he": "heb", "hi": "hin",
    "hr": "hrv", "ht": "hat", "hu": "hun", "hy": "hye", "id": "ind", "is": "isl", "it": "ita", "ja": "jpn",
    "jw": "jav", "jv": "jav", "ka": "kat", "kk": "kaz", "km": "khm", "kn": "kan", "ko": "kor", "la": "lat",
    "lb": "ltz", "ln": "lin", "lo": "lao", "lt": "lit", "lv": "lav", "mg": "mlg", "mi": "mri", "mk": "mkd",
    "ml": "mal", "mn": "mon", "mr": "mar", "ms": "msa", "mt": "mlt", "my": "mya", "nb": "nob", "ne": "nep",
    "nl": "nld", "nn": "nno", "no": "nor", "oc": "oci", "pa": "pan", "pl": "pol", "ps": "pus", "pt": "por",
    "ro": "ron", "ru": "rus", "sa": "san", "sd": "snd", "si": "sin", "sk": "slk", "sl": "slv", "sn": "sna",
    "so": "som", "sq": "sqi", "sr": "srp", "su": "sun", "sv": "swe", "sw": "swa", "ta": "tam", "te": "tel",
    "tg": "tgk", "th": "tha", "tk": "tuk", "tl": "tgl", "tr": "tur", "tt": "tat", "uk": "ukr", "ur": "urd",
    "uz": "uzb", "vi": "vie", "yi": "yid", "yo": "yor", "zh": "zho",
}
# fmt: on


def container_language(language: str | None) -> str:
    """The code of three letters, whatever the region (`pt-BR` is `por`); `und` where there is none."""
    primary = _primary(language)
    if len(primary) == len(UNDETERMINED) and primary.isalpha() and primary.isascii():
        return primary
    return _ISO_639_2.get(primary, UNDETERMINED)


def language_name(language: str | None) -> str:
    """What a person calls the language in English, or its code; `Unknown` where there is none."""
    primary = _primary(language)
    return LANGUAGES.get(primary, language or "Unknown")


def _primary(language: str | None) -> str:
    return (language or "").strip().lower().replace("_", "-").partition("-")[0]
