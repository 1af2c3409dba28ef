# What conda-mirror 0.10.0 itself keeps: writes conda-mirror-0.10.0.json. Arguments: the folder with the real data, the file to write.
# Run with the python of an environment in which conda-mirror==0.10.0 is installed.
import hashlib
import json
import logging
import random
import sys

import conda_mirror.conda_mirror as conda_mirror

conda_mirror.logger = logging.getLogger("oracle")
data, out = sys.argv[1], sys.argv[2]


def read(path):
    with open(f"{data}/repodata/{path}") as file:
        document = json.load(file)
    packages = document.get("packages", document)
    packages.update(document.get("packages.conda", {}))
    # As of one subdir: a bare map has records of several.
    return {name: record for name, record in packages.items() if record.setdefault("subdir", "linux-64") == "linux-64"}


INDEXES = {path: read(path) for path in ("conda-subchannel-demo/linux-64/repodata.json", "conda-tests/index4.json")}

LISTS = [
    ([{"name": "*gpl*"}], []),
    ([{"license": "*agpl*"}], []),
    ([{"license": "*GPL*"}], [{"name": "lib*"}]),
    ([{"license": "None"}, {"license": ""}], []),
    ([{"license_family": "GPL*"}, {"license_family": "proprietary"}], [{"name": "readline"}]),
    ([{"name": "*"}], [{"name": "numpy"}, {"name": "python", "version": ">=3.9"}]),
    ([{}], [{"name": "Python*"}]),
    ([{"name": "a*", "version": "<1"}], []),
    ([{"name": "*", "version": ">=1.4,<2"}], [{"version": "1.5*"}]),
    ([{"version": "1.0"}], []),
    ([{"version": "1.*"}, {"version": "*.0"}], []),
    ([{"version": "==1.0"}], []),
    ([{"version": "=1.1"}, {"version": "~=2.1"}, {"version": "!=1"}], [{"version": ">2,<3|>4"}]),
    ([{"version": "^1\\.[0-3]$"}], []),
    ([{"version": "==1.1.*"}, {"version": "!=1.1.*"}], [{"version": "<1.1.*"}]),
    ([{"version": ">=1.0 py36_0"}, {"version": ">=1 *"}], []),
    ([{"version": ">=1.0 0"}], []),
    ([{"name": "numpy", "version": ">=1.1 py36_0", "build": "py3*"}], []),
    ([{"build": "py27_*"}, {"build": "*_0"}], [{"build": "^py3[67]_.*$"}]),
    ([{"build": "^.*_1$"}, {"build": "0"}], []),
    ([{"build": "=py36_0"}], []),
    ([{"build_number": "0"}], []),
    ([{"build_number": ">=1"}], []),
    ([{"build_number": "[12]"}], []),
    ([{"name": "???"}, {"name": "[a-c]*"}], [{"name": "[!a]*z*"}]),
    ([{"NAME": "NumPy"}, {"name": "py[test]"}], []),
    ([{"subdir": "linux-64"}], [{"name": "z*"}]),
    ([{"subdir": "win-64"}], []),
    ([{"md5": "0*"}, {"sha256": "f*"}], []),
    ([{"arch": "x86_64"}, {"platform": "*"}], []),
    ([{"arch": "*", "name": "l*"}], []),
    ([{"track_features": "*?*"}], []),
    ([{"license": "mit license"}, {"license": "BSD 3-Clause"}], []),
    ([{"license": "*'*"}, {"license": "*\\*"}, {"license": "* "}, {"license": " *"}], []),
    ([{"license": "*(*)*"}, {"license": "[[]*"}, {"license": "*[^a-z 0-9.-]*"}], []),
    ([{"name": "*.*"}, {"name": "*-*-*"}, {"name": "_*"}], []),
    ([], [{"name": "numpy"}]),
    ([{"depends": "*python*"}], []),
]

random.seed(10)


def some_glob(value):
    """A part of a value with stars, question marks and classes in it."""
    text = str(value)
    start = random.randrange(len(text) + 1)
    end = random.randrange(start, len(text) + 1)
    part = list(text[start:end])
    for position in range(len(part)):
        chance = random.random()
        if chance < 0.08:
            part[position] = "?"
        elif chance < 0.14:
            part[position] = f"[{part[position]}0-3x]"
        elif chance < 0.18:
            part[position] = f"[!{part[position]}]"
        elif chance < 0.24:
            part[position] = "*"
        elif chance < 0.3:
            part[position] = part[position].upper()
    before = "*" if start > 0 or random.random() < 0.3 else ""
    after = "*" if end < len(text) or random.random() < 0.3 else ""
    return before + "".join(part) + after


def some_entry(records):
    record = random.choice(records)
    fields = random.sample(["name", "version", "build", "build_number", "license", "license_family", "subdir", "md5"], random.choice([1, 1, 2, 3]))
    entry = {field: some_glob(record.get(field, "")) for field in fields}
    if "version" in entry and random.random() < 0.4:
        entry["version"] = random.choice(["<", "<=", ">", ">=", "==", "!=", "="]) + str(record["version"])
    return entry


for packages in INDEXES.values():
    records = list(packages.values())
    for _ in range(12):
        LISTS.append(([some_entry(records) for _ in range(random.randrange(1, 4))], [some_entry(records) for _ in range(random.randrange(0, 3))]))


def matched(packages, entries):
    return {name for entry in entries for name in conda_mirror._match(packages, entry)}


def kept(packages, blacklist, whitelist):
    try:
        excluded = matched(packages, blacklist) - matched(packages, whitelist)
    except Exception as error:  # What conda-mirror dies of.
        return {"error": type(error).__name__}
    names = sorted(set(packages) - excluded)
    return {"count": len(names), "sha256": hashlib.sha256("\n".join(names).encode()).hexdigest()}


cases = [{"blacklist": b, "whitelist": w, "kept": {path: kept(packages, b, w) for path, packages in INDEXES.items()}} for b, w in LISTS]
with open(out, "w") as file:
    file.write("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")
