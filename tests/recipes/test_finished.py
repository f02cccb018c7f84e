"""A finished model can be read back and trained on."""

from pathlib import Path

import numpy as np
import pytest
import torch

from recipes.acoustic_model import finished
from recipes.acoustic_model.export import acoustic_model
from recipes.acoustic_model.kaldi import KaldiFormatError
from recipes.acoustic_model.network import Network
from recipes.acoustic_model.syllables import PhoneSet
from recipes.acoustic_model.transitions import Transitions

PHONES = PhoneSet.covering({"ma1", "shi4", "an2"})


@pytest.fixture
def trained() -> Network:
    torch.manual_seed(1)
    network = Network(24, 8, (1, 2), PHONES.state_count)
    network.mean.copy_(torch.randn(40))
    network.train()(torch.randn(8, 120, 40))  # gives the norms something to remember
    network.eval()
    return network


@pytest.fixture
def file(trained: Network, tmp_path: Path) -> Path:
    path = tmp_path / "final.mdl"
    priors = np.zeros(PHONES.state_count, np.float32)
    path.write_bytes(acoustic_model(trained, Transitions(PHONES), priors))
    return path


def test_a_network_read_back_from_its_file_says_the_same(trained: Network, file: Path) -> None:
    frames = torch.randn(4, 120, 40)
    again = Network(24, 8, (1, 2), PHONES.state_count)

    finished.restore(again, finished.read_affines(file), frames)

    with torch.inference_mode():
        wanted, found = trained(frames), again.eval()(frames)
    assert found.numpy() == pytest.approx(wanted.numpy(), abs=0.05)


def test_training_goes_on_without_a_jump(trained: Network, file: Path) -> None:
    frames = torch.randn(16, 120, 40)
    again = Network(24, 8, (1, 2), PHONES.state_count)

    finished.restore(again, finished.read_affines(file), frames)

    with torch.inference_mode():
        still = again.eval()(frames)
        moving = again.train()(frames)
    assert moving.numpy() == pytest.approx(still.numpy(), abs=0.05)


def test_a_model_of_another_size_is_refused(file: Path) -> None:
    larger = Network(32, 8, (1, 2), PHONES.state_count)

    with pytest.raises(KaldiFormatError, match="another size"):
        finished.restore(larger, finished.read_affines(file), torch.randn(4, 120, 40))


def test_a_file_cut_short_is_refused(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-900])

    with pytest.raises(KaldiFormatError):
        finished.read_affines(file)


def test_outputs_follow_the_phones_of_a_larger_lexicon(file: Path) -> None:
    larger = PhoneSet.covering({"ma1", "ma3", "shi4", "an2"})
    affines = finished.read_affines(file)

    adapted = finished.with_outputs(affines, PHONES.phones, larger)

    weight, bias = adapted["last"]
    first, before = larger.first_states(), PHONES.first_states()
    assert len(bias) == larger.state_count
    assert (weight[first["an2"]] == affines["last"][0][before["an2"]]).all()
    assert (weight[first["a3"]] == affines["last"][0][before["a1"]]).all()


def test_a_phone_like_no_other_is_refused(file: Path) -> None:
    larger = PhoneSet.covering({"ma1", "shi4", "an2", "yue4"})

    with pytest.raises(KaldiFormatError, match="nothing like it"):
        finished.with_outputs(finished.read_affines(file), PHONES.phones, larger)
