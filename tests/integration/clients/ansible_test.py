"""Ansible's modules kms_key and kms_key_info (Debian's ansible), unmodified, against a real claviger dev.

Exit code 77 (skipped, by name) where Ansible is not installed.
"""

import os
import shutil
import subprocess
import sys
import tempfile

from claviger_dev import Dev

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "ansible")
SKIPPED = 77


def play(dev, folder, *words):
    """(exit code, what it printed); Ansible leaves nothing outside `folder`."""
    env = dict(os.environ, **dev.settings(), ANSIBLE_LOCAL_TEMP=folder, ANSIBLE_REMOTE_TEMP=folder, ANSIBLE_HOME=folder,
               ANSIBLE_NOCOLOR="1", ANSIBLE_DEPRECATION_WARNINGS="0", ANSIBLE_LOCALHOST_WARNING="0")
    done = subprocess.run(["ansible-playbook", "-i", "localhost,", "-c", "local", "-e",
                           "ansible_python_interpreter=/usr/bin/python3", *words, os.path.join(HERE, "playbook.yml")],
                          env=env, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300, check=False)
    return done.returncode, done.stdout


def main():
    if shutil.which("ansible-playbook") is None:
        print("SKIPPED: Ansible's kms_key: ansible-playbook is not installed (Debian package ansible)")
        return SKIPPED
    with Dev() as dev, tempfile.TemporaryDirectory() as folder:
        code, said = play(dev, folder)
        assert code == 0, said
        summary = next(line for line in said.splitlines() if "failed=" in line)
        print("Ansible kms_key:", summary)
        assert "failed=0" in summary and "unreachable=0" in summary, said
        # The playbook finds what is wrong: the key is there already, so nothing would be made.
        code, said = play(dev, folder, "--start-at-task", "a key that is not there would be made")
        assert code != 0 and "Assertion failed" in said, said
    return 0


if __name__ == "__main__":
    sys.exit(main())
