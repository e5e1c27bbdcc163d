"""The text that something is done with: translate, hash, count, rewrite. Each letter and sign of it counts. Pure."""

from __future__ import annotations

import re
from typing import Final

from mitmgate.core.text.tables import word_set

_LONGEST_HEAD: Final = 160  # characters before a colon
#: What is done with a given text.
_TASK: Final = re.compile(
    r"\b(?:translat\w+|transliterat\w+|hash\w*|md5|sha-?\d+|crc-?32|base-?64|rot-?13|morse|encod\w+|decod\w+|encrypt\w*"
    r"|decrypt\w*|revers\w+|count\w*|letters?|characters?|vowels?|consonants?|syllables?|upper-?case|lower-?case"
    r"|capitali[sz]e\w*|spell\w*|proof-?read\w*|grammar|grammatical\w*|correct|rewrit\w+|rephras\w+|paraphras\w+"
    r"|reword\w*|summari[sz]\w+|shorten\w*|pronounc\w+|anagrams?|palindromes?|rhym\w+|say|classify|sentiment|edit"
    r"|improve|polish|fix|transcrib\w+|length|sort|format|convert|continue|complete|mean|means|explain|sentence|word"
    r"|phrase)\b",
    re.IGNORECASE,
).search
_QUOTED: Final = re.compile(
    r'"([^"\n]{1,500})"|“([^”\n]{1,500})”|«([^»\n]{1,500})»|`([^`\n]{1,500})`|(?<!\w)[\'‘]([^\'’\n]{1,500})[\'’](?!\w)'
).findall
_LANGUAGE: Final = (
    r"(?:(?:simplified|traditional|mandarin|brazilian|american|british|old|modern|ancient|mexican) )?(?:afrikaans"
    r"|albanian|arabic|bengali|bulgarian|cantonese|catalan|chinese|croatian|czech|danish|dutch|english|esperanto|estonian|farsi"
    r"|finnish|french|gaelic|georgian|german|greek|gujarati|hawaiian|hebrew|hindi|hungarian|icelandic|indonesian|irish"
    r"|italian|japanese|klingon|korean|latin|latvian|lithuanian|malay|mandarin|marathi|norwegian|persian|polish"
    r"|portuguese|punjabi|romanian|russian|serbian|slovak|slovenian|spanish|swahili|swedish|tagalog|tamil|telugu|thai"
    r"|turkish|ukrainian|urdu|vietnamese|welsh|yiddish|zulu|morse code|sign language)"
)
_CODED: Final = (
    r"(?:md5|sha-?\d{1,3}(?:-\d+)?|crc-?32|base-?64|rot-?13|morse(?: code)?|hex|binary|ascii|unicode|url|html|hash)"
)
#: Unquoted, where the words around it say where it stands. What begins with an article describes a text instead.
_GIVEN: Final = r"(?P<given>(?!(?:an?|the|my|your|our|this|that|these|it|them|some|any)\b)\S.{0,300}?)"
_END: Final = r"[\s?.]*(?:,?\s*(?:please|pls|thanks|thank you)[\s.!]*)?$"
_PATTERNS: Final = tuple(
    re.compile(pattern, re.IGNORECASE | re.DOTALL)
    for pattern in (
        rf"\b{_CODED}(?: \w+){{0,2}} (?:of|for) {_GIVEN}{_END}",
        rf"\b(?:{_CODED}[- ]?)(?:en|de)code {_GIVEN}{_END}",
        (
            rf"^\W*(?:please )?(?:reverse|hash|encode|decode|capitali[sz]e|spell|uppercase|lowercase) {_GIVEN}"
            rf"(?: (?:in|with|to|into|using|as) {_CODED}\w*)?{_END}"
        ),
        rf"\bhow (?:(?:do|would|can|should) (?:you|i|we|they|people) |to )say {_GIVEN} in {_LANGUAGE}{_END}",
        rf"\bhow (?:(?:do|would|can|should) (?:you|i|we) |to )(?:spell|pronounce) {_GIVEN}(?: in {_LANGUAGE})?{_END}",
        rf"\btranslate {_GIVEN} (?:from {_LANGUAGE} )?(?:in)?to {_LANGUAGE}{_END}",
        rf"^\W*what(?:'s|’s| is) {_GIVEN} in {_LANGUAGE}{_END}",
        rf"\b{_LANGUAGE} (?:word|translation|term|expression|name) (?:for|of) {_GIVEN}{_END}",
        (
            r"\b(?:how many|number of|count(?: the)?) (?:\w{1,2}'?s|letters?(?: \w)?|characters?|vowels|consonants"
            r"|syllables|words)(?: are| are there| there are)? in (?!\d)"
            rf"(?:the (?:word|name|string|phrase) )?{_GIVEN}{_END}"
        ),
        rf"\blength of (?:the )?(?:string|word|text) {_GIVEN}{_END}",
        rf"\b(?:anagrams?|palindromes?) (?:of|for|from) {_GIVEN}{_END}",
        rf"\b(?:rhymes?|rhyming) with {_GIVEN}{_END}",
    )
)
#: One of these stands in every text that a pattern matches.
_ENTRY: Final = word_set(
    "md5 sha sha1 sha256 sha512 sha224 sha384 crc crc32 base base64 rot rot13 morse hex binary ascii unicode url html "
    "hash encode decode reverse capitalize capitalise spell pronounce uppercase lowercase say translate length letter "
    "letters character characters vowels consonants syllables words anagram anagrams palindrome palindromes rhyme "
    "rhymes rhyming many"
) | frozenset(re.findall(r"[a-z]{4,}", _LANGUAGE))
_words: Final = re.compile(r"[a-z\d]+").findall


def given(text: str) -> tuple[str, ...] | None:
    """The given texts of a task, as they were written: quoted, after a colon or on the next line, or named plainly."""
    head, colon, rest = text.partition("\n") if "\n" in text.strip() else text.partition(": ")
    if rest.strip() and len(head) <= _LONGEST_HEAD and _TASK(head) is not None and (colon == ": " or ":" in head):
        return (rest.strip(),)
    if any(sign in text for sign in "\"'“«`‘") and (quoted := _QUOTED(text)) and _TASK(text) is not None:
        return tuple("".join(groups) for groups in quoted)
    if len(text) > _LONGEST_HEAD * 2 or _ENTRY.isdisjoint(_words(text.lower())):
        return None
    for pattern in _PATTERNS:
        if (found := pattern.search(text)) is not None:
            return (found["given"].strip(),)
    return None
