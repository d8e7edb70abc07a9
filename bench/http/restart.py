#!/usr/bin/env python3
"""From kill -9 to the first right answer, and a rebuild of all rows.

    bench/http/restart.py [--orders 1200000] [--runs 5] [--rebuild]

A server of a large folder is killed while events are posted to it, and started again. The time goes from the start of the new
process until a question gets an answer that holds all that was acknowledged; it is then asked again as of the position of an
answer from before the kill, and must get the same. --rebuild makes all rows anew from the log afterwards.
"""

import argparse
import http.client
import json
import resource
import shutil
import signal
import subprocess
import threading
import time
import urllib.parse
from pathlib import Path

from mixed import make_events
from peers import free_port, machine, on_core, rss_mib

SELLERS = 5_000
POSTED = {"Content-Type": "application/x-ndjson"}


class Serving:
    """`flywheel serve` on a port of its own; the clock runs from before the process is made."""

    def __init__(self, options, data):
        self.port = free_port()
        self.began = time.monotonic()
        log = open(data.parent / "restart.log", "ab")
        self.process = subprocess.Popen(
            on_core(options.core, [options.binary, "--data", data, "serve", "--listen", f"127.0.0.1:{self.port}"]),
            stdout=log, stderr=log)

    def get(self, path):
        """(status, body, headers), or None where nobody answers yet."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read(), answer.headers
        except OSError:
            return None
        finally:
            connection.close()

    def first_answer(self, path):
        """Seconds until `path` is answered, with the answer."""
        while True:
            got = self.get(path)
            if got and got[0] == 200:
                return time.monotonic() - self.began, got
            if got and got[0] != 503:
                raise SystemExit(f"{path}: {got}")
            if self.process.poll() is not None:
                raise SystemExit(f"flywheel ended with {self.process.returncode}")
            time.sleep(0.005)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(120)


class Poster:
    """Posts bodies of 100 events, one after the other, until nobody answers; keeps the last position acknowledged."""

    def __init__(self, port, lines):
        self.port, self.lines, self.position, self.acknowledged = port, lines, "", 0
        self.refused = None
        self.thread = threading.Thread(target=self.post)
        self.thread.start()

    def post(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            while len(self.lines) >= 100:
                connection.request("POST", "/v1/events", "".join(self.lines[:100]).encode(), POSTED)
                answer = connection.getresponse()
                answer.read()
                if answer.status != 200:
                    self.refused = answer.status
                    return
                self.position = answer.headers["Flywheel-Position"]
                self.acknowledged += 100
                del self.lines[:100]
        except (OSError, http.client.HTTPException):
            pass


def rating(seller, **parameters):
    return f"/v1/sellers/s-{seller:06}/rating?" + urllib.parse.urlencode(parameters)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", default="build/release/flywheel", type=Path)
    parser.add_argument("--folder", default="build/bench_http", type=Path)
    parser.add_argument("--orders", default=1_200_000, type=int)
    parser.add_argument("--runs", default=5, type=int)
    parser.add_argument("--seconds", default=5.0, type=float, help="of posting before each kill")
    parser.add_argument("--rebuild", action="store_true")
    parser.add_argument("--core", default="0", help="of the engine, as taskset takes it")
    options = parser.parse_args()
    folder = options.folder.resolve()
    data = folder / f"restart-{options.orders}"
    if not (data / "made").exists():
        shutil.rmtree(data, ignore_errors=True)
        data.mkdir(parents=True)
        subprocess.run([options.binary, "--data", data / "data", "simulate", "--sellers", str(SELLERS), "--orders",
                        str(options.orders), "--days", "365", "--seed", "1", "--disorder", "0.01", "--until",
                        "2027-01-01T00:00:00Z"], check=True, stdout=subprocess.DEVNULL)
        (data / "made").touch()
    _, posted = make_events(options.binary, folder, 500_000, SELLERS)
    with open(posted) as file:
        lines = file.readlines()
    print("machine:", machine())
    for _ in range(options.runs):
        server = Serving(options, data / "data")
        server.first_answer("/readyz")
        poster = Poster(server.port, list(lines))
        time.sleep(options.seconds)
        _, before, headers = server.get(rating(1))
        held = headers["Flywheel-Position"]
        time.sleep(0.2)
        server.kill()
        poster.thread.join()
        if poster.refused or not poster.position:
            raise SystemExit(f"a post got {poster.refused}, {poster.acknowledged} events were acknowledged")
        server = Serving(options, data / "data")
        seconds, _ = server.first_answer(rating(1, min_position=poster.position))
        as_of = json.loads(before.splitlines()[0])["asOf"]
        _, again, _ = server.get(rating(1, at_position=held, as_of=as_of))
        same = [json.loads(line) for line in before.splitlines()] == [json.loads(line) for line in again.splitlines()]
        print(f"  {poster.acknowledged:,} events acknowledged, killed; first answer with all of them after {seconds:.2f} s; "
              f"as of before the kill {'the same' if same else 'ANOTHER: ' + str((before, again))}; "
              f"RSS {rss_mib(server.process.pid):.0f} MiB")
        server.stop()
    if options.rebuild:
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        subprocess.run(on_core(options.core, [options.binary, "--data", data / "data", "rebuild"]), check=True)
        after, seconds = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic() - began
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        print(f"  rebuild: {seconds:.0f} s, {cpu:.0f} CPU seconds, RSS at most {after.ru_maxrss / 1024:.0f} MiB")
    print("machine:", machine())


if __name__ == "__main__":
    main()
