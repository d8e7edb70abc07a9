#!/usr/bin/env python3
"""measure.py NAME CORE COMMAND...: runs a command on one core and prints what it cost as a line of JSON: wall and CPU
seconds (user and system, of the whole process with all its threads), peak resident memory in MiB, and under "said" what
its last line of output says, where that is JSON. Its exit code is the command's."""

import json
import os
import resource
import subprocess
import sys
import time


def main():
    name, core, command = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
    started = time.monotonic()
    done = subprocess.run(
        command, stdout=subprocess.PIPE, text=True, check=False, preexec_fn=lambda: os.sched_setaffinity(0, {core})
    )
    wall = time.monotonic() - started
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    lines = done.stdout.splitlines()
    cost = {
        "name": name,
        "wall_s": round(wall, 2),
        "cpu_s": round(used.ru_utime + used.ru_stime, 2),
        "rss_mib": round(used.ru_maxrss / 1024),
    }
    if lines and lines[-1].startswith("{"):
        cost["said"] = json.loads(lines[-1])
    else:
        sys.stderr.write(done.stdout)
    print(json.dumps(cost))
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()
