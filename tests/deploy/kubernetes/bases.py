"""Renders the bases of deploy/kubernetes from the chart, in the form that Kustomize works with."""

import kube

CHART = "deploy/helm/newsstage"
RELEASE = "newsstage"
NAMESPACE = "default"
HEADER = "# Rendered from deploy/helm/newsstage with values.yaml beside this file; `UPDATE=1 bash tests/deploy/kubernetes.sh` renews it.\n"
# Of Helm alone.
HELM_LABELS = ("helm.sh/chart", "app.kubernetes.io/managed-by")


def files(manifests):
    """Names and contents of a base's files.

    The configuration is a file of its own, of which Kustomize makes a ConfigMap whose name changes with its content, so
    that a change restarts the pods; the checksum that does it for Helm goes.
    """
    others = []
    settings = None
    for manifest in manifests:
        if manifest["kind"] == "ConfigMap":
            settings = manifest
            continue
        if manifest["metadata"].get("namespace") == NAMESPACE:
            del manifest["metadata"]["namespace"]
        drop(manifest["metadata"])
        template = manifest.get("spec", {}).get("template", {}).get("metadata")
        if template:
            drop(template)
            template["annotations"].pop("checksum/config")
            if not template["annotations"]:
                del template["annotations"]
        others.append(manifest)
    labels = {key: value for key, value in settings["metadata"]["labels"].items() if key not in HELM_LABELS}
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": ["manifests.yaml"],
        "configMapGenerator": [
            {
                "name": settings["metadata"]["name"],
                "files": ["newsstage.toml"],
                "options": {"labels": labels},
            }
        ],
    }
    return {
        "manifests.yaml": HEADER + kube.write(others),
        "newsstage.toml": HEADER + settings["data"]["newsstage.toml"],
        "kustomization.yaml": HEADER + kube.write([kustomization]),
    }


def drop(metadata):
    for label in HELM_LABELS:
        metadata.get("labels", {}).pop(label, None)
    metadata.get("annotations", {}).pop("helm.sh/resource-policy", None)
    if metadata.get("annotations") == {}:
        del metadata["annotations"]
