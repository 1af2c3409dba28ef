"""Answers which records py-rattler finds for which specs.

Reads lines {"spec", "records": [[name, version, build, build_number], ...]} from stdin, writes lines of a string of
0 and 1, one a record ("?" where rattler refuses the record), or an error for a spec that rattler refuses.
"""
import json
import sys

from rattler import BuildString, MatchSpec, PackageRecord

records = {}


def record_of(key):
    if key not in records:
        name, version, build, number = key
        try:
            records[key] = PackageRecord(name, version, BuildString(build), number, "linux-64")
        except Exception:
            records[key] = None
    return records[key]


def answer(line):
    query = json.loads(line)
    try:
        spec = MatchSpec(query["spec"], strict=False, exact_names_only=False)
    except Exception as error:
        return {"error": str(error)}
    found = [record_of(tuple(key)) for key in query["records"]]
    return {"matches": "".join("?" if r is None else "01"[spec.matches(r)] for r in found)}


for line in sys.stdin:
    print(json.dumps(answer(line)))
sys.stdout.flush()
