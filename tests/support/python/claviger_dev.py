"""Starts a real `claviger dev` for a test, and ends it. Debian's python3 and its standard library only."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

BIN = os.environ.get("CLAVIGER_BIN") or sys.exit("set CLAVIGER_BIN to the directory of the built programs")
LONG = os.environ.get("CLAVIGER_LONG") == "1"  # full figures instead of the short form


def until(condition, seconds, what):
    """Polls until condition() is truthy and returns that value; fails with `what` when the time is over."""
    deadline = time.monotonic() + seconds
    pause = 0.01
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(pause)
        pause = min(pause * 1.2, 0.1)  # what is long in coming needs the processor for itself


class Dev:
    """A running service on its own data directory. Use as a context manager; `restart()` keeps the data."""

    def __init__(self, data=None, args=(), env=None, runner=(), programs=BIN, key_store=False):
        """`runner`: a command to put in front of the program; it must keep the process id, as exec does. `programs`:
        the directory of claviger and claviger-hsm. `key_store`: with the custom key store that it begins with, which
        takes its time."""
        self.runner = list(runner)
        self.programs = programs
        self.owned = data is None
        self.data = data or tempfile.mkdtemp(prefix="claviger-test-")
        self.args, self.key_store = list(args), key_store
        self.env = dict(os.environ, **(env or {}))
        self.process = None
        self.log_path = os.path.join(self.data + ".log")

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, kind, value, traceback):
        failed = kind is not None
        self.stop()
        if failed:
            with open(self.log_path, errors="replace") as log:
                sys.stderr.write("--- last lines of the service's log\n" + "".join(log.readlines()[-40:]))
        if self.owned:
            shutil.rmtree(self.data, ignore_errors=True)
            if os.path.exists(self.log_path):
                os.unlink(self.log_path)

    def start(self, wait=True):
        ready = self.data + ".ready"
        if os.path.exists(ready):
            os.unlink(ready)
        log = open(self.log_path, "a")
        started = time.monotonic()
        self.process = subprocess.Popen(
            [*self.runner, os.path.join(self.programs, "claviger"), *self.words(), "--ready-file", ready, *self.args],
            stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=self.env)
        log.close()
        if wait:
            until(lambda: os.path.exists(ready) or self.process.poll() is not None, 60, "ready")
            if self.process.poll() is not None:
                with open(self.log_path) as text:
                    raise AssertionError("claviger dev ended early:\n" + text.read()[-4000:])
            os.unlink(ready)
        self.ready_seconds = time.monotonic() - started
        return self

    def words(self):
        """The command that starts the service."""
        return ["dev", "--data", self.data, "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0",
                *([] if self.key_store else ["--no-key-store"])]

    def stop(self):
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError("claviger dev did not end within 20 s of SIGTERM")

    def key_store_made(self):
        """Waits for the custom key store that it makes in its first seconds; its description."""
        def connected():
            stores = self.boto3().describe_custom_key_stores()["CustomKeyStores"]
            return [s for s in stores if s["CustomKeyStoreName"] == "dev" and s["ConnectionState"] == "CONNECTED"]
        return until(connected, 90, "the custom key store of claviger dev")[0]

    def kill(self):
        self.process.kill()
        self.process.wait()

    def restart(self):
        self.stop()
        self.start()

    def settings(self):
        """The lines of DIR/env as a dictionary."""
        with open(os.path.join(self.data, "env")) as file:
            return dict(re.match(r"(?:export )?(\w+)=(.*)", line).groups() for line in file if "=" in line)

    def boto3(self, service="kms", retries=0, region=None):
        import boto3
        import botocore.config
        values = self.settings()
        return boto3.client(
            service, endpoint_url=values["AWS_ENDPOINT_URL"], region_name=region or values["AWS_REGION"],
            aws_access_key_id=values["AWS_ACCESS_KEY_ID"], aws_secret_access_key=values["AWS_SECRET_ACCESS_KEY"],
            config=botocore.config.Config(retries={"max_attempts": retries}, connect_timeout=5, read_timeout=30,
                                          parameter_validation=False))

    def metrics(self):
        """Every sample of /metrics as {name{labels}: value}."""
        with urllib.request.urlopen(self.settings()["CLAVIGER_ADMIN_URL"] + "/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
        return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in lines if line and line[0] != "#"}

    def metric_sum(self, name):
        return sum(value for key, value in self.metrics().items() if key.split("{")[0] == name)

    def hsm_pids(self):
        """Process ids of the HSM hosts, children of the service."""
        listing = subprocess.run(["ps", "-o", "pid=,args=", "--ppid", str(self.process.pid)], check=False,
                                 capture_output=True, text=True).stdout
        return [int(line.split()[0]) for line in listing.splitlines()
                if "claviger-hsm" in line and "--officer" not in line and "defunct" not in line]

    def command(self, *words):
        """What an operator's command says to this service; it must succeed."""
        return subprocess.run([os.path.join(BIN, "claviger"), *words, "--data", self.data], check=True,
                              capture_output=True, text=True).stdout

    def audit_records(self):
        """Every record of every audit file, as dictionaries."""
        records = []
        for folder, _, names in os.walk(os.path.join(self.data, "audit")):
            for name in sorted(name for name in names if name.endswith(".jsonl")):
                with open(os.path.join(folder, name)) as file:
                    records += [json.loads(line)["record"] for line in file if line.endswith("\n")]
        return records
