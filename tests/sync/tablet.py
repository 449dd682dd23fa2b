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
    """An enrolled tablet: what the server gave it, and how to send from it."""

    app: Flask
    given: dict[str, Any]
    desk: str
    sequence: int = field(default=0)

    def post(self, path: str, body: Any, credential: str | None = None) -> Any:
        """The answer to a request with the tablet's credential."""
        headers = {"Authorization": f"Device {credential or self.given['credential']}"}
        return in_new_context(self.app.test_client().post, path, json=body, headers=headers)

    def seal(self, content: dict[str, Any]) -> dict[str, Any]:
        return seal(self.given["keys"][0], content)

    def consultation(self, author: str, **said: Any) -> dict[str, Any]:
        """The content of a consultation that was saved on this tablet."""
        self.sequence += 1
        outer = {"kind": "consultation", "author": author, "device": self.given["device"]}
        return {**consultation_json(self.desk), **outer, "sequence": self.sequence, **said}

    def void(self, author: str, record: str, **said: Any) -> dict[str, Any]:
        """The content of a voiding."""
        self.sequence += 1
        fact = {"kind": "void", "id": str(uuid4()), "record": record, "desk": self.desk}
        more = {"author": author, "reason": "undo", "device": self.given["device"]}
        return {**fact, **more, "sequence": self.sequence, **said}

    def send(self, *envelopes: dict[str, Any]) -> list[dict[str, Any]]:
        """The results of a batch that was answered with 200."""
        answer = self.post("/sync/envelopes", {"envelopes": list(envelopes)})
        assert answer.status_code == 200, answer.data
        results: list[dict[str, Any]] = answer.get_json()["results"]
        return results

    def result(self, content: dict[str, Any]) -> str:
        """The result of one record, sealed and sent."""
        return str(self.send(self.seal(content))[0]["result"])

    def contact(self, **said: Any) -> dict[str, Any]:
        """What the server says at a contact."""
        usual = {"waiting": 0, "oldest_at": None, "saved": 0, "version": "t", "persisted": True}
        answer = self.post("/sync/contact", {**usual, **said})
        assert answer.status_code == 200, answer.data
        told: dict[str, Any] = answer.get_json()
        return told


def make_tablet(app: Flask, admin: Principal, desk: DeskRow, name: str = "Tablet 1") -> Tablet:
    """A tablet of a desk, enrolled with its code."""
    with unit_of_work():
        added = devices.add_device(db.session(), admin.account_id, desk, name)
    return enrol(app, added.code, desk.code)


def enrol(app: Flask, code: str, desk: str) -> Tablet:
    """The tablet that a code enrols."""
    answer = in_new_context(app.test_client().post, "/sync/enrol", json={"code": code})
    assert answer.status_code == 200, answer.data
    return Tablet(app, answer.get_json(), desk)


def days_ago(today: date, days: int) -> str:
    """A day so many days before another, as JSON says it."""
    return date.fromordinal(today.toordinal() - days).isoformat()
