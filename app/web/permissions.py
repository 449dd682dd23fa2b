"""The permissions of accounts and programs; every view declares one of these."""

from app.codelists.codelist import N_, Codelist, Term

PERMISSIONS = Codelist(
    "permission",
    Term("public", N_("Open to everybody")),
    Term("signed_in", N_("Own account")),
    Term("enrolling", N_("Enrol this tablet with its code")),
    Term("enrolled_device", N_("Send from an enrolled tablet")),
    Term("record_consultations", N_("Record consultations")),
    Term("correct_consultations", N_("Read, correct and void consultations")),
    Term("import_consultations", N_("Import spreadsheets of consultations")),
    Term("print_cards", N_("Print visitor cards")),
    Term("replace_cards", N_("Replace lost visitor cards")),
    Term("see_shelters", N_("See shelters and free beds")),
    Term("send_referrals", N_("Send and follow referrals")),
    Term("answer_referrals", N_("Answer referrals and keep beds")),
    Term("follow_referrals", N_("Read a referral that was sent or received")),
    Term("open_returns", N_("Open return requests")),
    Term("see_returns", N_("Follow return requests")),
    Term("decide_returns", N_("Decide stops and record the later steps of returns")),
    Term("see_today", N_("Follow a desk's day")),
    Term("see_counts", N_("See figures")),
    Term("see_devices", N_("See tablets and the records waiting on them")),
    Term(
        "resolve_envelopes",
        N_("Resolve records from a tablet that could not be accepted"),
    ),
    Term("void_envelopes", N_("Void all quarantined records of a tablet")),
    Term("import_envelopes", N_("Import the copy of a tablet's queue")),
    Term("invite_staff", N_("Invite staff")),
    Term("configure", N_("Configure desks and accounts")),
    Term("see_audit", N_("Read the audit log")),
    Term("see_security", N_("Read the security log")),
    Term("scrape_metrics", N_("Read the metrics of the server")),
)
