"""A tablet as a program: enrolled, it seals and sends as the browser does, without a session."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import uuid4

from flask import Flask

from app.db.session import db, unit_of_work
from app.places.queries import DeskRow
from app.sync.actions import devices
from app.web.access import Principal
from tests.factories.records import consultation_json, in_new_context
from tests.sync.sealing import seal


@dataclass
class Tablet:
    """An enrolled tablet: the server's answer to the enrolment, and how to send from it."""

    app: Flask
    enrolment: dict[str, Any]
    desk: str
    sequence: int = field(default=0)

    def post(self, path: str, body: Any, credential: str | None = None) -> Any:
        """Post a request with the tablet's credential; return the answer."""
        headers = {"Authorization": f"Device {credential or self.enrolment['credential']}"}
        return in_new_context(self.app.test_client().post, path, json=body, headers=headers)

    def seal(self, content: dict[str, Any]) -> dict[str, Any]:
        return seal(self.enrolment["keys"][0], content)

    def consultation(self, author: str, **fields: Any) -> dict[str, Any]:
        """Return the content of a consultation that was saved on this tablet."""
        self.sequence += 1
        outer = {"kind": "consultation", "author": author, "device": self.enrolment["device"]}
        return {**consultation_json(self.desk), **outer, "sequence": self.sequence, **fields}

    def void(self, author: str, record: str, **fields: Any) -> dict[str, Any]:
        """Return the content of a voiding."""
        self.sequence += 1
        voiding = {"kind": "void", "id": str(uuid4()), "record": record, "desk": self.desk}
        attribution = {"author": author, "reason": "undo", "device": self.enrolment["device"]}
        return {**voiding, **attribution, "sequence": self.sequence, **fields}

    def send(self, *envelopes: dict[str, Any]) -> list[dict[str, Any]]:
        """Send a batch that is answered with 200; return its results."""
        answer = self.post("/sync/envelopes", {"envelopes": list(envelopes)})
        assert answer.status_code == 200, answer.data
        results: list[dict[str, Any]] = answer.get_json()["results"]
        return results

    def result(self, content: dict[str, Any]) -> str:
        """Seal and send one record; return its result."""
        return str(self.send(self.seal(content))[0]["result"])

    def contact(self, **fields: Any) -> dict[str, Any]:
        """Return the server's answer to a contact."""
        defaults = {"waiting": 0, "oldest_at": None, "saved": 0, "version": "t", "persisted": True}
        answer = self.post("/sync/contact", {**defaults, **fields})
        assert answer.status_code == 200, answer.data
        contact: dict[str, Any] = answer.get_json()
        return contact


def make_tablet(app: Flask, admin: Principal, desk: DeskRow, name: str = "Tablet 1") -> Tablet:
    """Return a tablet of a desk, enrolled with its code."""
    with unit_of_work():
        added = devices.add_device(db.session(), admin.account_id, desk, name)
    return enrol(app, added.code, desk.code)


def enrol(app: Flask, code: str, desk: str) -> Tablet:
    """Enrol a tablet by its code."""
    answer = in_new_context(app.test_client().post, "/sync/enrol", json={"code": code})
    assert answer.status_code == 200, answer.data
    return Tablet(app, answer.get_json(), desk)


def days_ago(today: date, days: int) -> str:
    """Return the day `days` before another, as in JSON."""
    return date.fromordinal(today.toordinal() - days).isoformat()
