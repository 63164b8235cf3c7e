"""Makes the chart's values.schema.json: values-schema.yaml, with the settings of newsstage and parts of Kubernetes' API."""

import copy
import json
import re

# Settings that the chart decides, by dotted key.
DECIDED = {
    "admin.enabled",
    "admin.listen",
    "shutdown.timeout",
    "dedup.backend",
    "dedup.path",
    "kafka.instance",
    "kafka.transactional_id",
    "topics.lexicons",
    "topics.queries",
}
# What holds a secret, or names a file that the chart mounts.
SECRET = re.compile(r"(^|\.)(password|token|key_password|[a-z_]+_file)$")


def make(base, settings, kubernetes):
    """The schema.

    base: values-schema.yaml as it was read; settings: what `newsstage config schema` prints; kubernetes: the strict
    definitions of Kubernetes' API by name.
    """
    definitions = {}
    schema = _expand(base, settings, kubernetes, definitions)
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Values of the newsstage chart",
        **schema,
        "definitions": dict(sorted(definitions.items())),
    }


def text(schema):
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


def _expand(node, settings, kubernetes, definitions):
    if isinstance(node, list):
        return [_expand(item, settings, kubernetes, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    if "$object" in node:
        properties = {
            key: _expand(value, settings, kubernetes, definitions) for key, value in node["$object"].items()
        }
        return {"type": "object", "properties": properties, "additionalProperties": False}
    if "$settings" in node:
        return _settings(settings)
    if "$kubernetes" in node:
        return _kubernetes(node["$kubernetes"], kubernetes, definitions)
    if "$source" in node:
        # A volume without its name, which the chart gives.
        _kubernetes("io.k8s.api.core.v1.Volume", kubernetes, definitions)
        source = copy.deepcopy(definitions["io.k8s.api.core.v1.Volume"])
        del source["properties"]["name"]
        source.pop("required", None)
        return {**source, "type": ["object", "null"], "minProperties": 1, "maxProperties": 1}
    return {key: _expand(value, settings, kubernetes, definitions) for key, value in node.items()}


def _kubernetes(name, kubernetes, definitions):
    reference = {"$ref": f"#/definitions/{name}"}
    if name in definitions:
        return reference
    definitions[name] = None  # so that a definition that names itself ends here
    definitions[name] = _plain(kubernetes[name], kubernetes, definitions)
    return reference


def _plain(node, kubernetes, definitions):
    """A definition without what only people and the API server read, and with the definitions that it names."""
    if isinstance(node, list):
        return [_plain(item, kubernetes, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _kubernetes(node["$ref"].rsplit("/", 1)[1], kubernetes, definitions)
    result = {}
    for key, value in node.items():
        if key == "properties":
            # Of the API server: who set which field.
            value = {name: inner for name, inner in value.items() if name != "managedFields"}
            result[key] = {name: _plain(inner, kubernetes, definitions) for name, inner in value.items()}
        elif key == "description" or key == "format" or key.startswith("x-"):
            continue
        elif key == "type" and value == ["object", "null"]:
            result[key] = "object"
        else:
            result[key] = _plain(value, kubernetes, definitions)
    return result


def _settings(schema):
    found = set()
    result = _setting(schema, schema["$defs"], "", found)
    missing = DECIDED - found
    if missing:
        raise ValueError(f"settings that the chart decides, but newsstage does not have: {sorted(missing)}")
    return result


def _setting(node, definitions, path, found):
    if isinstance(node, list):
        return [_setting(item, definitions, path, found) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        target = definitions[node["$ref"].rsplit("/", 1)[1]]
        inner = _setting(target, definitions, path, found)
        if "description" in node:
            inner = {**inner, "description": node["description"]}
        return inner
    result = {}
    for key, value in node.items():
        if key == "properties":
            result[key] = {}
            for name, inner in value.items():
                dotted = f"{path}.{name}".lstrip(".")
                found.add(dotted)
                if dotted not in DECIDED and not SECRET.search(dotted):
                    result[key][name] = _or_null(_setting(inner, definitions, dotted, found))
        elif key in ("default", "examples", "title", "format", "writeOnly", "$defs", "$schema") or key.startswith("x-"):
            continue
        else:
            result[key] = _setting(value, definitions, path, found)
    return result


def _or_null(schema):
    """A plain value or null, which the chart leaves out."""
    kinds = schema.get("type", "object")
    kinds = [kinds] if isinstance(kinds, str) else list(kinds)
    if "object" in kinds or "null" in kinds or {"enum", "oneOf", "anyOf"} & set(schema):
        return schema
    return {**schema, "type": [*kinds, "null"]}
