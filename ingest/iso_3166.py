"""Society codes: ISO 3166-1 alpha-2, as assigned, with the codes that ISO leaves to users."""

from __future__ import annotations

from ingest.document import UNKNOWN_SOCIETY

_ASSIGNED = (
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT "
    "BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH "
    "ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT "
    "HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS "
    "LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI "
    "NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG "
    "SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG "
    "UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW"
)
_CODES = frozenset(_ASSIGNED.split())
_MEANT = {"UK": "GB", "EL": "GR", "EN": "GB"}


def society_fault(code: str) -> str:
    """Why `code` is not a society, as a sentence without its subject; empty when it is one.

    Besides the assigned codes: `unknown`, and AA, QM to QZ, XA to XZ and ZZ, which ISO 3166-1 leaves to
    users (XK is in wide use; the others serve for societies that are made up).
    """
    if is_users_own(code) or code in _CODES or code == UNKNOWN_SOCIETY:
        return ""
    likely = _MEANT.get(code.upper(), code.upper())
    hint = f"; {likely} is one" if likely in _CODES else ""
    return f"is not an ISO 3166-1 alpha-2 code or '{UNKNOWN_SOCIETY}'{hint}"


def is_users_own(code: str) -> bool:
    """Whether ISO 3166-1 leaves `code` to users, so that it means what they say: AA, QM to QZ, XA to XZ and ZZ."""
    if not (len(code) == 2 and code.isascii() and code.isupper() and code.isalpha()):
        return False
    return code in ("AA", "ZZ") or code[0] == "X" or (code[0] == "Q" and code[1] >= "M")
