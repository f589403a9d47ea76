"""What is said to somebody who typed something wrong: exit 4, what was given, what is accepted, the nearest."""

from __future__ import annotations

import pytest

from releasegate.core import ExitCode

GATES = "preflight, backup, backend, migration, backfill, frontend, smoke, perf, monitoring, rollback, followup"
WRONG = {
    "unknown-command": (
        ["atest", "x"],
        (
            "usage: command 'atest': unknown (did you mean 'attest'?); accepted: rehearse, run, step, status, watch, "
            "attest, waive, report, verify, unseed, doctor, selftest, reference"
        ),
    ),
    "unknown-gate": (
        ["run", "preflght"],
        f"usage: gate 'preflght': unknown (did you mean 'preflight'?); accepted: {GATES}",
    ),
    "run-without-target": (
        ["run", "smoke"],
        "usage: --target: no deployment was named; give one: ./gate run smoke --target FILE",
    ),
    **{
        f"{command}-without-target": (
            [command, *rest],
            "usage: --target: no deployment was named; give --target FILE (targets/example.toml shows every key)",
        )
        for command, rest in {
            "status": [], "watch": [], "report": [], "unseed": [], "attest": ["x", "--by=Ana"],
            "step": ["x", "--", "true"], "waive": ["x/y", "--by=Ana", "--reason=r", "--until=2099-01-01"],
        }.items()
    },
    "no-such-fault": (
        ["rehearse", "--fault", "escape-dea"],
        "usage: --fault 'escape-dea': unknown (did you mean 'escape-dead'?)",
    ),
    "no-evidence-to-verify": (
        ["verify", "/nowhere"],
        "usage: /nowhere: holds no events.jsonl; give the folder reports/<change>/<target>",
    ),
}  # fmt: skip
OF_CLICK = {
    "no-rows": (["rehearse", "--rows=0"], "Invalid value for '--rows': 0 is not in the range x>=1."),
    "no-way-back": (["rehearse", "--rollback=all"], "is not one of 'code', 'data', 'restore', 'none'."),
    "no-language": (["report", "--lang=fr"], "'fr' is not one of 'pt-BR', 'en'."),
    "no-format": (["report", "--format=pdf"], "'pdf' is not one of 'html', 'json', 'junit', 'md'."),
    "nobody": (["attest", "x"], "Missing option '--by'."),
    "no-reason": (["waive", "x/y", "--by=Ana", "--until=2099-01-01"], "Missing option '--reason'."),
    "no-date": (["waive", "x/y", "--by=Ana", "--reason=r"], "Missing option '--until'."),
    "no-command": (["step", "x"], "Missing argument 'COMMAND...'."),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_usage_is_exit_4_and_one_sentence(gate, case):
    """What was given, what is accepted, and the nearest; nothing else is printed."""
    arguments, message = WRONG[case]
    ended = gate(*arguments)
    assert ended.code == ExitCode.USAGE
    assert ended.output.startswith(message), ended.output
    assert len(ended.output.splitlines()) == 1


@pytest.mark.parametrize("case", OF_CLICK)
def test_a_wrong_option_is_exit_4_too(gate, case):
    """The code of click itself for it is 2, which means interrupted here."""
    arguments, message = OF_CLICK[case]
    ended = gate(*arguments)
    assert ended.code == ExitCode.USAGE
    assert message in ended.output


@pytest.fixture
def files(gates):
    """Return `--target` and `--change` of a deployment that is nowhere."""
    return ["--target", str(gates.target), "--change", str(gates.change), "--reports", str(gates.folder / "reports")]


def test_a_way_back_must_be_named(gate, files):
    """The rollback gate judges one of three."""
    ended = gate("run", "rollback", *files)
    assert ended.code == ExitCode.USAGE
    assert "--kind: which way back was taken? Give --kind code, data or restore" in ended.output


def test_an_unknown_way_back(gate, files):
    """What is accepted is listed."""
    ended = gate("run", "rollback", *files, "--kind", "cod")
    assert ended.code == ExitCode.USAGE
    assert "argument --kind: invalid choice: 'cod' (choose from 'code', 'data', 'restore')" in ended.output


def test_latency_is_not_measured_by_several(gate, files):
    """Workers would load the machine that measures."""
    ended = gate("run", "perf", *files, "-n", "2")
    assert ended.code == ExitCode.USAGE
    assert "-n: gate perf measures latency" in ended.output


def test_a_target_that_cannot_be_read(gate, gates, files):
    """The file is named, and nothing is written."""
    gates.target.unlink()
    ended = gate("run", "preflight", *files)
    assert ended.code == ExitCode.USAGE
    assert f"{gates.target}: cannot be read: No such file or directory" in ended.output
    assert not (gates.folder / "reports").exists()


@pytest.mark.parametrize("command", [["run", "preflight"], ["status"], ["doctor"], ["watch"]])
def test_an_unknown_key_is_named_with_the_nearest(gate, gates, files, command):
    """File and key, before anything is touched, by every command that reads a target."""
    gates.target.write_text(gates.target.read_text("utf-8") + '[database]\ndns = "postgresql://h/d"\n', "utf-8")
    ended = gate(*command, *(files if command != ["doctor"] else files[:4]))
    assert ended.code == ExitCode.USAGE
    assert f"{gates.target}: database.dns" in ended.output
    assert "did you mean 'dsn'" in ended.output
    assert "Traceback" not in ended.output
    assert not (gates.folder / "reports").exists()


def test_a_secret_that_is_not_set_is_named_by_its_variable(gate, gates, files):
    """The variable, the file and the key."""
    text = '[database]\ndsn = "postgresql://h/d"\npassword = "${NOT_SET_ANYWHERE}"\n'
    gates.target.write_text(gates.target.read_text("utf-8") + text, "utf-8")
    ended = gate("status", *files)
    assert ended.code == ExitCode.USAGE
    assert f"{gates.target}: database.password" in ended.output
    assert "environment variable NOT_SET_ANYWHERE is not set" in ended.output


def test_only_rehearse_has_a_target_of_its_own(gate):
    """Every other command that looks at a deployment says that none was named."""
    for command in ("run", "status", "watch", "report", "attest", "waive", "step"):
        assert "--target" in gate(command, "--help").output
    assert "--target" not in gate("rehearse", "--help").output
