"""assemble-conda.py FILE: builds the conda packages that the JSON in FILE describes, each in both formats unless it says otherwise."""
import json
import sys
from datetime import datetime, timezone

from rattler_build import ArchiveType, assemble_package

FORMATS = {"conda": ArchiveType.Conda, "tar.bz2": ArchiveType.TarBz2}

with open(sys.argv[1], encoding="utf-8") as file:
    packages = json.load(file)
for package in packages:
    formats = package.pop("formats")
    timestamp = datetime.fromtimestamp(package.pop("timestamp"), timezone.utc)
    for name in formats:
        # One thread: how many there are would show in the bytes.
        assemble_package(**package, timestamp=timestamp, archive_type=FORMATS[name], compression_threads=1, detect_prefix=False)
