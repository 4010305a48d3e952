"""How shells ask for completions: click's protocol, kept silent, and with the words that bash takes apart."""

from __future__ import annotations

import os
import sys
from itertools import pairwise

import click
from click.shell_completion import BashComplete, CompletionItem, add_completion_class, split_arg_string

VARIABLE = "_GITLESS_COMPLETE"
_SEPARATORS = frozenset(":@=")
"""Of readline's ``COMP_WORDBREAKS``, those that references, contexts and ``--option=value`` have in them."""


class WholeWords(BashComplete):
    """Bash splits words at colons, ``@`` and ``=``, and takes only what comes after the last; here they are whole."""

    _kept_by_bash = ""

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words before the current one, and as much of that as was typed."""
        # Joined by line breaks, so that a word that is still empty counts; quoted as they were typed.
        typed_words = os.environ["COMP_WORDS"].split("\n")
        words, position = [_unquoted(word) for word in typed_words], int(os.environ["COMP_CWORD"])
        *complete, last = _joined([*words, ""][: position + 1])
        typed = words[position] if position < len(words) else ""
        kept = last if _is_separator(typed) else last.removesuffix(typed)
        self._kept_by_bash = kept.partition("=")[2] if kept.startswith("-") else kept
        return complete[1:], last

    def format_completion(self, item: CompletionItem) -> str:
        """``type,value``, the value without what stands on the line already."""
        return f"{item.type},{item.value.removeprefix(self._kept_by_bash)}"


def answer(application: click.Group) -> None:
    """Answer the shell that asks, and end the process: threads that still wait for a server must not hold it up."""
    add_completion_class(WholeWords)
    if os.environ[VARIABLE].endswith("_complete"):
        # Credential plug-ins inherit these; whatever they say or ask would end up in the middle of a command line.
        nowhere = os.open(os.devnull, os.O_RDWR)
        os.dup2(nowhere, 0)
        os.dup2(nowhere, 2)
    code = 1
    try:
        application.main(args=[], prog_name="gitless", complete_var=VARIABLE)
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 1
        sys.stdout.flush()
    finally:
        os._exit(code)


def _unquoted(word: str) -> str:
    return (split_arg_string(word) or [""])[0]


def _joined(words: list[str]) -> list[str]:
    """``oci``, ``:``, ``//host/shop``, ``:``, ``1`` are one word: nobody writes separators between blanks."""
    joined = words[:1]
    for before, word in pairwise(words):
        if _is_separator(word) or _is_separator(before):
            joined[-1] += word
        else:
            joined.append(word)
    return joined


def _is_separator(word: str) -> bool:
    return bool(word) and _SEPARATORS.issuperset(word)
