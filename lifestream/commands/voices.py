"""`voices list | enrol | propose | erase`: known voices of the caller, by the API."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from lifestream.commands.api_command import JobId, calls_api
from lifestream.session import JsonOption
from lifestream.view.console import Screen
from lifestream.view.formatting import timestamp

if TYPE_CHECKING:
    from lifestream.remote.client import ApiClient

app = typer.Typer(name="voices", help="List, enrol, propose and erase known voices by the API.")


@app.command("list")
@calls_api
def list_voices(client: "ApiClient", screen: Screen, *, as_json: JsonOption = False) -> None:
    """Show your profiles, from which recordings they are, and who consented when."""
    found = client.call("GET", "/v1/voices")
    if as_json:
        screen.json(found)
        return
    screen.table(
        ("PROFILE", "NAME", "JOB", "SPEAKER", "CONSENT", "SINCE"),
        [_row(profile, sample) for profile in found["profiles"] for sample in profile["samples"]],
    )


@app.command()
@calls_api
def enrol(
    client: "ApiClient",
    screen: Screen,
    job: JobId,
    speaker: Annotated[
        str, typer.Argument(metavar="SPEAKER", help="Whom you have named, such as SPEAKER_00.")
    ],
    *,
    consent: Annotated[str, typer.Option("--consent", help="Who agreed, and how that is known.")],
) -> None:
    """Keep the voice of a speaker who consented, by the name that you gave."""
    body = {"job_id": job, "speaker": speaker, "consented_by": consent}
    sample = client.call("POST", "/v1/voices", body)
    screen.say(f"{sample['speaker']} is enrolled from {sample['seconds']:.0f} s of speech.")


@app.command()
@calls_api
def propose(
    client: "ApiClient", screen: Screen, job: JobId, *, as_json: JsonOption = False
) -> None:
    """Show which names the speakers without one may have; none is given to them."""
    found = client.call("GET", f"/v1/jobs/{job}/voices")
    if as_json:
        screen.json(found)
        return
    screen.table(
        ("SPEAKER", "NAME", "SIMILARITY", "CONFIDENCE"),
        [
            [
                each["speaker"],
                each["name"],
                f"{each['similarity']:.2f}",
                f"{each['confidence']:.2f}",
            ]
            for each in found["proposals"]
        ],
    )


@app.command()
@calls_api
def erase(
    client: "ApiClient",
    screen: Screen,
    profile: Annotated[
        str | None, typer.Argument(metavar="PROFILE", help="As `voices list` has it.")
    ] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="All your profiles.")] = False,
) -> None:
    """Erase a profile, or all of yours."""
    if (profile is None) != everything:
        raise typer.BadParameter("give either a profile or --all")
    path = "/v1/voices" if everything else f"/v1/voices/{profile}"
    erased = client.call("DELETE", path)
    screen.say(f"{erased['samples']} sample(s) erased.")


def _row(profile: dict[str, Any], sample: dict[str, Any]) -> list[str]:
    return [
        profile["profile"],
        profile["name"],
        sample["job_id"],
        sample["speaker"],
        sample["consented_by"],
        timestamp(sample["consented_at"]),
    ]
