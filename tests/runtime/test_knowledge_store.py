"""What the knowledge base knows in general is computed once and kept."""

from pathlib import Path

import numpy as np
import pytest

from voicebot.dialogue.features import WordGroups
from voicebot.dialogue.knowledge.meaning import Meaning
from voicebot.runtime.knowledge_store import prepare

QUESTIONS = (("time", "多久发货"), ("time", "几天能到"), ("money", "运费多少"), ("money", "包邮吗"))


def fresh() -> Meaning:
    return Meaning(QUESTIONS, WordGroups({}))


def test_the_second_start_computes_nothing(tmp_path: Path) -> None:
    first = fresh()
    prepare(first, tmp_path)
    kept = next(tmp_path.glob("meaning-*.npz"))
    with np.load(kept) as arrays:
        marked = arrays["weights"] * 0 + 7
    np.savez(kept, weights=marked)

    second = fresh()
    prepare(second, tmp_path)

    assert second.ready
    assert np.all(second.weights == 7)


@pytest.mark.parametrize("damage", [b"", b"no archive", b"PK\x03\x04 cut short"])
def test_a_damaged_file_is_computed_again(damage: bytes, tmp_path: Path) -> None:
    first = fresh()
    prepare(first, tmp_path)
    kept = next(tmp_path.glob("meaning-*.npz"))
    kept.write_bytes(damage)

    second = fresh()
    prepare(second, tmp_path)

    assert np.allclose(second.weights, first.weights)
    with np.load(kept) as arrays:
        assert np.allclose(arrays["weights"], first.weights, atol=0.01)


def test_weights_of_other_questions_are_computed_again(tmp_path: Path) -> None:
    first = fresh()
    prepare(first, tmp_path)
    kept = next(tmp_path.glob("meaning-*.npz"))
    np.savez(kept, weights=np.zeros((3, 2), np.float16))

    second = fresh()
    prepare(second, tmp_path)

    assert np.allclose(second.weights, first.weights)


def test_other_questions_have_another_file(tmp_path: Path) -> None:
    prepare(fresh(), tmp_path)

    prepare(Meaning((*QUESTIONS, ("time", "啥时候到")), WordGroups({})), tmp_path)

    assert len(list(tmp_path.glob("meaning-*.npz"))) == 2


def test_a_folder_that_cannot_be_written_hinders_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    first = fresh()
    prepare(first, tmp_path / "file")

    assert first.ready
