"""Where a rebuilding of cells stands, so that an interrupted one goes on and two never run at once."""

from sqlalchemy import CheckConstraint, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db.session import Base
from app.privacy.columns import OPEN


class CellRebuild(Base):
    """The one rebuilding that runs or was interrupted: whose it is, and the last country's month that it has done."""

    __tablename__ = "cell_rebuild"

    id: Mapped[int] = mapped_column(primary_key=True, info=OPEN)
    run: Mapped[str] = mapped_column(String(32), info=OPEN)
    month: Mapped[int] = mapped_column(Integer, info=OPEN)
    country: Mapped[str] = mapped_column(String(3), info=OPEN)

    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)
