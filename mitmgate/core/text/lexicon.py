"""The small words that the reading of a question rests on: all tables, our own, English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mitmgate.core.text.tables import aliases_of, word_set

NEGATIONS: Final = word_set(
    "non not no never none nobody nothing neither nor nowhere without cannot excluding exclude except lack lacks "
    "lacking barely hardly cant dont doesnt didnt isnt arent wasnt werent wont wouldnt shouldnt couldnt hasnt havent "
    "aint unless"
)

#: Prepositions that give what follows them a part to play.
ROLES: Final[Mapping[str, str]] = {
    "from": "from", "to": "to", "into": "to", "onto": "to", "than": "than", "before": "before", "after": "after",
    "by": "by", "of": "of", "in": "in", "on": "on", "at": "at", "for": "for", "with": "with", "without": "without",
    "over": "over", "under": "under", "above": "over", "below": "under", "between": "between", "against": "against",
    "through": "through", "via": "via", "as": "as", "like": "like", "until": "until", "since": "since",
    "excluding": "without", "about": "about", "versus": "versus", "vs": "versus",
}  # fmt: skip
#: What "of" makes of the word before it: out of, in favour of.
ROLES_WITH_OF: Final = {"out": "out", **dict.fromkeys(("favour", "favor", "support", "defence", "defense"), "for")}
#: Words of questions in which the order of what is compared does not matter.
SYMMETRIC: Final = word_set(
    "difference differences different differ differs compare compared comparison versus vs common similar similarity "
    "similarities alike relationship relation between distance both together equal same"
)

#: Words that carry no content of their own; WRAPPERS come and go with politeness.
STOP: Final = word_set(
    "a an the this that these those of to in on at for from by with about into onto as than is are was were be been "
    "being am do does did doing done has have had having i me my mine we us our you your it its they them their he she "
    "his her there here and or but if so then what which who whom whose when where why how can could will would shall "
    "should may might must get gets one some any such just really actually also too s t d m ll re ve let lets via per "
    "all"
)
WRAPPERS: Final = word_set(
    "please kindly thanks thank hello hi hey greetings tell know answer question help explain say"
)
#: The first words of what something is to be made by: whatever is said of it more makes it another thing.
TASKS: Final = word_set(
    "write draft compose create generate make design build describe summarise summarize translate rewrite "
    "rephrase list give show suggest recommend explain outline invent plan prepare convert implement code"
)
#: After a preposition these only lead over to what it governs: before I die, from my phone.
LEADS_OVER: Final = word_set(
    "a an the this that these those my your our his her their its some any another each i you we they he she it"
)
#: Comparing words that make "than" a bound before a number: less than $500 is under $500.
BOUNDS: Final = {
    **dict.fromkeys(("less", "fewer", "lower", "cheaper", "smaller"), "under"),
    **dict.fromkeys(("more", "greater", "higher", "larger", "bigger"), "over"),
}
#: Negations long enough to be known with a letter wrong.
LONG_NEGATIONS: Final = ("without", "excluding")

#: The same thing by another name; what stands left is kept.
SYNONYMS: Final = aliases_of(
    """
    us: usa america
    uk: britain
    app: application
    info: information
    js: javascript
    py: python
    kubernetes: k8s
    postgresql: postgres
    color: colour
    favorite: favourite
    neighbor: neighbour
    organize: organise
    gray: grey
    center: centre
    picture: photo pic image
    math: maths mathematics
    db: database
    config: configuration
    doc: document
    ceo: ceos
    tv: television
    phone: telephone
    bio: biography
    """
)
