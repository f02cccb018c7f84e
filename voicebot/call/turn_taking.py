"""Whose turn is it? The floor between robot and caller, without words' meaning and without I/O.

Two things are kept apart, since each can change while the other stands: what the robot does with
its prompt and whether the caller is speaking. `voicebot.call.phase` has what they make together.
"""

from collections.abc import Callable

from voicebot.call.decisions import Answer, Decision, Floor, Open
from voicebot.call.events import Ms
from voicebot.call.phase import HEARKENING, Phase
from voicebot.call.turn_settings import MAX_REOPENED, STIR_MS, SURE, WORDY, TurnSettings
from voicebot.dialogue.script import BargeIn
from voicebot.speech.recogniser import Transcript


class TurnTaking:
    """The floor of one call. Time comes in with every call, decisions go out."""

    def __init__(
        self,
        settings: TurnSettings,
        interrupts: Callable[[str, bool], bool],
        answers: Callable[[Transcript], bool],
        silence_ms: Callable[[Transcript | None], Ms],
    ) -> None:
        """`interrupts(text, only_hot_words)` tells whether words so far take the turn from a
        prompt, `answers(transcript)` whether whole words are what was asked for, and
        `silence_ms(transcript)` which silence ends such an answer; None while it is unknown."""
        self._settings = settings
        self._interrupts = interrupts
        self._answers = answers
        self._silence_ms = silence_ms
        self.phase = Phase.IDLE
        self.deadline: Ms | None = None
        self._barge_in = BargeIn.ANY
        self._paused = False
        self._prompt_ends_ms: Ms | None = None
        self._speaking = False
        self._sharp = False
        self._wavered_ms: Ms | None = None
        """When the caller may have stopped; None while they surely speak or surely do not."""
        self._started_ms: Ms = 0
        self._ended_ms: Ms | None = None
        self._no_input_at: Ms = 0
        self._utterance_until: Ms = 0
        self._overlap_until: Ms = 0
        self._hummed = False
        """Since they began the caller made nothing but held sounds."""
        self._unsure = False
        """In OVERLAP: there are words that take the turn if the caller goes on speaking."""
        self._closed = False
        """In TRAILING and RECOGNISING: the recogniser was asked for the words."""
        self._keys = ""
        """What was typed in KEYING."""
        self._reopened = 0
        """How often the present answer went on after that."""
        self._settled: Transcript | None = None
        """In TRAILING: the answer's words, if nothing is added."""

    # The robot's side

    def prompt_begins(self, barge_in: BargeIn, now: Ms) -> None:
        """Note that the robot takes the floor with a new prompt."""
        self._barge_in = barge_in
        self._paused = False
        self._prompt_ends_ms = None
        self._go(Phase.PROMPTING, None)
        if self._speaking:
            # The caller went on, or gave a second answer while the first was being recognised.
            self._started_ms = max(self._started_ms, now - self._settings.undecided_ms)
            self._suspect(now)

    def prompt_continues(self, barge_in: BargeIn, now: Ms) -> list[Decision]:
        """Note that the next prompt of the same turn follows without a gap.

        What was said over a prompt that only hot words interrupt does not interrupt the next one.
        """
        changed = barge_in is not self._barge_in
        self._barge_in = barge_in
        self._prompt_ends_ms = None
        overlapping = self.phase in (Phase.OVERLAP, Phase.WEIGHING)
        if overlapping and changed:
            self._go(Phase.PROMPTING, None)
            self._started_ms = now
        if self.phase is Phase.PROMPTING and self._speaking:
            self._suspect(now)
        return [Floor.DROP] if overlapping and changed else []

    def prompt_lasts(self, until_ms: Ms) -> None:
        """Note when the playing prompt will be over."""
        self._prompt_ends_ms = until_ms

    def prompt_over(self, now: Ms) -> list[Decision]:
        """Note the last sample of the turn's last prompt: an answer is awaited now."""
        match self.phase:
            case Phase.OVERLAP | Phase.WEIGHING:
                return self._become_answer(now)
            case Phase.PROMPTING | Phase.SUSPECTING:
                return self._await_answer(now)
            case _:
                return []

    def _await_answer(self, now: Ms) -> list[Decision]:
        settings = self._settings
        self._no_input_at = now + settings.no_input_ms
        if self._speaking:
            return self._hear(now, max(self._started_ms, now - settings.undecided_ms))
        if self._ended_ms is not None and now - self._ended_ms <= settings.afterthought_ms:
            opened = self._hear(now, max(self._started_ms, now - settings.undecided_ms))
            return [*opened, *self._trail(now)]
        self._go(Phase.LISTENING, self._no_input_at)
        return []

    @property
    def _prompting(self) -> bool:
        return self.phase is Phase.PROMPTING or self.interrupting

    @property
    def interrupting(self) -> bool:
        """Whether the caller speaks over the prompt, or did a moment ago, and was not heard out."""
        return self.phase in (Phase.SUSPECTING, Phase.OVERLAP, Phase.WEIGHING)

    # The caller's side

    def speech_started(self, at_ms: Ms, now: Ms, *, sharp: bool = False) -> list[Decision]:
        """Note that the caller began to speak at `at_ms`; `sharp`: perhaps with a cough."""
        self._speaking = True
        self._wavered_ms = None
        self._sharp = sharp
        pausing = self.phase in (Phase.TRAILING, Phase.RECOGNISING) and now < self._utterance_until
        if pausing:
            self._go(Phase.HEARING, self._utterance_until)
            self._reopened += self._closed
            return [Floor.REOPEN] if self._closed else []
        if self.phase is not Phase.OVERLAP:
            self._started_ms = at_ms
            self._hummed = self._hummed or self.phase is not Phase.WEIGHING
        match self.phase:
            case Phase.PROMPTING:
                self._suspect(now)
            case Phase.LISTENING:
                return self._hear(now, at_ms)
            case Phase.OVERLAP:
                self.deadline = self._overlap_ends(now)
            case _:
                pass
        return []

    def speech_stirred(self, now: Ms) -> None:
        """Note that the caller may be about to go on: a turn does not end in this moment."""
        if self.phase is Phase.TRAILING and self.deadline is not None:
            ended = now if self._ended_ms is None else self._ended_ms
            latest = min(ended + self._settings.incomplete_ms, self._utterance_until)
            self.deadline = max(self.deadline, min(now + STIR_MS, latest))

    def speech_wavered(self, now: Ms) -> None:
        """Note that the caller may have stopped: a cough is not believed to go on."""
        self._wavered_ms = now
        if self.phase is Phase.SUSPECTING:
            # It goes on or pauses long before; a detector that says neither is not waited for.
            self._go(Phase.SUSPECTING, now + self._settings.weigh_ms)

    def speech_went_on(self, now: Ms) -> None:
        """Note that the caller had not stopped."""
        self._wavered_ms = None
        if self.phase is Phase.SUSPECTING:
            self._suspect(now)
        elif self.phase is Phase.OVERLAP:
            # Put off while they seemed to stop, decided now: a voice wavers all the time.
            self.deadline = self._overlap_ends(now)

    def speech_paused(self, at_ms: Ms, now: Ms, *, held: bool = False) -> list[Decision]:
        """Note that the caller has not spoken since `at_ms`; `held`: it was one held sound."""
        self._speaking = False
        self._wavered_ms = None
        self._ended_ms = at_ms
        self._hummed = self._hummed and held
        match self.phase:
            case Phase.SUSPECTING:
                self._go(Phase.PROMPTING, None)
            case Phase.HEARING:
                return self._trail(now)
            case Phase.OVERLAP:
                self.deadline = max(now, at_ms + self._settings.weigh_ms)
            case _:
                pass
        return []

    def partial(self, text: str, now: Ms) -> list[Decision]:
        """Take the words so far of the open utterance."""
        if self.phase is not Phase.OVERLAP:
            return []
        spoken_until = now if self._wavered_ms is None else self._wavered_ms
        hummed = self._hummed and not self._speaking
        if self._takes_turn(text, not hummed and self._are_words(text, spoken_until)):
            return [Floor.STOP, *self._become_answer(now)]
        self._unsure = self._takes_turn(text, sure=True)
        if self._speaking:
            self.deadline = self._overlap_ends(now)
        return []

    def recognised(self, transcript: Transcript, now: Ms) -> list[Decision]:
        """Take the words of the closed utterance."""
        match self.phase:
            case Phase.WEIGHING:
                return self._weigh(transcript, now)
            case Phase.TRAILING:
                self._settle(transcript, now)
                return []
            case Phase.RECOGNISING:
                return self._late(transcript, now)
            case _:
                return []

    def key_pressed(self, key: str, expected: int | None, now: Ms) -> list[Decision]:
        """Take a key; `expected` is how many digits the answer has, None when it is words.

        A number may be typed over its question, and whatever was said meanwhile does not count.
        Where words are asked for a key counts only while nobody speaks.
        """
        if expected is None:
            if self.phase is not Phase.LISTENING:
                return []
            self._go(Phase.IDLE, None)
            return [Floor.KEY]
        begun: list[Decision] = []
        if self.phase is not Phase.KEYING:
            if self.phase is Phase.IDLE or (self._prompting and self._barge_in is BargeIn.NEVER):
                return []
            begun = [Floor.STOP] if self._prompting else []
            begun += [Floor.DROP] if self.phase in HEARKENING else []
            self._keys = ""
        if key.isdigit():
            self._keys += key
        self._go(Phase.KEYING, now + self._settings.keys_ms)
        done = key == "#" or len(self._keys) >= expected
        return [*begun, *(self._typed() if done else [])]

    def _typed(self) -> list[Decision]:
        self._go(Phase.IDLE, None)
        return [Floor.ENDPOINT, Answer(Transcript(self._keys))] if self._keys else [Floor.KEY]

    def stop(self) -> None:
        """The call is over, or nothing is awaited any more."""
        self._go(Phase.IDLE, None)

    # Time

    def expire(self, now: Ms) -> list[Decision]:
        """Apply the passing of time; harmless when called early."""
        if self.deadline is None or now < self.deadline:
            return []
        match self.phase:
            case Phase.SUSPECTING:
                return self._overlap(now)
            case Phase.OVERLAP:
                return self._decide_overlap(now)
            case Phase.HEARING:
                self._go(Phase.RECOGNISING, now + self._settings.recognise_ms)
                return [Floor.ENDPOINT, Floor.CLOSE]
            case Phase.TRAILING:
                return [Floor.ENDPOINT, *self._end_answer(now)]
            case Phase.LISTENING:
                self._go(Phase.IDLE, None)
                return [Floor.NO_INPUT]
            case Phase.KEYING:
                return self._typed()
            case _:
                self._go(Phase.IDLE, None)
                return [Floor.RECOGNISER_LATE]

    # Steps

    def _go(self, phase: Phase, deadline: Ms | None) -> None:
        self.phase = phase
        self.deadline = deadline

    def _suspect(self, now: Ms) -> None:
        if self._barge_in is not BargeIn.NEVER:
            settings = self._settings
            needed = settings.sharp_ms if self._sharp else settings.barge_in_ms
            self._go(Phase.SUSPECTING, max(now, self._started_ms + needed))

    def _hear(self, now: Ms, from_ms: Ms) -> list[Decision]:
        self._utterance_until = now + self._settings.utterance_ms
        self._reopened = 0
        self._go(Phase.HEARING, self._utterance_until)
        return [Open(max(0, from_ms - self._settings.preroll_ms))]

    def _trail(self, now: Ms) -> list[Decision]:
        self._settled = None
        self._closed = self._reopened < MAX_REOPENED
        self._go(Phase.TRAILING, self._endpoint(None, now))
        return [Floor.CLOSE] if self._closed else []

    def _endpoint(self, transcript: Transcript | None, now: Ms) -> Ms:
        """Return when the present silence ends the answer; the past counts as now."""
        ended = now if self._ended_ms is None else self._ended_ms
        endpoint = ended + self._silence_ms(transcript)
        return max(now, min(endpoint, self._utterance_until))

    def _settle(self, transcript: Transcript, now: Ms) -> None:
        self._settled = transcript
        self._go(Phase.TRAILING, self._endpoint(transcript, now))

    def _end_answer(self, now: Ms) -> list[Decision]:
        if self._settled is not None:
            return self._take(self._settled, now)
        self._go(Phase.RECOGNISING, now + self._settings.recognise_ms)
        closed, self._closed = self._closed, True
        return [] if closed else [Floor.CLOSE]

    def _late(self, transcript: Transcript, now: Ms) -> list[Decision]:
        """The words came after the silence that was to be waited for without them."""
        if self._endpoint(transcript, now) > now:
            self._settle(transcript, now)
            return []
        return self._take(transcript, now)

    def _take(self, transcript: Transcript, now: Ms) -> list[Decision]:
        if not transcript.text:
            return self._listen_on(now)
        self._go(Phase.IDLE, None)
        return [Floor.DROP, Answer(transcript)]

    def _overlap(self, now: Ms) -> list[Decision]:
        opened = Open(max(0, self._started_ms - self._settings.preroll_ms))
        self._paused = self._barge_in is BargeIn.ANY and not self._ending(now)
        longest = self._settings.undecided_ms if self._paused else self._settings.utterance_ms
        self._overlap_until = now + longest
        self._unsure = False
        self._go(Phase.OVERLAP, self._overlap_until)
        if not self._paused:
            return [opened]
        return [Floor.PAUSE, opened]

    def _overlap_ends(self, now: Ms) -> Ms:
        """Return when an overlap is decided if the caller speaks on."""
        sure_at = self._started_ms + self._settings.surely_ms
        return max(now, min(self._overlap_until, sure_at) if self._unsure else self._overlap_until)

    def _ending(self, now: Ms) -> bool:
        ends = self._prompt_ends_ms
        return ends is not None and ends - now <= self._settings.ending_ms

    def _decide_overlap(self, now: Ms) -> list[Decision]:
        if not self._speaking:
            self._go(Phase.WEIGHING, now + self._settings.recognise_ms)
            return [Floor.CLOSE]
        if self._unsure and now < self._overlap_until:
            if self._wavered_ms is None:
                return [Floor.STOP, *self._become_answer(now)]
            # The detector tells soon whether they stopped.
            self.deadline = min(self._overlap_until, now + self._settings.weigh_ms)
            return []
        # Sound that goes on and on and holds no words: a television, a street.
        return [Floor.DROP, *self._resume()]

    def _weigh(self, transcript: Transcript, now: Ms) -> list[Decision]:
        ended = now if self._ended_ms is None else self._ended_ms
        words = transcript.confidence >= SURE or self._are_words(transcript.text, ended)
        # 嗯嗯 is taken for 以后, and says no more than that they listen.
        sure = words and not self._hummed
        if self._takes_turn(transcript.text, sure) or self._answers_early(transcript):
            decisions: list[Decision] = [Floor.STOP, *self._become_answer(now)]
            if self.phase is Phase.TRAILING:
                self._settle(transcript, now)
            return decisions
        resumed = [Floor.DROP, *self._resume()]
        if self._speaking:
            self._hummed = True
            self._suspect(now)
        return resumed

    def _answers_early(self, transcript: Transcript) -> bool:
        """A short answer, such as 好, over the last words of a question that it answers."""
        if self._barge_in is not BargeIn.ANY or self._prompt_ends_ms is None:
            return False
        left = self._prompt_ends_ms - self._started_ms
        return left <= self._settings.undecided_ms and self._answers(transcript)

    def _are_words(self, text: str, until: Ms) -> bool:
        """Tell whether what sounded until then is too long for a backchannel that was misheard."""
        return until - self._started_ms >= self._settings.surely_ms or len(text) >= WORDY

    def _takes_turn(self, text: str, sure: bool) -> bool:
        """Tell whether words take the turn; only hot words do while they are not `sure`."""
        # An overlap may outlast its prompt and reach into one that nothing interrupts.
        only_hot_words = self._barge_in is BargeIn.HOT_WORDS or not sure
        return self._barge_in is not BargeIn.NEVER and self._interrupts(text, only_hot_words)

    def _resume(self) -> list[Decision]:
        self._go(Phase.PROMPTING, None)
        if not self._paused:
            return []
        self._paused = False
        return [Floor.RESUME]

    def _become_answer(self, now: Ms) -> list[Decision]:
        """What was said over the prompt is the caller's turn now; its utterance goes on."""
        closed = self.phase is Phase.WEIGHING
        self._no_input_at = now + self._settings.no_input_ms
        self._utterance_until = now + self._settings.utterance_ms
        self._reopened = int(closed and self._speaking)
        if self._speaking:
            self._go(Phase.HEARING, self._utterance_until)
            return [Floor.REOPEN] if closed else []
        trailing = self._trail(now)
        return [] if closed else trailing

    def _listen_on(self, now: Ms) -> list[Decision]:
        """It was noise: the silence that was running before goes on."""
        if now >= self._no_input_at:
            self._go(Phase.IDLE, None)
            return [Floor.DROP, Floor.NO_INPUT]
        if self._speaking:
            return self._hear(now, max(self._started_ms, now - self._settings.undecided_ms))
        self._go(Phase.LISTENING, self._no_input_at)
        return [Floor.DROP]
