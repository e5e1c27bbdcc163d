"""Questions about doing something: an action, and a way to ask about it.

One line is a family: `order types modes: action ; same action // other action`. The order is `swap` (exchanging the
slots a and b makes another question), `sym` (it does not) or `-`. Types are those of the slots a, b and c, with commas;
some stand at the end of the line, after `@`.
Modes are letters of MODE_SETS. `//` stands between actions that are different, `;` between ways to say the same.
"""

from .tables import entries, named

_MODES = """
how: How do I {V}? ; How do you {V}? ; How to {V}? ; How to {V} ; How can I {V}? ; How should I go about {G}? ; How
    does one {V}? ; How would I {V}? ; How would you {V}? ; What is the best way to {V}? ; Best way to {V} ; Best
    way of {G}? ; What's the best way of {G}? ; What's a good way to {V}? ; Steps to {V} ; Steps for {G}? ; What are
    the steps to {V}? ; What steps do I take to {V}? ; Guide to {G} ; A guide to {G}, please. ; Give me a guide to
    {G}. ; Step-by-step guide for {G} ; Instructions for {G} ; Is there a way to {V}? ; Is there any way to {V}? ;
    Is there an easy way to {V}? ; I need to {V}. How? ; I need to {V}, how do I do that? ; I want to {V}. How do I
    do it? ; I'm trying to {V}. What do I do? ; I'd like to {V}, what's the way to do it? ; Help me {V}. ; I need
    help {G}. ; Explain how to {V}. ; Explain to me how I can {V}. ; Show me how to {V}. ; Walk me through {G}. ;
    Tell me how to {V}. ; Could you show me how to {V}? ; Do you know how to {V}? ; Could you explain how to {V}? ;
    What do I have to do to {V}? ; What is the way to {V}? ; Tutorial on {G} ; I wonder how to {V}. ; I'd like to
    know how to {V}. ; Tips on how to {V}? ; Any idea how I can {V}? ; What is the procedure for {G}? ; In what way
    can I {V}? ; how {V} ; To {V}, what do I have to do? ; When I want to {V}, how do I do that? ; Need to {V}, how?
    ; What's the proper way to {V}? ; Looking for a way to {V}. ; I'm looking for instructions on {G}. ; Teach me
    how to {V}.
script: Write a script that {S}. ; Write a script to {V}. ; Write me a script for {G}. ; I need a script that {S}. ;
    I need a script to {V}. ; Can you write a script that {S}? ; Create a script to {V}. ; A script that {S} ;
    Script for {G} ; Script to {V} ; Give me a script that {S}. ; Please code a script that will {V}. ; Could you
    make a script for {G}? ; I'm looking for a script that can {V}. ; Generate a script to {V}.
should: Should I {V}? ; Is it a good idea to {V}? ; Is {G} a good idea? ; Would it be a good idea to {V}? ; Do you
    think I should {V}? ; Would you advise me to {V}? ; Would you recommend {G}? ; Is it advisable to {V}? ; Do you
    recommend that I {V}?
why: Why should I {V}? ; What are the reasons to {V}? ; What are good reasons for {G}? ; For what reasons should I
    {V}? ; Give me reasons to {V}. ; What reasons are there to {V}? ; Why would I want to {V}?
whynot: Why should I not {V}? ; Why shouldn't I {V}? ; What are the reasons not to {V}? ; Give me reasons not to
    {V}. ; What are good reasons against {G}? ; What reasons are there not to {V}? ; Why would I not want to {V}?
time: How long does it take to {V}? ; How long does {G} take? ; How much time does it take to {V}? ; How much time
    does {G} take? ; Time needed to {V}? ; How much time do I need to {V}? ; What's the time it takes to {V}? ; How
    long will it take me to {V}? ; Tell me how long it takes to {V}.
cost: How much does it cost to {V}? ; How much does {G} cost? ; What does it cost to {V}? ; Cost of {G} ; What is
    the cost of {G}? ; What would it cost me to {V}? ; How much money does it cost to {V}? ; What's the price of
    {G}? ; How much do I have to pay to {V}? ; Tell me what {G} costs.
when: When should I {V}? ; What is the best time to {V}? ; When is the best time to {V}? ; Best time to {V}? ; When
    is the right time to {V}? ; What's the right moment to {V}? ; At what time should I {V}?
risk: What are the risks of {G}? ; What can go wrong when {G}? ; Risks of {G} ; What are the dangers of {G}? ; Which
    risks do I take when {G}? ; What risks are there in {G}? ; What could go wrong if I {V}?
if: What happens if I {V}? ; What happens when I {V}? ; What will happen if I {V}? ; If I {V}, what happens? ; What
    would happen if I were to {V}? ; Tell me what happens if I {V}.
ifnot: What happens if I don't {V}? ; What happens if I do not {V}? ; What will happen if I don't {V}? ; If I don't
    {V}, what happens? ; What are the consequences of not {G}? ; What happens when I do not {V}?
avoid: How do I avoid {G}? ; How to avoid {G}? ; How can I avoid {G}? ; What can I do to avoid {G}? ; Ways to avoid
    {G} ; Is there a way to avoid {G}? ; What is the best way to avoid {G}? ; Help me avoid {G}. ; How to not {V}? ;
    How do I get around {G}?
legal: Is it legal to {V}? ; Is {G} legal? ; Is it lawful to {V}? ; Does the law allow me to {V}? ; Legal to {V}? ;
    Am I legally allowed to {V}?
illegal: Is it illegal to {V}? ; Is {G} illegal? ; Is it against the law to {V}? ; Does the law forbid me to {V}? ;
    Is {G} against the law? ; Is it unlawful to {V}?
hard: Is it hard to {V}? ; Is it difficult to {V}? ; Is {G} hard? ; Is {G} difficult? ; Would {G} be difficult? ; Do
    you think it is hard to {V}?
easy: Is it easy to {V}? ; Is {G} easy? ; Is {G} simple? ; Is it simple to {V}? ; Would {G} be easy? ; Do you think
    it is easy to {V}?
must: Do I have to {V}? ; Do I need to {V}? ; Must I {V}? ; Is it necessary to {V}? ; Is {G} necessary? ; Am I
    required to {V}? ; Is it required to {V}?
cannot: Why can't I {V}? ; Why can I not {V}? ; Why am I not able to {V}? ; Why am I unable to {V}? ; What is the
    reason that I can't {V}? ; What keeps me from {G}? ; I can't {V}. Why?
tools: What tools do I need to {V}? ; Which tools do I need to {V}? ; Which tools are needed for {G}? ; Tools for
    {G} ; What tools are needed to {V}? ; Tell me which tools I need for {G}. ; With what tools can I {V}?
others: Why do people {V}? ; What makes people {V}? ; What are people's reasons to {V}? ; Why do some people {V}? ;
    For what reasons do people {V}? ; What drives people to {V}?
mistakes: What are common mistakes when {G}? ; Which mistakes are common in {G}? ; Common mistakes when {G} ; What
    mistakes do people often make when {G}? ; What do people often get wrong when {G}?
"""

MODES: dict[str, tuple[str, ...]] = dict(map(named, entries(_MODES)))

MODE_SETS: dict[str, tuple[str, ...]] = {
    "t": ("how", "how", "how", "script", "script", "cannot", "avoid", "mistakes"),  # tasks for a program
    "u": ("how", "how", "how", "should", "why", "whynot", "if", "ifnot", "cannot", "avoid", "mistakes", "must"),  # use
    "w": ("how", "how", "cost", "time", "when", "should", "must", "hard", "easy", "risk", "tools", "why", "whynot"),
    "l": ("how", "legal", "illegal", "must", "should", "others", "risk", "hard", "easy", "cost"),  # life
    "h": ("how", "how", "should", "risk", "when", "if", "ifnot", "must", "avoid", "time"),  # health and home
    "q": ("how", "how", "how", "tools", "mistakes", "hard", "easy", "time"),  # crafts
    "m": ("how",),
}

MODE_KINDS: dict[frozenset[str], str] = {
    frozenset(("why", "whynot")): "negation",
    frozenset(("if", "ifnot")): "negation",
    frozenset(("how", "avoid")): "negation",
    frozenset(("legal", "illegal")): "negation",
    frozenset(("hard", "easy")): "negation",
    frozenset(("how", "cannot")): "negation",
    frozenset(("should", "must")): "modality",
    frozenset(("legal", "must")): "modality",
    frozenset(("legal", "should")): "modality",
    frozenset(("how", "should")): "modality",
    frozenset(("how", "must")): "modality",
    frozenset(("why", "others")): "roles",
    frozenset(("how", "script")): "script",
}

ACTIONS = """
swap format,format t: convert {a} files to {b} ; turn {a} files into {b} ; change {a} files into {b} format ;
    convert {a} to {b}
swap format,format t: extract {a} data from a {b} file ; pull {a} data out of a {b} file
swap format,format t: embed a {a} file in a {b} file ; put a {a} file inside a {b} file
swap format,format t: batch convert a folder of {a} files to {b} ; convert a whole folder of {a} files into {b}
swap proglang,proglang t: translate {a} code into {b} ; port {a} code to {b} ; rewrite {a} code in {b} ; convert {a}
    code to {b}
swap proglang,proglang t: call {a} functions from {b} ; invoke {a} functions from {b} ; use {a} functions from
    inside {b}
swap proglang,proglang t: embed {a} in a {b} application ; embed {a} into an application written in {b}
swap proglang,proglang t: compile {a} to {b} ; transpile {a} to {b}
swap proglang,proglang u: switch from {a} to {b} ; move from {a} to {b} ; go from {a} to {b}
swap proglang,proglang u: learn {a} before {b} ; learn {a} first and {b} later
swap library,library u: migrate from {a} to {b} ; switch from {a} to {b} ; move a project from {a} to {b}
swap library,library u: replace {a} with {b} ; substitute {b} for {a} ; swap out {a} for {b}
swap library,library t: use {a} inside a {b} app ; use {a} within an app made with {b}
swap database,database t: migrate data from {a} to {b} ; move data from {a} to {b} ; transfer data from {a} into {b}
swap database,database t: replicate {a} tables to {b} ; replicate tables from {a} into {b}
swap database,database u: replace {a} with {b} ; use {b} instead of {a}
swap database,database t: query {a} from {b} ; run queries on {a} from within {b}
swap tool,tool u: switch from {a} to {b} ; move from {a} to {b} ; migrate from {a} to {b}
swap tool,tool t: run {a} inside {b} ; run {a} within {b}
swap tool,tool t: trigger {a} from {b} ; start {a} from {b}
swap service,service t: move a website from {a} to {b} ; migrate a website from {a} to {b} ; transfer a website from
    {a} to {b}
swap service,service t: copy backups from {a} to {b} ; copy backups to {b} from {a}
swap app,app t: import data from {a} into {b} ; export data from {a} to {b} ; transfer data from {a} to {b}
swap app,app t: forward messages from {a} to {b} ; send messages on from {a} to {b}
swap app,app u: replace {a} with {b} ; use {b} instead of {a} ; swap {a} for {b}
swap app,app t: open {a} documents in {b} ; open documents from {a} in {b}
swap app,app t: embed {a} in {b} ; embed {a} into {b}
swap app,app t: share a {a} link in {b} ; post a link from {a} in {b}
swap made,made t: convert {a} to {b} ; turn {a} into {b} ; change {a} into {b}
swap made,made t: move data from {a} to {b} ; transfer data from {a} to {b} ; migrate data to {b} from {a}
swap made,made u: replace {a} with {b} ; use {b} in place of {a} ; substitute {b} for {a}
swap made,made t: import {a} into {b} ; bring {a} into {b}
swap made,made t: map {a} to {b} ; map {a} onto {b}
swap made,made t: call {a} from {b} ; invoke {a} from {b}
swap made,made t: subtract {a} from {b} ; take {a} away from {b}
swap made,made t: pass {a} to {b} ; hand {a} over to {b}
swap made,made t: wrap {a} in {b} ; wrap {a} inside {b}
swap made,made u: upgrade from {a} to {b} ; upgrade to {b} from {a}
swap made,made t: sort {a} by {b} ; order {a} by {b}
swap madename,madename t: connect from {a} to {b} ; open a connection from {a} to {b}
swap madename,madename t: sync {a} to {b} one way ; do a one-way sync from {a} to {b}
swap madename,madename w: travel from {a} to {b} ; get from {a} to {b} ; get to {b} from {a}
swap letter,letter t: divide {a} by {b} ; compute {a} divided by {b} ; compute {a} over {b}
swap letter,letter t: subtract {a} from {b} ; compute {b} minus {a} ; take {a} away from {b}
swap letter,letter t: raise {a} to the power of {b} ; compute {a} to the power of {b} ; raise {a} to the {b}th power
swap letter,letter t: solve for {a} given {b} ; find {a} when {b} is known ; find {a} given {b}
swap letter,letter t: express {a} in terms of {b} ; write {a} in terms of {b} ; express {a} as a function of {b}
swap letter,letter t: differentiate {a} with respect to {b} ; take the derivative of {a} with respect to {b}
swap letter,letter t: plot {a} against {b} ; plot {a} as a function of {b} ; plot {a} versus {b}
swap letter,letter t: assign {a} to {b} ; set {b} to {a} ; give {b} the value of {a}
swap letter,letter t: project {a} onto {b} ; compute the projection of {a} onto {b}
swap letter,letter t: regress {a} on {b} ; fit a regression of {a} on {b}
swap letter,letter t: move column {a} before column {b} ; put column {a} in front of column {b}
swap letter,letter t: append list {a} to list {b} ; add list {a} to the end of list {b}
swap letter,letter t: copy column {a} into column {b} ; copy the values of column {a} to column {b}
swap letter,letter t: check that {a} is a subset of {b} ; verify that {a} is a subset of {b}
swap letter,letter t: prove that {a} implies {b} ; show that {a} implies {b} ; prove that {b} follows from {a}
swap branch,branch t: merge {a} into {b} ; merge the {a} branch into {b} ; merge branch {a} into branch {b}
swap branch,branch t: rebase {a} onto {b} ; rebase the {a} branch onto {b} ; rebase branch {a} on top of {b}
swap branch,branch t: rename branch {a} to {b} ; rename the branch {a} to {b} ; change the name of branch {a} to {b}
swap branch,branch t: cherry-pick a commit from {a} to {b} ; cherry-pick a commit onto {b} from {a}
swap datastruct,datastruct t: convert a {a} to a {b} ; turn a {a} into a {b} ; make a {b} from a {a} ; transform a
    {a} into a {b}
swap datastruct,datastruct t: implement a {a} using a {b} ; build a {a} with a {b} ; implement a {a} on top of a {b}
swap datastruct,datastruct t: store a {a} in a {b} ; put a {a} inside a {b}
swap unit,unit t: convert {a} to {b} ; change {a} into {b} ; convert from {a} to {b} ; turn {a} into {b}
swap currency,currency w: exchange {a} for {b} ; change {a} into {b} ; swap {a} for {b}
swap currency,currency t: convert {a} to {b} ; convert from {a} to {b} ; turn {a} into {b}
swap lang,lang t: translate text from {a} to {b} ; translate {a} text into {b} ; translate from {a} into {b}
swap lang,lang t: transliterate {a} names into {b} ; transliterate names from {a} to {b}
swap lang,lang t: add {a} subtitles to a {b} movie ; put {a} subtitles on a {b} movie
swap lang,lang u: learn {a} through {b} ; learn {a} with {b} as the language of instruction
swap city,city w: travel from {a} to {b} ; get from {a} to {b} ; get to {b} from {a}
swap city,city w: fly from {a} to {b} ; take a flight from {a} to {b} ; take a plane to {b} from {a}
swap city,city w: move from {a} to {b} ; relocate from {a} to {b} ; relocate to {b} from {a}
swap city,city w: take the train from {a} to {b} ; go by train from {a} to {b} ; go to {b} from {a} by train
swap city,city w: ship a car from {a} to {b} ; have a car shipped from {a} to {b}
swap city,city w: commute from {a} to {b} ; commute to {b} from {a}
swap city,city w: cycle from {a} to {b} ; go by bike from {a} to {b} ; ride a bike from {a} to {b}
swap country,country l: move from {a} to {b} ; emigrate from {a} to {b} ; relocate to {b} from {a}
swap country,country l: send money from {a} to {b} ; transfer money from {a} to {b} ; send money to {b} from {a}
swap country,country l: import goods from {a} into {b} ; bring goods from {a} into {b}
swap country,country l: call {a} from {b} ; phone {a} from {b} ; make a phone call from {b} to {a}
swap country,country l: drive in {a} with a license from {b} ; use a driving license from {b} in {a}
swap country,country l: work in {a} while living in {b} ; live in {b} and work in {a}
swap country,country l: mail a package from {a} to {b} ; send a package from {a} to {b} ; ship a package to {b} from
    {a}
swap country,country l: study in {a} with a diploma from {b} ; use a diploma from {b} to study in {a}
swap country,country l: open a bank account in {a} as a citizen of {b} ; open an account at a bank in {a} as a
    citizen of {b}
swap country,country l: take a dog from {a} to {b} ; bring a dog from {a} into {b}
swap job,job w: go from being a {a} to being a {b} ; change careers from {a} to {b} ; switch from {a} to {b}
swap job,job w: retrain from {a} to {b} ; retrain as a {b} after working as a {a}
swap instrument,instrument w: switch from {a} to {b} ; change from {a} to {b} ; go from playing {a} to playing {b}
swap instrument,instrument q: arrange {a} music for {b} ; arrange music written for {a} for {b} ; adapt {a} music to
    the {b}
swap sport,sport w: switch from {a} to {b} ; change from {a} to {b}
swap sport,sport h: use {a} to get better at {b} ; improve at {b} by doing {a}
swap food,food h: replace {a} with {b} ; substitute {b} for {a} ; use {b} instead of {a} ; swap {a} for {b}
swap food,food q: add {a} to {b} ; put {a} into {b}
swap food,food q: coat {a} with {b} ; cover {a} with {b}
swap material,material q: paint {a} to look like {b} ; make {a} look like {b}
swap material,material q: cover {a} with {b} ; put {b} over {a}
swap material,material q: get {a} stains off {b} ; remove {a} marks from {b}
swap material,material w: replace {a} with {b} ; use {b} in place of {a} ; substitute {b} for {a}
swap animal,animal h: protect {a} from {b} ; keep {a} safe from {b} ; keep {b} away from {a}
swap animal,animal q: draw {a} riding {b} ; make a drawing of {a} riding {b}
swap animal,animal w: switch from keeping {a} to keeping {b} ; keep {b} in place of {a}
swap gadget,gadget t: send a signal from a {a} to a {b} ; transmit a signal from a {a} to a {b}
swap gadget,gadget w: trade in my {a} for a {b} ; exchange my {a} for a {b} ; swap my {a} for a {b}
swap gadget,gadget u: control a {a} with a {b} ; use a {b} to control a {a}
swap vehicle,vehicle w: trade in my {a} for a {b} ; exchange my {a} for a {b}
swap vehicle,vehicle l: tow a {a} with a {b} ; pull a {a} with a {b} ; use a {b} to tow a {a}
swap medicine,medicine h: switch from {a} to {b} ; change from {a} to {b} ; stop {a} and start {b}
swap place,place q: move the {c} from the {a} to the {b} ; carry the {c} from the {a} into the {b} ; get the {c} out
    of the {a} and into the {b} @thing
swap place,place q: turn a {a} into a {b} ; convert a {a} into a {b} ; transform a {a} into a {b}
swap place,place q: run a cable from the {a} to the {b} ; lay a cable from the {a} to the {b}
swap relative,relative l: introduce my {a} to my {b} ; present my {a} to my {b}
swap relative,relative h: protect my {a} from my {b} ; shield my {a} from my {b}
swap relative,relative h: persuade my {a} to apologize to my {b} ; get my {a} to apologize to my {b}
swap relative,relative l: transfer a house from my {a} to my {b} ; transfer ownership of a house from my {a} to my
    {b}
swap firstname,firstname l: return {a}'s book to {b} ; give {a}'s book back to {b}
swap firstname,firstname h: tell {a} about {b} ; talk to {a} about {b} ; speak with {a} about {b}
swap firstname,firstname m: forward an email from {a} to {b} ; pass an email from {a} on to {b}
swap plant,plant q: graft {a} onto {b} ; do a graft of {a} on {b}
swap weekday,weekday m: move a meeting from {a} to {b} ; reschedule a meeting from {a} to {b} ; shift a {a} meeting
    to {b}
swap month,month m: move a deadline from {a} to {b} ; shift a deadline from {a} to {b}
swap hobby,hobby w: give up {a} for {b} ; quit {a} and take up {b}
swap subject,subject w: switch my major from {a} to {b} ; change majors from {a} to {b}
swap subject,subject u: use {a} to teach {b} ; teach {b} with the help of {a}
swap stain,stain q: use {a} to hide {b} ; hide {b} with {a}
swap os,os t: run {a} apps on {b} ; use {a} apps on {b}
swap os,os u: switch from {a} to {b} ; move from {a} to {b} ; replace {a} with {b}
swap os,os t: copy files from {a} to {b} ; transfer files from {a} to {b}
swap os,os t: connect to {a} from {b} remotely ; open a remote session on {a} from {b}
sym food,food q: mix {a} and {b} ; combine {a} with {b} ; mix {a} with {b} // separate {a} from {b} ; tell {a} apart
    from {b}
sym material,material q: glue {a} to {b} ; join {a} and {b} with glue // weld {a} to {b} ; join {a} and {b} by
    welding
sym animal,animal h: keep {a} and {b} together ; keep {a} with {b} // keep {a} and {b} apart ; separate {a} and {b}
sym plant,plant q: grow {a} next to {b} ; plant {a} and {b} side by side ; plant {a} beside {b}
sym medicine,medicine h: take {a} and {b} together ; take {a} with {b} ; combine {a} and {b}
sym app,app t: keep {a} and {b} in sync ; synchronize {a} with {b} both ways // disconnect {a} from {b} ; unlink {a}
    and {b}
sym letter,letter t: add {a} and {b} ; add {a} to {b} ; compute the sum of {a} and {b} // multiply {a} by {b} ;
    compute the product of {a} and {b}
sym made,made t: compare {a} with {b} ; compare {a} and {b} // merge {a} and {b} ; merge {a} with {b} // link {a}
    with {b} ; link {a} and {b} together
sym format,format t: tell {a} and {b} files apart ; distinguish {a} files from {b} files
- gadget u: turn on my {a} ; switch on my {a} ; turn my {a} on // turn off my {a} ; switch off my {a} ; turn my {a}
    off // clean my {a} // repair my {a} ; fix my {a}
- gadget w: sell my {a} // buy a {a} ; purchase a {a} // rent a {a} // insure my {a} // recycle my {a}
- gadget h: lock my {a} // unlock my {a} // reset my {a} ; do a reset of my {a} // paint my {a}
- app u: install {a} // uninstall {a} // update {a}
- app u: sign in to {a} ; log in to {a} // sign out of {a} ; log out of {a} // sign up for {a} ; create an account
    on {a} // delete my {a} account ; get rid of my {a} account
- app t: enable notifications in {a} ; turn on notifications in {a} // disable notifications in {a} ; turn off
    notifications in {a}
- app u: block someone on {a} // unblock someone on {a} // mute someone on {a} // unmute someone on {a}
- app u: archive a chat in {a} // delete a chat in {a} // export a chat from {a}
- app u: upload a video to {a} // download a video from {a} // delete a video from {a}
- app u: cancel my {a} subscription ; end my {a} subscription // renew my {a} subscription ; extend my {a}
    subscription // pause my {a} subscription
- app u: become an admin on {a} // hire an admin on {a} // remove an admin on {a}
- tool t: install {a} // uninstall {a} ; remove {a} // upgrade {a} // downgrade {a}
- tool t: start {a} automatically ; make {a} start automatically // stop {a} from starting automatically ; keep {a}
    from starting automatically
- library t: test a {a} app // deploy a {a} app // debug a {a} app // secure a {a} app
- proglang t: read a file in {a} ; read a file using {a} ; read a file with {a} // write a file in {a} ; write a
    file using {a} // delete a file in {a} ; delete a file using {a}
- proglang t: sort a list in ascending order in {a} ; sort a list from smallest to largest in {a} // sort a list in
    descending order in {a} ; sort a list from largest to smallest in {a}
- proglang t: encode base64 in {a} ; encode a string as base64 in {a} // decode base64 in {a} ; decode a base64
    string in {a}
- proglang t: encrypt a file in {a} ; encrypt a file using {a} // decrypt a file in {a} ; decrypt a file using {a}
- proglang t: find the first element of a list in {a} ; get the first element of a list in {a} // find the last
    element of a list in {a} ; get the last element of a list in {a}
- proglang t: remove the first line of a file in {a} ; delete the first line of a file with {a} // remove the last
    line of a file in {a} ; delete the last line of a file with {a}
- proglang t: find the minimum of an array in {a} ; find the smallest value of an array in {a} // find the maximum
    of an array in {a} ; find the largest value of an array in {a}
- proglang t: parse JSON in {a} ; parse JSON with {a} // validate JSON in {a} ; validate JSON with {a} // generate
    JSON in {a} ; produce JSON with {a}
- proglang t: convert a string to uppercase in {a} ; make a string uppercase in {a} // convert a string to lowercase
    in {a} ; make a string lowercase in {a}
- proglang t: add an item to a set in {a} // remove an item from a set in {a} // check for an item in a set in {a}
- proglang t: open a socket in {a} // close a socket in {a}
- proglang t: round up a number in {a} ; round a number up in {a} // round down a number in {a} ; round a number
    down in {a}
- proglang t: start a thread in {a} // stop a thread in {a} // join a thread in {a}
- proglang t: create a directory in {a} ; make a directory in {a} // delete a directory in {a} ; remove a directory
    in {a} // list a directory in {a}
- proglang t: remove duplicates from a {b} in {a} ; drop duplicates from a {b} in {a} // count duplicates in a {b}
    in {a} @,datastruct
- proglang t: reverse a {b} in {a} ; reverse a {b} using {a} // copy a {b} in {a} ; make a copy of a {b} in {a} //
    print a {b} in {a} // iterate over a {b} in {a} ; loop over a {b} in {a} @,datastruct
- proglang t: handle {b} files in {a} // compress {b} files in {a} // validate {b} files in {a} @,format
- database t: create a table in {a} // drop a table in {a} ; delete a table in {a} // rename a table in {a}
- database t: back up {a} ; make a backup of {a} // restore {a} from a backup // monitor {a}
- database t: grant a role in {a} // revoke a role in {a}
- database t: speed up {a} ; make {a} faster // scale {a} across servers // secure {a}
- format t: compress {a} files // decompress {a} files // encrypt {a} files // split {a} files // merge {a} files
- format t: open a {a} file // edit a {a} file // create a {a} file // print a {a} file // sign a {a} file
- os t: create a user on {a} ; add a user on {a} // delete a user on {a} ; remove a user on {a} // rename a user on
    {a}
- os t: show hidden files on {a} ; make hidden files visible on {a} // hide files on {a} ; make files hidden on {a}
- os t: enable the firewall on {a} ; turn on the firewall on {a} // disable the firewall on {a} ; turn off the
    firewall on {a}
- os u: take a screenshot on {a} // record the screen on {a} // rotate the screen on {a} // lock the screen on {a}
    // share the screen on {a}
- os t: mount a drive on {a} // unmount a drive on {a} // format a drive on {a} // encrypt a drive on {a}
- food q: cook {a} // freeze {a} // store {a} ; keep {a} fresh // clean {a} // grill {a} // microwave {a}
- food h: gain weight with {a} ; put on weight with {a} // lose weight with {a}
- food q: thicken a sauce with {a} // thin a sauce with {a} // sweeten a sauce with {a}
- food h: eat {a} // stop eating {a} ; quit eating {a} // digest {a}
- dish q: make {a} ; cook {a} ; prepare {a} // reheat {a} ; warm up {a} // freeze {a} // serve {a}
- dish q: make {a} with {b} // make {a} without {b} ; make {a} with no {b} @,food
- dish q: make {a} for {b} people ; cook {a} for {b} people ; prepare {a} for a group of {b} @,num
- dish q: make {a} in a {b} ; prepare {a} in a {b} @,gadget
- animal q: feed {a} // wash {a} ; bathe {a} // train {a} // breed {a} // photograph {a} // groom {a}
- animal h: attract {a} to my garden ; draw {a} to my garden // keep {a} out of my garden ; keep {a} away from my
    garden ; stop {a} from coming into my garden
- animal l: adopt {a} // sell {a} // hunt {a} // import {a} // insure {a}
- animal w: adopt {a} in {b} // sell {a} in {b} // see {a} in the wild in {b} @,city
- plant q: grow {a} // prune {a} ; cut back {a} // water {a} // fertilize {a} // harvest {a} // kill {a} //
    propagate {a}
- plant q: grow {a} indoors ; grow {a} inside the house // grow {a} outdoors ; grow {a} outside
- plant q: grow {a} from seed // grow {a} from cuttings
- plant h: water {a} in winter ; water {a} during winter // water {a} in summer ; water {a} during summer // stop
    watering {a}
- disease h: treat {a} // prevent {a} // diagnose {a} // spread {a} // test for {a}
- disease h: live with {a} // recover from {a} // get insured with {a}
- disease h: explain {a} to my {b} // hide {a} from my {b} @,relative
- medicine h: take {a} with food // take {a} on an empty stomach ; take {a} without food // take {a} at night //
    take {a} in the morning
- medicine h: start taking {a} ; begin taking {a} // stop taking {a} ; quit taking {a} // skip a dose of {a} ; miss
    a dose of {a} // double the dose of {a}
- medicine h: buy {a} online // sell {a} online // store {a} // crush {a}
- medicine h: take {a} before surgery // take {a} after surgery
- bodypart h: strengthen my {a} // relax my {a} // ice my {a} // stretch my {a} // massage my {a} // tape my {a}
- bodypart h: reduce swelling in my {a} // reduce pain in my {a} // reduce stiffness in my {a}
- sport w: learn {a} // teach {a} // watch {a} // bet on {a} // quit {a} ; give up {a}
- sport w: become a {a} coach ; become a coach in {a} // hire a {a} coach ; hire a coach for {a}
- instrument q: play the {a} ; play {a} // tune a {a} // buy a {a} // sell a {a} // clean a {a} // record a {a}
- instrument w: become a {a} teacher // find a {a} teacher // fire a {a} teacher // pay a {a} teacher
- job w: become a {a} ; be a {a} // hire a {a} ; employ a {a} // fire a {a} ; dismiss a {a} // interview a {a} //
    quit as a {a} // sue a {a}
- job w: become a {a} in {b} // hire a {a} in {b} // find a good {a} in {b} @,country
- subject w: learn {a} ; study {a} // teach {a} // pass an exam in {a} ; pass a {a} exam // grade an exam in {a} ;
    grade a {a} exam
- material q: clean {a} // paint {a} // cut {a} // polish {a} // drill into {a} // recycle {a}
- stain q: remove {a} from {b} ; get {a} out of {b} ; get {a} off {b} @,material
- vehicle l: buy a {a} // sell a {a} // rent a {a} // register a {a} // insure a {a} // lend a {a} to a friend //
    borrow a {a} from a friend
- vehicle w: start a {a} in cold weather // stop a {a} on ice // park a {a} // wash a {a}
- lang w: learn {a} // teach {a} // forget {a} // read {a} // type {a}
- lang w: become a {a} teacher // hire a {a} teacher // thank a {a} teacher
- city w: move to {a} // leave {a} ; move away from {a} // invest in {a}
- city w: rent an apartment in {a} // rent out an apartment in {a} // buy an apartment in {a} // sell an apartment
    in {a}
- city w: spend {b} days in {a} ; visit {a} for {b} days @,num
- country l: enter {a} without a visa // leave {a} without a visa // work in {a} without a visa
- country l: get married in {a} ; marry in {a} // get divorced in {a} ; get a divorce in {a} // retire in {a}
- country l: start a business in {a} ; found a business in {a} // close a business in {a} ; shut down a business in
    {a} // buy a business in {a}
- country l: open a bank account in {a} // close a bank account in {a}
- company u: get a job at {a} ; be hired by {a} // quit my job at {a} ; leave my job at {a} // get fired from {a}
- company u: buy shares of {a} ; buy {a} stock // sell shares of {a} ; sell {a} stock // short {a} stock
- company u: become a supplier of {a} // become a customer of {a} // become a competitor of {a}
- company u: write a complaint to {a} ; complain to {a} // write an application to {a} ; apply to {a}
- doc q: write a {a} ; compose a {a} // proofread a {a} // shorten a {a} ; make a {a} shorter // lengthen a {a} ;
    make a {a} longer // translate a {a}
- hobby w: start {a} as a hobby ; take up {a} // quit {a} ; give up {a} // make money with {a} ; earn money with {a}
    // teach {a}
- relative l: borrow money from my {a} // lend money to my {a} // hide money from my {a}
- relative l: forgive my {a} // apologize to my {a} // avoid my {a} // sue my {a} // thank my {a}
- relative l: move in with my {a} // kick out my {a} // invite my {a}
- thing q: move a {a} // sell a {a} // clean a {a} // take apart a {a} ; disassemble a {a} // put together a {a} ;
    assemble a {a}
- festival q: celebrate {a} at home // avoid celebrating {a} ; skip {a} // explain {a} to children // decorate for
    {a}
- festival w: celebrate {a} alone // celebrate {a} with a large family
- place q: paint a {a} // heat a {a} // cool a {a} // soundproof a {a} // clean a {a} // ventilate a {a}
- service t: deploy a {b} app to {a} // monitor a {b} app on {a} // remove a {b} app from {a} @,library
- service t: reduce my costs on {a} ; lower my bill on {a} ; cut costs on {a} // estimate my costs on {a} ; estimate
    my bill on {a}
- concept q: teach {a} // draw a diagram of {a} // memorize {a}
- made t: install {a} // uninstall {a} // configure {a} // update {a} // debug {a}
- made t: enable {a} ; turn on {a} ; activate {a} // disable {a} ; turn off {a} ; deactivate {a}
- made t: encrypt {a} // decrypt {a} // compress {a} // decompress {a}
- made q: cook {a} // freeze {a} // peel {a} // season {a}
- made t: import {a} // export {a} // open {a} // close {a} // lock {a} // unlock {a}
- setting t: turn up the {a} ; increase the {a} ; raise the {a} // turn down the {a} ; decrease the {a} ; reduce the
    {a} ; lower the {a} // lock the {a} // measure the {a} // automate the {a}
- setting u: set the {a} by hand ; adjust the {a} manually // set the {a} automatically ; have the {a} adjusted
    automatically
- setting t: show the {a} in {b} ; display the {a} in {b} // hide the {a} in {b} // log the {a} in {b} @,app
- vital h: raise my {a} ; increase my {a} // lower my {a} ; reduce my {a} ; bring down my {a} // measure my {a} //
    track my {a} // ignore my {a}
- vital h: raise my {a} before {b} ; increase my {a} before {b} // lower my {a} before {b} ; reduce my {a} before
    {b} // raise my {a} after {b} // lower my {a} after {b} @,sport
- owned q: tighten my {a} // loosen my {a} // replace my {a} // measure my {a} // lubricate my {a}
- owned q: attach my {a} // detach my {a} // open my {a} // close my {a} // paint my {a} // dry my {a} // soak my
    {a}
- record t: add a {a} // remove a {a} ; delete a {a} // edit a {a} ; change a {a} // hide a {a} // share a {a} //
    copy a {a} ; duplicate a {a} // print a {a} // restore a {a}
- record t: accept a {a} // reject a {a} ; decline a {a} // postpone a {a} // confirm a {a} // cancel a {a}
- record t: include a {a} in the report // exclude a {a} from the report ; leave a {a} out of the report
- record t: publish a {a} // unpublish a {a} // approve a {a} // schedule a {a} // archive a {a} // unarchive a {a}
- record t: import a {a} from {b} // export a {a} to {b} // compare a {a} with one in {b} @,app
- record t: allow {b}s to see a {a} ; let {b}s see a {a} // forbid {b}s to see a {a} ; keep {b}s from seeing a {a}
    // force {b}s to fill in a {a} ; make {b}s fill in a {a} @,userrole
swap record,record t: attach a {a} to a {b} ; put a {a} as an attachment on a {b}
swap record,record t: create a {a} from a {b} ; turn a {b} into a {a} ; make a {a} out of a {b}
swap record,record t: link from a {a} to a {b} ; put a link to a {b} in a {a}
swap record,record t: delete every {a} that has no {b} ; remove all {a}s without a {b}
swap userrole,userrole t: demote a {a} to {b} ; change the role of a {a} to {b} ; turn a {a} into a {b}
swap userrole,userrole t: let a {a} act on behalf of a {b} ; allow a {a} to act for a {b}
swap userrole,userrole t: hide a {a}'s messages from a {b} ; keep a {b} from seeing a {a}'s messages
swap userrole,userrole t: forward a complaint by a {a} to a {b} ; pass a {a}'s complaint on to a {b}
- userrole t: invite a {a} // ban a {a} // unban a {a} // promote a {a} // notify a {a} // impersonate a {a} // mute
    a {a}
- userrole l: become a {a} // hire a {a} // replace a {a} // train a {a}
- relative h: make up with my {a} ; reconcile with my {a} // break off contact with my {a} ; cut ties with my {a} //
    look after my {a} ; take care of my {a} // look for my {a} ; search for my {a} // look up to my {a} ; admire my
    {a} // look down on my {a} ; despise my {a}
- relative h: stand up for my {a} ; defend my {a} // stand up to my {a} ; resist my {a} // make fun of my {a} ; mock
    my {a} // have fun with my {a}
- relative h: wake up my {a} // put my {a} to sleep ; get my {a} to sleep // cheer up my {a} // calm down my {a}
- relative l: evict my {a} // adopt my {a} // inherit from my {a} // disinherit my {a} // sponsor my {a} // hire my
    {a}
- city w: drive in {a} without a car of my own // live in {a} without a car ; live in {a} with no car // live in {a}
    with a car
- city w: find work in {a} ; find a job in {a} // find friends in {a} ; make friends in {a} // find a doctor in {a}
    // find a lawyer in {a} // find a roommate in {a}
- city w: get to {a} by bus ; reach {a} by bus // get to {a} by train ; reach {a} by train // get to {a} by boat ;
    reach {a} by boat // get around {a} by bus // get out of {a} by bus
- country l: buy land in {a} as a foreigner // sell land in {a} as a foreigner // rent land in {a} as a foreigner //
    inherit land in {a} as a foreigner
- country l: become a citizen of {a} ; get citizenship of {a} // renounce citizenship of {a} ; give up citizenship
    of {a} // prove citizenship of {a}
- country l: pay taxes in {a} // avoid taxes in {a} // get a tax refund in {a} // vote in {a} // protest in {a} //
    drive in {a} // hitchhike in {a}
- country l: import {b} into {a} // export {b} from {a} // grow {b} in {a} // sell {b} in {a} @,food
- country l: sue a {b} in {a} ; take a {b} to court in {a} // tip a {b} in {a} ; give a {b} a tip in {a} // bribe a
    {b} in {a} @,job
- money w: save {a} ; put aside {a} // spend {a} // borrow {a} ; take out a loan of {a} // lend {a} ; give a loan of
    {a} // invest {a} // earn {a} ; make {a} // lose {a} // transfer {a} ; wire {a} // donate {a}
- money w: save {a} in a year ; save up {a} within a year // earn {a} in a year ; make {a} within a year // spend
    {a} in a year
- money l: accept {a} in cash ; take {a} in cash // pay {a} in cash // hide {a} in cash // withdraw {a} in cash //
    deposit {a} in cash
- food q: peel {a} // chop {a} // fry {a} // steam {a} // dry {a} // roast {a} // ferment {a} // marinate {a} //
    soften {a} // harden {a} // sweeten {a}
- food q: keep {a} from drying out // keep {a} from burning // keep {a} from sticking // keep {a} from spoiling
- food h: give {a} to a baby ; feed a baby {a} // give {a} to a dog ; feed a dog {a} // give {a} to a cat ; feed a
    cat {a}
- food h: eat {a} before {b} // eat {a} after {b} // eat {a} during {b} // eat {a} instead of doing {b} @,sport
- dish q: order {a} in {b} // cook {a} as in {b} ; make {a} the way people do in {b} // sell {a} in {b} @,city
- dish q: make {a} thicker // make {a} thinner // make {a} sweeter // make {a} saltier // make {a} less salty
- dish q: make {a} with {b} and {c} ; cook {a} with {c} and {b} // make {a} with {b} but without {c} // make {a}
    without {b} and {c} ; cook {a} with neither {b} nor {c} @,food,food
- animal h: calm {a} ; calm down {a} // scare {a} ; frighten {a} // rescue {a} // catch {a} // release {a} // count
    {a} // study {a}
- animal q: tell male {a} from female {a} ; distinguish male {a} from female {a} // tell young {a} from old {a} ;
    distinguish young {a} from old {a} // tell wild {a} from tame {a} ; distinguish wild {a} from tame {a}
- animal h: keep {a} inside ; keep {a} indoors // keep {a} outside ; keep {a} outdoors // keep {a} in an apartment
    // keep {a} with children
- plant q: protect {a} from frost // protect {a} from heat // protect {a} from {b} // plant {a} for {b} @,animal
- plant q: grow {a} in {b} // sell {a} in {b} // import {a} to {b} @,country
- plant h: repot {a} // dig up {a} // transplant {a} // sow {a} // dry {a} // shade {a} // support {a}
- disease h: catch {a} on purpose // fight {a} naturally ; treat {a} with natural remedies // fight {a} with drugs ;
    treat {a} with drugs // research {a} // fake {a}
- disease h: care for someone with {a} ; look after someone with {a} // talk to someone with {a} // marry someone
    with {a} // train with someone who has {a}
- disease h: sleep with {a} ; get to sleep with {a} // fly with {a} ; take a plane with {a} // work with {a} // swim
    with {a} ; go swimming with {a}
- medicine h: take {a} with {b} ; have {a} together with {b} // take {a} before {b} // take {a} after {b} // stop
    {a} because of {b} @,food
- medicine h: increase the dose of {a} ; raise the dose of {a} // lower the dose of {a} ; reduce the dose of {a} //
    split a dose of {a} // vomit after {a} // drive after {a} ; drive a car after {a} // drink alcohol after {a} ;
    have a drink after {a}
- medicine h: give {a} to a child ; give a child {a} // give {a} to a dog ; give a dog {a} // give {a} to a cat ;
    give a cat {a} // hide {a} from a child
- bodypart h: warm up my {a} // shave my {a} // bandage my {a} // pierce my {a} // tattoo my {a} // train my {a}
- bodypart h: injure my {a} doing {b} ; hurt my {a} doing {b} // heal my {a} after {b} // protect my {a} during {b}
    @,sport
- sport q: win at {a} // lose at {a} on purpose // cheat at {a} // referee {a} // practice {a} alone // practice {a}
    with a partner
- sport w: learn {a} as a child // learn {a} as an adult // learn {a} from videos // teach {a} with videos
- sport w: play {a} indoors ; do {a} indoors // play {a} outdoors ; do {a} outdoors // film {a} // organize a {a}
    tournament // win a {a} tournament
- instrument q: teach children the {a} ; give children {a} lessons // teach adults the {a} ; give adults {a} lessons
    // teach myself the {a} ; learn the {a} without a teacher
- instrument q: play the {a} louder ; make the {a} louder // play the {a} more softly ; make the {a} softer // play
    the {a} faster ; speed up on the {a} // play the {a} slower ; slow down on the {a}
- job w: become a {a} without a degree // become a {a} with a degree // become a {a} at 50 ; become a {a} at the age
    of 50
- job w: recommend a {a} // complain about a {a} // thank a {a} // pay a {a} // report a {a} // trust a {a} //
    replace a {a} // marry a {a}
- job w: train {a}s // recruit {a}s // unionize {a}s // evaluate {a}s // insure {a}s // motivate {a}s
- subject w: fail an exam in {a} on purpose // cheat in an exam on {a} // prepare for an exam in {a} // retake an
    exam in {a} ; repeat an exam in {a}
- subject q: explain {a} to children // explain {a} to adults // explain {a} without formulas // explain {a} with
    pictures
- subject w: learn {a} online // learn {a} from books // teach {a} online // tutor {a}
- material q: join two pieces of {a} // separate two pieces of {a} // bend {a} // straighten {a} // heat {a} // cool
    {a} // sand {a} // make {a} shiny // make {a} matte
- material q: make {a} stronger ; strengthen {a} // make {a} weaker ; weaken {a} // make {a} softer ; soften {a} //
    make {a} harder ; harden {a}
- vehicle l: lease a {a} // return a leased {a} // modify a {a} // export a {a} // scrap a {a} // give away a {a}
- vehicle w: drive a {a} uphill // drive a {a} downhill // reverse a {a} // jump-start a {a} // transport a {a} //
    steer a {a}
- vehicle w: find a stolen {a} // report a stolen {a} // sell a stolen {a}
- lang w: learn {a} with a teacher // learn {a} without a teacher ; learn {a} on my own // improve my spoken {a} ;
    get better at speaking {a} // improve my written {a} ; get better at writing {a}
- lang q: count in {a} // pray in {a} // say goodbye in {a} ; say farewell in {a} // say hello in {a} ; greet people
    in {a} // say thank you in {a} ; thank people in {a} // apologize in {a} ; say sorry in {a}
- company u: invest in {a} // partner with {a} // boycott {a} // compete with {a} // sue {a} // work for {a} //
    negotiate with {a} // advertise with {a} // return a product to {a}
- company u: become the CEO of {a} // replace the CEO of {a} // meet the CEO of {a} // email the CEO of {a}
- doc q: start a {a} ; begin a {a} // end a {a} ; finish a {a} // format a {a} // structure a {a} // illustrate a
    {a} // present a {a}
- doc q: write a {a} without help // write a {a} with a computer // write a {a} by hand ; handwrite a {a} // write a
    {a} together ; write a {a} as a team
- doc q: write a {a} for my {b} // get a {a} from my {b} // hide a {a} from my {b} // read a {a} to my {b}
    @,relative
- hobby w: get better at {a} ; improve at {a} // get bored with {a} // sell things made by {a} // join a club for
    {a} // found a club for {a} ; start a club for {a} // leave a club for {a} ; quit a club for {a}
- hobby w: learn {a} at home // learn {a} at school // learn {a} in a week // learn {a} in a year
- thing q: repair a {a} // paint a {a} // hide a {a} // buy a {a} // give away a {a} // insure a {a} // measure a
    {a} // rent a {a}
- thing q: get a {a} up the stairs ; carry a {a} up the stairs // get a {a} down the stairs ; carry a {a} down the
    stairs // get a {a} through a narrow door
- thing q: put a {a} in the {b} // hide a {a} in the {b} // take a {a} out of the {b} ; remove a {a} from the {b}
    @,place
- place q: make the {a} brighter // make the {a} darker // make the {a} warmer // make the {a} cooler // make the
    {a} look bigger // make the {a} look smaller // make the {a} quieter
- place q: add a window to the {a} // remove a window from the {a} // furnish the {a} // empty the {a} // fill the
    {a} // divide the {a} // enlarge the {a}
- festival w: cook for {a} // clean up after {a} // get ready before {a} // survive {a} // save money before {a} //
    save money after {a} // travel during {a}
- service t: log in to {a} // log out of {a} // create a server on {a} // delete a server on {a} // resize a server
    on {a} // reboot a server on {a}
- service t: store {b} data on {a} // delete {b} data on {a} // query {b} data on {a} @,database
- library t: install {a} // uninstall {a} // update {a} // downgrade {a} // cache data in {a} // validate input in
    {a} // log errors in {a} // ignore errors in {a} // send email with {a}
- library u: learn {a} // teach {a} // contribute to {a} // fork {a} // document a {a} project // hire {a}
    developers
- library t: use {a} with {b} // use {a} without {b} // mock {a} in {b} @,proglang
- tool t: configure {a} // run {a} as root // run {a} without root ; run {a} as a normal user // back up {a} //
    monitor {a} // debug {a} // restart {a} // script {a}
- tool u: learn {a} // teach {a} // replace {a} // recommend {a}
- proglang t: read from standard input in {a} // write to standard output in {a} // write to standard error in {a}
- proglang t: parse a date in {a} // format a date in {a} // compare dates in {a} // validate a date in {a}
- proglang t: convert a string to an integer in {a} ; turn a string into an integer in {a} // convert an integer to
    a string in {a} ; turn an integer into a string in {a}
- proglang t: convert hex to decimal in {a} ; turn hex into decimal in {a} // convert decimal to hex in {a} ; turn
    decimal into hex in {a}
- proglang t: zip a folder in {a} // unzip a folder in {a} // hash a file in {a} // watch a file in {a} // lock a
    file in {a} // unlock a file in {a}
- proglang t: split a string on commas in {a} // join strings with commas in {a} // trim a string in {a} // pad a
    string in {a} // compare strings in {a} // concatenate strings in {a}
- proglang t: serialize an object in {a} // deserialize an object in {a} // clone an object in {a} // compare
    objects in {a} // freeze an object in {a}
- proglang t: catch an exception in {a} // throw an exception in {a} ; raise an exception in {a} // ignore an
    exception in {a} // log an exception in {a}
- proglang t: make an HTTP request in {a} ; send an HTTP request in {a} // answer an HTTP request in {a} ; respond
    to an HTTP request in {a}
- proglang t: iterate forward over a {b} in {a} ; loop forward over a {b} in {a} // iterate backward over a {b} in
    {a} ; loop backward over a {b} in {a} @,datastruct
- proglang t: insert an item at the start of a {b} in {a} ; add an item to the front of a {b} in {a} // insert an
    item at the end of a {b} in {a} ; add an item to the back of a {b} in {a} @,datastruct
- proglang t: connect to {b} from {a} ; open a connection to {b} in {a} // disconnect from {b} in {a} ; close a
    connection to {b} in {a} @,database
- proglang t: convert {b} to {c} in {a} ; turn {b} into {c} using {a} ; change {b} into {c} with {a} // compare {b}
    with {c} in {a} @,format,format
swap unit,unit t: convert {a} to {b} in {c} ; turn {a} into {b} using {c} ; change {a} into {b} with {c} @,proglang
swap letter,letter t: copy file {a} over file {b} ; overwrite file {b} with file {a} ; replace file {b} by a copy of
    file {a}
swap letter,letter t: connect pin {a} to pin {b} through a diode ; put a diode from pin {a} to pin {b}
swap letter,letter t: route traffic from server {a} to server {b} ; send traffic to server {b} from server {a}
swap letter,letter t: subtract vector {a} from vector {b} ; take vector {a} away from vector {b}
swap made,made t: redirect {a} to {b} ; make {a} redirect to {b} ; send visitors of {a} on to {b}
swap made,made t: nest {a} inside {b} ; put {a} inside {b} ; place {a} within {b}
swap made,made t: run {a} before {b} ; start {a} ahead of {b} ; run {b} after {a}
swap made,made q: marinate {a} in {b} ; soak {a} in {b}
swap made,made t: decode {a} into {b} ; make {b} by decoding {a}
swap made,made t: mount {a} on {b} ; mount {a} onto {b}
swap made,made h: protect {a} from {b} ; shield {a} from {b} ; guard {a} against {b}
swap madename,madename w: sail from {a} to {b} ; go from {a} to {b} by ship ; go by ship to {b} from {a}
swap madename,madename l: send money from {a} to {b} ; transfer money from {a} to {b}
swap madename,madename t: translate from {a} to {b} ; translate from {a} into {b}
swap company,company u: switch from {a} to {b} as a customer ; leave {a} for {b} as a customer
swap company,company w: move my savings from {a} shares to {b} shares ; sell {a} shares and buy {b} shares
swap company,company w: leave a job at {a} for one at {b} ; change from a job at {a} to one at {b}
swap app,app t: back up {a} to {b} ; save a backup of {a} in {b}
swap app,app t: log in to {a} with {b} ; use my {b} account to log in to {a}
swap app,app t: convert a {a} file for use in {b} ; make a {a} file usable in {b}
swap gadget,gadget t: copy photos from a {a} to a {b} ; transfer photos from a {a} to a {b} ; move photos to a {b}
    from a {a}
swap gadget,gadget q: use parts of a {a} to repair a {b} ; repair a {b} with parts of a {a}
swap gadget,gadget q: put a {a} on top of a {b} ; place a {a} on a {b}
swap food,food q: cook {a} before {b} ; cook {a} first and {b} later
swap food,food h: eat more {a} than {b} ; eat less {b} than {a}
swap dish,dish q: serve {a} before {b} ; serve {a} first and {b} after it ; serve {b} after {a}
swap dish,dish q: turn leftover {a} into {b} ; make {b} from leftover {a} ; use leftover {a} for {b}
swap animal,animal h: train {a} to ignore {b} ; teach {a} to ignore {b}
swap animal,animal h: use {a} to scare off {b} ; scare off {b} with {a} ; drive away {b} with the help of {a}
swap animal,animal q: feed {a} to {b} ; give {a} as food to {b}
swap plant,plant q: replace {a} with {b} ; take out {a} and plant {b}
swap plant,plant q: use {a} to shade {b} ; shade {b} with {a} ; give {b} shade with {a}
swap subject,subject w: study {a} before {b} ; study {a} first and {b} later ; take {b} only after {a}
swap hobby,hobby w: combine a job in {a} with a hobby of {b} ; have {a} as a job and {b} as a hobby
swap sport,sport w: learn {a} before {b} ; learn {a} first and {b} later
swap job,job w: marry a {a} as a {b} ; be a {b} and marry a {a}
swap job,job l: sue a {a} as a {b} ; take a {a} to court as a {b}
swap job,job l: write a complaint about a {a} to a {b} ; complain to a {b} about a {a}
swap lang,lang w: learn {a} before {b} ; learn {a} first and {b} later
swap lang,lang q: explain {a} grammar in {b} ; explain the grammar of {a} in {b}
swap lang,lang t: dub a {a} film into {b} ; dub a film from {a} into {b}
swap country,country l: invest in {a} from {b} ; invest in {a} while living in {b}
swap country,country l: transfer a pension from {a} to {b} ; move a pension from {a} to {b}
swap country,country l: watch {a} television in {b} ; watch TV from {a} while in {b}
swap country,country l: extradite someone from {a} to {b} ; have someone extradited to {b} from {a}
swap city,city w: send flowers from {a} to {b} ; have flowers sent to {b} from {a}
swap city,city w: see {a} before {b} ; visit {a} first and {b} later ; visit {b} after {a}
swap city,city w: transport a piano from {a} to {b} ; get a piano from {a} to {b}
swap medicine,medicine h: take {a} before {b} ; take {a} first and {b} later ; take {b} after {a}
swap medicine,medicine h: replace {a} with {b} ; take {b} instead of {a} ; substitute {b} for {a}
swap medicine,medicine h: treat side effects of {a} with {b} ; use {b} against side effects of {a}
swap relative,relative l: give a letter from my {a} to my {b} ; hand a letter from my {a} over to my {b}
swap relative,relative h: choose my {a} over my {b} ; pick my {a} rather than my {b}
swap relative,relative h: stop my {a} from insulting my {b} ; keep my {a} from insulting my {b}
swap firstname,firstname h: choose {a} over {b} ; pick {a} rather than {b}
swap firstname,firstname l: introduce {a} to the parents of {b} ; present {a} to {b}'s parents
swap longthing,longthing t: copy {a} into {b} ; paste {a} into {b} ; put a copy of {a} into {b}
swap longthing,longthing t: replace {a} with {b} ; put {b} in the place of {a} ; substitute {b} for {a}
swap longthing,longthing t: update {a} with changes from {b} ; bring changes from {b} into {a}
sym longthing,longthing t: compare {a} with {b} ; compare {a} and {b} // merge {a} with {b} ; merge {a} and {b} //
    swap {a} with {b} ; make {a} and {b} trade places
- longthing t: find {a} // delete {a} ; get rid of {a} // restore {a} // share {a} // hide {a} // print {a} //
    rename {a} // lock {a} // encrypt {a} // translate {a} // summarize {a} // proofread {a}
- devstep t: {a} faster ; {a} more quickly // {a} automatically // {a} remotely // {a} safely ; {a} without risk
- devstep t: {a} in {b} ; {a} with {b} ; {a} using {b} @,proglang
- devstep t: {a} with {b} ; {a} using {b} // {a} without {b} ; {a} without using {b} @,tool
- chore q: {a} properly ; {a} correctly // {a} faster ; {a} more quickly // {a} with one hand
"""

# For whole families of tasks, the axes of extra conditions that fit (see tails.py), by the letter of the modes.
MODE_TAILS: dict[str, tuple[str, ...]] = {
    "t": ("os", "skill", "format", "language", "length"),
    "u": ("place", "language", "length", "audience"),
    "w": ("place", "budget", "length", "format"),
    "l": ("persona", "place", "language", "format"),
    "h": ("health", "persona", "length"),
    "q": ("budget", "audience", "persona", "format", "length"),
    "m": ("language", "format"),
}
