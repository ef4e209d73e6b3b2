"""Every error that Pacific Parcels raises on purpose.

    PacificParcelsError            exit code 1
    ├── MemberFileError        10  a member file of ours is wrong: we mend it
    ├── ExtractError           11  an extract of theirs cannot be taken: the member mends it
    ├── Unavailable            12  a source or a lock cannot be had just now: the only one that is retried
    ├── BuildError             13  the models could not be built: a defect of ours
    ├── JudgementError         14  a check could not be carried out: a defect of ours, never a fault in data
    ├── GateClosed             15  the region was judged and refused: the previous publication stands
    └── KeyStoreError          16  a key of tokens is missing, or others can read it: the operator mends it

The form of a message: *member, file, row, column: found; expected; what to do next*. It never holds a
person's name or an item id.
"""

from __future__ import annotations


class PacificParcelsError(Exception):
    exit_code = 1


class MemberFileError(PacificParcelsError):
    exit_code = 10


class ExtractError(PacificParcelsError):
    """Carries the rule that was broken, so that the receipt can name it.

    `details` fill the placeholders of the rule's sentences in both languages.
    """

    exit_code = 11

    def __init__(self, rule_id: str, **details: object) -> None:
        self.rule_id = rule_id
        self.details = {name: str(value) for name, value in details.items()}
        self.others: list[ExtractError] = []
        super().__init__(f"{rule_id}: {self.details}")

    @property
    def faults(self) -> list[ExtractError]:
        """This fault and all that were found with it: a person mends them in one go."""
        return [self, *self.others]


class Unavailable(PacificParcelsError):
    exit_code = 12


class BuildError(PacificParcelsError):
    exit_code = 13


class JudgementError(PacificParcelsError):
    exit_code = 14


class GateClosed(PacificParcelsError):
    exit_code = 15


class KeyStoreError(PacificParcelsError):
    exit_code = 16
