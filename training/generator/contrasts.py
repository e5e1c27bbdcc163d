"""Everyday questions next to questions that are nearly the same but ask something else.

One line is a family: `kind types: question ; same question // other question`. `-` stands for no slots. A question that
starts with `>` is directional in a and b, one that starts with `=` is symmetric.
"""

CONTRASTS = """
swap adj,adj: > Where can I find a {a} hotel with a {b} restaurant? ; I'm looking for a {a} hotel that has a {b}
    restaurant. ; Find me a {a} hotel with a {b} restaurant. ; Is there a {a} hotel with a {b} restaurant? // =
    Where can I find a hotel that is {a} and {b}? ; I'm looking for a hotel that is both {a} and {b}. ; Find me a
    hotel that is {a} as well as {b}.
swap adj,adj: > Is a {a} house in a {b} area a good investment? ; Is it a good investment to buy a {a} house in a
    {b} area? ; In a {b} area, is a {a} house a good investment? // > Why would someone want a {a} house in a {b}
    area? ; What makes people want a {a} house in a {b} area?
swap adj,adj: > How do I write about a {a} man with a {b} wife? ; How can I write about a {a} man who has a {b}
    wife? ; Ideas for a story about a {a} man and his {b} wife // > How do I write about a {a} boss of a {b} team? ;
    How can I write about a {a} boss who leads a {b} team?
swap adj,adj: > Do {a} companies prefer {b} managers? ; Are {b} managers preferred by {a} companies? ; Do {a} firms
    like {b} managers better? // > Why do {a} companies hire {b} managers? ; Why are {b} managers hired by {a}
    companies? ; What makes {a} companies hire {b} managers?
swap color,color: > Does a {a} shirt go with {b} pants? ; Can I wear a {a} shirt with {b} pants? ; Do {b} pants
    match a {a} shirt? // > Where can I buy a {a} shirt with {b} buttons? ; Where do I find a {a} shirt that has {b}
    buttons?
swap color,color: > How do I draw a {a} bird on a {b} tree? ; How to draw a {a} bird on a {b} tree ; Drawing a {a}
    bird on a {b} tree, step by step ; I want to draw a {a} bird that sits on a {b} tree. How? // > How do I paint
    over {a} with {b}? ; How to cover {a} paint with {b} paint ; Best way to paint {b} over {a}
swap color,color: > Which flag is {a} with a {b} cross? ; What flag has a {b} cross on {a}? ; Which flag shows a {b}
    cross on a {a} field? // > Which flag is {a} with a {b} star? ; What flag has a {b} star on {a}? ; Which flag
    shows a {b} star on a {a} field?
opposite color,color: = What do I get when I mix {a} and {b}? ; Which color results from {a} and {b}? ; {a} mixed
    with {b} makes what color? // = Do {a} and {b} go together? ; Does {a} go well with {b}? ; Is {a} a good match
    for {b}?
swap num,num: > Which hotels take {a} adults and {b} children? ; Hotels that take {b} children and {a} adults ;
    Where can {a} adults stay with {b} children? // > What does a ticket for {a} adults and {b} children cost? ;
    Price of a ticket for {b} children and {a} adults ; How much is a ticket for {a} adults with {b} children?
swap num,num,city,city: > Plan {a} days in {c} and {b} days in {d}. ; Make a plan for {a} days in {c} and {b} days
    in {d}. ; I need a plan for {b} days in {d} and {a} days in {c}. // > Is it better to spend {a} days in {c} or
    {b} days in {d}? ; Which is better, {a} days in {c} or {b} days in {d}? ; Should I spend {b} days in {d} or {a}
    days in {c}?
swap num,num: > Can a {a} amp fuse replace a {b} amp fuse? ; Can I use a {a} amp fuse in place of a {b} amp fuse? ;
    May a {b} amp fuse be replaced by a {a} amp fuse? // > How do I go from {a} volts to {b} volts? ; How to get {b}
    volts from {a} volts ; What do I need to turn {a} volts into {b} volts?
scope made,made: > Is every {a} a {b}? ; Are all {a}s {b}s? ; Is each {a} also a {b}? // > Is some {a} a {b}? ; Are
    there {a}s that are {b}s? ; Are some {a}s {b}s? // > Which {a}s are not {b}s? ; What {a}s aren't {b}s? // > Are
    only {a}s {b}s? ; Is nothing but a {a} a {b}?
scope animal,animal: > Are there more kinds of {a} than of {b}? ; Are there fewer kinds of {b} than of {a}? ; Do {a}
    have more kinds than {b}? // > Do {a} live longer than {b}? ; Is the life of {a} longer than that of {b}? ; Is
    the life of {b} shorter than that of {a}? // > What do {a} have that {b} don't have? ; What do {b} lack that {a}
    have?
scope letter,letter: > If {a} holds, does {b} hold? ; Does {b} hold whenever {a} holds? ; Does {b} hold if {a} does?
    // > Are all members of {a} in {b}? ; Is every member of {a} in {b}? ; Does {b} hold all members of {a}? // >
    Are some members of {a} not in {b}? ; Is some member of {a} missing from {b}? // > Can {a} be true while {b} is
    false? ; Can {b} be false while {a} is true?
swap library,library: > What does {a} have that {b} does not have? ; Which features of {a} are missing from {b}? ;
    Features that {a} has and {b} lacks // > Is {a} built on {b}? ; Is {b} the basis of {a}? ; Is {a} based on {b}?
swap tool,tool: > Does {a} use {b} under the hood? ; Is {b} used by {a} internally? ; Does {a} rely on {b}
    internally? // > Can {a} do everything that {b} can? ; Is there nothing {b} can do that {a} can't? // > Is {a} a
    replacement for {b}? ; Can {b} be replaced by {a}? ; Does {a} replace {b}?
swap city,city: > Why do people move from {a} to {b}? ; What makes people leave {a} for {b}? ; For what reasons do
    people move to {b} from {a}? // > Is a flight from {a} to {b} longer than one back? ; Does a flight from {a} to
    {b} take longer than the flight back? // > Which trains from {a} stop in {b}? ; Which trains that start in {a}
    stop in {b}? ; What trains from {a} have a stop in {b}?
swap country,country: > How do people in {a} see {b}? ; What is the image of {b} in {a}? ; What image do people in
    {a} have of {b}? // > What did {a} learn from {b}? ; Which lessons did {a} take from {b}? ; What was {b} able to
    teach {a}? // > Why did {a} separate from {b}? ; What made {a} break away from {b}? ; For what reason did {a}
    break away from {b}?
swap job,job: > How does a {a} see a {b}? ; What does a {a} think of a {b}? ; Opinion that a {a} has of a {b} // >
    Can a {a} sue a {b}? ; Is a {a} able to sue a {b}? ; Can a {b} be sued by a {a}? // > Should I see a {a} before
    a {b}? ; Should I go to a {a} first and then to a {b}? ; Should I see a {b} only after a {a}?
swap relative,relative: > Why does my {a} hate my {b}? ; What makes my {a} hate my {b}? ; Why is my {b} hated by my
    {a}? // > Should my {a} pay my {b}? ; Is it right for my {a} to pay my {b}? ; Should my {b} be paid by my {a}?
    // > How can my {a} adopt my {b}? ; How can my {b} be adopted by my {a}? ; What does my {a} have to do to adopt
    my {b}? // = Why do my {a} and my {b} fight? ; What makes my {a} and my {b} fight? ; What is the reason my {a}
    fights with my {b}?
swap relative,relative: > What can I give my {a} for helping my {b}? ; Gift for my {a} for helping my {b} ; My {a}
    helped my {b}. What can I give as a thank you? // > How do I tell my {a} about my {b}'s illness? ; My {b} is
    ill. How do I tell my {a}? ; How should my {a} learn from me about the illness of my {b}?
swap firstname,firstname: > {a} is taller than {b}. Who is taller? ; If {a} is taller than {b}, who is taller? // >
    {a} owes {b} ten dollars. Who has to pay? ; If {a} owes {b} ten dollars, who has to pay? // > {a} beat {b} in a
    race. Who won? ; If {a} beat {b} in a race, who won? ; In a race {b} was beaten by {a}. Who won?
swap medicine,medicine: > Is {a} a substitute for {b}? ; Can {b} be replaced by {a}? ; Can {a} be taken in place of
    {b}? // > Does {a} make {b} less effective? ; Is {b} made less effective by {a}? ; Does {b} work less well
    because of {a}? // > Does {a} make {b} more effective? ; Is {b} made more effective by {a}? ; Does {b} work
    better because of {a}? // > How long after {a} can I take {b}? ; How many hours after {a} can I take {b}? ; What
    is the waiting time for {b} after {a}?
swap food,food: > Is there more sugar in {a} than in {b}? ; Does {a} have more sugar than {b}? ; Does {b} have less
    sugar than {a}? // > How much {a} goes with a pound of {b}? ; What amount of {a} do I need for a pound of {b}?
    // > Why is {a} sold with {b} in it? ; For what reason is there {b} in the {a} that is sold?
swap material,material: > Does {a} scratch {b}? ; Can {b} be scratched by {a}? ; Is {a} able to scratch {b}? // >
    Can {a} be made from {b}? ; Is it possible to make {a} from {b}? ; Can I make {a} out of {b}? // > Why is {a}
    coated with {b}? ; For what reason is {b} put on {a}? ; Why do people coat {a} with {b}? // > Does {a} stick to
    {b}? ; Will {a} stay on {b} by itself?
swap subject,subject: > Do I need {a} for {b}? ; Is {a} needed for {b}? ; Is {a} a prerequisite for {b}? ; Do I have
    to know {a} to study {b}? // > How is {a} used in {b}? ; In what ways is {a} used in {b}? ; Uses of {a} in {b}
    // > Is {a} a branch of {b}? ; Does {a} belong to {b}? ; Is {a} part of {b}?
swap instrument,instrument: > Is it easier to learn the {a} after the {b}? ; Does playing the {b} make it easier to
    learn the {a}? // > Can a {a} replace a {b} in an orchestra? ; Can a {b} in an orchestra be replaced by a {a}?
swap vehicle,vehicle: > Can a {a} tow a {b}? ; Can a {b} be towed by a {a}? ; Is a {a} able to tow a {b}? // > Does
    a {a} have to give way to a {b}? ; Must a {a} yield to a {b}? // > Who is at fault when a {a} hits a {b}? ; If a
    {a} hits a {b}, who is at fault? ; A {b} was hit by a {a}. Who is at fault?
swap event,event: > Would {b} have happened without {a}? ; Without {a}, would {b} have happened? // > Did people who
    saw {a} live to see {b}? ; Did anyone who saw {a} also live to see {b}?
swap person,person: > What did {a} learn from {b}? ; What was {a} taught by {b}? ; Which things did {b} teach {a}?
    // > What would {a} say to {b}? ; If {a} met {b}, what would {a} say? // > Why did {a} envy {b}? ; What made {a}
    envy {b}? ; Why was {b} envied by {a}? // > Did {a} die before {b}? ; Did {b} die after {a}? ; Was {a} the first
    of {a} and {b} to die?
swap company,company: > How did {a} lose customers to {b}? ; How did {b} win customers from {a}? ; In what way did
    {b} take customers away from {a}? // > Does {a} make parts for {b}? ; Are parts for {b} made by {a}? ; Does {b}
    get parts from {a}? // > Can {a} survive without {b}? ; Would {a} survive if {b} were gone? ; Is {a} able to
    survive without {b}? // > Why did an engineer leave {a} for {b}? ; What made an engineer go from {a} to {b}?
swap app,app: > Can I move my contacts from {a} to {b}? ; Is it possible to move my contacts from {a} to {b}? ; Can
    my contacts in {a} be moved to {b}? // > Why do people leave {a} for {b}? ; What makes people switch from {a} to
    {b}? ; Reasons people move from {a} to {b} // > Is {b} slow because of {a}? ; Does {a} make {b} slow? ; Is {a}
    the reason why {b} is slow?
swap lang,lang: > Which {a} words come from {b}? ; What {a} words are of {b} origin? ; {a} words that come from {b}
    // > What does {a} sound like to {b} speakers? ; How does {a} sound to people who speak {b}? // > Is there a
    good {a} to {b} dictionary? ; What is a good dictionary from {a} to {b}? ; Good {a} to {b} dictionary
swap sport,sport: > Is {a} good training for {b}? ; Does {a} help with {b}? ; Is {a} useful as training for {b}? //
    > Did {a} develop out of {b}? ; Does {a} come from {b}? ; Is {b} the origin of {a}?
swap plant,plant: > Do {a} harm {b} when grown nearby? ; Are {b} harmed by {a} nearby? ; Is it bad for {b} when {a}
    grow nearby? // > Do {a} need more water than {b}? ; Do {b} need less water than {a}? ; Is the water need of {a}
    higher than that of {b}? // > Do {a} bloom before {b}? ; Do {b} bloom after {a}? ; Is the bloom of {a} earlier
    than that of {b}?
swap concept,concept: > Is {a} a kind of {b}? ; Is {a} a form of {b}? ; Does {a} count as {b}? // > Explain {a} with
    the help of {b}. ; Use {b} to explain {a}. ; Explain {a} by means of {b}. // > What does {a} tell us about {b}?
    ; What can we learn about {b} from {a}? // > Would {a} be possible without {b}? ; Could there be {a} if there
    were no {b}?
swap letter,letter: > Draw an arrow from {a} to {b}. ; Can you draw an arrow that goes from {a} to {b}? ; I need an
    arrow from {a} to {b}. // > Is there a flight of stairs from floor {a} down to floor {b}? ; Do stairs lead down
    from floor {a} to floor {b}? // > How many times does {a} go into {b}? ; How often does {a} fit into {b}? // >
    Is point {a} left of point {b}? ; Is point {b} right of point {a}? ; Does point {a} lie to the left of point
    {b}?
swap weekday,weekday: > Is a meeting on {a} before one on {b}? // > Can I work on {a} and take {b} off? ; Is it OK
    to take {b} off and work on {a}? ; Can I take {b} off if I work on {a}? // > How many days are there from {a} to
    {b}? ; How many days is it from {a} until {b}?
swap month,month: > How many days are there from {a} to {b}? ; How many days is it from {a} until {b}? // > Is it
    warmer in {a} than in {b}? ; Is {a} warmer than {b}? ; Is {b} colder than {a}? // > Is {a} longer than {b}? ;
    Does {a} have more days than {b}? ; Does {b} have fewer days than {a}?
opposite -: What should I eat before a run? ; What is good to eat before running? ; Best food before a run // What
    should I eat after a run? ; What is good to eat after running? ; Best food after a run // What should I not eat
    before a run? ; What is bad to eat before running? // What should I drink before a run? ; What is good to drink
    before running?
opposite -: How do I fall asleep faster? ; How can I get to sleep more quickly? ; Ways to fall asleep faster // How
    do I wake up faster? ; How can I wake up more quickly? ; Ways to wake up faster // How do I stay asleep? ; How
    can I sleep through the night? ; Ways to stay asleep // How do I stay awake? ; How can I keep from falling
    asleep? ; Ways to stay awake
opposite -: How do I ask for a raise? ; How can I ask my boss for more money? ; Best way to ask for a raise // How
    do I turn down a raise? ; How can I refuse a raise? // How do I give an employee a raise? ; How can I raise an
    employee's pay? // How do I ask for a day off? ; How can I ask my boss for a free day? ; Best way to ask for a
    day off
opposite -: How do I accept a job offer? ; What do I write to accept a job offer? ; Accepting a job offer, how? //
    How do I decline a job offer? ; What do I write to turn down a job offer? ; Declining a job offer, how? // How
    do I make a job offer? ; What do I write to offer someone a job? // How do I negotiate a job offer? ; What do I
    write to negotiate about a job offer?
opposite -: Why is my baby crying? ; What makes my baby cry? ; What are reasons for a baby to cry? // Why is my baby
    not crying? ; Why doesn't my baby cry? // Why is my baby laughing? ; What makes my baby laugh? // How do I make
    my baby stop crying? ; How can I get my baby to stop crying?
opposite -: How do I get a mortgage? ; What do I have to do to get a mortgage? ; Steps to get a mortgage // How do I
    pay off a mortgage early? ; What do I have to do to pay off a mortgage early? ; Steps to pay off a mortgage
    early // How do I refinance a mortgage? ; What do I have to do to refinance a mortgage? // What is a reverse
    mortgage? ; Explain what a reverse mortgage is. // What is a mortgage? ; Explain what a mortgage is.
facet -: What is the stock market? ; Explain the stock market. ; What does "stock market" mean? // When does the
    stock market open? ; At what time does the stock market open? ; Opening time of the stock market // When does
    the stock market close? ; At what time does the stock market close? ; Closing time of the stock market // Why
    does the stock market fall? ; What makes the stock market go down? // Why does the stock market rise? ; What
    makes the stock market go up?
opposite -: How do I make my hair curly? ; How can I curl my hair? ; Ways to get curly hair // How do I make my hair
    straight? ; How can I straighten my hair? ; Ways to get straight hair // How do I make my hair grow faster? ;
    How can I get my hair to grow faster? // How do I stop hair from growing? ; How can I keep hair from growing? //
    How do I stop my hair from falling out? ; How can I prevent hair loss?
opposite -: How do I put on a duvet cover? ; What is the trick for putting on a duvet cover? // How do I take off a
    duvet cover? ; What is the trick for taking off a duvet cover? // How do I wash a duvet cover? // How do I sew a
    duvet cover? ; How can I make a duvet cover myself?
opposite -: How do I start a conversation? ; What are ways to start a conversation? ; Starting a conversation, how?
    // How do I end a conversation? ; What are ways to end a conversation? ; Ending a conversation, how? // How do I
    avoid a conversation? ; What are ways to get around a conversation? // How do I record a conversation? ; What
    are ways to record a conversation?
opposite -: Is it bad to skip breakfast? ; Is skipping breakfast bad? ; Is it unhealthy to skip breakfast? // Is it
    good to skip breakfast? ; Is skipping breakfast healthy? ; Is it healthy to skip breakfast? // Is it bad to skip
    dinner? ; Is skipping dinner bad? ; Is it unhealthy to skip dinner? // Is it bad to eat a large breakfast? ; Is
    eating a large breakfast bad?
opposite -: How do I merge two cells? ; How can two cells be merged? ; Merging two cells, how? // How do I split a
    cell? ; How can a cell be split? ; Splitting a cell, how? // How do I lock a cell? ; How can a cell be locked?
    // How do I color a cell? ; How can a cell be colored? // How do I copy a cell? ; How can a cell be copied?
opposite proglang: How do I install an older version of {a}? ; How can I get an older version of {a}? ; Installing
    an older version of {a}, how? // How do I install a newer version of {a}? ; How can I get a newer version of
    {a}? ; Installing a newer version of {a}, how? // How do I install two versions of {a}? ; How can I have two
    versions of {a} installed? // How do I check my version of {a}? ; How can I see which version of {a} I have? ;
    Which version of {a} do I have? How do I check?
opposite gadget: Why does my {a} turn on by itself? ; What makes my {a} turn on by itself? ; My {a} switches itself
    on. Why? // Why does my {a} turn off by itself? ; What makes my {a} turn off by itself? ; My {a} switches itself
    off. Why? // Why does my {a} not turn on? ; Why won't my {a} turn on? ; My {a} doesn't switch on. Why? // Why
    does my {a} not turn off? ; Why won't my {a} turn off? ; My {a} doesn't switch off. Why?
opposite gadget: Why is my {a} so hot? ; What makes my {a} so hot? ; My {a} gets very hot. Why? // Why is my {a} so
    cold? ; What makes my {a} so cold? ; My {a} gets very cold. Why? // Why is my {a} so slow? ; What makes my {a}
    so slow? ; My {a} is very slow. Why? // Why is my {a} so loud? ; What makes my {a} so loud? ; My {a} is very
    loud. Why? // Why is my {a} so quiet? ; What makes my {a} so quiet? ; My {a} is very quiet. Why?
tense company: Is {a} hiring? ; Does {a} have open jobs? ; Are there open jobs at {a}? // Is {a} laying people off?
    ; Is {a} cutting jobs? ; Are jobs being cut at {a}? // Did {a} ever lay people off? ; Did {a} ever cut jobs? ;
    Were jobs ever cut at {a}? // Will {a} lay people off? ; Is {a} going to cut jobs? ; Will jobs be cut at {a}? //
    Does {a} hire people without experience? ; Can people without experience get hired by {a}?
tense city: Is {a} getting more expensive? ; Is it becoming more expensive in {a}? ; Are prices going up in {a}? //
    Is {a} getting cheaper? ; Is it becoming cheaper in {a}? ; Are prices going down in {a}? // Why was {a} once so
    expensive? ; What made {a} so expensive once? // Why is {a} so expensive? ; What makes {a} so expensive? ; For
    what reason is {a} so expensive? // Will {a} get more expensive? ; Is {a} going to get more expensive? ; Will
    prices go up in {a}?
tense country,country: > Has {a} ever invaded {b}? ; Has {b} ever been invaded by {a}? ; Was there ever an invasion
    of {b} by {a}? // > Does {a} want to invade {b}? ; Is there going to be an invasion of {b} by {a}? ; Does {a}
    plan to invade {b}? // > Why has {a} never invaded {b}? ; Why has {b} never been invaded by {a}? ; For what
    reason has {a} never invaded {b}? // > Could {a} invade {b}? ; Would {a} be able to invade {b}? ; Could {b} be
    invaded by {a}?
modality medicine: Can I take {a} every day? ; Is it OK to take {a} every day? ; Is it safe to take {a} daily? //
    Should I take {a} every day? ; Is it a good idea to take {a} every day? ; Would you advise me to take {a} daily?
    // Do I have to take {a} every day? ; Is it necessary to take {a} every day? ; Must I take {a} daily? // Can I
    take {a} every other day? ; Is it OK to take {a} every other day? // Can I take {a} twice a day? ; Is it OK to
    take {a} twice a day?
modality country: May I work in {a} on a tourist visa? ; Am I allowed to work in {a} with a tourist visa? ; Is work
    allowed in {a} on a tourist visa? // May I work in {a} on a student visa? ; Am I allowed to work in {a} with a
    student visa? ; Is work allowed in {a} on a student visa? // Must I have a job to get a visa for {a}? ; Do I
    have to have a job for a visa for {a}? // Should I learn the language before moving to {a}? ; Is it a good idea
    to learn the language before I move to {a}? // Do I have to learn the language to live in {a}? ; Must I learn
    the language if I want to live in {a}?
quantity medicine,num: Can I take {b} pills of {a} at once? ; Is it OK to take {b} pills of {a} at the same time? //
    Can I take {b} pills of {a} a day? ; Is it OK to take {b} pills of {a} per day? ; Are {b} pills of {a} a day OK?
    // Can I take {b} pills of {a} a week? ; Is it OK to take {b} pills of {a} per week? ; Are {b} pills of {a} a
    week OK? // Can I take {a} for {b} days? ; Is it OK to take {a} for {b} days?
quantity country,num: Which cities in {a} have more than {b} thousand people? ; Cities in {a} with over {b} thousand
    inhabitants // Which cities in {a} have fewer than {b} thousand people? ; Cities in {a} with under {b} thousand
    inhabitants // How many cities in {a} have more than {b} thousand people? ; Number of cities in {a} with over
    {b} thousand inhabitants // Which cities in {a} have about {b} thousand people? ; Cities in {a} with roughly {b}
    thousand inhabitants
quantity disease: Do all people with {a} need treatment? ; Does everyone with {a} need treatment? ; Is treatment
    needed for everybody who has {a}? // Do some people with {a} need no treatment? ; Are there people with {a} who
    need no treatment? // Which people with {a} need treatment? ; Who of those with {a} needs treatment? // How many
    people with {a} need treatment? ; What number of people with {a} need treatment? // Do most people with {a}
    recover? ; Does the majority of people with {a} recover? // Do all people with {a} recover? ; Does everyone with
    {a} recover?
quantity animal: Do all {a} swim? ; Does every kind of {a} swim? // Do some {a} swim? ; Are there {a} that swim? //
    Why do {a} not swim? ; Why don't {a} swim? ; For what reason do {a} not swim? // Which {a} swim best? ; What
    kind of {a} are the best swimmers? // Which {a} swim worst? ; What kind of {a} are the worst swimmers? // How do
    {a} swim? ; In what way do {a} swim?
scope company: Why do only some stores of {a} sell food? ; Why is food sold in some stores of {a} only? // Why do
    all stores of {a} sell food? ; Why is food sold in every store of {a}? // Which stores of {a} sell food? ; In
    what stores of {a} is food sold? // Which stores of {a} sell only food? ; What stores of {a} sell nothing but
    food? // Which stores of {a} sell no food? ; What stores of {a} don't sell food?
scope relative: Is my {a} the only one who can see my posts? ; Can only my {a} see my posts? ; Can nobody but my {a}
    see my posts? // Is my {a} the only one who can't see my posts? ; Can everyone but my {a} see my posts? // Can
    my {a} see only my posts? ; Are my posts the only ones my {a} can see? // Can my {a} see my posts? ; Are my
    posts visible to my {a}? // How do I hide my posts from my {a}? ; How can I keep my {a} from seeing my posts?
conjunct city: What is there to do in {a} in the morning? ; Things to do in {a} in the morning ; What can I do in
    {a} in the morning? // What is there to do in {a} in the morning and the evening? ; Things to do in {a} in the
    morning and in the evening // What is there to do in {a} in the evening? ; Things to do in {a} in the evening ;
    What can I do in {a} in the evening? // What is there to do in {a}? ; Things to do in {a} ; What can I do in
    {a}? // What is there to do near {a}? ; Things to do near {a} ; What can I do near {a}?
conjunct medicine,medicine: What are the side effects of {a} in children? ; Side effects of {a} in children ; Which
    side effects does {a} have in children? // What are the side effects of {a} in children and adults? ; Side
    effects of {a} in children and in adults // = What are the side effects of {a} and {b} taken together? ; Side
    effects of taking {a} and {b} together // = Which side effects do both {a} and {b} have? ; What side effects do
    {a} and {b} share?
conjunct proglang,library: How do I learn {a} and {b}? ; What is the best way to learn {a} and {b}? ; I want to
    learn {a} as well as {b}. How? // How do I learn {a} without {b}? ; What is the best way to learn {a} without
    {b}? // How do I learn {b} without knowing {a}? ; What is the best way to learn {b} if I don't know {a}? // How
    do I learn {b} through {a}? ; What is the best way to learn {b} by way of {a}?
conjunct disease,disease,disease: = How are {a} and {b} treated? ; Treatment of {a} and {b} ; What is the treatment
    for {a} and {b}? // How is {a} treated? ; Treatment of {a} ; What is the treatment for {a}? // = How are {a},
    {b} and {c} treated? ; Treatment of {a}, {b} and {c} // > How is {a} treated in people who also have {b}? ;
    Treatment of {a} in people with {b} ; What is the treatment for {a} if the patient also has {b}?
conjunct company,company,company: = What are the revenues of {a} and {b}? ; Revenues of {a} and {b} ; Tell me the
    revenues of {a} and {b}. // = What are the revenues of {a}, {b} and {c}? ; Revenues of {a}, {b} and {c} // =
    What is the combined revenue of {a} and {b}? ; Revenue of {a} and {b} taken together // > How much higher is the
    revenue of {a} than that of {b}? ; By how much is {a}'s revenue higher than {b}'s?
conjunct gadget,gadget: = Where can I buy a {a} and a {b}? ; Which shop sells a {a} and a {b}? ; Shop for a {a} and
    a {b} // Where can I buy a {a} on credit? ; Which shop sells a {a} on credit? // Where can I buy a {a} with a
    long warranty? ; Which shop sells a {a} with a long warranty? // Where can I buy a {a} without a contract? ;
    Which shop sells a {a} without a contract?
facet relative: What should I give my {a} for Christmas? ; Christmas present for my {a} ; What is a good Christmas
    present for my {a}? // What should I get from my {a} for Christmas? ; Christmas present from my {a} // What
    should I give my {a} for a birthday? ; Birthday present for my {a} ; What is a good birthday present for my {a}?
    // What should I write to my {a} for Christmas? ; Christmas message for my {a} ; What is a good Christmas
    message for my {a}?
negation app: Why can't I hear anyone on {a}? ; Why can I not hear people on {a}? ; I can't hear others on {a}. Why?
    // Why can't anyone hear me on {a}? ; Why can people not hear me on {a}? ; Others can't hear me on {a}. Why? //
    Why can everyone hear me on {a}? ; Why can all people hear me on {a}? // Why can't I see anyone on {a}? ; Why
    can I not see people on {a}? ; I can't see others on {a}. Why? // Why can't anyone see me on {a}? ; Why can
    people not see me on {a}?
negation food: Can I eat {a} if I have no teeth? ; Is it OK to eat {a} without teeth? // Can I eat {a} after
    brushing my teeth? ; Is it OK to eat {a} after I brush my teeth? // Is {a} OK if it smells? ; Is it OK to eat
    {a} that smells? // Is {a} OK if it doesn't smell? ; Is it OK to eat {a} that does not smell? // What if I eat
    {a} every day? ; What happens if I eat {a} every day? ; If I eat {a} daily, what happens? // What if I never eat
    {a}? ; What happens if I never eat {a}? ; If I never eat {a}, what happens?
negation animal: How do I know that my {a} are happy? ; How can I tell that my {a} are happy? ; Signs of happy {a}
    // How do I know that my {a} are not happy? ; How can I tell that my {a} are unhappy? ; Signs of unhappy {a} //
    How do I know that my {a} are healthy? ; How can I tell that my {a} are healthy? ; Signs of healthy {a} // How
    do I know that my {a} are sick? ; How can I tell that my {a} are sick? ; Signs of sick {a}
roles job: What should I tell my {a}? ; Which things should I tell my {a}? // What should my {a} tell me? ; Which
    things should my {a} tell me? // How do I thank my {a}? ; How can I thank my {a}? ; Ways to thank my {a} // How
    do I respond when my {a} thanks me? ; What do I say when my {a} thanks me? // Can my {a} cancel my appointment?
    ; Is my {a} able to cancel my appointment? // Can I cancel my appointment with my {a}? ; Am I able to cancel my
    appointment with my {a}?
roles firstname: Why did {a} leave me? ; What made {a} leave me? ; For what reason did {a} leave me? // Why did I
    leave {a}? ; What made me leave {a}? ; For what reason did I leave {a}? // Should I call {a}? ; Is it a good
    idea to call {a}? // Should {a} call me? ; Is it a good idea for {a} to call me? // How do I make {a} laugh? ;
    How can I get {a} to laugh? ; Ways to make {a} laugh // How does {a} make me laugh? ; In what way does {a} make
    me laugh? // Does {a} like me? ; Am I liked by {a}? ; Is it true that {a} likes me? // Do I like {a}? ; Is {a}
    liked by me?
roles -: Can a doctor fire a patient? ; Is a doctor able to drop a patient? // Can a patient fire a doctor? ; Is a
    patient able to drop a doctor? // How does a teacher motivate a student? ; In what way can a teacher motivate a
    student? // How does a student motivate a teacher? ; In what way can a student motivate a teacher? // Can dogs
    smell fear in people? ; Are dogs able to smell fear in people? // Can people smell fear in dogs? ; Are people
    able to smell fear in dogs?
order dish: Do I add salt before or after cooking {a}? ; When I cook {a}, do I add salt before or after? // Do I
    bake {a} before filling it? ; Do I fill {a} only after baking it? ; Is {a} baked before it is filled? // Do I
    fill {a} before baking it? ; Do I bake {a} only after filling it? ; Is {a} filled before it is baked? // Do I
    cut {a} before freezing it? ; Do I freeze {a} only after cutting it? // Do I freeze {a} before cutting it? ; Do
    I cut {a} only after freezing it?
order country: Do I apply for a visa before booking a flight to {a}? ; Do I book a flight to {a} only after applying
    for a visa? ; Should I get a visa for {a} first and then book a flight? // Do I book a flight to {a} before
    applying for a visa? ; Do I apply for a visa only after booking a flight to {a}? ; Should I book a flight to {a}
    first and then get a visa? // Do I find a job before moving to {a}? ; Should I move to {a} only after finding a
    job? // Do I move to {a} before finding a job? ; Should I find a job only after moving to {a}?
adjective job: What does it take to be a good {a}? ; What makes a good {a}? ; How do I become a good {a}? // What
    does it take to be the best {a}? ; What makes the best {a}? ; How do I become the best {a}? // What does it take
    to be a better {a}? ; How do I become a better {a}? // Why would a {a} be bad at the job? ; What makes a bad
    {a}?
number city,num: What can I do in {a} in {b} hours? ; {b} hours in {a}: what can I do? ; I have {b} hours in {a}.
    What can I do? // What can I do in {a} in {b} days? ; {b} days in {a}: what can I do? ; I have {b} days in {a}.
    What can I do? // What can I do in {a} in {b} weeks? ; {b} weeks in {a}: what can I do? ; I have {b} weeks in
    {a}. What can I do? // What can I do in {a} for {b} dollars? ; {b} dollars in {a}: what can I do? ; I have {b}
    dollars in {a}. What can I do?
number food,num: How do I cook {a} for {b} people? ; How to cook {a} for {b} // How do I cook {a} at {b} degrees? ;
    How to cook {a} when the oven is at {b} degrees // How do I cook {b} grams of {a}? ; How to cook {a}, {b} grams
    of it // How do I cook {b} pounds of {a}? ; How to cook {a}, {b} pounds of it
facet made: What is a {a} made of? ; Of what is a {a} made? ; Which materials are in a {a}? // What is a {a} made
    for? ; For what purpose is a {a} made? ; What is the purpose of a {a}? // Who makes a {a}? ; By whom is a {a}
    made? ; Makers of a {a} // Where is a {a} made? ; In what place is a {a} made? // How is a {a} made? ; In what
    way is a {a} made? ; What is the way to make a {a}? // When was the last {a} made? ; When did the last {a} get
    made? // When was the first {a} made? ; When did the first {a} get made?
facet madename: Where is {a}? ; In what place is {a}? ; Where does {a} lie? // Who lives in {a}? ; What people live
    in {a}? ; Inhabitants of {a} // Who rules {a}? ; By whom is {a} ruled? // Who left {a}? ; Which people left {a}?
    // Who founded {a}? ; By whom was {a} founded? ; Founder of {a} // Who destroyed {a}? ; By whom was {a}
    destroyed? ; Destroyer of {a} // Is {a} real? ; Does {a} exist? // Why is {a} famous? ; What made {a} famous? ;
    What is {a} known for?
facet fullname: Who is {a}? ; Tell me who {a} is. ; What do you know about {a}? // Who was {a}'s father? ; Name the
    father of {a}. // Who was {a}'s mother? ; Name the mother of {a}. // Who was {a}'s teacher? ; By whom was {a}
    taught? ; Name the teacher of {a}. // Who was {a}'s student? ; Who was taught by {a}? ; Name the student of {a}.
    // Where does {a} work? ; At which company does {a} work? // Where did {a} work before? ; At which company did
    {a} work before? // Who works for {a}? ; Which people work for {a}? // Who does {a} work for? ; For whom does
    {a} work?
"""
