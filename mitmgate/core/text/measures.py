"""The words of numbers, amounts, dates and sums: all tables, our own, English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mitmgate.core.text.tables import aliases_of, word_list, word_set

_SMALL: Final = word_list(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
_TENS: Final = word_list("twenty thirty forty fifty sixty seventy eighty ninety")
CARDINALS: Final[Mapping[str, int]] = {
    **{word: value for value, word in enumerate(_SMALL)},
    **{word: 20 + 10 * place for place, word in enumerate(_TENS)},
    "dozen": 12,
}
ORDINALS: Final[Mapping[str, int]] = {
    word: value
    for value, word in enumerate(
        ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"], 1
    )
}
SCALES: Final[Mapping[str, int]] = {
    "hundred": 100,
    "thousand": 1_000,
    "k": 1_000,
    "million": 1_000_000,
    "mn": 1_000_000,
    "billion": 1_000_000_000,
    "bn": 1_000_000_000,
    "trillion": 1_000_000_000_000,
}
ROMAN: Final[Mapping[str, int]] = {
    "II": 2,
    "III": 3,
    "IV": 4,
    "VI": 6,
    "VII": 7,
    "VIII": 8,
    "IX": 9,
    "XI": 11,
    "XII": 12,
}

MONTHS: Final[Mapping[str, int]] = {
    alias: number
    for number, names in enumerate(
        (
            "january jan",
            "february feb",
            "march mar",
            "april apr",
            "may",
            "june jun",
            "july jul",
            "august aug",
            "september sept sep",
            "october oct",
            "november nov",
            "december dec",
        ),
        1,
    )
    for alias in names.split()
}
#: Months that are ordinary words as well: a month only beside a number or after one of BEFORE_MONTH.
UNSURE_MONTHS: Final = word_set("may march mar dec sep")
BEFORE_MONTH: Final = word_set("in of since until till by last next this every during mid early late")
#: Words that place something in time, other than numbers: both questions must have the same.
CALENDAR: Final = aliases_of(
    """
    monday: mondays mon
    tuesday: tuesdays tue tues
    wednesday: wednesdays wed
    thursday: thursdays thu thurs
    friday: fridays fri
    saturday: saturdays
    sunday: sundays
    today:
    tomorrow:
    yesterday:
    tonight:
    weekend: weekends
    weekday: weekdays
    morning: mornings
    afternoon: afternoons
    evening: evenings
    spring:
    summer: summers
    autumn:
    winter: winters
    christmas: xmas
    easter:
    """
)
CLOCK: Final[Mapping[str, int]] = {"noon": 12 * 60, "midday": 12 * 60, "midnight": 0}

CURRENCY_SIGNS: Final[Mapping[str, str]] = {"$": "dollar", "€": "euro", "£": "gbp", "₹": "rupee", "¥": "yen"}
MONEY: Final = aliases_of(
    """
    dollar: dollars usd buck bucks
    euro: euros eur
    gbp: quid sterling
    rupee: rupees inr rs
    yen: jpy
    yuan: rmb cny
    cent: cents
    bitcoin: bitcoins btc
    """
)
#: Units that are units wherever they stand.
UNITS: Final = aliases_of(
    """
    kilogram: kilograms kg kgs kilo kilos
    milligram: milligrams mg
    gram: grams gramme grammes
    tonne: tonnes ton tons
    ounce: ounces oz
    lb: lbs
    stone: stones
    kilometer: kilometers kilometre kilometres km kms
    meter: meters metre metres
    centimeter: centimeters centimetre centimetres cm cms
    millimeter: millimeters millimetre millimetres mm
    mile: miles
    inch: inches
    yard: yards
    acre: acres
    hectare: hectares
    liter: liters litre litres
    milliliter: milliliters millilitre millilitres ml
    gallon: gallons
    celsius: centigrade
    fahrenheit:
    kelvin:
    kmh: kph
    mph:
    calorie: calories kcal
    joule: joules
    kilojoule: kilojoules kj
    watt: watts
    kilowatt: kilowatts kw
    volt: volts
    kilobyte: kilobytes kb
    megabyte: megabytes mb
    gigabyte: gigabytes gb
    terabyte: terabytes tb
    hertz: hz
    gigahertz: ghz
    megahertz: mhz
    percent: percentage
    hexadecimal: hex
    binary:
    decimal:
    """
)
#: Units only after a number: these are ordinary words or letters elsewhere.
UNITS_AFTER_NUMBER: Final = aliases_of(
    """
    gram: g
    meter: m
    liter: l
    pound: pounds
    foot: feet ft
    inch: in
    second: seconds sec secs s
    millisecond: milliseconds ms
    minute: minutes min mins
    hour: hours hr hrs h
    day: days
    week: weeks wk wks
    month: months
    year: years yr yrs
    decade: decades
    century: centuries
    celsius: c
    fahrenheit: f
    kelvin: kelvins
    degree: degrees deg
    person: people persons
    word: words
    sentence: sentences
    line: lines
    page: pages
    """
)
#: Said of temperatures beside the scale itself, or of nothing in particular.
EMPTY_UNITS: Final = word_set("degree")
#: Counted things: two questions differ by them only where both name one.
SOFT_UNITS: Final = word_set("person word sentence line page calorie percent day week month year")

OPERATORS: Final[Mapping[str, str]] = {
    "+": "+", "-": "-", "−": "-", "–": "-", "*": "*", "×": "*", "·": "*", "/": "/", "÷": "/", "^": "^", "**": "^",
    "%": "mod", "=": "=", "==": "=", "!=": "!=", "<": "<", ">": ">", "<=": "<=", ">=": ">=",
}  # fmt: skip
OPERATOR_WORDS: Final[Mapping[str, str]] = {
    "plus": "+",
    "minus": "-",
    "times": "*",
    "multiplied": "*",
    "x": "*",
    "divided": "/",
    "mod": "mod",
    "modulo": "mod",
}
#: What follows a number and works on it alone.
POWER_WORDS: Final[Mapping[str, str]] = {"squared": "^2", "cubed": "^3"}


def is_unit(word: str) -> bool:
    """Whether it measures something or is money: the guards of numbers and units know what is the same."""
    return word in UNITS or word in UNITS_AFTER_NUMBER or word in MONEY
