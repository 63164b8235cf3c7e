"""Reading manifests strictly, and validating them against the schemas of Kubernetes and of custom resources."""

import functools
import json
import pathlib
import re
import zipfile

import jsonschema
import yaml

SCHEMAS = "kubernetes_validate/kubernetes-json-schema/v{}.0-local-strict/_definitions.json"
OBJECT_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"


class Loader(yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader):
    """YAML in which a key that stands twice is a mistake."""


def _mapping(loader, node, deep=False):
    seen = set()
    for key, _ in node.value:
        name = loader.construct_object(key, deep=True)
        if name in seen:
            raise yaml.YAMLError(f"key {name!r} stands twice{key.start_mark}")
        seen.add(name)
    return yaml.SafeLoader.construct_mapping(loader, node, deep=deep)


Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, lambda loader, node: _mapping(loader, node, True))


def read(text):
    """All objects of a text with YAML documents."""
    return [document for document in yaml.load_all(text, Loader) if document is not None]


class Dumper(yaml.SafeDumper):
    """YAML with the texts of several lines as they are, and lists indented."""

    def increase_indent(self, flow=False, indentless=False):
        return super().increase_indent(flow, False)


Dumper.add_representer(
    str,
    lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None),
)


def write(objects):
    return yaml.dump_all(objects, Dumper=Dumper, sort_keys=False, width=120, allow_unicode=True, explicit_start=True)


class Schemas:
    """Schemas by version of Kubernetes, API version and kind."""

    def __init__(self, tools):
        self.tools = pathlib.Path(tools)
        with zipfile.ZipFile(next(self.tools.glob("wheels/kubernetes_validate-*.whl"))) as wheel:
            self.versions = sorted(
                {tuple(map(int, found.groups())) for found in map(
                    re.compile(r".*/v(\d+)\.(\d+)\.0-local-strict/_definitions\.json$").match, wheel.namelist()) if found}
            )

    @functools.cache
    def kubernetes(self, version):
        """The strict definitions of Kubernetes' own API, by name."""
        with zipfile.ZipFile(next(self.tools.glob("wheels/kubernetes_validate-*.whl"))) as wheel:
            return json.loads(wheel.read(SCHEMAS.format(version)))["$defs"]

    @functools.cache
    def custom(self):
        """The strict schemas of custom resources, by API version and kind."""
        found = {}
        for path in sorted(self.tools.glob("crds/*.yaml")):
            definition = read(path.read_text())[0]["spec"]
            for version in definition["versions"]:
                api = f"{definition['group']}/{version['name']}"
                found[api, definition["names"]["kind"]] = strict(version["schema"]["openAPIV3Schema"])
        for kind, schema in json.loads((self.tools / "crds/strimzi.json").read_text()).items():
            found["kafka.strimzi.io/v1", kind] = schema
        return found

    @functools.cache
    def validator(self, version, api, kind):
        definitions = self.kubernetes(version)
        if (api, kind) in self.custom():
            schema = dict(self.custom()[api, kind])
            schema["properties"] = {**schema["properties"], "metadata": {"$ref": f"#/$defs/{OBJECT_META}"}}
        else:
            group, _, number = api.rpartition("/")
            names = [
                name for name, schema in definitions.items()
                if {"group": group, "version": number, "kind": kind} in schema.get("x-kubernetes-group-version-kind", [])
                and name.endswith(f".{kind}")
            ]
            if len(names) != 1:
                raise LookupError(f"no schema for {api} {kind} in Kubernetes {version}")
            schema = definitions[names[0]]
        return jsonschema.Draft202012Validator({**schema, "$defs": definitions})

    def mistakes(self, version, manifest):
        """What is wrong with a manifest, one text for each mistake."""
        try:
            validator = self.validator(version, manifest["apiVersion"], manifest["kind"])
        except LookupError as error:
            return [str(error)]
        found = []
        for error in validator.iter_errors(manifest):
            for leaf in leaves(error):
                place = ".".join(map(str, leaf.absolute_path)) or "(top)"
                found.append(f"{manifest['kind']} {manifest['metadata'].get('name')}: {place}: {leaf.message[:200]}")
        return found + [f"{manifest['kind']}: {place} is null" for place in nulls(manifest)]


def leaves(error):
    """The errors that an error of anyOf or oneOf is made of."""
    if not error.context:
        return [error]
    return [leaf for inner in error.context for leaf in leaves(inner)]


def nulls(node, place=""):
    if node is None:
        yield place
    elif isinstance(node, dict):
        for key, value in node.items():
            yield from nulls(value, f"{place}.{key}".lstrip("."))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from nulls(value, f"{place}.{index}")


def strict(schema):
    """The schema of a custom resource definition as JSON Schema that allows no unknown key."""
    if isinstance(schema, list):
        return [strict(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    result = {}
    for key, value in schema.items():
        if key == "properties":
            result[key] = {name: strict(inner) for name, inner in value.items()}
        elif key in ("description", "default", "format", "nullable") or key.startswith("x-"):
            continue
        else:
            result[key] = strict(value)
    if schema.get("x-kubernetes-int-or-string"):
        result.pop("type", None)
        result["type"] = ["integer", "string"]
        result.pop("anyOf", None)
    elif schema.get("type") == "object" and "properties" in schema and "additionalProperties" not in schema:
        if not schema.get("x-kubernetes-preserve-unknown-fields"):
            result["additionalProperties"] = False
    return result
