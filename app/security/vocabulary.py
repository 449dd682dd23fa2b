"""Kinds of events in the security log."""

from app.codelists.codelist import N_, Codelist, Term

EVENT_KINDS = Codelist(
    "security_event",
    Term("sign_in_failed", N_("Sign-in with a wrong name or password")),
    Term("password_wrong", N_("Wrong password inside a session")),
    Term("pin_wrong", N_("Wrong PIN at a tablet")),
    Term("locked_out", N_("Too many failed attempts for one name: locked for a while")),
    Term("address_locked", N_("Too many failed attempts from one address: locked for a while")),
    Term("too_many_requests", N_("Too many requests in a minute")),
    Term("right_refused", N_("Action without permission")),
    Term("link_refused", N_("Invitation link that is unknown, used or expired")),
    Term("code_refused", N_("Tablet code that is unknown, used or expired")),
    Term("device_unknown", N_("Tablet with an unknown credential")),
    Term("device_revoked", N_("Tablet that was revoked")),
    Term("card_refused", N_("Visitor card that does not exist")),
)
