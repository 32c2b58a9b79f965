"""Which records of the GKG are about migration: by the names of their themes.

GDELT has some thousand themes from several lists, and adds to them without notice. Their names are
words joined by `_`, so a theme of migration is known by its words; whole families follow, such as

    IMMIGRATION, REFUGEES, SOC_MASSMIGRATION, SOC_FORCEDRELOCATION         GDELT's own list
    WB_2837_IMMIGRATION, WB_2844_EMIGRATION, WB_2836_MIGRATION_POLICIES_AND_JOBS       World Bank
    DISCRIMINATION_IMMIGRATION_XENOPHOBIA, HUMAN_RIGHTS_ABUSES_FORCED_MIGRATION
    EPU_CATS_MIGRATION_FEAR_MIGRATION                          words of the policy-uncertainty index
    TAX_FNCACT_REFUGEE, TAX_AIDGROUPS_INTERNATIONAL_ORGANIZATION_FOR_MIGRATION            taxonomies

Left out on purpose: the other halves of EPU…MIGRATION_FEAR (`…_FEAR_FEAR` is given to any text with the
word fear, a large share of all news), movement inside a country and of animals, and DISPLACED and
CRISISLEX_T09_DISPLACEDRELOCATEDEVACUATED, which are mostly floods and fires. This is only a first
sieve, wide rather than narrow: the gate reads the text afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

_WORDS = frozenset(
    "IMMIGRATION IMMIGRANT IMMIGRANTS ANTIIMMIGRATION ANTIIMMIGRANT ANTIIMMIGRANTS EMIGRATION EMIGRANT "
    "EMIGRANTS MIGRATION MIGRATIONS MIGRANT MIGRANTS MASSMIGRATION REFUGEE REFUGEES ASYLUM UNHCR "
    "FORCEDRELOCATION CLOSINGBORDER".split()
)
_NOT_THESE = ("RURAL_TO_URBAN_MIGRATION", "ANIMAL_MIGRATION", "BIRD_MIGRATION", "DATA_MIGRATION")


def themes_of(v1_themes: str, v2_themes: str) -> frozenset[str]:
    """The names in columns 7 (`A;B;`) and 8 (`A,120;B,350;`, with where in the text each one stands)."""
    names = (
        block.partition(",")[0].strip().upper() for block in f"{v1_themes};{v2_themes}".split(";")
    )
    return frozenset(name for name in names if name)


def about_migration(theme: str) -> bool:
    """Whether a theme is one of migration."""
    if not _WORDS.intersection(theme.split("_")):
        return False
    if theme.startswith("EPU_"):
        return theme.endswith("_MIGRATION")
    return not theme.endswith(_NOT_THESE)


def wanted(themes: Iterable[str], chosen: Sequence[str]) -> bool:
    """Whether a record with `themes` is to be read: one is of `chosen` (`NAME`, or `NAME*` for all that begin so),
    or, where nothing is chosen, of migration.
    """
    if not chosen:
        return any(about_migration(theme) for theme in themes)
    names = {name.upper() for name in chosen if not name.endswith("*")}
    begins = tuple(name[:-1].upper() for name in chosen if name.endswith("*"))
    return any(theme in names or (begins and theme.startswith(begins)) for theme in themes)
