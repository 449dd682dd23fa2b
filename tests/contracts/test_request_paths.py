"""A request enters few files and functions of the app: what a newcomer opens to follow it from its view to the row."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from tests.contracts.names import ROOT
from tests.factories.records import consultation_json
from tests.factories.shelters import make_shelter, referral_json
from tests.factories.two_country_world import TwoCountryWorld
from tests.sync.tablet import make_tablet

APP = f"{ROOT / 'app'}/"
CEILINGS = {
    "consultations.record": (38, 127),
    "cases.send_referral": (47, 130),
    "counts.figures": (35, 177),
    "sync.envelopes": (50, 174),
    "cases.today": (36, 118),
}
"""Files and functions of `app/` that a view enters, its permission and its commit included; lower them, never raise."""
Entered = set[tuple[str, str]]


def _watch(view: Callable[..., Any], entered: Entered) -> Callable[..., Any]:
    """Return a view that adds the files and functions of the app that it enters."""

    def note(frame: FrameType, event: str, _argument: object) -> None:
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(APP) and code.co_name[0] != "<":
            entered.add((code.co_filename.removeprefix(APP), code.co_qualname))

    def watched(**arguments: Any) -> Any:
        entered.clear()
        sys.setprofile(note)
        try:
            return view(**arguments)
        finally:
            sys.setprofile(None)

    return watched


def _requests(world: TwoCountryWorld) -> dict[str, Callable[[], Any]]:
    """Return the requests by view; each of them succeeds as often as it is made."""
    make_shelter(beds={"women": 30})
    ana, susana = world["ana"], world["susana"]
    tablet = make_tablet(world.app, world.accounts["adela"], world.desks["HND-01"])
    return {
        "consultations.record": lambda: ana.post("/consultations", consultation_json()),
        "cases.send_referral": lambda: ana.post("/referrals", referral_json()),
        "counts.figures": lambda: susana.get("/counts?country=HND"),
        "sync.envelopes": lambda: tablet.send(tablet.seal(tablet.consultation("ana"))),
        "cases.today": lambda: ana.get("/today"),
    }


@pytest.mark.parametrize("name", CEILINGS)
def test_a_view_enters_no_more_than_its_ceiling(world: TwoCountryWorld, name: str) -> None:
    request, entered = _requests(world)[name], Entered()
    request()  # what is loaded and kept once is not entered again
    world.app.view_functions[name] = _watch(world.app.view_functions[name], entered)
    answer = request()
    assert isinstance(answer, list) or answer.status_code in (200, 201)
    files, functions = {path for path, _ in entered}, len(entered)
    assert files
    assert len(files) <= CEILINGS[name][0] and functions <= CEILINGS[name][1]
