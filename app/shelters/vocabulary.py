"""Closed lists of shelters: types, bed categories, reasons for over-capacity, states (domain.md §2.14, 2.15)."""

from app.codelists.codelist import N_, Codelist, Term

SHELTER_TYPES = Codelist(
    "shelter_type",
    Term("civil_society_shelter", N_("Civil-society shelter")),
    Term("government_temporary", N_("Government temporary shelter")),
    Term("migrant_reception", N_("Migrant reception centre")),
    Term("child_protection_centre", N_("Child-protection centre")),
    Term("women_refuge", N_("Women's refuge (confidential location)")),
    Term("trafficking_refuge", N_("Refuge for trafficked persons (confidential)")),
    Term("family_house", N_("Family house")),
    Term("hotel_rental", N_("Hotel or rented unit")),
    Term("host_family", N_("Host family")),
    Term("day_centre", N_("Day centre / canteen (no beds)")),
    Term("emergency_collective", N_("Emergency collective centre")),
)
CONFIDENTIAL_TYPES = frozenset({"women_refuge", "trafficking_refuge"})
"""Types whose address no desk may ever see (domain.md §2.14)."""
BED_CATEGORIES = Codelist(
    "bed_category",
    Term("men", N_("Men")),
    Term("women", N_("Women")),
    Term("women_with_children", N_("Women with children")),
    Term("families", N_("Families")),
    Term("uasc_girls", N_("Unaccompanied girls")),
    Term("uasc_boys", N_("Unaccompanied boys")),
    Term("lgbtiq", N_("LGBTIQ+")),
    Term("accessible", N_("Accessible")),
    Term("isolation", N_("Isolation / health")),
    Term("mixed", N_("Mixed")),
)
BED_REASONS = Codelist(
    "bed_reason",
    Term("no_other_place", N_("There is no other place tonight")),
    Term("keep_group_together", N_("To keep a group together")),
    Term("emergency", N_("Storm, disaster or sudden arrival of many")),
    Term("extra_mattresses", N_("Extra mattresses were put up")),
    Term("damage", N_("Damage or repair")),
    Term("other", N_("Another reason")),
)
"""Why a shelter takes more people than it has beds; shown as over 100 %."""
HOLD_ENDS = Codelist(
    "hold_end",
    Term("arrived", N_("Arrived")),
    Term("released", N_("Released")),
    Term("expired", N_("Time was up")),
)
SHELTER_STATES = Codelist(
    "shelter_state",
    Term("open", N_("Takes people in")),
    Term("paused", N_("Takes nobody in at present")),
    Term("closed", N_("Closed")),
)
