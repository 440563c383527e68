"""A start that cannot go on: exit code not 0, and one line that says what to do. And a disk that fills while serving."""

import os
import shutil
import socket
import sqlite3
import subprocess
import tempfile
import time
import unittest

from claviger_dev import BIN, Dev, until

HSMS = ["hsm-a", "hsm-b", "hsm-c"]
CLAVIGER = os.path.join(BIN, "claviger")


class StartFailures(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="claviger-start-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def failure(self, *arguments):
        """The last line on standard error of a start that must fail."""
        done = subprocess.run([CLAVIGER, *arguments], capture_output=True, text=True, timeout=60, check=False)
        self.assertNotEqual(done.returncode, 0)
        lines = [line for line in done.stderr.splitlines() if line.startswith("claviger: ")]
        self.assertEqual(len(lines), 1, done.stderr)
        return lines[0]

    def dev(self, *arguments, data=None):
        return self.failure("dev", "--data", data or os.path.join(self.folder, "data"), "--listen", "127.0.0.1:0",
                            "--admin-listen", "127.0.0.1:0", *arguments)

    def provisioned(self):
        """A data directory with a cluster in it, not served by anybody."""
        data = os.path.join(self.folder, "data")
        with Dev(data=data):
            pass
        return data

    def test_port_in_use(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            line = self.failure("dev", "--data", self.folder + "/data", "--admin-listen", "127.0.0.1:0",
                                "--listen", f"127.0.0.1:{port}")
        self.assertIn(str(port), line)

    def test_data_directory_cannot_be_written(self):
        path = os.path.join(self.folder, "file")
        with open(path, "w", encoding="ascii"):
            pass
        self.assertIn(path, self.dev(data=path))
        self.assertIn("/proc/nowhere", self.dev(data="/proc/nowhere"))

    def test_module_missing(self):
        self.assertIn("/nonexistent.so", self.dev("--module", "/nonexistent.so"))

    def test_database_of_a_newer_version(self):
        data = self.provisioned()
        with sqlite3.connect(os.path.join(data, "store.db")) as database:
            version = database.execute("PRAGMA user_version").fetchone()[0]
            database.execute(f"PRAGMA user_version = {version + 1}")
        database.close()
        self.assertIn("newer", self.dev())

    def test_a_dev_store_is_refused_in_production(self):
        data = self.provisioned()
        shutil.copy(data + "/sealing.key", self.folder + "/sealing.key")
        config = os.path.join(self.folder, "claviger.toml")
        with open(config, "w", encoding="ascii") as file:
            file.write(f'[service]\ndata = "{data}"\nsealing-key = "{self.folder}/sealing.key"\n'
                       '[http]\nlisten = "127.0.0.1:0"\nadmin-listen = "127.0.0.1:0"\n'
                       '[[hsm]]\nname = "hsm-a"\nzone = "a"\n')
        self.assertIn("dev", self.failure("serve", "--config", config))

    def test_another_process_serves_the_directory(self):
        data = os.path.join(self.folder, "data")
        with Dev(data=data) as dev:
            self.assertIn(str(dev.process.pid), self.dev())

    def test_wrong_sealing_key(self):
        data = self.provisioned()
        with open(data + "/sealing.key", "wb") as file:
            file.write(os.urandom(32))
        self.assertIn("sealing key", self.dev())

    def counted(self):
        """Arguments and environment of a service whose module counts the PINs that its tokens are asked to take."""
        plan = os.path.join(self.folder, "plan")
        with open(plan, "w", encoding="ascii") as file:
            file.write("C_Login times=10000 pass\nend\n")
        module = os.path.join(self.folder, "counting-softhsm.so")  # the host looks after token files of modules so named
        if not os.path.exists(module):
            os.symlink(os.path.join(os.path.dirname(BIN), "lib", "libfaulty-pkcs11.so"), module)
        return ["--module", module], {"FAULTY_PKCS11_MODULE": "/usr/lib/softhsm/libsofthsm2.so", "FAULTY_PKCS11_PLAN": plan}

    def provisioned_and_counted(self, name):
        arguments, environment = self.counted()
        data = os.path.join(self.folder, name)
        with Dev(data=data, args=arguments, env=environment):
            pass
        self.assertGreater(self.logins(), 0)
        return data

    def logins(self):
        """C_Login calls since the last time this was asked."""
        try:
            with open(os.path.join(self.folder, "plan.applied"), encoding="ascii") as file:
                count = sum("C_Login" in line for line in file)
        except FileNotFoundError:
            return 0
        os.unlink(os.path.join(self.folder, "plan.applied"))
        return count

    def refused_start(self, data):
        """What a start says on which no HSM can be admitted: at once, and with the name of every HSM."""
        arguments, environment = self.counted()
        begun = time.monotonic()
        done = subprocess.run([CLAVIGER, "dev", "--data", data, "--listen", "127.0.0.1:0", "--admin-listen",
                               "127.0.0.1:0", *arguments], capture_output=True, text=True, timeout=60, check=False,
                              env=dict(os.environ, **environment))
        self.assertNotEqual(done.returncode, 0)
        self.assertLess(time.monotonic() - begun, 5)
        last = done.stderr[done.stderr.index("claviger: "):]
        for name in HSMS:
            self.assertIn(name, last)
        return last

    def test_tokens_of_another_cluster_cost_no_pin(self):
        data = self.provisioned_and_counted("data")
        other = self.provisioned_and_counted("other")
        shutil.rmtree(data + "/hsm")
        shutil.copytree(other + "/hsm", data + "/hsm", ignore=shutil.ignore_patterns("*.sock"))
        self.assertIn("Put the token back", self.refused_start(data))
        self.assertEqual(self.logins(), 0)

    def test_a_wrong_pin_is_tried_once(self):
        data = self.provisioned_and_counted("data")
        for file in ("pins", "pins.key"):  # each host gets its neighbour's PIN
            for name in HSMS:
                os.rename(f"{data}/hsm/{name}/{file}", f"{data}/{name}.{file}")
            for name, neighbour in zip(HSMS, HSMS[1:] + HSMS[:1]):
                os.rename(f"{data}/{neighbour}.{file}", f"{data}/hsm/{name}/{file}")
        self.assertIn("Restore the token", self.refused_start(data))
        self.assertEqual(self.logins(), len(HSMS))
        for _ in range(2):
            self.refused_start(data)
        self.assertEqual(self.logins(), 0)

    def test_disk_full_while_serving_stops_creates_but_not_crypto(self):
        mount = os.path.join(self.folder, "small")
        os.mkdir(mount)
        if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m,mode=0700", "tmpfs", mount],
                                               check=False, capture_output=True).returncode != 0:
            raise AssertionError("this test needs root, to mount a small file system")
        self.addCleanup(subprocess.run, ["umount", "-l", mount], check=False)
        with Dev(data=os.path.join(mount, "data")) as dev:
            kms = dev.boto3()
            key = kms.create_key()["KeyMetadata"]["KeyId"]
            ballast = os.path.join(mount, "ballast")
            with open(ballast, "wb", buffering=0) as file:
                try:
                    while True:
                        file.write(bytes(4096))
                except OSError:
                    pass

            def refused():
                try:
                    kms.create_key(Description="x" * 8000)
                except kms.exceptions.KMSInternalException:
                    return True
                return False
            until(refused, 20, "CreateKey is refused with KMSInternalException")
            for _ in range(200):  # cryptography goes on, and its audit records have room
                self.assertEqual(len(kms.generate_data_key(KeyId=key, KeySpec="AES_256")["Plaintext"]), 32)
            os.unlink(ballast)
            until(lambda: kms.create_key() is not None, 20, "CreateKey works again")
            self.assertEqual(len(kms.generate_data_key(KeyId=key, KeySpec="AES_256")["Plaintext"]), 32)


if __name__ == "__main__":
    unittest.main(verbosity=2)
