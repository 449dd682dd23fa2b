"""Visitor cards, and the lines of their people."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "visitor_card",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("root_id", sa.Integer(), nullable=True),
        sa.Column("is_replaced", sa.Boolean(), nullable=False),
        sa.CheckConstraint("root_id IS NULL OR root_id <> id", name="root_is_another"),
        sa.ForeignKeyConstraint(
            ["root_id"], ["visitor_card.id"], name="fk_visitor_card_root_id_visitor_card"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_visitor_card"),
        sa.UniqueConstraint("digest", name="uq_visitor_card_digest"),
    )
    op.create_index("ix_visitor_card_root_id", "visitor_card", ["root_id"])
    topics = sa.Column("topics", sa.String(1000), nullable=False, server_default="")
    op.add_column("person_line", topics)
    op.execute(
        "UPDATE person_line SET topics ="
        " (SELECT topics FROM consultation WHERE consultation.id = consultation_id)"
    )
    with op.batch_alter_table("person_line") as batch_op:
        batch_op.alter_column("topics", server_default=None)
        batch_op.create_check_constraint(
            "ordinal_goes_with_card", "(card_id IS NULL) = (ordinal = 0)"
        )
        batch_op.create_foreign_key(
            "fk_person_line_card_id_visitor_card", "visitor_card", ["card_id"], ["id"]
        )
    present = sa.text("card_id IS NOT NULL")
    op.create_index(
        "ix_person_line_card_id",
        "person_line",
        ["card_id"],
        sqlite_where=present,
        postgresql_where=present,
    )


def downgrade() -> None:
    op.drop_index("ix_person_line_card_id", "person_line")
    with op.batch_alter_table("person_line") as batch_op:
        batch_op.drop_constraint("ordinal_goes_with_card", type_="check")
        batch_op.drop_constraint("fk_person_line_card_id_visitor_card", type_="foreignkey")
        batch_op.drop_column("topics")
    op.drop_table("visitor_card")
