"""What the referees' tests share, and the report of what they judged."""

from pathlib import Path

import pytest

from tests.conformance import prism, referees


@pytest.fixture(scope="session")
def models() -> referees.Models:
    return referees.models()


@pytest.fixture(scope="session")
def prism_program() -> Path:
    return prism.install()


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    idle = [referee for referee in referees.ALL if not referee.judgements]
    if referees.REQUIRED and idle and exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.section("referees")
    for referee in referees.ALL:
        fault = referees.REQUIRED and not referee.judgements
        line = f"{referee.name:<24}{referee.judgements:>7} checks"
        terminalreporter.line(line + ("  (none: failed)" if fault else ""), red=fault)
    for reason in sorted(referees.absences):
        terminalreporter.line(f"absent: {reason}", yellow=True)
