"""Cells that figures are read from, filled from the rows that are there (both scopes alike: no cards yet)."""

from collections import defaultdict

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ROWS = ("consultation", "person_line")
COUNTS = "qualifying AND NOT is_void AND known AND {previous} < month"
ONE_EACH = {
    "sex_age": "sex || '.' || age_band",
    "nationality": "nationality",
    "situation": "situation",
    "main_topic": "main_topic",
}


def upgrade() -> None:
    _create()
    op.execute(
        "INSERT INTO reach_cell (month, country, desk_id, previous_in_country,"
        " previous_in_programme, known, n) SELECT month, country, desk_id, previous_in_country,"
        " previous_in_programme, known, sum(n) FROM person_line WHERE qualifying AND NOT is_void"
        " GROUP BY month, country, desk_id, previous_in_country, previous_in_programme, known"
    )
    for part, code in ONE_EACH.items():
        op.execute(
            "INSERT INTO part_cell (month, country, desk_id, part, code, in_country, in_programme)"
            f" SELECT month, country, desk_id, '{part}', {code}, sum(n), sum(n)"
            f" FROM person_line WHERE {COUNTS.format(previous='previous_in_country')}"
            f" GROUP BY month, country, desk_id, {code}"
        )
    _fill_topics()
    _fill_volumes()
    for table in ROWS:  # nothing but figures ever asked rows by country and month
        op.drop_index(f"ix_{table}_country_month", table)


def _fill_topics() -> None:
    found = op.get_bind().execute(
        sa.text(
            "SELECT month, country, desk_id, topics, sum(n) FROM person_line"
            f" WHERE {COUNTS.format(previous='previous_in_country')}"
            " GROUP BY month, country, desk_id, topics ORDER BY month, country, desk_id, topics"
        )
    )
    sums: dict[tuple[object, ...], int] = defaultdict(int)
    for month, country, desk_id, topics, n in found.all():
        for topic in filter(None, topics.split(",")):
            sums[month, country, desk_id, topic] += n
    names = ("month", "country", "desk_id", "code")
    rows = [
        {
            **dict(zip(names, key, strict=True)),
            "part": "topic_any",
            "in_country": n,
            "in_programme": n,
        }
        for key, n in sums.items()
    ]
    columns = [sa.column(name) for name in (*names, "part", "in_country", "in_programme")]
    op.bulk_insert(sa.table("part_cell", *columns), rows)


def _fill_volumes() -> None:
    sums = (
        "count(*), sum(CASE WHEN is_tally THEN 1 ELSE 0 END), sum(persons), max(received_at)"
        " FROM consultation WHERE state = 'live'"
    )
    names = "outcome, month, country, desk_id, held_on, consultations, tallies, persons, last_received_at"
    codes = op.get_bind().execute(sa.text("SELECT DISTINCT outcomes FROM consultation")).scalars()
    for outcome in sorted({"", *(code for text in codes for code in text.split(","))}):
        named = f" AND ',' || outcomes || ',' LIKE '%,{outcome},%'" if outcome else ""
        op.execute(
            f"INSERT INTO volume_cell ({names}) SELECT '{outcome}', month, country, desk_id, held_on,"
            f" {sums}{named} GROUP BY month, country, desk_id, held_on"
        )


def _create() -> None:
    where = (
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("country", sa.String(length=3), nullable=False),
        sa.Column("desk_id", sa.Integer(), nullable=False),
    )
    key = ("month", "country", "desk_id")
    op.create_table(
        "reach_cell",
        *(column._copy() for column in where),
        sa.Column("previous_in_country", sa.Integer(), nullable=False),
        sa.Column("previous_in_programme", sa.Integer(), nullable=False),
        sa.Column("known", sa.Boolean(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            *key, "previous_in_country", "previous_in_programme", "known", name="pk_reach_cell"
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "part_cell",
        *(column._copy() for column in where),
        sa.Column("part", sa.String(length=12), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("in_country", sa.Integer(), nullable=False),
        sa.Column("in_programme", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(*key, "part", "code", name="pk_part_cell"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "volume_cell",
        sa.Column("outcome", sa.String(length=30), nullable=False),
        *where,
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("consultations", sa.Integer(), nullable=False),
        sa.Column("tallies", sa.Integer(), nullable=False),
        sa.Column("persons", sa.Integer(), nullable=False),
        sa.Column("last_received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("outcome", *key, "held_on", name="pk_volume_cell"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    for table in ROWS:
        op.create_index(f"ix_{table}_country_month", table, ["country", "month"])
    for name in ("volume_cell", "part_cell", "reach_cell"):
        op.drop_table(name)
