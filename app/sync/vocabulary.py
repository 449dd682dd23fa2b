"""Results and states of envelopes, reasons of the quarantine, kinds of payloads, and limits."""

from app.codelists.codelist import N_, Codelist, Term

CREATED, DUPLICATE, CONFLICT, QUARANTINED = "created", "duplicate", "conflict", "quarantined"
RESULTS = (CREATED, DUPLICATE, CONFLICT, QUARANTINED)
SETTLED, OPEN, AWAITING_RECORD, RESOLVED, VOIDED = "settled", "open", "held", "mended", "voided"
STATES = Codelist(
    "envelope_state",
    Term(SETTLED, N_("Settled")),
    Term(OPEN, N_("To be resolved")),
    Term(AWAITING_RECORD, N_("Waits for its record")),
    Term(RESOLVED, N_("Resolved")),
    Term(VOIDED, N_("Voided")),
)
REASONS = Codelist(
    "quarantine_reason",
    Term("unreadable", N_("It could not be decrypted: it was damaged or changed on the way.")),
    Term("unknown_key", N_("It was encrypted with a key that is not known here.")),
    Term("unknown_format", N_("It has a format that is not known here.")),
    Term("unknown_kind", N_("It is of a kind that is not known here.")),
    Term("too_large", N_("It is far larger than a record can be.")),
    Term("other_device", N_("Another tablet had sent it, or it was made on another tablet.")),
    Term("other_desk", N_("It was recorded for another desk than the tablet's.")),
    Term("unknown_author", N_("Its author has no account.")),
    Term("closed_author", N_("Its author's account is closed.")),
    Term("foreign_author", N_("Its author does not work at this desk.")),
    Term("too_old", N_("Its date is more than 60 days ago.")),
    Term("stale_notice", N_("The notice of a referral arrived too late to be of use.")),
    Term("in_future", N_("Its date is in the future: the tablet's clock may be wrong.")),
    Term("invalid", N_("Some of its answers cannot be recorded as they are.")),
    Term("different", N_("Another record with the same number has different content.")),
    Term("record_missing", N_("It voids a record that has not arrived.")),
    Term("too_late", N_("It voids a record that only a supervisor may change now.")),
    Term("fault", N_("Something went wrong on our side while it was recorded.")),
)
"""Why an envelope was quarantined; `different` is a conflict, every other one a quarantine (tablets.md 3)."""
CONSULTATION, VOID, REFERRAL = "consultation", "void", "referral"
KINDS = Codelist(
    "envelope_kind",
    Term(CONSULTATION, N_("Consultation")),
    Term(VOID, N_("Voiding")),
    Term(REFERRAL, N_("Referral")),
    Term("", N_("Not opened")),
)
"""Kinds of payloads; empty if the envelope was not decrypted."""
FORMATS = (1,)
"""Formats that are read; none is removed while a tablet may still have records in it (tablets.md 7)."""
MAX_AGE_DAYS = 60
MAX_ENVELOPES_PER_DAY, MAX_QUARANTINED_PER_DAY = 20_000, 500
MAX_STORED_BYTES_PER_DAY = 4 * 1024 * 1024
"""What one tablet may send in 24 hours: envelopes, quarantined ones among them, and the bytes stored of these."""
MAX_BATCH_ENVELOPES, MAX_BATCH_BYTES, MAX_ENVELOPE_BYTES = 50, 100 * 1024, 2 * 1024 * 1024
