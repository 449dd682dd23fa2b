"""What every step asks: its heading, the text that is read, its fields; one definition for page, JSON and README."""

from dataclasses import dataclass

from app.codelists.codelist import N_
from app.returns.forms.fields import (
    Choice,
    Field,
    OneDay,
    People,
    Several,
    Spoken,
    TextRead,
    Tick,
)
from app.returns.rules import stages
from app.returns.vocabulary import (
    ANSWERS,
    AUTHORITIES,
    CLOSING_REASONS,
    EXPLAINED,
    GROUNDS,
    SIGNS,
    TRANSPORT_MODES,
)

YES_NO_REFER = ("yes", "no", "refer")
YES_NO_PENDING = ("yes", "no", "pending")
LANGUAGE = Spoken("language", N_("Language in which you spoke"))
TEXT = TextRead("text_version", N_("Version of the text"))


@dataclass(frozen=True)
class StepForm:
    """One step: what the person at the desk does there, its text (a part of texts.PARTS, or none) and fields."""

    heading: str
    text: str
    fields: tuple[Field, ...]


STEPS: dict[str, StepForm] = {
    stages.COUNSELLING: StepForm(
        N_("Explain returning and other options"),
        "counselling",
        (Several("explained", N_("What did you explain?"), EXPLAINED, True), LANGUAGE, TEXT),
    ),
    stages.CONSENT: StepForm(
        N_("Read the consent and record the decision"),
        "consent",
        (
            Tick("options_explained", N_("Options other than returning were explained")),
            Tick("own_decision", N_("It is the person's own decision")),
            Tick(
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
            Choice(
                "free_choice",
                N_("Does the person decide freely, with no pressure and no promise?"),
                ANSWERS,
                YES_NO_REFER,
            ),
            Choice(
                "informed_decision",
                N_("Do they know enough about their options and about the country of return?"),
                ANSWERS,
                YES_NO_REFER,
            ),
            Several("signs", N_("Any sign of these? It stops the way."), SIGNS, False),
            TEXT,
        ),
    ),
    stages.BEST_INTERESTS: StepForm(
        N_("Record what the child-protection authority decided"),
        "",
        (
            Choice("authority", N_("Which authority?"), AUTHORITIES, AUTHORITIES.codes),
            Choice(
                "decision",
                N_("Is returning in the child's best interests?"),
                ANSWERS,
                YES_NO_PENDING,
            ),
            Tick("family_assessed", N_("The family was assessed"), ("decision", "yes")),
            Tick(
                "receiver_confirmed",
                N_("Who receives the child confirmed it in writing to the authority"),
                ("decision", "yes"),
            ),
            Tick("child_heard", N_("The child was heard and agrees"), ("decision", "yes")),
        ),
    ),
    stages.HANDED: StepForm(N_("Hand the reference over"), "", ()),
    stages.APPROVED: StepForm(N_("Record that the programme approved it"), "", ()),
    stages.DOCUMENTS: StepForm(N_("Record that everybody has travel documents"), "", ()),
    stages.FIT: StepForm(
        N_("Record whether everybody is fit to travel"),
        "",
        (Choice("fit", N_("Is everybody fit to travel?"), ANSWERS, YES_NO_PENDING),),
    ),
    stages.ARRANGED: StepForm(
        N_("Record the travel, and that they still want to go"),
        "",
        (
            Choice(
                "transport_mode", N_("How do they travel?"), TRANSPORT_MODES, TRANSPORT_MODES.codes
            ),
            OneDay("travel_on", N_("Planned day of travel")),
            OneDay(
                "reconfirmed_on", N_("They said once more, on the eve, that they want to go: on")
            ),
        ),
    ),
    stages.DEPARTED: StepForm(
        N_("Record the departure"),
        "",
        (
            OneDay("departed_on", N_("Day of departure")),
            People("persons", N_("Who departed?")),
        ),
    ),
    stages.ARRIVED: StepForm(
        N_("Record the arrival"), "", (OneDay("arrived_on", N_("Day of arrival")),)
    ),
    stages.REINTEGRATION: StepForm(N_("Record the referral to reintegration"), "", ()),
    stages.FOLLOW_UP: StepForm(N_("Record the follow-up"), "", ()),
    stages.STOP: StepForm(
        N_("Stop: a sign was seen"), "", (Several("signs", N_("Which sign?"), SIGNS, True),)
    ),
    stages.RESUME: StepForm(
        N_("Decide that it may go on"),
        "",
        (Choice("ground", N_("Why may it go on?"), GROUNDS, GROUNDS.codes),),
    ),
    stages.CLOSE: StepForm(
        N_("Close the request"),
        "",
        (Choice("reason", N_("Why is it closed?"), CLOSING_REASONS, CLOSING_REASONS.codes),),
    ),
    stages.WITHDRAW: StepForm(N_("Withdraw the request"), "", ()),
}
"""Every step and turn by its code, in the order of the way."""
