"""A script's files as one text: what a campaign keeps of each version, to speak it again later.

Recordings are not in it: they are large, and stay in the campaign's folder. The version has their
hash, so that a changed one is noticed.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from voicebot.dialogue.loader import check_script, load_script
from voicebot.dialogue.script import Script
from voicebot.errors import BadScript, Problem

RECORDINGS = "prompts"
HASH_AFTER = "+"


@dataclass(frozen=True, slots=True)
class Bundle:
    """One version of a script, whole."""

    version: str
    """The author's own and the content's hash, such as `2+1f8a90c4`."""
    text: str

    @property
    def content_hash(self) -> str:
        """The hash alone."""
        return self.version.rpartition(HASH_AFTER)[2]


def bundle(folder: Path) -> Bundle:
    """Put a script's files together. Raises `BadScript` when the script has faults."""
    checked = check_script(folder)
    if checked.script is None:
        raise BadScript(*checked.faults)
    sources = [each.resolve() for each in checked.sources]
    base = Path(os.path.commonpath([each.parent for each in sources]))
    files = {
        each.relative_to(base).as_posix(): each.read_text(encoding="utf-8") for each in sources
    }
    script = sources[0].relative_to(base).as_posix()
    text = json.dumps({"script": script, "files": files}, ensure_ascii=False)
    return Bundle(checked.script.version, text)


def unpack(text: str, into: Path, recordings: Path) -> Path:
    """Write a bundle's files under `into`, which is new, and return the script's file.

    `recordings` is the campaign's own folder. Raises `BadScript` for a bundle that is none.
    """
    try:
        kept = json.loads(text)
        files: dict[str, str] = kept["files"]
        script = into / str(kept["script"])
    except (ValueError, KeyError, TypeError) as error:
        raise BadScript(Problem("the kept script", "cannot be read")) from error
    for name, content in files.items():
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts:
            raise BadScript(Problem("the kept script", f"has a file outside of it: {name}"))
        target = into / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, encoding="utf-8")
    own = recordings / RECORDINGS
    link = script.parent / RECORDINGS
    if own.is_dir() and not link.exists():
        link.symlink_to(own.resolve(), target_is_directory=True)
    return script


def unpacked(text: str, version_hash: str, cache: Path, recordings: Path) -> Script:
    """Return a kept version, unpacked under `cache` once. Raises `BadScript`."""
    place = cache / version_hash
    if not place.is_dir():
        # Another worker may do the same: whoever is first to rename wins.
        draft = cache / f".{version_hash}.{os.getpid()}"
        unpack(text, draft, recordings)
        try:
            draft.rename(place)
        except OSError:
            if not place.is_dir():
                raise
    script = load_script(place / json.loads(text)["script"])
    if not script.version.endswith(HASH_AFTER + version_hash):
        what = f"is {script.version} now, not {version_hash}: a recording was changed"
        hint = "keep the recordings of a version as they were, and make a new version"
        raise BadScript(Problem(str(recordings / RECORDINGS), what, hint=hint))
    return script
