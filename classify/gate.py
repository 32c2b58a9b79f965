"""The first gate: what cannot be about migration never reaches a classifier.

One pass over stems in some of the languages that sources speak. It errs on the side of letting
through: a document that it stops is never judged.
"""

from __future__ import annotations

import re

MAX_CHARACTERS = 20_000
"""Only the beginning of a longer text is looked at, as much as the lexicon reads."""

# Stems at the beginning of a word, by what they name.
_STEMS = """
migra immigra emigra remigra expat diaspora imigra inmigra einwander zuwander auswander invandr indvandr innvandr
imigrac imigrant przyby uchod uprchl menekult beva bevand utlänning udlænding utlending ausländ buitenland
refugi refuge réfugi flüchtl geflücht vluchtel flykting flygtning rifugiat refuxiad mülteci göçmen
asyl asile asilo azyl azil asylum persecut resettl humanitar seeker claimant
visa visum vize permit permis citizen naturali naturalis passport nationality nationalit einbürger staatsbürger
green.?card residen h-?1b h-?2[ab] ilr schengen erasmus dreamer daca papers paperless undocument sans.papiers sin.papeles
documents unauthori irregular regulari legali illegal clandestin amnest deport expuls expel removal pushback push.?back
detention detain overstay smuggl traffick border frontier frontex frontera grenz dingh boats? coast.?guard lampedusa calais channel crossing
fence stowaway infiltrat ice raid raids
foreign étranger extranjer stranier estrangeir newcomer newly.arrived outsider settler incomer stranger alien
xenophob xenofob racis integrat multicult diversity remittance brain.drain guest.?worker gastarbeiter
seasonal overseas abroad skilled recruit consul embass
""".split()

# Peoples named in texts that name no status ("the Syrians on our stairwell").
_PEOPLES = """
afghan albanian algerian bangladesh bolivian bosnian bulgarian burmese cameroon chechen colombian congolese cuban
dominican ecuadorian egyptian eritrea ethiopia filipin fulani gambian gazan georgian ghanaian guatemal guinean haitian honduran
indian indonesian iranian iraqi ivorian jamaican kenyan kurd lebanese lithuanian malian mexican moldov mongolian moroccan
mozambi nepal nicaragua nigeria ni-vanuatu pacific pakistan palestin peruvian philippin polish poles portuguese punjab kerala roma romanian
rohingya rwanda salvador samoa senegal somali sudan syria tajik tamil thai tongan tunisia turk uganda ukrain uzbek
vanuatu venezuel vietnam yemen zimbabw kurdish african muslim
""".split()

# What is said of people who come, stay or are told to leave.
_PHRASES = """
free.movement freedom.of.movement movement.agreement reunif family.reunion mobility.(?:pact|deal|scheme|agreement) talent.partnership
temporary.protection protection protected.status shelter sponsor quota camps? reception.(?:centre|center|place) return.(?:decision|hub|flight|agreement) returns? returnee repatriat
send.(?:them|him|her|those|these|every|back|home|one) sent.(?:back|home|away) go(?:es)?.(?:back|home) went.home
must.(?:go|leave) told.to.leave order(?:s|ed)?.to.leave leave.to.remain right.to.(?:be|stay|remain|work) stays? let.(?:them|him|her|em|people|those|these).(?:stay|in|work|live)
take.(?:in|them) took.(?:in|them) taken.in host(?:s|ed|ing)? guests? welcom deployment domestic.work helpers? mass.influx too.many too.full is.full are.full full.up
invasion invad swarm vermin parasit infest horde human.wave tide ghetto third.world replacement our.own.people
pirogue cayuco patera rescue drown sea.crossing dinghy lorry strait aegean mediterranean rio.grande dari[eé]n the.wall sneak
pickers farmhand farm.work harvest.work interns? trainees? apprentic diploma salary.threshold points.test employment.pass passes contingent
take.the.oath oath ceremony sworn.in born.(?:in|abroad|here|there|elsewhere) came.(?:from|here|to|with|on|over) come.(?:from|here|to|with|over) comes.from coming arriv entries influx
accent interpreter hearing tribunal stamp lawful unlawful cards? status spous convention convoy caravan
diversity cohesion grandparents ancestors nations? cultur population newcom neighbo?urs? abolition.of sanctuary traffickers
open.(?:the|our|your).(?:door|gate|border) (?:the|our).doors? close.(?:the|our).(?:door|gate) closed.gate tunisian eu.(?:workers|citizens) community.sponsor
flee fled escorted charter handcuff cuffs plane expelled work.pass import(?:ed|ing) unvetted vetting cross(?:es|ed|ing)? territory kafala readmission
safe.countr direct.provision bilateral labou?r.(?:deal|agreement|export|mobility) gulf coyote smash.the.gangs poach let(?:ting)?.(?:people|in) unregistered
swam swim aid.ship rescuer rnli housemaid carers? caregiver nurses foil.blanket inflatable detent deterr coffin desert work.patent farm.contract
machete knife fighting.age men.in.vests took.(?:a|him|her|mr|my|them) they.took bring.(?:him|her).back itin e-verify cartel the.gangs nobody.asked gone.home
settlement hostel hotel generation wife.over roofer housing.list
move(?:d)?.(?:here|to.britain|freely|away) people.move million.people another.(?:half.a.)?million half.a.million pacific.island obligations.to.leave
""".split()

# Whole words: too short or too common to be stems.
_WORDS = """
ep eps azc ipas cada rse norskprøven kimlik ceca decreto flussi across petition petitions ice bamf oqtf ukvi uscis irpa unhcr iom ofii sef aima cbp tps opt ofw ofws tfw tfws lmia
""".split()

# Scripts without the word boundaries of the above.
_OTHER_SCRIPTS = "移民 难民 難民 外国人 外國人 移工 이민 난민 외국인 미등록 مهاجر هجرة لاجئ لاجئين لجوء мигра мігра бежен μετανάστ πρόσφυγ פליט מהגר مہاجر پناہ शरणार्थी प्रवासी"


def _compile() -> re.Pattern[str]:
    stems = "|".join(sorted({*_STEMS, *_PEOPLES, *_PHRASES}, key=lambda stem: (-len(stem), stem)))
    words = "|".join(sorted(set(_WORDS)))
    scripts = "|".join(_OTHER_SCRIPTS.split(" "))
    return re.compile(rf"\b(?:{stems}|(?:{words})\b)|{scripts}")


_MIGRATION = _compile()


def may_be_about_migration(text: str) -> bool:
    """False only where nothing in `text` names migration, migrants or what they meet."""
    return _MIGRATION.search(text[:MAX_CHARACTERS].lower()) is not None
