#!/usr/bin/env python3
"""Answers over HTTP on one core, beside nginx with the same body as a file and Redis with it as a value.

    bench/http/answers.py [--seconds 5] [--runs 3] [--connections 64] [--depth 1 --depth 16]

Makes a simulated marketplace in a folder of build/, serves it from the embedded log, and drives each server in turn
from the other core: the same requests, connections and pipelining. Prints each figure as median (least to most).
"""

import argparse
import json
import subprocess
import urllib.error
from collections import Counter
from pathlib import Path
from statistics import median

from peers import Flywheel, Nginx, Redis, drive_redis, drive_wrk, machine

SIMULATED = ["--sellers", "200", "--orders", "20000", "--days", "400", "--seed", "7"]


def make_data(binary, folder):
    """The data folder and the busiest sellers."""
    data, events = folder / "data", folder / "events.jsonl"
    if not (folder / "made").exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run([binary, "simulate", *SIMULATED, "--out", events], check=True, stdout=subprocess.DEVNULL)
        subprocess.run([binary, "--data", data, "publish", events], check=True, stdout=subprocess.DEVNULL)
        (folder / "made").touch()
    with open(events) as lines:
        counts = Counter(json.loads(line)["sellerId"] for line in lines)
    return data, [seller for seller, _ in counts.most_common(100)]


def questions(server, sellers):
    """What is asked, by name: the paths of one question."""
    asked = {"rating": [f"/v1/sellers/{sellers[0]}/rating?market=PL"]}
    smart = f"/v1/sellers/{sellers[0]}/smart?market=PL"
    try:
        server.get(smart)
        asked["smart"] = [smart]
    except urllib.error.HTTPError as refusal:
        print(f"not measured: {smart} gives {refusal.code}")
    asked["rating of 100 sellers"] = [f"/v1/sellers/{seller}/rating" for seller in sellers]
    return asked


def spread(values, form):
    return f"{form.format(median(values))} ({form.format(min(values))}-{form.format(max(values))})"


def compare(name, paths, depth, servers, options):
    runs = {server.name: [] for server, _ in servers}
    for _ in range(options.runs):
        for server, drive in servers:
            if server.name == "redis" and len(paths) > 1:
                continue  # redis-benchmark asks for one key
            runs[server.name].append(
                drive(server, paths, options.connections, depth, options.seconds, options.client_core))
    print(f"\n{name}, {options.connections} connections, {depth} in a pipeline")
    print("| server | requests/s | requests/CPU s | us of CPU | p50 ms | p99 ms | p999 ms | errors |")
    print("|---|---|---|---|---|---|---|---|")
    for server, _ in servers:
        of_server = runs[server.name]
        if not of_server:
            continue
        each = lambda field: [getattr(run, field) for run in of_server]
        print(f"| {server.name} | {spread(each('rate'), '{:,.0f}')} | {spread(each('per_cpu'), '{:,.0f}')} "
              f"| {1e6 / median(each('per_cpu')):.2f} | {spread(each('p50'), '{:.2f}')} "
              f"| {spread(each('p99'), '{:.2f}')} | {spread(each('p999'), '{:.2f}')} | {sum(each('errors'))} |")
    ours = median(run.per_cpu for run in runs["flywheel"])
    for peer in ("nginx", "redis"):
        if runs[peer]:
            ratios = [mine.per_cpu / theirs.per_cpu for mine, theirs in zip(runs["flywheel"], runs[peer])]
            rates = [mine.rate / theirs.rate for mine, theirs in zip(runs["flywheel"], runs[peer])]
            print(f"to {peer}: {spread(ratios, '{:.2f}')} by CPU, {spread(rates, '{:.2f}')} by wall")
    return ours


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", default="build/release/flywheel", type=Path)
    parser.add_argument("--folder", default="build/bench_http", type=Path)
    parser.add_argument("--seconds", default=5, type=int)
    parser.add_argument("--runs", default=3, type=int)
    parser.add_argument("--connections", default=64, type=int)
    parser.add_argument("--depth", action="append", type=int)
    parser.add_argument("--core", default=0, type=int)
    parser.add_argument("--client-core", default=1, type=int)
    options = parser.parse_args()
    folder = options.folder.resolve()
    data, sellers = make_data(options.binary, folder)
    print("machine:", machine())
    # A machine that is shared is no reason to refuse here.
    flywheel = Flywheel(options.binary, data, options.core, folder, "--queue-delay", "0")
    servers = [(flywheel, drive_wrk)]
    try:
        asked = questions(flywheel, sellers)
        bodies = {path.partition("?")[0]: flywheel.get(path) for paths in asked.values() for path in paths}
        nginx = Nginx(bodies, options.core, folder)
        servers.append((nginx, drive_wrk))
        redis = Redis({path: flywheel.get(path) for paths in asked.values() for path in paths}, options.core, folder)
        servers.append((redis, drive_redis))
        for name, paths in asked.items():
            for depth in options.depth or [1, 16]:
                compare(name, paths, depth, servers, options)
    finally:
        for server, _ in servers:
            server.stop()
    print("\nmachine:", machine())


if __name__ == "__main__":
    main()
