"""`claviger serve` on soft tokens, for what `claviger dev` does not do: sealed membership, offline recovery."""

import os
import re
import shutil

from claviger_dev import Dev

CONFIG = """[service]
data = "{data}"
sealing-key = "{data}.sealing"
[http]
listen = "127.0.0.1:0"
admin-listen = "127.0.0.1:0"
[cluster]
request-deadline-ms = 20000
membership = "{membership}"
{recovery}
[cloudhsm]
soft-module = "/usr/lib/softhsm/libsofthsm2.so"
[[subnet]]
id = "subnet-00000001"
zone = "a"
network = "10.0.1.0/24"
[[subnet]]
id = "subnet-00000002"
zone = "b"
network = "10.0.2.0/24"
[[hsm]]
name = "hsm-1"
zone = "a"
"""


class Serve(Dev):
    """A production store. `recovery_key`: the file of a public key, for recovery "offline"; None is "vault"."""

    def __init__(self, membership="open", recovery_key=None, **options):
        super().__init__(**options)
        self.membership, self.recovery_key = membership, recovery_key
        os.chmod(self.data, 0o700)

    def words(self):
        recovery = (f'recovery = "offline"\nrecovery-key = "{self.recovery_key}"' if self.recovery_key
                    else 'recovery = "vault"')
        with open(self.data + ".toml", "w") as file:
            file.write(CONFIG.format(data=self.data, membership=self.membership, recovery=recovery))
        return ["serve", "--config", self.data + ".toml"]

    def sealing_key(self):
        return self.data + ".sealing"

    def settings(self):
        values = super().settings()
        with open(os.path.join(self.data, "first-access-key")) as file:
            return values | dict(re.match(r"export (\w+)=(.*)", line).groups() for line in file)

    def __exit__(self, kind, value, traceback):
        super().__exit__(kind, value, traceback)
        if self.owned:
            for end in (".toml", ".sealing"):
                if os.path.exists(self.data + end):
                    os.unlink(self.data + end)
            shutil.rmtree(self.data, ignore_errors=True)
