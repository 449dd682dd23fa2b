"""What an audit entry can say."""

from app.base.words import N_, Term, Terms

ACTS = Terms(
    "act",
    Term("signed_in", N_("Signed in")),
    Term("signed_out", N_("Signed out")),
    Term("password_changed", N_("Changed the password")),
    Term("invited", N_("Invited an account")),
    Term("reset_started", N_("Started a password reset")),
    Term("invitation_used", N_("Took up an invitation")),
    Term("account_closed", N_("Closed an account")),
    Term("desk_opened", N_("Opened a desk")),
    Term("desk_changed", N_("Changed a desk")),
    Term("desk_closed", N_("Closed a desk")),
    Term("recorded", N_("Recorded a consultation")),
    Term("imported", N_("Imported a sheet")),
    Term("corrected", N_("Corrected a consultation")),
    Term("voided", N_("Voided a consultation")),
    Term("record_read", N_("Read a consultation")),
    Term("cards_printed", N_("Printed visitor cards")),
    Term("card_replaced", N_("Replaced a lost visitor card")),
    Term("card_read", N_("Looked up a visitor card")),
    Term("shelter_opened", N_("Opened a shelter")),
    Term("shelter_changed", N_("Changed a shelter")),
    Term("shelter_closed", N_("Closed a shelter")),
    Term("shelter_assigned", N_("Assigned a coordinator to shelters")),
    Term("beds_changed", N_("Changed numbers of beds")),
    Term("beds_confirmed", N_("Confirmed numbers of beds")),
    Term("referral_sent", N_("Sent a referral")),
    Term("referral_changed", N_("Answered or changed a referral")),
    Term("referral_read", N_("Read a referral")),
    Term("inbox_read", N_("Read a shelter's referrals")),
    Term("day_read", N_("Read a desk's day")),
    Term("figures_read", N_("Read exact figures")),
    Term("trail_read", N_("Read the audit trail")),
    Term("cells_rebuilt", N_("Added the figures up anew")),
    Term("demo_built", N_("Built the demo programme")),
    Term("backed_up", N_("Made a backup")),
    Term("restored", N_("Restored a backup")),
    Term("purged", N_("Deleted what was past its time")),
)
SUBJECTS = Terms(
    "subject",
    Term("account", N_("Account")),
    Term("desk", N_("Desk")),
    Term("consultation", N_("Consultation")),
    Term("card", N_("Visitor card")),
    Term("shelter", N_("Shelter")),
    Term("referral", N_("Referral")),
    Term("notes", N_("Notes of referrals")),
    Term("figures", N_("Figures")),
    Term("trail", N_("Audit trail")),
    Term("letters", N_("Letters")),
    Term("sessions", N_("Sessions of staff")),
)
"""What an entry can be about; stored before the colon of `subject`, the row's number or code after it."""
READINGS = frozenset(
    {
        "record_read",
        "card_read",
        "day_read",
        "referral_read",
        "inbox_read",
        "figures_read",
        "trail_read",
    }
)
