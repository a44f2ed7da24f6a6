"""Parses prompts that vary (words in braces, wildcards, slots, variables) into a tree.

    {red|blue} car        one of them; {2::red|blue} makes red twice as likely
    {2$$ and $$a|b|c}     two of them, joined by " and "; {1-2$$...} one or two
    __mood__              a line of the wildcard file mood.txt; __*/mood__ of all that fit
    [[light]]             the slot "light": the same value everywhere in the prompt
    ${x={a|b}} ${x}       a variable, drawn anew at each use; ${x=!{a|b}} is drawn once; ${x:else} has a default

A sign before the options says how they are drawn: {~a|b} at random without making more variants, {@a|b} in turn,
{!a|b} each. Everything that the WebUI understands itself (attention, editing, BREAK, LoRA tags, embeddings) is text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from .template import (
    DEEPEST,
    SEPARATOR,
    Assign,
    Body,
    Choice,
    Option,
    Part,
    Sampler,
    SlotUse,
    Template,
    Trouble,
    Use,
    Wildcard,
    joined,
    merged,
    written,
)

_SAMPLERS: dict[str, Sampler] = {"": "", "~": "~", "@": "@", "!": "!"}
# Longer arguments of a wildcard are a sentence in brackets that nobody meant so.
_ARGUMENTS = 1000
_NEVER_CLOSED = (
    "This { is never closed in its prompt. Write } behind the last choice, or \\{ for the sign. A blank line ends the "
    "prompt, inside braces, too."
)
# A text with more mistakes than this is no prompt, and nobody reads them all.
_TROUBLES = 500

_WILDCARD = re.compile(r"__([~@!]?)([^\s_{}|<>\[\]()$:,\"'](?:(?!__)[^{}|<>\[\]()$:,\"'\n])*?)(__|(?=\())")
# Files are called so, too: hawks,_and_kites or it's. A comma with a blank behind it parts words of a prompt.
_ODD_NAME = re.compile(r"__([~@!]?)([^\s_{}|<>()$,:](?:(?!__|[,:]\s)[^{}|<>()$\n]){0,200}?)(?<!\s)(__)")
_LONG_UNDERSCORES = re.compile(r"_{3,8}([^\s_{}|<>\[\]()$:,\"'](?:(?!__)[^{}|<>\[\]()$:,\"'\n])*?)_{3,8}")
_VARYING_NAME = re.compile(r"__[~@!]?(?!\s)[\w/*?. -]{0,80}?(?:\$?\{[^{}\n]{0,200}\}[\w/*?. -]{0,80}?){1,5}(?<!\s)__")
_TIMES = re.compile(r"\d+#$")
_NAME_SIGN = re.compile(r"[\w.-]")
_SLOT = re.compile(r"\[\[([^\[\]{}|<>\n]{1,240})\]\]")
# Looks like a slot with its values. Attention syntax has no such form.
_INLINE_SLOT = re.compile(r"\[\[\s*([\w-]+)\s*[:=]([^\[\]{}<>\n]*\|[^\[\]{}<>\n]*)\]\]")
_PLAIN_NAME = re.compile(r"[\w-]+")
_TAG = re.compile(r"<\w+:")
# A backslash may part folders in it, but not where it escapes a sign.
EMBEDDING = r"embedding:(?:[^\s,()\[\]{}|:<>\\$]|\$(?!\{)|\\(?![{}|$]))*"
_VARIES_INSIDE = re.compile(r"__[~@!]?[^\s_]")
_EMBEDDING = re.compile(EMBEDDING)
_ASSIGN = re.compile(r"\$\{[ \t]*([\w-]+)[ \t]*(?:(=)[ \t]*(!?)|(:)|(?=\}))")
_BOUNDS = re.compile(r"[ \t]*+(?:(\d{1,18})[ \t]*+(?:(-)[ \t]*+(\d{1,18})?)?|(-)[ \t]*+(\d{1,18}))[ \t]*+\$\$")
_OWN_SEPARATOR = re.compile(r"([^{}$\n]{0,100})\$\$")
_SAMPLER = re.compile(r"[ \t]*([~@!])")
_WEIGHT = re.compile(r"[ \t]*(\d{1,9}(?:\.\d{0,9})?|\.\d{1,9})[ \t]*::")
_NO_WEIGHT = re.compile(r"[ \t]*([^\s:(){}\[\]<>]{1,30})[ \t]*::(?!:)")
_FIXED_SEPARATOR = re.compile(r"__|\[\[")
# A text without any of these is plain: there is nothing in it to parse.
MAY_VARY = re.compile(r"[{}]|__|\[\[|\\[|$_%#:]|\$\$")
_COMMENT = re.compile(r"(?<!\S)#")
_SPECIAL = re.compile(r"[\\{}|\[\]()<$_]|embedding:")
_ROUND = re.compile(r"[()]")


def parse(text: str, *, is_slot: Callable[[str], bool] = lambda _name: False, base: int = 0) -> Template:
    """Parse a text in linear time. Never raises. `base` is added to all places."""
    reader = _Reader(text, is_slot, base, 0)
    body = joined(reader.body(None))
    return Template(body, tuple(sorted(reader.troubles, key=lambda trouble: trouble.at)))


def without_comment(line: str) -> str:
    """A line of a pack or a list without its comment: a # at the start or behind a blank, up to the end. `\\#` is the
    sign itself.
    """
    found = _COMMENT.search(line) if "#" in line else None
    return line if found is None else line[: found.start()].rstrip()


def options_of(
    values: Iterable[str], *, is_slot: Callable[[str], bool] = lambda _name: False
) -> tuple[Choice, tuple[Trouble, ...]]:
    """A choice of these texts, each with its weight in front if it has one, as if they were in braces."""
    options: list[Option] = []
    troubles: list[Trouble] = []
    for value in values:
        match = _WEIGHT.match(value)
        text = value[match.end() :] if match else value
        template = parse(text, is_slot=is_slot)
        troubles += template.troubles
        options.append(Option(float(match[1]) if match else 1.0, template.body, text))
    return Choice(merged(options), "", 0), tuple(troubles)


class _Bars:
    """The `|` of one choice while it is read, without those inside brackets.

    `(a|b)` and `[a|b]` belong to the WebUI; a bracket that is not closed before the choice ends is a plain character.
    """

    def __init__(self, start: int) -> None:
        self.start = start
        self.places: list[int] = []
        self._open: list[tuple[str, int]] = []
        self._counts = {"(": 0, "[": 0}

    def opened(self, bracket: str, place: int) -> None:
        self._open.append((bracket, place))
        self._counts[bracket] += 1

    def closed(self, bracket: str) -> None:
        opener = "(" if bracket == ")" else "["
        if not self._counts[opener]:
            return
        while True:
            found, place = self._open.pop()
            self._counts[found] -= 1
            if found == opener:
                break
        while self.places and self.places[-1] > place:
            self.places.pop()


class _Reader:
    """Reads one text from left to right."""

    def __init__(self, text: str, is_slot: Callable[[str], bool], base: int, depth: int) -> None:
        self.text, self._is_slot, self._base, self._depth = text, is_slot, base, depth
        self._outermost, self._gave_up = depth, False
        self._brackets: dict[int, int] | None = None
        self.troubles: list[Trouble] = []
        self._at = 0
        self._tag_start = self._tag_end = self._name_end = -1
        self._no_tag_ends_after = len(text)

    def body(self, bars: _Bars | None, pieces: list[Part] | None = None) -> list[Part]:
        """The parts up to the } of the enclosing choice, whose `|` `bars` collects, or to the end of the text."""
        parts: list[Part] = [] if pieces is None else pieces
        text = self.text
        while match := _SPECIAL.search(text, self._at):
            at = match.start()
            if at > self._at:
                parts.append(text[self._at : at])
                self._at = at
            if bars is not None and text[at] == "}":
                return parts
            self._special(text[at], parts, bars)
        parts.append(text[self._at :])
        self._at = len(text)
        return parts

    def _special(self, sign: str, parts: list[Part], bars: _Bars | None) -> None:
        at = self._at
        if sign == "\\":
            self._escaped(parts)
        elif sign == "{":
            parts.append(self._choice())
        elif sign == "}":
            self._trouble(at, "There is a } without its {. Write \\} for the sign itself.")
            self._take(parts, 1)
        elif sign == "|" and bars is not None and (at >= self._tag_end or bars.start > self._tag_start):
            bars.places.append(len(parts))
            self._take(parts, 1)
        elif sign in "()[]" and self._bracket(sign, parts, bars):
            pass
        elif sign == "<" and at >= self._tag_end:
            self._tag(parts)
        elif sign == "$" and self.text.startswith("${", at):
            self._variable(parts)
        elif sign == "$" and self.text.startswith("$$", at):
            self._trouble(at, "$$ stands where nothing is chosen. Write {2$$a|b} or, for the signs, \\$\\$.")
            self._take(parts, 2)
        elif sign == "_" and self.text.startswith("__", at):
            self._wildcard(parts)
        elif sign == "e" and (embedding := _EMBEDDING.match(self.text, at)):
            self._embedding(embedding, parts)
        else:
            self._take(parts, 1)

    def _take(self, parts: list[Part], count: int) -> None:
        parts.append(self.text[self._at : self._at + count])
        self._at += count

    def _trouble(self, at: int, message: str) -> None:
        if len(self.troubles) < _TROUBLES and not self._gave_up:
            self.troubles.append(Trouble(self._base + at, message))

    def _escaped(self, parts: list[Part]) -> None:
        text, at = self.text, self._at
        after = text[at + 1 : at + 2]
        if after and after in "{}|$%#:":
            parts.append(after)
            self._at = at + 2
        elif text.startswith("__", at + 1):
            parts.append("__")
            self._at = at + 3
        else:
            # The rest is the WebUI's: \( and \) stand for the signs themselves.
            self._take(parts, 2)

    def _bracket(self, sign: str, parts: list[Part], bars: _Bars | None) -> bool:
        if sign == "[" and self.text.startswith("[[", self._at) and self._slot(parts):
            return True
        if bars is not None and self._at >= self._tag_end:
            if sign in "([":
                bars.opened(sign, len(parts))
            else:
                bars.closed(sign)
        self._take(parts, 1)
        return True

    def _slot(self, parts: list[Part]) -> bool:
        match = _SLOT.match(self.text, self._at)
        if match is None:
            if inline := _INLINE_SLOT.match(self.text, self._at):
                name, values = inline[1], " ".join(inline[2].split())
                self._trouble(
                    self._at,
                    f"[[{name}: …]] is no slot and would be sent as it stands. Write {{{values}}} here, or [[{name}]] "
                    f"here and a line of its own [[{name}]]: {values}.",
                )
            return False
        name = match[1].strip()
        if not self._is_slot(name):
            if not _PLAIN_NAME.fullmatch(name):
                return False  # words that the WebUI is to weaken twice
            self._trouble(
                self._at,
                f"[[{name}]] has no values. Write a line [[{name}]]: first | second in the pack or give it values in "
                f"the randomizer; to weaken the word, write ({name}:0.8).",
            )
        parts.append(SlotUse(name, self._base + self._at))
        self._at = match.end()
        return True

    def _tag(self, parts: list[Part]) -> None:
        """Take a LoRA or another tag of the WebUI: underscores in it are part of a name."""
        at = self._at
        if _TAG.match(self.text, at) and at < self._no_tag_ends_after:
            closed = self.text.find(">", at)
            if closed < 0:
                self._no_tag_ends_after = at
            else:
                self._tag_start, self._tag_end = at, closed
        self._take(parts, 1)

    def _embedding(self, found: re.Match[str], parts: list[Part]) -> None:
        """Take the name of an embedding as text, up to what varies in it."""
        inner = _VARIES_INSIDE.search(self.text, found.start(), found.end())
        self._take(parts, (found.end() if inner is None else inner.start()) - found.start())
        self._name_end = found.end()

    # ---- constructs with parts of their own

    def _inner(self, bars: _Bars, pieces: list[Part]) -> bool:
        """Read up to and including the }. False when the text ends before."""
        self._depth += 1
        if self._depth > DEEPEST:
            self._trouble(self._at, f"This is nested more than {DEEPEST} deep. Use a wildcard file for a part of it.")
            self._gave_up = True  # or everything around it would be said never to end
            self._at = len(self.text)
        else:
            self.body(bars, pieces)
        self._depth -= 1
        if self._at < len(self.text):
            self._at += 1
            return True
        return False

    def _choice(self) -> Part:
        start = self._at
        self._at += 1
        if self.text.startswith("%", self._at):
            self._trouble(start, "{% … %} belongs to Jinja templates, which are not read. Write {a|b} or __name__.")
        elif self.text[start - 1 : start] == "%" and self.text[start - 2 : start - 1] != "\\":
            self._trouble(start - 1, "%{…} (wrap) is not read. For a percent sign before a choice write \\%{a|b}.")
        sampler = self._sampler()
        least, most, separator = self._bounds()
        bars = _Bars(start)
        pieces: list[Part] = []
        starts = self._at
        if not self._inner(bars, pieces):
            if self._depth == self._outermost:
                self._trouble(start, _NEVER_CLOSED)
            return self.text[start:]
        options = self._options(pieces, bars.places, starts)
        if not options:
            return ""
        source = self.text[start : self._at]
        if 0 <= most < least:
            self._trouble(start, f"{least} to {most} cannot be chosen: the smaller number comes first.")
            least = most
        elif most < 0 and len(options) > 1:
            most = len(options)
            least = min(least, most)
        return Choice(options, source, self._base + start, least, most, separator, sampler)

    def _sampler(self) -> Sampler:
        found = _SAMPLER.match(self.text, self._at)
        if found is None:
            return ""
        self._at = found.end()
        return _SAMPLERS[found[1]]

    def _bounds(self) -> tuple[int, int, str]:
        """Least and most (−1 = all there are) of a choice, and its separator."""
        match = _BOUNDS.match(self.text, self._at)
        if match is None:
            return 1, 1, SEPARATOR
        self._at = match.end()
        if match[4]:
            least, most = 1, int(match[5])
        else:
            least = int(match[1])
            most = int(match[3]) if match[3] else -1 if match[2] else least
        own = _OWN_SEPARATOR.match(self.text, self._at)
        if own is None:
            return least, most, SEPARATOR
        if _FIXED_SEPARATOR.search(own[1]):
            self._trouble(self._at, "What stands between several choices cannot vary. Write it as plain words.")
        self._at = own.end()
        return least, most, own[1]

    def _options(self, pieces: list[Part], bars: list[int], start: int) -> tuple[Option, ...]:
        options: list[Option] = []
        ends = [*bars, len(pieces)]
        begin = 0
        for end in ends:
            first = pieces[begin] if begin < end else ""
            if (
                isinstance(first, str)
                and "::" in first
                and (odd := _NO_WEIGHT.match(first))
                and not _WEIGHT.match(first)
            ):
                self._trouble(
                    start, f"“{odd[1]}::” is no weight. Write a number, 2::, or \\:: for the signs themselves."
                )
            options.append(_option(pieces[begin:end]))
            begin = end + 1
        if len(options) > 1 and all(option.weight == 0 for option in options):
            self._trouble(start, "All weights here are 0, so nothing can be chosen.")
            return ()
        return merged(options)

    def _wildcard(self, parts: list[Part]) -> None:
        start = self._at
        in_tag = start < self._tag_end
        match = _WILDCARD.match(self.text, start)
        if match is None and not in_tag:
            match = _ODD_NAME.match(self.text, start)
        if match is not None and ((in_tag and match.end() > self._tag_end) or self._in_name(start, match.end())):
            match = None
        end = match.end() if match is not None else start
        arguments: tuple[Assign, ...] = ()
        if match is not None and not match[3]:
            closed = self._bracket_end(end)
            if closed > 0:
                arguments = self._arguments(self.text[end + 1 : closed], end + 1)
            end = closed + 3
        if match is None or end <= start + 2:
            # Only two underscores, or a bracket that means something else.
            self._no_wildcard(start, parts)
            return
        if _TIMES.search(self.text, max(0, start - 9), start):
            self._trouble(start, "A number and # before a wildcard are not read. Write {2$$__name__} for two lines.")
        self._at = end
        source = self.text[start:end]
        parts.append(Wildcard(match[2].strip(), source, self._base + start, _SAMPLERS[match[1]], arguments))

    def _no_wildcard(self, start: int, parts: list[Part]) -> None:
        """Take underscores that are no wildcard, and say so when they look like one."""
        if start >= self._tag_end and _VARYING_NAME.match(self.text, start):
            self._trouble(start, "The name of a wildcard cannot vary. Write {__one__|__other__} instead.")
        elif start >= self._tag_end and (long := _LONG_UNDERSCORES.match(self.text, start)):
            self._trouble(start, f"Write two underscores on each side: __{long[1]}__. For the signs write \\__.")
        self._take(parts, 2)

    def _in_name(self, start: int, end: int) -> bool:
        """Whether this is a part of the name in a tag or of an embedding: their files are called a__b__c, too."""
        if start >= self._tag_end and start >= self._name_end:
            return False
        before, after = self.text[start - 1 : start], self.text[end : end + 1]
        return bool(_NAME_SIGN.match(before) or _NAME_SIGN.match(after))

    def _bracket_end(self, start: int) -> int:
        """The end of the bracket opened at `start` if two underscores follow it, else −1."""
        if self._brackets is None:
            self._brackets, opened = {}, []
            for match in _ROUND.finditer(self.text):
                if match[0] == "(":
                    opened.append(match.start())
                elif opened:
                    self._brackets[opened.pop()] = match.start()
        end = self._brackets.get(start, -1)
        return end if end - start <= _ARGUMENTS and self.text.startswith("__", end + 1) else -1

    def _arguments(self, inner: str, begin: int) -> tuple[Assign, ...]:
        """`colour=red, size={big|small}`: commas inside braces do not part them."""
        found: list[Assign] = []
        depth = at = 0
        for end, sign in enumerate(f"{inner},"):
            depth += (sign in "{(") - (sign in "})")
            if sign != "," or depth:
                continue
            name, equals, value = inner[at:end].partition("=")
            place = self._base + begin + at
            if equals and _PLAIN_NAME.fullmatch(name.strip()):
                once = value.lstrip().startswith("!")
                text = value.lstrip()[once:].lstrip()
                reader = _Reader(text.rstrip(), self._is_slot, self._base + begin + end - len(text), self._depth)
                found.append(Assign(name.strip(), joined(reader.body(None)), once, place))
                self.troubles += reader.troubles
            elif inner[at:end].strip():
                self._trouble(begin + at, f"Write name=value in the brackets, not {inner[at:end].strip()!r}.")
            at = end + 1
        if depth:
            self._trouble(begin + at, "A { or ( in these brackets is never closed. Write } or ) behind it.")
        return tuple(found)

    def _variable(self, parts: list[Part]) -> None:
        start = self._at
        match = _ASSIGN.match(self.text, start)
        if match is None:
            self._trouble(start, "After ${ comes a name: ${x=…}, ${x} or ${x:default}. Write \\$ for the sign itself.")
            self._take(parts, 2)
            self._skip_to_close()
            return
        self._at = match.end()
        pieces: list[Part] = []
        if not self._inner(_Bars(start), pieces):
            self._trouble(start, f"This ${{{match[1]} is never closed. Write }} behind it.")
            return
        body = joined(pieces)
        if match[2]:
            parts.append(Assign(match[1], body, bool(match[3]), self._base + start))
            return
        if match[4] and self.text.startswith(":", match.end()):
            self._trouble(start, f"${{{match[1]}::…}} is not read: a variable has one colon, ${{{match[1]}:default}}.")
        parts.append(Use(match[1], self._base + start, _trimmed(body) if match[4] else None))

    def _skip_to_close(self) -> None:
        closed = self.text.find("}", self._at)
        self._at = closed + 1 if closed >= 0 else len(self.text)


def _trimmed(body: Body) -> Body:
    """A body without blanks at its ends."""
    if body and isinstance(first := body[0], str):
        body = joined([first.lstrip(), *body[1:]])
    if body and isinstance(last := body[-1], str):
        body = joined([*body[:-1], last.rstrip()])
    return body


def _option(pieces: list[Part]) -> Option:
    if len(pieces) == 1 and isinstance(only := pieces[0], str) and "::" not in only:
        return Option(1.0, (only,), only)  # most are like this
    body = joined(pieces)
    weight = 1.0
    if body and isinstance(body[0], str) and (match := _WEIGHT.match(body[0])):
        weight = float(match[1])
        body = joined([body[0][match.end() :], *body[1:]])
    return Option(weight, body, written(body))
