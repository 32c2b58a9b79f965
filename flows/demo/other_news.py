"""What else the simulated outlets publish: news about other things, and items in other languages.

All of it is invented for the demo. The off-topic items avoid every word that migration news uses,
so that they are off topic beyond dispute; those in other languages are about migration, so that
only their language keeps them from being judged.
"""

from __future__ import annotations

import msgspec


class ForeignItem(msgspec.Struct, frozen=True):
    """A short item and its language (BCP 47)."""

    language: str
    title: str
    text: str


OFF_TOPIC: tuple[tuple[str, str], ...] = (
    (
        "Late header decides the derby",
        "A header in the 89th minute gave the Rovers their first derby win in six years. The coach praised a defence that had conceded eleven goals in its last four matches.",
    ),
    (
        "Rain from the west by Thursday",
        "Cloud thickens on Wednesday night and rain spreads across the valleys by Thursday noon. Gusts of up to 70 km/h are likely on high ground.",
    ),
    (
        "Bakery on Mill Street wins flour prize",
        "A rye loaf that proves for thirty hours has won the regional flour prize for a bakery on Mill Street. The owner says the queue now reaches the pharmacy.",
    ),
    (
        "Tram line 4 closed for track works",
        "Line 4 will not run between the brewery and the swimming pool until Sunday evening. Replacement buses leave every twelve minutes.",
    ),
    (
        "Goalkeeper extends contract to 2029",
        "The club captain has signed for three more seasons. She has kept fourteen clean sheets since the autumn.",
    ),
    (
        "Library opens a room for board games",
        "From Saturday the central library lends four hundred board games and has tables to play them at. Coffee is allowed, crisps are not.",
    ),
    (
        "Dairy cooperative reports a better year",
        "Higher cheese prices lifted the cooperative's turnover by six per cent. Members will vote in June on a new cold store.",
    ),
    (
        "Frost warning for orchards",
        "Growers are asked to prepare for minus four degrees in the lower orchards on Friday night. Apricots are in full bloom ten days early.",
    ),
    (
        "Orchestra plays for the new concert hall",
        "The city orchestra opens the new hall with a programme of waltzes and one work written for its organ. Tickets sold out within an hour.",
    ),
    (
        "Bridge over the Linde gets lighter lamps",
        "Engineers are replacing 212 lamps on the old bridge with ones that use a third of the power. Drivers should expect one lane at night.",
    ),
    (
        "Chess champion is eleven years old",
        "An eleven-year-old from the hill district has won the open town championship without losing a game. He prefers rook endings, he says.",
    ),
    (
        "Water main bursts on Market Square",
        "Traders carried crates of tulips through ankle-deep water after a main burst before dawn. The supply was back by noon.",
    ),
    (
        "School kitchen cooks with its own potatoes",
        "Pupils at the hillside school have harvested nine sacks of potatoes behind the gymnasium. Soup is on the menu until November.",
    ),
    (
        "Cyclist breaks the hill record",
        "A postman has ridden the seven hairpins above the lake in 21 minutes and 4 seconds. He did it before his morning round.",
    ),
    (
        "Cinema shows silent films with piano",
        "Every second Tuesday a pianist accompanies silent comedies at the old cinema. The first evening drew two hundred people.",
    ),
    (
        "Software maker moves into the spinning mill",
        "A maker of accounting software takes two floors of the former spinning mill. The landlord is adding a lift and a canteen.",
    ),
    (
        "Handball: Comets lose at home again",
        "The Comets squandered a five-goal lead and lost 28-29. It was their fourth home defeat in a row.",
    ),
    (
        "Pollen season starts early",
        "Birch pollen has been measured a fortnight sooner than usual. Doctors advise airing bedrooms in the evening.",
    ),
    (
        "Zoo names its newborn tapir",
        "After a vote with nine thousand entries the young tapir is called Pim. He weighs eleven kilograms and likes bananas.",
    ),
    (
        "Heat pumps: waiting lists grow shorter",
        "Fitters in the region report waiting times of five weeks, half of last spring's. Prices have hardly moved.",
    ),
    (
        "Fire brigade rescues a heifer from a ditch",
        "Eight firefighters and a tractor pulled a heifer from a drainage ditch near the sawmill. It walked back to the herd by itself.",
    ),
    (
        "Marathon route changes for road works",
        "This year's marathon turns at the gasworks instead of the harbour. Organisers promise the same distance and fewer cobbles.",
    ),
    (
        "Savings bank closes two counters",
        "Customers in two suburbs will find cash machines where there used to be counters. Advisers can be booked at the town hall branch.",
    ),
    (
        "Sunny weekend, cool nights",
        "High pressure brings nine hours of sun on both days. Nights stay cool with mist in the river meadows.",
    ),
    (
        "Second-hand bicycle fair on Sunday",
        "More than three hundred bicycles change hands at the fairground on Sunday. Police engrave frame numbers free of charge.",
    ),
    (
        "Volleyball team climbs to second place",
        "A clear 3-0 takes the team to second place with two rounds to play. The block worked, said the trainer, and so did the serve.",
    ),
    (
        "Observatory invites to the eclipse",
        "The observatory will lend filters to anyone who climbs the hill for the partial eclipse. Clouds are the only worry.",
    ),
    (
        "New roof for the indoor market",
        "The market's iron roof is being reglazed one bay at a time. Fishmongers stay open, florists move outside for a month.",
    ),
    (
        "Brass band looks for a tuba",
        "After forty years the band's tuba player retires. Beginners are welcome, an instrument is provided.",
    ),
    (
        "Potholes: city counts 4,100 repairs",
        "The works department filled 4,100 potholes last winter, a fifth more than the year before. A web form for new ones is online.",
    ),
    (
        "Ice hockey final goes to a seventh game",
        "A goal after two overtimes forces a seventh game on Saturday. The arena expects a full house.",
    ),
    (
        "Beekeepers report mild losses",
        "One colony in ten did not survive the winter, fewer than feared. Beekeepers credit a dry October.",
    ),
    (
        "Museum finds a forgotten globe",
        "A globe from 1711 turned up behind a boiler in the museum's cellar. It will be cleaned and shown in spring.",
    ),
    (
        "Brewery revives a stout from 1932",
        "From a notebook found in the attic the brewery has made a stout with oats and very little hops. Three thousand bottles go on sale.",
    ),
    (
        "Bus fares stay the same",
        "The transport company keeps single fares unchanged for a second year. The day ticket becomes valid until four in the morning.",
    ),
    (
        "Storm brings down forty trees",
        "Gusts toppled about forty trees in the castle park overnight. Paths remain closed until they have been checked.",
    ),
    (
        "Swimming pool heats with waste warmth",
        "Warm air from the data centre next door now heats the outdoor pool. The season starts two weeks sooner.",
    ),
    (
        "Junior fencers win four medals",
        "Two gold and two bronze medals came home from the indoor championships. Three of the four are sisters.",
    ),
    (
        "Rents for garden plots go up",
        "The allotment society raises its yearly rent by eight per cent to mend the fences. Members may pay in two parts.",
    ),
    (
        "Robot mows the cathedral lawn",
        "A robot the size of a suitcase now cuts the grass around the cathedral at dawn. The gargoyles look unimpressed.",
    ),
    (
        "Optician hands over after 51 years",
        "She fitted her first glasses in 1974. Now her apprentice of twenty years takes over the shop on Tower Lane.",
    ),
    (
        "Basketball: comeback in the last quarter",
        "Down by seventeen points, the Herons scored eleven three-pointers and won by two. The crowd sang until midnight.",
    ),
    (
        "Low river halts excursion steamers",
        "The gauge at the lock reads 84 centimetres, too little for the steamers. Anglers enjoy the quiet.",
    ),
    (
        "Town hall clock runs again",
        "After eleven weeks the clock shows the right time. A sparrow's nest had blocked the minute hand.",
    ),
    (
        "Cheese fair tastes two hundred kinds",
        "Visitors to the cheese fair can try two hundred kinds, among them one that ripens in a disused tunnel.",
    ),
    (
        "Broadband reaches the upper valley",
        "The last eleven farms of the upper valley are connected. One farmer says his cows are now on video.",
    ),
    (
        "Theatre stages a comedy about taxes",
        "The new comedy is set on the last evening before the tax deadline. The audience laughed most at form seven.",
    ),
    (
        "Tennis: local pair reaches the semi-final",
        "The doubles pair won in two tie-breaks and meets the top seeds on Friday. Both work as nurses during the week.",
    ),
    (
        "Hail damages vineyards",
        "Ten minutes of hail cost some vintners half of their crop. The insurers have begun to inspect the slopes.",
    ),
    (
        "Recycling yard opens on Mondays",
        "The recycling yard adds Monday afternoons to its hours. Paint and batteries are taken at the side gate.",
    ),
    (
        "Astronomy club builds a mirror",
        "Members spent two winters grinding a mirror of forty centimetres. First light is planned for the next new moon.",
    ),
    (
        "Skate park gets a roof",
        "A wooden roof will keep the skate park dry from autumn. Skaters drew the first sketch themselves.",
    ),
    (
        "Printer celebrates its centenary",
        "The family printing works turns one hundred with an open day. The press of 1926 will print bookmarks for children.",
    ),
    (
        "Rowers win by half a length",
        "The women's eight won the spring regatta by half a length. A gust almost cost them the lead at the buoy.",
    ),
    (
        "Snow returns to the passes",
        "Twenty centimetres of snow fell on the passes overnight. Drivers need chains above 1,400 metres.",
    ),
    (
        "Toy shop repairs teddy bears",
        "On the first Wednesday of each month the toy shop mends bears, rabbits and one elderly crocodile.",
    ),
    (
        "Wind farm passes its first inspection",
        "The twelve turbines on the ridge have passed their first yearly inspection. They turned on 341 days.",
    ),
    (
        "Choir rehearses in the car park",
        "For its echo the chamber choir rehearses on level three of the car park. Drivers have been known to stay and listen.",
    ),
    (
        "Pharmacies share night duty",
        "Fourteen pharmacies will take turns at night from May. The list hangs on every door.",
    ),
    (
        "Gymnast lands a new dismount",
        "A double twist never shown in competition earned the gymnast the highest mark of the day.",
    ),
    (
        "Quarry becomes a bathing lake",
        "The old quarry has been filled and tested; bathing is allowed from the first of June. Diving is not.",
    ),
    (
        "Vegetable prices fall",
        "Cucumbers and tomatoes cost a tenth less than a month ago, the market survey shows. Onions went up.",
    ),
)
"""Title and text of items about anything but migration."""


OTHER_LANGUAGES: tuple[ForeignItem, ...] = (
    ForeignItem(
        "de",
        "Fachkräfte: Verfahren sollen kürzer werden",
        "Die Landesregierung will Arbeitsvisa für Fachkräfte aus dem Ausland künftig in vier Wochen bearbeiten. Der Handwerksverband begrüßt den Plan, die Opposition fragt nach dem Personal.",
    ),
    ForeignItem(
        "de",
        "Asylunterkunft: Gemeinderat vertagt sich",
        "Nach drei Stunden Debatte hat der Gemeinderat die Entscheidung über die Unterkunft für Asylsuchende vertagt. Die Anwohner wollen im Mai wiederkommen.",
    ),
    ForeignItem(
        "de",
        "Weniger irreguläre Einreisen im Frühjahr",
        "Die Polizei hat im ersten Quartal weniger irreguläre Einreisen von Migranten gezählt als im Vorjahr. Gründe nannte die Behörde nicht.",
    ),
    ForeignItem(
        "de",
        "Einbürgerung im Rathaus gefeiert",
        "Zweiundvierzig Menschen aus neunzehn Ländern haben im Rathaus ihre Einbürgerungsurkunden erhalten. Es gab Kuchen und sehr viele Fotos.",
    ),
    ForeignItem(
        "de",
        "Leserbrief: Zuwanderung und Wohnungen",
        "Wer über Zuwanderung redet, muss auch über Wohnungen reden. Seit zehn Jahren wird hier kaum gebaut, und dann wundern sich alle über die Mieten.",
    ),
    ForeignItem(
        "fr",
        "Saisonniers étrangers : les vergers attendent",
        "Les arboriculteurs réclament davantage de visas pour les travailleurs saisonniers étrangers. Sans eux, disent-ils, une partie de la récolte restera sur les arbres.",
    ),
    ForeignItem(
        "fr",
        "Un village accueille quatre familles de réfugiés",
        "Quatre familles de réfugiés se sont installées dans l'ancienne école. Les habitants ont repeint les salles et prêté des meubles.",
    ),
    ForeignItem(
        "fr",
        "Expulsions : le ministère publie ses chiffres",
        "Le ministère a publié le nombre d'expulsions d'étrangers en situation irrégulière. Il est stable depuis trois ans.",
    ),
    ForeignItem(
        "fr",
        "Courrier : trop d'immigration, trop vite",
        "Je ne reproche rien à personne, mais l'immigration a changé notre quartier plus vite que les écoles et les médecins n'ont pu suivre.",
    ),
    ForeignItem(
        "fr",
        "Étudiants étrangers : des loyers sous tension",
        "Les étudiants étrangers arrivent en septembre et cherchent encore une chambre. L'université promet deux cents lits de plus.",
    ),
    ForeignItem(
        "es",
        "El campo pide más permisos de trabajo",
        "Las cooperativas agrícolas piden ampliar los permisos de trabajo para inmigrantes en la próxima campaña. El gobierno responderá en junio.",
    ),
    ForeignItem(
        "es",
        "Una red de tráfico de personas, desarticulada",
        "La policía ha detenido a seis personas acusadas de organizar el paso de migrantes sin papeles a cambio de dinero.",
    ),
    ForeignItem(
        "es",
        "Los refugiados aprenden el idioma en la biblioteca",
        "Treinta refugiados asisten cada tarde a clases gratuitas en la biblioteca municipal. Los profesores son voluntarios jubilados.",
    ),
    ForeignItem(
        "es",
        "Carta: la inmigración no es una cifra",
        "Se habla de la inmigración como si fuera una cifra. Yo veo a la señora que cuida a mi madre y al chico que arregla el ascensor.",
    ),
    ForeignItem(
        "es",
        "Protesta contra el centro de solicitantes de asilo",
        "Unas doscientas personas protestaron contra la apertura de un centro para solicitantes de asilo. Otras cien se reunieron para apoyarlo.",
    ),
)
"""Items about migration that an English model cannot judge."""
