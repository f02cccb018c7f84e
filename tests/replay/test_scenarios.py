"""Every scenario of `tests/scenarios`, through the real recogniser and the whole loop."""

import asyncio
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from voicebot import bootstrap, config
from voicebot.audio.frame import SAMPLE_BYTES
from voicebot.call.events import DtmfPressed
from voicebot.call.record import CallRecord
from voicebot.call.session import CallSession
from voicebot.engines.espeak import EspeakSynthesiser
from voicebot.engines.vosk import VoskModel
from voicebot.errors import BadInput
from voicebot.runtime.driver import CallDriver
from voicebot.runtime.virtual_time import run_virtual
from voicebot.runtime.voice import COMMA_MS, PromptVoice
from voicebot.simulation.line import LineSettings, telephone_line
from voicebot.simulation.scenario import Scenario
from voicebot.simulation.scenario_caller import ScenarioCaller
from voicebot.simulation.scenario_events import differences, events
from voicebot.simulation.scenario_file import load_scenario
from voicebot.simulation.trunk import BABBLE
from voicebot.simulation.utterance import Utterance
from voicebot.simulation.voices import VOICES, CallerSpeech, Rendering
from voicebot.transports.loopback import LoopbackLeg, connect

PAGE = Path(__file__).parents[2] / "docs" / "scenarios.md"
FOLDER = Path(__file__).parents[1] / "scenarios"
FILES = {path.stem: path for path in sorted(FOLDER.glob("*.yaml"))}
LIMITS = {path.stem: path for path in sorted((FOLDER / "limits").glob("*.yaml"))}
"""What should be, and is not yet: docs/turn_taking.md says why."""
RATE = config.LINE_RATE
BYTES_PER_MS = RATE // 1000 * SAMPLE_BYTES


@dataclass(frozen=True, slots=True)
class Played:
    """What came of one scenario."""

    record: CallRecord
    caller: ScenarioCaller
    robot: bytes
    """What the robot sent, from the call's first millisecond on."""


@dataclass(frozen=True, slots=True)
class Rig:
    """What all scenarios share."""

    model: VoskModel
    voice: PromptVoice

    def play(self, scenario: Scenario) -> Played:
        """Run one scenario in virtual time; its name is its seed."""
        script = bootstrap.load_script(scenario.script, self.model)
        bootstrap.prepare(self.voice, script, scenario.variables)
        parts = bootstrap.parts(self.model, self.voice, realtime=False)
        rng = np.random.default_rng(zlib.crc32(Path(scenario.file).stem.encode()))

        async def call() -> Played:
            robot, far = LoopbackLeg(RATE), LoopbackLeg(RATE)
            caller = ScenarioCaller(
                scenario,
                far,
                speakers=speaker,
                babble=people_around(),
                rng=rng,
                press=lambda key: driver.post(DtmfPressed(key)),
            )
            to_caller = telephone_line(RATE, LineSettings(), rng)
            driver = CallDriver(
                CallSession(script, scenario.variables, scenario.settings),
                robot,
                detector=parts.detector(),
                recogniser=parts.recogniser(RATE),
                voice=parts.voice,
                ears=parts.ears(),
                voices=parts.voices,
                hooks=parts.hooks,
                watch=caller.follow,
            )
            record, _, _ = await asyncio.gather(
                driver.run(),
                caller.run(),
                connect(robot, far, to_robot=caller.to_robot, to_caller=to_caller),
            )
            return Played(record, caller, bytes(driver.recording.robot))

        return run_virtual(call())


@cache
def speaker(name: str) -> Rendering:
    """Return somebody with this voice."""
    voice = VOICES[name]
    synthesiser = EspeakSynthesiser(
        variant=voice.variant, rate=voice.rate, pitch=voice.pitch, pitch_range=voice.pitch_range
    )
    return CallerSpeech(synthesiser, RATE, tract=voice.tract)


@cache
def people_around() -> tuple[bytes, ...]:
    """Return what people in the background talk about."""
    names = sorted(VOICES)[: len(BABBLE)]
    return tuple(
        speaker(name)(Utterance((text,))).pcm for name, text in zip(names, BABBLE, strict=True)
    )


@pytest.fixture(scope="module")
def rig(model: VoskModel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    folder = tmp_path_factory.mktemp("prompts")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("VOICEBOT_DEMO_SHOP", "VOICEBOT_TICKETS", "VOICEBOT_SMS"):
            # What the campaigns' actions write to.
            patch.setenv(name, str(folder / name.lower()))
        yield Rig(model, bootstrap.prompt_voice("espeak", cache=folder))


def faults(scenario: Scenario, rig: Rig) -> str:
    """Return what is not as expected, with what happened instead; nothing when all is."""
    played = rig.play(scenario)
    found = differences(scenario, played.record, played.caller.begun, played.caller.unbegun)
    return "\n".join(map(str, [*found, *events(played.record)])) if found else ""


def example() -> str:
    """Return the example of the page."""
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return str(blocks[0])


def written(text: str, folder: Path) -> Path:
    """Return a scenario's file, which finds its script where it always is."""
    path = folder / "scenario.yaml"
    path.write_text(text.replace("scripts/", f"{FOLDER}/scripts/"), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", FILES)
def test_the_call_goes_as_the_scenario_says(name: str, rig: Rig) -> None:
    scenario = load_scenario(FILES[name])

    wrong = faults(scenario, rig)

    assert not wrong, wrong


@pytest.mark.xfail(reason="a known limit; when it passes, move its file out of limits/")
@pytest.mark.parametrize("name", LIMITS)
def test_a_known_limit_still_stands(name: str, rig: Rig) -> None:
    wrong = faults(load_scenario(LIMITS[name]), rig)

    assert not wrong, wrong


def test_a_prompt_that_resumes_goes_back_to_the_beginning_of_its_phrase(rig: Rig) -> None:
    played = rig.play(load_scenario(FILES["backchannel_in_the_second_phrase"]))

    resumed_ms = next(each.at_ms for each in events(played.record) if each.what == "resume")
    # The line may take its next frame just before or just after the decision.
    again = played.robot[(resumed_ms - 40) * BYTES_PER_MS :].lstrip(b"\0")[: 200 * BYTES_PER_MS]
    first = played.robot.find(again)
    gap = played.robot[first - COMMA_MS * BYTES_PER_MS : first]
    assert 0 < first < (resumed_ms - 400) * BYTES_PER_MS
    assert not any(gap)


def test_there_are_enough_scenarios_and_each_says_what_is_right_in_it() -> None:
    scenarios = [load_scenario(path) for path in FILES.values()]

    assert len(scenarios) >= 40
    assert len({scenario.about for scenario in scenarios}) == len(scenarios)


def test_the_example_of_the_page_is_true(rig: Rig, tmp_path: Path) -> None:
    scenario = load_scenario(written(example(), tmp_path))

    wrong = faults(scenario, rig)

    assert not wrong, wrong


def test_a_scenario_gives_the_same_call_every_time(rig: Rig, tmp_path: Path) -> None:
    scenario = load_scenario(written(example(), tmp_path))

    calls = [rig.play(scenario).record.as_dict() for _ in range(2)]

    assert calls[0] == calls[1]


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("end: finished", "end: opted_out", "ended with finished, not with opted_out"),
        ("wants: no", "wants: yes", 'wants became "no", not "yes"'),
        ("understood: deny", "understood: affirm", "understood: affirm did not come"),
        ("never: [barge_in]", "never: [endpoint]", "endpoint came at"),
        ("never: no_input", "never: speech", "speech came at"),
        ("within: 750 ms", "within: 90 ms", "after speech"),
        ("{prompt: 谢谢您, within: 750 ms", "{prompt: 谢谢您, not_before: 9 s", "after speech"),
        ("heard: 给您发过去", "unheard: 给您发过去", "was heard, with"),
        ("heard: 给您发过去可以吗", "heard: 免费", "was heard, without"),
        ("  - {after: prompt 0.5 s", "  - {after: 三百块 0.5 s", "ended before this was due"),
    ],
)
def test_what_is_not_as_expected_is_told(
    right: str, wrong: str, told: str, rig: Rig, tmp_path: Path
) -> None:
    text = example()
    assert right in text
    scenario = load_scenario(written(text.replace(right, wrong), tmp_path))

    found = faults(scenario, rig)

    assert told in found


def test_all_mistakes_of_a_file_are_told_at_once_with_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(
        """\
about: 什么都写错了
script: nowhere.yaml
caller: nobody
line: {codec: mp3, noise: pink, echo: 5 ms at -12 dB, loss: some}
limits: {turns: none}
timeline:
  - {say: 好}
  - {at: 1 s}
  - {at: 1 s, after: prompt 1 s, say: 好}
  - {at: soon, say: <900>好}
  - {over: prompt, noise: thunder}
  - {at: 2 s, press: X, times: 3}
  - {at: 3 s, hang_up: no}
  - {at: 300 s, say: 好, level: 3 dBFS}
expect:
  - {event: applause}
  - {prompt: 您好, within: soon after speech, heard: 您}
  - {prompt: 您好, within: 1 s after lunch}
end: bored
""",
        encoding="utf-8",
    )

    with pytest.raises(BadInput) as caught:
        load_scenario(path)

    lines = [problem.line for problem in caught.value.problems]
    assert lines == [
        2,
        3,
        4,
        4,
        4,
        4,
        5,
        7,
        8,
        9,
        10,
        10,
        11,
        11,
        12,
        12,
        13,
        14,
        14,
        16,
        17,
        17,
        18,
        19,
    ]
    text = str(caught.value)
    assert 'wrong.yaml:3: caller: there is no voice "nobody"' in text
    assert "wrong.yaml:7: timeline[1]: does not say when it happens" in text
