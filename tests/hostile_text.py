"""Text that means harm, as titles, outlets, targets and excerpts may bring it; every channel is shown all of it."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from datetime import UTC, date, datetime

import msgspec

from alerts.excerpt import Excerpt
from alerts.fall_facts import FallFacts, OutletMove, TopicMove
from alerts.incident import ChangeKind
from alerts.message import Message
from classify.stance import Stance
from tests.told import fall

HOSTILE: Mapping[str, str] = {
    "script": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "closing": "</pre></body></html>]]>--><b>free</b>",
    "entity": '<!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]>&y;&lt;!here&gt;',
    "channel": "@channel @here @everyone @all @room <!channel> <!here|x> <!everyone> !here>",
    "mention": "<@U024BE7LH> <@&123456789012345678> <#C024BE7LR> <!subteam^SAZ94GDB8> <at>Ada Example</at>",
    "markdown": "**bold** _soft_ ~~gone~~ `code` [a bank](https://evil.example/login) ![x](https://evil.example/p.png)",
    "reference": "[see][1]\n\n[1]: https://evil.example/login",
    "heading": "# Large\n> said\n---\n* item",
    "slack link": "<https://evil.example/login|https://bank.example>",
    "link": "https://good.example@evil.example/*x*?a=`b`&to=@channel",
    "formula": '=HYPERLINK("https://evil.example","x")',
    "formulas": "+1+1|-2-2|@SUM(A1)|=1+1|\t=2",
    "header": "All is well\r\nBcc: everybody@example.org\r\nX-Injected: yes\r\n\r\nA new body",
    "bare line ends": "All is well\nBcc: everybody@example.org\rX-Injected: yes\x0bX-Other: yes\u2028X-More: yes\x85X-Last: yes",
    "smtp": "text\r\n.\r\nMAIL FROM:<evil@example.org>\r\nRCPT TO:<victim@example.org>\r\nDATA\r\n",
    "encoded word": "=?utf-8?q?All_is_well=0D=0ABcc:_everybody=40example.org?=",
    "direction": "harmless \u202egnp.exe\u202c \u2066\u2067\u2069\u200f\u061c text",
    "unseen": "zero\u200bwidth soft\u00adhyphen \ufeffmark \U000e0041\U000e007f tags @\u200bchannel",
    "control": "bell\x07 escape\x1b[31m null\x00 delete\x7f \x9b31m back\x08space",
    "surrogate": "half \ud83d of \udc00 a pair \ud800\ud800",
    "no character": "\ufffe\uffff and \U0010ffff",
    "formula of a chart": "$\\frac{1}{$ $x^$ \\$ $$",
    "percent": "%s %n {0} {title} ${HOME} $(id) `id` {{7*7}}",
    "emoji": "🤦🏽\u200d♀️" * 300,
    "ampersands": "&" * 5_000,
    "escaped in json": '"\\\x01/' * 3_000,
    "wide": "移民" * 4_000,
    "long": "a" * 100_000,
    "long lines": ("word " * 2_000 + "\n") * 20,
    "empty": "",
    "spaces": " \t \u00a0 \u3000 ",
}
"""By name, so that tests have stable ids."""


def unseen(text: str) -> set[str]:
    """What of `text` no reader sees, or what turns the direction of reading; line ends and joiners are none of it."""
    turning = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    return {
        character
        for character in text
        if (unicodedata.category(character) in ("Cc", "Cs") and character not in "\r\n")
        or unicodedata.bidirectional(character) in turning
        or character in "\u00ad\u061c\u200b\u200e\u200f\u2028\u2029\ufeff\U000e0041"
    }


def hostile_message(text: str, kind: str = "opened") -> Message:
    """A message with `text` wherever something from outside may stand."""
    change = ChangeKind.RESOLVED if kind == "resolved" else ChangeKind.OPENED
    sample = fall()
    incident = msgspec.structs.replace(
        sample.incident, id=f"XA-{text}-2026-03-11", target=text, reason=text, note=text
    )
    facts: FallFacts = msgspec.structs.replace(
        sample,
        incident=incident,
        kind=change,
        reason=text,
        society_name=text,
        outlets=(
            OutletMove(
                outlet=text, contribution=-9.0, net_support_before=10.0, net_support_after=None
            ),
        ),
        topics=(TopicMove(topic=text, before=0.1, after=0.4),),
        excerpts=(
            Excerpt(
                outlet=text,
                day=date(2026, 3, 10),
                url=text,
                stance=Stance.OPPOSE,
                sentence=text,
            ),
        ),
        spillover=text,
        floor=text,
        sql=text,
        model=text,
    )
    return Message(
        id=f"{incident.id}-{kind}",
        incident=incident.id,
        kind=kind,
        reason=text,
        title=text,
        body=f"{text}\n\n{text}\n",
        created_at=datetime(2026, 3, 11, 6, tzinfo=UTC),
        html="<!doctype html><html><body><p>The page is safe already.</p></body></html>",
        society="XA",
        severity="alert",
        falls=(facts,),
    )
