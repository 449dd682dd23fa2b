"""Payloads of the steps of a return request of the demo that do not depend on the request."""

from app.json_object import JsonObject
from app.returns.rules.stages import YES
from app.returns.vocabulary import texts

TICKS = dict.fromkeys(("options_explained", "own_decision", "may_withdraw"), True)
ASSESSED = ("family_assessed", "receiver_confirmed", "child_heard")


def text_version(language: str) -> JsonObject:
    """Return the language and version of the text that was read to the people."""
    return {"language": language, "text_version": texts.current()}


def free_choice(answer: str) -> JsonObject:
    """Return a check with this answer on free choice; the decision is informed and there are no warning signs."""
    version = texts.current()
    return {"free_choice": answer, "informed_decision": YES, "signs": [], "text_version": version}


def best_interests(decision: str) -> JsonObject:
    """Return the decision of the child-protection authority."""
    assessed = dict.fromkeys(ASSESSED, decision == YES)
    return {"authority": "child_protection_authority", "decision": decision, **assessed}
