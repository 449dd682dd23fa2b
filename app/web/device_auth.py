"""The enrolled tablet that is asking, by the credential that it sends."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from flask import g, request


@dataclass(frozen=True)
class Device:
    """The enrolled tablet that is asking, and the desk that it belongs to."""

    id: UUID
    desk_id: int


class NotEnrolled(Exception):
    """No enrolled tablet is asking; `why` is `unknown` or `revoked`."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


DeviceLoader = Callable[[str], Device]
_loader: list[DeviceLoader] = []


def set_device_loader(load: DeviceLoader) -> None:
    """Sets what finds the tablet of a credential; it raises NotEnrolled if there is none."""
    _loader[:] = [load]


def device() -> Device:
    """The tablet of this request; raises NotEnrolled where none is asking."""
    if "device" not in g:
        kind, _, credential = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "device" or not _loader:
            raise NotEnrolled("unknown")
        g.device = _loader[0](credential.strip())
    return g.device  # type: ignore[no-any-return]
