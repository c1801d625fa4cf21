"""Pasted text: its lines, cleared of what surrounds them, and what kind of text it is."""

from __future__ import annotations

import re

from cifar7.imports.graph import Claims, UnreadableError

MOST_CHARACTERS = 1_000_000
MOST_ROWS = 2_000

# What stands before a line in terminals, notebooks, quotations and lists of commands.
PROMPT = re.compile(r"^\s*(?:>>> ?|\.\.\. ?|In \[\d*\]: ?|Out\[\d*\]: ?|> |\$ |# ?)")
OPENING = re.compile(r"^\s*([A-Za-z_]\w*)\($")  # the first line of a printed module: "Net("
CHILD = re.compile(r"^\s*\(([^()\s]+)\): (?:(\d+) x )?([A-Za-z_][\w.]*)\(")
HEADER = re.compile(r"Layer \(type")
PLAIN_ROW = re.compile(r"^\s*\S+-\d+\s+\[.*\]\s+[\d,]+\s*$")
# A table says "Total params"; people write "parameters: 181,984" in many ways, which are left to them.
TOTAL = re.compile(r"^\W*total params\w*\W*?([\d,]+)", re.IGNORECASE)
FIELD = re.compile(r"(?:receptive[ _-]?field|\bRF\b)[^\d\n]{0,24}?(\d{1,4})(?![\d.,x×]*\d)", re.IGNORECASE)


def lines_of(text: str) -> list[str]:
    """Lines without prompts, marks of quotation and colours; the place of a line is its number less one."""
    if len(text) > MOST_CHARACTERS:
        raise UnreadableError(
            f"the text has {len(text):,} characters",
            f"paste the model's own part of it, at most {MOST_CHARACTERS:,} characters",
        )
    plain = re.sub(r"\x1b\[[\d;]*m", "", text).expandtabs(4).replace("\u00a0", " ")
    return [PROMPT.sub("", line, count=1).rstrip() for line in re.split(r"\r\n|\r|\n", plain)]


def print_starts(lines: list[str]) -> list[int]:
    """Places of the lines that open a printed module."""
    starts = []
    for at, line in enumerate(lines[:-1]):
        following = lines[at + 1]
        if OPENING.match(line) and (CHILD.match(following) or re.match(r"^\s*\w+=\S+$", following)):
            starts.append(at)
    return starts


def looks_like(text: str) -> str:
    """ "print" for a text of print(model), "summary" for a table of layers, "" for neither."""
    if len(text) > MOST_CHARACTERS:
        return ""
    lines = lines_of(text)
    if print_starts(lines):
        return "print"
    rows = sum(1 for line in lines if PLAIN_ROW.match(line))
    return "summary" if rows > 1 or any(HEADER.search(line) for line in lines) else ""


def claims_of(lines: list[str]) -> Claims:
    """The totals and receptive field that the text states, the last of each."""
    total, field, field_line = None, None, 0
    for at, line in enumerate(lines):
        if found := TOTAL.match(line):
            total = number(found[1])
        if found := FIELD.search(line):
            field, field_line = int(found[1]), at + 1
    return Claims(total, field, field_line)


def number(text: str) -> int | None:
    """ "220,778" as a whole number; None for what is none, or longer than any count of parameters."""
    digits = text.replace(",", "").strip()
    return int(digits) if digits.isdigit() and digits.isascii() and len(digits) < 16 else None
