"""Countries as GDELT names them, FIPS 10-4 codes and English names, to ISO 3166-1 alpha-2.

FIPS and ISO use the same letters for different countries (AU is Austria there and Australia here), so
a code must never pass unchanged.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache

# Where FIPS divides what ISO does not (Gaza and the West Bank, reefs of one owner), several codes
# have one country. Codes without a country of their own (oceans, disputed reefs) are left out. RB and
# YI are Serbia under older names, which GDELT still writes.
_PAIRS = (
    "AA:AW AC:AG AE:AE AF:AF AG:DZ AJ:AZ AL:AL AM:AM AN:AD AO:AO AQ:AS AR:AR AS:AU AT:AU AU:AT AV:AI "
    "AY:AQ BA:BH BB:BB BC:BW BD:BM BE:BE BF:BS BG:BD BH:BZ BK:BA BL:BO BM:MM BN:BJ BO:BY BP:SB "
    "BQ:UM BR:BR BS:TF BT:BT BU:BG BV:BV BX:BN BY:BI CA:CA CB:KH CD:TD CE:LK CF:CG CG:CD CH:CN CI:CL "
    "CJ:KY CK:CC CM:CM CN:KM CO:CO CQ:MP CR:AU CS:CR CT:CF CU:CU CV:CV CW:CK CY:CY DA:DK DJ:DJ DO:DM "
    "DQ:UM DR:DO EC:EC EG:EG EI:IE EK:GQ EN:EE ER:ER ES:SV ET:ET EU:TF EZ:CZ FG:GF FI:FI FJ:FJ "
    "FK:FK FM:FM FO:FO FP:PF FQ:UM FR:FR FS:TF GA:GM GB:GA GG:GE GH:GH GI:GI GJ:GD GK:GG GL:GL GM:DE "
    "GO:TF GP:GP GQ:GU GR:GR GT:GT GV:GN GY:GY GZ:PS HA:HT HK:HK HM:HM HO:HN HQ:UM HR:HR HU:HU IC:IS "
    "ID:ID IM:IM IN:IN IO:IO IR:IR IS:IL IT:IT IV:CI IZ:IQ JA:JP JE:JE JM:JM JN:SJ JO:JO JQ:UM JU:TF "
    "KE:KE KG:KG KN:KP KQ:UM KR:KI KS:KR KT:CX KU:KW KV:XK KZ:KZ LA:LA LE:LB LG:LV LH:LT LI:LR LO:SK "
    "LQ:UM LS:LI LT:LS LU:LU LY:LY MA:MG MB:MQ MC:MO MD:MD MF:YT MG:MN MH:MS MI:MW MJ:ME MK:MK ML:ML "
    "MN:MC MO:MA MP:MU MQ:UM MR:MR MT:MT MU:OM MV:MV MX:MX MY:MY MZ:MZ NC:NC NE:NU NF:NF NG:NE NH:VU "
    "NI:NG NL:NL NN:SX NO:NO NP:NP NR:NR NS:SR NU:NI NZ:NZ OD:SS PA:PY PC:PN PE:PE PK:PK PL:PL PM:PA "
    "PO:PT PP:PG PS:PW PU:GW QA:QA RB:RS RE:RE RI:RS RM:MH RN:MF RO:RO RP:PH RQ:PR RS:RU RW:RW SA:SA "
    "SB:PM SC:KN SE:SC SF:ZA SG:SN SH:SH SI:SI SL:SL SM:SM SN:SG SO:SO SP:ES ST:LC SU:SD SV:SJ SW:SE "
    "SX:GS SY:SY SZ:CH TB:BL TD:TT TE:TF TH:TH TI:TJ TK:TC TL:TK TN:TO TO:TG TP:ST TS:TN TT:TL TU:TR "
    "TV:TV TW:TW TX:TM TZ:TZ UC:CW UG:UG UK:GB UP:UA US:US UV:BF UY:UY UZ:UZ VC:VC VE:VE VI:VG VM:VN "
    "VQ:VI VT:VA WA:NA WE:PS WF:WF WI:EH WQ:UM WS:WS WZ:SZ YI:RS YM:YE ZA:ZM ZI:ZW"
)
_ISO: Mapping[str, str] = {fips: iso for fips, _, iso in (p.partition(":") for p in _PAIRS.split())}

# Names that GDELT writes and CLDR does not, as `_folded` leaves them.
_OTHER_NAMES = {
    "bahamas the": "BS", "bosnia herzegovina": "BA", "brunei darussalam": "BN", "burma": "MM",
    "congo": "CG", "cote divoire": "CI", "czech republic": "CZ", "democratic republic of congo": "CD",
    "democratic republic of the congo": "CD", "east timor": "TL", "gambia the": "GM",
    "gaza strip": "PS", "holy see": "VA", "hong kong": "HK", "ivory coast": "CI", "macau": "MO",
    "macedonia": "MK", "myanmar": "MM", "palestine": "PS", "republic of congo": "CG",
    "republic of the congo": "CG", "swaziland": "SZ", "the bahamas": "BS", "the gambia": "GM",
    "turkey": "TR", "west bank": "PS", "zaire": "CD",
}  # fmt: skip


def iso_of_fips(code: str) -> str:
    """ISO 3166-1 alpha-2 code of a FIPS 10-4 country code; empty when it stands for no country."""
    return _ISO.get(code.strip().upper(), "")


def iso_of_name(name: str) -> str:
    """ISO 3166-1 alpha-2 code of a country's English name, as `sourcecountry` of the DOC API has it; else empty."""
    folded = _folded(name[:100])
    return _OTHER_NAMES.get(folded) or _names().get(folded, "")


@cache
def _names() -> Mapping[str, str]:
    from babel import Locale  # a twentieth of a second, and only one type of source has names

    known = set(_ISO.values())
    territories = Locale("en").territories
    return {_folded(name): code for code, name in territories.items() if code in known}


def _folded(name: str) -> str:
    """Without case, accents and punctuation; `&` is `and`, `St.` is `saint`."""
    plain = unicodedata.normalize("NFKD", name.replace("&", " and ")).casefold()
    letters = "".join(c for c in plain if not unicodedata.combining(c))
    words = re.sub(r"[^\w\s-]", "", letters).replace("-", " ").split()
    return " ".join("saint" if word == "st" else word for word in words)
