"""Words that mean the same thing in a shop, and nouns that make another thing of the one before them.

Applied only where the catalogue has one of them: its own words always count first.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


SYNONYMS: Final[tuple[tuple[str, ...], ...]] = tuple(
    tuple(words.split(" | "))
    for words in (
        "laptop | notebook | laptop computer | notebook computer | ultrabook | chromebook | macbook",
        "running shoe | trainer | sneaker | running sneaker | jogging shoe | athletic shoe | tennis shoe",
        "television | tv | smart tv | television set | telly",
        "phone | smartphone | mobile phone | mobile | cell phone | cellphone | cell | smart phone | handset",
        "headphone | earphone | headset | earbud | ear bud | in ear headphone",
        "backpack | rucksack | daypack | knapsack | back pack | bagpack",
        "coffee maker | coffee machine | coffeemaker | coffee brewer",
        "bicycle | bike | push bike | cycle",
        "watch | wristwatch | wrist watch | timepiece",
        "smartwatch | smart watch",
        "desk lamp | table lamp | reading lamp | desk light",
        "office chair | desk chair | computer chair | swivel chair",
        "vacuum cleaner | vacuum | hoover | vac",
        "water bottle | drinking bottle | flask | drink bottle",
        "jacket | coat | windbreaker",
        "monitor | computer monitor | computer screen | pc monitor | display monitor",
        "camera | digital camera | photo camera",
        "board game | tabletop game | boardgame | table game",
        "refrigerator | fridge",
        "sofa | couch | settee",
        "trousers | pants | slacks",
        "sweater | jumper | pullover",
        "t shirt | tee | tee shirt | tshirt",
        "suitcase | luggage | travel case | trolley case",
        "hard drive | hard disk | hdd | hard disk drive",
        "ssd | solid state drive",
        "graphics card | video card | gpu",
        "processor | cpu",
        "speaker | loudspeaker",
        "cooker | stove",
        "toaster | bread toaster",
        "grey | gray",
        "purple | violet",
        "navy | navy blue | dark blue",
        "beige | cream | tan",
        "waterproof | water proof | water resistant | weatherproof | rainproof | splash proof",
        "wireless | cordless | bluetooth",
        "noise cancelling | noise canceling | noise cancellation | noise reduction | anc",
        "microphone | mic",
        "touchscreen | touch screen | touch",
        "foldable | folding | collapsible | foldaway",
        "dishwasher safe | dishwasher proof",
        "rechargeable | usb rechargeable",
        "xs | extra small | x small",
        "s | small",
        "m | medium",
        "l | large",
        "xl | extra large | x large",
        "xxl | extra extra large | 2xl | xx large",
        "women | woman | womens | ladies | female | for her",
        "men | man | mens | gents | male | for him",
        "kids | children | kid | child | boys | girls",
    )
)
"""The first word of each that the catalogue has stands for the others it has not."""

_CORDS: Final = tuple(
    f"{without} {cord}"
    for without in ("without", "without a", "without any", "with no", "no")
    for cord in ("cord", "cords", "cable", "cables", "wire", "wires")
)
WITHOUT: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "cordless": _CORDS,
        "wireless": _CORDS,
        "bagless": ("without bag", "without a bag", "without bags", "with no bag", "no bag", "no bags"),
    }
)
"""What a product goes without, for attributes that say so."""

ATTRIBUTE_WORDS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "memory": ("ram",),
        "ram": ("memory",),
        "storage": ("ssd", "hdd", "disk", "hard drive", "hard disk", "drive", "storage space", "disk space"),
        "screen size": ("screen", "display", "display size", "diagonal", "screen diagonal"),
        "display size": ("screen", "display", "screen size"),
        "weight": ("weigh", "weighs", "weighing"),
        "battery": ("battery life", "battery time", "runtime"),
        "battery life": ("battery", "runtime"),
        "colour": ("color", "colours", "colors", "shade"),
        "color": ("colour", "colours", "colors", "shade"),
        "size": ("sizes", "sized"),
        "capacity": ("volume",),
        "material": ("materials", "fabric"),
        "power": ("wattage",),
        "refresh rate": ("refresh",),
        "resolution": ("megapixels",),
        "players": ("people", "persons"),
        "slots": ("slices",),
        "water resistance": ("water resistant",),
    }
)
"""What people say for the names of attributes."""

OTHER_THINGS: Final = _words(
    """
    accessory accessories adapter adaptor attachment bag basket battery belt blade bracelet brush
    bulb cable cap capsule capsules carrier cartridge case casing chain charger charm cleaner
    cleaning cloth clip cord cover dock docking filter filters fluid glue guard hanger holder hook
    insert insole insoles insurance key kit laces lace lead lens lid light lights liner lock
    magazine mat mount mousepad organiser organizer pad pads pannier parts part pedal pedals pods
    polish pouch protector pump rack refill remote repair replacement saddle screen shade shelf skin
    sleeve spare spray stand sticker stickers stool storage strap straps stylus subscription table
    toner tray tripod trolley tyre tyres tire tires warmer wax wheel wheels zip
    """
)
"""Behind the name of a product they are what is wanted: a `phone case` is no phone."""
