"""Which countries a GKG record speaks of: its V2Locations, FIPS codes to ISO.

    4#Leeds, Leeds, United Kingdom#UK#UKH3#40086#53.8#-1.58333#-2601889#211;1#Norway#NO#NO##62#10#NO#899

One place a block, one block a mention. A country that is much spoken of may be where people come from,
so this is a hint at the society, never the society itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from ingest.fips_countries import iso_of_fips

MOST_MENTIONS = 10_000
"""Further mentions of one record are not counted."""


def countries(v2_locations: str) -> Mapping[str, int]:
    """ISO 3166-1 alpha-2 codes with how often each is mentioned, the most frequent first, ties by code.

    Blocks without a country that ISO knows are left out; what is no list of places gives nothing.
    """
    counts: Counter[str] = Counter()
    for block in v2_locations.split(";", MOST_MENTIONS)[:MOST_MENTIONS]:
        fields = block.split("#", 3)
        if len(fields) == 4 and (code := iso_of_fips(fields[2])):
            counts[code] += 1
    return dict(sorted(counts.items(), key=lambda each: (-each[1], each[0])))
