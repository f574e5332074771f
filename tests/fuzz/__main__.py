"""``python3 dev.py fuzz``: looks for inputs that break something, and says how to repeat what it found."""

from __future__ import annotations

import argparse
import math
import subprocess
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Final

from tests.fuzz.cases import CORPUS, keep, read_case, written
from tests.fuzz.engine import Finding, Report, replay
from tests.fuzz.processes import Run, cores, run_all, seeds_of
from tests.fuzz.targets import TARGETS

ROOT: Final = Path(__file__).resolve().parent.parent.parent
COMMAND: Final = "python3 dev.py fuzz"
MINUTES: Final = 1.0
PROCESSES: Final = 2

_SHOWN: Final = 2000
"""Characters of a case that are printed; the file has all."""


def main(arguments: Sequence[str]) -> int:
    """Do what *arguments* say; give the exit code, 1 if anything was found."""
    options = _options(arguments)
    if options.replay:
        return _replayed(options.replay)
    seconds = options.minutes * 60 if options.seconds is None else options.seconds
    names = [options.target] if options.target else [*TARGETS]
    # A number of inputs is the same share on every machine, however many cores it has.
    seeds = seeds_of(options.seed or _commit(), PROCESSES if options.inputs else cores())
    seconds = math.inf if options.inputs else seconds / len(names)
    for_each = f"{options.inputs} inputs" if options.inputs else f"{seconds:g} s"
    _say(f"seed {', '.join(seeds)}: {for_each} for each of {', '.join(names)}, in {len(seeds)} processes")
    reports = run_all(Run(seeds, names, seconds, options.inputs or sys.maxsize))
    _tell(reports)
    return 1 if any(report.findings for report in reports) else 0


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument("--minutes", type=float, default=MINUTES, help="for all targets together (default: 1)")
    parser.add_argument("--seconds", type=float, help="the same, shorter")
    parser.add_argument("--inputs", type=int, help="so many for each target in each of two processes, however long")
    parser.add_argument("--seed", help="any word (default: the commit); one with a dot is that of a single process")
    parser.add_argument("--target", choices=[*TARGETS], help="one target only")
    parser.add_argument("--replay", type=Path, metavar="FILE", help="check the case in a file of .fuzz or the corpus")
    return parser.parse_args(arguments)


def _commit() -> str:
    """Give what stands for this state of the source: in CI other inputs with every commit, and the same for all."""
    command = ["git", "rev-parse", "--short=12", "HEAD"]
    try:
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        # A source archive.
        return "anytws"


def _replayed(path: Path) -> int:
    target = TARGETS[path.resolve().parent.name](Random(0))
    problem = replay(target, read_case(path))
    _say(f"{target.name}: {problem.text if problem else 'nothing is wrong'}")
    if problem and problem.where:
        _say(f"  {problem.where}")
    return 1 if problem else 0


def _tell(reports: Sequence[Report]) -> None:
    by_target: defaultdict[str, list[Report]] = defaultdict(list)
    for report in reports:
        by_target[report.target].append(report)
    for name, some in by_target.items():
        inputs, seconds = sum(report.inputs for report in some), sum(report.seconds for report in some)
        speed = f"{inputs / seconds:9,.0f} a second and process" if seconds else "  no process came back"
        _say(f"{name:14}{inputs:12,} inputs  {speed}  {sum(len(report.findings) for report in some):4} problems")
    # What two processes have found is told once.
    findings = {(each.target, each.problem, each.where): each for report in reports for each in report.findings}
    for number, finding in enumerate(findings.values(), 1):
        _tell_finding(number, finding)


def _tell_finding(number: int, finding: Finding) -> None:
    _say(f"\n{number}. {finding.target}: {finding.problem}")
    if finding.where:
        _say(f"   {finding.where}")
    if finding.case is None:
        _say(f"   {COMMAND} --target {finding.target} --seed {finding.seed}")
        return
    text = written(finding.case, indent=None).strip()
    path = keep(finding).relative_to(ROOT)
    _say(f"   {text if len(text) <= _SHOWN else f'{text[:_SHOWN]}... ({len(text)} characters)'}")
    _say(f"   again:  {COMMAND} --replay {path}")
    _say(f"   or:     {COMMAND} --target {finding.target} --seed {finding.seed} --inputs {finding.number}")
    kept = (CORPUS / finding.target).relative_to(ROOT)
    _say(f"   when it is mended: mv {path} {kept}/what-it-is.json")


def _say(text: str) -> None:
    sys.stdout.write(text.encode("utf-8", "backslashreplace").decode() + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
