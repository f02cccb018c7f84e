"""Conversations without sound: the sample campaign's personas against its script."""

import numpy as np
import pytest

from voicebot.call.session import CallSession
from voicebot.config import DEMO_CAMPAIGN
from voicebot.dialogue.loader import load_script
from voicebot.dialogue.script import EndReason, Script
from voicebot.simulation.persona import Persona
from voicebot.simulation.persona_file import load_personas
from voicebot.simulation.typed_call import Talk, talk


@pytest.fixture(scope="module")
def script() -> Script:
    return load_script(DEMO_CAMPAIGN)


@pytest.fixture(scope="module")
def personas(script: Script) -> dict[str, Persona]:
    return dict(load_personas(DEMO_CAMPAIGN, states=script.states))


def call(script: Script, persona: Persona, seed: int = 1) -> Talk:
    variables = {name: each.example for name, each in script.variables.items()}
    return talk(CallSession(script, variables), script, persona, np.random.default_rng(seed))


@pytest.mark.parametrize(
    ("name", "end"),
    [
        ("willing", EndReason.FINISHED),
        ("price_asker", EndReason.FINISHED),
        ("call_later", EndReason.CALL_LATER),
        ("already_bought", EndReason.FINISHED),
        ("wants_human", EndReason.TRANSFERRED),
        ("opt_out", EndReason.OPTED_OUT),
        ("hangs_up", EndReason.CALLER_HUNG_UP),
    ],
)
def test_each_persona_comes_to_its_own_end(
    script: Script, personas: dict[str, Persona], name: str, end: EndReason
) -> None:
    for seed in range(5):
        assert call(script, personas[name], seed).record.end_reason is end


def test_the_same_seed_is_the_same_call(script: Script, personas: dict[str, Persona]) -> None:
    one, other = (call(script, personas["price_asker"], 7).record for _ in range(2))

    assert one == other


def test_what_was_said_and_how_long_it_took_is_recorded(
    script: Script, personas: dict[str, Persona]
) -> None:
    record = call(script, personas["willing"]).record

    assert 20_000 < record.duration_ms < 120_000
    assert record.outcome["interest"] == "yes"
    answers = [turn for turn in record.turns if turn.text]
    assert len(answers) >= 3
    assert all(turn.latency_ms is not None and turn.latency_ms < 3000 for turn in answers)


def test_an_opt_out_is_known_before_the_goodbye_is_over(
    script: Script, personas: dict[str, Persona]
) -> None:
    said = call(script, personas["opt_out"])

    assert said.opted_out_ms is not None
    assert said.record.duration_ms - said.opted_out_ms > 2000


def test_a_caller_who_says_nothing_is_let_go(script: Script) -> None:
    record = call(script, Persona("silent")).record

    assert record.end_reason is EndReason.NO_INPUT
