"""More connections than the process has file descriptors: it goes on serving, does not spin, and takes new ones again."""

import os
import socket
import time
import unittest
import urllib.parse

from claviger_dev import Dev, until

DESCRIPTORS = 128


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


class Connections(unittest.TestCase):
    def assert_serves(self, kms, key):
        self.assertEqual(len(kms.generate_data_key(KeyId=key, KeySpec="AES_256")["Plaintext"]), 32)

    def test_out_of_file_descriptors(self):
        with Dev(runner=["prlimit", f"--nofile={DESCRIPTORS}:{DESCRIPTORS}"]) as dev:
            kms = dev.boto3()
            key = kms.create_key()["KeyMetadata"]["KeyId"]
            target = urllib.parse.urlparse(dev.settings()["AWS_ENDPOINT_URL"])
            crowd = []
            for _ in range(DESCRIPTORS + 50):
                one = socket.create_connection((target.hostname, target.port), timeout=10)
                one.sendall(b"POST / HTTP/1.1\r\nHost: x\r\n")  # begun, so not idle: nothing puts it out for another
                crowd.append(one)
                if len(crowd) == DESCRIPTORS // 4:
                    self.assert_serves(kms, key)
            until(lambda: descriptors(dev.process.pid) >= DESCRIPTORS - 2, 10, "no descriptor is left")
            before = cpu_seconds(dev.process.pid)
            for _ in range(10):
                self.assert_serves(kms, key)  # a connection that was there before
                time.sleep(0.1)  # the length of the measurement
            self.assertLess(cpu_seconds(dev.process.pid) - before, 0.3, "it spins while it cannot accept")
            for one in crowd:
                one.close()

            def takes_new_ones():
                try:
                    self.assert_serves(dev.boto3(), key)
                except OSError:
                    return False
                return True
            until(takes_new_ones, 10, "new connections are taken")
            self.assertEqual(dev.command("report", "leftovers"), "[]\n")  # the operator's socket still listens


if __name__ == "__main__":
    unittest.main(verbosity=2)
