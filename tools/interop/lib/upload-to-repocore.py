"""upload-to-repocore.py URL CHANNEL upload FILE... or remove NAME KEY: with the client for repocore that is in anaconda-client; its key is in ANACONDA_AUTH_API_KEY."""
import sys

from binstar_client.repocore.client import RepoCoreClient

url, channel, action, *arguments = sys.argv[1:]
client = RepoCoreClient(version="1.16.0")
client._base_uri = url


def check(result):
    value, error = result
    if error:
        raise error
    return value


if action == "upload":
    print(client.account)
    print(check(client.get_namespace_channel(channel)))
    for file in arguments:
        check(client.upload_file(file, channel, "conda"))
else:
    name, key = arguments
    print(client.list_artifact_files(channel, "conda", name))
    client.delete_artifact_file(channel, "conda", name, key)
