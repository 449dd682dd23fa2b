"""The progress of a rebuild of the aggregates: an interrupted one resumes, and two never run at once."""

from sqlalchemy import CheckConstraint, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db.session import Base
from app.privacy.columns import OPEN


class AggregateRebuild(Base):
    """The only rebuild that runs or was interrupted: id of its run, and the last country's month that it finished."""

    __tablename__ = "aggregate_rebuild"

    id: Mapped[int] = mapped_column(primary_key=True, info=OPEN)
    run: Mapped[str] = mapped_column(String(32), info=OPEN)
    month: Mapped[int] = mapped_column(Integer, info=OPEN)
    country: Mapped[str] = mapped_column(String(3), info=OPEN)

    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)
