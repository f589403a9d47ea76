"""What the checks of the runbook's own commands say, and when they stay silent."""

from __future__ import annotations

from dataclasses import replace

from releasegate.change.models import Step
from releasegate.checks.steps import commands_did_as_promised, step_as_promised
from releasegate.core import Verdict
from releasegate.core.facts.steps import StepRun

BUILD = Step(item="2.3-build", failure=(r"error TS\d+",), warning=("deprecated",), longest_s=60, source="runbook 2.3")
RUN = StepRun(item="2.3-build", command="npm run build", exit_code=0, duration_s=12, output="compiled\ndone\n")


def judged(*pairs):
    return commands_did_as_promised("backend/step-output", pairs)


def test_a_command_that_did_as_promised_passes():
    judgement = judged((BUILD, RUN))
    assert (judgement.verdict, judgement.sentence) == (Verdict.PASS, "1 of 1 command recorded, each as promised")


def test_another_exit_code_is_a_finding():
    (finding,) = judged((BUILD, replace(RUN, exit_code=2))).findings
    assert str(finding) == (
        "backend/step-output: 2.3-build: npm run build\n"
        "  want: exit code 0 (runbook 2.3)\n"
        "  have: exit code 2\n"
        "  why:  what the command should have done is not done, or only in part\n"
        "  fix:  read its output in the evidence, mend the cause, run it again with `gate step`"
    )


def test_a_promised_exit_code_other_than_0_passes():
    promise = BUILD.model_copy(update={"exit_codes": (0, 2)})
    assert judged((promise, replace(RUN, exit_code=2))).verdict is Verdict.PASS


def test_a_line_of_failure_is_a_finding_although_the_exit_code_is_0():
    (finding,) = judged((BUILD, replace(RUN, output="src/a.ts(1,2): error TS2304: no name\n"))).findings
    assert (finding.want, finding.have) == (
        r"no line with 'error TS\\d+' (runbook 2.3)",
        "src/a.ts(1,2): error TS2304: no name",
    )


def test_a_missing_line_of_success_is_a_finding():
    promise = Step(item="4.3", success=("completed", "PASSED"), source="runbook 4.3")
    (finding,) = judged((promise, replace(RUN, output="NOTICE: completed\n"))).findings
    assert (finding.want, finding.have) == ("a line with 'PASSED' (runbook 4.3)", "1 line, none of them with it")


def test_a_warning_and_a_long_run_are_warnings():
    judgement = judged((BUILD, replace(RUN, output="npm WARN Deprecated x\n", duration_s=61)))
    assert judgement.verdict is Verdict.WARN
    assert [finding.have for finding in judgement.findings] == ["npm WARN Deprecated x", "1 min 01 s"]


def test_commands_that_were_not_recorded_do_not_apply_and_say_so():
    judgement = judged((BUILD, None))
    assert (judgement.verdict, judgement.sentence) == (
        Verdict.NOT_APPLICABLE,
        "0 of 1 command of this step were run with `gate step`: nothing to judge",
    )


def test_the_newest_run_of_a_command_counts():
    records = [{"command": "npm run build", "exit_code": code, "duration_s": 1.0, "output": ""} for code in (1, 0)]
    assert StepRun.last("2.3-build", records) == replace(RUN, duration_s=1.0, output="")
    assert StepRun.last("2.3-build", []) is None


def test_a_command_that_no_document_speaks_of_has_to_end_with_0():
    failed = step_as_promised(StepRun(item="x", command="make", exit_code=2, duration_s=1.5, output=""), None)
    assert failed.findings[0].want == "exit code 0 (no release document says more about it)"
    held = step_as_promised(StepRun(item="x", command="make", exit_code=0, duration_s=1.5, output=""), None)
    assert held.sentence == "ended with 0 after 1.5 s"


def test_a_promised_command_is_judged_when_it_is_run():
    failed = step_as_promised(
        StepRun(item="2.3-build", command="npm run build", exit_code=0, duration_s=1, output="error TS1\n"), BUILD
    )
    assert (failed.verdict, failed.findings[0].check) == (Verdict.FAIL, "step/2.3-build")


def test_a_change_whose_steps_no_gate_judges_says_what_is_missing():
    """Recorded, and judged by nobody: the file has to say by which gate."""
    assert judged().sentence == (
        '0 commands of the change\'s [[steps]] say gate = "backend", and no box of its [[checklist]] has '
        "backend/step-output"
    )
