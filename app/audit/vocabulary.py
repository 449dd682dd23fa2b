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
    Term("corrected", N_("Corrected a consultation")),
    Term("voided", N_("Voided a consultation")),
    Term("record_read", N_("Read a consultation")),
    Term("day_read", N_("Read a desk's day")),
    Term("figures_read", N_("Read exact figures")),
    Term("trail_read", N_("Read the audit trail")),
    Term("demo_built", N_("Built the demo programme")),
    Term("backed_up", N_("Made a backup")),
    Term("restored", N_("Restored a backup")),
)
SUBJECTS = Terms(
    "subject",
    Term("account", N_("Account")),
    Term("desk", N_("Desk")),
    Term("consultation", N_("Consultation")),
    Term("figures", N_("Figures")),
    Term("trail", N_("Audit trail")),
)
"""What an entry can be about; stored before the colon of `subject`, the row's number or code after it."""
READINGS = frozenset({"record_read", "day_read", "figures_read", "trail_read"})
