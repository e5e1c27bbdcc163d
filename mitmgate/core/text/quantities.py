"""Numbers, amounts, dates, times and sums among the tokens of a question, each brought to one form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from mitmgate.core.text import measures
from mitmgate.core.text.tokens import Kind, Token

#: The words that something here can begin with; most words are none of these.
_BEGINNINGS: Final = frozenset({"a", "an"}).union(
    measures.MONTHS, measures.CALENDAR, measures.CLOCK, measures.CARDINALS, measures.ORDINALS, measures.MONEY,
    measures.UNITS, measures.OPERATOR_WORDS, measures.POWER_WORDS,
)  # fmt: skip


@dataclass(slots=True)
class Quantities:
    """What was found; `used` are the tokens that need no further reading, `at` says which token a value stands at.

    amounts: (value, unit), unit "" when there is none; unsure: a "one" that may only be a pronoun.
    """

    amounts: list[tuple[str, str]] = field(default_factory=list)
    unsure: int = 0
    units: set[str] = field(default_factory=set)  # named without an amount
    dates: list[str] = field(default_factory=list)
    operators: list[str] = field(default_factory=list)
    used: set[int] = field(default_factory=set)
    at: dict[int, str] = field(default_factory=dict)


def quantities(tokens: Sequence[Token]) -> Quantities:
    """Reads the tokens from left to right, the longest form first."""
    found = Quantities()
    place = 0
    while place < len(tokens):
        token = tokens[place]
        kind = token.kind  # a set of an enum's members would hash them in Python
        if (kind is Kind.WORD and token.text not in _BEGINNINGS and not token.upper) or (
            kind is Kind.BREAK or kind is Kind.CODE
        ):
            place += 1
            continue
        place = (
            _date(tokens, place, found)
            or _time(tokens, place, found)
            or _money(tokens, place, found)
            or _amount(tokens, place, found)
            or _operator(tokens, place, found)
            or _lone_unit(tokens, place, found)
            or place + 1
        )
    return found


def shown(value: float) -> str:
    """A number as reasons and comparisons write it."""
    return str(int(value)) if abs(value) < 1e15 and value == int(value) else repr(value)


def _take(found: Quantities, start: int, end: int) -> int:
    found.used.update(range(start, end))
    return end


def _word(tokens: Sequence[Token], place: int) -> str:
    return tokens[place].text if 0 <= place < len(tokens) and tokens[place].kind is Kind.WORD else ""


def _date(tokens: Sequence[Token], place: int, found: Quantities) -> int | None:
    token = tokens[place]
    if token.kind is Kind.DATE:
        parts = [int(part) for part in token.text.replace("/", "-").replace(".", "-").split("-")]
        if token.text[4:5] == "-":
            found.dates.append("{}-{}-{}".format(*parts))
        else:  # day and month may stand either way round: only the same writing is the same date
            found.dates.append(f"{parts[2]} {parts[0]}/{parts[1]}")
        return _take(found, place, place + 1)
    day = _day(tokens, place)
    if day and (month := _month(tokens, after_of := place + 1 + (_word(tokens, place + 1) == "of"), sure=True)):
        return _year_and_take(tokens, place, after_of + 1, found, month, day)
    if month := _month(tokens, place, sure=_after_month_word(tokens, place)):
        day_at = place + 1 + (_word(tokens, place + 1) == "the")
        if day := _day(tokens, day_at):
            return _year_and_take(tokens, place, day_at + 1, found, month, day)
        return _year_and_take(tokens, place, place + 1, found, month, 0)
    if token.kind is Kind.WORD and token.text in measures.CALENDAR:
        found.dates.append(measures.CALENDAR[token.text])
        return _take(found, place, place + 1)
    return None


def _year_and_take(tokens: Sequence[Token], start: int, place: int, found: Quantities, month: int, day: int) -> int:
    year_at = place + (place < len(tokens) and tokens[place].text in (",", "of"))
    year = 0
    if year_at < len(tokens) and tokens[year_at].kind is Kind.NUMBER and len(tokens[year_at].text) == 4:
        year = int(float(tokens[year_at].text)) if tokens[year_at].text.isdigit() else 0
    found.dates.append(f"{year or ''}-{month}-{day or ''}")
    return _take(found, start, year_at + 1 if year else place)


def _day(tokens: Sequence[Token], place: int) -> int:
    if place < len(tokens):
        token = tokens[place]
        digits = token.text[:-2] if token.kind is Kind.ORDINAL else token.text if token.kind is Kind.NUMBER else ""
        if digits.isdigit() and 1 <= int(digits) <= 31 and len(digits) <= 2:
            return int(digits)
    return 0


def _month(tokens: Sequence[Token], place: int, *, sure: bool) -> int:
    word = _word(tokens, place)
    if not word or (word in measures.UNSURE_MONTHS and not sure):
        return 0
    return measures.MONTHS.get(word, 0)


def _after_month_word(tokens: Sequence[Token], place: int) -> bool:
    after = tokens[place + 1] if place + 1 < len(tokens) else None
    numbered = after is not None and after.kind in (Kind.NUMBER, Kind.ORDINAL)
    return numbered or _word(tokens, place - 1) in measures.BEFORE_MONTH


def _time(tokens: Sequence[Token], place: int, found: Quantities) -> int | None:
    token = tokens[place]
    if token.kind is Kind.WORD and token.text in measures.CLOCK:
        return _add_time(found, measures.CLOCK[token.text], place, place + 1)
    after = _word(tokens, place + 1)
    half = after if after in ("am", "pm") else ""
    if token.kind is Kind.TIME:
        hour, minute = (int(part) for part in token.text.split(":")[:2])
    elif half and token.kind is Kind.NUMBER and token.text.isdigit() and int(token.text) <= 12:
        hour, minute = int(token.text), 0
    elif half and token.text in measures.CARDINALS:
        hour, minute = measures.CARDINALS[token.text], 0
    else:
        return None
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    return _add_time(found, hour * 60 + minute, place, place + (2 if half else 1))


def _add_time(found: Quantities, minutes: int, start: int, end: int) -> int:
    found.dates.append(f"{minutes // 60}:{minutes % 60:02}")
    return _take(found, start, end)


def _money(tokens: Sequence[Token], place: int, found: Quantities) -> int | None:
    token = tokens[place]
    currency = measures.CURRENCY_SIGNS.get(token.text) or (
        measures.MONEY.get(token.text) if token.kind is Kind.WORD else None
    )
    if currency is None or (number := _number(tokens, place + 1)) is None:
        return None
    value, end = number
    end += measures.MONEY.get(_word(tokens, end)) == currency
    return _add_amount(found, value, currency, place, end)


def _amount(tokens: Sequence[Token], place: int, found: Quantities) -> int | None:
    if (number := _number(tokens, place)) is None:
        return None
    value, end = number
    unit_at = end + (end < len(tokens) and tokens[end].text in ("-", "°") and bool(_word(tokens, end + 1)))
    if end < len(tokens) and tokens[end].text == "%" and not _is_number(tokens, end + 1):
        return _add_amount(found, value, "percent", place, end + 1)
    if unit_at < len(tokens) and (sign := measures.CURRENCY_SIGNS.get(tokens[unit_at].text)):
        return _add_amount(found, value, sign, place, unit_at + 1)
    word = _word(tokens, unit_at)
    if word == "degrees" and (scale := measures.UNITS_AFTER_NUMBER.get(after := _word(tokens, unit_at + 1))) != after:
        word, unit_at = (after, unit_at + 1) if scale or after in measures.UNITS else (word, unit_at)
    unit = measures.UNITS.get(word) or measures.MONEY.get(word) or measures.UNITS_AFTER_NUMBER.get(word)
    if word == "in" and unit == "inch" and unit_at == end and tokens[unit_at].spaced:
        unit = None  # 5 in: a preposition
    if word == "per" and _word(tokens, unit_at + 1) == "cent":
        unit, unit_at = "percent", unit_at + 1
    if unit:
        unit = "" if unit in measures.EMPTY_UNITS else unit
        return _add_amount(found, value, unit, place, unit_at + 1)
    if tokens[place].text == "one":
        found.unsure += 1
        return _take(found, place, end)
    power = measures.POWER_WORDS.get(word)
    if power:
        found.operators.append(power)
        end = unit_at + 1
    return _add_amount(found, value, "", place, end)


def _add_amount(found: Quantities, value: float, unit: str, start: int, end: int) -> int:
    found.amounts.append((shown(value), unit))
    found.at[start] = shown(value)
    return _take(found, start, end)


def _number(tokens: Sequence[Token], place: int) -> tuple[float, int] | None:
    """The number that starts there, in digits or words. -> its value, and the place after it."""
    if place >= len(tokens):
        return None
    token = tokens[place]
    negative = token.text == "-" and not token.spaced_after and (place == 0 or not _is_number(tokens, place - 1))
    if negative and place + 1 < len(tokens) and tokens[place + 1].kind is Kind.NUMBER and token.spaced:
        value, end = _number(tokens, place + 1) or (0.0, place + 1)
        return -value, end
    if token.kind is Kind.ORDINAL:
        return float(token.text[:-2]), place + 1
    if token.kind is Kind.NUMBER:
        return _scaled(tokens, float(token.text.replace(",", "")), place + 1)
    if token.kind is not Kind.WORD:
        return None
    if token.upper and (token.capital or place) and token.text.upper() in measures.ROMAN:
        return float(measures.ROMAN[token.text.upper()]), place + 1
    if token.text in measures.ORDINALS:
        return float(measures.ORDINALS[token.text]), place + 1
    if token.text in ("a", "an") and _word(tokens, place + 1) in ("hundred", "thousand", "million", "billion", "dozen"):
        return _scaled(tokens, 1.0, place + 1) if _word(tokens, place + 1) != "dozen" else (12.0, place + 2)
    if token.text in measures.CARDINALS:
        return _spelled(tokens, place)
    return None


def _spelled(tokens: Sequence[Token], place: int) -> tuple[float, int]:
    """Number words from there on: two hundred and twenty-five."""
    value = float(measures.CARDINALS[tokens[place].text])
    end = place + 1
    ones = end + (end < len(tokens) and tokens[end].text == "-")
    if value >= 20 and value % 10 == 0 and 0 < measures.CARDINALS.get(_word(tokens, ones), 0) < 10:
        value, end = value + measures.CARDINALS[tokens[ones].text], ones + 1
    return _scaled(tokens, value, end)


def _scaled(tokens: Sequence[Token], value: float, end: int) -> tuple[float, int]:
    """Hundred, thousand, million behind a number, and what is added after them."""
    last = float("inf")
    while (scale := measures.SCALES.get(_word(tokens, end), 0)) and scale < last:
        if _word(tokens, end) == "k" and tokens[end].spaced:
            break
        value, last, end = value * scale, scale, end + 1
        rest = end + (_word(tokens, end) == "and")
        if scale >= 100 and measures.CARDINALS.get(_word(tokens, rest), 0) and tokens[rest - 1].kind is Kind.WORD:
            added, rest_end = _spelled(tokens, rest)
            if added < scale:
                value, end = value + added, rest_end
    return value, end


def _is_number(tokens: Sequence[Token], place: int) -> bool:
    if not 0 <= place < len(tokens):
        return False
    token = tokens[place]
    return token.kind in (Kind.NUMBER, Kind.ORDINAL) or token.text in measures.CARDINALS


def _is_operand(tokens: Sequence[Token], place: int) -> bool:
    if not 0 <= place < len(tokens):
        return False
    token = tokens[place]
    variable = token.kind is Kind.WORD and len(token.text) == 1 and token.text not in "ai"
    return _is_number(tokens, place) or variable or token.text[0] in "()"


def _operator(tokens: Sequence[Token], place: int, found: Quantities) -> int | None:
    token = tokens[place]
    end = place + 1
    if token.kind is Kind.SIGN:
        operator = measures.OPERATORS.get(token.text)
        both = _is_operand(tokens, place - 1) and _is_operand(tokens, end)
        if operator is None or not (both or (operator not in "-/" and _is_operand(tokens, place - 1))):
            return None
    elif token.kind is Kind.WORD:
        operator = measures.OPERATOR_WORDS.get(token.text)
        end += _word(tokens, end) == "by" and token.text in ("multiplied", "divided")
        if operator is None or not (_is_number(tokens, place - 1) and _is_operand(tokens, end)):
            if token.text != "minus" or not _is_number(tokens, end):
                return None
            operator = "-"
    else:
        return None
    found.operators.append(operator)
    return _take(found, place, end)


def _lone_unit(tokens: Sequence[Token], place: int, found: Quantities) -> int | None:
    token = tokens[place]
    if token.kind is not Kind.WORD and token.text not in measures.CURRENCY_SIGNS:
        return None
    unit = measures.UNITS.get(token.text) or measures.MONEY.get(token.text)
    if unit is None and token.kind is not Kind.WORD:
        unit = measures.CURRENCY_SIGNS[token.text]
    if unit is None:
        return None
    found.units.add(unit)
    return None  # it is also a word, with a place and a part
