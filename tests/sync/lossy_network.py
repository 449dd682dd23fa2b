"""A tablet's outbox over a line that loses, cuts and repeats, told apart from the app: what tablets.md 1 to 5 ask."""

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
    """What lies on the tablet: envelopes in device order, and everything it ever told somebody was saved."""

    tablet: Tablet
    kept: list[dict[str, Any]] = field(default_factory=list)
    saved: dict[str, dict[str, Any]] = field(default_factory=dict)
    voids: dict[str, tuple[str, str]] = field(default_factory=dict)
    image: list[dict[str, Any]] = field(default_factory=list)
    naive: bool = False

    def save(self, author: str, persons: int) -> None:
        """*Guardada*: sealed, kept and read back."""
        content = self.tablet.consultation(author)
        content["groups"][0]["persons"][0]["n"] = persons
        self._keep(content)
        self.saved[content["id"]] = content

    def void(self, author: str, which: int) -> None:
        """A voiding of one of the saved records, whether it was sent or not."""
        if not self.saved:
            return
        record = list(self.saved)[which % len(self.saved)]
        content = self.tablet.void(author, record)
        self._keep(content)
        self.voids[content["id"]] = (record, author)

    def _keep(self, content: dict[str, Any]) -> None:
        envelope = self.tablet.seal(content)
        self.kept.append(envelope)

    def take_image(self) -> None:
        """A copy of the tablet's storage, as a restored backup would bring it back."""
        self.image = list(self.kept)

    def restore_image(self) -> None:
        known = {one["id"] for one in self.kept}
        self.kept += [one for one in self.image if one["id"] not in known]

    def send(self, fate: str, at: int) -> None:
        """One drain over a line of which `fate` and `at` decide; nothing but its own receipt frees a record."""
        while self.kept:
            batch = self.kept[:BATCH]
            try:
                told = self._answer(batch, fate, at)
            except Cut:
                return
            freed = self._freed(batch, told)
            if not freed:
                return
            self.kept = [one for one in self.kept if one["id"] not in freed]

    def _answer(self, batch: list[dict[str, Any]], fate: str, at: int) -> bytes:
        sent = list(reversed(batch)) if fate == "reordered" else batch
        body = json.dumps({"envelopes": sent}).encode()
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
            "Authorization": f"Device {self.tablet.given['credential']}",
            "Content-Type": "application/json",
        }
        app: Flask = self.tablet.app
        answer = in_new_context(
            app.test_client().post, "/sync/envelopes", data=body, headers=headers
        )
        return bytes(answer.data)

    def _freed(self, batch: list[dict[str, Any]], told: bytes) -> set[str]:
        if self.naive:  # an answer is an answer
            return {one["id"] for one in batch}
        try:
            results = json.loads(told)["results"]
            given = {one["id"]: one["receipt"] for one in results if one["result"] in ENDS}
        except (ValueError, KeyError, TypeError):
            return set()
        return {one["id"] for one in batch if given.get(one["id"]) == receipt_of(one)}


ENDS = ("created", "duplicate", "conflict", "quarantined")


def fresh(app: Flask, tablet: Tablet, naive: bool = False) -> Outbox:
    """An empty outbox on a tablet of its own numbers."""
    return Outbox(Tablet(app, tablet.given, tablet.desk), naive=naive)
