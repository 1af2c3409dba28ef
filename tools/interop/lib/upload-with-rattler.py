"""upload-with-rattler.py KIND URL CHANNEL KEY FILE...: uploads with the code of rattler-build; KIND is quetz, prefix, prefix-force, artifactory, anaconda or anaconda-force."""
import sys

from rattler_build import upload_package_to_anaconda, upload_package_to_artifactory, upload_package_to_prefix, upload_package_to_quetz

kind, url, channel, key, *files = sys.argv[1:]
if kind == "quetz":
    upload_package_to_quetz(files, url, channel, api_key=key)
elif kind == "artifactory":
    upload_package_to_artifactory(files, url, channel, token=key)
elif kind.startswith("prefix"):
    upload_package_to_prefix(files, url, channel, api_key=key, force=kind.endswith("force"))
else:
    upload_package_to_anaconda(files, channel, channel=["main"], api_key=key, url=url, force=kind.endswith("force"))
