"""`gate report` and `gate verify`: the evidence for people, and the evidence checked by somebody else."""

from __future__ import annotations

from pathlib import Path

import click

from releasegate.change.models import Locale
from releasegate.cli.places import folder_of, on_target, refresh, subject_of
from releasegate.core import ExitCode, UsageError
from releasegate.evidence.chain import read
from releasegate.evidence.signature import sign_statement
from releasegate.evidence.verify import verify as check
from releasegate.report import Form, render


@click.command()
@on_target
@click.option("--lang", type=click.Choice(["pt-BR", "en"]), help="Language (default: from the locale).")
@click.option("--format", "form", type=click.Choice(["html", "json", "junit", "md"]), default="html", show_default=True)
@click.option(
    "--sign", "key", metavar="KEY", type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Sign the statement with this ssh key (a .pub: by the agent).",
)  # fmt: skip
def report(
    target_path: Path | None,
    change_path: Path | None,
    reports: Path | None,
    lang: Locale | None,
    form: Form,
    key: Path | None,
) -> int:
    """Write the dossier of a deployment again from its evidence: report.html, or another format to standard output."""
    subject = subject_of(target_path, change_path)
    folder = folder_of(subject, reports)
    if not folder.events.exists():
        raise UsageError(f"{folder.root}: holds no evidence; run a gate first, or give --reports DIR")
    if form == "html":
        was_signed = folder.signature.exists()
        click.echo(str(refresh(folder, subject, language=lang)))
        if was_signed and not folder.signature.exists() and key is None:
            click.echo("the statement has changed with it and is not signed any more; --sign KEY signs it", err=True)
    else:
        click.echo(render(read(folder), subject.change, subject.gates, form=form, language=lang))
    if key is not None:
        click.echo(str(sign_statement(folder, key)), err=form != "html")
    return 0


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--anchor", metavar="LINE", help="The line that was written into the change ticket.")
@click.option("--allowed-signers", type=click.Path(path_type=Path), help="ssh-keygen's file of who may sign.")
def verify(folder: Path, anchor: str | None, allowed_signers: Path | None) -> int:
    """Check the evidence in FOLDER offline, and say what was not checked."""
    if not (folder / "events.jsonl").exists():
        raise UsageError(f"{folder}: holds no events.jsonl; give the folder reports/<change>/<target>")
    verification = check(folder, anchor=anchor, allowed_signers=allowed_signers)
    words = {True: "verified", False: "WRONG", None: "not verified"}
    for line in verification.lines:
        click.echo(f"{words[line.ok]:<13} {line.text}")
    return ExitCode.GO if verification.holds else ExitCode.NO_GO
