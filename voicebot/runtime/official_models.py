"""The Chinese models that the makers of Vosk publish, as their page of models lists them."""

from dataclasses import dataclass

BASE = "https://alphacephei.com/vosk/models"
"""Each lies at BASE/NAME.zip. The page gives no checksums."""


@dataclass(frozen=True, slots=True)
class OfficialModel:
    """One model that can be installed by its name."""

    name: str
    packed_mb: int
    licence: str
    about: str
    sample_rate: int = 16000

    @property
    def url(self) -> str:
        """Where it is fetched from."""
        return f"{BASE}/{self.name}.zip"


OFFICIAL = {
    model.name: model
    for model in (
        OfficialModel(
            "vosk-model-small-cn-0.22",
            42,
            "Apache 2.0",
            "small, for telephones and small computers",
        ),
        OfficialModel("vosk-model-cn-0.22", 1300, "Apache 2.0", "large, for servers"),
        OfficialModel("vosk-model-cn-kaldi-multicn-0.15", 1500, "Apache 2.0", "large, older"),
    )
}
