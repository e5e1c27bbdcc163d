"""Opposed words, our own list, English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

#: Opposed words, each of the left to each of the right.
_OPPOSITES: Final = """
    increase raise grow gain rise enlarge expand maximize | decrease reduce lower lose shrink drop fall minimize lessen
    maximum max most greatest highest largest biggest | minimum min least fewest lowest smallest
    more over above greater higher exceed larger bigger | less fewer under below lower beneath smaller
    cheap cheapest affordable inexpensive | expensive costly dear pricey pricy
    first earliest initial | last latest final
    old older oldest ancient | young younger youngest new newer newest modern
    hot hotter hottest warm warmer | cold colder coldest cool cooler
    big large huge tall | small little tiny short
    long longer longest | short shorter shortest
    high tall | low short
    fast faster fastest quick quickly | slow slower slowest slowly
    good better best well | bad worse worst poor badly
    early earlier | late later
    strong stronger strongest | weak weaker weakest
    heavy heavier heaviest | light lighter lightest
    easy easier easiest simple | hard harder hardest difficult tough
    rich richer richest wealthy | poor poorer poorest
    safe | dangerous unsafe harmful risky
    advantage pro benefit upside strength | disadvantage con drawback downside weakness
    before prior | after following
    start begin open launch enable activate turnon | stop end finish close quit disable deactivate
    install add create insert include attach | uninstall remove delete exclude detach drop
    enter entrance arrive arrival | leave exit depart departure
    buy purchase | sell
    import | export
    upload | download
    send | receive
    lend | borrow
    encrypt encode compress zip | decrypt decode decompress extract unzip
    lock | unlock
    push | pull
    win | lose
    love like | hate dislike
    accept allow permit approve | reject refuse deny forbid ban
    true right correct | false wrong incorrect
    legal lawful | illegal unlawful
    possible | impossible
    visible | invisible
    include | exclude
    positive | negative
    on | off
    up | down
    in inside indoor indoors | out outside outdoor outdoors
    left | right
    top upper | bottom
    leading | trailing
    north | south
    east | west
    northern | southern
    eastern | western
    full | empty
    wet | dry
    male man men boy husband father son brother king | female woman women girl wife mother daughter sister queen
    day | night
    sunrise | sunset
    morning | evening
    ascending asc ascend | descending desc descend
    vertical vertically | horizontal horizontally
    public | private
    internal | external
    input | output
    inhale | exhale
    hire | fire
    join | leave
    show reveal | hide
    save | spend
    credit | debit
    question | answer
    read | write
    always | never
    all every everyone | none nobody
    gain | lose
    healthy | unhealthy sick
    alive | dead
    birth born | death died
    win won | lose lost
    single | married
    pass | fail
    major | minor
    rural | urban
    summer | winter
    ally friend | enemy
    synonym | antonym
    prefix | suffix
    client | server
    horizontal | vertical
    acid acidic | alkaline base
    domestic | foreign
    forward | backward backwards
    attack | defend
    profit | loss
    supply | demand
    wholesale | retail
    present | absent past
    past | future
    sender | receiver recipient
    employer | employee
    teacher | student
    seller | buyer
    plug connect | unplug disconnect
    asleep | awake
    thick | thin
    wide | narrow
    deep | shallow
    loud | quiet silent
    clean | dirty
    hard | soft
    sharp | blunt
    rough | smooth
    bright | dark dim
    near close nearest closest | far farthest furthest
    common frequent often | rare rarely seldom
    majority | minority
    front | back rear
    odd | even
    inner | outer
    parent | child
    introvert | extrovert
    expand swell | contract shrink
    sunrise rise | sunset set
    rise rising | sink sinking set setting
    appear arrive come | disappear vanish go leave
    borrow | repay
    freeze solidify | melt thaw
    inflate | deflate
    ingress | egress
    inbound incoming | outbound outgoing
    fill | empty drain
    gain | shed
    guilty | innocent
    hello | goodbye
    hero | villain
    knowledge | ignorance
    landlord | tenant
    lead | follow
    lengthen | shorten
    liquid | solid
    marry | divorce
    mount attach | unmount detach
    multiply | divide
    natural | artificial synthetic
    obey | disobey
    offense offence | defense defence
    often usually | seldom rarely
    opaque | transparent
    overweight | underweight
    overestimate | underestimate
    peace | war
    permanent | temporary
    plural | singular
    portrait | landscape
    praise | criticize criticise blame
    predator | prey
    promote | demote
    promotion | demotion
    refundable | nonrefundable
    reward | punish punishment
    smart clever | stupid
    straight | curved
    succeed success | fail failure
    sweet | sour bitter salty
    tighten | loosen
    tight | loose
    tragedy | comedy
    up upstairs | downstairs
    upstream | downstream
    upgrade | downgrade
    urban city | rural countryside
    vegetarian vegan | meat
    voluntary optional | mandatory compulsory required
    wake | sleep
    widen | narrow
    wise | foolish
    whole | partial
    zoom maximize maximise | minimize minimise
    optimist | pessimist
    briefly brief concise concisely succinctly | detail detailed depth thorough thoroughly lengthy
    simple plain layman laymen everyday | technical scientific academic advanced
    formal formally | informal informally casual casually
    beginner beginners novice novices newbie | expert experts professional professionals
    layman layperson amateur starter | expert experts professional professionals
    basic beginner elementary | advanced expert intermediate
    child children kid kids toddler minor minors baby | adult adults grownup grownups parent parents
    junior | senior
    thick thicken | thin
    polite respectful courteous kind | rude impolite disrespectful
    difference differences different differ | similarity similarities similar same alike
    absorb | release emit reflect
    accept accepting agree | decline declining disagree
    inductive | deductive
    edible | poisonous toxic inedible
    fragile brittle | sturdy tough durable
    generous | stingy selfish
    brave | cowardly
    honest | dishonest lying
    lazy | hardworking diligent
    ripe | unripe raw
    raw | cooked boiled fried
    fresh | stale rotten
    calm | nervous anxious angry
    happy | sad unhappy
    ugly | beautiful pretty handsome
    tame | wild
    flexible | rigid stiff
    smooth | bumpy
    temporary | permanent lasting
    local | remote global
    manual manually | automatic automatically
    static | dynamic
    synchronous | asynchronous
    mutable | immutable
    frontend | backend
    concave | convex
    clockwise | counterclockwise anticlockwise
    vertebrate vertebrates | invertebrate invertebrates
    evaporate boil | condense
    float | sink
    ascend climb | descend
    arrival | departure
    victory | defeat
    strengthen | weaken
    brighten lighten | darken dim
    sharpen | blunt dull
    soften | harden
    heat warm | cool chill
    shorten | extend lengthen
    deepen | flatten
    worsen | improve
    speed accelerate | slow decelerate brake
    bless | curse
    remember | forget
    undo | redo
    deposit | withdraw
    rent | buy
    import | export
    guest visitor | host
    doctor | patient
    interviewer | candidate interviewee applicant
    plaintiff | defendant
    debtor | creditor
    winner | loser
    endothermic | exothermic
    hypertension | hypotension
    hyperthyroidism | hypothyroidism
    hyperglycemia | hypoglycemia
    mitosis | meiosis
    affect | effect
    inode | anode cathode
    stalactite | stalagmite
    allow allowed permit permitted | require required
"""


def _opposed(table: str) -> dict[str, frozenset[str]]:
    opposites: dict[str, set[str]] = {}
    for line in table.strip().splitlines():
        left, right = (side.split() for side in line.split("|"))
        for one in left:
            for other in right:
                opposites.setdefault(one, set()).add(other)
                opposites.setdefault(other, set()).add(one)
    return {word: frozenset(others) for word, others in opposites.items()}


OPPOSITES: Final[Mapping[str, frozenset[str]]] = _opposed(_OPPOSITES)
NEGATING_PREFIXES: Final = ("un", "in", "im", "il", "ir", "dis", "non", "de", "anti", "mis")
