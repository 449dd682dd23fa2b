"""Authentication of enrolled tablets by the credential in the Authorization header."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from flask import g, request


@dataclass(frozen=True)
class EnrolledDevice:
    """The enrolled tablet that sent the request, and its desk."""

    id: UUID
    desk_id: int


class NotEnrolled(Exception):
    """No enrolled tablet sent the request; the reason is `unknown` or `revoked`."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.reason = why


DeviceLoader = Callable[[str], EnrolledDevice]
_loader: list[DeviceLoader] = []


def set_device_loader(load: DeviceLoader) -> None:
    """Set the function that returns the tablet of a credential, or raises NotEnrolled."""
    _loader[:] = [load]


def current_device() -> EnrolledDevice:
    """Return the tablet of this request; raises NotEnrolled if an enrolled tablet did not send it."""
    if "device" not in g:
        kind, _, credential = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "device" or not _loader:
            raise NotEnrolled("unknown")
        g.device = _loader[0](credential.strip())
    return g.device  # type: ignore[no-any-return]
