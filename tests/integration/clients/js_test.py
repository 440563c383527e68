"""The AWS SDK for JavaScript v3 and the AWS Encryption SDK, from npm, against a real claviger dev.

Exit code 77 (skipped, by name) where node or the packages cannot be had.
"""

import os
import shutil
import subprocess
import sys

from claviger_dev import Dev

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "js")
SKIPPED = 77
OTHER_REGION = "eu-west-1"


def packages():
    """The folder with node_modules, installed once per build tree; None if npm cannot bring them."""
    folder = os.path.join(os.environ["CLAVIGER_CLIENTS"], "js")
    os.makedirs(folder, exist_ok=True)
    for name in ("package.json", "sdk.mjs"):
        shutil.copy(os.path.join(HERE, name), folder)
    if os.path.exists(os.path.join(folder, "installed")):
        return folder
    done = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts"],
                          cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode != 0:
        print(done.stderr[-500:])
        return None
    open(os.path.join(folder, "installed"), "w").close()
    return folder


def main():
    missing = [tool for tool in ("node", "npm") if shutil.which(tool) is None]
    folder = None if missing else packages()
    if folder is None:
        print("SKIPPED: AWS SDK for JavaScript v3, AWS Encryption SDK for JavaScript:",
              f"{missing[0]} is not installed" if missing else "npm cannot install the packages")
        return SKIPPED
    with Dev(args=["--region", "us-east-1", "--region", OTHER_REGION]) as dev:
        done = subprocess.run(["node", "sdk.mjs"], cwd=folder,
                              env=dict(os.environ, **dev.settings(), OTHER_REGION=OTHER_REGION,
                                       NODE_OPTIONS="--no-deprecation --no-warnings"), timeout=120,
                              check=False)
        assert done.returncode == 0, "sdk.mjs failed"
    return 0


if __name__ == "__main__":
    sys.exit(main())
