import io

import numpy as np
import pytest

from recipes.acoustic_model.kaldi import KaldiFormatError, Reader, Writer
from recipes.acoustic_model.syllables import PhoneSet
from recipes.acoustic_model.transitions import Transitions, read_triples


def read_back(writer: Writer) -> Reader:
    return Reader(io.BytesIO(bytes(writer.data)))


def test_items_come_back_as_they_were_written() -> None:
    writer = Writer()
    writer.token("<Nnet3>")
    writer.int32(-7)
    writer.float32(0.5)
    writer.float64(1e-9)
    writer.int_vector([3, -1, 2])
    writer.vector(np.array([1.5, -2.0], np.float32))

    reader = read_back(writer)

    assert reader.token("<Nnet3>") == "<Nnet3>"
    assert reader.int32() == -7
    assert reader.float32() == 0.5
    assert reader.float64() == 1e-9
    assert reader.int_vector().tolist() == [3, -1, 2]
    assert reader.vector().tolist() == [1.5, -2.0]


@pytest.mark.parametrize(("bits", "steps"), [(32, None), (16, 65_535), (8, 255)])
def test_a_matrix_comes_back_within_half_a_step(bits: int, steps: int | None) -> None:
    values = np.random.default_rng(1).normal(size=(5, 7)).astype(np.float32)
    writer = Writer()
    writer.matrix(values, bits)

    found = read_back(writer).matrix()

    allowed = 0.0 if steps is None else float(np.ptp(values)) / steps * 0.51
    assert found.shape == (5, 7)
    assert np.abs(found - values).max() <= allowed


def test_a_matrix_of_one_value_survives_eight_bits() -> None:
    writer = Writer()
    writer.matrix(np.full((2, 2), 3.0, np.float32), 8)

    assert np.allclose(read_back(writer).matrix(), 3.0)


def test_the_bytes_are_those_of_kaldi() -> None:
    writer = Writer()
    writer.token("FM")
    writer.int32(1)

    assert bytes(writer.data) == b"FM \x04\x01\x00\x00\x00"


def test_a_file_that_ends_early_says_so() -> None:
    writer = Writer()
    writer.int32(1)

    with pytest.raises(KaldiFormatError, match="2 bytes early"):
        Reader(io.BytesIO(bytes(writer.data[:3]))).int32()


def test_a_wrong_token_is_named() -> None:
    writer = Writer()
    writer.token("<Priors>")

    with pytest.raises(KaldiFormatError, match="<Nnet3> expected, '<Priors>' found"):
        read_back(writer).token("<Nnet3>")


def test_transitions_come_back_and_share_outputs_between_positions() -> None:
    transitions = Transitions(PhoneSet.covering({"ma1", "shi4"}))
    writer = Writer()
    transitions.write(writer)

    triples = read_triples(read_back(writer))

    assert triples == sorted(triples)
    assert tuple(triples) == transitions.triples
    outputs = {output for _, _, output in triples}
    assert outputs == set(range(transitions.phone_set.state_count))
    begin, end = transitions.states("a1", "B"), transitions.states("a1", "E")
    assert begin != end
    assert all(forward == loop + 1 for forward, loop in begin + end)
