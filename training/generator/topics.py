"""Questions about one thing (facets), about two things compared, about who did what to whom, and single templates."""

from .tables import sections

# Sections are types, entries are facets. Two facets of one type never have the same answer.
_TOPICS = """
[medicine]
what: What is {x}? ; What kind of medicine is {x}? ; What's {x}? ; Explain what {x} is.
use: What is {x} used for? ; What do people take {x} for? ; Uses of {x} ; What is the use of {x}? ; What does {x}
    treat?
side: What are the side effects of {x}? ; Side effects of {x} ; Which side effects does {x} have? ; {x} side
    effects? ; What side effects can {x} cause?
how: How does {x} work? ; What is the mechanism of action of {x}? ; Explain how {x} works. ; In what way does {x}
    work?
dose: What is the usual dose of {x}? ; How much {x} is normally taken? ; Usual dosage of {x} ; What dose of {x} is
    normal?
max: What is the maximum dose of {x}? ; What is the highest dose of {x} that I can take? ; Maximum dosage of {x} ;
    How much {x} can I take at most?
last: How long does {x} stay in the body? ; How long does it take until {x} has left the body? ; Time {x} stays in
    the body
start: How long does {x} take to work? ; How quickly does {x} start working? ; When does {x} begin to work?
inventor: Who discovered {x}? ; By whom was {x} discovered? ; Name the discoverer of {x}.
avoid: Who should not take {x}? ; Who shouldn't take {x}? ; Which people must avoid {x}?
who: Who should take {x}? ; For whom is {x} recommended? ; Which people should take {x}?
alt: What are alternatives to {x}? ; Alternatives to {x} ; What can I take instead of {x}? ; Which alternatives to
    {x} exist?
[disease]
what: What is {x}? ; What's {x}? ; What sort of illness is {x}? ; Explain what {x} is.
cause: What causes {x}? ; Causes of {x} ; What are the causes of {x}? ; What is {x} caused by? ; What leads to {x}?
effect: What does {x} cause? ; What can {x} lead to? ; What are the complications of {x}? ; Complications of {x}
symptoms: What are the symptoms of {x}? ; Symptoms of {x} ; {x} symptoms? ; Which symptoms does {x} have? ; How does
    {x} show itself?
first: What are the first signs of {x}? ; Early signs of {x} ; What are the earliest signs of {x}?
cure: Is there a cure for {x}? ; Can {x} be cured? ; Is {x} curable? ; Is it possible to cure {x}?
contagious: Is {x} contagious? ; Can I catch {x} from someone? ; Is {x} passed from person to person?
inherited: Is {x} hereditary? ; Can {x} be inherited? ; Does {x} run in families?
deadly: Can people die of {x}? ; Is {x} deadly? ; Can {x} be fatal?
common: How common is {x}? ; How many people have {x}? ; How widespread is {x}?
diet: What should people with {x} eat? ; What is a good diet for {x}? ; Which foods are good for people with {x}?
notdiet: What should people with {x} not eat? ; Which foods are bad for people with {x}? ; Foods to avoid with {x}
men: How does {x} affect men? ; What does {x} do to men? ; Effects of {x} on men
women: How does {x} affect women? ; What does {x} do to women? ; Effects of {x} on women
[proglang]
what: What is {x}? ; What's {x}? ; Explain what {x} is. ; What sort of language is {x}?
use: What is {x} used for? ; What do people use {x} for? ; Uses of {x} ; What is {x} good for?
bad: What is {x} not suited for? ; What is {x} bad at? ; For which tasks is {x} a poor choice?
who: Who created {x}? ; Who invented {x}? ; By whom was {x} created? ; Name the creator of {x}. ; Who is the
    inventor of {x}?
when: When was {x} created? ; In which year was {x} invented? ; What year did {x} first appear in?
pro: What are the advantages of {x}? ; Advantages of {x} ; What are the strengths of {x}? ; What are the pros of
    {x}?
con: What are the disadvantages of {x}? ; Disadvantages of {x} ; What are the weaknesses of {x}? ; What are the cons
    of {x}?
ide: What is the best editor for {x}? ; Best editor for {x} ; Which editor is best for {x}?
book: What is the best book on {x}? ; Best book about {x} ; Which book on {x} is the best?
learn: Is {x} hard to learn? ; Is it difficult to learn {x}? ; Is learning {x} difficult?
pay: How much do {x} developers earn? ; What is the salary of a {x} developer? ; {x} developer salary
types: Is {x} statically typed? ; Does {x} have static typing? ; Is {x} a statically typed language?
dyn: Is {x} dynamically typed? ; Does {x} have dynamic typing? ; Is {x} a dynamically typed language?
dead: Is {x} dying? ; Is {x} a dying language? ; Is {x} going to die out?
hist: What is the history of {x}? ; History of {x} ; How did {x} develop over the years? ; Tell me the history of
    {x}.
name: Why is {x} called {x}? ; Where does {x} get its name from? ; How did {x} get its name?
[city]
pop: What is the population of {x}? ; How many people live in {x}? ; Population of {x} ; How many inhabitants does
    {x} have?
see: What are the best sights in {x}? ; What should I see in {x}? ; Sights in {x} ; Which sights are worth seeing in
    {x}?
eat: Where should I eat in {x}? ; What are the best restaurants in {x}? ; Best restaurants in {x} ; Good places to
    eat in {x}?
stay: Where should I stay in {x}? ; What are the best hotels in {x}? ; Good places to stay in {x}? ; Best hotels in
    {x}
safe: Is {x} safe for tourists? ; Is it safe for tourists in {x}? ; Is {x} a safe place for tourists?
danger: Is {x} dangerous for tourists? ; Is it dangerous for tourists in {x}? ; Is {x} a dangerous place for
    tourists?
rent: How much is rent in {x}? ; What does an apartment in {x} cost per month? ; Average rent in {x}
founded: When was {x} founded? ; In what year was {x} founded? ; How old is the city of {x}?
mayor: Who is the mayor of {x}? ; Name the mayor of {x}. ; What is the name of the mayor of {x}?
firstmayor: Who was the first mayor of {x}? ; Name the first mayor of {x}. ; What was the first mayor of {x} called?
airport: How do I get from the airport to the center of {x}? ; What is the way from the airport to downtown {x}?
airport2: How do I get from the center of {x} to the airport? ; What is the way from downtown {x} to the airport?
hot: What is the hottest month in {x}? ; Which month is the hottest in {x}? ; Hottest month in {x}
cold: What is the coldest month in {x}? ; Which month is the coldest in {x}? ; Coldest month in {x}
museum: What are the best museums in {x}? ; Which museums in {x} are the best? ; Best museums in {x}
kids: What can I do in {x} with kids? ; Things to do in {x} with children ; What is there to do with children in
    {x}?
nokids: What can I do in {x} without kids? ; Things to do in {x} without children ; What is there to do in {x}
    without children?
[country]
capital: What is the capital of {x}? ; Which city is the capital of {x}? ; Capital of {x} ; Name the capital of {x}.
biggest: What is the largest city in {x}? ; Which city in {x} is the biggest? ; Biggest city in {x}
smallest: What is the smallest city in {x}? ; Which city in {x} is the smallest? ; Smallest city in {x}
lang: What languages are spoken in {x}? ; Which languages do people speak in {x}? ; Languages spoken in {x}
export: What does {x} export? ; What are the main exports of {x}? ; Main exports of {x} ; Which goods does {x}
    export?
import: What does {x} import? ; What are the main imports of {x}? ; Main imports of {x} ; Which goods does {x}
    import?
neigh: Which countries border {x}? ; What are the neighboring countries of {x}? ; Countries that border {x}
firstking: Who was the first ruler of {x}? ; Name the first ruler of {x}. ; What was the first ruler of {x} called?
lastking: Who was the last ruler of {x}? ; Name the last ruler of {x}. ; What was the last ruler of {x} called?
food: What is the national dish of {x}? ; National dish of {x} ; Which dish is the national dish of {x}?
indep: When did {x} become independent? ; In what year did {x} gain independence? ; When did {x} get its
    independence?
why: Why is {x} rich? ; What makes {x} rich? ; For what reasons is {x} rich?
whypoor: Why is {x} poor? ; What makes {x} poor? ; For what reasons is {x} poor?
visa: Do I need a visa for {x}? ; Is a visa required for {x}? ; Do I have to have a visa to visit {x}?
vacc: Do I need vaccinations for {x}? ; Are vaccinations required for {x}? ; Do I have to get vaccinated to visit
    {x}?
people: What are people in {x} like? ; How would you describe people in {x}? ; Describe the people in {x}.
like: What do people in {x} like? ; Which things do people in {x} like? ; What are people in {x} fond of?
north: What is the weather like in northern {x}? ; How is the weather in the north of {x}? ; Weather in northern {x}
south: What is the weather like in southern {x}? ; How is the weather in the south of {x}? ; Weather in southern {x}
[company]
do: What does {x} do? ; What is {x}'s business? ; What line of business is {x} in?
ceo: Who is the CEO of {x}? ; Name the CEO of {x}. ; Who is the chief executive of {x}? ; {x} CEO?
founder: Who founded {x}? ; Who is the founder of {x}? ; By whom was {x} founded? ; Name the founder of {x}.
owner: Who owns {x}? ; By whom is {x} owned? ; Who is the owner of {x}?
owns: What companies does {x} own? ; Which companies are owned by {x}? ; Companies owned by {x}
when: When was {x} founded? ; In which year was {x} founded? ; {x} founding year
hq: Where is the headquarters of {x}? ; Where does {x} have its headquarters? ; {x} headquarters location
rev: What is the revenue of {x}? ; How high is {x}'s revenue? ; {x} revenue
profit: What is the profit of {x}? ; How high is {x}'s profit? ; {x} profit
loss: Why did {x} lose money? ; For what reason did {x} make a loss? ; What was the reason for {x}'s loss?
gain: Why did {x} make money? ; For what reason did {x} make a profit? ; What was the reason for {x}'s profit?
emp: How many employees does {x} have? ; How many people work for {x}? ; Number of employees of {x}
comp: Who are the competitors of {x}? ; What companies compete with {x}? ; Competitors of {x}
cust: Who are the customers of {x}? ; What companies buy from {x}? ; Customers of {x}
first: What was the first product of {x}? ; Which product did {x} bring out first? ; First product of {x}
latest: What is the latest product of {x}? ; Which product did {x} bring out last? ; Latest product of {x}
[animal]
eat: What do {x} eat? ; What is the diet of {x}? ; Diet of {x} ; What do {x} feed on?
eater: What eats {x}? ; Which animals eat {x}? ; By what are {x} eaten? ; What feeds on {x}?
live: How long do {x} live? ; What is the lifespan of {x}? ; Lifespan of {x} ; What age do {x} reach?
where: Where do {x} live? ; What is the habitat of {x}? ; Habitat of {x} ; In what places do {x} live?
sleep: How much do {x} sleep? ; How many hours a day do {x} sleep? ; Hours of sleep {x} need
big: How big do {x} get? ; What size do {x} reach? ; How large can {x} become?
fast: How fast can {x} run? ; What is the top speed of {x}? ; Top speed of {x}
sound: What sound do {x} make? ; What do {x} sound like? ; Which noise do {x} make?
pet: Are {x} good pets? ; Do {x} make good pets? ; Can {x} be kept well as pets?
notpet: Why are {x} bad pets? ; Why do {x} make bad pets? ; Why should {x} not be kept as pets?
smart: How smart are {x}? ; How intelligent are {x}? ; What is the intelligence of {x}?
babies: How many babies do {x} have? ; How many young do {x} have at a time? ; Number of young {x} have
afraid: What are {x} afraid of? ; What do {x} fear? ; Of what are {x} scared?
fearers: Who is afraid of {x}? ; Who fears {x}? ; Who is scared of {x}?
see: How well do {x} see? ; How good is the eyesight of {x}? ; Eyesight of {x}
hear: How well do {x} hear? ; How good is the hearing of {x}? ; Hearing of {x}
male: What do male {x} look like? ; How do I recognize male {x}? ; Appearance of male {x}
female: What do female {x} look like? ; How do I recognize female {x}? ; Appearance of female {x}
[food]
benefit: What are the health benefits of {x}? ; Health benefits of {x} ; Which health benefits come from {x}?
harm: What are the health risks of {x}? ; Health risks of {x} ; Which health risks come from {x}?
cal: How many calories are in {x}? ; Calories in {x} ; What is the calorie content of {x}?
protein: How much protein is in {x}? ; Protein in {x} ; What is the protein content of {x}?
fat: How much fat is in {x}? ; Fat in {x} ; What is the fat content of {x}?
origin: Where does {x} come from originally? ; What is the origin of {x}? ; Origin of {x}
raw: Can I eat {x} raw? ; Is it OK to eat {x} raw? ; Am I able to eat {x} without cooking it?
keep: How long can I keep {x}? ; How long does {x} keep? ; Shelf life of {x}
dogs: Can dogs eat {x}? ; Is it OK for dogs to eat {x}? ; Are dogs able to eat {x}?
cats: Can cats eat {x}? ; Is it OK for cats to eat {x}? ; Are cats able to eat {x}?
vegan: What are vegan recipes with {x}? ; Vegan recipes with {x} ; Which vegan dishes use {x}?
novegan: What are recipes with {x}? ; Recipes with {x} ; Which dishes use {x}?
without: What are recipes without {x}? ; Recipes without {x} ; Which dishes do not use {x}?
onset: What spices go well with {x}? ; Spices that go well with {x} ; Which spices fit {x}?
drink: What drinks go well with {x}? ; Drinks that go well with {x} ; Which drinks fit {x}?
[person]
born: When was {x} born? ; In which year was {x} born? ; {x} date of birth
died: When did {x} die? ; In which year did {x} die? ; {x} date of death
whereborn: Where was {x} born? ; In which place was {x} born? ; {x} birthplace
wheredied: Where did {x} die? ; In which place did {x} die? ; {x} place of death
known: What is {x} known for? ; What made {x} famous? ; Why is {x} famous?
spouse: Who was {x} married to? ; Who did {x} marry? ; Name the spouse of {x}.
kids: How many children did {x} have? ; Number of children of {x} ; How many kids did {x} have?
sibs: How many siblings did {x} have? ; Number of siblings of {x} ; How many brothers and sisters did {x} have?
influencers: Who influenced {x}? ; By whom was {x} influenced? ; Who was an influence on {x}?
influenced: Who was influenced by {x}? ; Whom did {x} influence? ; On whom did {x} have an influence?
enemies: Who admired {x}? ; By whom was {x} admired? ; Who were the admirers of {x}?
admired: Who did {x} admire? ; Whom did {x} admire? ; Who was admired by {x}?
tall: How tall was {x}? ; What was the height of {x}? ; {x} height
early: What was the childhood of {x} like? ; Tell me about the childhood of {x}. ; Childhood of {x}
late: What were the last years of {x} like? ; Tell me about the last years of {x}. ; Last years of {x}
school: Where did {x} go to school? ; Which school did {x} attend? ; {x} schooling
about: Which books did {x} write? ; What books were written by {x}? ; Books by {x}
books: Which books were written about {x}? ; What books are about {x}? ; Books about {x}
[concept]
what: What is {x}? ; What's {x}? ; Explain {x}. ; What does {x} mean? ; Can you explain what {x} is? ; Define {x}.
ex: What is an example of {x}? ; Give me an example of {x}. ; Example of {x} ; Can you give me an example of {x}?
who: Who first described {x}? ; By whom was {x} first described? ; Name the person who first described {x}.
why: Why is {x} important? ; What makes {x} important? ; What is the importance of {x}? ; Importance of {x}
crit: What are the criticisms of {x}? ; Criticisms of {x} ; How has {x} been criticized?
hist: What is the history of {x}? ; History of {x} ; Tell me the history of {x}.
cause: What causes {x}? ; What are the causes of {x}? ; Causes of {x}
effect: What are the effects of {x}? ; What does {x} cause? ; Effects of {x}
quiz: Make a quiz about {x}. ; Write a quiz on {x}. ; I need a quiz about {x}.
essay: Write an essay about {x}. ; Compose an essay on {x}. ; I need an essay about {x}.
joke: Tell me a joke about {x}. ; I want to hear a joke about {x}. ; Do you know a joke about {x}?
measure: How is {x} measured? ; In what way do people measure {x}? ; How do scientists measure {x}?
types: What are the types of {x}? ; Which types of {x} are there? ; Types of {x}
stages: What are the stages of {x}? ; Which stages does {x} have? ; Stages of {x}
myth: What are common myths about {x}? ; Common myths about {x} ; Which myths about {x} are common?
[event]
start: When did {x} start? ; When did {x} begin? ; In what year did {x} start?
end: When did {x} end? ; In what year did {x} end? ; When was {x} over?
cause: What were the causes of {x}? ; What caused {x}? ; Causes of {x} ; What led to {x}?
effect: What were the effects of {x}? ; What did {x} lead to? ; Consequences of {x} ; What were the consequences of
    {x}?
before: What happened right before {x}? ; What came right before {x}? ; Events right before {x}
after: What happened right after {x}? ; What came right after {x}? ; Events right after {x}
during: What happened during {x}? ; Events during {x} ; Which events took place during {x}?
key: Who were the main figures of {x}? ; Main figures of {x} ; Which people played the main roles in {x}?
summary: Summarize {x}. ; Give me a summary of {x}. ; Sum up {x}.
timeline: Make a timeline of {x}. ; Give me a timeline of {x}. ; I need a timeline of {x}.
women: What was the role of women in {x}? ; What part did women play in {x}? ; Role of women in {x}
men: What was the role of farmers in {x}? ; What part did farmers play in {x}? ; Role of farmers in {x}
films: What are good films about {x}? ; Good films about {x} ; Which films about {x} are good?
books: What are good books about {x}? ; Good books about {x} ; Which books about {x} are good?
[title]
dir: Who directed {x}? ; By whom was {x} directed? ; Name the director of {x}. ; Who is the director of {x}?
wrote: Who wrote the screenplay of {x}? ; By whom was the screenplay of {x} written? ; Name the screenwriter of {x}.
year: When did {x} come out? ; In which year was {x} released? ; What is the release year of {x}?
cast: Who stars in {x}? ; Which actors are in {x}? ; Cast of {x}
end: How does {x} end? ; What happens at the end of {x}? ; Explain the ending of {x}.
begin: How does {x} begin? ; What happens at the beginning of {x}? ; Explain the opening of {x}.
plot: What is the plot of {x}? ; Give me the plot of {x}. ; Plot of {x} ; What is {x} about?
money: How much money did {x} make? ; What were the box office earnings of {x}? ; Box office of {x}
budget: How much did it cost to make {x}? ; What was the budget of {x}? ; Budget of {x}
music: Who composed the music for {x}? ; By whom was the music of {x} composed? ; Name the composer of the score of
    {x}.
age: Is {x} suitable for children? ; Can children watch {x}? ; Is it OK for children to watch {x}?
review: Write a positive review of {x}. ; Write a favorable review of {x}. ; I need a positive review of {x}.
bad: Write a negative review of {x}. ; Write an unfavorable review of {x}. ; I need a negative review of {x}.
similar: What movies are like {x}? ; Which movies are similar to {x}? ; Movies similar to {x}
[job]
do: What does a {x} do? ; What are the duties of a {x}? ; Duties of a {x} ; What are a {x}'s tasks?
pay: How much does a {x} earn? ; What is the salary of a {x}? ; Salary of a {x} ; What does a {x} make a year?
pays: How much should I pay a {x}? ; What do I have to pay a {x}? ; Fee to pay a {x}
skills: What skills does a {x} need? ; Which skills should a {x} have? ; Skills needed by a {x}
degree: What degree does a {x} need? ; Which degree should a {x} have? ; Degree needed by a {x}
pro: What are the advantages of being a {x}? ; Advantages of being a {x} ; What are the pros of being a {x}?
con: What are the disadvantages of being a {x}? ; Disadvantages of being a {x} ; What are the cons of being a {x}?
day: What does a typical day of a {x} look like? ; Typical day of a {x} ; Describe a typical day of a {x}.
cv: Write a resume for a {x}. ; I need a resume for a {x}. ; Make a resume for a {x}.
letter: Write a cover letter for a {x}. ; I need a cover letter for a {x}. ; Make a cover letter for a {x}.
ask: What questions should I ask a {x}? ; Questions to ask a {x} ; Which questions do I ask a {x}?
asked: What questions is a {x} asked? ; Questions that a {x} is asked ; Which questions do people ask a {x}?
bad: How do I recognize a bad {x}? ; What are the signs of a bad {x}? ; Signs of a bad {x}
good: How do I recognize a good {x}? ; What are the signs of a good {x}? ; Signs of a good {x}
[library]
what: What is {x}? ; What's {x}? ; Explain what {x} is.
use: What is {x} used for? ; What do people use {x} for? ; Uses of {x} ; What is {x} good for?
pro: What are the advantages of {x}? ; Advantages of {x} ; What are the pros of {x}?
con: What are the disadvantages of {x}? ; Disadvantages of {x} ; What are the cons of {x}?
alt: What are alternatives to {x}? ; Alternatives to {x} ; What can I use instead of {x}?
latest: What is the latest version of {x}? ; Latest version of {x} ; Which version of {x} is the latest?
first: What was the first version of {x}? ; First version of {x} ; Which version of {x} came first?
lic: What license does {x} have? ; Under which license is {x} released? ; License of {x}
uses: Who uses {x}? ; Which companies use {x}? ; Companies that use {x}
made: Who made {x}? ; Who created {x}? ; By whom was {x} created?
free: Is {x} free? ; Can I use {x} for free? ; Is {x} free of charge?
open: Is {x} open source? ; Is the source of {x} open? ; Is {x} an open-source project?
[gadget]
best: What is the best {x}? ; Which {x} is the best? ; Best {x} ; Which {x} is better than all others?
worst: What is the worst {x}? ; Which {x} is the worst? ; Worst {x}
cheapest: What is the cheapest {x}? ; Which {x} is the cheapest? ; Cheapest {x}
costliest: What is the most expensive {x}? ; Which {x} is the most expensive? ; Most expensive {x}
inventor: Who invented the {x}? ; By whom was the {x} invented? ; Name the inventor of the {x}.
year: When was the {x} invented? ; In which year was the {x} invented? ; What year was the invention of the {x}?
works: How does a {x} work? ; Explain how a {x} works. ; In what way does a {x} work?
notwork: Why does my {x} not work? ; Why isn't my {x} working? ; My {x} doesn't work. Why?
noise: Why does my {x} make noise? ; Why is my {x} noisy? ; My {x} makes noise. Why?
last: How long does a {x} last? ; What is the lifespan of a {x}? ; Lifespan of a {x}
power: How much power does a {x} use? ; What is the power consumption of a {x}? ; Power consumption of a {x}
where: Where can I buy a {x}? ; Where do I buy a {x}? ; Place to buy a {x}
sell: Where can I sell a {x}? ; Where do I sell a {x}? ; Place to sell a {x}
men: What is the best {x} for men? ; Best {x} for men ; Which {x} is best for men?
women: What is the best {x} for women? ; Best {x} for women ; Which {x} is best for women?
[element]
sym: What is the chemical symbol of {x}? ; Chemical symbol of {x} ; Which symbol does {x} have?
num: What is the atomic number of {x}? ; Atomic number of {x} ; Which atomic number does {x} have?
mass: What is the atomic mass of {x}? ; Atomic mass of {x} ; Which atomic mass does {x} have?
melt: What is the melting point of {x}? ; At what temperature does {x} melt? ; Melting point of {x}
boil: What is the boiling point of {x}? ; At what temperature does {x} boil? ; Boiling point of {x}
use: What is {x} used for? ; What do people use {x} for? ; Uses of {x}
disc: Who discovered {x}? ; By whom was {x} discovered? ; Name the discoverer of {x}.
year: When was {x} discovered? ; In which year was {x} discovered? ; What year was the discovery of {x}?
toxic: Is {x} toxic? ; Is {x} poisonous? ; Can {x} poison people?
found: Where is {x} found in nature? ; In which places does {x} occur in nature? ; Natural sources of {x}
[plant]
sun: How much sun do {x} need? ; What amount of sun do {x} need? ; Sun needs of {x}
water: How much water do {x} need? ; What amount of water do {x} need? ; Water needs of {x}
soil: What soil do {x} need? ; Which soil is best for {x}? ; Best soil for {x}
when: When do I plant {x}? ; What is the best time to plant {x}? ; When should {x} be planted?
yellow: Why are my {x} turning yellow? ; Why do my {x} turn yellow? ; My {x} turn yellow. Why?
brown: Why are my {x} turning brown? ; Why do my {x} turn brown? ; My {x} turn brown. Why?
pests: What pests attack {x}? ; Which pests go for {x}? ; Pests of {x}
toxiccat: Are {x} poisonous to cats? ; Are {x} toxic for cats? ; Can {x} poison cats?
toxicdog: Are {x} poisonous to dogs? ; Are {x} toxic for dogs? ; Can {x} poison dogs?
tall: How tall do {x} grow? ; What height do {x} reach? ; Height of {x}
comp: What grows well next to {x}? ; What are good companion plants for {x}? ; Good companion plants for {x}
badcomp: What should not be planted next to {x}? ; What are bad companion plants for {x}? ; Bad companion plants for
    {x}
[sport]
rules: What are the rules of {x}? ; Rules of {x} ; Explain the rules of {x}. ; Which rules does {x} have?
gear: What equipment do I need for {x}? ; Equipment for {x} ; Which equipment does {x} require?
origin: Where was {x} invented? ; In which place was {x} invented? ; Birthplace of {x}
cal: How many calories does {x} burn? ; Calories burned by {x} ; How many calories do I burn with {x}?
kids: Is {x} good for kids? ; Is {x} good for children? ; Is {x} a good sport for children?
best: Who is the best {x} player of all time? ; Who is the greatest {x} player ever? ; Best {x} player of all time
worst: What is the most common injury in {x}? ; Which injury is the most common in {x}? ; Most common injury in {x}
olympic: When did {x} become an Olympic sport? ; Since when has {x} been an Olympic sport? ; Year {x} became an
    Olympic sport
benefit: What are the benefits of {x}? ; Benefits of {x} ; Which benefits does {x} have?
risk: What are the dangers of {x}? ; Dangers of {x} ; Which dangers does {x} have?
men: Who won the men's world title in {x}? ; Who is the men's world champion in {x}? ; Men's world champion in {x}
women: Who won the women's world title in {x}? ; Who is the women's world champion in {x}? ; Women's world champion
    in {x}
[made]
what: What is {x}? ; What's {x}? ; Explain what {x} is. ; What does {x} mean?
use: What is {x} used for? ; What do people use {x} for? ; Uses of {x} ; What is the use of {x}?
who: Who invented {x}? ; By whom was {x} invented? ; Name the inventor of {x}.
pro: What are the advantages of {x}? ; Advantages of {x} ; What are the pros of {x}?
con: What are the disadvantages of {x}? ; Disadvantages of {x} ; What are the cons of {x}?
alt: What are alternatives to {x}? ; Alternatives to {x} ; What can I use instead of {x}?
cost: How much does {x} cost? ; What does {x} cost? ; Price of {x} ; What is the price of {x}?
works: How does {x} work? ; Explain how {x} works. ; In what way does {x} work?
fails: Why does {x} not work? ; Why isn't {x} working? ; {x} doesn't work. Why?
ex: What is an example of {x}? ; Give me an example of {x}. ; Example of {x}
req: What does {x} need? ; What does {x} require? ; What is needed by {x}?
reqby: What needs {x}? ; What requires {x}? ; By what is {x} needed?
was: What was {x} used for? ; What did people use {x} for? ; Former uses of {x}
contains: What does {x} contain? ; What is in {x}? ; What are the contents of {x}?
contained: What contains {x}? ; In what is {x} contained? ; Which things contain {x}?
"""

TOPICS: dict[str, dict[str, tuple[str, ...]]] = dict(sections(_TOPICS))

# Axes of extra conditions for the facets of a type.
TOPIC_TAILS: dict[str, tuple[str, ...]] = {
    "concept": ("format", "language", "length", "audience", "persona"),
    "event": ("format", "language", "length", "audience"),
    "medicine": ("language", "persona", "length"),
    "disease": ("language", "persona", "length"),
    "proglang": ("format", "language", "length"),
    "country": ("language", "length"),
    "city": ("language", "budget", "audience"),
    "food": ("health", "length"),
    "sport": ("audience", "health"),
    "dish": ("audience",),
    "plant": ("place", "length"),
    "animal": ("place", "audience"),
    "gadget": ("audience", "place", "budget"),
    "library": ("os", "language"),
    "made": ("format", "language", "length"),
    "company": ("language", "format"),
    "person": ("language", "length"),
}

# type, comparative, its opposite: "Is A bigger than B?".
COMPARATIVES = """
city: bigger / smaller, older / younger, more expensive / cheaper, safer / more dangerous, hotter / colder, richer /
    poorer
city: farther north / farther south, farther east / farther west, more crowded / less crowded, noisier / quieter
country: bigger / smaller, richer / poorer, safer / more dangerous, older / younger, hotter / colder
country: more populous / less populous, more democratic / less democratic, farther north / farther south
company: bigger / smaller, more profitable / less profitable, older / younger, more valuable / less valuable
person: older / younger, taller / shorter, richer / poorer, more influential / less influential, more famous / less
    famous
fullname: older / younger, taller / shorter, richer / poorer, stronger / weaker
proglang: faster / slower, easier to learn / harder to learn, more popular / less popular, older / newer, safer /
    less safe
library: faster / slower, easier / harder, more popular / less popular, older / newer, heavier / lighter
database: faster / slower, cheaper / more expensive, more reliable / less reliable, easier to scale / harder to
    scale
food: healthier / unhealthier, sweeter / less sweet, more fattening / less fattening, cheaper / more expensive
animal: faster / slower, smarter / dumber, stronger / weaker, bigger / smaller, more dangerous / less dangerous
material: stronger / weaker, harder / softer, heavier / lighter, cheaper / more expensive, more durable / less
    durable
element: heavier / lighter, more reactive / less reactive, rarer / more common, denser / less dense
sport: harder / easier, safer / more dangerous, more popular / less popular, older / newer
vehicle: faster / slower, safer / more dangerous, cheaper / more expensive, louder / quieter
medicine: stronger / weaker, safer / less safe, cheaper / more expensive, more addictive / less addictive
disease: more common / less common, more dangerous / less dangerous, more contagious / less contagious
instrument: easier to learn / harder to learn, louder / quieter, cheaper / more expensive, older / newer
lang: easier to learn / harder to learn, older / younger, more widely spoken / less widely spoken
made: bigger / smaller, faster / slower, cheaper / more expensive, better / worse, heavier / lighter, older / newer
madename: bigger / smaller, faster / slower, stronger / weaker, better / worse, older / younger
subject: harder / easier, more useful / less useful
app: safer / less safe, faster / slower, more popular / less popular, cheaper / more expensive
"""

# types: verb past-tense participle, in the sense of "A verb B".
VERBS = """
person person: influence influenced influenced, defeat defeated defeated, teach taught taught, marry married married
person person: betray betrayed betrayed, inspire inspired inspired, criticize criticized criticized
person person: hire hired hired, replace replaced replaced, admire admired admired
fullname fullname: beat beat beaten, sue sued sued, marry married married, hire hired hired, fire fired fired
fullname fullname: kill killed killed, rescue rescued rescued, adopt adopted adopted, blackmail blackmailed
    blackmailed
fullname fullname: coach coached coached, interview interviewed interviewed, arrest arrested arrested
firstname firstname: call called called, invite invited invited, thank thanked thanked, blame blamed blamed
firstname firstname: pay paid paid, help helped helped, insult insulted insulted, follow followed followed
firstname firstname: forgive forgave forgiven, replace replaced replaced, visit visited visited, warn warned warned
company company: acquire acquired acquired, sue sued sued, supply supplied supplied, finance financed financed
company company: overtake overtook overtaken, copy copied copied, outsell outsold outsold
company company: pay paid paid, help helped helped, accuse accused accused, boycott boycotted boycotted
country country: invade invaded invaded, defeat defeated defeated, attack attacked attacked, occupy occupied
    occupied
country country: support supported supported, betray betrayed betrayed, sanction sanctioned sanctioned
country country: colonize colonized colonized, liberate liberated liberated, recognize recognized recognized
madename madename: acquire acquired acquired, defeat defeated defeated, invade invaded invaded, replace replaced
    replaced
madename madename: call called called, attack attacked attacked, pay paid paid, create created created
"""

# role a, role b, verb phrase with {b} as its object, passive form.
ROLES = """
teacher, student: fail|fail {b}|failed by {a} ; suspend|suspend {b}|suspended by {a} ; sue|sue {b}|sued by {a} ;
    film|film {b}|filmed by {a}
landlord, tenant: sue|sue {b}|sued by {a} ; evict|throw out {b}|thrown out by {a} ; charge|overcharge
    {b}|overcharged by {a}
employer, employee: fire|fire {b}|fired by {a} ; monitor|monitor {b}|monitored by {a} ; report|report {b}|reported
    by {a}
doctor, patient: refuse|refuse {b}|refused by {a} ; record|record {b}|recorded by {a} ; sue|sue {b}|sued by {a}
buyer, seller: sue|sue {b}|sued by {a} ; report|report {b}|reported by {a} ; refuse|refuse {b}|refused by {a}
parent, child: inherit|disinherit {b}|disinherited by {a} ; support|support {b}|supported by {a} ; sue|sue {b}|sued
    by {a}
lawyer, client: drop|drop {b}|dropped by {a} ; sue|sue {b}|sued by {a} ; bill|bill {b}|billed by {a}
bank, customer: block|block {b}|blocked by {a} ; charge|charge {b}|charged by {a} ; sue|sue {b}|sued by {a}
police officer, citizen: film|film {b}|filmed by {a} ; search|search {b}|searched by {a} ; arrest|arrest
    {b}|arrested by {a}
driver, passenger: report|report {b}|reported by {a} ; rate|rate {b}|rated by {a} ; throw out|throw out {b}|thrown
    out by {a}
trainer, athlete: ban|ban {b}|banned by {a} ; pay|pay {b}|paid by {a} ; replace|replace {b}|replaced by {a}
neighbor, dog owner: sue|sue {b}|sued by {a} ; report|report {b}|reported by {a} ; film|film {b}|filmed by {a}
wizard, dragon: tame|tame {b}|tamed by {a} ; defeat|defeat {b}|defeated by {a} ; curse|curse {b}|cursed by {a}
manager, intern: replace|replace {b}|replaced by {a} ; invite|invite {b}|invited by {a} ; promote|promote
    {b}|promoted by {a}
"""
