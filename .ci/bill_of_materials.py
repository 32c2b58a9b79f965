"""requirements.lock as a CycloneDX bill of materials, licences included: `python .ci/bill_of_materials.py FILE`.

cyclonedx-py reads a lock (each line, without licences) or an environment (licences and who needs whom, the tools of
development among them). Here the lines of the one are filled with what the other knows of them. What is locked for another
system or version of Python is not installed: it is listed without licence.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
SCHEMA = SchemaVersion.V1_6


def main(output: Path, lock: Path = ROOT / "requirements.lock") -> int:
    """Write it; the exit status."""
    listed = _cyclonedx("requirements", str(lock))
    installed = _cyclonedx(
        "environment", sys.executable, "--pyproject", str(ROOT / "pyproject.toml")
    )
    bill = filled(listed, installed)
    text = json.dumps(bill, indent=2, sort_keys=True) + "\n"
    if fault := JsonStrictValidator(SCHEMA).validate_str(text):
        print(f"The bill of materials is no valid CycloneDX: {fault}", file=sys.stderr)
        return 1
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(text, "utf-8")
    without = sum("licenses" not in each for each in bill["components"])
    print(f"{output}: {len(bill['components'])} packages, {without} of them without a licence")
    return 0


def filled(listed: dict[str, Any], installed: dict[str, Any]) -> dict[str, Any]:
    """The bill of what is listed, each component as the environment knows it where it has it."""
    known = {_key(each): each for each in installed["components"]}
    components = [known.get(_key(each), each) for each in listed["components"]]
    root = installed["metadata"]["component"]
    references = {each["bom-ref"] for each in components}
    needs = [
        {**each, "dependsOn": sorted(references & {*each.get("dependsOn", ())})}
        for each in installed["dependencies"]
        if each["ref"] in references | {root["bom-ref"]}
    ]
    told = {each["ref"] for each in needs}
    needs += [{"ref": each} for each in sorted(references - told)]
    return {
        **{name: installed[name] for name in ("$schema", "bomFormat", "specVersion", "metadata")},
        "version": 1,
        "components": sorted(components, key=lambda each: (each["name"], each["version"])),
        "dependencies": sorted(needs, key=lambda each: str(each["ref"])),
    }


def _key(component: dict[str, Any]) -> tuple[str, str]:
    return canonicalize_name(component["name"]), component["version"]


def _without_addresses(value: Any) -> Any:
    """Home pages say nothing of what is installed, and to validate each of them takes longer than all the rest."""
    if isinstance(value, dict):
        return {n: _without_addresses(v) for n, v in value.items() if n != "externalReferences"}
    return [_without_addresses(each) for each in value] if isinstance(value, list) else value


def _cyclonedx(*arguments: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "cyclonedx_py", *arguments]
    command += ["--output-format", "JSON", "--spec-version", SCHEMA.to_version()]
    command += ["--output-reproducible", "--no-validate"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    bill: dict[str, Any] = _without_addresses(json.loads(done.stdout))
    return bill


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
