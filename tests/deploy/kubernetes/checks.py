"""The checks of kubernetes.sh, one line each; UPDATE=1 in the environment renews what is generated."""

import argparse
import copy
import difflib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import traceback

import agreement
import bases
import kube
import rights
import stage
import values_schema
import values_table

HERE = pathlib.Path("tests/deploy/kubernetes")
CHART = pathlib.Path(bases.CHART)
MANIFESTS = pathlib.Path("deploy/kubernetes")
OLDEST = "1.29"  # Chart.yaml: kubeVersion
UPDATE = os.environ.get("UPDATE") == "1"


class Checks:
    def __init__(self, tools, newsstage):
        self.tools = tools
        self.newsstage = newsstage
        self.schemas = kube.Schemas(tools)
        self.versions = (OLDEST, "{}.{}".format(*self.schemas.versions[-1]))
        self.keda = agreement.keda_parameters((tools / "crds/kafka_scaler.go").read_text())
        self.passed = self.failed = 0

    def check(self, name, mistakes):
        """Prints the verdict on one check. mistakes: what is wrong, one text each; none is well."""
        mistakes = list(mistakes)
        print(("FAILED  " if mistakes else "ok      ") + name, flush=True)
        for mistake in mistakes[:20]:
            print("        " + mistake.strip().replace("\n", "\n        "), flush=True)
        self.failed += bool(mistakes)
        self.passed += not mistakes

    def helm(self, *arguments, program="helm", **values):
        """helm with the values of files=[PATH…] and the table given=MAP; its exit code, output and messages."""
        command = [self.tools / "bin" / program, *arguments]
        for path in values.get("files", []):
            command += ["--values", path]
        given = json.dumps(values["given"]) if values.get("given") is not None else None
        if given is not None:
            command += ["--values", "-"]
        done = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr

    def render(self, **values):
        """The manifests of the chart, and what is wrong with it: helm 4 and helm 3 must make the same of it."""
        made = []
        for program in ("helm", "helm3"):
            code, out, errors = self.helm(
                "template", bases.RELEASE, CHART, "--namespace", bases.NAMESPACE, "--kube-version", OLDEST, program=program, **values
            )
            if code:
                return [], [f"{program}: {errors}"]
            made.append(kube.read(out))
        ordered = [sorted(manifests, key=lambda m: (m["kind"], m["metadata"]["name"])) for manifests in made]
        return made[0], [] if ordered[0] == ordered[1] else ["helm 3 renders something else than helm 4"]

    def installation(self, name, manifests, folder):
        """Everything that must hold of the manifests of one installation."""
        for version in self.versions:
            self.check(
                f"{name}: valid by Kubernetes {version} and the custom resources",
                [mistake for manifest in manifests for mistake in self.schemas.mistakes(version, manifest)],
            )
        try:
            mistakes = agreement.mistakes(manifests, self.keda)
        except (KeyError, ValueError, StopIteration) as error:
            mistakes = [f"{type(error).__name__}: {error}"]
        self.check(f"{name}: manifests and configuration agree", mistakes)
        self.check(f"{name}: newsstage check", stage.mistakes(self.newsstage, manifests, folder))


def generated(path, content):
    """The mistakes of a generated file; renews it instead where that is wanted."""
    if UPDATE:
        path.write_text(content)
        return []
    found = path.read_text() if path.exists() else ""
    if found == content:
        return []
    lines = difflib.unified_diff(found.splitlines(), content.splitlines(), str(path), "generated anew", lineterm="", n=1)
    return [f"{path} drifted; UPDATE=1 bash tests/deploy/kubernetes.sh renews it\n" + "\n".join(list(lines)[:30])]


def open_objects(schema, place=""):
    """Places of a schema where an object takes any key."""
    if isinstance(schema, list):
        for index, item in enumerate(schema):
            yield from open_objects(item, f"{place}.{index}")
    elif isinstance(schema, dict):
        kinds = schema.get("type", [])
        if "object" in kinds and schema.get("additionalProperties", True) in (True, {}):
            yield place
        for key, value in schema.items():
            yield from open_objects(value, f"{place}.{key}")


def chart(checks):
    settings = subprocess.run([checks.newsstage, "config", "schema"], capture_output=True, text=True, check=True)
    base = kube.read((HERE / "values-schema.yaml").read_text())[0]
    schema = values_schema.make(base, json.loads(settings.stdout), checks.schemas.kubernetes(checks.versions[1]))
    checks.check("values.schema.json: as newsstage and Kubernetes have it", generated(CHART / "values.schema.json", values_schema.text(schema)))
    # `global` is Helm's own.
    opened = [place for place in open_objects(schema) if place != ".properties.global"]
    checks.check("values.schema.json: no table takes unknown keys", opened)
    code, out, errors = checks.helm("lint", CHART, "--strict", "--quiet", given={"config": {"kafka": {"brokers": "kafka:9092"}}})
    checks.check("helm lint", [out + errors] if code else [])
    values = (CHART / "values.yaml").read_text()
    readme = (CHART / "README.md").read_text()
    checks.check("README of the chart: the table of values", generated(CHART / "README.md", values_table.put(readme, values)))
    version = kube.read((CHART / "Chart.yaml").read_text())[0]["appVersion"]
    said = subprocess.run([checks.newsstage, "--version"], capture_output=True, text=True, check=True).stdout.split()[-1]
    checks.check("Chart.yaml: the version of newsstage", [] if version == said else [f"appVersion {version}, newsstage {said}"])


def documented(checks, folder):
    """What the pages show: values that must be accepted, and a refusal that must read like that."""
    page = pathlib.Path("docs/kubernetes.md").read_text()
    shown = [block for block in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL) if block.startswith("# my-values.yaml")]
    manifests, mistakes = checks.render(given=kube.read(shown[0])[0]) if shown else ([], ["has no my-values.yaml"])
    checks.check("docs/kubernetes.md: its values", mistakes)
    if manifests:
        checks.installation("docs/kubernetes.md: its values", manifests, folder)
    readme = (CHART / "README.md").read_text()
    command, _, shown = next(b for b in re.findall(r"```console\n\$ (.*?)```", readme, re.DOTALL) if "template" in b).partition("\n")
    _, *arguments = command.split()
    _, _, errors = checks.helm(*arguments)
    said = errors.partition("\n\nUse --debug")[0]
    checks.check("README of the chart: its refusal", [] if shown.strip() == said.strip() else [f"it is now\n{said}"])


def installations(checks, folder):
    """The bases, the overlays, and further values that must be accepted. Gives the manifests of the bases by name."""
    rendered = {}
    for path in sorted((MANIFESTS / "base").iterdir()):
        manifests, mistakes = checks.render(files=[path / "values.yaml"])
        checks.check(f"base {path.name}: renders", mistakes)
        if mistakes:
            continue
        rendered[path.name] = copy.deepcopy(manifests)
        code, out, errors = checks.helm("install", bases.RELEASE, CHART, "--dry-run=client", files=[path / "values.yaml"])
        checks.check(f"base {path.name}: notes", [out + errors] if code or "newsstage check" not in out.partition("\nNOTES:")[2] else [])
        checks.installation(f"base {path.name}, by Helm", manifests, folder)
        drifted = [m for name, text in bases.files(copy.deepcopy(manifests)).items() for m in generated(path / name, text)]
        checks.check(f"base {path.name}: as the chart renders it", drifted)
        kustomized(checks, path, f"base {path.name}", folder)
    for path in sorted((MANIFESTS / "overlays").iterdir()):
        manifests = kustomized(checks, path, f"overlay {path.name}", folder)
        base = rendered.get(path.name)
        if manifests and base:
            checks.check(f"overlay {path.name}: leaves what the chart decides", stage.decided(base, manifests))
    for case in kube.read((HERE / "accepted.yaml").read_text())[0]:
        manifests, mistakes = checks.render(given=case["values"])
        checks.check(f"values: {case['name']}", mistakes)
        if not mistakes:
            checks.installation(f"values: {case['name']}", manifests, folder)
            checks.check(f"values: {case['name']}: expected parts", expected(case.get("expect", {}), manifests))
    return rendered


def kustomized(checks, path, name, folder):
    done = subprocess.run([checks.tools / "bin/kubectl", "kustomize", path], capture_output=True, text=True, check=False)
    mistakes = [done.stderr] if done.returncode or done.stderr else []
    checks.check(f"{name}: kustomize", mistakes)
    manifests = [] if mistakes else kube.read(done.stdout)
    if manifests:
        checks.installation(f"{name}, by Kustomize", manifests, folder)
    return manifests


def expected(expect, manifests):
    """expect: by kind the number of manifests, or text that must be in one of them."""
    mistakes = []
    for kind, wanted in expect.items():
        of_kind = [manifest for manifest in manifests if manifest["kind"] == kind]
        if isinstance(wanted, int):
            if len(of_kind) != wanted:
                mistakes.append(f"{len(of_kind)} of {kind}, expected {wanted}")
            continue
        text = kube.write(of_kind)
        mistakes += [f"{kind} has no {part!r}\n{text}" for part in wanted if part not in text]
    return mistakes


def refusals(checks):
    for case in kube.read((HERE / "refused.yaml").read_text())[0]:
        mistakes = []
        for program in ("helm", "helm3"):
            code, _, errors = checks.helm("template", bases.RELEASE, CHART, program=program, given=case["values"])
            if code == 0:
                mistakes.append(f"{program} did not refuse it")
            # helm 4 writes a path as /a/b, helm 3 as a.b.
            said = errors.replace("/", ".")
            mistakes += [f"{program} does not say {part!r}:\n{errors}" for part in case["message"] if part not in said]
        checks.check(f"refused: {case['name']}", mistakes)


def vigilance(checks, rendered, folder):
    """Faults put into good manifests must be found: else the checks above say nothing."""
    for case in kube.read((HERE / "faults.yaml").read_text())[0]:
        manifests = copy.deepcopy(rendered.get(case["base"], []))
        targets = [manifest for manifest in manifests if manifest["kind"] == case["kind"]]
        if not targets:
            checks.check(f"found: {case['name']}", [f"no {case['kind']} in {case['base']}"])
            continue
        change(targets[0], case["at"], case.get("value"))
        found = {
            "schema": lambda: [m for manifest in manifests for m in checks.schemas.mistakes(checks.versions[1], manifest)],
            "agreement": lambda: agreement.mistakes(manifests, checks.keda),
            "newsstage": lambda: stage.mistakes(checks.newsstage, manifests, folder),
        }[case["by"]]()
        hit = any(case["message"] in mistake for mistake in found)
        checks.check(f"found: {case['name']}", [] if hit else [f"no {case['message']!r} in {found}"])


def change(node, path, value):
    """Sets what is at a path of keys and indices; null removes it."""
    *way, last = path
    for step in way:
        node = node[step]
    if value is None:
        del node[last]
    elif isinstance(node[last] if not isinstance(node, dict) or last in node else None, str) and isinstance(value, dict):
        node[last] = node[last].replace(value["replace"], value["by"])
    else:
        node[last] = value


def scripts(checks):
    paths = ["tests/deploy/kubernetes.sh"]
    done = subprocess.run(
        [checks.tools / "python/bin/shellcheck", "--external-sources", *paths], capture_output=True, text=True, check=False
    )
    checks.check("shellcheck", [done.stdout + done.stderr] if done.returncode else [])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tools", type=pathlib.Path, required=True)
    parser.add_argument("--newsstage", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    checks = Checks(arguments.tools, arguments.newsstage)
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        os.environ["HELM_CACHE_HOME"] = os.environ["HELM_CONFIG_HOME"] = os.environ["HELM_DATA_HOME"] = str(folder / "helm")
        scripts(checks)
        try:
            chart(checks)
            documented(checks, folder)
            rendered = installations(checks, folder)
            refusals(checks)
            vigilance(checks, rendered, folder)
            rights.run(checks, folder)
        except Exception:  # the last line must be a verdict, whatever happened
            checks.check("the checks themselves", [traceback.format_exc()])
    print(f"{checks.passed} passed, {checks.failed} failed")
    sys.exit(checks.failed > 0)


if __name__ == "__main__":
    main()
