"""Whether a text is English enough to be compared by meaning: the model and all tables here are English. Pure.

Script, accents and small words decide. Keywords without any small word pass for English unless they are accented.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from typing import Final

from mitmgate.core.text.tables import word_set


def _languages(table: str) -> dict[str, frozenset[str]]:
    """Lines of `language: word word …`; a line without a language goes on with the one before."""
    found: dict[str, list[str]] = {}
    language = ""
    for line in table.strip().splitlines():
        name, colon, words = line.strip().rpartition(":")
        language = name if colon else language
        found.setdefault(language, []).extend(words.split())
    return {name: frozenset(words) for name, words in found.items()}


#: Small words that English shares with no other language in the table below.
_ENGLISH: Final = word_set(
    "the what what's whats which who who's whose why when where how how's does did didn't doesn't don't are aren't "
    "isn't wasn't were been being could would should shall shouldn't can't cannot won't this that that's these those "
    "with without from into onto about between before after during because through against under while and or but if "
    "than then there their they they're he's she she's her his its it it's you you're your yours we're our ours my "
    "mine myself i'm i've you've we've someone meet met i'd i'll has having not very much many more most some any "
    "every each both such own same only just also get got getting make made give write tell show find use used using "
    "explain describe list need want help please best way ways difference work works mean means good better long old "
    "people things thing convert calculate compute translate summarize summarise recommend suggest create build fix "
    "learn start stop change open first last next new other another like really well know think say take go going "
    "come right worth reading person see provided buy sell read play book movie love girl girls boy life live start "
    "end feel same become legal real fake safe possible true good bad true too also today never always against near "
    "away back day trustworthy scam site website company service app phone computer language english question "
    "questions answer time year day world number word name free online home money school year years without"
)
#: Small words of English that others write, too: each speaks for both.
_SHARED: Final = word_set(
    "a i in is it's on to do an as at be by for of or so no me we he am was will can have had had all it us up out "
    "over comment dire care den die man men par as plus come pour sur"
)
#: English texts have them in names (Los Angeles, Van Gogh) or as other words (war, hat): they speak half as loud.
_PARTICLES: Final = word_set(
    "de la le les el los las da di del van von der den des du al bin san santa saint dos das do et en y e o ng ang il "
    "com mein un kim lo un una ein eine una na são war non ca per cat face hindi may pro ban mit son sense os mon co "
    "till ten ek eu po sin ai im ma ve mi az nor op ba manga yr jake min pot leg med ali hat ben si ar pa mis sem "
    "aka ce sa quant volt ir"
)
_ELSEWHERE: Final = _languages(
    """
    de: der die das ist sind war ein eine einen einem einer und oder nicht kein keine ich du er wir ihr mich mir dir
        mein meine dein wie wer wo wann warum wieso welche welcher welches welchen kann kannst man mit von zu zum zur
        für fuer auf aus bei nach über ueber im am den dem des es sich auch noch nur wenn als viel viele gibt gib
        macht mache machen wird werden haben hat habe schreibe erkläre erklaere nenne bedeutet heißt heisst zwischen
        bitte was
    fr: le la les un une des du de et ou est sont je tu il elle nous vous ils que qui quoi quel quelle quels quelles
        comment pourquoi quand où combien avec sans dans sur pour par pas ne ce cette ces mon ma mes ton ta son sa au
        aux en plus faire fait puis peux peut ouvrir dois quelqu veut dire écris ecris explique donne moi ca ça y
        a-t-il est-ce qu'est-ce c'est l'on entre chez
    es: el la los las un una unos de del y o es son está esta están estan qué que cuál cual cuáles cuales quién quien
        cómo como cuándo cuando dónde donde cuánto cuanto cuánta cuanta cuántos cuantos cuántas cuantas por para con
        sin en no mi tu su se lo me te le al más mas muy puedo puede puedes abrir ejecutar hay hacer haz hago escribe
        explica dime entre sobre porque debo ser tiene significa diferencia
    pt: o a os as um uma uns de do da dos das e ou é são sao está esta qual quais quem como quando onde quanto quanta
        quantos quantas por porque para com sem em no na nos nas não nao meu minha seu sua se eu você voce ele ela
        mais muito posso pode podes abrir fazer faço faco faz há ha escreva explique ao diferença significa entre
    it: il lo la i gli le un una uno di del della dei delle dal dalla e o è sono che chi cosa quale quali come quando
        dove perché perche quanto quanta quanti quante con senza in nel nella per su non mio mia tuo tua suo si mi ti
        ci più piu molto posso può puo fare faccio c'è scrivi spiega dimmi puoi aiutarmi apri tra fra qual cos'è vuol
        dire
    nl: de het een en of is zijn was wat wie waar wanneer waarom hoe hoeveel welke welk kan kun kunt ik jij je hij zij
        wij mijn jouw met zonder van voor op aan uit bij naar over om te niet geen ook nog maar als veel er dit dat
        deze die schrijf leg geef maak maken doe heeft hebben wordt worden tussen betekent mag moet
    sv: och eller är ar en ett den det de som vad vem var när nar varför varfor hur vilken vilket vilka kan jag du han
        hon vi min mitt med utan av från fran för for till på pa om inte ingen också ocksa många manga mycket skriv
        förklara ge gör gor har hade blir mellan finns heter betyder ska
    da: og eller er en et den det de som hva hvad hvem hvor når naar hvorfor hvordan hvilken hvilket hvilke kan jeg du
        han hun vi min mit med uten uden av af fra for til på paa om ikke ingen også mange meget mye skriv forklar gi
        giv gjør gør har hadde blir bliver mellom mellem finnes findes heter hedder betyr betyder skal
    fi: on ja tai ei mikä mika mitä mita kuka missä missa milloin miksi miten kuinka montako paljonko voiko voinko
        voin onko minä mina sinä sina hän minun sinun kanssa ilman ovat oli olen kun että etta jos tämä tama se ne
        mutta myös kirjoita selitä selita kerro tarkoittaa mistä mista mihin millainen saan
    pl: jest są sa jaka jaki jakie jak co kto gdzie kiedy dlaczego ile czy który ktory która ktora które ktore nie i w
        z na do od po za dla przez przed się sie to ten ta te mój moj moja mi ja ty on ona my mogę moge można mozna
        bez oraz lub ale napisz wyjaśnij wyjasnij podaj zrobić zrobic znaczy między miedzy
    cs: je jsou jaké jake jaký jaky jaká jaka jak co kdo kde kdy proč proc kolik který ktery která ktera které ktere
        ne není neni a v z na do od po za pro přes pres se si to ten ta můj muj moje já ja mohu můžu muzu lze bez nebo
        ale napiš napis vysvětli vysvetli aký aka ako čo preco prečo sú alebo mezi medzi
    ru: kak chto gde kogda pochemu kto skolko kakoy kakaya kakie eto ne ya ty mozhno dlya bez ili
    hu: a az egy és es vagy nem hogy mi ki hol mikor miért miert mennyi hány hany melyik hogyan milyen van vannak
        lehet kell én te ő nekem ez azt már mar csak is írj irj magyarázd jelent között kozott volt
    ro: este sunt un o și si sau nu ce cine unde când cand cum cât cat câte cate care pentru cu fără fara din în la pe
        de mai mult eu tu el ea meu mea se să sa pot poate fac face scrie explică explica înseamnă inseamna dintre
    tr: ve veya bir bu şu ne nedir nasıl nasil kim kimdir nerede neresi neresidir neden niçin nicin kaç kac hangi
        hangisi mi mı mu mü için icin ile gibi kadar çok cok daha en var yok değil degil ben sen olan olarak yapılır
        yapilir yazar yazdi yaz açıkla acikla demek arasındaki arasindaki fark
    id: apa apakah siapa siapakah di mana dimana kapan mengapa kenapa bagaimana berapa yang dan atau adalah ini itu
        dengan tanpa untuk dari ke pada tidak bukan saya kamu anda aku bisa cara ada lebih paling tentang jelaskan
        tulis buat artinya antara ibu nya kah membuat boleh
    vi: là la gì gi của cua và va ở những nhung các cac một mot không khong có co như nhu thế the nào nao ai đâu dau
        khi sao tại tai bao nhiêu nhieu cho với voi được duoc làm lam tôi toi bạn ban hãy hay người nguoi nuoc thu do
    tl: ano ang ng mga sa sino saan kailan bakit paano ilan ilang alin ako ikaw siya ko mo ito iyon hindi may at o
        para na ay po ba gawin isulat
    sw: ni nini nani wapi lini kwa gani vipi jinsi ya wa za la na au si hii hiyo upi ipi yapi ngapi mimi wewe yeye
        kutoka katika bila je eleza andika
    hr: je su što sto šta sta tko ko gdje gde kada kad zašto zasto kako koliko koji koja koje ne nije i u s sa na od
        do po za se to taj moj moja ja ti mogu može moze bez ili ali napiši napisi objasni znači izmedju između
    ca: el la els les un una de del i o és són què que qui com quan on quant per amb sense en no meu seva es més molt
        puc pot fer escriu explica
    hi: hai hain kya kaise kahan kab kyon kyun kaun kitna kitne mein ka ki ke ko se nahi nahin aur mujhe mera meri aap
        tum hum yeh woh karna kare karen batao likho sakte
    et: mis kes kus kuidas miks millal kui palju on ja või ei ma sa minu kas mida
    lt: kas kur kaip kodėl kodel kada kiek yra ir ar su be iš nuo į aš tu mano kokia koks
    lv: kas kur kā ka kāpēc kad cik ir un vai ar bez no uz es tu mans kāda kāds
    eu: zer zein nor non noiz nola zergatik da eta edo ez bat ni zu nire
    cy: beth pwy ble pryd sut pam mae yw yn y yr a neu ddim fy
    af: die het is nie wat wie waar wanneer hoekom hoe hoeveel watter kan ek jy hy sy ons my met sonder van vir op aan
        uit by na oor om te geen ook en of
    """
)
#: Letters that English borrows in no word of its own and in few names.
_FOREIGN_LETTERS: Final = frozenset("ąęłśźżćńčřšžěůğışőűățţđơưạảấầẩậắằặẹẻếềểệịỉọỏốồổộớờởợụủứừửựỳỷỹøæåß¿¡")
#: Written with accents in English, too.
_BORROWED: Final = word_set(
    "café cafés naïve cliché clichés fiancé fiancée façade jalapeño jalapeños crème brûlée déjà piñata señor über "
    "résumé résumés résume entrée entrées sauté soufflé décor élite protégé touché smörgåsbord doppelgänger pâté purée "
    "sautéed blasé exposé matinée risqué soirée vis-à-vis à"
)
_MIXED: Final = 1.5  # so much of another language counts against the text
_SMALLER: Final = 0.75  # unless there is clearly more English
_WORDS: Final = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*").findall
_PLAIN_WORDS: Final = re.compile(r"[^\W\d_]+").findall
_FINAL: Final = " \t.?!;…。？！।؟"
_SIGNIFICANT_SPACE: Final = re.compile("[\"'`“”„«»「」『』:：\n]").search


def _weights() -> dict[str, tuple[float, dict[str, float]]]:
    """word -> what it weighs for English, and for each other language. A small word that both have weighs half."""
    found: dict[str, tuple[float, dict[str, float]]] = {}
    found.update((word, (1.0, {})) for word in _ENGLISH)
    found.update((word, (0.5, {})) for word in _SHARED)
    for language, words in _ELSEWHERE.items():
        for word in words:
            english, others = found.setdefault(word, (0.0, {}))
            if english < 1:
                others[language] = 0.5 if english or word in _PARTICLES or len(word) == 1 else 1.0
            if english and len(word) == 1:
                others.update(dict.fromkeys(others, 0.25))
    return found


_WEIGHTS: Final = _weights()


def is_english(text: str) -> bool:
    """Whether it is English enough. A text without words of any language is."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    words = _WORDS(text.lower())
    english = 0.0
    others: defaultdict[str, float] = defaultdict(float)
    accented = 0
    foreign_letters = False
    for word in words:
        if (weights := _WEIGHTS.get(word)) is not None:
            english += weights[0]
            for language, weight in weights[1].items():
                others[language] += weight
        if word.isascii():
            continue
        if len(word) == 1 and "Α" <= word.upper() <= "Ω":
            continue  # a sign: π, Δ
        if not all(map(_is_latin, word)):
            return False
        if weights is None and word not in _BORROWED and not word.replace("’", "'").isascii():
            accented += 1
            foreign_letters = foreign_letters or not _FOREIGN_LETTERS.isdisjoint(word)
    other = max(others.values(), default=0.0) + 0.5 * accented
    if english == 0:
        return other < 1 and not foreign_letters
    return other <= english and (other < _MIXED or other < english * _SMALLER)


def has_small_english(text: str) -> bool:
    """Whether a small word of English is in it: else it is English only because nothing speaks against it."""
    return any(_WEIGHTS[word][0] > 0 for word in _WORDS(text.lower()) if word in _WEIGHTS)


def may_be_foreign(text: str) -> bool:
    """Whether it has a small word that is not English, and none that is nothing else."""
    words = [_WEIGHTS.get(word, (0.0, {})) for word in _PLAIN_WORDS(text.lower())]
    return any(others for english, others in words if not english) and all(english < 1 for english, _ in words)


def plain_form(text: str) -> str:
    """The text without differences of spacing and final punctuation, where they say nothing.

    Quoted text, what stands after a colon, and lines stay as they are.
    """
    text = text.strip()
    if _SIGNIFICANT_SPACE(text) is not None:
        return text
    text = " ".join(text.split())
    bare = text.rstrip(_FINAL) or text
    return bare + "!" if bare[-1:].isdigit() and text[len(bare) :].startswith("!") else bare  # a factorial


def _is_latin(letter: str) -> bool:
    code = ord(letter)
    return code < 0x250 or 0x1E00 <= code < 0x1F00 or not letter.isalpha()
