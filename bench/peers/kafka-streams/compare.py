#!/usr/bin/env python3
"""Holds the peer's rows against Flywheel's: compare.py PEER_FOLDER FLYWHEEL_FOLDER.

Both folders have rating.jsonl and sla.jsonl, a row a line. All members of a rating row are compared but asOf; of an SLA
row those of its key, the four counts of firstResponse, and complete. Prints what differs; exit code 1 where anything does.
"""

import json
import sys
from pathlib import Path

SHOWN = 10


def rating(row):
    return (row["sellerId"], row["market"]), {k: v for k, v in row.items() if k != "asOf"}


def sla(row):
    counts = {k: row["firstResponse"][k] for k in ("within", "late", "pending", "overdue")}
    return (row["sellerId"], row["market"], row["windowDays"]), {"firstResponse": counts, "complete": row["complete"]}


def read(path, pick):
    with open(path, encoding="utf-8") as lines:
        picked = [pick(json.loads(line)) for line in lines]
    rows = dict(picked)
    if len(rows) != len(picked):
        sys.exit(f"{path} has a row twice")
    if not rows:
        sys.exit(f"{path} has no rows")
    return rows


def compare(name, peer, ours):
    different = sorted(key for key in peer.keys() | ours.keys() if peer.get(key) != ours.get(key))
    for key in different[:SHOWN]:
        print(f"{name} {key}:\n  peer     {peer.get(key)}\n  flywheel {ours.get(key)}")
    print(f"{name}: {len(ours)} rows, {len(different)} differ")
    return len(different)


def main():
    peer, ours = map(Path, sys.argv[1:3])
    different = 0
    for name, pick in (("rating", rating), ("sla", sla)):
        file = f"{name}.jsonl"
        different += compare(name, read(peer / file, pick), read(ours / file, pick))
    sys.exit(1 if different else 0)


if __name__ == "__main__":
    main()
