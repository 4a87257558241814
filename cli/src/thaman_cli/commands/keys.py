"""``thaman keys``: API keys, and the rotation of the token vault's key ring and of the key that signs checkpoints."""

import os
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal

import typer
from pydantic import SecretStr

from thaman_cli.databases import connect
from thaman_cli.errors import BadUsage, CliError
from thaman_cli.options import DEFAULT_HOME, HomeOption, JsonOption, home_of
from thaman_cli.output import Output
from thaman_cli.state import Home

app = typer.Typer(help="API keys, the vault's key ring, and the key that signs checkpoints.", no_args_is_help=True)
_PEPPER = "THAMAN_API_KEY_PEPPER"


@app.command("create")
def create(
    label: Annotated[str, typer.Option(help="What the key is for; shown in lists.")],
    store: Annotated[str | None, typer.Option(help="Only for this store; without it, an operator's key.")] = None,
    days: Annotated[
        int | None, typer.Option(min=1, max=3_650, help="Days until it expires; without it, never.")
    ] = None,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Make an API key and show it, this once."""
    from thaman_onboarding.application.keys import issue_key
    from thaman_onboarding.errors import OnboardingError

    out, place = Output(as_json=as_json), home_of(home)
    expires_at = datetime.now(UTC) + timedelta(days=days) if days else None
    scope: Literal["operator", "store"] = "store" if store else "operator"
    with closing(connect(place, "onboarding")) as application:
        try:
            made = issue_key(application, scope, store, label, pepper=pepper(place), expires_at=expires_at)
        except OnboardingError as error:
            raise BadUsage("The key was not made", str(error), "See `thaman keys create --help`.") from error
    secret = made.key.get_secret_value()
    data = {"key_id": made.key_id, "key": secret, "scope": scope, "store_id": store, "expires_at": expires_at}
    out.result(data, f"{made.key_id}\n{secret}\nThis is the only time the key is shown.")


@app.command("revoke")
def revoke(
    key_id: Annotated[str, typer.Argument(help="The key's id (key_...), not the key itself.")],
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Stop a key from working, everywhere within seconds."""
    from thaman_onboarding.application.keys import revoke_key
    from thaman_onboarding.errors import UnknownKey

    out, place = Output(as_json=as_json), home_of(home)
    with closing(connect(place, "onboarding")) as application:
        try:
            revoke_key(application, key_id)
        except UnknownKey as error:
            raise CliError("No key was revoked", str(error), "Give the id that `thaman keys create` showed.") from error
    out.result({"revoked": key_id}, f"Revoked {key_id}.")


@app.command("rotate-vault")
def rotate_vault(home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False) -> None:
    """Put a new key at the head of the vault's ring and wrap every store's data key with it. Resumable.

    A running installation gets the new key by itself. Elsewhere put the new key first in THAMAN_VAULT_KEYS of every
    onboarding process, then run this with the same variable.
    """
    from thaman_cli.rotation import rotate

    out, place = Output(as_json=as_json), home_of(home)
    with out.step("rotating the vault's key ring"):
        primary, wrapped = rotate(place)
    out.result({"primary_key": primary, "rewrapped": wrapped}, f"{wrapped} data key(s) are now wrapped with {primary}.")


@app.command("rotate-audit")
def rotate_audit(
    file: Annotated[
        Path | None, typer.Option(help="Write the new key to this new private file and change nothing else.")
    ] = None,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Make a new key that signs checkpoints; the old private key is forgotten, its public key stays published.

    A running installation gets the new key by itself and seals with it at once. Elsewhere write it to a file and give
    its text to the audit's workers as THAMAN_AUDIT_KEYS. No command shows a private key.
    """
    from thaman_cli.audit_keys import rotate, write_new

    out, place = Output(as_json=as_json), home_of(home)
    if file is not None:
        data = write_new(file)
        out.result(data, f"Key {data['key_id']} is in {file}; its public key is {data['public_key']}.")
        return
    with out.step("sealing a checkpoint with a new key"):
        data = rotate(place)
    out.result(
        data,
        f"Checkpoint {data['checkpoint']} is signed by {data['key_id']}, whose public key is {data['public_key']}.",
    )


def pepper(home: Home) -> SecretStr:
    """The pepper that keys are hashed with: the environment's, or the installation's own."""
    given = os.environ.get(_PEPPER)
    return SecretStr(given) if given else home.load_secrets().api_key_pepper
