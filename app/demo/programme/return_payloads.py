"""What is said with the steps of a return request of the demo, where it does not depend on the request."""

from typing import Any

from app.returns.rules.stages import YES
from app.returns.vocabulary import texts

TICKS = dict.fromkeys(("options_explained", "own_decision", "may_withdraw"), True)
ASSESSED = ("family_assessed", "receiver_confirmed", "child_heard")


def read(language: str) -> dict[str, Any]:
    """The text that was read, and in which language."""
    return {"language": language, "text_version": texts.current()}


def check(free: str) -> dict[str, Any]:
    """Whether they decide freely; they know enough, and no sign was seen."""
    version = texts.current()
    return {"free_choice": free, "informed_decision": YES, "signs": [], "text_version": version}


def interests(decision: str) -> dict[str, Any]:
    """What the child-protection authority decided."""
    assessed = dict.fromkeys(ASSESSED, decision == YES)
    return {"authority": "child_protection_authority", "decision": decision, **assessed}
