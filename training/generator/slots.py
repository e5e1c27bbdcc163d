"""Fillers for the typed slots of the question templates.

No type lists two names of one thing: any two fillers of a type must be two different things, because exchanging
one for the other makes a pair that is labelled "different".
"""

import random


def _words(text: str) -> tuple[str, ...]:
    """The entries of a list with commas between them; a semicolon stands for a comma in an entry."""
    return tuple(dict.fromkeys(" ".join(entry.split()).replace(";", ",") for entry in text.split(",") if entry.strip()))


FILLERS: dict[str, tuple[str, ...]] = {
    "city": _words("""Paris, London, Berlin, Rome, Madrid, Lisbon, Vienna, Prague, Warsaw, Budapest, Athens,
        Dublin, Oslo, Stockholm, Helsinki, Copenhagen, Brussels, Amsterdam, Zurich, Geneva, Milan, Venice,
        Naples, Munich, Hamburg, Cairo, Nairobi, Lagos, Accra, Tunis, Casablanca, Cape Town, Johannesburg,
        Tokyo, Osaka, Kyoto, Seoul, Busan, Beijing, Shanghai, Taipei, Hanoi, Bangkok, Manila, Jakarta,
        Singapore, Kuala Lumpur, Mumbai, Delhi, Chennai, Karachi, Lahore, Dhaka, Colombo, Dubai, Doha, Tehran,
        Baghdad, Ankara, Istanbul, Sydney, Melbourne, Brisbane, Perth, Auckland, Wellington, New York, Boston,
        Chicago, Houston, Dallas, Austin, Denver, Seattle, Portland, San Francisco, San Diego, Los Angeles, Las
        Vegas, Miami, Atlanta, Toronto, Montreal, Vancouver, Mexico City, Havana, Bogota, Lima, Quito, Santiago,
        Buenos Aires, Sao Paulo, Rio de Janeiro, Salt Lake City, Tel Aviv"""),
    "country": _words("""France, Germany, Italy, Spain, Portugal, Austria, Australia, Switzerland, Sweden,
        Norway, Finland, Denmark, Iceland, Ireland, Poland, Czechia, Slovakia, Slovenia, Hungary, Romania,
        Bulgaria, Greece, Turkey, Ukraine, Russia, Estonia, Latvia, Lithuania, Iran, Iraq, Syria, Lebanon,
        Israel, Jordan, Egypt, Libya, Tunisia, Algeria, Morocco, Niger, Nigeria, Mali, Malawi, Ghana, Kenya,
        Uganda, Tanzania, Zambia, Zimbabwe, Gambia, Guinea, Guyana, Ethiopia, Sudan, South Sudan, South Africa,
        China, Japan, India, Indonesia, Thailand, Vietnam, Malaysia, Pakistan, Bangladesh, Nepal, Mongolia,
        North Korea, South Korea, New Zealand, Canada, Mexico, Cuba, Brazil, Argentina, Chile, Peru, Paraguay,
        Uruguay, Bolivia, Colombia, Venezuela, Ecuador, Panama, Costa Rica, Dominica, the Dominican Republic,
        Saudi Arabia, the United Kingdom, the United States, the Netherlands"""),
    "person": _words("""Albert Einstein, Isaac Newton, Marie Curie, Charles Darwin, Nikola Tesla, Thomas Edison,
        Alan Turing, Ada Lovelace, Galileo Galilei, Napoleon, Julius Caesar, Cleopatra, Queen Victoria, Abraham
        Lincoln, George Washington, John Adams, Thomas Jefferson, Mahatma Gandhi, Nelson Mandela, Martin Luther
        King, Winston Churchill, Joseph Stalin, Vladimir Lenin, Leon Trotsky, Karl Marx, Immanuel Kant, Plato,
        Aristotle, Socrates, William Shakespeare, Charles Dickens, Jane Austen, Emily Dickinson, Leo Tolstoy,
        Franz Kafka, Mozart, Beethoven, Bach, Chopin, Vincent van Gogh, Paul Gauguin, Claude Monet, Edouard
        Manet, Pablo Picasso, Frida Kahlo, Leonardo da Vinci, Michelangelo, Marilyn Monroe, Elvis Presley,
        Freddie Mercury, David Bowie, Bob Dylan, Roger Federer, Rafael Nadal, Serena Williams, Lionel Messi,
        Cristiano Ronaldo, Muhammad Ali, Michael Jordan"""),
    "company": _words("""Apple, Microsoft, Amazon, Tesla, Toyota, Honda, Ford, Volkswagen, Volvo, Boeing,
        Airbus, Intel, Nvidia, Samsung, Sony, Nintendo, Netflix, Disney, Adobe, Oracle, Salesforce, Cisco, Dell,
        Lenovo, Nokia, Ericsson, Siemens, Bosch, Nestle, Unilever, Starbucks, Walmart, Target, Costco, Ikea,
        Nike, Adidas, Puma, Shell, Chevron, Pfizer, Novartis, Novo Nordisk, Goldman Sachs, Morgan Stanley, Visa,
        Mastercard, PayPal, Stripe, Uber, Lyft, Airbnb, Booking, Spotify, General Electric, General Motors,
        Northwind Traders, Blue Harbor Foods"""),
    "proglang": _words("""Python, Java, JavaScript, TypeScript, Rust, Go, Ruby, Perl, PHP, Swift, Kotlin, Scala,
        Haskell, OCaml, Erlang, Elixir, Clojure, Lua, Julia, MATLAB, Fortran, COBOL, Pascal, Ada, Dart, Zig,
        Nim, Groovy, Bash, PowerShell, Prolog, Scheme, Common Lisp, Visual Basic, Objective-C, Delphi, Crystal,
        Racket, Smalltalk, Tcl"""),
    "library": _words("""React, Angular, Vue, Svelte, Django, Flask, FastAPI, Rails, Laravel, Spring Boot,
        Express, Next.js, Nuxt, NumPy, SciPy, Pandas, Polars, PyTorch, TensorFlow, Keras, JAX, Matplotlib,
        Seaborn, Plotly, SQLAlchemy, Celery, Requests, Selenium, Playwright, Cypress, Jest, Mocha, Pytest,
        Unittest, Redux, MobX, jQuery, Bootstrap, Tailwind, Electron, Tauri, Qt, Tkinter, Pygame, OpenCV,
        Pillow, Hibernate, Axios, GraphQL, gRPC"""),
    "database": _words("""PostgreSQL, MySQL, MariaDB, SQLite, MongoDB, Redis, Cassandra, DynamoDB,
        Elasticsearch, Neo4j, CouchDB, InfluxDB, ClickHouse, Snowflake, BigQuery, Redshift, SQL Server, Oracle
        Database, Firebird, DuckDB"""),
    "tool": _words("""Docker, Podman, Kubernetes, Ansible, Puppet, Chef, Terraform, Pulumi, Jenkins, GitHub
        Actions, GitLab CI, Vim, Emacs, VS Code, Webpack, Vite, Rollup, npm, yarn, pip, poetry, Maven, Gradle,
        Bazel, CMake, nginx, Apache, Caddy, HAProxy, Kafka, RabbitMQ, Prometheus, Grafana, Datadog, Git,
        Mercurial, Subversion, Helm"""),
    "format": _words("""PDF, CSV, JSON, XML, YAML, TOML, HTML, Markdown, LaTeX, DOCX, ODT, RTF, EPUB, MOBI,
        XLSX, TSV, Parquet, Avro, PNG, JPEG, GIF, SVG, WebP, TIFF, BMP, HEIC, MP3, MP4, WAV, FLAC, OGG, AAC,
        AVI, MKV, MOV, WebM, ZIP, TAR, RAR, INI, BibTeX, GeoJSON, KML, STL, OBJ, PPTX"""),
    "app": _words("""Gmail, Outlook, Slack, Teams, Zoom, Discord, Telegram, WhatsApp, Signal, Skype, Notion,
        Evernote, OneNote, Obsidian, Trello, Asana, Jira, Excel, Google Sheets, Google Docs, Word, PowerPoint,
        Keynote, Dropbox, OneDrive, Google Drive, iCloud, Spotify, YouTube, Netflix, Instagram, Facebook,
        Twitter, TikTok, LinkedIn, Pinterest, Photoshop, GIMP, Illustrator, Inkscape, Figma, Sketch, Blender,
        Chrome, Firefox, Safari, Thunderbird, QuickBooks, Shopify, WordPress, Lightroom"""),
    "gadget": _words("""phone, laptop, tablet, television, camera, printer, router, smartwatch, headset,
        keyboard, microwave, oven, dishwasher, washing machine, dryer, fridge, freezer, vacuum cleaner, blender,
        toaster, kettle, coffee machine, air conditioner, heater, thermostat, doorbell, drone, projector, game
        console, record player, e-reader, hard drive, graphics card, monitor, webcam, microphone, amplifier,
        lawn mower, electric bike, scooter, alarm clock, baby monitor, rice cooker, air fryer"""),
    "food": _words("""rice, pasta, bread, butter, margarine, olive oil, coconut oil, sugar, honey, maple syrup,
        flour, corn starch, milk, oat milk, almond milk, cream, yogurt, cheese, tofu, eggs, chicken, beef, pork,
        lamb, salmon, tuna, shrimp, lentils, chickpeas, black beans, potatoes, sweet potatoes, carrots, onions,
        garlic, ginger, tomatoes, spinach, broccoli, cauliflower, mushrooms, avocados, bananas, apples, oranges,
        lemons, limes, grapes, raisins, strawberries, blueberries, pineapple, mango, oats, quinoa, couscous,
        chocolate, coffee, green tea, black tea, vinegar, soy sauce, peanut butter, walnuts, almonds, sea salt,
        baking soda, baking powder, yeast"""),
    "dish": _words("""lasagna, pancakes, waffles, risotto, paella, sushi, ramen, pho, pad thai, curry, chili,
        goulash, beef stew, chicken soup, onion soup, pizza, focaccia, sourdough bread, banana bread, apple pie,
        cheesecake, tiramisu, brownies, muffins, scones, omelette, quiche, falafel, hummus, guacamole, tacos,
        burritos, enchiladas, dumplings, spring rolls, fried rice, meatballs, moussaka, ratatouille, gnocchi,
        pierogi, borscht, kimchi, sauerkraut"""),
    "animal": _words("""dogs, cats, rabbits, hamsters, guinea pigs, mice, rats, horses, donkeys, cows, sheep,
        goats, pigs, chickens, ducks, geese, turkeys, parrots, canaries, pigeons, owls, eagles, hawks, crows,
        ravens, snakes, lizards, turtles, tortoises, frogs, toads, goldfish, sharks, dolphins, whales, seals,
        otters, beavers, foxes, wolves, bears, lions, tigers, leopards, elephants, giraffes, zebras, monkeys,
        gorillas, bats, bees, wasps, ants, spiders, scorpions, snails, crocodiles, alligators, kangaroos, koalas"""),
    "plant": _words("""roses, tulips, orchids, lavender, basil, mint, rosemary, thyme, parsley, tomatoes,
        cucumbers, peppers, pumpkins, zucchini, lettuce, kale, potatoes, carrots, garlic, onions, strawberries,
        blueberries, raspberries, apple trees, cherry trees, lemon trees, fig trees, olive trees, maple trees,
        bamboo, ivy, ferns, cacti, aloe vera, snake plants, peace lilies, hydrangeas, peonies, dahlias,
        sunflowers, marigolds, petunias, hostas"""),
    "disease": _words("""diabetes, asthma, malaria, measles, mumps, rubella, chickenpox, shingles, the flu,
        COVID-19, pneumonia, bronchitis, tuberculosis, hepatitis A, hepatitis B, hepatitis C, gout, arthritis,
        osteoporosis, anemia, leukemia, lymphoma, melanoma, eczema, psoriasis, acne, migraine, epilepsy,
        Parkinson's disease, Alzheimer's disease, multiple sclerosis, depression, anxiety, insomnia, sleep
        apnea, high blood pressure, low blood pressure, heart failure, kidney stones, gallstones,
        hypothyroidism, hyperthyroidism, Crohn's disease, celiac disease, lactose intolerance, appendicitis,
        Lyme disease, tetanus, cholera, typhoid"""),
    "medicine": _words("""ibuprofen, aspirin, acetaminophen, naproxen, amoxicillin, azithromycin, doxycycline,
        metformin, insulin, atorvastatin, simvastatin, lisinopril, losartan, amlodipine, metoprolol,
        propranolol, omeprazole, pantoprazole, prednisone, prednisolone, cetirizine, loratadine,
        diphenhydramine, sertraline, fluoxetine, citalopram, escitalopram, bupropion, hydroxyzine, hydralazine,
        warfarin, clopidogrel, levothyroxine, gabapentin, pregabalin, tramadol, codeine, morphine, melatonin,
        vitamin C, vitamin D, vitamin B12, iron tablets, magnesium, zinc, fish oil, folic acid, St. John's wort"""),
    "bodypart": _words("""knee, ankle, hip, shoulder, elbow, wrist, thumb, big toe, heel, calf, thigh, lower
        back, upper back, neck, jaw, throat, left ear, right ear, nose, tongue, left eye, right eye, scalp,
        chest, stomach, liver, left kidney, right kidney, bladder, rib cage, index finger, little finger,
        forearm, shin, groin"""),
    "sport": _words("""tennis, badminton, squash, table tennis, basketball, volleyball, handball, baseball,
        softball, cricket, rugby, ice hockey, field hockey, golf, swimming, rowing, sailing, surfing, diving,
        skiing, snowboarding, ice skating, cycling, running, boxing, judo, karate, fencing, archery, wrestling,
        gymnastics, yoga, pilates, climbing, water polo, lacrosse, bowling, darts, billiards, chess, curling,
        skateboarding, triathlon"""),
    "instrument": _words("""piano, violin, viola, cello, double bass, guitar, bass guitar, banjo, ukulele,
        mandolin, harp, flute, piccolo, clarinet, oboe, bassoon, saxophone, trumpet, trombone, French horn,
        tuba, drums, xylophone, accordion, harmonica, organ, synthesizer, recorder, bagpipes, sitar, lute, lyre,
        zither, marimba, theremin"""),
    "job": _words("""nurse, teacher, lawyer, pharmacist, dentist, electrician, plumber, carpenter, chef, waiter,
        bartender, pilot, flight attendant, firefighter, police officer, soldier, journalist, editor,
        translator, librarian, accountant, auditor, banker, economist, architect, civil engineer, software
        developer, data scientist, web designer, graphic designer, photographer, actor, musician, farmer,
        gardener, veterinarian, psychologist, social worker, project manager, product manager, real estate
        agent, truck driver, mechanic, baker, butcher, optician, paramedic, surgeon, professor, tour guide"""),
    "subject": _words("""algebra, geometry, calculus, statistics, trigonometry, physics, chemistry, biology,
        astronomy, geology, geography, history, philosophy, psychology, sociology, economics, accounting,
        marketing, linguistics, grammar, literature, art history, music theory, computer science, machine
        learning, cryptography, game theory, graph theory, topology, number theory, quantum mechanics,
        thermodynamics, genetics, ecology, anatomy, law, political science, archaeology, nutrition, robotics"""),
    "concept": _words("""photosynthesis, inflation, deflation, gravity, magnetism, evolution, natural selection,
        mitosis, meiosis, osmosis, diffusion, entropy, relativity, the greenhouse effect, plate tectonics,
        supply and demand, compound interest, game theory, democracy, federalism, capitalism, socialism, the
        water cycle, the carbon cycle, nuclear fission, nuclear fusion, blockchain, recursion, polymorphism,
        encapsulation, garbage collection, neural networks, natural gas, dark matter, dark energy, black holes,
        cognitive dissonance, the placebo effect, confirmation bias, survivorship bias, stoicism,
        existentialism, the Doppler effect, static electricity"""),
    "material": _words("""wood, plywood, bamboo, steel, stainless steel, aluminum, copper, brass, bronze, iron,
        cast iron, titanium, gold, silver, glass, ceramic, porcelain, concrete, cement, brick, marble, granite,
        slate, leather, suede, cotton, linen, wool, silk, polyester, nylon, rubber, silicone, vinyl, acrylic,
        cork, paper, cardboard, wax, plaster, fiberglass, carbon fiber"""),
    "lang": _words("""English, French, German, Spanish, Portuguese, Italian, Dutch, Danish, Swedish, Norwegian,
        Finnish, Polish, Czech, Slovak, Hungarian, Romanian, Bulgarian, Greek, Turkish, Russian, Ukrainian,
        Arabic, Hebrew, Persian, Hindi, Urdu, Bengali, Tamil, Thai, Vietnamese, Indonesian, Malay, Korean,
        Japanese, Mandarin, Cantonese, Swahili, Latin, Welsh, Icelandic"""),
    "currency": _words("""US dollars, euros, British pounds, Swiss francs, Japanese yen, Chinese yuan, Indian
        rupees, Mexican pesos, Chilean pesos, Canadian dollars, Australian dollars, Hong Kong dollars, Swedish
        kronor, Danish kroner, Polish zloty, Turkish lira, South Korean won, Brazilian reais, South African
        rand, Thai baht, bitcoin, ether"""),
    "unit": _words("""meters, feet, inches, yards, miles, kilometers, centimeters, millimeters, grams,
        kilograms, pounds, ounces, tons, liters, gallons, pints, cups, tablespoons, teaspoons, milliliters,
        acres, hectares, square meters, square feet, joules, calories, watts, horsepower, pascals, bars,
        radians, degrees, knots, light years"""),
    "os": _words("Windows, macOS, Ubuntu, Fedora, Debian, Arch Linux, Android, iOS, ChromeOS, FreeBSD"),
    "vehicle": _words("""car, truck, motorcycle, bicycle, camper van, sailboat, motorboat, kayak, tractor, bus,
        trailer, scooter, electric car, hybrid car, forklift, snowmobile, pickup truck, convertible, minivan,
        race car"""),
    "element": _words("""hydrogen, helium, lithium, carbon, nitrogen, oxygen, fluorine, neon, sodium, magnesium,
        silicon, phosphorus, sulfur, chlorine, argon, potassium, calcium, titanium, chromium, manganese, iron,
        cobalt, nickel, copper, zinc, bromine, silver, tin, iodine, tungsten, platinum, gold, mercury, lead,
        uranium, plutonium"""),
    "title": _words("""Alien, Aliens, The Matrix, Titanic, Frozen, Frozen II, Toy Story, Toy Story 2, Jaws, Jaws
        2, Rocky, Rocky II, The Godfather, The Godfather Part II, Inception, Interstellar, Gladiator, Gladiator
        II, Casablanca, Psycho, Vertigo, The Birds, Heat, Her, It, Up, Cars, Cars 2, Predator, Predators,
        Gremlins, Blade, Blade Runner, Blade Runner 2049, The Terminator, Avatar, Gravity, The Shining, Twins,
        Ghost, Ghosts, Network, The Others, The Other, The Hobbit, Hamlet, Macbeth, Othello, Dune, Emma,
        Persuasion, The Silent Garden, The Silent Gardens, River of Glass, Rivers of Glass, The Painted Door,
        The Painted Doors"""),
    "letter": _words("a, b, c, d, f, g, h, k, m, n, p, q, r, s, t, u, v, w, x, y, z, A, B, C, D, E, F, X, Y, Z"),
    "branch": _words("""main, develop, staging, release, hotfix, feature, production, testing, next, stable,
        backup, experimental, docs, login-page, dark-mode, payments, fix-typo, v2, legacy, refactor"""),
    "chore": _words("""wash the dishes, brush my teeth, eat breakfast, take a shower, water the plants, feed the
        cat, walk the dog, paint the walls, sand the floor, install the windows, lay the carpet, lift weights,
        stretch, go for a run, drink coffee, take my pills, check my blood pressure, do the laundry, iron the
        shirts, vacuum the floor, dust the shelves, marinate the meat, salt the water, peel the potatoes, boil
        the eggs, chop the onions, preheat the oven, sign the contract, pay the deposit, visit the apartment,
        file my taxes, apply for the loan, sell my old house, buy a new house, quit my job, sign the offer,
        shave, apply sunscreen, put on makeup, moisturize my skin, bleach my hair, cut my hair, wax the car,
        wash the car, change the oil, rotate the tires"""),
    "devstep": _words("""run the tests, build the image, push the commit, merge the branch, tag the release,
        update the changelog, format the code, lint the code, compile the project, clear the cache, restart the
        server, migrate the database, back up the database, seed the database, start the worker, stop the
        worker, load the config, parse the arguments, open the socket, close the file, normalize the data, split
        the data, shuffle the data, train the model, tokenize the text, scale the features, remove the outliers,
        encode the labels, sort the list, filter the list, deduplicate the rows, install the dependencies,
        activate the virtual environment, rotate the keys"""),
    "event": _words("""World War I, World War II, the French Revolution, the Russian Revolution, the American
        Revolution, the American Civil War, the Spanish Civil War, the Cold War, the Korean War, the Vietnam
        War, the Gulf War, the Crimean War, the Boer War, the Black Death, the Great Depression, the Industrial
        Revolution, the Renaissance, the Reformation, the Moon landing, the fall of the Berlin Wall, the Cuban
        Missile Crisis, the Battle of Waterloo, the Battle of Hastings, the Battle of Trafalgar, the Suez
        Crisis, the Boston Tea Party"""),
    "datastruct": _words("""list, array, tuple, set, dictionary, stack, queue, priority queue, heap, linked
        list, hash map, binary tree, trie, graph, matrix, string, vector, ring buffer, sorted list, iterator,
        generator, struct"""),
    "place": _words("""kitchen, bathroom, bedroom, living room, garage, basement, attic, balcony, garden shed,
        hallway, laundry room, guest room, office, pantry, workshop, dining room, nursery, closet, storage unit,
        cellar"""),
    "thing": _words("""sofa, bookshelf, dining table, desk, wardrobe, piano, mattress, fridge, aquarium, pool
        table, big mirror, filing cabinet, treadmill, grandfather clock, safe, washing machine, workbench, bunk
        bed, old oak cupboard, box of winter clothes"""),
    "stain": _words("""red wine, coffee, blood, ink, grease, grass, chewing gum, candle wax, rust, mold, tomato
        sauce, lipstick, nail varnish, motor oil, paint, curry, chocolate, glue, permanent marker, sweat"""),
    "festival": _words("""Christmas, Easter, Halloween, Thanksgiving, Diwali, Hanukkah, Ramadan, Holi, New
        Year's Eve, Valentine's Day, Mother's Day, Father's Day, Carnival, Midsummer, Passover, the Lunar New
        Year"""),
    "adj": _words("""cheap, quiet, small, modern, old, famous, noisy, rich, poor, young, large, strange, lonely,
        friendly, elegant, rustic, clean, dirty, tall, short, polite, rude, honest, lazy, busy, calm, cheerful,
        gloomy, bright, dark"""),
    "color": _words("""red, blue, green, yellow, orange, purple, pink, brown, black, white, gray, beige,
        turquoise, navy, maroon, gold, silver, olive, violet, cream"""),
    "setting": _words("""volume, screen brightness, font size, room temperature, water pressure, mouse speed,
        contrast, fan speed, bass, frame rate, memory usage, CPU load, upload speed, timeout, cache size, page
        width, line spacing, sampling rate, batch size, learning rate, exposure time, shutter speed, print
        quality, microphone gain, idle speed, tire pressure, oven temperature, humidity, light level, number of
        threads, retry count, zoom level, playback speed, power consumption"""),
    "vital": _words("""heart rate, blood pressure, blood sugar, body weight, cholesterol, body temperature,
        stress level, muscle mass, body fat, iron level, vitamin D level, testosterone, estrogen, metabolism,
        appetite, lung capacity, resting pulse, water intake, calorie intake, protein intake, sleep time, energy
        level, sodium intake, insulin level, thyroid level"""),
    "owned": _words("""bike chain, watch strap, guitar strings, ski bindings, shoelaces, door hinge, faucet,
        shower head, car battery, side mirror, license plate, camera lens, tent poles, backpack, curtains, bed
        frame, drawer handles, window frame, garden hose, bike seat, belt, glasses, hearing aid, climbing
        harness, life jacket, roof rack, trailer hitch, garage door, mailbox, gate"""),
    "record": _words("""invoice, contract, comment, bookmark, calendar event, reminder, contact, task, ticket,
        order, payment, refund, booking, photo, playlist, note, survey, form, coupon, receipt, quote, message,
        meeting request, label, template, chart, footnote, hyperlink, signature, watermark, folder, macro,
        formula, subscription, delivery, time sheet"""),
    "userrole": _words("""moderator, editor, viewer, administrator, guest, subscriber, customer, supplier,
        manager, intern, contractor, auditor, tester, reviewer, owner, member, sponsor, volunteer, student,
        teacher, author, translator, beta user, support agent"""),
    "money": _words("""100 dollars, 500 dollars, 1;000 dollars, 2;000 dollars, 5;000 dollars, 10;000 dollars,
        20;000 dollars, 50;000 dollars, 100 euros, 500 euros, 1;000 euros, 10;000 euros, 50;000 euros, 200 pounds,
        3;000 pounds, 15;000 pounds, a million dollars, a billion dollars, a million euros, 40 dollars, 75 euros"""),
    "num": _words(
        "2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 75, 90, 100, 120, 150, 200, 250, 500, 1000"
    ),
    "year": tuple(str(year) for year in range(1900, 2025)),
    "month": _words("January, February, March, April, May, June, July, August, September, October, November, December"),
    "weekday": _words("Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday"),
    "service": _words("""AWS, Azure, Google Cloud, DigitalOcean, Heroku, Vercel, Netlify, Cloudflare, Hetzner,
        Linode, Render, Fly.io, IBM Cloud, Oracle Cloud, OVH, Scaleway"""),
    "relative": _words("""mother, father, sister, brother, aunt, uncle, niece, nephew, grandmother, grandfather,
        cousin, wife, husband, daughter, son, stepmother, stepfather, mother-in-law, father-in-law, boss,
        roommate, neighbor, best friend, ex-wife, coworker, landlord"""),
    "hobby": _words("""knitting, crocheting, painting, drawing, pottery, woodworking, photography, gardening,
        baking, birdwatching, hiking, camping, fishing, origami, calligraphy, juggling, juggling with fire,
        candle making, soap making, beekeeping, stargazing, creative writing, public speaking, stand-up comedy,
        watercolor painting"""),
    "doc": _words("""cover letter, resume, resignation letter, thank-you note, wedding speech, birthday card,
        apology letter, complaint letter, press release, blog post, product description, job description, rental
        agreement, poem, haiku, limerick, short story, fairy tale, love letter, eulogy, newsletter, business
        plan, meeting agenda, invitation, reference letter, news article, movie script, sales email, lesson
        plan, privacy policy"""),
    "theme": _words("""the sea, autumn leaves, lost love, friendship, a dragon, time travel, a robot, the moon,
        a lighthouse, climate change, remote work, electric cars, a small village, a stray cat, an old clock,
        two brothers, the first day at school, a rainy night, space travel, gratitude, a bakery, a new phone, a
        talking tree, winter"""),
    "metric": _words("""population, area, GDP, unemployment rate, inflation rate, minimum wage, life expectancy,
        birth rate, literacy rate, national debt, military budget, average income, crime rate, median age, VAT
        rate, retirement age, legal drinking age, voting age, corporate tax rate, highest mountain, longest
        river, national anthem, flag, official language, currency, head of state"""),
}

# Values that are easily taken for one another: tried first when an entity is exchanged.
NEIGHBOURS: tuple[tuple[str, ...], ...] = tuple(
    _words(line)
    for line in """Iran, Iraq
Austria, Australia
Niger, Nigeria
Mali, Malawi
Slovakia, Slovenia
Sweden, Switzerland
North Korea, South Korea
Sudan, South Sudan
Guinea, Guyana
Gambia, Zambia
Latvia, Lithuania
Paraguay, Uruguay
Dominica, the Dominican Republic
Ireland, Iceland
Java, JavaScript
JavaScript, TypeScript
Swift, Rust, Go
MySQL, MariaDB, PostgreSQL
Jest, Pytest
YAML, JSON, TOML, XML
MP3, MP4
CSV, TSV
hepatitis A, hepatitis B, hepatitis C
hypothyroidism, hyperthyroidism
high blood pressure, low blood pressure
measles, mumps, rubella
prednisone, prednisolone
hydroxyzine, hydralazine
citalopram, escitalopram
vitamin C, vitamin D, vitamin B12
baking soda, baking powder
corn starch, flour
mitosis, meiosis
inflation, deflation
nuclear fission, nuclear fusion
dark matter, dark energy
astronomy, geology, geography
World War I, World War II
left ear, right ear
left eye, right eye
left kidney, right kidney
Alien, Aliens
Toy Story, Toy Story 2
Frozen, Frozen II
Rocky, Rocky II
Jaws, Jaws 2
Cars, Cars 2
Predator, Predators
Ghost, Ghosts
The Others, The Other
The Silent Garden, The Silent Gardens
River of Glass, Rivers of Glass
The Painted Door, The Painted Doors
Gladiator, Gladiator II
The Godfather, The Godfather Part II
Blade, Blade Runner, Blade Runner 2049
Claude Monet, Edouard Manet
Vladimir Lenin, Joseph Stalin
turtles, tortoises
frogs, toads
crocodiles, alligators
crows, ravens
mice, rats
mother, mother-in-law, stepmother, grandmother
father, father-in-law, stepfather, grandfather
Sydney, Melbourne
Mexican pesos, Chilean pesos
US dollars, Canadian dollars, Australian dollars, Hong Kong dollars
meters, centimeters, millimeters, kilometers
feet, square feet
liters, milliliters
Excel, Word, PowerPoint
Google Docs, Google Sheets, Google Drive
Kyoto, Tokyo
violin, viola
guitar, bass guitar
Redis, Redshift
iOS, macOS
electric car, hybrid car, car
green tea, black tea
iron, cast iron
steel, stainless steel
cement, concrete
product manager, project manager
web designer, graphic designer
the French Revolution, the Russian Revolution, the American Revolution
the American Civil War, the Spanish Civil War
list, linked list, sorted list
queue, priority queue
release, stable, staging""".splitlines()
)

# One adjective more or less makes another question. The adjective goes before the filler.
ADJECTIVES: dict[str, tuple[str, ...]] = {
    "gadget": _words("used, waterproof, wireless, cheap, second-hand, broken, smart, portable, old, new, built-in"),
    "animal": _words("baby, wild, pregnant, old, blind, sick, orphaned, white, male, female, overweight"),
    "plant": _words("wild, indoor, dried, dying, potted, organic, young, frozen"),
    "food": _words("raw, frozen, cooked, canned, dried, fresh, organic, leftover, expired"),
    "dish": _words("vegan, gluten-free, frozen, spicy, homemade, low-carb, vegetarian, Japanese, dairy-free"),
    "vehicle": _words("used, new, rental, stolen, vintage, damaged, leased, electric"),
    "job": _words("freelance, junior, senior, part-time, retired, self-employed, military"),
    "instrument": _words("electric, used, miniature, antique, digital"),
    "doc": _words("formal, funny, short, two-page, rhyming, one-page, polite, angry, bilingual"),
    "subject": _words("advanced, basic, applied, college-level, modern, medieval"),
    "material": _words("recycled, painted, wet, old, thin, colored, polished"),
    "thing": _words("broken, antique, heavy, wet, new"),
    "hobby": _words("professional, digital, competitive"),
    "sport": _words("professional, indoor, amateur, Paralympic, underwater"),
    "datastruct": _words("empty, immutable, nested, sparse, sorted, circular"),
}

_ONSETS = (
    "b",
    "br",
    "d",
    "dr",
    "f",
    "g",
    "gr",
    "k",
    "kr",
    "l",
    "m",
    "n",
    "p",
    "pl",
    "qu",
    "r",
    "s",
    "sk",
    "st",
    "t",
    "tr",
    "v",
    "w",
    "z",
    "zh",
    "th",
    "fl",
)
_VOWELS = ("a", "e", "i", "o", "u", "ai", "ee", "o", "a")
_CODAS = ("", "n", "r", "l", "x", "m", "k", "nt", "sh", "rd", "th", "s")
_FIRST = _words("""Anna, Ben, Carla, Dan, Elena, Farid, Grace, Hugo, Ines, Jonas, Karim, Leila, Marco, Nadia,
        Omar, Priya, Quentin, Rosa, Sven, Tara, Uma, Victor, Wendy, Xavier, Yuki, Zoe, Alice, Bob, Chloe,
        Dmitri, Emeka, Fatima, Kwame""")
_LAST = _words("""Abbott, Okafor, Lindqvist, Moreau, Castellano, Nakamura, Petrov, Haddad, Whitcombe, Delgado,
        Rasmussen, Oyelaran, Fitzroy, Kowalczyk, Marchetti, Sandoval, Tremblay, Van Houten, Ziegler,
        Brightwater, Ashdown, Quill""")

GENERATED = ("made", "madename", "fullname", "firstname")


def made_up(rng: random.Random) -> str:
    """A pronounceable word that no dictionary has."""
    count = rng.choice((2, 2, 3))
    return "".join(rng.choice(_ONSETS) + rng.choice(_VOWELS) for _ in range(count)) + rng.choice(_CODAS)


def fill(kind: str, rng: random.Random) -> str:
    """A filler of this type."""
    if kind == "made":
        return made_up(rng)
    if kind == "madename":
        return made_up(rng).capitalize()
    if kind == "firstname":
        return rng.choice(_FIRST)
    if kind == "fullname":
        return f"{rng.choice(_FIRST)} {rng.choice(_LAST)}"
    if kind in ("person", "company", "app", "city") and rng.random() < 0.15:
        return f"{rng.choice(_FIRST)} {rng.choice(_LAST)}" if kind == "person" else made_up(rng).capitalize()
    return rng.choice(FILLERS[kind])


def _one_letter(word: str, rng: random.Random) -> str:
    """The made-up word with one consonant or vowel exchanged."""
    at = rng.randrange(1, len(word))
    letters = "aeiou" if word[at] in "aeiou" else "bdfgklmnprstvz"
    return word[:at] + rng.choice([letter for letter in letters if letter != word[at]]) + word[at + 1 :]


def _near_table() -> dict[str, tuple[str, ...]]:
    table: dict[str, set[str]] = {}
    for group in NEIGHBOURS:
        for word in group:
            table.setdefault(word, set()).update(other for other in group if other != word)
    return {word: tuple(sorted(others)) for word, others in table.items()}


_NEAR = _near_table()


def exchange(kind: str, value: str, taken: frozenset[str], rng: random.Random) -> str:
    """Another filler of the same type, often one that is easily taken for this one."""
    lowered = {word.lower() for word in taken} | {value.lower()}
    near = [word for word in _NEAR.get(value, ()) if word in FILLERS.get(kind, ()) and word.lower() not in lowered]
    if near and rng.random() < 0.5:
        return rng.choice(near)
    if kind in ("made", "madename") and rng.random() < 0.3:
        other = _one_letter(value, rng)
        if other.lower() not in lowered:
            return other
    if kind == "fullname" and rng.random() < 0.6:
        first, last = value.split(" ", 1)
        keep_first = rng.random() < 0.5
        other = f"{first} {rng.choice(_LAST)}" if keep_first else f"{rng.choice(_FIRST)} {last}"
        if other.lower() not in lowered:
            return other
    while True:
        other = fill(kind, rng)
        if other.lower() not in lowered:
            return other
