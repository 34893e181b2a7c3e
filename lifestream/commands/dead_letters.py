"""`dlq list | show | redrive | purge`."""

import json
from contextlib import closing
from typing import Annotated

import typer

from lifestream import redrive as redrive_letters
from lifestream.ports import Operations
from lifestream.session import JsonOption, on_environment
from lifestream.view.console import Screen
from lifestream.view.formatting import LETTER_COLUMNS, letter_json, letter_rows, timestamp
from runtime.core.dead_letters import DeadLetter, list_command, redrive_command

app = typer.Typer(
    name="dlq", help="List, show, redrive and purge the messages that could not be dispatched."
)
_MESSAGE = typer.Argument(metavar="MESSAGE", help="Its id, from `dlq list`.")
MessageId = Annotated[str, _MESSAGE]


@app.command("list")
@on_environment
def list_letters(
    operations: Operations,
    screen: Screen,
    *,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="At most N messages.")] = 100,
    as_json: JsonOption = False,
) -> None:
    """Show the messages and the states of their jobs; nothing is changed."""
    with (
        screen.busy("Reading the dead-letter queue"),
        redrive_letters.peek(operations.dead_letters, limit=limit) as letters,
    ):
        contents = [redrive_letters.read(operations, letter) for letter in letters]
    if as_json:
        screen.json([letter_json(content) for content in contents])
        return
    if not contents:
        screen.say(_empty(operations))
        return
    now = operations.clock.now()
    rows = [row for content in contents for row in letter_rows(content, now=now)]
    screen.table(LETTER_COLUMNS, rows)
    if len(contents) == limit:
        screen.note(f"The first {limit}; --limit shows more.")
    screen.say(f"Send them back: {redrive_command(operations.environment)}")


@app.command()
@on_environment
def show(
    operations: Operations,
    screen: Screen,
    message: MessageId,
    *,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="Search N messages.")] = 1000,
    as_json: JsonOption = False,
) -> int:
    """Show one message whole; nothing is changed."""
    with (
        screen.busy("Looking for the message"),
        redrive_letters.peek(operations.dead_letters, limit=limit) as letters,
    ):
        found = [
            redrive_letters.read(operations, letter)
            for letter in letters
            if letter.message_id == message
        ]
    if not found:
        screen.say(_no_such(operations, message))
        return 1
    content = found[0]
    if as_json:
        screen.json({**letter_json(content), "body": content.letter.body})
        return 0
    screen.fields(
        [
            ("message", content.letter.message_id),
            ("sent", timestamp(content.letter.sent_at) or ""),
            ("problem", content.problem),
        ]
    )
    for subject in content.subjects:
        job = subject.job
        screen.say(
            f"about    {subject.about}: {subject.state} {job.job_id if job else ''}".rstrip()
        )
        if job is not None and job.failure is not None:
            screen.say(f"         {job.failure.summary} {job.failure.resolution}")
    screen.say("body")
    screen.say(_indented(content.letter.body))
    if content.problem:
        screen.say("It cannot be processed: correct its sender; `dlq purge` removes it.")
    else:
        screen.say(f"Send it back: {operations.command} dlq redrive {content.letter.message_id}")
    return 0


@app.command()
@on_environment
def redrive(
    operations: Operations,
    screen: Screen,
    message: Annotated[str | None, _MESSAGE] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="Every message.")] = False,
) -> int:
    """Put failed jobs back and send their messages to the jobs queue.

    An interruption at any point loses no message.
    """
    if every == (message is not None):
        raise typer.BadParameter("Give the id of a message, or --all.")

    def wanted(letter: DeadLetter) -> bool:
        return every or letter.message_id == message

    done: list[redrive_letters.RedriveResult] = []
    screen.note("Working through the dead-letter queue ...")
    # Closing releases what was received and not wanted.
    with closing(redrive_letters.redrive(operations, wanted)) as work:
        for each in work:
            done.append(each)
            about = ", ".join(subject.about for subject in each.content.subjects)
            screen.say(f"{each.content.letter.message_id}  {each.summary}  {about}".rstrip())
            if not every:
                break
    if not done:
        screen.say(_empty(operations) if every else _no_such(operations, message))
        return 0 if every else 1
    sent = sum(each.sent for each in done)
    left = sum(not each.gone for each in done)
    screen.say(
        f"{len(done)} message(s): {sent} sent to the jobs queue, "
        f"{len(done) - sent - left} removed, {left} left."
    )
    if remaining := operations.dead_letters.count():
        screen.say(f"About {remaining} message(s) remain in the dead-letter queue.")
    if left:
        screen.say(f"Read what was left: {operations.command} dlq show MESSAGE")
    if sent:
        screen.say(f"See how they do: {operations.command} jobs list")
    return 1 if left else 0


@app.command()
@on_environment
def purge(
    operations: Operations,
    screen: Screen,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; else only count them.")] = False,
) -> int:
    """Remove all messages for good."""
    count = operations.dead_letters.count()
    if count == 0:
        screen.say(_empty(operations))
        return 0
    if not yes:
        screen.say(
            f"About {count} message(s) of {operations.environment} would be gone for good, and "
            "nothing else would start their jobs. Nothing was done."
        )
        screen.say(f"Look at them: {list_command(operations.environment)}")
        screen.say(f"If you are sure: {operations.command} dlq purge --yes")
        return 1
    operations.dead_letters.purge()
    screen.say(
        f"About {count} message(s) are being removed, which takes SQS up to a minute. Their "
        "uploads stay in the bucket."
    )
    screen.say(f"Process one of them after all: {operations.command} jobs reprocess uploads/NAME")
    return 0


def _empty(operations: Operations) -> str:
    return f"The dead-letter queue of {operations.environment} is empty."


def _no_such(operations: Operations, message_id: str | None) -> str:
    return (
        f"There is no message {message_id} in the dead-letter queue of {operations.environment}, "
        f"or another command has received it in the last two minutes.\n"
        f"List what is there: {list_command(operations.environment)}"
    )


def _indented(body: str) -> str:
    try:
        return json.dumps(json.loads(body), ensure_ascii=False, indent=2)
    except ValueError:
        return body
