#!/usr/bin/env python3
"""Twice the load that one core can answer: what is taken stays quick, the rest gets 429, memory stays where it was.

    bench/http/overload.py [--seconds 60] [--times 2] [--history]

Finds the rate at which the server answers when it is asked as fast as it can (wrk, 64 connections), then offers that rate
times --times whatever comes back, then half of it: after a second nothing may be refused any more. --history asks for
ratings with a row for each day, --past for ratings at a moment of the past, which are evaluated from rows.
"""

import argparse
import json
import subprocess
import threading
import time
from pathlib import Path

from answers import make_data
from peers import Flywheel, drive_wrk, machine, on_core, rss_mib


class Resident:
    """RSS of a process, looked at ten times a second."""

    def __init__(self, pid):
        self.pid, self.most, self.done = pid, 0.0, threading.Event()
        self.thread = threading.Thread(target=self.look)
        self.thread.start()

    def look(self):
        while not self.done.wait(0.1):
            self.most = max(self.most, rss_mib(self.pid))

    def stop(self):
        self.done.set()
        self.thread.join()
        return self.most


def load(binary, core, mode, port, **flags):
    command = [binary, mode, "--port", port]
    for name, value in flags.items():
        command += [f"--{name}", value]
    return subprocess.Popen(on_core(core, command), stdout=subprocess.PIPE, text=True)


def figures(process):
    text, _ = process.communicate()
    return json.loads(text)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", default="build/release/flywheel", type=Path)
    parser.add_argument("--load", default="build/release/bench/http_load", type=Path)
    parser.add_argument("--folder", default="build/bench_http", type=Path)
    parser.add_argument("--seconds", default=60, type=int)
    parser.add_argument("--times", default=2.0, type=float)
    parser.add_argument("--connections", default=256, type=int)
    parser.add_argument("--history", action="store_true")
    parser.add_argument("--past", action="store_true")
    parser.add_argument("--core", default=0, type=int)
    parser.add_argument("--client-core", default=1, type=int)
    options = parser.parse_args()
    folder = options.folder.resolve()
    data, sellers = make_data(options.binary, folder)
    suffix = "?history=true" if options.history else "?as_of=2025-09-01T12:00:00Z" if options.past else ""
    paths = [f"/v1/sellers/{seller}/rating{suffix}" for seller in sellers]
    targets = folder / "targets"
    targets.write_text("".join(path + "\n" for path in paths))
    print("machine:", machine())
    server = Flywheel(options.binary, data, options.core, folder)
    try:
        capacity = drive_wrk(server, paths, 64, 1, 5, options.client_core).rate
        before = rss_mib(server.pid)
        print(f"asked as fast as it answers: {capacity:,.0f}/s, RSS {before:.0f} MiB")
        for name, times, seconds in (("overload", options.times, options.seconds), ("after it", 0.5, 10)):
            resident = Resident(server.pid)
            rate = capacity * times
            began = time.time()
            got = figures(load(options.load, options.client_core, "get", server.port, rate=rate, seconds=seconds,
                               connections=options.connections, **{"in": targets}))
            print(f"{name}: {rate:,.0f}/s offered for {seconds} s ({time.time() - began:.0f} s until all was answered)")
            print(f"  taken   {got['ok']}")
            print(f"  refused {got['refused']}")
            print(f"  by status {got['by_status']}, not answered {got['not_answered']}, broken {got['broken']}")
            print(f"  RSS at most {resident.stop():.0f} MiB")
    finally:
        server.stop()
    print("machine:", machine())


if __name__ == "__main__":
    main()
