"""ask-rattler.py URL CACHE: fetches the index of a channel with the secrets that rattler finds, whatever comes of it."""
import asyncio
import os
import sys

from rattler import Channel, Subdir
from rattler.networking import Client, FetchRepoDataOptions, fetch_repo_data


async def main(url, cache):
    try:
        options = FetchRepoDataOptions(zstd_enabled=False, bz2_enabled=False)
        await fetch_repo_data(channels=[Channel(url)], platforms=[Subdir("noarch")], cache_path=cache, callback=None, client=Client.authenticated_client(), fetch_options=options)
    except Exception as error:
        print(error, file=sys.stderr)


asyncio.run(main(*sys.argv[1:]))
sys.stdout.flush()
sys.stderr.flush()
# A plain exit crashes now and then in the threads of the library.
os._exit(0)
