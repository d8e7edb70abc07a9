#!/usr/bin/env python3
"""Events in while questions go out, on the embedded log, and how soon what was acknowledged can be seen.

    bench/http/mixed.py [--events 20000] [--queries 20000] [--seconds 30]

Half of the simulated events are in the log before, the others are posted in bodies of 100. Meanwhile ratings and Smart! of
all sellers are asked for in turn, and 50 times a second one event of a new seller is posted, and the seller asked for with
the answer's position.
"""

import argparse
import shutil
import subprocess
import uuid
from pathlib import Path

from overload import Resident, figures, load
from peers import Flywheel, cpu_seconds, machine


def make_events(binary, folder, wanted, sellers):
    """The events that are there before, and those that are posted: `wanted` at least."""
    before, posted = (folder / f"{name}-{wanted}-{sellers}.jsonl" for name in ("before", "posted"))
    if not posted.exists():
        folder.mkdir(parents=True, exist_ok=True)
        whole = folder / "whole.jsonl"
        subprocess.run([binary, "simulate", "--sellers", str(sellers), "--orders", str(wanted // 4), "--days", "400",
                        "--seed", "11", "--out", whole], check=True, stdout=subprocess.DEVNULL)
        with open(whole) as lines:
            events = lines.readlines()
        before.write_text("".join(events[:-wanted]))
        posted.write_text("".join(events[-wanted:]))
        whole.unlink()
    return before, posted


def registrations(file, count):
    with open(file, "w") as lines:
        for number in range(count):
            lines.write('{"eventId":"%s","occurredAt":"2025-01-01T00:05:00Z","sellerId":"seen-%06d","market":"PL",'
                        '"source":"bench","actor":"SELLER","sellerRegistered":{"business":true,"markets":["PL"],'
                        '"registeredAt":"2025-01-01T00:05:00Z"}}\n' % (uuid.uuid4(), number))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", default="build/release/flywheel", type=Path)
    parser.add_argument("--load", default="build/release/bench/http_load", type=Path)
    parser.add_argument("--folder", default="build/bench_http", type=Path)
    parser.add_argument("--events", default=20_000, type=int)
    parser.add_argument("--queries", default=20_000, type=int)
    parser.add_argument("--seconds", default=30, type=int)
    parser.add_argument("--sellers", default=5_000, type=int)
    parser.add_argument("--core", default="0", help="of the engine, as taskset takes it")
    parser.add_argument("--client-core", default=1, type=int)
    options = parser.parse_args()
    folder = options.folder.resolve()
    before, events = make_events(options.binary, folder, options.events * options.seconds, options.sellers)
    data = folder / "mixed"
    shutil.rmtree(data, ignore_errors=True)
    subprocess.run([options.binary, "--data", data, "publish", before], check=True, stdout=subprocess.DEVNULL)
    seen = folder / "seen.jsonl"
    registrations(seen, 50 * options.seconds)
    targets = folder / "mixed-targets"
    print("machine:", machine())
    server = Flywheel(options.binary, data, options.core, folder)
    try:
        targets.write_text("".join(f"/v1/sellers/s-{number:06}/{figure}\n"
                                   for figure in ("rating", "smart") for number in range(1, options.sellers + 1)))
        resident, spent = Resident(server.pid), cpu_seconds(server.pid)
        run = lambda mode, **flags: load(options.load, options.client_core, mode, server.port,
                                         seconds=options.seconds, **flags)
        running = [
            run("post", rate=options.events, lines=100, connections=8, **{"in": events}),
            run("get", rate=options.queries, connections=64, **{"in": targets}),
            run("visible", rate=50, connections=8, **{"in": seen}),
        ]
        posts, queries, visible = map(figures, running)
        cpu = cpu_seconds(server.pid) - spent
        print(f"{options.events:,} events/s in bodies of 100, {options.queries:,} queries/s, {options.seconds} s, "
              f"{options.sellers:,} sellers")
        for name, got in (("posts", posts), ("queries", queries)):
            print(f"  {name} {got['ok']} by status {got['by_status']} not answered {got['not_answered']}")
        print(f"  a post of one event {visible['ok']}")
        print(f"  from its answer until it is seen {visible['visible']}")
        print(f"  CPU {cpu / options.seconds:.2f} cores, RSS at most {resident.stop():.0f} MiB")
    finally:
        server.stop()
    print("machine:", machine())


if __name__ == "__main__":
    main()
