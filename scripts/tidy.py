"""clang-tidy over the .cc files of src/, several at a time; what has passed unchanged is not repeated.

A file's verdict holds as long as its text, the texts of the headers of ours that it includes, the
schemas, .clang-tidy, its compile command, the version of clang-tidy and of its plugin are the same.
Passed verdicts are kept under BUILD/tidy/.

The plugin scripts/tidy_scope.cc takes more than half of the time off. It is used where it can be
built and, on a file with defects, shows what clang-tidy without it shows; else clang-tidy is run
without it.
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
import tempfile

TIDY = "clang-tidy-19"
COMPILER = "clang++-19"
LLVM_CONFIG = "llvm-config-19"
ROOT = pathlib.Path.cwd()
PLUGIN = ROOT / "scripts" / "tidy_scope.cc"

# A header and a file with a defect each that a check of .clang-tidy walks to find; templates of the
# system's headers stand in both.
DEFECTS = {
    "src/sample/sample.h": """
#include <string>
#include <utility>
#include <vector>
inline std::string Twice(std::string text) {
  std::vector<std::string> kept;
  kept.push_back(std::move(text));
  return kept.front() + text;
}
""",
    "src/sample/sample.cc": """
#include "sample.h"
#include <algorithm>
namespace std {
template <>
struct hash<pair<int, string>> {
  size_t operator()(const pair<int, string>& of) const {
    size_t sum = 0;
    for (const auto letter : vector<string>{of.second}) sum += letter.size();
    return sum;
  }
};
}  // namespace std
namespace flywheel {
int Count(const std::vector<std::string>& rows, std::string sought) {
  return static_cast<int>(std::count(rows.begin(), rows.end(), sought));
}
}  // namespace flywheel
""",
}


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


def findings_in_defects(arguments):
    """What clang-tidy says of DEFECTS: lines of places with the names of checks."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in DEFECTS.items():
            path = pathlib.Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        run = subprocess.run([TIDY, "--quiet", f"--config-file={ROOT / '.clang-tidy'}", *arguments,
                              str(path), "--", "-std=c++20"], capture_output=True, text=True)
    return sorted(set(re.findall(r"/(sample\.\w+:\d+:\d+: .*\[.*\])$", run.stdout, flags=re.M)))


def scope_plugin(folder, version):
    """The arguments by which clang-tidy walks files of ours alone; none where that cannot be had."""
    library = folder / f"scope-{sha256(version, PLUGIN.read_bytes())[:16]}.so"
    if not library.exists():
        made = library.with_suffix(".made")
        try:
            headers = subprocess.run([LLVM_CONFIG, "--includedir"], capture_output=True, text=True, check=True)
            subprocess.run([COMPILER, "-std=c++17", "-O1", "-fno-rtti", "-fPIC", "-shared", "-D_GNU_SOURCE",
                            "-isystem", headers.stdout.strip(), str(PLUGIN), "-o", str(made)],
                           capture_output=True, text=True, check=True)
            made.rename(library)
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"clang-tidy walks the system's headers too: {error}", getattr(error, "stderr", ""), flush=True)
            return []
    arguments = [f"--load={library}"]
    whole, ours = findings_in_defects([]), findings_in_defects(arguments)
    if len(whole) < 3 or ours != whole:
        print("clang-tidy walks the system's headers too: with the plugin it shows", ours, "and without it", whole,
              flush=True)
        return []
    return arguments


def key(words, directory, shared):
    files = headers_of_ours(words, directory)
    if files is None:
        return None
    return sha256(shared, *words, *(part for f in files for part in (str(f.relative_to(ROOT)), f.read_bytes())))


def check(path, entry, database, plugin, shared, passed_folder):
    """(passed, output) of one file."""
    words = shlex.split(entry["command"])
    verdict_key = key(words, entry["directory"], shared)
    if verdict_key and (passed_folder / verdict_key).exists():
        return True, ""
    run = subprocess.run([TIDY, "--quiet", *plugin, "-p", str(database), str(path)], capture_output=True, text=True)
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
    shared = sha256(version, *(file.read_bytes() for file in (PLUGIN, *checks, *schemas)))
    database = options.build / "tidy"
    passed_folder = database / "passed"
    passed_folder.mkdir(parents=True, exist_ok=True)

    plugin = scope_plugin(database, version)
    entries = []
    for path, entry in commands(options.build):
        entry["command"] = shlex.join(without_launcher_and_precompiled(entry["command"]))
        entries.append((path, entry))
    if not entries:
        sys.exit("there is nothing to check: no .cc file of src/ in compile_commands.json")
    (database / "compile_commands.json").write_text(json.dumps([entry for _, entry in entries]))

    # The rooms that stand on all others come last and include the most: first, so that no worker is
    # left with a long one at the end.
    entries.reverse()
    passed = failed = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        verdicts = {pool.submit(check, p, e, database, plugin, shared, passed_folder): p for p, e in entries}
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
