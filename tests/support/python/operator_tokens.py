"""SoftHSM tokens that an operator has made with the tools of his HSM, before any service knows of them."""

import glob
import os
import re
import subprocess

MODULE = "/usr/lib/softhsm/libsofthsm2.so"


class OperatorTokens:
    """All of them in one directory below `folder`; `environment` is what shows them to a program."""

    def __init__(self, folder):
        self.folder = folder
        os.mkdir(os.path.join(folder, "tokens"))
        conf = os.path.join(folder, "softhsm2.conf")
        with open(conf, "w", encoding="ascii") as file:
            file.write(f"directories.tokendir = {folder}/tokens\nlog.level = ERROR\n")
        self.environment = {"SOFTHSM2_CONF": conf}
        self.serials, self.directories = {}, {}

    def run(self, *words):
        ran = subprocess.run(words, env=dict(os.environ, **self.environment), capture_output=True, text=True, timeout=60,
                             check=False)
        assert ran.returncode == 0, f"{words}: {ran.stdout}{ran.stderr}"
        return ran.stdout

    def make(self, label):
        """A new token; its user has a PIN that nobody uses. The file with its officer's PIN is pin_file(label)."""
        self.run("softhsm2-util", "--init-token", "--free", "--label", label, "--so-pin", self.officer_pin(label),
                 "--pin", "first-user-pin")
        known = set(self.directories.values())
        self.directories[label] = next(one for one in glob.glob(self.folder + "/tokens/*") if one not in known)
        slots = self.run("softhsm2-util", "--show-slots")
        self.serials[label] = re.search(r"Serial number: +(\w+)[^:]*:[^:]*:[^:]*: +" + label + r"\s", slots)[1]
        self.write_pin(label, self.officer_pin(label))

    def empty(self, label):
        """As it was made, under the same serial."""
        self.run("softhsm2-util", "--init-token", "--token", label, "--label", label, "--so-pin", self.officer_pin(label),
                 "--pin", "first-user-pin")

    def officer_pin(self, label):
        return "officer-of-" + label

    def pin_file(self, label):
        return os.path.join(self.folder, label + ".pin")

    def write_pin(self, label, pin, mode=0o600):
        with open(self.pin_file(label), "w", encoding="ascii") as file:
            file.write(pin + "\n")
        os.chmod(self.pin_file(label), mode)

    def tool(self, label, *words):
        return self.run("pkcs11-tool", "--module", MODULE, "--token-label", label, *words)

    def as_officer(self, label, *words):
        return self.tool(label, "--login", "--login-type", "so", "--so-pin", self.officer_pin(label), *words)

    def as_user(self, label, *words):
        return self.tool(label, "--login", "--pin", "first-user-pin", *words)

    def files(self, label):
        """How many object files SoftHSM keeps of this token; its PINs are in one of them."""
        return len(glob.glob(self.directories[label] + "/*.object"))

    def token(self, label):
        """What its module tells of it."""
        listed = self.run("pkcs11-tool", "--module", MODULE, "--list-token-slots")
        return next(slot for slot in listed.split("Slot ") if self.serials[label] in slot)

    def objects(self, label):
        """What lies on a token that no cluster has: its officer gives its user a PIN, to see the private objects, too."""
        self.as_officer(label, "--init-pin", "--new-pin", "look-user-pin")
        return self.tool(label, "--login", "--pin", "look-user-pin", "-O")
