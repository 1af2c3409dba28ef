"""range-read.py URL...: of each artifact, the names in its info part, read by conda-package-streaming over HTTP without fetching the whole of a .conda."""
import json
import sys

from conda_package_streaming.url import stream_conda_info

for url in sys.argv[1:]:
    names = [member.name for _tar, member in stream_conda_info(url)]
    print(json.dumps({"url": url, "names": sorted(names)}))
