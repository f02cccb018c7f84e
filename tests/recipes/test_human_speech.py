"""Labelled recordings of people: found by their names, aligned, turned into other voices."""

import json
from pathlib import Path

import numpy as np
import pytest

from recipes.acoustic_model import human, lexicon, recordings, shards, speech, training
from recipes.acoustic_model.config import (
    Config,
    HumanConfig,
    SpeechConfig,
    TextConfig,
    TrainingConfig,
)
from voicebot import config
from voicebot.audio import wav
from voicebot.engines.espeak import EspeakSynthesiser

SAID = ("你好", "谢谢", "再见", "发票", "快递", "退款", "地址", "优惠", "可以", "不用")


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Config:
    """A recipe that goes on from the bundled model with ten recordings, files named by words."""
    folder = tmp_path_factory.mktemp("people")
    voice = EspeakSynthesiser()
    for text in SAID:
        wav.write(folder / f"{text}.wav", voice.sample_rate, b"".join(voice.synthesise(text)))
    recipe = Config(
        work=tmp_path_factory.mktemp("work"),
        text=TextConfig(lexicon_words=18_000),
        speech=SpeechConfig(shards=1, workers=1, utterances_per_shard=12, builds=("loader",)),
        human=HumanConfig(shards=1, utterances_per_shard=12, worst_share_dropped=0.0),
        training=TrainingConfig(start=str(config.BUNDLED_MODEL), hidden=320, bottleneck=128),
        human_folders=(folder,),
    )
    lexicon.run(recipe)
    speech.make_shard(recipe, 0, speech.paths(recipe)[0])
    training.align(recipe, 2)
    return recipe


def test_every_recording_that_is_not_held_out_is_aligned(recipe: Config) -> None:
    with np.load(human.store(recipe, 2)) as data:
        rows = json.loads(data["table"].tobytes())

    trained = {name for name in SAID if not recordings.held_out(f"{name}.wav", 0)}
    assert trained < set(SAID)
    assert {Path(row["name"]).stem for row in rows} == trained
    for row in rows:
        phones = [segment[0] for segment in row["segments"]]
        times = [at for segment in row["segments"] for at in segment[1:]]
        assert 3 <= len(phones) <= 4  # two syllables; 优 has no initial
        assert times == sorted(times)


def test_aligned_speech_becomes_training_data_in_other_voices(recipe: Config) -> None:
    human.run(recipe, 2)

    made = shards.read(human.paths(recipe, 2)[0])
    assert len(made.ends) > 6
    assert made.ends[-1] == len(made.labels) == len(made.features)
    assert np.mean(made.labels > 0) > 0.2
