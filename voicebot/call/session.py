"""One call: events and time go in, actions come out. No clock, no sockets, no threads.

The session joins the floor (`TurnTaking`: whose turn is it) and the conversation (`Conversation`:
what is said next), keeps the limits, and writes the record. It is driven by

    actions = session.handle(event, now)
    actions = session.handle_deadline(now)      # at session.deadline

and after a `HangUp` it answers everything with an empty list.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import assert_never

from voicebot.call.decisions import Answer, Decision, Floor, Open
from voicebot.call.events import (
    Action,
    Answered,
    CallerHungUp,
    CloseUtterance,
    DropUtterance,
    DtmfPressed,
    Event,
    HangUp,
    HookBroke,
    HookReturned,
    LineBroke,
    Ms,
    NothingCame,
    OpenUtterance,
    Partial,
    PausePrompt,
    Play,
    PromptBroke,
    PromptEnded,
    PromptResumed,
    PromptStarted,
    Recognised,
    RecogniserBroke,
    ReopenUtterance,
    ResumePrompt,
    RunHook,
    SpeechPaused,
    SpeechStarted,
    SpeechStirred,
    SpeechWavered,
    SpeechWentOn,
    StopPrompt,
)
from voicebot.call.listening import Listening
from voicebot.call.own_voice import OwnVoice
from voicebot.call.pending_hook import PendingHook
from voicebot.call.privacy import Privacy
from voicebot.call.record import CallRecord, PromptRecord, TurnRecord
from voicebot.call.turn_settings import TurnSettings
from voicebot.call.turn_taking import TurnTaking
from voicebot.dialogue.conversation import Conversation
from voicebot.dialogue.form import Filled
from voicebot.dialogue.listener import Told
from voicebot.dialogue.script import BargeIn, EndReason, Script, usually_counts
from voicebot.dialogue.step import Spoken, Step
from voicebot.speech.prosody import Prosody
from voicebot.speech.recogniser import Transcript


@dataclass(frozen=True, slots=True)
class CallSettings:
    """Limits of one call and its turn taking."""

    turns: TurnSettings = field(default_factory=TurnSettings)
    max_call_ms: Ms = 300_000
    """The longest conversation; then the robot takes its leave."""
    farewell_ms: Ms = 30_000
    """The longest that the last words may take; then the line is closed over them."""
    max_turns: int = 40


class CallSession:
    """The heart of one call."""

    def __init__(
        self,
        script: Script,
        variables: Mapping[str, str],
        settings: CallSettings = CallSettings(),
        *,
        variant: int = 0,
        contact: str = "",
        now: datetime | None = None,
    ) -> None:
        """`variant`, `contact` and `now`: see `Conversation`."""
        self._settings = settings
        self._conversation = Conversation(
            script, variables, variant=variant, contact=contact, now=now
        )
        self._listening = Listening(self._conversation, settings.turns)
        self._floor = TurnTaking(
            settings.turns,
            self._listening.interrupts,
            self._listening.answers,
            self._listening.silence_ms,
        )
        self.record = CallRecord(script.name, script.version, dict(variables))
        self.ended = False
        self._ending: EndReason | None = None
        """Set once the last prompt is on its way."""
        self._ends_at: Ms | None = None
        """The longest allowed conversation, or the end of the time for the last words."""
        self._queue: deque[Spoken] = deque()
        self._prompt: int = 0
        self._prompt_playing = False
        self._utterance = 0
        self._utterance_open = False
        self._final_ms: Ms | None = None
        """When the words of the present answer were there."""
        self._quiet_since: Ms | None = None
        """When the caller stopped speaking; None while they speak."""
        self._reply_to: TurnRecord | None = None
        """The turn whose reply has not begun yet."""
        self._hook = PendingHook()
        self._voice: Prosody | None = None
        """How the last recognised words were said."""
        self._own_voice = OwnVoice()
        self._privacy = Privacy(self._conversation)

    @property
    def state(self) -> str:
        """The script's state the call is in."""
        return self._conversation.state.name

    @property
    def place(self) -> str:
        """The state, and in a form what is being asked for; see `Conversation.place`."""
        return self._conversation.place

    @property
    def told(self) -> dict[str, str]:
        """The slots as the robot has understood them so far, canonical."""
        slots = self._conversation.memory.slots
        return {name: slot.value for name, slot in slots.items()}

    @property
    def private(self) -> bool:
        """Whether what the caller says now must not be kept."""
        return self._privacy.here

    @property
    def deadline(self) -> Ms | None:
        """When `handle_deadline` has something to do; None when only events matter."""
        if self.ended:
            return None
        waited = (self._floor.deadline, self._ends_at, self._hook.deadline)
        times = [time for time in waited if time is not None]
        return min(times, default=None)

    def handle(self, event: Event, now: Ms) -> list[Action]:
        """Apply one event."""
        if self.ended:
            if isinstance(event, PromptEnded):
                self._note_heard(event, now)
            return []
        match event:
            case Answered():
                self._ends_at = now + self._settings.max_call_ms
                return self._take(self._conversation.begin(), now)
            case SpeechStarted():
                self.record.note(now, "speech_started", at_ms=event.at_ms)
                self._note_speech_end(None)
                return self._apply(
                    self._floor.speech_started(event.at_ms, now, sharp=event.sharp), now
                )
            case SpeechStirred():
                self._floor.speech_stirred(now)
                return []
            case SpeechWavered():
                self._floor.speech_wavered(now)
                return []
            case SpeechWentOn():
                self._floor.speech_went_on(now)
                return []
            case SpeechPaused():
                self.record.note(now, "speech_paused", at_ms=event.at_ms)
                self._note_speech_end(event.at_ms)
                self._listening.held = event.held
                return self._apply(
                    self._floor.speech_paused(event.at_ms, now, held=event.held), now
                )
            case Partial():
                return self._partial(event, now)
            case Recognised():
                return self._recognised(event, now)
            case RecogniserBroke():
                return self._fail(EndReason.RECOGNISER_FAILED, event.reason, now)
            case PromptStarted():
                return self._prompt_started(event, now)
            case PromptResumed():
                if event.prompt == self._prompt:
                    self._note_length(event.left_ms, now)
                return []
            case PromptEnded():
                return self._prompt_ended(event, now)
            case PromptBroke():
                return self._prompt_broke(event, now)
            case DtmfPressed():
                self.record.note(now, "dtmf", digit=self._privacy.words(event.digit))
                expected = None if self._ending else self._conversation.hearing.digits
                return self._apply(self._floor.key_pressed(event.digit, expected, now), now)
            case CallerHungUp():
                self.record.note(now, "caller_hung_up")
                # After the last prompt began the caller only closes what is closed.
                return self._end(self._ending or EndReason.CALLER_HUNG_UP, now)
            case HookReturned():
                return self._hook_returned(event, now)
            case HookBroke():
                return self._hook_broke(event.hook, event.reason, now)
            case LineBroke():
                self.record.end_detail = event.reason
                return self._end(EndReason.LINE_FAILED, now)
            case NothingCame():
                self.record.end_detail = event.reason
                return self._end(EndReason.NO_MEDIA, now)
            case _:
                assert_never(event)

    def handle_deadline(self, now: Ms) -> list[Action]:
        """Apply the passing of time; harmless when called early."""
        if self.ended:
            return []
        if self._ends_at is not None and now >= self._ends_at:
            self.record.note(now, "limit", limit="max_call_ms")
            if self._ending is not None:
                return [*self._silence(), *self._end(self._ending, now)]
            return self._apologise(EndReason.TOO_LONG, now)
        if self._hook.deadline is not None and now >= self._hook.deadline:
            return self._hook_late(now)
        return self._apply(self._floor.expire(now), now)

    def abort(self, reason: str, now: Ms) -> list[Action]:
        """End at once after a fault of ours that nothing else caught."""
        if self.ended:
            return []
        self.record.end_detail = reason
        return self._end(EndReason.ERROR, now)

    # Hearing

    def _partial(self, event: Partial, now: Ms) -> list[Action]:
        if event.utterance != self._utterance or not self._utterance_open:
            return []
        if event.text:
            self.record.note(now, "partial", text=self._privacy.words(event.text))
        return self._apply(self._floor.partial(event.text, now), now)

    def _recognised(self, event: Recognised, now: Ms) -> list[Action]:
        if event.utterance != self._utterance:
            return []
        transcript = event.transcript
        self.record.note(
            now,
            "recognised",
            text=self._privacy.words(transcript.text),
            confidence=round(transcript.confidence, 3),
        )
        self._final_ms = now
        self._voice = event.voice
        return self._apply(self._floor.recognised(transcript, now), now)

    def _answer(self, transcript: Transcript, now: Ms) -> list[Action]:
        understanding = self._listening.understand(transcript)
        turn = self.record.turns[-1]
        turn.final_ms = self._final_ms
        turn.understood(*self._privacy.answer(transcript, understanding))
        self.record.note(
            now,
            "understood",
            intent=understanding.intent,
            confidence=round(understanding.confidence, 3),
            reason=turn.reason,
        )
        reaction = self._conversation.reaction(transcript, understanding)
        turn.place = self._conversation.place
        match reaction:
            case Filled(values):
                told = {name: value.value for name, value in values.items()}
                turn.slots = self._conversation.memory.masked(told)
            case Told(hit):
                turn.knowledge = hit.entry.question
            case _:
                pass
        hot = self._conversation.has_hot_word(transcript.text)
        if self._ending is not None and not (hot and reaction is not None):
            # What was said over a goodbye, or into its end, is no reason to go on.
            return self._end(self._ending, now)
        change = self._own_voice.change(self._voice, transcript.text)
        step = self._conversation.answer(transcript, understanding, change)
        self._privacy.learn()
        emotion = self._conversation.emotion
        turn.emotion, turn.emotion_score = str(emotion.mood), emotion.score
        turn.emotion_reason = emotion.reason
        turn.action = f"{'no_match' if reaction is None else 'answer'} -> {step.state}"
        if reaction is not None:
            turn.counts = str(reaction.counts or usually_counts(understanding.intent or ""))
        self._reply_to = turn
        return self._take(step, now)

    def _note_speech_end(self, at_ms: Ms | None) -> None:
        self._quiet_since = at_ms
        if self.record.turns and self._utterance_open:
            self.record.turns[-1].speech_end_ms = at_ms

    # Saying

    def _take(self, step: Step, now: Ms) -> list[Action]:
        """Begin what the conversation decided."""
        if step.end is None and len(self.record.turns) >= self._settings.max_turns:
            self.record.note(now, "limit", limit="max_turns")
            step = self._conversation.apologise(EndReason.TOO_MANY_TURNS)
        self.record.note(now, "state", state=step.state)
        interruptible = self._ending is None
        self._ending = step.end
        if step.end is not None and self._ends_at is not None:
            self._ends_at = max(self._ends_at, now + self._settings.farewell_ms)
        self._queue = deque(self._barred(step, interruptible=interruptible))
        self.record.turns.append(TurnRecord(step.state))
        return [*self._begin_hook(step, now), *self._say_or_go_on(now)]

    def _say_or_go_on(self, now: Ms) -> list[Action]:
        """Say what there is to say; a step that only waits for a hook may have nothing."""
        if self._queue:
            return self._play_next(now)
        if self._hook.open:
            self._floor.stop()
            self._hook.meanwhile(now)
            return []
        self._floor.prompt_begins(BargeIn.ANY, now)
        return self._apply(self._floor.prompt_over(now), now)

    def _barred(self, step: Step, *, interruptible: bool) -> tuple[Spoken, ...]:
        """Let a goodbye be interrupted by hot words only, and a second goodbye by nothing."""
        if step.hook is not None:
            # Nobody listens while the shop's program works.
            return tuple(replace(each, barge_in=BargeIn.NEVER) for each in step.say)
        if step.end is None:
            return step.say
        barge_in = BargeIn.HOT_WORDS if interruptible else BargeIn.NEVER
        return tuple(
            each if each.barge_in is BargeIn.NEVER else replace(each, barge_in=barge_in)
            for each in step.say
        )

    def _play_next(self, now: Ms) -> list[Action]:
        first = not self._prompt_playing
        spoken = self._queue.popleft()
        self._prompt += 1
        self._prompt_playing = True
        text = self._privacy.prompt(spoken)
        record = PromptRecord(text, interruptible=str(spoken.barge_in))
        self.record.turns[-1].prompts.append(record)
        self.record.note(now, "prompt", text=text)
        dropped: list[Action] = []
        if first:
            self._floor.prompt_begins(spoken.barge_in, now)
        else:
            dropped = self._apply(self._floor.prompt_continues(spoken.barge_in, now), now)
        return [*dropped, Play(self._prompt, spoken)]

    def _prompt_started(self, event: PromptStarted, now: Ms) -> list[Action]:
        if event.prompt != self._prompt:
            return []
        self.record.turns[-1].prompts[-1].started_ms = now
        self.record.note(now, "prompt_started", duration_ms=event.duration_ms)
        if self._reply_to is not None:
            self._reply_to.reply_ms = now
            self._reply_to = None
        self._note_length(event.duration_ms, now)
        return []

    def _note_length(self, left_ms: Ms | None, now: Ms) -> None:
        """Tell the floor when the turn's last prompt will be over."""
        if left_ms is not None and not self._queue:
            self._floor.prompt_lasts(now + left_ms)

    def _prompt_ended(self, event: PromptEnded, now: Ms) -> list[Action]:
        self._note_heard(event, now)
        if event.prompt != self._prompt or not self._prompt_playing:
            return []
        if self._queue:
            return self._play_next(now)
        self._prompt_playing = False
        if self._hook.pending:
            return self._hook_goes_on(now)
        if self._ending is not None and not self._floor.interrupting:
            return self._end(self._ending, now)
        return self._apply(self._floor.prompt_over(now), now)

    # The shop's programs

    def _begin_hook(self, step: Step, now: Ms) -> list[Action]:
        if step.hook is None:
            self._hook.drop()
            return []
        number = self._hook.begin(step.hook, step.waiting, now)
        self.record.note(now, "hook", action=step.hook.hook.name)
        return [RunHook(number, step.hook)]

    def _hook_returned(self, event: HookReturned, now: Ms) -> list[Action]:
        if not self._hook.awaits(event.hook):
            return []
        try:
            results = self._hook.take(event.answer)
        except ValueError as error:
            return self._hook_broke(event.hook, str(error), now)
        told = {name: self._privacy.clean(text) for name, text in results.items()}
        self.record.note(now, "hook_returned", **told)
        return [] if self._prompt_playing else self._hook_goes_on(now)

    def _hook_broke(self, hook: int, reason: str, now: Ms) -> list[Action]:
        if not self._hook.awaits(hook):
            return []
        self.record.note(now, "hook_failed", reason=self._privacy.clean(reason))
        self._hook.fail()
        return [] if self._prompt_playing else self._hook_goes_on(now)

    def _hook_late(self, now: Ms) -> list[Action]:
        if self._hook.gives_up(now):
            return self._hook_broke(self._hook.number, "did not answer in time", now)
        return self._hook_goes_on(now)

    def _hook_goes_on(self, now: Ms) -> list[Action]:
        """Go on with what the hook came to, once nothing is being said; else keep waiting."""
        if self._hook.open:
            said = self._hook.meanwhile(now)
            if said is None or self._prompt_playing:
                return []
            self._queue.append(replace(said, barge_in=BargeIn.NEVER))
            return self._play_next(now)
        results = self._hook.results
        self._hook.drop()
        conversation = self._conversation
        step = conversation.broke() if results is None else conversation.returned(results)
        self.record.turns[-1].action = f"{'failed' if results is None else 'done'} -> {step.state}"
        return self._take(step, now)

    def _note_heard(self, event: PromptEnded, now: Ms) -> None:
        record = self.record.prompt(event.prompt)
        record.ended_ms = now
        record.heard_ms = event.heard_ms
        record.heard_text = self._privacy.clean(event.heard_text)
        record.complete = event.complete
        self.record.note(now, "prompt_ended", heard_ms=event.heard_ms, complete=event.complete)

    def _prompt_broke(self, event: PromptBroke, now: Ms) -> list[Action]:
        if event.prompt != self._prompt or not self._prompt_playing:
            return []
        self._prompt_playing = False
        if self._ending is not None:
            # Not even the goodbye can be said.
            self.record.note(now, "failed", reason="prompt", detail=event.reason)
            self.record.end_detail = self.record.end_detail or event.reason
            return [*self._silence(), *self._end(self._ending, now)]
        return self._fail(EndReason.SYNTHESISER_FAILED, event.reason, now)

    def _fail(self, reason: EndReason, detail: str, now: Ms) -> list[Action]:
        """Apologise for a fault of ours, then end with it as the reason."""
        self.record.note(now, "failed", reason=str(reason), detail=detail)
        if self._ending is not None and self._prompt_playing:
            # The goodbye is under way and needs no ear.
            return []
        self.record.end_detail = detail
        return self._apologise(reason, now)

    def _apologise(self, reason: EndReason, now: Ms) -> list[Action]:
        """Say that the call must end, whatever is happening, and end it."""
        step = self._conversation.apologise(reason)
        never = tuple(replace(each, barge_in=BargeIn.NEVER) for each in step.say)
        return [*self._silence(), *self._take(replace(step, say=never), now)]

    def _silence(self) -> list[Action]:
        """Stop what plays and what is being recognised."""
        actions: list[Action] = []
        if self._utterance_open:
            self._utterance_open = False
            actions.append(DropUtterance())
        if self._prompt_playing:
            self._prompt_playing = False
            actions.append(StopPrompt())
        self._queue.clear()
        return actions

    def _end(self, reason: EndReason, now: Ms) -> list[Action]:
        self.ended = True
        self._floor.stop()
        record = self.record
        record.end_reason = reason
        record.end_state = self.state
        record.duration_ms = now
        record.outcome = dict(self._conversation.outcome)
        record.slots = self.told
        record.experiments = dict(self._conversation.memory.experiments)
        self._privacy.seal(record)
        record.note(now, "hang_up", reason=str(reason))
        return [HangUp(reason)]

    # The floor

    def _apply(self, decisions: list[Decision], now: Ms) -> list[Action]:
        actions: list[Action] = []
        for decision in decisions:
            actions += self._decided(decision, now)
        return actions

    def _decided(self, decision: Decision, now: Ms) -> list[Action]:
        match decision:
            case Open():
                return [self._open(decision.from_ms)]
            case Answer():
                return self._answer(decision.transcript, now)
            case Floor.CLOSE:
                return [CloseUtterance()]
            case Floor.REOPEN:
                self.record.note(now, "speech_resumed")
                self._utterance += 1
                return [ReopenUtterance(self._utterance, self._conversation.phrases())]
            case Floor.ENDPOINT:
                self.record.turns[-1].endpoint_ms = now
                self.record.note(now, "endpoint")
                return []
            case Floor.DROP:
                self._utterance_open = False
                return [DropUtterance()]
            case Floor.PAUSE:
                self.record.note(now, "prompt_paused")
                return [PausePrompt()]
            case Floor.RESUME:
                self.record.note(now, "prompt_resumed")
                turn = self.record.turns[-1]
                turn.speech_start_ms = turn.speech_end_ms = turn.endpoint_ms = None
                return [ResumePrompt()]
            case Floor.STOP:
                self.record.note(now, "barge_in")
                self.record.turns[-1].barge_in = True
                self._prompt_playing = False
                self._queue.clear()
                return [StopPrompt()]
            case Floor.NO_INPUT:
                return self._no_input(now)
            case Floor.KEY:
                if self._ending is not None:
                    return self._end(self._ending, now)
                # The script asks for words; the re-prompt says so.
                step = self._conversation.no_match()
                self.record.turns[-1].action = f"no_match -> {step.state}"
                return self._take(step, now)
            case Floor.RECOGNISER_LATE:
                return self._fail(EndReason.RECOGNISER_TIMEOUT, "no text in time", now)
            case _:
                assert_never(decision)

    def _open(self, from_ms: Ms) -> Action:
        self._utterance += 1
        self._utterance_open = True
        turn = self.record.turns[-1]
        turn.speech_start_ms = from_ms + self._settings.turns.preroll_ms
        turn.speech_end_ms = self._quiet_since
        return OpenUtterance(self._utterance, from_ms, self._conversation.phrases())

    def _no_input(self, now: Ms) -> list[Action]:
        self.record.note(now, "no_input")
        if self._ending is not None:
            # A goodbye was interrupted by nothing but noise.
            return self._end(self._ending, now)
        step = self._conversation.no_input()
        self.record.turns[-1].action = f"no_input -> {step.state}"
        return self._take(step, now)
