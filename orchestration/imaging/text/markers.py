"""View markers: the text that a mammogram may have, since it says nothing about a person."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

_MOST_WORDS = 2  # such as L MLO


@dataclass(frozen=True)
class Markers:
    """The words that view markers are made of; case, blanks and punctuation make no difference."""

    words: tuple[str, ...]

    def allow(self, text: str) -> bool:
        """Whether a text is one of the words, or two of them, as in ``L MLO``, ``RCC`` and ``R-CC``."""
        return self._pattern.fullmatch(letters(text)) is not None

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(f"({_alternatives(map(letters, self.words))}){{1,{_MOST_WORDS}}}")


def letters(text: str) -> str:
    """The letters and digits of a text, in upper case."""
    return "".join(character for character in text.upper() if character.isalnum())


def _alternatives(words: Iterable[str]) -> str:
    """A pattern for one of some words; for none of them where there are none."""
    return "|".join(map(re.escape, sorted(words, key=len, reverse=True))) or r"(?!)"
