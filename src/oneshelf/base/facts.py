"""The shape of a fact. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened. Past tense; once written it is never changed or deleted.

    Carries ids, zones and amounts; never a name, an address, a mail or a phone number.
    """

    def subject(self) -> str:
        """Return what the fact is about: facts of one subject are handled in their order."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it is about")
