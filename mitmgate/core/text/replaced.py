"""Whether one thing stands in another's place in words that are otherwise the same: rice in a pot, rice in a pan."""

from __future__ import annotations

from typing import Final

from mitmgate.core.text import measures
from mitmgate.core.text.lexicon import BOUNDS, ROLES
from mitmgate.core.text.pair import Pair
from mitmgate.core.text.reading import Word
from mitmgate.core.text.spelling import same_form
from mitmgate.core.text.tables import word_set

_LONGEST: Final = 8  # content words: in longer questions one word more or less weighs little
#: Words that may stand for each other where nothing else differs; a word may be in several lines.
_ALIKE_WORDS: Final = """
    way ways method methods technique techniques approach approaches process procedure step steps manner means strategy
    best good great top better ideal finest perfect nice
    film films movie movies
    fix repair mend solve resolve
    use purpose point function role usage
    fast quick rapid quickly rapidly soon speedy
    buy purchase get obtain acquire
    get gain obtain achieve receive
    start begin commence launch found establish create
    make create build develop design produce construct generate write prepare do
    learn study master understand read
    big large huge great
    small little tiny
    earn make
    money cash income
    job work career employment occupation profession
    stop quit cease avoid prevent end
    remove delete erase eliminate clear rid
    improve increase boost enhance better strengthen develop
    reduce lower decrease lose cut
    cure treat remedy treatment heal fix
    important significant essential vital crucial main
    meaning definition
    mean signify
    example sample instance
    idea suggestion tip thought advice
    answer reply respond response
    ask question
    help assist aid support
    happen occur
    cause reason
    reason explanation
    effect impact influence consequence result
    benefit advantage
    drawback disadvantage
    problem issue trouble difficulty
    error mistake
    kid child children kids
    people persons person human humans someone somebody anyone one individual
    country nation
    city town
    company firm business corporation organization
    university college
    student pupil
    school college
    house home
    car vehicle automobile
    bike bicycle
    laptop computer notebook pc
    phone smartphone mobile cell cellphone
    site website page webpage
    program software application app
    place spot destination location
    trip journey travel visit vacation holiday
    visit see
    show display
    live reside
    think believe feel opinion view
    know understand
    love like
    hate dislike
    want wish
    look seem appear
    choose select pick
    change alter modify convert turn switch
    difference distinction
    type kind sort category
    stuff things
    thing object
    salary pay wage
    price cost
    cheap inexpensive affordable budget
    free
    famous popular wellknown notable
    interesting fascinating amazing cool
    beautiful pretty gorgeous
    funny hilarious
    sad unhappy
    happy glad
    smart intelligent clever
    hard difficult tough
    easy simple
    strange weird odd
    real actual true
    prepare ready
    deal cope handle
    overcome beat conquer deal
    grow raise
    lose shed
    weight fat
    belly stomach tummy
    tall high
    explain describe tell
    write compose draft
    give provide list name suggest recommend tell show share
    summarise summarize summary
    recommend suggest
    find locate search get discover
    contact reach
    join enter
    crack pass clear
    exam test examination
    book novel
    invent discover
    say claim
    call name
    biggest largest greatest
    smallest littlest
    difficult hard
    quit leave resign
    fail
    photo picture image
    video clip
    gift present
    garbage trash rubbish
    shop store
    doctor physician
    lawyer attorney
    illness disease sickness
    drug medicine medication
    ill sick
    possible
    need require
    needed required necessary
    allowed permitted
    near nearby close
    several many
    possibility chance probability likelihood
    recover retrieve restore
    forget
    hack
    account profile
    remember memorize
    currently now today presently
    permanently forever
    naturally
    scientist researcher
    beginner newbie novice starter
    trick hack tip
    recipe
    tutorial guide course
    course class
    speak talk
    language
    download
    concentrate focus
    sleep
    compare
    calculate compute determine figure work
    measure
    wash clean
    quickest fastest
    best favorite favourite good greatest
    enjoy like love prefer
    girl girls woman women lady ladies female
    boy boys guy guys man men male
    baby babies infant infants
    author writer
    genuine legit legitimate real authentic
    agency company
    service repair
    gay homosexual
    watch see
    install download
    cause make
    spot mark
    known mentioned famous
    good wonderful nice great
    leave quit
    enhance upgrade improve
    control curb reduce manage
    sex gender
    main salient major biggest core
    dispute conflict
    symptom sign
    become turn
    provide offer give
    learn know
    check know verify
    support back
    bad terrible awful worst
    worthless useless
    feature characteristic
    lesson class
    translate say
    fake false
    purchase order
    brief short concise
"""
#: Words of emphasis, which say nothing of the matter, and those that other guards read.
_NO_THING: Final = word_set("ever exactly actually really easily currently actual much always world question").union(
    ROLES, BOUNDS
)


def _alike(table: str) -> dict[str, frozenset[str]]:
    alike: dict[str, set[str]] = {}
    for line in table.strip().splitlines():
        words = line.split()
        for word in words:
            alike.setdefault(word, set()).update(words)
    return {word: frozenset(others) for word, others in alike.items()}


_ALIKE: Final = _alike(_ALIKE_WORDS)


def replaced(pair: Pair) -> str | None:
    """One content word for another at the same place, all other content words the same."""
    mine, theirs = ([word for word in side if word.content] for side in pair.only)
    if len(mine) != 1 or len(theirs) != 1:
        return None
    one, other = mine[0], theirs[0]
    if pair.left.kind != pair.right.kind or any(word.text in _NO_THING for word in (one, other)):
        return None
    if measures.is_unit(one.text) and measures.is_unit(other.text):
        return None  # the guard of units decides
    left = [word.key for word in pair.left.words if word.content]
    right = [key for key, word in pair.right_words if word.content]
    if len(left) != len(right) or not 2 <= len(left) <= _LONGEST:
        return None
    if any(a != b and (a, b) != (one.key, other.key) for a, b in zip(left, right, strict=True)):
        return None
    return None if interchangeable(one, other) else "another word"


def interchangeable(one: Word, other: Word) -> bool:
    """The same word in another form, or one that may stand for it."""
    if any(b in _ALIKE.get(a, ()) for a in (one.text, one.key) for b in (other.text, other.key)):
        return True
    return same_form(one.text, other.text)
