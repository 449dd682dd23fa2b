"""What each action changes: the referral, its offers, and the event; those that change beds are in `bed_handlers`."""

from collections.abc import Callable
from dataclasses import replace

from app import clock
from app.field_errors import FieldError
from app.referrals.actions.action_context import ActionContext, ActionError
from app.referrals.actions.bed_handlers import accept, arrive, end, undo
from app.referrals.rules import states
from app.referrals.vocabulary import ANSWERS, DECLINE_REASONS, QUESTIONS
from app.web.outcomes import Invalid


def _see(context: ActionContext) -> ActionError:
    offer = context.acting_offer
    if offer.state == states.SENT:
        context.update_offer(offer, states.SEEN)
        context.update_referral(state=context.combined_state(states.SEEN))
        context.record_event(states.SEEN)
    return None


def _decline(context: ActionContext) -> ActionError:
    reason = context.input.reason
    if reason not in DECLINE_REASONS:
        return Invalid([FieldError("reason", "unknown_code" if reason else "required")])
    context.update_offer(context.acting_offer, states.DECLINED, reason=reason)
    state, now = context.combined_state(states.DECLINED), clock.now()
    is_last = state == states.DECLINED
    first_answer_at = context.referral.first_answer_at
    context.update_referral(
        state=state,
        first_answer_at=(first_answer_at or now) if is_last else first_answer_at,
        closed_at=now if is_last else None,
    )
    context.record_event(states.DECLINED, reason)
    return None


def _waitlist(context: ActionContext) -> ActionError:
    context.update_offer(context.acting_offer, states.WAITLISTED)
    state = context.combined_state(states.WAITLISTED)
    first_answer_at = context.referral.first_answer_at or clock.now()
    context.update_referral(state=state, first_answer_at=first_answer_at)
    context.record_event(states.WAITLISTED)
    return None


def _request_info(context: ActionContext) -> ActionError:
    questions = context.input.questions
    if not questions or any(code not in QUESTIONS for code in questions):
        return Invalid([FieldError("questions", "unknown_code" if questions else "required")])
    context.update_offer(context.acting_offer, states.INFO_REQUESTED, questions=questions)
    context.update_referral(state=context.combined_state(states.INFO_REQUESTED))
    context.record_event(states.INFO_REQUESTED)
    return None


def _answer_info(context: ActionContext) -> ActionError:
    pending = [offer for offer in context.offers if offer.state == states.INFO_REQUESTED]
    answers = context.input.answers
    errors = _answer_errors(answers, {code for offer in pending for code in offer.questions})
    if errors:
        return Invalid(errors)
    for offer in pending:
        new_answers = {code: answers[code] for code in offer.questions}
        context.update_offer(offer, states.SEEN, answers={**offer.answers, **new_answers})
    answered = [
        replace(offer, state=states.SEEN) if offer in pending else offer for offer in context.offers
    ]
    context.update_referral(state=states.combine_offer_states(offer.state for offer in answered))
    context.record_event(states.SEEN, "answered")
    return None


def _answer_errors(answers: dict[str, str], questions: set[str]) -> list[FieldError]:
    errors = [
        FieldError(f"answers.{code}", "required" if code not in answers else "unknown_code")
        for code in sorted(questions)
        if answers.get(code) not in ANSWERS
    ]
    unknown = set(answers) - questions
    return errors + [FieldError(f"answers.{code[:80]}", "unknown_field") for code in unknown]


HANDLERS: dict[str, Callable[[ActionContext], ActionError]] = {
    "seen": _see,
    "accept": accept,
    "undo": undo,
    "decline": _decline,
    "waitlist": _waitlist,
    "request-info": _request_info,
    "answer-info": _answer_info,
    "arrive": arrive,
    "no-show": lambda context: end(context, states.NO_SHOW),
    "complete": lambda context: end(context, states.COMPLETED),
    "cancel": lambda context: end(context, states.CANCELLED),
}
