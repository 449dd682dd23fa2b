"""What each act changes: the referral, its offers, and the entry it leaves; those that move places are in `placing`."""

from collections.abc import Callable
from dataclasses import replace

from app import clock
from app.field_errors import Problem
from app.referrals.actions.placing import accept, arrive, end, undo
from app.referrals.actions.turn import Turn, Wrong
from app.referrals.rules import states
from app.referrals.vocabulary import ANSWERS, DECLINE_REASONS, QUESTIONS


def _see(turn: Turn) -> Wrong:
    own = turn.mine
    if own.state == states.SENT:
        turn.change_offer(own, states.SEEN)
        turn.change(state=turn.together(states.SEEN))
        turn.leave(states.SEEN)
    return None


def _decline(turn: Turn) -> Wrong:
    reason = turn.said.reason
    if reason not in DECLINE_REASONS:
        return [Problem("reason", "unknown_code" if reason else "required")]
    turn.change_offer(turn.mine, states.DECLINED, reason=reason)
    state, now = turn.together(states.DECLINED), clock.now()
    over = state == states.DECLINED
    first = turn.referral.first_answer_at
    turn.change(
        state=state,
        first_answer_at=(first or now) if over else first,
        closed_at=now if over else None,
    )
    turn.leave(states.DECLINED, reason)
    return None


def _waitlist(turn: Turn) -> Wrong:
    turn.change_offer(turn.mine, states.WAITLISTED)
    first = turn.referral.first_answer_at or clock.now()
    turn.change(state=turn.together(states.WAITLISTED), first_answer_at=first)
    turn.leave(states.WAITLISTED)
    return None


def _request_info(turn: Turn) -> Wrong:
    asked = turn.said.questions
    if not asked or any(code not in QUESTIONS for code in asked):
        return [Problem("questions", "unknown_code" if asked else "required")]
    turn.change_offer(turn.mine, states.INFO_REQUESTED, questions=asked)
    turn.change(state=turn.together(states.INFO_REQUESTED))
    turn.leave(states.INFO_REQUESTED)
    return None


def _answer_info(turn: Turn) -> Wrong:
    asking = [one for one in turn.offers if one.state == states.INFO_REQUESTED]
    said, wanted = turn.said.answers, {code for one in asking for code in one.questions}
    problems = [
        Problem(f"answers.{code}", "required" if code not in said else "unknown_code")
        for code in sorted(wanted)
        if said.get(code) not in ANSWERS
    ]
    problems += [Problem(f"answers.{code[:80]}", "unknown_field") for code in set(said) - wanted]
    if problems:
        return problems
    for one in asking:
        own = {code: said[code] for code in one.questions}
        turn.change_offer(one, states.SEEN, answers={**one.answers, **own})
    answered = [replace(one, state=states.SEEN) if one in asking else one for one in turn.offers]
    turn.change(state=states.state_of_offers(one.state for one in answered))
    turn.leave(states.SEEN, "answered")
    return None


DOING: dict[str, Callable[[Turn], Wrong]] = {
    "seen": _see,
    "accept": accept,
    "undo": undo,
    "decline": _decline,
    "waitlist": _waitlist,
    "request-info": _request_info,
    "answer-info": _answer_info,
    "arrive": arrive,
    "no-show": lambda turn: end(turn, states.NO_SHOW),
    "complete": lambda turn: end(turn, states.COMPLETED),
    "cancel": lambda turn: end(turn, states.CANCELLED),
}
