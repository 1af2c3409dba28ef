"""rattler-install.py CHANNEL_URL PREFIX CACHE PLATFORM SPEC...: solve with py-rattler, print what is chosen, install it unless PREFIX is -; SHARDED=0 turns shards off. Several URLs are separated by commas."""
import asyncio
import os
import pathlib
import sys

from rattler import Channel, Gateway, SourceConfig, VirtualPackage, install, solve


def path_of(url, channels):
    channel = next((one for one in channels if url.startswith(one)), channels[0])
    return url[len(channel):].lstrip("/")


async def main(channels, prefix, cache, platform, *specs):
    channels = channels.split(",")
    cache = pathlib.Path(cache)
    config = SourceConfig(sharded_enabled=os.environ.get("SHARDED", "1") == "1")
    gateway = Gateway(cache_dir=cache / "repodata", default_config=config)
    platforms = [platform] if platform == "noarch" else [platform, "noarch"]
    records = await solve([Channel(channel) for channel in channels], list(specs), gateway=gateway, platforms=platforms, virtual_packages=VirtualPackage.detect())
    for path in sorted(path_of(record.url, channels) for record in records):
        print(path)
    if prefix != "-":
        await install(records, target_prefix=prefix, cache_dir=cache / "pkgs", show_progress=False)


try:
    asyncio.run(main(*sys.argv[1:]))
    code = 0
except Exception as error:
    print(error, file=sys.stderr)
    code = 1
sys.stdout.flush()
sys.stderr.flush()
# A plain exit crashes now and then in the threads of the library.
os._exit(code)
