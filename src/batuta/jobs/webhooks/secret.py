"""The secret deliveries are signed with: the operator's, or one made once and kept in the data folder."""

from __future__ import annotations

import base64
import os
import secrets
import tempfile
from pathlib import Path
from typing import Final

from batuta.errors import StorageError
from batuta.jobs.webhooks.signing import PREFIX, key_of
from batuta.settings import Settings
from batuta.storage.database import make_folder

SECRET_FILE: Final = "webhook.secret"  # noqa: S105  # where it is, not what it is
_KEY_BYTES: Final = 32


def webhook_secret(settings: Settings) -> str:
    """The secret; blocks shortly. Raises `InvalidRequest` for one that is none, `StorageError`.

    On many machines set WEBHOOK_SECRET: each data folder would have a secret of its own.
    """
    if settings.webhook_secret is not None:
        secret = settings.webhook_secret.get_secret_value()
    else:
        secret = kept_secret(settings.batuta_data)
    key_of(secret)
    return secret


def kept_secret(folder: Path) -> str:
    """The folder's secret, made now if it has none; only its owner can read the file (mode 0600)."""
    make_folder(folder)
    path = folder / SECRET_FILE
    try:
        if not path.exists():
            _make(path)
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeError) as error:
        raise StorageError(
            f"the webhook secret in {path} cannot be had: {error}. Set WEBHOOK_SECRET."
        ) from error


def _make(path: Path) -> None:
    """Written whole under another name first: of two processes one wins, and both read the same."""
    secret = PREFIX + base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")  # mode 0600
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secret + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        Path(draft).unlink()
