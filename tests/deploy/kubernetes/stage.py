"""Asks newsstage itself what it thinks of a configuration, in a place like the pod: same files, same environment."""

import pathlib
import subprocess
import tempfile
import tomllib

import agreement

POD_NAME = "newsstage-0"


def mistakes(newsstage, manifests, folder):
    """What `newsstage check --offline --strict` says against the configuration of an installation."""
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        root = pathlib.Path(scratch)
        workload = next(m for m in manifests if m["kind"] in agreement.POD_OWNERS)
        pod = workload["spec"]["template"]["spec"]
        container = pod["containers"][0]
        volumes = {volume["name"]: volume for volume in pod["volumes"]}
        text = agreement.settings_text(manifests, workload)
        variables = environment(container["env"])
        for mount in sorted(container["volumeMounts"], key=lambda mount: -len(mount["mountPath"])):
            here = root / mount["name"]
            here.mkdir()
            for item in volumes.get(mount["name"], {}).get("secret", {}).get("items", []):
                (here / item["path"]).write_text("secret\n")
            text = text.replace(f'"{mount["mountPath"]}', f'"{here}')
            variables = {name: value.replace(mount["mountPath"], str(here)) for name, value in variables.items()}
        (root / "config/newsstage.toml").write_text(text)
        command, *arguments = container["args"]
        if command != "run":
            return [f"the container does {command}"]
        done = subprocess.run(
            [newsstage, "check", "--offline", "--strict", *arguments],
            env=variables, cwd=root, capture_output=True, text=True, check=False,
        )
        if done.returncode == 0:
            return []
        wrong = [line for line in done.stdout.splitlines() if not line.startswith("ok ")]
        return ["\n".join([f"exit code {done.returncode}", *wrong, done.stderr])]


def environment(variables):
    """What the container would have; any name of the pod and any secret will do."""
    values = {}
    for variable in variables:
        source = variable.get("valueFrom", {})
        if "value" in variable:
            values[variable["name"]] = variable["value"]
        elif source.get("fieldRef", {}).get("fieldPath") == "metadata.name":
            values[variable["name"]] = POD_NAME
        elif "secretKeyRef" in source:
            values[variable["name"]] = "secret"
        else:
            raise ValueError(f"{variable['name']}: a source that this test does not know")
    return values


def decided(base, overlay):
    """Where an overlay has another value than its base for a setting that the chart decides."""
    found = []
    settings = []
    for manifests in (base, overlay):
        workload = next(m for m in manifests if m["kind"] in agreement.POD_OWNERS)
        settings.append(dict(flat(tomllib.loads(agreement.settings_text(manifests, workload)))))
    for key in sorted(set(settings[0]) | set(settings[1])):
        owned = key.startswith(("admin.", "shutdown.")) or key.endswith("_file")
        owned = owned or key in ("dedup.backend", "dedup.path", "topics.lexicons", "topics.queries")
        if owned and settings[0].get(key) != settings[1].get(key):
            found.append(f"{key} is {settings[1].get(key)}, in the base {settings[0].get(key)}")
    return found


def flat(table, place=""):
    for key, value in table.items():
        dotted = f"{place}.{key}".lstrip(".")
        if isinstance(value, dict):
            yield from flat(value, dotted)
        else:
            yield dotted, value
