"""What a tablet is given: the key to seal to, and what its desk offers."""

from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any

from app import clock
from app.consultations.forms.form_state import FormOptions, get_form_options
from app.db.session import Session
from app.places.queries import DeskRow, list_desks
from app.settings import current_settings
from app.sync.rules.sealing import public_text
from app.web.access import Scope


@dataclass(frozen=True)
class TabletConfig:
    """A desk as its tablet knows it: what it offers today, and a version that changes with any of it."""

    desk: DeskRow
    get_form_options: FormOptions

    @property
    def lists(self) -> dict[str, Any]:
        """The same in the words of the outside."""
        plain = ("code", "name", "country", "time_zone")
        said = {
            "desk": {name: getattr(self.desk, name) for name in plain},
            "nationalities": self.choices.nationalities,
            "topics": self.choices.topics,
            "languages": list(self.choices.languages),
            "last_day": self.choices.last_day.isoformat(),
        }
        known = (sorted(asdict(self.desk).items(), key=str), said)
        return {"version": sha256(repr(known).encode()).hexdigest()[:16], **said}


def get_tablet_config(session: Session, desk_id: int) -> TabletConfig:
    """What a desk's tablet is given now."""
    scope = Scope(desks=frozenset({desk_id}))
    desk = list_desks(session, scope)[0]
    start = current_settings().reporting_year_start
    today = clock.today_at(desk.time_zone)
    return TabletConfig(desk, get_form_options(session, scope, desk, today, start))


def public_keys() -> list[dict[str, str]]:
    """The public key that tablets seal to now: the last of the ring."""
    ring = current_settings().outbox_keys
    key_id = list(ring)[-1]
    return [{"id": key_id, "public": public_text(ring[key_id])}]
