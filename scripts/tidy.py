"""clang-tidy over the .cc files of src/, several at a time; what has passed unchanged is not repeated.

A file's verdict holds as long as its text, the texts of the headers of ours that it includes, the
schemas, .clang-tidy, its compile command and the version of clang-tidy are the same. Passed
verdicts are kept under BUILD/tidy/.
"""

import argparse
import concurrent.futures
import hashlib
import json
import pathlib
import re
import shlex
import subprocess
import sys

TIDY = "clang-tidy-19"
ROOT = pathlib.Path.cwd()


def sha256(*parts):
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part if isinstance(part, bytes) else part.encode())
        digest.update(b"\0")
    return digest.hexdigest()


def commands(build):
    """The compile command of every .cc file of src/."""
    for entry in json.loads((build / "compile_commands.json").read_text()):
        path = pathlib.Path(entry["file"])
        if path.suffix == ".cc" and path.is_relative_to(ROOT / "src"):
            yield path, entry


def without_launcher_and_precompiled(command):
    """The command as clang-tidy can read it: no ccache, and headers as they are written."""
    words = [word for word in shlex.split(command) if not word.endswith("/ccache")]
    kept, i = [], 0
    while i < len(words):
        if words[i] == "-Xclang" and i + 1 < len(words):
            argument = words[i + 1]
            if argument in ("-include-pch", "-include"):
                i += 4
                continue
            if argument == "-fno-pch-timestamp":
                i += 2
                continue
        if words[i] in ("-Winvalid-pch", "-fpch-instantiate-templates"):
            i += 1
            continue
        kept.append(words[i])
        i += 1
    return kept


def headers_of_ours(words, directory):
    """The files of this repository that the compile reads (system headers and schemas apart)."""
    query = [w for i, w in enumerate(words) if w not in ("-c", "-o") and words[i - 1] != "-o"]
    run = subprocess.run(query + ["-MM", "-MF", "-"], cwd=directory, capture_output=True, text=True)
    if run.returncode != 0:
        return None
    names = run.stdout.replace("\\\n", " ").split(":", 1)[1].split()
    return sorted({(pathlib.Path(directory) / name).resolve() for name in names})


def key(words, directory, shared):
    files = headers_of_ours(words, directory)
    if files is None:
        return None
    return sha256(shared, *words, *(part for f in files for part in (str(f.relative_to(ROOT)), f.read_bytes())))


def check(path, entry, database, shared, passed_folder):
    """(passed, output) of one file."""
    words = shlex.split(entry["command"])
    verdict_key = key(words, entry["directory"], shared)
    if verdict_key and (passed_folder / verdict_key).exists():
        return True, ""
    run = subprocess.run([TIDY, "--quiet", "-p", str(database), str(path)], capture_output=True, text=True)
    if run.returncode == 0:
        if verdict_key:
            (passed_folder / verdict_key).touch()
        return True, ""
    complaint = re.sub(r"^\d+ warnings? (generated|treated as errors?).*\n", "", run.stderr, flags=re.M)
    return False, run.stdout + complaint


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=pathlib.Path, help="a configured tree of clang")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--counts", type=pathlib.Path, help="where to write 'PASSED FAILED'")
    options = parser.parse_args()

    version = subprocess.run([TIDY, "--version"], capture_output=True, text=True, check=True).stdout
    schemas = sorted((ROOT / "schemas").rglob("*.proto"))
    checks = sorted([ROOT / ".clang-tidy", *(ROOT / "src").rglob(".clang-tidy")])
    shared = sha256(version, *(file.read_bytes() for file in (*checks, *schemas)))
    database = options.build / "tidy"
    passed_folder = database / "passed"
    passed_folder.mkdir(parents=True, exist_ok=True)

    entries = []
    for path, entry in commands(options.build):
        entry["command"] = shlex.join(without_launcher_and_precompiled(entry["command"]))
        entries.append((path, entry))
    if not entries:
        sys.exit("there is nothing to check: no .cc file of src/ in compile_commands.json")
    (database / "compile_commands.json").write_text(json.dumps([entry for _, entry in entries]))

    passed = failed = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        verdicts = {pool.submit(check, p, e, database, shared, passed_folder): p for p, e in entries}
        for verdict in concurrent.futures.as_completed(verdicts):
            good, output = verdict.result()
            passed, failed = passed + good, failed + (not good)
            print(f"[{passed + failed}/{len(entries)}] {verdicts[verdict].relative_to(ROOT)}", flush=True)
            if not good:
                print(output, flush=True)
    if options.counts:
        options.counts.write_text(f"{passed} {failed}\n")
    sys.exit(1 if failed else 0)


main()
