"""Units of measure as people write them, and what they come to in the unit of an attribute."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from types import MappingProxyType
from typing import Final


class Dimension(Enum):
    """What a unit measures."""

    DATA = auto()
    LENGTH = auto()
    MASS = auto()
    VOLUME = auto()
    TIME = auto()
    POWER = auto()
    FREQUENCY = auto()
    CHARGE = auto()
    PIXELS = auto()
    VOLTAGE = auto()
    PRESSURE = auto()
    LIGHT = auto()
    NOISE = auto()
    TEMPERATURE = auto()
    MAGNIFICATION = auto()


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit as a multiple of its base: GB, cm, kg, l, h, W, Hz, mAh, MP, V, bar, lm, dB, K, x."""

    dimension: Dimension
    factor: float
    binary: bool = False
    """Makers count 1,000 to the terabyte, programs 1,024: both are meant."""


_INCH: Final = 2.54
_POUND: Final = 0.453_592_37
_TABLE: Final = (
    (Unit(Dimension.DATA, 1), "gb gig gigs gigabyte gigabytes gib go"),
    (Unit(Dimension.DATA, 1000, binary=True), "tb terabyte terabytes tib to"),
    (Unit(Dimension.DATA, 1 / 1024), "mb megabyte megabytes mib"),
    (Unit(Dimension.LENGTH, 1), "cm centimeter centimeters centimetre centimetres centimetros zentimeter"),
    (Unit(Dimension.LENGTH, 0.1), "mm millimeter millimeters millimetre millimetres milimetros"),
    (Unit(Dimension.LENGTH, 100), "m meter meters metre metres metros metri"),
    (Unit(Dimension.LENGTH, _INCH), 'in inch inches inchs " pulgadas polegadas pouces zoll pollici pulgada'),
    (Unit(Dimension.LENGTH, 12 * _INCH), "ft foot feet"),
    (Unit(Dimension.MASS, 1), "kg kgs kilo kilos kilogram kilograms kilogramm"),
    (Unit(Dimension.MASS, 0.001), "g gr gram grams gramm gramos gramas grammes grammi"),
    (Unit(Dimension.MASS, _POUND), "lb lbs pound pounds"),
    (Unit(Dimension.MASS, _POUND / 16), "oz ounce ounces"),
    (Unit(Dimension.VOLUME, 1), "l ltr liter litern liters litre litres litro litros litri"),
    (Unit(Dimension.VOLUME, 0.001), "ml milliliter milliliters millilitre millilitres mililitros"),
    (Unit(Dimension.VOLUME, 0.01), "cl"),
    (Unit(Dimension.TIME, 1), "h hr hrs hour hours hora horas heure heures stunde stunden ora ore"),
    (Unit(Dimension.TIME, 1 / 60), "minutes minute mins min minutos minuten minuti"),
    (Unit(Dimension.TIME, 24), "day days"),
    (Unit(Dimension.POWER, 1), "w watt watts"),
    (Unit(Dimension.POWER, 1000), "kw kilowatt kilowatts"),
    (Unit(Dimension.FREQUENCY, 1), "hz hertz"),
    (Unit(Dimension.FREQUENCY, 1e3), "khz"),
    (Unit(Dimension.FREQUENCY, 1e6), "mhz"),
    (Unit(Dimension.FREQUENCY, 1e9), "ghz"),
    (Unit(Dimension.CHARGE, 1), "mah"),
    (Unit(Dimension.CHARGE, 1000), "ah"),
    (Unit(Dimension.PIXELS, 1), "mp megapixel megapixels mpx"),
    (Unit(Dimension.VOLTAGE, 1), "v volt volts"),
    (Unit(Dimension.PRESSURE, 1), "bar bars"),
    (Unit(Dimension.LIGHT, 1), "lm lumen lumens"),
    (Unit(Dimension.NOISE, 1), "db decibel decibels"),
    (Unit(Dimension.TEMPERATURE, 1), "kelvin k"),
    (Unit(Dimension.MAGNIFICATION, 1), "x fach"),
)
UNITS: Final[Mapping[str, Unit]] = MappingProxyType(
    {word: unit for unit, words in _TABLE for word in words.split()}
)
"""By their folded words."""
ONLY_GLUED: Final = frozenset({"in", "to", "go", "m", "min", "l", "v", "h", "w", "g", "x"})
"""Also words or letters of other meaning: a unit only right behind the number, or where the catalogue's
attributes are measured in it and nothing but an end follows."""
FLUID_OUNCE: Final = Unit(Dimension.VOLUME, 0.0295735)
OUNCES: Final = frozenset({"oz", "ounce", "ounces"})
"""Of what has a capacity they are fluid ones."""
INCHES: Final = UNITS["in"]


def unit_of(word: str | None) -> Unit | None:
    """The unit a word or an attribute's unit names; None if it is none we know."""
    return UNITS.get(word.strip().lower().rstrip(".")) if word else None


def converted(value: float, unit: Unit, to: Unit) -> float:
    """A measure in another unit of its dimension, without the dust of floating point."""
    return float(f"{value * unit.factor / to.factor:.6g}") if unit.factor != to.factor else value
