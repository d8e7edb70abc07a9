"""Prints "PASSED FAILED" for a JUnit file of ctest, counting the test cases inside Catch2 binaries.

A binary that ended badly without naming a failed case (a crash, a sanitizer's report, a timeout)
counts as one failure.
"""

import re
import sys
import xml.etree.ElementTree as ElementTree

ALL_PASSED = re.compile(r"^All tests passed \(\d+ assertions? in (\d+) test cases?\)", re.M)
NO_ASSERTIONS = re.compile(r"^test cases: (\d+) \| (\d+) passed", re.M)
SOME_FAILED = re.compile(r"^test cases: +\d+ \|(?: +(\d+) passed \|)? +(\d+) failed", re.M)


def count(case):
    """(passed, failed) of one <testcase>, that is of one binary."""
    output = case.findtext("system-out") or ""
    good = case.get("status") == "run"
    some = SOME_FAILED.search(output)
    if some:
        return int(some.group(1) or 0), int(some.group(2))
    if not good:
        return 0, 1
    every = ALL_PASSED.search(output)
    if every:
        return int(every.group(1)), 0
    plain = NO_ASSERTIONS.search(output)
    if plain:
        return int(plain.group(2)), 0
    return 1, 0


def main():
    cases = ElementTree.parse(sys.argv[1]).getroot().findall("testcase")
    totals = [sum(column) for column in zip(*map(count, cases))] or [0, 0]
    print(*totals)


main()
