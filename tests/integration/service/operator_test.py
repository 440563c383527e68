"""What an operator types: serve with a configuration, status, leftovers, audit verify, clock advance, doctor."""

import json
import os
import pty
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import termios
import time
import unittest

import boto3

from claviger_dev import BIN, Dev, until

CLAVIGER = os.path.join(BIN, "claviger")
SOFTHSM = "/usr/lib/softhsm/libsofthsm2.so"


def claviger(*arguments, **keywords):
    return subprocess.run([CLAVIGER, *arguments], capture_output=True, text=True, timeout=120, check=False, **keywords)


class Operator(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="claviger-operator-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def client(self, data):
        """A client of a production service: the first access key stands in a file of its own, once."""
        values = Dev(data=data).settings()
        self.assertNotIn("AWS_SECRET_ACCESS_KEY", values)
        first = os.path.join(data, "first-access-key")
        if os.path.exists(first):
            with open(first, encoding="ascii") as file:
                self.secret = dict(line.removeprefix("export ").strip().split("=", 1) for line in file)
            os.unlink(first)
        return boto3.client("kms", endpoint_url=values["AWS_ENDPOINT_URL"], region_name=values["AWS_REGION"],
                            aws_access_key_id=self.secret["AWS_ACCESS_KEY_ID"],
                            aws_secret_access_key=self.secret["AWS_SECRET_ACCESS_KEY"])

    def test_serve_founds_a_production_cluster_and_serves_it_again(self):
        config = os.path.join(self.folder, "claviger.toml")
        with open(config, "w", encoding="ascii") as file:
            file.write(f'[service]\ndata = "{self.folder}/data"\nsealing-key = "{self.folder}/sealing.key"\n'
                       'account = "123456789012"\n[http]\nlisten = "127.0.0.1:0"\nadmin-listen = "127.0.0.1:0"\n'
                       '[cluster]\nrecovery = "vault"\n'
                       '[[hsm]]\nname = "hsm-1"\nzone = "a"\n[[hsm]]\nname = "hsm-2"\nzone = "b"\n')
        blob = None
        for _ in range(2):
            ready = self.folder + "/ready"
            service = subprocess.Popen([CLAVIGER, "serve", "--config", config, "--ready-file", ready],
                                       stdout=subprocess.DEVNULL)
            try:
                until(lambda: os.path.exists(ready) or service.poll() is not None, 60, "ready")
                kms = self.client(self.folder + "/data")
                if blob is None:
                    key = kms.create_key()["KeyMetadata"]
                    self.assertEqual(key["AWSAccountId"], "123456789012")
                    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"kept")["CiphertextBlob"]
                answer = kms.decrypt(CiphertextBlob=blob)
                self.assertEqual(answer["Plaintext"], b"kept")
                self.assertNotIn("x-claviger-mode", answer["ResponseMetadata"]["HTTPHeaders"])
                refused = claviger("dev", "clock", "advance", "1d", "--data", self.folder + "/data")
                self.assertIn("dev store", refused.stderr)
            finally:
                service.send_signal(signal.SIGTERM)
                self.assertEqual(service.wait(20), 0)
                if os.path.exists(ready):
                    os.unlink(ready)

    def serve_config(self, *modules):
        config = os.path.join(self.folder, "claviger.toml")
        with open(config, "w", encoding="ascii") as file:
            file.write(f'[service]\ndata = "{self.folder}/data"\nsealing-key = "{self.folder}/sealing.key"\n'
                       'account = "123456789012"\n[http]\nlisten = "127.0.0.1:0"\nadmin-listen = "127.0.0.1:0"\n'
                       '[cluster]\nrecovery = "vault"\n'
                       + "".join(f'[[hsm]]\nname = "hsm-{n}"\nzone = "{n}"\nmodule = "{module}"\n'
                                 for n, module in enumerate(modules or [SOFTHSM], 1)))
        return config

    def serves(self, config):
        """Starts a production service, makes a key, and ends it; what it printed."""
        ready = self.folder + "/ready"
        service = subprocess.Popen([CLAVIGER, "serve", "--config", config, "--ready-file", ready],
                                   stdout=subprocess.PIPE, text=True)
        try:
            until(lambda: os.path.exists(ready) or service.poll() is not None, 60, "ready")
            self.assertTrue(self.client(self.folder + "/data").create_key()["KeyMetadata"]["Enabled"])
        finally:
            service.send_signal(signal.SIGTERM)
            printed = service.communicate(timeout=20)[0]
        os.unlink(ready)
        return printed

    def test_a_module_that_has_gone_costs_its_own_hsm_only(self):
        copy = os.path.join(self.folder, "copy.so")
        shutil.copy(SOFTHSM, copy)
        config = self.serve_config(SOFTHSM, SOFTHSM, copy)
        self.serves(config)
        os.unlink(copy)
        self.serves(config)

    def test_the_first_access_key_outlives_a_first_start_that_failed(self):
        no_module = os.path.join(self.folder, "no-module.so")
        with open(no_module, "wb") as file:
            file.write(b"not a library")
        failed = claviger("serve", "--config", self.serve_config(no_module))
        self.assertNotEqual(failed.returncode, 0)
        again = claviger("serve", "--config", self.serve_config())
        self.assertIn("left from a founding that did not finish", again.stderr)
        for left in ("hsm", "vault"):  # everything that stands in the way is named at once
            if os.path.exists(f"{self.folder}/data/{left}"):
                self.assertIn(f"{self.folder}/data/{left}", again.stderr)
                shutil.rmtree(f"{self.folder}/data/{left}")
        self.assertIn("the first access key stands in", self.serves(self.serve_config()))

    def test_a_start_that_cannot_succeed_ends_before_it_makes_anything(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            here = "127.0.0.1:%d" % taken.getsockname()[1]
            for arguments, sentence in ((["--listen", here], "choose another (--listen)"),
                                        (["--admin-listen", here], "choose another (--admin-listen)"),
                                        (["--module", "/nonexistent.so"], "/nonexistent.so does not exist"),
                                        (["--seed", "/nonexistent.toml"], "/nonexistent.toml")):
                ports = ["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]
                if arguments[0] in ports:
                    at = ports.index(arguments[0])
                    del ports[at:at + 2]
                refused = claviger("dev", "--data", self.folder + "/data", *ports, *arguments)
                self.assertNotEqual(refused.returncode, 0)
                self.assertIn(sentence, refused.stderr)
                self.assertFalse(os.path.exists(self.folder + "/data/hsm"), arguments)

    def test_status_leftovers_clock_and_audit_of_a_running_service(self):
        with Dev() as dev:
            kms = dev.boto3()
            key = kms.create_key()["KeyMetadata"]["KeyId"]
            kms.generate_data_key(KeyId=key, KeySpec="AES_256")
            until(lambda: dev.metric_sum("claviger_hsm_serving") == 3, 20, "three HSMs serve")
            status = json.loads(claviger("status", "--data", dev.data).stdout)
            self.assertEqual(status["serving"], 3)
            self.assertEqual([h["state"] for h in status["hsms"]], ["serving"] * 3)
            self.assertGreater(sum(h["operations"] for h in status["hsms"]), 0)
            self.assertEqual(json.loads(claviger("report", "leftovers", "--data", dev.data).stdout), [])

            os.kill(dev.hsm_pids()[0], signal.SIGKILL)
            until(lambda: any(name.startswith('claviger_hsm_last_error{cluster="default"') and value == 1
                              for name, value in dev.metrics().items()), 20, "the metrics say what became of it")

            kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
            before = time.time()
            self.assertEqual(claviger("dev", "clock", "advance", "8d", "--data", dev.data).returncode, 0)
            made = kms.create_key()["KeyMetadata"]["CreationDate"].timestamp()
            self.assertGreater(made - before, 8 * 86400 - 60)

            def gone():
                try:
                    kms.describe_key(KeyId=key)
                except kms.exceptions.NotFoundException:
                    return True
                return False
            until(gone, 40, "the key whose waiting period ended is gone")
            dev.stop()
            verified = claviger("audit", "verify", os.path.join(dev.data, "audit"))
            self.assertEqual(verified.returncode, 0, verified.stderr)
            deleted = [r for r in dev.audit_records() if r["eventName"] == "DeleteKey"]
            self.assertEqual(len(deleted), 1)

            victim = next(os.path.join(dev.data, "audit", name) for name in sorted(os.listdir(dev.data + "/audit"))
                          if os.path.getsize(os.path.join(dev.data, "audit", name)))
            with open(victim, "r+b") as file:
                text = file.read()
                file.seek(text.index(b"eventTime") + 15)
                file.write(b"9")
            broken = claviger("audit", "verify", os.path.join(dev.data, "audit"))
            self.assertNotEqual(broken.returncode, 0)
            self.assertIn(os.path.basename(victim), broken.stderr)

    def test_status_without_a_service_says_what_to_do(self):
        answer = claviger("status", "--data", self.folder)
        self.assertNotEqual(answer.returncode, 0)
        self.assertIn("--data", answer.stderr)

    def test_doctor_finds_softhsm_strong_and_explains_refusals(self):
        soft = claviger("hsm", "doctor", "--soft", "--attacks-only")
        self.assertEqual(soft.returncode, 0, soft.stderr)
        self.assertIn("verdict   strong", soft.stdout)
        self.assertNotIn("PASSED", soft.stdout)
        wrong = claviger("hsm", "doctor", "--module", "/nonexistent.so", "--serial", "1", input="1234\n")
        self.assertEqual(wrong.returncode, 1)
        self.assertIn("/nonexistent.so", wrong.stderr)
        self.assertEqual(claviger("hsm", "doctor").returncode, 2)

    def token(self):
        """The environment and the serial of a SoftHSM token."""
        tokens = os.path.join(self.folder, "tokens")
        os.mkdir(tokens)
        conf = os.path.join(self.folder, "softhsm2.conf")
        with open(conf, "w", encoding="ascii") as file:
            file.write(f"directories.tokendir = {tokens}\n")
        env = {**os.environ, "SOFTHSM2_CONF": conf}
        subprocess.run(["softhsm2-util", "--init-token", "--free", "--label", "t", "--so-pin", "12345678", "--pin", "87654321"],
                       env=env, check=True, capture_output=True)
        slots = subprocess.run(["softhsm2-util", "--show-slots"], env=env, check=True, capture_output=True, text=True).stdout
        return env, re.search(r"Serial number: +(\w+)", slots)[1]

    def test_doctor_tries_no_empty_pin_and_gives_the_terminal_back(self):
        env, serial = self.token()
        doctor = [CLAVIGER, "hsm", "doctor", "--module", "/usr/lib/softhsm/libsofthsm2.so", "--serial", serial,
                  "--attacks-only"]
        empty = subprocess.run(doctor, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
                               check=False)
        self.assertEqual(empty.returncode, 1)
        self.assertIn("no PIN was given", empty.stderr)
        piped = subprocess.run(doctor, env=env, input="87654321\n", capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(piped.returncode, 0, piped.stderr)

        self.assert_gives_the_terminal_back(doctor, env)

    def test_cloudhsm_gives_the_terminal_back(self):
        self.assert_gives_the_terminal_back([CLAVIGER, "cloudhsm", "--data", self.folder, "user", "create", "--username",
                                             "kmsuser", "--role", "crypto-user"], os.environ)

    def assert_gives_the_terminal_back(self, command, env):
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        self.addCleanup(os.close, theirs)

        def echo():
            return bool(termios.tcgetattr(theirs)[3] & termios.ECHO)
        asking = subprocess.Popen(command, env=env, stdin=theirs, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(lambda: not echo() or asking.poll() is not None, 20, "the question")
        asking.send_signal(signal.SIGINT)
        self.assertEqual(asking.wait(20), -signal.SIGINT)
        self.assertTrue(echo())


if __name__ == "__main__":
    unittest.main(verbosity=2)
