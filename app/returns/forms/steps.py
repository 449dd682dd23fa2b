"""The form of every step: heading, text to read aloud, and the fields of its page; `schemas` reads them."""

from dataclasses import dataclass

from app.codelists.codelist import N_
from app.returns.forms.fields import (
    ChoiceField,
    DayField,
    LanguageField,
    MultiChoiceField,
    PersonsField,
    StepField,
    TextVersionField,
    TickField,
)
from app.returns.rules import stages
from app.returns.schemas.bodies import YES_NO_PENDING, YES_NO_REFER
from app.returns.vocabulary import (
    ANSWERS,
    AUTHORITIES,
    CLOSING_REASONS,
    EXPLAINED_TOPICS,
    RESUME_GROUNDS,
    TRANSPORT_MODES,
    WARNING_SIGNS,
)

LANGUAGE = LanguageField("language", N_("Language in which you spoke"))
TEXT = TextVersionField("text_version", N_("Version of the text"))


@dataclass(frozen=True)
class StepForm:
    """One step: its heading, its text (a part of texts.TEXT_PARTS, or empty) and its fields."""

    heading: str
    text_part: str
    fields: tuple[StepField, ...]


STEP_FORMS: dict[str, StepForm] = {
    stages.COUNSELLING: StepForm(
        N_("Explain returning and other options"),
        "counselling",
        (
            MultiChoiceField("explained", N_("What did you explain?"), EXPLAINED_TOPICS),
            LANGUAGE,
            TEXT,
        ),
    ),
    stages.CONSENT: StepForm(
        N_("Read the consent and record the decision"),
        "consent",
        (
            TickField("options_explained", N_("Options other than returning were explained")),
            TickField("own_decision", N_("It is the person's own decision")),
            TickField(
                "may_withdraw", N_("They know that they may withdraw at any time before departure")
            ),
            LANGUAGE,
            TEXT,
        ),
    ),
    stages.CHECK: StepForm(
        N_("Check that they decide freely and know enough"),
        "check",
        (
            ChoiceField(
                "free_choice",
                N_("Does the person decide freely, with no pressure and no promise?"),
                ANSWERS,
                YES_NO_REFER,
            ),
            ChoiceField(
                "informed_decision",
                N_("Do they know enough about their options and about the country of return?"),
                ANSWERS,
                YES_NO_REFER,
            ),
            MultiChoiceField(
                "signs",
                N_("Any of these warning signs? It stops the request."),
                WARNING_SIGNS,
            ),
            TEXT,
        ),
    ),
    stages.BEST_INTERESTS: StepForm(
        N_("Record what the child-protection authority decided"),
        "",
        (
            ChoiceField("authority", N_("Which authority?"), AUTHORITIES, AUTHORITIES.codes),
            ChoiceField(
                "decision",
                N_("Is returning in the child's best interests?"),
                ANSWERS,
                YES_NO_PENDING,
            ),
            TickField("family_assessed", N_("The family was assessed")),
            TickField(
                "receiver_confirmed",
                N_("The person who receives the child confirmed it in writing to the authority"),
            ),
            TickField("child_heard", N_("The child was heard and agrees")),
        ),
    ),
    stages.HANDED_OVER: StepForm(N_("Hand the reference over"), "", ()),
    stages.APPROVED: StepForm(N_("Record that the programme approved it"), "", ()),
    stages.DOCUMENTS: StepForm(N_("Record that everybody has travel documents"), "", ()),
    stages.FIT_TO_TRAVEL: StepForm(
        N_("Record whether everybody is fit to travel"),
        "",
        (ChoiceField("fit", N_("Is everybody fit to travel?"), ANSWERS, YES_NO_PENDING),),
    ),
    stages.TRAVEL_ARRANGED: StepForm(
        N_("Record the travel, and that they still want to go"),
        "",
        (
            ChoiceField(
                "transport_mode", N_("How do they travel?"), TRANSPORT_MODES, TRANSPORT_MODES.codes
            ),
            DayField("travel_on", N_("Planned day of travel")),
            DayField(
                "reconfirmed_on",
                N_("They confirmed again, the day before, that they want to go: on"),
            ),
        ),
    ),
    stages.DEPARTED: StepForm(
        N_("Record the departure"),
        "",
        (
            DayField("departed_on", N_("Day of departure")),
            PersonsField("persons", N_("Who departed?")),
        ),
    ),
    stages.ARRIVED: StepForm(
        N_("Record the arrival"), "", (DayField("arrived_on", N_("Day of arrival")),)
    ),
    stages.REINTEGRATION: StepForm(N_("Record the referral to reintegration"), "", ()),
    stages.FOLLOW_UP: StepForm(N_("Record the follow-up"), "", ()),
    stages.STOP: StepForm(
        N_("Stop: a warning sign was seen"),
        "",
        (MultiChoiceField("signs", N_("Which warning sign?"), WARNING_SIGNS),),
    ),
    stages.RESUME: StepForm(
        N_("Decide that it may continue"),
        "",
        (ChoiceField("ground", N_("Why may it continue?"), RESUME_GROUNDS, RESUME_GROUNDS.codes),),
    ),
    stages.CLOSE: StepForm(
        N_("Close the request"),
        "",
        (ChoiceField("reason", N_("Why is it closed?"), CLOSING_REASONS, CLOSING_REASONS.codes),),
    ),
    stages.WITHDRAW: StepForm(N_("Withdraw the request"), "", ()),
}
"""The form of every stage and other action by its code, in workflow order."""
