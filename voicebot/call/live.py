"""A call while it runs, as news for who looks on: what is said, heard and understood."""

from typing import Any

from voicebot.call.session import CallSession
from voicebot.speech.recogniser import UNKNOWN

News = dict[str, Any]
"""Plain data for JSON. `type` is one of
    robot       a prompt begins: `id`, `text`
    cut         the prompt `id` was interrupted
    hearing     what is recognised of an answer so far: `text`
    caller      an answer: `text`, `intent` (None: not understood), `confidence` 0..1
    no_input    nobody answered
    key         `key` was pressed
    state       the script is in `state`
    ended       `reason`, `outcome` (the script's fields), `duration_ms`; the last one
"""


class LiveTranscript:
    """Turns the timeline of one call into news."""

    def __init__(self) -> None:
        self._read = 0
        """Moments of the timeline."""
        self._prompts = 0
        self._playing = 0
        self._text = ""
        """Of the prompt that comes."""
        self._words = ""
        """What was recognised last."""
        self._over = False

    def news(self, session: CallSession) -> list[News]:
        """Return what has happened since the last call."""
        if self._over:
            return []
        record = session.record
        moments = record.timeline[self._read :]
        self._read += len(moments)
        found: list[News] = []
        for moment in moments:
            detail = moment.detail
            match moment.what:
                case "prompt":
                    self._prompts += 1
                    self._text = detail["text"]
                case "prompt_started":
                    self._playing = self._prompts
                    found.append({"type": "robot", "id": self._playing, "text": self._text})
                case "prompt_ended" if not detail["complete"]:
                    found.append({"type": "cut", "id": self._playing})
                case "partial":
                    found.append({"type": "hearing", "text": _shown(detail["text"])})
                case "recognised":
                    self._words = _shown(detail["text"])
                case "understood":
                    found.append(
                        {
                            "type": "caller",
                            "text": self._words,
                            "intent": detail["intent"],
                            "confidence": detail["confidence"],
                        }
                    )
                case "no_input":
                    found.append({"type": "no_input"})
                case "dtmf":
                    found.append({"type": "key", "key": detail["digit"]})
                case "state":
                    found.append({"type": "state", "state": detail["state"]})
                case "hang_up":
                    self._over = True
                    found.append(
                        {
                            "type": "ended",
                            "reason": detail["reason"],
                            "outcome": dict(record.outcome),
                            "duration_ms": record.duration_ms,
                        }
                    )
                    break
                case _:
                    pass
        return found


def _shown(words: str) -> str:
    return words.replace(UNKNOWN, "…")
