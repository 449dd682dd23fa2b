"""The roles of staff and what each may do (security.md, roles and scopes)."""

from app.codelists.codelist import N_, Codelist, Term

ROLES = Codelist(
    "role",
    Term("desk_staff", N_("Desk staff")),
    Term("shelter_coordinator", N_("Shelter coordinator")),
    Term("supervisor", N_("Supervisor")),
    Term("regional", N_("Regional office")),
    Term("admin", N_("Administration")),
)
ROLE_PERMISSIONS: dict[str, frozenset[str]] = {
    "desk_staff": frozenset(
        {
            "record_consultations",
            "correct_consultations",
            "replace_cards",
            "see_shelters",
            "send_referrals",
            "follow_referrals",
            "open_returns",
            "see_returns",
            "see_today",
            "see_counts",
            "resolve_envelopes",
        }
    ),
    "shelter_coordinator": frozenset({"see_shelters", "answer_referrals", "follow_referrals"}),
    "supervisor": frozenset(
        {
            "correct_consultations",
            "import_consultations",
            "print_cards",
            "see_shelters",
            "send_referrals",
            "follow_referrals",
            "see_returns",
            "decide_returns",
            "see_today",
            "see_counts",
            "see_devices",
            "resolve_envelopes",
            "void_envelopes",
            "import_envelopes",
            "invite_staff",
            "see_audit",
        }
    ),
    "regional": frozenset({"see_counts"}),
    "admin": frozenset({"configure", "see_devices", "invite_staff", "see_audit", "see_security"}),
}
"""Admins configure and see no case data; a new role may do nothing until it is listed here."""
