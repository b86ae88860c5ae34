"""The three roles; each may do what those before it may."""

from enum import IntEnum


class Role(IntEnum):
    """What the holder of a token may do."""

    READER = 1
    WRITER = 2
    ADMIN = 3

    @property
    def word(self) -> str:
        """As a person writes it."""
        return self.name.lower()

    @classmethod
    def from_word(cls, word: str) -> "Role":
        """The role of this name."""
        return cls[word.upper()]


WORDS = tuple(role.word for role in Role)
