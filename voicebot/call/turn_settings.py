"""The times of turn taking, and what little else it is set to."""

from dataclasses import dataclass

from voicebot.call.events import Ms


@dataclass(frozen=True, slots=True)
class TurnSettings:
    """Times of turn taking, in milliseconds."""

    complete_ms: Ms = 320
    """Silence that ends an answer whose words are complete, counted from the last sample of
    speech. Longer than the detector's own hangover, so that the words are known by then."""
    endpoint_ms: Ms = 650
    """The same while nothing tells whether they are, when they are and may get a 吧 or 谢谢, and
    after an open question when they sound as if they were."""
    incomplete_ms: Ms = 1600
    """The same when they trail off: 那个, 因为, half a number."""
    barge_in_ms: Ms = 100
    """Speech over a prompt that pauses it."""
    sharp_ms: Ms = 260
    """The same of sound that begins with its loudest moment: a cough or a door is shorter."""
    surely_ms: Ms = 600
    """Speech over a prompt that is long enough for words; shorter ones must be `SURE`."""
    ending_ms: Ms = 400
    """A prompt with so little left is not paused: people answer over last syllables."""
    weigh_ms: Ms = 300
    """Silence after an undecided overlap, before it is weighed."""
    undecided_ms: Ms = 1500
    """The longest that a prompt stays paused without a reason to stop it."""
    afterthought_ms: Ms = 500
    """Speech that ended this little before the prompt did is an answer to it."""
    no_input_ms: Ms = 5000
    keys_ms: Ms = 4000
    """The longest wait for the next key of a number, or for `#`."""
    utterance_ms: Ms = 20_000
    """The longest answer; then it is taken as it is."""
    recognise_ms: Ms = 3000
    """The longest that the recogniser may think about a closed utterance."""
    preroll_ms: Ms = 300
    """Audio before the detected beginning that the recogniser gets as well."""


STIR_MS: Ms = 80
"""Longer than the detector needs to be sure of speech."""

SURE = 0.9
"""The recogniser's confidence in a short interruption. 嗯, 哦 and 对 in noise are heard as words of
two characters with less, since a grammar has no other sounds; 不要 is sure."""

WORDY = 4
"""Characters that no backchannel is taken for."""

MAX_REOPENED = 5
"""Times that an answer is recognised again from its beginning; one with more pauses is long or no
speech at all, and its words are asked for only when the silence is over."""
