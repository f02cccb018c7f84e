"""The recipe needs the tools of the extra `train`; without them its tests are skipped."""

import importlib.util

NEEDED = ("torch", "kaldi_native_fbank", "pywrapfst", "scipy", "soxr")
MISSING = [name for name in NEEDED if importlib.util.find_spec(name) is None]

collect_ignore_glob = ["test_*.py"] if MISSING else []
