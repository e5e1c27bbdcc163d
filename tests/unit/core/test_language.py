"""The model reads English: what is in another language is found by its exact words only."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mitmgate.core.text.language import is_english, plain_form
from mitmgate.core.text.unfit import unfit
from mitmgate.core.verdict import judge

ELSEWHERE = {
    "German": (
        "Wie schalte ich den Drucker aus?",
        "was kostet ein brot",
        "Nenne mir drei Flüsse",
        "Mach das Fenster zu",
    ),
    "French": ("Comment éteindre la radio ?", "quel est le plus haut sommet", "Explique la gravité", "ou est la gare"),
    "Spanish": (
        "¿Cuántos años vive un gato?",
        "donde queda el museo",
        "como se hace un flan",
        "Explica el ciclo del agua",
    ),
    "Portuguese": ("Como ligar o forno?", "qual é o maior rio", "quem descobriu o brasil", "o que e uma celula"),
    "Italian": ("Come si spegne il forno?", "quanto costa un biglietto", "chi ha scritto la Divina Commedia"),
    "Dutch": (
        "Hoe zet ik de wekker aan?",
        "wat is het langste woord",
        "wie schreef dit boek",
        "Leg dat uit in het kort",
    ),
    "Swedish": ("Hur stänger jag av datorn?", "vad kostar en biljett", "vem skrev boken", "var ligger museet"),
    "Danish": ("Hvordan tænder jeg ovnen?", "hvad koster en billet", "hvem skrev bogen", "hvor ligger museet"),
    "Finnish": ("Miten uuni sammutetaan?", "mika on suomen pisin joki", "kuka kirjoitti kirjan", "missa on museo"),
    "Polish": ("Jak włączyć piekarnik?", "ile kosztuje bilet", "kto napisal te ksiazke", "gdzie jest muzeum"),
    "Czech": ("Jak zapnout troubu?", "kolik stoji jizdenka, kdo to plati", "kdo napsal knihu", "kde je muzeum"),
    "Hungarian": ("Hogyan kapcsoljam be a sütőt?", "mennyi egy jegy", "ki irta a konyvet", "hol van a múzeum"),
    "Romanian": ("Cum pornesc cuptorul?", "cat este un bilet", "cine este autorul", "unde este muzeul"),
    "Turkish": ("Fırını nasıl açarım?", "bilet kac lira", "kitabi kim yazdi", "muze nerede"),
    "Indonesian": ("Bagaimana cara menyalakan oven?", "berapa harga tiket", "siapa penulis buku ini", "di mana museum"),
    "Vietnamese": ("Làm thế nào để bật lò nướng?", "thu do cua nhat la gi", "ai là tác giả"),
    "Swahili": ("mji mkuu wa kenya ni upi", "jinsi ya kupika wali", "nani aliandika kitabu hiki"),
    "Russian": ("Как включить духовку?", "сколько стоит билет", "kak vyklyuchit svet", "кто автор"),
    "Ukrainian": ("Як вимкнути світло?", "Скільки коштує квиток?"),
    "Greek": ("Πώς ανάβω το φως;", "ποιος έγραψε το βιβλίο"),
    "Hindi": ("बत्ती कैसे बंद करें", "delhi mein mausam kaisa hai"),
    "Arabic": ("كيف أطفئ الضوء", "كم سعر التذكرة"),
    "Hebrew": ("איך מכבים את האור", "כמה עולה כרטיס"),
    "Thai": ("ปิดไฟอย่างไร", "ตั๋วราคาเท่าไหร่"),
    "Chinese": ("怎么开灯", "狗和猫的区别", "為什麼天空是藍的"),
    "Japanese": ("電気を消すには", "きっぷはいくらですか", "カメラの使い方"),
    "Korean": ("불을 어떻게 끄나요", "표는 얼마예요"),
    "mixed": (
        "What does 再见 mean?",
        "please explain: warum ist der Mond hell",
        "How do I say спасибо in English?",
        "Translate to English: ik heb geen tijd voor jou",
        "who killed lincoln und warum ist das wichtig",
    ),
}


@pytest.mark.parametrize(("language", "text"), [(name, text) for name, texts in ELSEWHERE.items() for text in texts])
def test_another_language_is_compared_word_for_word(language: str, text: str) -> None:
    assert unfit(text) == "language"


@pytest.mark.parametrize(
    "text",
    [
        "python sort list reverse",
        "best pizza chicago",
        "docker compose up error",
        "git rebase interactive",
        "iphone battery drain",
        "react usestate hook",
        "linux kernel panic",
        "Who is Beyoncé?",
        "Where is Malmö?",
        "Who was Lech Wałęsa?",
        "café recipes",
        "São Paulo population",
        "Los Angeles weather history",
        "Rio de Janeiro beaches",
        "Tour de France winners",
        "Vincent van Gogh paintings",
        "Ibn al-Haytham optics",
        "capital of France",
        'What does "schadenfreude" mean?',
        "What is the German word die?",
        "How do I say 'guten Morgen' in German?",
        "translate good morning to german",
        "a la carte or buffet?",
        "man in the middle attack",
        "Is a physical charge extra?",
        "Calculate 41% of 719.",
        "Plan a 5-day trip to Paris.",
        "What is π?",
        "Is 🍎 the sign of apples?",
        "What is the naïve Bayes classifier?",
        "was Mozart rich",
        "2+2",
        "hello",
    ],
)
def test_english_and_its_keywords_pass(text: str) -> None:
    assert is_english(text) and unfit(text) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Wie schalte ich das Licht ein?", "Wie schalte ich das Licht aus?"),
        ("Как включить телефон?", "Как выключить телефон?"),
        ("狗和猫的区别", "猫和狗的区别"),
        ("Jak włączyć wifi", "Jak wyłączyć wifi"),
        ("cuantos anos vive un perro", "cuántos años vive un perro"),
        ("How do I turn on the light?", "Wie schalte ich das Licht ein?"),
    ],
)
def test_in_another_language_any_other_word_is_another_question(one: str, other: str) -> None:
    assert "exact only: language" in judge(one, other, 1.0).reasons
    assert "exact only: language" in judge(other, one, 1.0).reasons


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Wie schalte ich das Licht ein?", "Wie  schalte ich das Licht ein "),
        ("Какая столица Франции?", " Какая столица Франции"),
        ("日本の首都はどこですか", "日本の首都はどこですか？"),
        ("¿Dónde está la estación?", "¿Dónde está la\testación"),
    ],
)
def test_spacing_and_final_punctuation_say_nothing(one: str, other: str) -> None:
    assert plain_form(one) == plain_form(other)
    assert judge(one, other, 0.97).accept and judge(other, one, 0.97).accept


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Übersetze: Hallo!", "Übersetze: Hallo?"),
        ("Wie viele Zeichen hat 'a  b'", "Wie viele Zeichen hat 'a b'"),
        ("Zeile eins\nZeile zwei", "Zeile eins Zeile zwei"),
    ],
)
def test_in_given_text_they_do(one: str, other: str) -> None:
    assert plain_form(one) != plain_form(other)


@given(st.text(max_size=200))
def test_a_plain_form_is_its_own(text: str) -> None:
    form: Any = plain_form(text)
    assert plain_form(form) == form
    assert is_english(text) in (True, False)
