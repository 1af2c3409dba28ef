"""rattler_install.py CHANNEL_URL PREFIX CACHE SPEC...: solve and install with py-rattler; SHARDED=0 turns shards off."""
import asyncio
import os
import pathlib
import sys

from rattler import Channel, Gateway, SourceConfig, VirtualPackage, install, solve


async def main(channel, prefix, cache, *specs):
    cache = pathlib.Path(cache)
    config = SourceConfig(sharded_enabled=os.environ.get("SHARDED", "1") == "1")
    gateway = Gateway(cache_dir=cache / "repodata", default_config=config)
    records = await solve(
        [Channel(channel)],
        list(specs),
        gateway=gateway,
        platforms=["linux-64", "noarch"],
        virtual_packages=VirtualPackage.detect(),
    )
    for record in records:
        print(record.url)
    await install(records, target_prefix=prefix, cache_dir=cache / "pkgs", show_progress=False)


asyncio.run(main(*sys.argv[1:]))
sys.stdout.flush()
# A plain exit crashes now and then in the threads of the library.
os._exit(0)
