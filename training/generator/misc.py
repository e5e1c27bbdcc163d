"""Single templates: order of steps, scope, quantity, conjuncts, tense, persons, numbers, capitals and more.

A section is a family: its name, the kind of its differences and the types of its slots. An entry is a sense: phrasings
that mean the same; two senses of a family never have the same answer. A sense whose name ends in `=` is
symmetric in a and b; one whose name ends in `>` is directional (a and b exchanged make another question).
"""

from collections.abc import Iterator

from .tables import sections

Senses = dict[str, tuple[str, ...]]

_MISC = """
[difference | facet | a:* b:*]
diff=: What is the difference between {a} and {b}? ; Difference between {a} and {b} ; How does {a} differ from {b}?
    ; How do {a} and {b} differ? ; In what way is {a} different from {b}? ; What distinguishes {a} from {b}? ;
    Explain the difference between {a} and {b}. ; What are the differences between {a} and {b}? ; What sets {a} and
    {b} apart? ; {a} vs {b}: what is the difference?
same=: What do {a} and {b} have in common? ; What are the similarities between {a} and {b}? ; Similarities between
    {a} and {b} ; How are {a} and {b} alike? ; In what way is {a} similar to {b}?
rel=: Is there a link between {a} and {b}? ; Are {a} and {b} connected? ; Is {a} connected with {b}?
afor>: What are the advantages of {a} over {b}? ; Advantages of {a} over {b} ; What does {a} do better than {b}? ;
    What advantages does {a} have over {b}?
bfor>: What are the disadvantages of {a} compared with {b}? ; What does {a} do worse than {b}? ; In what way is {a}
    worse than {b}?
[choice | negation | a:* b:*]
why>: Why should I choose {a} over {b}? ; Why choose {a} over {b}? ; What are reasons to pick {a} rather than {b}? ;
    What speaks for choosing {a} instead of {b}? ; Why would I take {a} and not {b}?
whynot>: Why should I not choose {a} over {b}? ; Why not choose {a} over {b}? ; What are reasons not to pick {a}
    rather than {b}? ; What speaks against choosing {a} instead of {b}?
when>: When should I choose {a} over {b}? ; In which cases should I pick {a} rather than {b}? ; When is {a} a better
    choice than {b}?
[cause | facet | a:concept b:concept]
does>: Does {a} cause {b}? ; Is {b} caused by {a}? ; Does {a} lead to {b}? ; Is {a} a cause of {b}? ; Can {a} be a
    cause of {b}?
how>: How does {a} affect {b}? ; What effect does {a} have on {b}? ; Effect of {a} on {b} ; In what way does {a}
    affect {b}? ; How is {b} affected by {a}?
without>: Can {a} exist without {b}? ; Is {a} possible without {b}? ; Can there be {a} without {b}?
role>: What is the role of {a} in {b}? ; Which role does {a} play in {b}? ; Role of {a} in {b} ; What part does {a}
    play in {b}?
[disease cause | facet | a:disease b:disease]
does>: Can {a} cause {b}? ; Can {b} be caused by {a}? ; Can {a} lead to {b}? ; Can {b} be the result of {a}?
risk>: Does {a} raise the risk of {b}? ; Does {a} increase the risk of {b}? ; Is the risk of {b} increased by {a}? ;
    Is the risk of {b} higher with {a}?
lower>: Does {a} lower the risk of {b}? ; Does {a} reduce the risk of {b}? ; Is the risk of {b} reduced by {a}? ; Is
    the risk of {b} lower with {a}?
mistaken>: Can {a} be mistaken for {b}? ; Do doctors sometimes take {a} for {b}? ; Is {a} sometimes mistaken for
    {b}?
[medicine disease | opposite | a:medicine b:disease]
treat: Does {a} help against {b}? ; Does {a} help with {b}? ; Is {a} effective against {b}? ; Can {a} be used to
    treat {b}?
cause: Can {a} cause {b}? ; Can {b} be caused by {a}? ; Can {a} lead to {b}? ; Is {b} a side effect of {a}?
ok: Is {a} safe for people with {b}? ; Can people with {b} safely take {a}? ; Is it safe to take {a} with {b}?
bad: Is {a} dangerous for people with {b}? ; Is it dangerous to take {a} with {b}? ; Is {a} unsafe for people with
    {b}?
[food disease | opposite | a:food b:disease]
good: Is {a} good for {b}? ; Does {a} help with {b}? ; Does {a} help people with {b}? ; Is eating {a} good for
    people with {b}?
bad: Is {a} bad for {b}? ; Does {a} make {b} worse? ; Is eating {a} bad for people with {b}? ; Does {b} get worse
    from {a}?
cause: Can {a} cause {b}? ; Can {b} be caused by {a}? ; Can eating {a} lead to {b}?
[order of steps | order | a:chore b:chore]
before>: Should I {a} before I {b}? ; Should I {a} first and then {b}? ; Is it better to {a} before I {b}? ; Should
    I {b} after I {a}? ; Is it right to {a} first and {b} afterwards? ; Should I first {a} and then {b}?
canbefore>: Why should I {a} before I {b}? ; Why {a} before I {b}? ; What is the reason to {a} before I {b}? ; Why
    should I {b} only after I {a}? ; What's the point of having to {a} first and {b} afterwards?
gap>: How long should I wait to {b} after I {a}? ; After I {a}, how long should I wait to {b}? ; How much time
    should pass before I {b} when I {a}?
both=: Can I {a} and {b} on the same day? ; Is it OK to {a} and {b} on the same day?
[first of two steps | order | a:chore b:chore]
first=: Which should I do first, {a} or {b}? ; What comes first, {a} or {b}? ; In which order do I {a} and {b}?
longer=: Which takes longer, to {a} or to {b}? ; What takes more time, to {a} or to {b}?
shorter=: Which takes less time, to {a} or to {b}? ; What is quicker, to {a} or to {b}?
[order of dev steps | order | a:devstep b:devstep]
before>: Should I {a} before I {b}? ; Should I {a} first and then {b}? ; Should I {b} after I {a}? ; Do I {a} first
    and {b} afterwards? ; Is it correct to first {a} and then {b}?
how>: How do I {a} and then {b}? ; How to {a} and then {b}? ; How do I {a} first and then {b}? ; How do I {b} after
    I {a}? ; What is the way to {a} and after that {b}? ; Best way to {a} and then {b}
script>: Write a script to {a} and then {b}. ; Script to {a}, then {b} ; I need a script to first {a} and then {b}.
    ; Create a script to {b} after I {a}.
without>: How do I {a} without having to {b}? ; How to {a} without having to {b}? ; Is there a way to {a} without
    having to {b}?
auto>: How do I automatically {a} whenever I {b}? ; How to {a} automatically every time I {b}? ; Is there a way to
    automatically {a} each time I {b}?
[conjunct food | conjunct | a:food b:food c:food]
one: What can I cook with {a}? ; Recipe with {a} ; What dish can I make from {a}? ; I have {a}. What can I cook?
two=: What can I cook with {a} and {b}? ; Recipe with {a} and {b} ; What dish can I make from {a} and {b}? ; I have
    {a} and {b}. What can I cook?
twonot>: What can I cook with {a} but without {b}? ; Recipe with {a} but without {b} ; What dish can I make from {a}
    without {b}? ; I have {a} but no {b}. What can I cook?
three=: What can I cook with {a}, {b} and {c}? ; Recipe with {a}, {b} and {c} ; I have {a}, {b} and {c}. What can I
    cook?
or=: What can I cook with {a} or {b}? ; Recipe with {a} or {b} ; I have {a} or {b}. What can I cook?
[conjunct lang | conjunct | a:proglang b:proglang c:proglang]
one: What jobs are there for people who know {a}? ; Jobs for people who know {a} ; Which jobs can I get with {a}?
two=: What jobs are there for people who know {a} and {b}? ; Jobs for people who know {a} and {b} ; Which jobs can I
    get with {a} and {b}?
or=: What jobs are there for people who know {a} or {b}? ; Jobs for people who know {a} or {b} ; Which jobs can I
    get with {a} or {b}?
not>: What jobs are there for people who know {a} but not {b}? ; Jobs for people who know {a} but not {b} ; Which
    jobs can I get with {a} but without {b}?
three=: What jobs are there for people who know {a}, {b} and {c}? ; Jobs for people who know {a}, {b} and {c}
[conjunct trip | conjunct | a:city b:city c:city]
one: Plan a trip to {a}. ; Make a travel plan for {a}. ; I need a plan for a trip to {a}. ; Can you plan a trip to
    {a} for me?
two=: Plan a trip to {a} and {b}. ; Make a travel plan for {a} and {b}. ; I need a plan for a trip to {a} and {b}.
via>: Plan a trip to {a} via {b}. ; Make a travel plan for {a} with a stop in {b}. ; I need a plan for a trip to {a}
    through {b}.
from>: Plan a trip from {a} to {b}. ; Make a travel plan from {a} to {b}. ; I need a plan for a trip to {b} from
    {a}.
three=: Plan a trip to {a}, {b} and {c}. ; Make a travel plan for {a}, {b} and {c}.
[conjunct disease | conjunct | a:disease b:disease c:medicine]
one: Can I take {c} with {a}? ; Is it OK to take {c} if I have {a}? ; I have {a}. Can I take {c}?
two=: Can I take {c} with {a} and {b}? ; Is it OK to take {c} if I have {a} and {b}? ; I have {a} and {b}. Can I
    take {c}?
not>: Can I take {c} with {a} but without {b}? ; I have {a} but not {b}. Can I take {c}? ; Is it OK to take {c} if I
    have {a} but not {b}?
[scope only | scope | a:job b:medicine]
can: Can a {a} prescribe {b}? ; Is a {a} able to prescribe {b}? ; Can {b} be prescribed by a {a}?
only: Can only a {a} prescribe {b}? ; Is a {a} the only one who can prescribe {b}? ; Can {b} be prescribed by a {a}
    only?
onlymed: Can a {a} prescribe only {b}? ; Is {b} the only thing a {a} can prescribe? ; Can a {a} prescribe nothing
    but {b}?
cannot: Why can't a {a} prescribe {b}? ; Why can a {a} not prescribe {b}? ; For what reason can a {a} not prescribe
    {b}?
must: Does a {a} have to prescribe {b}? ; Is a {a} required to prescribe {b}? ; Must a {a} prescribe {b}?
needs: Can a {a} take {b}? ; Is a {a} able to take {b}? ; Can {b} be taken by a {a}?
[quantity animals | quantity | a:animal b:country]
all: Are all {a} in {b} protected? ; Is every kind of {a} in {b} protected? ; Is it true that all {a} in {b} are
    protected?
some: Are some {a} in {b} protected? ; Are there protected {a} in {b}? ; Is it true that some {a} in {b} are
    protected?
most: Are most {a} in {b} protected? ; Is the majority of {a} in {b} protected? ; Is it true that most {a} in {b}
    are protected?
which: Which {a} in {b} are protected? ; What {a} are protected in {b}? ; List the protected {a} in {b}.
not: Which {a} in {b} are not protected? ; What {a} aren't protected in {b}? ; List the unprotected {a} in {b}.
were: Were all {a} in {b} once protected? ; Is it true that all {a} in {b} were once protected?
many: How many {a} in {b} are protected? ; What number of {a} are protected in {b}?
[quantity list | quantity | a:proglang b:num]
least: How do I select rows with at least {b} entries in {a}? ; How to select rows with {b} or more entries in {a}?
    ; Select rows that have no fewer than {b} entries in {a}
most: How do I select rows with at most {b} entries in {a}? ; How to select rows with {b} or fewer entries in {a}? ;
    Select rows that have no more than {b} entries in {a}
more: How do I select rows with more than {b} entries in {a}? ; How to select rows that have over {b} entries in
    {a}? ; Select rows with more than {b} entries in {a}
less: How do I select rows with fewer than {b} entries in {a}? ; How to select rows that have under {b} entries in
    {a}? ; Select rows with fewer than {b} entries in {a}
exact: How do I select rows with exactly {b} entries in {a}? ; How to select rows that have precisely {b} entries in
    {a}? ; Select rows with exactly {b} entries in {a}
each: How do I select every {b}th row in {a}? ; How to select each {b}th row in {a}? ; Select every {b}th row in {a}
first: How do I select the first {b} rows in {a}? ; How to select the first {b} rows in {a}? ; Select the first {b}
    rows in {a}
last: How do I select the last {b} rows in {a}? ; How to select the last {b} rows in {a}? ; Select the last {b} rows
    in {a}
skip: How do I skip the first {b} rows in {a}? ; How to skip the first {b} rows in {a}? ; Leave out the first {b}
    rows in {a}
[superlatives | opposite | a:country]
longest: What is the longest river in {a}? ; Which river in {a} is the longest? ; Longest river in {a} ; Name the
    longest river in {a}.
shortest: What is the shortest river in {a}? ; Which river in {a} is the shortest? ; Shortest river in {a}
second: What is the second longest river in {a}? ; Which river in {a} is the second longest? ; Second longest river
    in {a}
widest: What is the widest river in {a}? ; Which river in {a} is the widest? ; Widest river in {a}
highest: What is the highest mountain in {a}? ; Which mountain in {a} is the highest? ; Highest mountain in {a}
oldest: What is the oldest university in {a}? ; Which university in {a} is the oldest? ; Oldest university in {a}
newest: What is the newest university in {a}? ; Which university in {a} is the newest? ; Newest university in {a}
large: What are large universities in {a}? ; Which universities in {a} are large? ; Large universities in {a}
largest: What is the largest university in {a}? ; Which university in {a} is the largest? ; Largest university in
    {a}
larger: Which universities in {a} are getting larger? ; What universities in {a} are growing?
[first last | first-last | a:title b:num]
first: What is the first scene of {a}? ; How is the first scene of {a}? ; Describe the first scene of {a}.
last: What is the last scene of {a}? ; How is the last scene of {a}? ; Describe the last scene of {a}.
best: What is the best scene of {a}? ; Which scene of {a} is the best? ; Describe the best scene of {a}.
first n: What happens in the first {b} minutes of {a}? ; Describe the first {b} minutes of {a}.
last n: What happens in the last {b} minutes of {a}? ; Describe the last {b} minutes of {a}.
[tense | tense | a:company b:app]
does: Does {a} own {b}? ; Is {b} owned by {a}? ; Is {a} the owner of {b}? ; Does {b} belong to {a}?
did: Did {a} once own {b}? ; Was {b} once owned by {a}? ; Was {a} once the owner of {b}? ; Did {b} once belong to
    {a}?
will: Will {a} own {b}? ; Will {b} be owned by {a}? ; Is {a} going to own {b}? ; Is {b} going to belong to {a}?
never: Why did {a} never own {b}? ; Why was {b} never owned by {a}? ; Why did {b} never belong to {a}?
when: When did {a} buy {b}? ; When was {b} bought by {a}? ; In which year did {a} buy {b}?
sell: When did {a} sell {b}? ; When was {b} sold by {a}? ; In which year did {a} sell {b}?
price: How much did {a} pay for {b}? ; For how much was {b} bought by {a}? ; What price did {a} pay for {b}?
[tense country | tense | a:country]
is: Who rules {a}? ; Who is the ruler of {a}? ; By whom is {a} ruled?
was: Who ruled {a} before? ; Who was the ruler of {a} before? ; By whom was {a} ruled before?
will: Who will rule {a} next? ; Who is going to be the next ruler of {a}? ; By whom will {a} be ruled next?
should: Who should rule {a}? ; Who ought to be the ruler of {a}? ; By whom should {a} be ruled?
grow: Is the economy of {a} growing? ; Does the economy of {a} grow? ; Is there economic growth in {a}?
grew: Did the economy of {a} grow last century? ; Was the economy of {a} growing last century? ; Was there economic
    growth in {a} last century?
shrink: Is the economy of {a} shrinking? ; Does the economy of {a} shrink? ; Is the economy of {a} getting smaller?
[has been | tense | a:person b:country]
been: Did {a} ever visit {b}? ; Was {b} ever visited by {a}? ; Did {a} ever go to {b}?
live: Did {a} ever live in {b}? ; Was {a} ever a resident of {b}? ; Did {a} ever have a home in {b}?
born: Was {a} born in {b}? ; Is {b} the birthplace of {a}? ; Is {a}'s birthplace in {b}?
die: Did {a} die in {b}? ; Is {b} the place where {a} died?
why: Why did {a} go to {b}? ; What made {a} go to {b}? ; For what reason did {a} go to {b}?
whyleft: Why did {a} leave {b}? ; What made {a} leave {b}? ; For what reason did {a} leave {b}?
whynot: Why did {a} never go to {b}? ; What kept {a} from ever going to {b}?
think: What did {a} think of {b}? ; What was {a}'s opinion of {b}? ; What did {a} say about {b}?
thought: What do people in {b} think of {a}? ; What is the opinion of {a} in {b}? ; How is {a} seen by people in
    {b}?
[persons | roles | a:relative]
i: Can I sue my {a}? ; Am I able to sue my {a}? ; Is it possible for me to sue my {a}?
they: Can my {a} sue me? ; Is my {a} able to sue me? ; Is it possible for my {a} to sue me? ; Can I be sued by my
    {a}?
owe: How much do I owe my {a}? ; What do I owe my {a}? ; How much money do I owe to my {a}?
owes: How much does my {a} owe me? ; What does my {a} owe me? ; How much money does my {a} owe to me?
ihelp: How can I help my {a}? ; What can I do to help my {a}? ; Ways to help my {a}
helpme: How can my {a} help me? ; What can my {a} do to help me? ; Ways my {a} can help me
trust: Can I trust my {a}? ; Is my {a} someone I can trust? ; Can my {a} be trusted by me?
trusted: Can my {a} trust me? ; Am I someone my {a} can trust?
ignore: Why do I ignore my {a}? ; What makes me ignore my {a}? ; For what reason do I ignore my {a}?
ignored: Why does my {a} ignore me? ; What makes my {a} ignore me? ; For what reason does my {a} ignore me? ; Why am
    I ignored by my {a}?
stop: How do I stop my {a} from calling me? ; How can I get my {a} to stop calling me? ; Ways to stop my {a} from
    calling me
stopme: How do I stop calling my {a}? ; How can I stop calling my {a}? ; Ways to stop calling my {a}
[i and you | roles | a:thing]
isell: Can I sell you a {a}? ; May I sell a {a} to you?
yousell: Can you sell me a {a}? ; Would you sell a {a} to me?
ipay: How much do I pay you for a {a}? ; What do I pay you for a {a}?
youpay: How much do you pay me for a {a}? ; What do you pay me for a {a}?
isend: Where do I send you the {a}? ; To which place do I send you the {a}?
yousend: Where do you send me the {a}? ; To which place do you send me the {a}?
[give | roles | a:firstname b:firstname c:thing]
gave>: Did {a} give {b} a {c}? ; Did {a} give a {c} to {b}? ; Was {b} given a {c} by {a}? ; Did {b} get a {c} from
    {a}?
owes>: Does {a} owe {b} a {c}? ; Does {a} owe a {c} to {b}? ; Is a {c} owed to {b} by {a}?
stole>: Did {a} steal a {c} from {b}? ; Was a {c} stolen from {b} by {a}? ; Is it true that {a} stole a {c} from
    {b}?
sell>: Should {a} sell {b} the {c}? ; Should {a} sell the {c} to {b}? ; Should the {c} be sold to {b} by {a}?
why>: Why did {a} lend {b} the {c}? ; Why did {a} lend the {c} to {b}? ; For what reason did {a} lend {b} the {c}? ;
    Why did {b} borrow the {c} from {a}?
both=: Do {a} and {b} share a {c}? ; Is a {c} shared by {a} and {b}?
[relations | roles | a:fullname b:fullname]
boss>: Is {a} the boss of {b}? ; Does {b} work under {a}? ; Does {b} report to {a}? ; Is {a} {b}'s boss?
parent>: Is {a} the parent of {b}? ; Is {b} the child of {a}? ; Is {a} a parent of {b}? ; Is {b} {a}'s child?
ancestor>: Is {a} an ancestor of {b}? ; Is {b} a descendant of {a}? ; Does {b} descend from {a}?
teacher>: Was {a} the teacher of {b}? ; Was {b} a student of {a}? ; Was {b} taught by {a}? ; Did {a} teach {b}?
cousin=: Are {a} and {b} cousins? ; Is {a} a cousin of {b}? ; Is {a} {b}'s cousin?
friends=: Are {a} and {b} friends? ; Is {a} a friend of {b}? ; Is there a friendship between {a} and {b}?
married=: Are {a} and {b} married? ; Is {a} married to {b}? ; Is {a} {b}'s spouse?
love>: Is {a} in love with {b}? ; Does {a} love {b}? ; Is {b} loved by {a}?
older>: Was {a} born before {b}? ; Was {b} born after {a}? ; Is {a} from an earlier year than {b}?
[rel people | roles | a:person b:person]
said>: What did {a} say about {b}? ; What were {a}'s words about {b}? ; What was said about {b} by {a}? ; {a}'s
    opinion of {b}
letter>: Did {a} write a letter to {b}? ; Did {b} get a letter from {a}? ; Was a letter sent to {b} by {a}?
book>: Did {a} write a book about {b}? ; Is there a book about {b} by {a}? ; Was a book about {b} written by {a}?
met=: Did {a} and {b} ever meet? ; Did {a} ever meet {b}? ; Was there ever a meeting between {a} and {b}?
before>: Did {a} live before {b}? ; Did {b} live after {a}? ; Is {b} later than {a}?
style>: Write a poem in the style of {a} about {b}. ; Write a poem about {b} in the style of {a}. ; Compose a poem
    on {b} as {a} would write it.
speech>: Write a speech by {a} to {b}. ; Write a speech that {a} gives to {b}. ; Compose a speech from {a} to {b}.
think=: Write a dialogue between {a} and {b}. ; Compose a dialogue between {a} and {b}. ; I need a dialogue between
    {a} and {b}.
[writing | facet | a:doc b:theme]
write: Write a {a} about {b}. ; Compose a {a} about {b}. ; I need a {a} about {b}. ; Can you write a {a} about {b}?
    ; Please write me a {a} on {b}. ; Draft a {a} about {b}. ; I'd like a {a} about {b}. ; A {a} about {b}, please.
ideas: Give me ideas for a {a} about {b}. ; Ideas for a {a} about {b} ; I need ideas for a {a} about {b}.
title: Give me a title for a {a} about {b}. ; Title for a {a} about {b} ; I need a title for a {a} about {b}.
without: Write a {a} that does not mention {b}. ; Compose a {a} that doesn't mention {b}. ; I need a {a} that does
    not mention {b}.
[letter to | roles | a:relative b:relative c:doc]
write>: Write a {c} from my {a} to my {b}. ; Compose a {c} from my {a} to my {b}. ; I need a {c} to my {b} from my
    {a}.
about>: Write a {c} to my {a} about my {b}. ; Compose a {c} about my {b} for my {a}. ; I need a {c} to my {a} about
    my {b}.
both=: Write a {c} to my {a} and my {b}. ; Compose a {c} for my {a} and my {b}.
[metric | facet | a:metric b:country]
what: What is the {a} of {b}? ; Tell me the {a} of {b}. ; {a} of {b} ; What's {b}'s {a}? ; I'd like to know the {a}
    of {b}.
history: How did the {a} of {b} change over time? ; How has the {a} of {b} changed over time? ; History of the {a}
    of {b}
who: Who decides on the {a} of {b}? ; By whom is the {a} of {b} decided?
future: How will the {a} of {b} change in the future? ; What will the {a} of {b} be in the future? ; Future of the
    {a} of {b}
[metric year | number | a:metric b:country c:year]
what: What was the {a} of {b} in {c}? ; Tell me the {a} of {b} in {c}. ; In {c}, what was the {a} of {b}? ; {b}'s
    {a} in {c}
before: What was the {a} of {b} before {c}? ; Tell me the {a} of {b} before {c}. ; Before {c}, what was the {a} of
    {b}?
since: How has the {a} of {b} changed since {c}? ; Since {c}, how has the {a} of {b} changed? ; Changes in the {a}
    of {b} since {c}
until: How did the {a} of {b} change until {c}? ; Until {c}, how did the {a} of {b} change? ; Changes in the {a} of
    {b} until {c}
[units | unit | a:unit b:unit c:num]
conv>: What is {c} {a} in {b}? ; Convert {c} {a} to {b}. ; How many {b} are {c} {a}? ; {c} {a} in {b} ; How many {b}
    are there in {c} {a}? ; Turn {c} {a} into {b}. ; {c} {a} equals how many {b}?
more>: Is {c} {a} more than {c} {b}? ; Are {c} {a} more than {c} {b}? ; Are {c} {b} less than {c} {a}?
[money | unit | a:currency b:currency c:num]
conv>: What is {c} {a} in {b}? ; Convert {c} {a} to {b}. ; How many {b} are {c} {a}? ; {c} {a} in {b} ; How many {b}
    do I get for {c} {a}? ; Change {c} {a} into {b}.
rate>: Is the exchange rate from {a} to {b} good? ; Is it a good time to exchange {a} for {b}?
[percent | number | a:num b:num]
of>: What percentage of {a} is {b}? ; {b} is what percentage of {a}? ; How many percent of {a} is {b}?
minus>: What is {a} minus {b}? ; How much is {a} minus {b}? ; Subtract {b} from {a}. ; Compute {a} minus {b}.
div>: What is {a} divided by {b}? ; How much is {a} divided by {b}? ; Divide {a} by {b}. ; Compute {a} divided by
    {b}.
plus=: What is {a} plus {b}? ; How much is {a} plus {b}? ; Add {a} and {b}. ; What is the sum of {a} and {b}?
times=: What is {a} times {b}? ; How much is {a} times {b}? ; Multiply {a} by {b}. ; What is the product of {a} and
    {b}?
[open hours | facet | a:weekday b:city c:festival]
open: Are shops in {b} open on {a}? ; Are shops open on {a} in {b}? ; On {a}, are shops in {b} open?
closed: Are shops in {b} closed on {a}? ; Are shops closed on {a} in {b}? ; On {a}, are shops in {b} closed?
fest: Are shops in {b} open at {c}? ; Are shops open at {c} in {b}?
why: Why are shops in {b} open on {a}? ; Why are shops open on {a} in {b}? ; For what reason are shops in {b} open
    on {a}?
whyclosed: Why are shops in {b} closed on {a}? ; Why are shops closed on {a} in {b}? ; For what reason are shops in
    {b} closed on {a}?
[weather month | facet | a:city b:month]
weather: What is the weather like in {a} in {b}? ; How is the weather in {a} in {b}? ; {a} weather in {b} ; In {b},
    what is the weather like in {a}?
rain: How much does it rain in {a} in {b}? ; How much rain falls in {a} in {b}? ; Rainfall in {a} in {b}
wear: What should I wear in {a} in {b}? ; Which clothes should I wear in {a} in {b}? ; What clothes do I need in {a}
    in {b}?
crowd: Is {a} crowded in {b}? ; Are there crowds in {a} in {b}? ; Is it crowded in {a} in {b}?
before: How is the weather in {a} before {b}? ; What is the weather like in {a} before {b}?
after: How is the weather in {a} after {b}? ; What is the weather like in {a} after {b}?
[requested code | requested-code | a:proglang b:devstep]
func: Write a function in {a} to {b}. ; Write a {a} function to {b}. ; I need a {a} function to {b}. ; Give me a
    function to {b}, written in {a}.
class: Write a class in {a} to {b}. ; Write a {a} class to {b}. ; I need a {a} class to {b}. ; Give me a class to
    {b}, written in {a}.
test: Write a test in {a} for a function to {b}. ; Write a {a} test for a function to {b}. ; I need a test for a
    function to {b}, written in {a}.
explain: Explain a {a} function to {b}. ; Explain to me a function to {b}, written in {a}.
rec: Write a recursive {a} function to {b}. ; Write a recursive function in {a} to {b}. ; I need a recursive {a}
    function to {b}.
[requested language | requested-language | a:theme b:lang c:doc]
write: Write a {c} about {a} in {b}. ; Compose a {c} in {b} about {a}. ; I need a {c} in {b} about {a}. ; Write, in
    {b}, a {c} about {a}.
about: Write a {c} about {a} for {b} learners. ; Compose a {c} about {a} for people who learn {b}. ; I need a {c}
    about {a} for learners of {b}.
[say | requested-language | a:theme b:lang c:lang]
say: How do I say {a} in {b}? ; How to say {a} in {b}? ; What is {a} in {b}? ; What's the {b} expression for {a}? ;
    Translate {a} into {b}.
spell: How do I spell {a} in {b}? ; How to spell {a} in {b}? ; How is {a} spelled in {b}?
pron: How do I pronounce {a} in {b}? ; How to pronounce {a} in {b}? ; How is {a} pronounced in {b}?
[speak | facet | a:lang b:lang]
borrow>: Which words did {a} borrow from {b}? ; What {b} words are used in {a}? ; Words of {b} origin in {a}
come>: Does {a} come from {b}? ; Is {b} the origin of {a}? ; Is {a} derived from {b}? ; Does {a} have its origin in
    {b}?
easy>: Is {a} easy for people who speak {b}? ; Is {a} easy for speakers of {b}? ; Is {a} an easy language for {b}
    speakers?
hard>: Is {a} hard for people who speak {b}? ; Is {a} hard for speakers of {b}? ; Is {a} a hard language for {b}
    speakers?
understand>: Can {a} speakers understand {b}? ; Can people who speak {a} understand {b}? ; Is {b} understood by {a}
    speakers?
close=: Are {a} and {b} related? ; Is {a} related to {b}? ; Do {a} and {b} belong to one family?
[food chain | roles | a:animal b:animal]
eat>: Do {a} eat {b}? ; Are {b} eaten by {a}? ; Do {a} feed on {b}? ; Are {b} a food of {a}?
fear>: Are {a} afraid of {b}? ; Do {a} fear {b}? ; Are {b} feared by {a}? ; Are {a} scared of {b}?
attack>: Why do {a} attack {b}? ; Why are {b} attacked by {a}? ; For what reason do {a} attack {b}? ; What makes {a}
    attack {b}?
kill>: Can {a} kill {b}? ; Can {b} be killed by {a}? ; Are {a} able to kill {b}?
evolve>: Did {a} evolve from {b}? ; Are {b} the ancestors of {a}? ; Are {a} descended from {b}?
friends=: Do {a} and {b} get along? ; Do {a} get along with {b}? ; Can {a} and {b} live together?
chase>: Why do {a} chase {b}? ; Why are {b} chased by {a}? ; For what reason do {a} chase {b}? ; What makes {a} run
    after {b}?
more>: Are there more {a} than {b}? ; Are there fewer {b} than {a}? ; Do {a} outnumber {b}? ; Are {b} outnumbered by
    {a}?
some>: Do some {a} eat {b}? ; Are {b} eaten by some {a}? ; Are there {a} that eat {b}?
never>: Why do {a} never eat {b}? ; Why are {b} never eaten by {a}? ; For what reason do {a} never eat {b}?
[geography | facet | a:city b:city]
north>: Is {a} north of {b}? ; Does {a} lie to the north of {b}? ; Is {b} south of {a}?
east>: Is {a} east of {b}? ; Does {a} lie to the east of {b}? ; Is {b} west of {a}?
far=: How far is {a} from {b}? ; What is the distance between {a} and {b}? ; How many miles lie between {a} and {b}?
    ; Distance between {a} and {b}
tz=: What is the time difference between {a} and {b}? ; Time difference between {a} and {b} ; How many hours lie
    between the time zones of {a} and {b}?
live=: Is it better to live in {a} or in {b}? ; Which is better to live in, {a} or {b}? ; Where is it better to
    live, {a} or {b}?
flight>: Which airlines fly from {a} to {b}? ; What airlines fly to {b} from {a}? ; Airlines that fly from {a} to
    {b} ; Which airlines have flights from {a} to {b}?
last>: When does the last train from {a} to {b} leave? ; When is the last train to {b} from {a}? ; Last train from
    {a} to {b}
first>: When does the first train from {a} to {b} leave? ; When is the first train to {b} from {a}? ; First train
    from {a} to {b}
stop>: Does the train from {a} to {b} have a dining car? ; Is there a dining car on the train to {b} from {a}?
ahead>: Is {a} ahead of {b} in time? ; Is the clock in {a} ahead of the clock in {b}? ; Is {b} behind {a} in time?
[trade | facet | a:country b:country]
export>: What does {a} export to {b}? ; Which goods does {a} sell to {b}? ; Exports from {a} to {b} ; What does {b}
    import from {a}? ; {a}'s exports to {b}
visa>: Do citizens of {a} need a visa for {b}? ; Is a visa for {b} required for citizens of {a}? ; Do I need a visa
    for {b} as a citizen of {a}? ; Must citizens of {a} have a visa to visit {b}?
debt>: How much does {a} owe {b}? ; How much money does {a} owe to {b}? ; {a}'s debt to {b}
aid>: How much aid does {a} give to {b}? ; How much aid does {b} get from {a}? ; Aid from {a} to {b}
migrate>: How many people from {a} live in {b}? ; How many people in {b} come from {a}? ; Number of people from {a}
    in {b}
independ>: When did {a} become independent of {b}? ; In which year did {a} gain independence from {b}? ; Year of
    {a}'s independence from {b}
embassy>: Where is the embassy of {a} in {b}? ; Where in {b} is the embassy of {a}? ; Address of the embassy of {a}
    in {b}
border=: Do {a} and {b} share a border? ; Does {a} border {b}? ; Is there a border between {a} and {b}?
war=: Were {a} and {b} ever at war? ; Was there ever a war between {a} and {b}? ; Did {a} and {b} ever fight a war?
think>: What do people in {a} think of {b}? ; How is {b} seen by people in {a}? ; Opinion of {b} in {a}
team>: Will {a} win against {b}? ; Will {a} beat {b}? ; Will {b} lose against {a}? ; Is {a} going to beat {b}?
[code parts | facet | a:made b:made]
depends>: Does {a} depend on {b}? ; Is {b} a dependency of {a}? ; Is {a} dependent on {b}?
inherits>: Does {a} inherit from {b}? ; Is {a} a subclass of {b}? ; Is {b} a base class of {a}?
calls>: Why does {a} call {b}? ; Why is {b} called by {a}? ; For what reason does {a} call {b}?
contains>: Is {a} part of {b}? ; Does {b} contain {a}? ; Is {a} contained in {b}? ; Is {a} inside {b}?
before>: Does {a} run before {b}? ; Does {b} run after {a}? ; Is {a} run before {b}?
override>: Does {a} override {b}? ; Is {b} overridden by {a}? ; Does {a} take precedence over {b}?
compat=: Are {a} and {b} compatible? ; Is {a} compatible with {b}? ; Do {a} and {b} work together?
only>: Does only {a} use {b}? ; Is {b} used only by {a}? ; Is {a} the only thing that uses {b}?
uses>: What does {a} use {b} for? ; For what does {a} use {b}? ; For what is {b} used by {a}?
return>: Does {a} return {b}? ; Is {b} returned by {a}? ; Is {b} what {a} returns?
[letters | facet | a:letter b:letter]
greater>: Is {a} greater than {b}? ; Is {b} less than {a}? ; Does {a} exceed {b}?
subset>: Is {a} a subset of {b}? ; Is {b} a superset of {a}? ; Is {a} contained in {b}?
implies>: Does {a} imply {b}? ; Does {b} follow from {a}? ; Is {b} implied by {a}?
equal=: Is {a} equal to {b}? ; Are {a} and {b} equal? ; Does {a} equal {b}?
divides>: Does {a} divide {b}? ; Is {b} divisible by {a}? ; Is {b} a multiple of {a}?
given>: What is the probability of {a} given {b}? ; Probability of {a} given {b} ; How likely is {a} given {b}?
corr=: What is the correlation between {a} and {b}? ; Correlation between {a} and {b} ; How strongly are {a} and {b}
    correlated?
minus>: What is {a} minus {b}? ; Compute {a} minus {b}. ; Subtract {b} from {a}. ; What do I get when I subtract {b}
    from {a}?
causes>: Does {a} cause {b}? ; Is {b} caused by {a}? ; Is {a} a cause of {b}?
only if>: Is {a} true only if {b} is true? ; Does {a} hold only if {b} holds?
iff=: Is {a} true exactly when {b} is true? ; Are {a} and {b} logically equivalent?
path>: What is the shortest path from {a} to {b}? ; Shortest path from {a} to {b} ; Find the shortest path to {b}
    from {a}.
[republic | facet | a:metric]
drc: What is the {a} of the Democratic Republic of the Congo? ; Tell me the {a} of the Democratic Republic of the
    Congo. ; {a} of the Democratic Republic of the Congo
rc: What is the {a} of the Republic of the Congo? ; Tell me the {a} of the Republic of the Congo. ; {a} of the
    Republic of the Congo
car: What is the {a} of the Central African Republic? ; Tell me the {a} of the Central African Republic. ; {a} of
    the Central African Republic
dr: What is the {a} of the Dominican Republic? ; Tell me the {a} of the Dominican Republic. ; {a} of the Dominican
    Republic
[magnitude | number | a:country b:num c:year]
million: When did {a} reach {b} million people? ; In which year did {a} reach {b} million inhabitants? ; Year in
    which {a} got {b} million people
billion: When did {a} reach {b} billion people? ; In which year did {a} reach {b} billion inhabitants? ; Year in
    which {a} got {b} billion people
thousand: When did {a} reach {b} thousand people? ; In which year did {a} reach {b} thousand inhabitants?
[timers | unit | a:food b:num]
min: Can I boil {a} for {b} minutes? ; Is it OK to boil {a} for {b} minutes? ; Is boiling {a} for {b} minutes OK?
hours: Can I boil {a} for {b} hours? ; Is it OK to boil {a} for {b} hours? ; Is boiling {a} for {b} hours OK?
seconds: Can I boil {a} for {b} seconds? ; Is it OK to boil {a} for {b} seconds?
grams: Can I eat {b} grams of {a} a day? ; Is it OK to eat {b} grams of {a} a day? ; Is eating {b} grams of {a} a
    day OK?
grams week: Can I eat {b} grams of {a} a week? ; Is it OK to eat {b} grams of {a} a week?
must: Do I have to boil {a} for {b} minutes? ; Is it necessary to boil {a} for {b} minutes? ; Must I boil {a} for
    {b} minutes?
[first of n | number | a:country]
1: Who was the first president of {a}? ; Name the first president of {a}. ; First president of {a}
2: Who was the second president of {a}? ; Name the second president of {a}. ; Second president of {a}
3: Who was the third president of {a}? ; Name the third president of {a}. ; Third president of {a}
last: Who was the last president of {a}? ; Name the last president of {a}. ; Last president of {a}
next: Who will be the next president of {a}? ; Name the next president of {a}. ; Next president of {a}
vice: Who was the first vice president of {a}? ; Name the first vice president of {a}. ; First vice president of {a}
youngest: Who was the youngest president of {a}? ; Name the youngest president of {a}. ; Youngest president of {a}
oldest: Who was the oldest president of {a}? ; Name the oldest president of {a}. ; Oldest president of {a}
[arguments | opposite | a:concept b:country]
for: What are arguments for {a}? ; Arguments in favor of {a} ; What speaks for {a}? ; Which arguments support {a}?
against: What are arguments against {a}? ; Arguments against {a} ; What speaks against {a}? ; Which arguments oppose
    {a}?
both: What are arguments for and against {a}? ; Arguments for and against {a} ; What speaks for and against {a}?
forin: What are arguments for {a} in {b}? ; Arguments in favor of {a} in {b} ; Which arguments for {a} are there in
    {b}?
againstin: What are arguments against {a} in {b}? ; Arguments against {a} in {b} ; Which arguments against {a} are
    there in {b}?
[inventions | facet | a:person b:gadget]
did: Did {a} invent the {b}? ; Was the {b} invented by {a}? ; Is {a} the inventor of the {b}? ; Is the {b} an
    invention of {a}?
when: When did {a} invent the {b}? ; In which year did {a} invent the {b}? ; When was the {b} invented by {a}?
where: Where did {a} invent the {b}? ; In which place did {a} invent the {b}? ; Where was the {b} invented by {a}?
why: Why did {a} invent the {b}? ; For what reason did {a} invent the {b}? ; Why was the {b} invented by {a}?
how: How did {a} invent the {b}? ; In what way did {a} invent the {b}? ; How was the {b} invented by {a}?
whom: With whom did {a} invent the {b}? ; Who invented the {b} together with {a}? ; Who helped {a} invent the {b}?
own: Did {a} own a {b}? ; Was {a} the owner of a {b}? ; Did {a} have a {b}?
whynot: Why did {a} not invent the {b}? ; Why didn't {a} invent the {b}? ; Why was the {b} not invented by {a}?
[pronouns | roles | a:vital]
my: How do I improve my {a}? ; How can I improve my {a}? ; Ways to improve my {a} ; What can I do to improve my {a}?
her: How do I improve her {a}? ; How can I improve her {a}? ; Ways to improve her {a} ; What can I do to improve her
    {a}?
his: How do I improve his {a}? ; How can I improve his {a}? ; Ways to improve his {a} ; What can I do to improve his
    {a}?
baby: How do I improve my baby's {a}? ; How can I improve my baby's {a}? ; Ways to improve my baby's {a}
dog: How do I improve my dog's {a}? ; How can I improve my dog's {a}? ; Ways to improve my dog's {a}
normal: What is a normal {a}? ; Which {a} is normal? ; Normal {a}?
high: What are the signs that my {a} is too high? ; Signs of my {a} being too high ; How do I notice that my {a} is
    too high?
low: What are the signs that my {a} is too low? ; Signs of my {a} being too low ; How do I notice that my {a} is too
    low?
[too much | opposite | a:setting b:gadget]
high: Why is the {a} of my {b} too high? ; What makes the {a} of my {b} too high? ; The {a} of my {b} is too high.
    Why?
low: Why is the {a} of my {b} too low? ; What makes the {a} of my {b} too low? ; The {a} of my {b} is too low. Why?
rise: Why does the {a} of my {b} keep rising? ; What makes the {a} of my {b} keep rising? ; The {a} of my {b} keeps
    rising. Why?
fall: Why does the {a} of my {b} keep falling? ; What makes the {a} of my {b} keep falling? ; The {a} of my {b}
    keeps falling. Why?
stuck: Why does the {a} of my {b} not change? ; What keeps the {a} of my {b} from changing? ; The {a} of my {b} does
    not change. Why?
max: What is the maximum {a} of a {b}? ; What is the highest {a} of a {b}? ; Maximum {a} of a {b}
min: What is the minimum {a} of a {b}? ; What is the lowest {a} of a {b}? ; Minimum {a} of a {b}
best: What is the best {a} for a {b}? ; Which {a} is best for a {b}? ; Best {a} for a {b}
avg: What is the average {a} of a {b}? ; Average {a} of a {b} ; How high is the {a} of a {b} on average?
[taste | opposite | a:dish]
salty: Why is my {a} too salty? ; What makes my {a} too salty? ; My {a} tastes too salty. Why?
bland: Why is my {a} too bland? ; What makes my {a} too bland? ; My {a} tastes too bland. Why?
wet: Why is my {a} too wet? ; What makes my {a} too wet? ; My {a} came out too wet. Why?
dry: Why is my {a} too dry? ; What makes my {a} too dry? ; My {a} came out too dry. Why?
soft: Why is my {a} too soft? ; What makes my {a} too soft? ; My {a} came out too soft. Why?
hard: Why is my {a} too hard? ; What makes my {a} too hard? ; My {a} came out too hard. Why?
fixsalty: How do I fix {a} that is too salty? ; How can I save {a} that is too salty? ; My {a} is too salty. How do
    I fix it?
fixbland: How do I fix {a} that is too bland? ; How can I save {a} that is too bland? ; My {a} is too bland. How do
    I fix it?
why: Why is {a} so popular? ; What makes {a} so popular? ; For what reason is {a} so popular?
unpop: Why is {a} so unpopular? ; What makes {a} so unpopular? ; For what reason is {a} so unpopular?
cal: How many calories are in {a}? ; Calories in {a} ; What is the calorie content of {a}?
origin: Where does {a} come from originally? ; What is the origin of {a}? ; Origin of {a}
[how much many | facet | a:animal b:food]
often: How often do {a} eat {b}? ; How frequently do {a} eat {b}? ; At what intervals do {a} eat {b}?
long: How long can {a} live on {b}? ; For how long can {a} live on {b}? ; For what length of time can {a} live on
    {b}?
when: When do {a} eat {b}? ; At what time do {a} eat {b}? ; What time of day do {a} eat {b}?
where: Where do {a} find {b}? ; In what places do {a} find {b}? ; In which places can {a} find {b}?
how: How do {a} find {b}? ; In what way do {a} find {b}? ; By what means do {a} find {b}?
smell: Can {a} smell {b}? ; Are {a} able to smell {b}? ; Is it true that {a} can smell {b}?
[except | scope | a:app b:record]
all: How do I delete every {b} in {a}? ; How to delete all {b}s in {a}? ; Delete each {b} in {a} ; Way to delete all
    {b}s in {a}
one: How do I delete a single {b} in {a}? ; How to delete just one {b} in {a}? ; Delete one {b} in {a}
except: How do I delete every {b} in {a} except one? ; How to delete all {b}s in {a} but one? ; Delete all but one
    {b} in {a}
old: How do I delete every old {b} in {a}? ; How to delete all old {b}s in {a}? ; Delete each old {b} in {a}
shared: How do I delete every shared {b} in {a}? ; How to delete all shared {b}s in {a}? ; Delete each shared {b} in
    {a}
unshared: How do I delete every {b} in {a} that is not shared? ; How to delete all unshared {b}s in {a}? ; Delete
    each unshared {b} in {a}
first: How do I delete the first {b} in {a}? ; How to delete the first {b} in {a}? ; Delete the first {b} in {a}
last: How do I delete the last {b} in {a}? ; How to delete the last {b} in {a}? ; Delete the last {b} in {a}
notdel: How do I keep a {b} from being deleted in {a}? ; How to stop {a} from deleting a {b}? ; Keep {a} from
    deleting a {b}
oldest: How do I find the oldest {b} in {a}? ; How to find the oldest {b} in {a}? ; Find the oldest {b} in {a}
newest: How do I find the newest {b} in {a}? ; How to find the newest {b} in {a}? ; Find the newest {b} in {a}
largest: How do I find the largest {b} in {a}? ; How to find the largest {b} in {a}? ; Find the largest {b} in {a}
smallest: How do I find the smallest {b} in {a}? ; How to find the smallest {b} in {a}? ; Find the smallest {b} in
    {a}
[where to | facet | a:app b:app]
why>: Why does {a} need access to {b}? ; For what reason does {a} need access to {b}? ; Why is access to {b} needed
    by {a}?
data>: Does {a} send data to {b}? ; Does {b} get data from {a}? ; Is data from {a} sent to {b}?
from>: Is {a} made by the makers of {b}? ; Do the makers of {b} also make {a}?
inside>: Can I open {a} inside {b}? ; Is it possible to open {a} inside {b}? ; Does {b} let me open {a} inside it?
without>: Can I use {a} without {b}? ; Is it possible to use {a} without {b}? ; Does {a} work without {b}?
block>: Why does {a} block {b}? ; Why is {b} blocked by {a}? ; For what reason does {a} block {b}?
work=: Do {a} and {b} work together? ; Does {a} work with {b}? ; Is {a} compatible with {b}?
[in country | roles | a:country b:country c:food]
from>: Can I bring {c} from {a} to {b}? ; Is it OK to bring {c} from {a} to {b}? ; May I take {c} to {b} from {a}? ;
    Am I able to bring {c} into {b} from {a}?
price>: Is {c} cheaper in {a} than in {b}? ; Does {c} cost less in {a} than in {b}? ; Is {c} more expensive in {b}
    than in {a}?
better>: Is {c} from {a} better than {c} from {b}? ; Is {c} made in {a} better than {c} made in {b}?
why>: Why does {a} import {c} from {b}? ; Why does {b} export {c} to {a}? ; For what reason does {a} buy {c} from
    {b}?
tariff>: What is the tariff on {c} from {a} in {b}? ; How high is {b}'s tariff on {c} from {a}? ; Tariff on {c} from
    {a} in {b}
both=: Is {c} eaten in both {a} and {b}? ; Do people eat {c} in {a} and in {b}? ; Is {c} a food in {a} as well as in
    {b}?
[grades | exchange | a:letter b:subject]
get: How do I get a grade of {a} in {b}? ; How can I get a grade of {a} in {b}? ; What do I have to do for a grade
    of {a} in {b}?
mean: What does {a} stand for in {b}? ; What is the meaning of {a} in {b}? ; Meaning of {a} in {b}? ; What does the
    letter {a} mean in {b}?
better: How do I get a better grade than {a} in {b}? ; How can I get a grade better than {a} in {b}?
worse: Is there a worse grade than {a} in {b}? ; Does {b} have a grade worse than {a}?
[vitamin letters | exchange | a:letter b:disease]
what: What is vitamin {a} good for? ; What are the benefits of vitamin {a}? ; Benefits of vitamin {a}
food: Which foods contain vitamin {a}? ; What foods have vitamin {a}? ; Foods with vitamin {a}
nofood: Which foods contain no vitamin {a}? ; What foods have no vitamin {a}? ; Foods without vitamin {a}
lack: What are the signs of too little vitamin {a}? ; Signs of a lack of vitamin {a} ; How do I notice a lack of
    vitamin {a}?
much: What are the signs of too much vitamin {a}? ; Signs of too much vitamin {a} ; How do I notice too much vitamin
    {a}?
with: Does vitamin {a} help against {b}? ; Does vitamin {a} help with {b}? ; Is vitamin {a} effective against {b}?
cause: Can vitamin {a} cause {b}? ; Can {b} be caused by vitamin {a}? ; Can vitamin {a} lead to {b}?
lackcause: Can a lack of vitamin {a} cause {b}? ; Can {b} be caused by a lack of vitamin {a}? ; Can too little
    vitamin {a} lead to {b}?
[quoted | exact-words | a:phrase b:lang c:lang]
tr: How do I say "{a}" in {b}? ; Translate "{a}" into {b}. ; What is "{a}" in {b}? ; "{a}" in {b}? ; How do you say
    "{a}" in {b}?
from: Translate "{a}" from {c} into {b}. ; Translate the {c} phrase "{a}" to {b}. ; What is the {c} phrase "{a}" in
    {b}?
formal: Say "{a}" more formally. ; Make "{a}" more formal. ; What is a more formal way to say "{a}"?
casual: Say "{a}" less formally. ; Make "{a}" less formal. ; What is a less formal way to say "{a}"?
short: Shorten "{a}". ; Make "{a}" shorter. ; What is a shorter way to say "{a}"?
long: Lengthen "{a}". ; Make "{a}" longer. ; What is a longer way to say "{a}"?
reply: How do I reply to "{a}"? ; What do I say when someone says "{a}"? ; What is a good reply to "{a}"?
count: How many letters are in "{a}"? ; Count the letters in "{a}". ; What is the number of letters in "{a}"?
words: How many words are in "{a}"? ; Count the words in "{a}". ; What is the number of words in "{a}"?
[units made up | unit | a:made b:made c:num]
conv>: What is {c} {a} in {b}? ; Convert {c} {a} to {b}. ; How many {b} are {c} {a}? ; {c} {a} in {b} ; Turn {c} {a}
    into {b}.
cost>: How many {a} do I get for {c} {b}? ; What number of {a} can I buy with {c} {b}? ; {c} {b} buy how many {a}?
[law age | negation | a:country b:num]
vote: Can people vote at {b} in {a}? ; Is it OK to vote at {b} in {a}? ; Are people of {b} able to vote in {a}?
notvote: Why can people not vote at {b} in {a}? ; Why can't people vote at {b} in {a}? ; Why are people of {b} not
    able to vote in {a}?
drive: Can people drive at {b} in {a}? ; Is it OK to drive at {b} in {a}? ; Are people of {b} able to drive in {a}?
under: How many people in {a} are under {b}? ; How many people in {a} are younger than {b}? ; Number of people under
    {b} in {a}
over: How many people in {a} are over {b}? ; How many people in {a} are older than {b}? ; Number of people over {b}
    in {a}
[errors | negation | a:tool b:tool c:os]
start: Why does {a} not start on {c}? ; Why doesn't {a} start on {c}? ; {a} won't start on {c}. Why? ; What keeps
    {a} from starting on {c}?
stop: Why does {a} not stop on {c}? ; Why doesn't {a} stop on {c}? ; {a} won't stop on {c}. Why? ; What keeps {a}
    from stopping on {c}?
starts: Why does {a} start by itself on {c}? ; {a} starts by itself on {c}. Why? ; What makes {a} start by itself on
    {c}?
slow: Why is {a} slow on {c}? ; Why does {a} run slowly on {c}? ; What makes {a} slow on {c}? ; {a} is slow on {c}.
    Why?
fast: Why is {a} fast on {c}? ; Why does {a} run fast on {c}? ; What makes {a} fast on {c}?
find>: Why can {a} not find {b}? ; Why can't {a} find {b}? ; {a} can't find {b}. Why? ; Why is {b} not found by {a}?
crash>: Why does {a} crash {b}? ; For what reason does {a} crash {b}? ; What makes {a} crash {b}? ; Why is {b}
    crashed by {a}?
crashwith>: Why does {a} crash when {b} starts? ; What makes {a} crash as soon as {b} starts? ; {a} crashes when {b}
    starts. Why?
slower>: Why is {a} slower than {b}? ; What makes {a} slower than {b}? ; Why is {b} faster than {a}?
conflict=: Why do {a} and {b} conflict? ; Why does {a} conflict with {b}? ; What makes {a} conflict with {b}?
support: Does {a} run on {c}? ; Does {a} work on {c}? ; Is {a} available for {c}? ; Can I run {a} on {c}?
[books | roles | a:title b:title]
ref>: Does {a} refer to {b}? ; Is there a reference to {b} in {a}? ; Is {b} referred to in {a}?
based>: Is {a} based on {b}? ; Was {b} the basis of {a}? ; Is {b} what {a} is based on?
sequel>: Is {a} a sequel to {b}? ; Is {b} followed by {a}? ; Is {a} the follow-up to {b}?
before>: Did {a} come out before {b}? ; Did {b} come out after {a}? ; Is {a} older than {b}?
better>: Why is {a} better than {b}? ; What makes {a} better than {b}? ; Why is {b} worse than {a}?
both=: Which actors are in both {a} and {b}? ; Who acts in {a} as well as in {b}? ; Actors that {a} and {b} share
not>: Which actors are in {a} but not in {b}? ; Who acts in {a} but not in {b}?
[events | order | a:event b:event]
cause>: Did {a} lead to {b}? ; Was {b} caused by {a}? ; Was {a} a cause of {b}? ; Is {b} a result of {a}?
before>: Did {a} come before {b}? ; Did {b} come after {a}? ; Was {a} earlier than {b}? ; Is {b} later than {a}?
infl>: How did {a} influence {b}? ; How was {b} influenced by {a}? ; In what way did {a} influence {b}? ; Influence
    of {a} on {b}
between=: What happened between {a} and {b}? ; Events between {a} and {b} ; Which events took place between {a} and
    {b}?
years>: How many years before {b} was {a}? ; How many years passed from {a} to {b}? ; Number of years from {a} to
    {b}
longer>: Did {a} last longer than {b}? ; Was {a} longer than {b}? ; Was {b} shorter than {a}?
[elements | roles | a:element b:element]
into>: Can {a} be turned into {b}? ; Is it possible to turn {a} into {b}? ; Can {b} be made from {a}?
displace>: Does {a} displace {b}? ; Is {b} displaced by {a}? ; Can {a} displace {b}?
react=: Does {a} react with {b}? ; Is there a reaction between {a} and {b}? ; Do {a} and {b} react?
decay>: Does {a} decay into {b}? ; Is {b} a decay product of {a}? ; Can {b} come from the decay of {a}?
dissolve>: Does {a} dissolve in {b}? ; Can {a} be dissolved in {b}? ; Is {a} soluble in {b}?
ratio>: What is the ratio of {a} to {b} in rocks? ; Ratio of {a} to {b} in rocks ; How high is the ratio of {a} to
    {b} in rocks?
[foods | facet | a:food b:food]
more>: Does {a} have more calories than {b}? ; Does {b} have fewer calories than {a}? ; Are there more calories in
    {a} than in {b}?
can>: Can I use {a} instead of {b}? ; Is it OK to use {a} instead of {b}? ; Can {b} be replaced with {a}? ; Can I
    substitute {a} for {b}?
ratio>: How much {a} do I use in place of {b}? ; What amount of {a} replaces {b}? ; How much {a} replaces {b}?
made>: Is {a} made from {b}? ; Is {b} used to make {a}? ; Do people make {a} from {b}?
contains>: Does {a} contain {b}? ; Is there {b} in {a}? ; Is {b} in {a}?
go=: Do {a} and {b} go together? ; Does {a} go well with {b}? ; Is {a} a good match for {b}?
first>: Do I cook {a} before {b}? ; Do I cook {b} after {a}? ; Is {a} cooked before {b}?
[jobs | roles | a:job b:job]
earn>: Does a {a} earn more than a {b}? ; Does a {b} earn less than a {a}? ; Is the salary of a {a} higher than that
    of a {b}?
boss>: Can a {a} give orders to a {b}? ; Does a {b} have to follow orders of a {a}? ; Is a {a} able to give orders
    to a {b}?
become>: Can a {a} become a {b}? ; Is it possible for a {a} to become a {b}? ; Is a {a} able to become a {b}?
ask>: What should a {a} ask a {b}? ; Which questions should a {a} ask a {b}? ; Questions for a {a} to ask a {b}
report>: Must a {a} report a {b}? ; Does a {a} have to report a {b}? ; Is a {a} required to report a {b}?
teach>: What can a {a} learn from a {b}? ; What can a {b} teach a {a}? ; Things a {a} can learn from a {b}
both=: Can I be both a {a} and a {b}? ; Is it possible to be a {a} and a {b} at once?
refer>: When should a {a} refer someone to a {b}? ; In which cases should a {a} send someone to a {b}?
[letters and code | facet | a:made b:made c:proglang]
cast>: How do I cast {a} to {b} in {c}? ; How to cast {a} to {b} in {c}? ; In {c}, how do I cast {a} to {b}? ;
    Casting {a} to {b} in {c}
import>: How do I import {a} from {b} in {c}? ; How to import {a} from {b} in {c}? ; In {c}, how do I import {a}
    from {b}? ; Importing {a} from {b} in {c}
extend>: How do I make {a} extend {b} in {c}? ; How to make {a} extend {b} in {c}? ; In {c}, how do I let {a} extend
    {b}?
contains>: How do I check whether {a} contains {b} in {c}? ; How to check if {a} contains {b} in {c}? ; In {c}, how
    do I test whether {b} is in {a}?
lacks>: How do I check whether {a} does not contain {b} in {c}? ; How to check if {a} doesn't contain {b} in {c}? ;
    In {c}, how do I test whether {b} is not in {a}?
equal=: How do I check whether {a} equals {b} in {c}? ; How to check if {a} is equal to {b} in {c}? ; In {c}, how do
    I test whether {a} and {b} are equal?
unequal=: How do I check whether {a} differs from {b} in {c}? ; How to check if {a} is not equal to {b} in {c}? ; In
    {c}, how do I test whether {a} and {b} are different?
starts>: How do I check whether {a} starts with {b} in {c}? ; How to check if {a} begins with {b} in {c}? ; In {c},
    how do I test whether {a} starts with {b}?
ends>: How do I check whether {a} ends with {b} in {c}? ; How to check if {a} ends in {b} in {c}? ; In {c}, how do I
    test whether {a} ends with {b}?
pass>: How do I pass {a} as an argument to {b} in {c}? ; How to pass {a} as an argument to {b} in {c}? ; In {c}, how
    do I call {b} with {a} as an argument?
map>: How do I apply {a} to every element of {b} in {c}? ; How to apply {a} to each element of {b} in {c}? ; In {c},
    how do I apply {a} to all elements of {b}?
[capitals | capitals | a:capital]
what: What is {a}? ; Tell me what {a} is. ; Can you explain what {a} is? ; What's {a}?
facts: Give me five facts about {a}. ; Tell me five facts about {a}. ; Five facts about {a}
why: Why is {a} important? ; What makes {a} important?
story: Write a short story about {a}. ; Compose a short story on {a}.
where: Where can I find {a}? ; Where is {a} found?
[bodypart | facet | a:bodypart b:sport]
hurt: Why does my {a} hurt after {b}? ; What causes pain in my {a} after {b}? ; My {a} hurts after {b}. Why?
before: Why does my {a} hurt before {b}? ; What causes pain in my {a} before {b}? ; My {a} hurts before {b}. Why?
numb: Why is my {a} numb after {b}? ; What causes numbness in my {a} after {b}? ; My {a} is numb after {b}. Why?
swell: Why is my {a} swollen after {b}? ; What causes swelling in my {a} after {b}? ; My {a} is swollen after {b}.
    Why?
no: Why does my {a} not hurt after {b}? ; Why is there no pain in my {a} after {b}? ; My {a} doesn't hurt after {b}.
    Why?
stop: How do I prevent pain in my {a} from {b}? ; How can I keep my {a} from hurting after {b}? ; Ways to prevent
    pain in my {a} from {b}
[salary | facet | a:job b:country]
pay: How much does a {a} earn in {b}? ; What is the salary of a {a} in {b}? ; {a} salary in {b} ; What does a {a}
    make in {b}?
demand: Are {a}s in demand in {b}? ; Is there demand for {a}s in {b}? ; Does {b} need {a}s?
tax: How much tax does a {a} pay in {b}? ; What taxes does a {a} have to pay in {b}? ; Taxes for a {a} in {b}
hours: How many hours a week does a {a} work in {b}? ; What are the weekly working hours of a {a} in {b}?
train: How long is the training of a {a} in {b}? ; How long does it take to train as a {a} in {b}? ; Length of
    training as a {a} in {b}
strike: Can a {a} go on strike in {b}? ; Is a {a} allowed to go on strike in {b}? ; May a {a} strike in {b}?
nostrike: Why can a {a} not go on strike in {b}? ; Why is a {a} not allowed to go on strike in {b}?
apost: Do I need a license to work as a {a} in {b}? ; Is a license required for a {a} in {b}? ; Does a {a} in {b}
    have to be licensed?
[kids animals | negation | a:animal b:food]
can: Can {a} eat {b}? ; Is it OK for {a} to eat {b}? ; Are {a} able to eat {b}? ; May I feed {b} to {a}?
why: Why do {a} like {b}? ; Why are {a} fond of {b}? ; For what reason do {a} like {b}?
whynot: Why do {a} not like {b}? ; Why don't {a} like {b}? ; Why do {a} dislike {b}?
whycant: Why can't {a} eat {b}? ; Why can {a} not eat {b}? ; Why are {a} not able to eat {b}?
how much: How much {b} can I give {a}? ; What amount of {b} can {a} have? ; How much {b} may {a} eat?
need: Do {a} need {b}? ; Do {a} have to eat {b}? ; Is {b} necessary for {a}?
used: Are {a} used to {b}? ; Are {a} accustomed to {b}?
[used to | tense | a:proglang b:company]
does: Does {b} use {a}? ; Is {a} used at {b}? ; Is {a} in use at {b}?
did: Did {b} use {a} in the past? ; Was {a} used at {b} in the past? ; Was {a} in use at {b} in the past?
will: Will {b} use {a} in the future? ; Will {a} be used at {b} in the future? ; Is {b} going to use {a} in the
    future?
why: Why does {b} use {a}? ; For what reason does {b} use {a}? ; Why is {a} used at {b}?
whynot: Why does {b} not use {a}? ; Why doesn't {b} use {a}? ; Why isn't {a} used at {b}?
stopped: Why did {b} stop using {a}? ; For what reason did {b} stop using {a}? ; What made {b} give up {a}?
invented: Was {a} invented at {b}? ; Did {b} invent {a}? ; Is {a} an invention of {b}?
only: Does {b} use only {a}? ; Does {b} use nothing but {a}? ; Is {a} the only language that {b} uses?
onlyone: Is {b} the only company that uses {a}? ; Does nobody but {b} use {a}? ; Is {a} used by {b} only?
all: Do all teams at {b} use {a}? ; Does every team at {b} use {a}? ; Is {a} used by all teams at {b}?
any: Does any team at {b} use {a}? ; Is there a team at {b} that uses {a}? ; Is {a} used by any team at {b}?
[long fillers | facet | a:longthing b:longthing]
move>: How do I move {a} to the end of {b}? ; How to move {a} to the end of {b}? ; Is there a way to move {a} to the
    end of {b}? ; Steps for moving {a} to the end of {b}
start>: How do I move {a} to the start of {b}? ; How to move {a} to the start of {b}? ; Is there a way to move {a}
    to the start of {b}?
check>: How do I check that {a} is older than {b}? ; How to check that {a} is older than {b}? ; Is there a way to
    check that {b} is newer than {a}?
why>: Why does {a} overwrite {b}? ; Why is {b} overwritten by {a}? ; For what reason does {a} overwrite {b}? ; What
    makes {a} overwrite {b}?
dep>: Do I need {a} before {b}? ; Is {a} needed before {b}? ; Must {a} be there before {b}?
"""


def _read() -> Iterator[tuple[str, dict[str, str], str, Senses]]:
    for head, senses in sections(_MISC):
        name, kind, types = (part.strip() for part in head.split("|"))
        slots = [slot.partition(":") for slot in types.split()]
        yield name, {slot: of for slot, _, of in slots}, kind, senses


MISC: tuple[tuple[str, dict[str, str], str, Senses], ...] = tuple(_read())

# Words whose capital decides what they mean. The first letter in upper case is one meaning, all lower case another.
CAPITALS = (
    ("Polish", "polish"),
    ("IT", "it"),
    ("Turkey", "turkey"),
    ("China", "china"),
    ("March", "march"),
    ("AIDS", "aids"),
    ("Rust", "rust"),
    ("Python", "python"),
    ("Java", "java"),
    ("Swift", "swift"),
    ("Apple", "apple"),
    ("Windows", "windows"),
    ("Word", "word"),
    ("Amazon", "amazon"),
    ("Bath", "bath"),
    ("Reading", "reading"),
    ("Nice", "nice"),
    ("Mercury", "mercury"),
    ("Shell", "shell"),
    ("Target", "target"),
    ("Ruby", "ruby"),
    ("Oracle", "oracle"),
    ("Visa", "visa"),
    ("Puma", "puma"),
    ("Excel", "excel"),
    ("WHO", "who"),
    ("US", "us"),
    ("Frozen", "frozen"),
    ("Jordan", "jordan"),
    ("Chile", "chile"),
)

LONG_THINGS = (
    "the second paragraph of the report",
    "the list of open invoices",
    "the table of contents",
    "the old customer database",
    "the new price list",
    "the summary of the meeting",
    "the attachment of the last email",
    "the backup from Monday",
    "the photos of our holiday",
    "the settings of the old phone",
    "the minutes of the board meeting",
    "the sales figures for May",
    "the draft of the contract",
    "the signed version of the contract",
    "the footnotes of chapter three",
    "the log of the web server",
    "the contents of the clipboard",
    "the schedule of the summer camp",
    "the audio track of the interview",
    "the German translation",
    "the English original",
    "the shared team calendar",
    "the column with phone numbers",
    "the history of the chat",
    "the first page of the brochure",
    "the last page of the brochure",
    "the left half of the screen",
    "the config file of the proxy",
    "the release notes of version two",
    "the data from the weather station",
    "the map of the harbor",
    "the recipe from my grandmother",
)

PHRASES = (
    "good morning",
    "good evening",
    "good night",
    "see you tomorrow",
    "see you tonight",
    "I love you",
    "I like you",
    "I miss you",
    "you miss me",
    "where is the station",
    "where is the exit",
    "thank you so much",
    "you are welcome",
    "happy birthday",
    "happy new year",
    "I am hungry",
    "I am thirsty",
    "I am not hungry",
    "how are you",
    "who are you",
    "how old are you",
    "what is your name",
    "what is his name",
    "open the door",
    "close the door",
    "open the window",
    "the cat sleeps",
    "the cat is asleep on the sofa",
    "the dog sleeps",
    "please wait here",
    "please come in",
    "please go out",
    "the bill, please",
    "the menu, please",
    "I don't understand",
    "I understand",
    "call the police",
    "call a doctor",
    "turn left",
    "turn right",
    "it was me",
    "it was not me",
)
