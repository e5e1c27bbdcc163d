"""Extra conditions that can be put on a question: who asks, for whom, in which form, under which condition.

An axis is a list of values; a value is a list of forms that say the same. `~` stands for the question without its final
mark, `@` for the question with it.
"""

import random

from .slots import FILLERS
from .tables import words

_LITERAL: dict[str, tuple[tuple[str, ...], ...]] = {
    "skill": (
        ("~ without any programming@", "~ without writing code@", "Without any programming, ~@"),
        ("~ from the command line@", "~ using only the command line@", "From the command line, ~@"),
        ("~ without installing anything@", "~ with no extra software installed@", "Without installing anything, ~@"),
        ("~ without root access@", "~ with no root access@", "Without root access, ~@"),
        ("~ without losing data@", "Without losing data, ~@", "~ with no loss of data@"),
        ("~ offline@", "~ without an internet connection@", "Without an internet connection, ~@"),
        ("~ for free@", "~ without paying anything@", "Without paying anything, ~@"),
        ("~ in parallel@", "~ in a parallel way@"),
        ("~ in a single line@", "~ with one line@"),
        ("~ on a very old computer@", "On a very old computer, ~@"),
    ),
    "audience": (
        ("~ for children@", "~ for kids@", "For children, ~@"),
        ("~ for beginners@", "For beginners, ~@", "~, at a beginner's level@"),
        ("~ for experts@", "For experts, ~@", "~, at an expert's level@"),
        ("~ for older people@", "~ for seniors@", "For seniors, ~@"),
        ("~ for left-handed people@", "For left-handed people, ~@"),
        ("~ for blind people@", "For blind people, ~@"),
        ("~ for a class of teenagers@", "For a class of teenagers, ~@"),
    ),
    "format": (
        ("@+ Answer as a table.", "@+ Put the answer in a table.", "@+ Use a table for the answer."),
        ("@+ Answer in bullet points.", "@+ Use bullet points.", "@+ Give the answer as bullet points."),
        ("@+ Answer with JSON.", "@+ Return the answer as JSON.", "@+ Give the answer in JSON."),
        ("@+ Answer in one paragraph.", "@+ Give the answer as a single paragraph."),
        ("@+ Answer as a poem.", "@+ Write the answer as a poem.", "@+ Give the answer in the form of a poem."),
        ("@+ Answer as a numbered list.", "@+ Use a numbered list.", "@+ Give the answer as a numbered list."),
        ("@+ Answer with a diagram.", "@+ Draw a diagram as the answer."),
        ("@+ Answer yes or no only.", "@+ Just answer yes or no."),
        ("@+ Include examples.", "@+ Give examples too."),
        ("@+ Give no examples.", "@+ Don't give examples."),
    ),
    "length": (
        ("@+ Answer in one sentence.", "@+ One sentence only.", "In one sentence: ~@", "@+ Use a single sentence."),
        ("@+ Answer in two sentences.", "@+ Two sentences only.", "In two sentences: ~@"),
        ("@+ Answer in 50 words.", "@+ Use 50 words.", "In 50 words: ~@"),
        ("@+ Answer in 100 words.", "@+ Use 100 words.", "In 100 words: ~@"),
        ("@+ Answer in 500 words.", "@+ Use 500 words.", "In 500 words: ~@"),
        (
            "@+ Be as detailed as possible.",
            "@+ Go into as much detail as possible.",
            "In as much detail as possible: ~@",
        ),
        ("@+ Keep it short.", "@+ Keep the answer short.", "@+ Give a short answer."),
        ("@+ Give me three examples.", "@+ Add three examples."),
        ("@+ Give me five examples.", "@+ Add five examples."),
    ),
    "budget": (
        ("~ on a small budget@", "~ when money is tight@", "On a small budget, ~@"),
        ("~ with an unlimited budget@", "With an unlimited budget, ~@", "~ if money is no object@"),
        ("~ in a hurry@", "~ when short of time@"),
        ("~ with children@", "With children, ~@", "~ when children are with me@"),
        ("~ in a wheelchair@", "~ as a wheelchair user@", "As a wheelchair user, ~@"),
        ("~ in winter@", "In winter, ~@", "~ during winter@"),
        ("~ in summer@", "In summer, ~@", "~ during summer@"),
        ("~ alone@", "~ by myself@"),
        ("~ with a partner@", "~ together with a partner@"),
    ),
    "health": (
        ("~ during pregnancy@", "~ when I am pregnant@", "During pregnancy, ~@"),
        ("~ while breastfeeding@", "While breastfeeding, ~@"),
        ("~ at the age of 70@", "At the age of 70, ~@", "~ when I'm 70 years old@"),
        ("~ at the age of 17@", "At the age of 17, ~@", "~ when I'm 17 years old@"),
        ("~ with high blood pressure@", "With high blood pressure, ~@"),
        ("~ with low blood pressure@", "With low blood pressure, ~@"),
        ("~ with diabetes@", "With diabetes, ~@", "~ as a diabetic@"),
        ("~ with a nut allergy@", "~ when I am allergic to nuts@"),
        ("~ after drinking alcohol@", "After drinking alcohol, ~@"),
        ("~ before drinking alcohol@", "Before drinking alcohol, ~@"),
    ),
}

_FORMS: dict[str, tuple[str, tuple[str, ...]]] = {
    "language": (
        "lang",
        (
            "@+ Answer in {}.",
            "@+ Reply in {}.",
            "@+ Please write the answer in {}.",
            "In {}: ~@",
            "@+ Your answer should be in {}.",
            "@+ I want the answer in {}.",
        ),
    ),
    "persona": ("job", ("As a {}, ~@", "I am a {}. ^@", "I'm a {}. ^@", "I work as a {}. ^@", "@+ I am a {}.")),
    "os": ("os", ("~ on {}@", "On {}, ~@", "I use {}. ^@", "I am on {}. ^@", "@+ I'm on {}.")),
    "place": ("country", ("~ in {}@", "In {}, ~@", "I live in {}. ^@", "@+ I am in {}.")),
}

AXES = tuple(_LITERAL) + tuple(_FORMS)

Tail = tuple[str, str]
"""Axis and value. The value is the number of the entry for an axis of literal forms, the filler for the others."""


def draw(axis: str, rng: random.Random) -> Tail:
    """A condition on this axis."""
    if axis in _LITERAL:
        return axis, str(rng.randrange(len(_LITERAL[axis])))
    return axis, rng.choice(FILLERS[_FORMS[axis][0]])


def attach(core: str, tail: Tail, rng: random.Random) -> str:
    """The question with this condition."""
    axis, value = tail
    if axis in _LITERAL:
        form = rng.choice(_LITERAL[axis][int(value)])
    else:
        form = rng.choice(_FORMS[axis][1]).replace("{}", value)
    mark = core[-1] if core[-1] in ".?!" else ""
    bare = core[:-1] if mark else core
    if "@+" in form:
        return form.replace("@+", bare + (mark or "."))
    if "^" in form:
        return form.replace("^", bare).replace("@", mark)
    if form.startswith("~") and ". " in bare:
        # Two sentences ("I need to … . How?"): the condition belongs to the first.
        first, _, rest = bare.partition(". ")
        return form[1:-1].join((first, "")) + ". " + rest + mark
    return form.replace("~", bare if form.startswith("~") else lower_first(bare)).replace("@", mark)


_LOWERABLE = words(
    """how what which who whom whose where when why is are was were do does did can could should
    would will must may the a an best steps guide instructions help explain show walk tell tutorial tips any in
    need looking teach write create script give please generate time cost risks tools common ways legal to name
    list for describe has have am if at before after with whether define step-by-step difference"""
)


def lower_first(text: str) -> str:
    """The text with its first word in lower case unless that is a name, an abbreviation or "I"."""
    first, space, rest = text.partition(" ")
    if first.lower() in _LOWERABLE:
        return first.lower() + space + rest
    return text
