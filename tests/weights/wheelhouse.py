"""Wheels made on the spot, in a folder that plays the user's package index."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Wheelhouse:
    """A folder of packages; one that gets imported or built leaves `executed` behind."""

    folder: Path

    @property
    def executed(self) -> Path:
        return self.folder / "executed"

    def add_wheel(self, package: str, members: Mapping[str, bytes], tag: str = "py3-none-any") -> Path:
        """A wheel 1.0 of `package` that requires a package nobody has, and a Python nobody runs."""
        stem = f"{package.replace('-', '_')}-1.0"
        metadata = (
            f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n"
            "Requires-Dist: nobody-has-this\nRequires-Python: <3\n"
        )
        path = self.folder / f"{stem}-{tag}.whl"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
            wheel.writestr(f"{package.replace('-', '_')}/__init__.py", self._confession())
            for name, content in members.items():
                wheel.writestr(name, content)
            wheel.writestr(f"{stem}.dist-info/METADATA", metadata)
            wheel.writestr(
                f"{stem}.dist-info/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n"
            )
            wheel.writestr(f"{stem}.dist-info/RECORD", "")
        return path

    def add_sdist(self, package: str) -> Path:
        """A source distribution 1.0 of `package` whose build confesses that it was run."""
        path = self.folder / f"{package}-1.0.tar.gz"
        with tarfile.open(path, "w:gz") as archive:
            for name, text in (
                ("setup.py", self._confession() + f"from setuptools import setup; setup(name={package!r})"),
                ("PKG-INFO", f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n"),
            ):
                member = tarfile.TarInfo(f"{package}-1.0/{name}")
                member.size = len(text)
                archive.addfile(member, io.BytesIO(text.encode()))
        return path

    def _confession(self) -> str:
        return f"open({str(self.executed)!r}, 'w').close()\n"
