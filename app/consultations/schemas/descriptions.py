"""The bodies of consultations as they are described: all answers, or a refusal to be recorded."""

from pydantic import RootModel

from app.consultations.schemas.bodies import (
    ConsultationBody,
    CorrectionBody,
    TallyBody,
    TallyCorrectionBody,
)


class RecordingBody(RootModel[ConsultationBody | TallyBody]):
    """A new consultation, or a refusal to be recorded: `outcomes` is `["person_declined_record"]` alone."""


class ReplacementBody(RootModel[CorrectionBody | TallyCorrectionBody]):
    """The whole consultation as it should be, or a refusal to be recorded."""
