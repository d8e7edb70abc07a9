"""The servers that are compared, each a process of its own on one core, and what drives them on another."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).parent


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def on_core(core, command):
    return ["taskset", "-c", str(core), *map(str, command)]


def cpu_seconds(pid):
    """User and system time of all threads of the process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rss_mib(pid, name="VmRSS"):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) / 1024
    return 0.0


def await_port(port, process):
    for _ in range(600):
        if process.poll() is not None:
            raise SystemExit(f"{process.args} ended with {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"{process.args} does not listen")


class Server:
    """A process that listens on `port`; `pid` is the one whose CPU time counts."""

    def __init__(self, name, command, port, core, folder):
        self.name, self.port, self.core = name, port, core
        log = open(Path(folder) / f"{name}.log", "wb")
        self.process = subprocess.Popen(on_core(core, command), stdout=log, stderr=log)
        await_port(port, self.process)
        self.pid = self.process.pid

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def get(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=30) as answer:
            return answer.read()


class Flywheel(Server):
    def __init__(self, binary, data, core, folder, *flags):
        port = free_port()
        command = [binary, "--data", data, "serve", "--listen", f"127.0.0.1:{port}", "--http-threads", "1", *flags]
        super().__init__("flywheel", command, port, core, folder)
        for _ in range(1200):
            try:
                self.get("/readyz")
                return
            except OSError:
                time.sleep(0.1)
        raise SystemExit("flywheel does not get ready")


class Nginx(Server):
    """Files as nginx serves them fastest: one worker, no access log, descriptors kept open, no limit of keep-alive."""

    def __init__(self, bodies, core, folder):
        port = free_port()
        home = Path(folder) / "nginx"
        shutil.rmtree(home, ignore_errors=True)
        for path, body in bodies.items():
            file = home / "root" / path.lstrip("/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(body)
        user = "user root;" if os.geteuid() == 0 else ""
        (home / "nginx.conf").write_text(f"""{user}
worker_processes 1; daemon off; pid {home}/pid; error_log {home}/error.log;
events {{ worker_connections 4096; use epoll; multi_accept on; }}
http {{
  access_log off; default_type application/json;
  sendfile on; tcp_nodelay on; server_tokens off;
  open_file_cache max=10000 inactive=1h; open_file_cache_valid 1h;
  keepalive_timeout 1h; keepalive_requests 1000000000;
  client_body_temp_path {home}/body; proxy_temp_path {home}/proxy; fastcgi_temp_path {home}/fastcgi;
  uwsgi_temp_path {home}/uwsgi; scgi_temp_path {home}/scgi;
  server {{ listen 127.0.0.1:{port} backlog=4096; root {home}/root; }}
}}
""")
        super().__init__("nginx", ["/usr/sbin/nginx", "-p", home, "-c", home / "nginx.conf"], port, core, folder)
        self.pid = int(Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()[0])


class Redis(Server):
    def __init__(self, bodies, core, folder):
        port = free_port()
        flags = ["--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder]
        super().__init__("redis", ["redis-server", *flags], port, core, folder)
        for path, body in bodies.items():
            subprocess.run(["redis-cli", "-p", str(port), "-x", "SET", path], input=body, check=True,
                           stdout=subprocess.DEVNULL)


class Run:
    """Requests, seconds, CPU seconds of the server, latencies in ms."""

    def __init__(self, requests, seconds, cpu, p50, p99, p999, errors=0):
        self.rate, self.per_cpu = requests / seconds, requests / cpu
        self.p50, self.p99, self.p999, self.errors = p50, p99, p999, errors


def drive_wrk(server, paths, connections, depth, seconds, core):
    environment = dict(os.environ, PATHS=" ".join(paths), DEPTH=str(depth))
    before = cpu_seconds(server.pid)
    command = on_core(core, ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", HERE / "answers.lua",
                             f"http://127.0.0.1:{server.port}"])
    text = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
    cpu = cpu_seconds(server.pid) - before
    requests, micros, p50, p99, p999, errors = map(int, re.search(r"FIGURES ([\d ]+)", text)[1].split())
    return Run(requests, micros / 1e6, cpu, p50 / 1e3, p99 / 1e3, p999 / 1e3, errors)


def drive_redis(server, paths, connections, depth, seconds, core):
    def run(requests):
        before = cpu_seconds(server.pid)
        command = on_core(core, ["redis-benchmark", "-p", server.port, "-c", connections, "-P", depth, "-n", requests,
                                 "GET", paths[0]])
        text = subprocess.run(command, check=True, capture_output=True, text=True).stdout.replace("\r", "\n")
        cpu = cpu_seconds(server.pid) - before
        taken = float(re.search(r"completed in ([\d.]+) seconds", text)[1])
        steps = [(float(p), float(ms)) for p, ms in re.findall(r"([\d.]+)% <= ([\d.]+) milliseconds", text)]
        at = lambda wanted: next((ms for p, ms in steps if p >= wanted), steps[-1][1])
        return Run(requests, taken, max(cpu, 0.01), at(50), at(99), at(99.9))

    trial = run(20_000 * depth)
    return run(max(20_000, int(trial.rate * seconds)))


def machine():
    with open("/proc/loadavg") as load:
        return json.dumps({"cores": os.cpu_count(), "load": load.read().split()[0]})
