"""`voicebot model`: what is installed is whole and tried, what is chosen is used."""

import hashlib
import shutil
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.runtime.model_server import Site, serving
from voicebot import config
from voicebot.cli.main import main
from voicebot.engines.vosk_trial import try_model
from voicebot.engines.vosk_vocabulary import vocabulary_size
from voicebot.errors import BadModel, MissingPart, StorageFailed
from voicebot.runtime.download import TRIES, download
from voicebot.runtime.model_store import installing

Output = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user of our own: no models installed, none chosen."""
    folder = tmp_path / "home"
    monkeypatch.setenv("VOICEBOT_DATA", str(folder / "data"))
    monkeypatch.setenv("VOICEBOT_CONFIG", str(folder / "config"))
    monkeypatch.delenv("VOICEBOT_MODEL", raising=False)
    return folder


def zipped(model: Path, archive: Path, *, instead: dict[str, bytes] | None = None) -> Path:
    """Zip a model as `my-cn`, with other content in some of its files."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in sorted(model.rglob("*")):
            if file.is_file():
                name = file.relative_to(model).as_posix()
                packed.writestr(f"my-cn/{name}", (instead or {}).get(name, file.read_bytes()))
    return archive


@pytest.fixture(scope="session")
def good_zip(model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled model as an archive of a model named my-cn."""
    return zipped(model_folder, tmp_path_factory.mktemp("archives") / "my-cn.zip")


def models(home: Path) -> list[str]:
    """Everything in the folder of models that is not a lock or an empty folder."""
    folder = home / "data" / "models"
    found = (each for each in folder.rglob("*") if each.is_file() and each.name != ".lock")
    return sorted({each.relative_to(folder).parts[0] for each in found})


def refused(arguments: list[str], output: Output) -> str:
    """Run a command that exits with 2; return what it said, which is no traceback."""
    assert main(arguments) == 2
    said = output.readouterr()
    assert said.out == ""
    assert "Traceback" not in said.err
    return said.err


def test_a_zip_file_is_installed_chosen_and_heard_with(
    good_zip: Path, home: Path, capsys: Output
) -> None:
    assert main(["model", "install", str(good_zip)]) == 0
    assert main(["model", "use", "my-cn"]) == 0
    capsys.readouterr()

    assert main(["model", "info"]) == 0

    told = capsys.readouterr().out
    assert str(home / "data" / "models" / "my-cn") in told
    assert "8000 Hz" in told
    assert hashlib.sha256(good_zip.read_bytes()).hexdigest() in told
    assert config.model_folder(None) == home / "data" / "models" / "my-cn"
    assert models(home) == ["my-cn"]


def test_installing_the_same_again_changes_nothing(good_zip: Path, capsys: Output) -> None:
    main(["model", "install", str(good_zip)])
    capsys.readouterr()

    code = main(["model", "install", str(good_zip)])

    assert code == 0
    assert "is installed already" in capsys.readouterr().out


def test_another_model_of_the_same_name_does_not_replace_it(
    good_zip: Path, model_folder: Path, tmp_path: Path, capsys: Output
) -> None:
    main(["model", "install", str(good_zip)])
    capsys.readouterr()
    other = zipped(model_folder, tmp_path / "x.zip")
    with zipfile.ZipFile(other, "a") as packed:
        packed.writestr("my-cn/README", "another")

    said = refused(["model", "install", str(other)], capsys)

    assert "another one of that name is installed; remove" in said


def test_a_download_that_broke_off_is_continued_and_installed(
    good_zip: Path, home: Path, capsys: Output
) -> None:
    site = Site(good_zip.read_bytes(), breaks=[1_000_000] + [0] * TRIES)
    waits: list[float] = []
    with serving(site):
        with installing(home / "data" / "models") as downloads, pytest.raises(MissingPart):
            download(site.address, downloads / "my-cn.zip", lambda done, total: None, waits.append)
        site.breaks = []

        code = main(["model", "install", site.address])

    assert code == 0
    assert site.asked[-1] == "bytes=1000000-"
    assert models(home) == ["my-cn"]
    assert hashlib.sha256(site.content).hexdigest() in capsys.readouterr().out


def test_an_address_without_a_model_installs_nothing(home: Path, capsys: Output) -> None:
    with serving(Site(b"<html>Not a model</html>")) as site:
        said = refused(["model", "install", site.address], capsys)

    assert "is no ZIP file" in said
    assert models(home) == []


def test_a_wrong_checksum_installs_nothing_and_keeps_no_download(
    good_zip: Path, home: Path, capsys: Output
) -> None:
    with serving(Site(good_zip.read_bytes())) as site:
        said = refused(["model", "install", site.address, "--sha256", "0" * 64], capsys)

    assert f"has sha256 {hashlib.sha256(site.content).hexdigest()}, not 000" in said
    assert models(home) == []


def test_the_right_checksum_is_taken_in_capitals_too(good_zip: Path) -> None:
    wanted = hashlib.sha256(good_zip.read_bytes()).hexdigest().upper()

    assert main(["model", "install", str(good_zip), "--sha256", wanted]) == 0


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("am/final.mdl", b"\0B<TransitionModel> cut", "damaged"),
        ("graph/words.txt", b"", "words.txt is missing or empty"),
        ("conf/mfcc.conf", b"--sample-frequency=44\n", "asks for 44 Hz"),
        ("graph/Gr.fst", b"no graph at all", "no OpenFst file"),
    ],
)
def test_a_model_that_does_not_load_is_never_installed(
    file: str,
    content: bytes,
    message: str,
    model_folder: Path,
    tmp_path: Path,
    home: Path,
    capsys: Output,
) -> None:
    broken = zipped(model_folder, tmp_path / "broken.zip", instead={file: content})

    said = refused(["model", "install", str(broken)], capsys)

    assert said.startswith(f"{broken}: ")
    assert message in said
    assert "nothing was installed" in said
    assert models(home) == []


def test_a_model_that_ends_its_process_is_a_complaint_and_no_more(
    model_folder: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(model_folder, tmp_path / "model"))
    graph = folder / "graph" / "HCLr.fst"
    # Its header is whole, so that only loading it can tell.
    graph.write_bytes(graph.read_bytes()[:200])

    with pytest.raises(BadModel) as caught:
        try_model(folder)

    assert str(folder) in str(caught.value)


def test_a_model_that_takes_too_long_is_given_up(model_folder: Path) -> None:
    with pytest.raises(BadModel, match=r"did not load within 0\.01 s"):
        try_model(model_folder, timeout_s=0.01)


def test_an_installation_does_not_start_beside_another(
    good_zip: Path, home: Path, capsys: Output
) -> None:
    with installing(home / "data" / "models"):
        said = refused(["model", "install", str(good_zip)], capsys)

    assert "another installation is at work" in said
    assert models(home) == []


def test_what_a_killed_installation_left_is_removed(good_zip: Path, home: Path) -> None:
    left = home / "data" / "models" / ".unpacking-abc" / "my-cn"
    left.mkdir(parents=True)
    (left / "HCLG.fst").write_bytes(b"half")

    main(["model", "install", str(good_zip)])

    assert models(home) == ["my-cn"]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with (
        pytest.raises(StorageFailed, match="VOICEBOT_DATA"),
        installing(tmp_path / "file" / "models"),
    ):
        pytest.fail("it was held")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("vosk-model-smal-cn-0.22", 'did you mean "vosk-model-small-cn-0.22"?'),
        ("gone.zip", "does not exist"),
        ("http://models.example/cn.zip", "not encrypted"),
        (".", "needs no installing"),
    ],
)
def test_a_source_that_is_none_is_refused_with_a_way_out(
    source: str, message: str, home: Path, capsys: Output
) -> None:
    assert message in refused(["model", "install", source], capsys)
    assert not home.exists()


def test_the_list_shows_what_is_used_installed_and_to_be_had(
    good_zip: Path, capsys: Output
) -> None:
    main(["model", "install", str(good_zip)])
    capsys.readouterr()

    assert main(["model", "list"]) == 0

    lines = capsys.readouterr().out.splitlines()
    rows = {line.removeprefix("*").split()[0]: line for line in lines}
    assert rows["bundled"].startswith("*")
    assert "installed" in rows["my-cn"]
    assert "8000 Hz" in rows["my-cn"]
    assert "to install  16000 Hz  42 MB     Apache 2.0" in rows["vosk-model-small-cn-0.22"]


def test_an_option_comes_before_the_variable_before_the_choice_before_the_bundled_one(
    good_zip: Path, home: Path, tmp_path: Path
) -> None:
    main(["model", "install", str(good_zip)])
    installed = home / "data" / "models" / "my-cn"
    user = {"VOICEBOT_DATA": str(home / "data"), "VOICEBOT_CONFIG": str(home / "config")}

    assert config.model_folder(None, user) == config.BUNDLED_MODEL
    main(["model", "use", "my-cn"])
    assert config.model_folder(None, user) == installed
    other = {**user, "VOICEBOT_MODEL": str(tmp_path)}
    assert config.model_folder(None, other) == tmp_path
    assert config.model_folder(Path("my-cn"), other) == installed
    assert config.model_folder(Path("bundled"), other) == config.BUNDLED_MODEL


def test_a_path_is_kept_whole_and_bundled_takes_the_choice_back(
    model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = Path(shutil.copytree(model_folder, tmp_path / "mine"))
    monkeypatch.chdir(tmp_path)

    assert main(["model", "use", "mine"]) == 0
    monkeypatch.chdir("/")
    assert config.model_folder(None) == mine
    assert main(["model", "use", "bundled"]) == 0
    assert config.model_folder(None) == config.BUNDLED_MODEL


def test_only_a_model_that_loads_can_be_chosen(tmp_path: Path, capsys: Output) -> None:
    assert "is no Vosk model" in refused(["model", "use", str(tmp_path)], capsys)
    assert "is not installed" in refused(["model", "use", "nope"], capsys)

    assert config.model_folder(None) == config.BUNDLED_MODEL


def test_a_chosen_model_that_is_gone_is_named_by_every_command(
    good_zip: Path, home: Path, capsys: Output
) -> None:
    main(["model", "install", str(good_zip)])
    main(["model", "use", "my-cn"])
    shutil.rmtree(home / "data" / "models" / "my-cn")
    capsys.readouterr()

    said = refused(["check", "campaigns/repurchase"], capsys)

    assert f'{home / "config" / "model"}:1: chooses the model "my-cn"' in said
    assert "voicebot model use bundled" in said


def test_a_vocabulary_is_counted_in_a_list_and_within_a_graph(
    model_folder: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(model_folder, tmp_path / "model"))
    listed = vocabulary_size(folder)
    words = [line.split() for line in (folder / "graph/words.txt").read_text("utf-8").splitlines()]
    graph = (folder / "graph/Gr.fst").read_bytes()
    (folder / "graph/words.txt").unlink()

    (folder / "graph/Gr.fst").write_bytes(with_symbols(graph, [(w, int(n)) for w, n in words]))

    assert listed == vocabulary_size(folder) > 7000


def with_symbols(graph: bytes, words: list[tuple[str, int]]) -> bytes:
    """Put a vocabulary into a graph, as the official small models have it."""
    at = 4
    for _ in range(2):
        at += 4 + int(struct.unpack_from("<i", graph, at)[0])
    version, flags = struct.unpack_from("<ii", graph, at)
    head = graph[:at] + struct.pack("<ii", version, flags | 2) + graph[at + 8 : at + 40]
    table = struct.pack("<i", 2125658996) + named("words")
    table += struct.pack("<qq", max(number for _, number in words) + 1, len(words))
    table += b"".join(named(word) + struct.pack("<q", number) for word, number in words)
    return head + table + graph[at + 40 :]


def named(text: str) -> bytes:
    return struct.pack("<i", len(text.encode())) + text.encode()


def test_a_terminal_is_not_steered_by_a_models_readme(
    model_folder: Path, tmp_path: Path, capsys: Output
) -> None:
    folder = Path(shutil.copytree(model_folder, tmp_path / "model"))
    (folder / "MODEL_CARD.md").unlink()
    (folder / "README").write_text("\x1b[2J\x1b]0;owned\x07A model of ours\n", encoding="utf-8")

    assert main(["model", "info", str(folder)]) == 0

    said = capsys.readouterr().out
    assert "A model of ours" in said
    assert "\x1b" not in said
    assert "\x07" not in said


def test_stopping_an_installation_leaves_no_half_model(
    good_zip: Path, home: Path, tmp_path: Path
) -> None:
    program = (
        "import os, signal\n"
        "from pathlib import Path\n"
        "from voicebot.runtime.model_store import Record, install, installing\n"
        f"models = Path({str(home / 'data' / 'models')!r})\n"
        "stop = lambda folder: os.kill(os.getpid(), signal.SIGKILL)\n"
        "with installing(models):\n"
        f"    install(models, Path({str(good_zip)!r}), Record('', '', ''), stop)\n"
    )

    done = subprocess.run([sys.executable, "-c", program], check=False)

    assert done.returncode == -9
    assert not (home / "data" / "models" / "my-cn").exists()
    assert main(["model", "install", str(good_zip)]) == 0
    assert models(home) == ["my-cn"]


def test_a_model_that_keeps_its_words_in_its_graph_is_installed(
    model_folder: Path, tmp_path: Path, home: Path
) -> None:
    folder = Path(shutil.copytree(model_folder, tmp_path / "model"))
    words = [line.split() for line in (folder / "graph/words.txt").read_text("utf-8").splitlines()]
    graph = (folder / "graph/Gr.fst").read_bytes()
    (folder / "graph/Gr.fst").write_bytes(with_symbols(graph, [(w, int(n)) for w, n in words]))
    (folder / "graph/words.txt").unlink()

    code = main(["model", "install", str(zipped(folder, tmp_path / "my-cn.zip"))])

    assert code == 0
    assert models(home) == ["my-cn"]
