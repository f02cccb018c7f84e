"""`voicebot simulate --audio`: sound in both directions, in real time, with the real recogniser."""

import contextlib
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.adapters import tiny_campaign
from voicebot.audio import wav
from voicebot.cli.main import main
from voicebot.store.engine import open_store
from voicebot.store.tables import attempt


def test_a_simulated_customer_is_heard_and_answers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    campaign = tiny_campaign.write(tmp_path)
    out = tmp_path / "out"
    words = ["simulate", "--audio", "2", "--calls", "2"]

    code = main([*words, "--campaign", str(campaign), "--out", str(out)])

    assert code == 0
    assert "attempts" in capsys.readouterr().out
    with contextlib.closing(open_store(out / "tiny-1.db")) as store, store.read() as connection:
        made = connection.execute(select(attempt)).all()
    assert [(each.disposition, each.end_reason) for each in made] == (
        [("ANSWERED_HUMAN", "finished")] * 2
    )
    for each in made:
        assert each.outcome == {"satisfied": "yes"}
        (answer,) = [turn for turn in each.record["turns"] if turn["intent"]]
        assert "满意" in answer["text"]
        sound = wav.read_mono(Path(each.recording), 8000)
        assert len(sound) == pytest.approx(each.talk_ms * 16, rel=0.05)
