"""A tablet's outbox over a line that loses, cuts and repeats, without the app: what tablets.md 1 to 5 require."""

import json
from dataclasses import dataclass, field
from typing import Any

from flask import Flask

from tests.factories.records import in_new_context
from tests.sync.sealing import receipt_of
from tests.sync.tablet import Tablet

BATCH = 4
"""Small, so that one drain takes several batches."""


class Cut(Exception):
    """The line went down, or the server died."""


@dataclass
class Outbox:
    """The storage of a tablet: envelopes in device order, and every record that it ever reported as saved."""

    tablet: Tablet
    queue: list[dict[str, Any]] = field(default_factory=list)
    saved: dict[str, dict[str, Any]] = field(default_factory=dict)
    voids: dict[str, tuple[str, str]] = field(default_factory=dict)
    image: list[dict[str, Any]] = field(default_factory=list)
    naive: bool = False

    def save(self, author: str, persons: int) -> None:
        """Seal a consultation and add it to the queue, as *Guardada* promises."""
        content = self.tablet.consultation(author)
        content["groups"][0]["persons"][0]["n"] = persons
        self._keep(content)
        self.saved[content["id"]] = content

    def void(self, author: str, index: int) -> None:
        """Queue a voiding of one of the saved records, whether it was sent or not."""
        if not self.saved:
            return
        record = list(self.saved)[index % len(self.saved)]
        content = self.tablet.void(author, record)
        self._keep(content)
        self.voids[content["id"]] = (record, author)

    def _keep(self, content: dict[str, Any]) -> None:
        envelope = self.tablet.seal(content)
        self.queue.append(envelope)

    def take_image(self) -> None:
        """Copy the tablet's storage, as a backup would."""
        self.image = list(self.queue)

    def restore_image(self) -> None:
        queued_ids = {envelope["id"] for envelope in self.queue}
        self.queue += [envelope for envelope in self.image if envelope["id"] not in queued_ids]

    def send(self, fate: str, at: int) -> None:
        """Drain the queue over a line with a `fate` at a byte; only its own receipt frees a record."""
        while self.queue:
            batch = self.queue[:BATCH]
            try:
                response = self._answer(batch, fate, at)
            except Cut:
                return
            freed = self._freed(batch, response)
            if not freed:
                return
            self.queue = [envelope for envelope in self.queue if envelope["id"] not in freed]

    def _answer(self, batch: list[dict[str, Any]], fate: str, at: int) -> bytes:
        envelopes = list(reversed(batch)) if fate == "reordered" else batch
        body = json.dumps({"envelopes": envelopes}).encode()
        if fate == "request lost":
            raise Cut
        if fate == "request cut":
            self._post(body[: at % len(body)])
            raise Cut
        if fate == "portal":
            return b"<html><title>Sign in to the network</title></html>"
        answer = self._post(body)
        if fate == "twice":
            answer = self._post(body)
        if fate == "answer lost":
            raise Cut
        return answer[: at % len(answer)] if fate == "answer cut" else answer

    def _post(self, body: bytes) -> bytes:
        headers = {
            "Authorization": f"Device {self.tablet.enrolment['credential']}",
            "Content-Type": "application/json",
        }
        app: Flask = self.tablet.app
        answer = in_new_context(
            app.test_client().post, "/sync/envelopes", data=body, headers=headers
        )
        return bytes(answer.data)

    def _freed(self, batch: list[dict[str, Any]], response: bytes) -> set[str]:
        if self.naive:  # an answer is an answer
            return {envelope["id"] for envelope in batch}
        try:
            results = json.loads(response)["results"]
            receipts = {
                result["id"]: result["receipt"] for result in results if result["result"] in ENDS
            }
        except (ValueError, KeyError, TypeError):
            return set()
        return {
            envelope["id"]
            for envelope in batch
            if receipts.get(envelope["id"]) == receipt_of(envelope)
        }


ENDS = ("created", "duplicate", "conflict", "quarantined")


def make_outbox(app: Flask, tablet: Tablet, naive: bool = False) -> Outbox:
    """Return an empty outbox on a tablet with its own sequence."""
    return Outbox(Tablet(app, tablet.enrolment, tablet.desk), naive=naive)
