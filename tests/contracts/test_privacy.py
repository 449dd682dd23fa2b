"""Every column states its privacy; nothing that identifies a person has a column."""

from sqlalchemy import String, Text

from app.db.session import db
from app.privacy.columns import OPEN, PERSONAL, SENSITIVE

MARKS = {OPEN["privacy"], PERSONAL["privacy"], SENSITIVE["privacy"]}
FREE_TEXT = {
    "account.username",
    "consultation.device",
    "consultation_version.content",
    "desk.name",
    "desk.organisation",
    "outgoing_email.body",
    "outgoing_email.subject",
    "outgoing_email.to_address",
    "referral.note",
    "shelter.address",
    "shelter.directions",
    "shelter.email",
    "shelter.meeting_point",
    "shelter.name",
    "shelter.organisation",
}
"""Texts that are no code, digest or number: staff, desks, devices, superseded contents, our e-mails, shelters.

And the one exception: the note of a referral, which is guarded, and purged 30 days after closing.
"""


def test_every_column_states_its_privacy(app):
    columns = [column for table in db.metadata.sorted_tables for column in table.columns]
    assert len(columns) > 50
    assert [str(c) for c in columns if c.info.get("privacy") not in MARKS] == []


def test_columns_about_people_are_marked_as_personal(app):
    tables = db.metadata.tables
    for name in ("sex", "age_band", "nationality", "situation", "n", "held_on"):
        assert tables["person_line"].c[name].info == PERSONAL, name
    for name in ("topics", "outcomes", "flags", "language", "travel_group", "received_at"):
        assert tables["consultation"].c[name].info == PERSONAL, name


def test_columns_that_a_protected_shelter_hides_are_marked_as_sensitive(app):
    columns = db.metadata.tables["shelter"].c
    hidden = ("name", "organisation", "address", "directions", "latitude", "longitude", "email")
    assert [name for name in hidden if columns[name].info != SENSITIVE] == []


def test_secrets_are_marked_as_sensitive(app):
    for table in db.metadata.sorted_tables:
        for column in table.columns:
            if column.name in ("password_hash", "digest", "name_key", "source_key", "card_id"):
                assert column.info == SENSITIVE, str(column)


def test_no_column_has_room_for_free_text_about_a_person(app):
    wide = {
        str(column)
        for table in db.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, (String, Text)) and (column.type.length or 1000) >= 40
        if not column.name.endswith(("digest", "_key", "_hash", "code", "topic"))
    }
    about_the_system = {
        "audit_entry.action",
        "audit_entry.subject",
        "audit_entry.entry_hash",
        "desk.time_zone",
        "envelope.receipt",
        "shelter.time_zone",
    }
    assert wide - about_the_system == FREE_TEXT
