"""Checks of Dockerfile, compose.yaml and newsstage.service: `check.py CHECK [SCRATCH STAGE]` runs the function CHECK.

SCRATCH has what compose made of each combination of profiles (compose-NAME.json); STAGE is the program. Some functions
print what the shell script needs.
"""

import sys

import compose
import image
import systemd
from files import Fault


def main():
    name, *arguments = sys.argv[1:]
    checks = next(module for module in (image, compose, systemd) if hasattr(module, name))
    try:
        getattr(checks, name)(*arguments)
    except Fault as fault:
        sys.exit(str(fault))


if __name__ == "__main__":
    main()
