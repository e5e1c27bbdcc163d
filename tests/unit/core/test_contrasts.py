"""One word changes who is meant, how much, when, for whom or which way: a fact or a doubt says so."""

from __future__ import annotations

import pytest

from tests.verdicts import reasons

DIFFERENT = [
    # stance and role
    ("Argue for the death penalty", "Argue against the death penalty"),
    ("Write an essay in favour of zoos", "Write an essay against zoos"),
    ("How did Senator Smith vote for the bill?", "How did Senator Smith vote against the bill?"),
    ("Where do I file a complaint against a doctor?", "Where do I file a complaint as a doctor?"),
    ("Can I testify as a neighbour?", "Can I testify against a neighbour?"),
    ("Name some books about Churchill", "Name some books by Churchill"),
    ("Where do I get advice for my boss?", "Where do I get advice from my boss?"),
    # in and out
    ("How do I sort a list in Python in place?", "How do I sort a list in Python out of place?"),
    ("How do I get into the harbour?", "How do I get out of the harbour?"),
    ("Which phones are in stock?", "Which phones are out of stock?"),
    # modality
    ("May employees use private email?", "Must employees use private email?"),
    ("Can tenants paint the walls?", "Must tenants paint the walls?"),
    ("Should I tip the barber?", "Must I tip the barber?"),
    ("Can I prune roses in March?", "Should I prune roses in March?"),
    ("Do I have to declare gifts?", "Can I declare gifts?"),
    ("Is my bank allowed to close the account?", "Is my bank required to close the account?"),
    ("What may visitors bring?", "What must visitors bring?"),
    # tense
    ("Who is the king of Norway?", "Who was the king of Norway?"),
    ("What was the capital of Brazil?", "What is the capital of Brazil?"),
    ("Are wolves common in Bavaria?", "Were wolves common in Bavaria?"),
    # quantity
    ("Are all swans white?", "Are some swans white?"),
    ("Are most lawyers rich?", "Are few lawyers rich?"),
    ("Do all mushrooms need shade?", "Do most mushrooms need shade?"),
    ("Is every prime odd?", "Is some prime odd?"),
    ("Can many bats see?", "Can few bats see?"),
    ("Do all snakes lay eggs?", "Do snakes lay eggs?"),
    ("Are only mammals warm-blooded?", "Are mammals warm-blooded?"),
    # audience and style
    ("Explain recursion briefly", "Explain recursion in detail"),
    ("Give a concise account of the plague", "Give a thorough account of the plague"),
    ("Explain photosynthesis in simple terms", "Explain photosynthesis in technical terms"),
    ("Explain recursion to a beginner", "Explain recursion to an expert"),
    ("Explain inflation to a layman", "Explain inflation to an economist"),
    ("Explain the rules of chess to a child", "Explain the rules of chess to an adult"),
    ("How do I say thank you formally in Japanese?", "How do I say thank you informally in Japanese?"),
    ("Describe black holes for novices", "Describe black holes for professionals"),
    ("Explain recursion", "Explain recursion briefly"),
    ("Describe the Krebs cycle", "Describe the Krebs cycle in detail"),
    # one more
    ("Tell me a joke", "Tell me another joke"),
    ("Suggest a name for a dog", "Suggest another name for a dog"),
    ("Give me a riddle", "Give me the next riddle"),
    ("What are ways to cook kale?", "What are other ways to cook kale?"),
    ("What can I see in Ghent?", "What else can I see in Ghent?"),
    # opposed words
    ("Does aspirin thin the blood?", "Does aspirin thicken the blood?"),
    ("Is it rude to tip in Japan?", "Is it polite to tip in Japan?"),
    ("What is the difference between TCP and UDP?", "What is the similarity between TCP and UDP?"),
    ("How do plants absorb carbon dioxide?", "How do plants release carbon dioxide?"),
    ("Draft an email accepting the offer", "Draft an email declining the offer"),
    ("Does caffeine widen the vessels?", "Does caffeine narrow the vessels?"),
    ("What is inductive reasoning?", "What is deductive reasoning?"),
    ("Is the berry edible?", "Is the berry poisonous?"),
    ("Who won the battle?", "Who lost the battle?"),
    ("Is the vase fragile?", "Is the vase sturdy?"),
    # who does it to whom
    ("How do I teach a child to swim?", "How can a child teach me to swim?"),
    ("How to teach a child to swim?", "How does a child teach me to swim?"),
    ("How do I help a friend to move?", "How can a friend help me to move?"),
    ("How do I persuade a friend to lend me money?", "How can a friend persuade me to lend money?"),
    ("How do I train a dog?", "How does a dog train me?"),
    # one thing for another
    ("How do I cook rice in a pot?", "How do I cook rice in a pan?"),
    ("How do I remove a wine stain from carpet?", "How do I remove a wine stain from leather?"),
    ("Is coffee good for you?", "Is tea good for you?"),
    ("How is butter made from milk?", "How is cheese made from milk?"),
    ("Write a poem about the sea", "Write a song about the sea"),
    ("Is a tomato a fruit?", "Is a tomato a vegetable?"),
    ("How deep should I plant a tulip?", "How deep should I plant an oak?"),
    ("Can I deduct office costs as an employee?", "Can I deduct office costs as a freelancer?"),
    ("How long is a human pregnancy?", "How long is an elephant pregnancy?"),
    ("Is 17 a prime number?", "Is 17 a perfect number?"),
    # one letter that makes another word
    ("What is the boiling point of ethanol?", "What is the boiling point of methanol?"),
    ("How much does a goat cost?", "How much does a boat cost?"),
    ("What is the tax rate for employees?", "What is the tax rate for employers?"),
    ("Who signs, the mortgagor or a mentee?", "Who signs, the mortgagor or a mentor?"),
    ("Is the test safe for pregnant women?", "Is the test safe for non-pregnant women?"),
    # who acts on whom
    ("Who defeated Napoleon?", "Who did Napoleon defeat?"),
    ("Who taught Plato?", "Who did Plato teach?"),
    ("Which country invaded Poland?", "Which country did Poland invade?"),
    ("What requires Python?", "What does Python require?"),
    ("Who was killed by Brutus?", "Who killed Brutus?"),
    ("What is caused by smoking?", "What causes smoking?"),
    ("Are all dogs mammals?", "Are all mammals dogs?"),
    ("Is every square a rectangle?", "Is every rectangle a square?"),
    ("Who did Napoleon defeat?", "Who was Napoleon defeated by?"),
    ("Which company did Google acquire?", "Which company was Google acquired by?"),
    ("Which team has beaten Brazil?", "Which team has Brazil beaten?"),
    ("Who can beat Magnus Carlsen?", "Who can Magnus Carlsen beat?"),
    ("What will AI replace?", "What will replace AI?"),
    ("Whom did Napoleon defeat?", "By whom was Napoleon defeated?"),
    ("Tell me who Napoleon defeated", "Tell me who defeated Napoleon"),
    ("List the companies that Google acquired", "List the companies that acquired Google"),
    # lists of all or some
    ("List many rivers in Europe", "List all rivers in Europe"),
    ("Do I get a refund unless I cancel?", "Do I get a refund if I cancel?"),
    # what the model does not see
    ("What does 🐈 mean?", "What does 🐕 mean?"),
    ("What does the ∀ sign mean?", "What does the ∃ sign mean?"),
    ("What does a ** b do in Python?", "What does a * b do in Python?"),
    ("What does a && b do in bash?", "What does a || b do in bash?"),
    ("How big is 5GB?", "How big is 5Gb?"),
    ("¿Cuántos años tiene?", "¿Cuántos anos tiene?"),
    ("Was ist eine Mutter?", "Was ist eine Mütter?"),
    ("Darf man hier nicht rauchen?", "Darf man hier rauchen?"),
    ("Write a formal email to decline a meeting", "Write an email to decline a meeting"),
    ("Explain photosynthesis in simple terms", "Explain photosynthesis"),
]


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_one_word_makes_another_question(one: str, other: str) -> None:
    assert reasons(one, other)
    assert reasons(other, one)


SAME = [
    ("How can I fight against mould?", "How can I fight mould?"),
    ("How can I learn Dutch?", "How should I learn Dutch?"),
    ("What are some good books about bees?", "What are good books about bees?"),
    ("What are the most beautiful lakes?", "What are some of the most beautiful lakes?"),
    ("What's a quick way of peeling garlic?", "What is a fast way to peel garlic?"),
    ("How do I fix a dripping tap?", "How do I repair a dripping tap?"),
    ("What is the purpose of a semicolon?", "What is the use of a semicolon?"),
    ("Give me five ideas for a picnic", "Give me five picnic ideas"),
    ("Which film won the prize?", "Which movie won the prize?"),
    ("How do I invest in gold?", "How do I make an investment in gold?"),
    ("What is the meaning of life?", "what's the meaning of life"),
    ("Define photosynthesis", "What is photosynthesis?"),
    ("Who owns Instagram?", "Which company owns Instagram?"),
    ("Who was Schrödinger?", "Who was Schrodinger?"),
    ("What is the capital of Peru? 😊", "What is the capital of Peru?"),
    ("Do all snakes lay eggs?", "Do snakes all lay eggs?"),
    ("What are good picnic ideas?", "What are good ideas for a picnic?"),
    ("Where is the best cafe in Rome?", "Where is the best café in Rome?"),
    ("How do I write a test in C++?", "In C++, how do I write a test?"),
    ("What is the capital of Peru? Thanks!...", "What is the capital of Peru?"),
    ("How long is 5 mb?", "How long is 5 MB?"),
    ("Who wrote Emma?", "Who is it that wrote Emma?"),
    # one word more, which says nothing
    ("How do I train a puppy?", "How do I train my puppy properly?"),
    ("What causes headaches?", "What usually causes headaches?"),
    ("How do I plant tomatoes?", "Please, how do I plant tomatoes exactly?"),
    ("How can I learn to swim?", "How can I learn how to swim quickly?"),
    ("What is the capital of Peru?", "What is the name of the capital of Peru?"),
    ("How do I get rid of ants?", "What is the best way to get rid of ants?"),
    ("What are examples of mammals?", "What are some common examples of mammals?"),
    ("How does a heat pump work?", "How does a heat pump actually work?"),
    ("Who invented the telephone?", "Who was the person who invented the telephone?"),
    ("What does photosynthesis mean?", "What does the word photosynthesis mean?"),
    ("How can I improve my handwriting?", "What are ways to improve my handwriting?"),
    ("Why is the sky blue?", "Why is the sky blue really?"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_another_wording_of_the_same_question(one: str, other: str) -> None:
    assert reasons(one, other) == ()
    assert reasons(other, one) == ()
