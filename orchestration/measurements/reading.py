"""Reading a JSON file of elements block by block: it may be larger than memory, and hold anything."""

import codecs
import json
import re
from collections.abc import Iterator
from json import JSONDecodeError, JSONDecoder
from typing import BinaryIO, NamedTuple

from orchestration.measurements.errors import UnreadableElementError

BLOCK_BYTES = 1 << 18  # 1,500 elements of 30 values; a larger block reads no faster
LONGEST_ELEMENT = 1 << 28  # characters: memory is bounded, whatever the file holds
_CUT = 12  # a word that a block cuts off, such as \ud83d\ude00, is at most so long

_SPACE = re.compile(r"[ \t\n\r]*")
_OPENING = re.compile(r"[ \t\n\r]*\{")
_KEY = re.compile(r'[ \t\n\r]*("(?:[^"\\\x00-\x1f]|\\.)*")[ \t\n\r]*:[ \t\n\r]*')
_KEY_BEGUN = re.compile(r'[ \t\n\r]*("(?:[^"\\\x00-\x1f]|\\.)*("[ \t\n\r]*)?)?')
_NEXT = re.compile(r"[ \t\n\r]*([,}])")
_CLOSING = re.compile(r"[ \t\n\r]*\}")
_MARK = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},]', re.DOTALL)


class ReadElement(NamedTuple):
    """An element as the file holds it: its key in the object, and its JSON value or why that cannot be read."""

    key: str
    value: object


class ElementsFileError(Exception):
    """A file is no JSON object of elements, or stops being one; what came before was given."""


class _Cut(Exception):  # noqa: N818 - no error: there is more to read
    """The text read so far ends within a member."""


def read_blocks(stream: BinaryIO) -> Iterator[list[ReadElement]]:
    """The members of the JSON object that ``stream`` holds, about ``BLOCK_BYTES`` of them at a time.

    UTF-8, with or without a byte order mark. Of a field that an element names twice the last counts, as everywhere in
    Python; two members with the same key are two elements. An element that is nested deeper than Python's parser goes,
    or holds NaN, Infinity or an integer of more than 4,300 digits, is given as the error that it is.

    Raises:
        ElementsFileError: after all blocks that could be read: the file is not JSON, no object, cut off, or an element
            is longer than ``LONGEST_ELEMENT``.
    """
    text = _Text(stream)
    try:
        text.expect(_OPENING, "it must be a JSON object of elements")
        if text.closes():
            text.expect_end()
            return
        closed = False
        while not closed:
            block, closed = text.members()
            yield block
        text.expect_end()
    except UnicodeDecodeError as error:
        raise ElementsFileError(f"it is not UTF-8 text ({error.reason})") from None


class _Text:
    """The text of a stream as far as it was read, without what was taken from it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._scan = JSONDecoder(parse_constant=_refuse_constant).raw_decode
        self._text = ""
        self._at = 0
        self._taken = 0  # characters before self._text
        self._ended = False

    def expect(self, what: re.Pattern[str], otherwise: str) -> None:
        """Go past ``what``; raise where something else stands there."""
        while (found := what.match(self._text, self._at)) is None:
            rest = _SPACE.match(self._text, self._at)
            if self._ended or (rest and rest.end() < len(self._text)):
                raise ElementsFileError(otherwise)
            self._more()
        self._at = found.end()

    def closes(self) -> bool:
        """Whether an object that holds nothing ends here; then go past its end."""
        self._past_space()
        found = _CLOSING.match(self._text, self._at)
        if found:
            self._at = found.end()
        return found is not None

    def expect_end(self) -> None:
        """Nothing but white space may follow."""
        self._past_space()
        if self._at < len(self._text):
            raise self._broken("something follows the end of the object")

    def members(self) -> tuple[list[ReadElement], bool]:
        """As many members as the text read so far holds, at least one, and whether the object ends with them.

        Those before something that is not JSON are given; the next call says what is wrong.
        """
        members: list[ReadElement] = []
        while True:
            try:
                element, after, closes = self._member()
            except _Cut:
                if members:
                    return members, False
                self._more()
            except ElementsFileError:
                if members:
                    return members, False
                raise
            else:
                members.append(element)
                self._at = after
                if closes:
                    return members, True

    def _member(self) -> tuple[ReadElement, int, bool]:
        """The next member, where it ends, and whether the object ends as well."""
        text = self._text
        key = _KEY.match(text, self._at)
        if key is None:
            begun = _KEY_BEGUN.match(text, self._at)
            at = begun.end() if begun else self._at
            raise self._cut_or_broken(at, 'the key of an element, such as "1":, is missing')
        try:
            value, end = self._scan(text, key.end())
        except JSONDecodeError as error:
            at = len(text) if error.msg.startswith("Unterminated string") else error.pos
            raise self._cut_or_broken(at, error.msg) from None
        except (RecursionError, ValueError):
            value, end = UnreadableElementError(), self._past_value(key.end())
        following = _NEXT.match(text, end)
        if following is None:
            raise self._cut_or_broken(end, "a comma between elements, or the end of the object, is missing")
        return ReadElement(_decoded(key[1]), value), following.end(), following[1] == "}"

    def _past_value(self, start: int) -> int:
        """Where the value at ``start`` ends, found without reading it."""
        depth = 0
        for mark in _MARK.finditer(self._text, start):
            if depth == 0 and mark[0] in {",", "}"}:
                return mark.start()
            depth += mark[0] in {"[", "{"}
            depth -= mark[0] in {"]", "}"}
        raise self._cut_or_broken(len(self._text), "the last element has no end")

    def _cut_or_broken(self, at: int, message: str) -> Exception:
        """What to raise where ``at`` is not what JSON wants there: more of the file may mend it at the text's end."""
        space = _SPACE.match(self._text, at)
        left = len(self._text) - (space.end() if space else at)
        if self._ended:
            return self._broken(message if left else "the file is cut off", at)
        if left > _CUT:
            return self._broken(message, at)
        if len(self._text) - self._at > LONGEST_ELEMENT:
            return self._broken(f"an element is longer than {LONGEST_ELEMENT:,} characters", self._at)
        return _Cut()

    def _broken(self, message: str, at: int | None = None) -> ElementsFileError:
        where = self._taken + (self._at if at is None else at)
        return ElementsFileError(f"it is not JSON from character {where + 1:,} on: {message}")

    def _past_space(self) -> None:
        while (found := _SPACE.match(self._text, self._at)) and found.end() == len(self._text) and not self._ended:
            self._at = found.end()
            self._more()
        self._at = found.end() if found else self._at

    def _more(self) -> None:
        """Read on: as much again as there is of a long element, so that it is looked at few times."""
        data = self._stream.read(max(BLOCK_BYTES, len(self._text) - self._at))
        self._ended = not data
        self._taken += self._at
        self._text = self._text[self._at :] + self._decoder.decode(data, final=self._ended)
        self._at = 0


def _decoded(key: str) -> str:
    """A key as Python has it; as it stands, where its escapes are none of JSON's."""
    if "\\" not in key:
        return key[1:-1]
    try:
        return str(json.loads(key))
    except JSONDecodeError:
        return key


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON")
