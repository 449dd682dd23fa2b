"""Configuration of a tablet: the public key that it encrypts to, and the code lists of its desk."""

from dataclasses import asdict, dataclass
from hashlib import sha256

from app import clock
from app.consultations.forms.form_state import FormOptions, get_form_options
from app.db.session import Session
from app.places.queries import DeskRow, list_desks
from app.settings import current_settings
from app.sync.rules.sealing import encode_public_key
from app.web.access import Scope


@dataclass(frozen=True)
class TabletConfig:
    """A desk as its tablet stores it: its code lists of today."""

    desk: DeskRow
    options: FormOptions

    @property
    def lists(self) -> dict[str, object]:
        """The promised JSON of the code lists, with a `version` that changes with any of their content."""
        desk_fields = ("code", "name", "country", "time_zone")
        content = {
            "desk": {name: getattr(self.desk, name) for name in desk_fields},
            "nationalities": self.options.nationalities,
            "topics": self.options.topics,
            "languages": list(self.options.languages),
            "last_day": self.options.last_day.isoformat(),
        }
        versioned = (sorted(asdict(self.desk).items(), key=str), content)
        return {"version": sha256(repr(versioned).encode()).hexdigest()[:16], **content}


def get_tablet_config(session: Session, desk_id: int) -> TabletConfig:
    """Return the present configuration of a desk's tablets."""
    scope = Scope(desks=frozenset({desk_id}))
    desk = list_desks(session, scope)[0]
    year_start = current_settings().reporting_year_start
    today = clock.today_at(desk.time_zone)
    return TabletConfig(desk, get_form_options(session, scope, desk, today, year_start))


def public_keys() -> list[dict[str, str]]:
    """Return the public key that tablets encrypt to now: the last of the key ring."""
    key_ring = current_settings().outbox_keys
    key_id = list(key_ring)[-1]
    return [{"id": key_id, "public": encode_public_key(key_ring[key_id])}]
