"""A recogniser that is asked once for the same sound says what the engine said."""

from tests.builders import ScriptedRecogniser, drawn, frames
from voicebot.bench.remembering import Memory, RememberingRecogniser
from voicebot.speech.recogniser import Transcript

VOICE = drawn("." * 6 + "#" * 30 + "." * 6)
OTHER = drawn("." * 6 + "#" * 12 + "." * 6)


def hear(
    recogniser: RememberingRecogniser, pcm: bytes, phrases: tuple[str, ...] | None = None
) -> tuple[list[str], Transcript]:
    recogniser.listen(phrases)
    partials = [recogniser.accept(frame.pcm) for frame in frames(pcm)]
    return partials, recogniser.finish()


def test_the_second_time_the_engine_is_not_asked() -> None:
    memory = Memory()
    engine, silent = ScriptedRecogniser("好的谢谢"), ScriptedRecogniser("错")

    first = hear(RememberingRecogniser(engine, memory), VOICE)
    second = hear(RememberingRecogniser(silent, memory), VOICE)

    assert first == second
    assert first[1].text == "好的谢谢"
    assert silent.heard == []


def test_other_phrases_are_another_question() -> None:
    memory = Memory()
    hear(RememberingRecogniser(ScriptedRecogniser("好"), memory), VOICE, ("好",))

    _, heard = hear(RememberingRecogniser(ScriptedRecogniser("行"), memory), VOICE, ("行",))

    assert heard.text == "行"


def test_where_the_sound_goes_another_way_the_engine_hears_all_of_it() -> None:
    memory = Memory()
    hear(RememberingRecogniser(ScriptedRecogniser("好的"), memory), VOICE)
    engine = ScriptedRecogniser("不用")

    _, heard = hear(RememberingRecogniser(engine, memory), OTHER)

    assert heard.text == "不用"
    assert engine.heard == [OTHER]


def test_closing_takes_the_time_it_took_the_first_time() -> None:
    memory = Memory()
    first = RememberingRecogniser(ScriptedRecogniser("好"), memory)
    second = RememberingRecogniser(ScriptedRecogniser(), memory)
    hear(first, VOICE)

    hear(second, VOICE)

    assert first.close_s > 0
    assert second.close_s == first.close_s
