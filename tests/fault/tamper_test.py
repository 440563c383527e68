"""Whoever can write the database, but has neither the sealing key nor the PINs, must not change what the service decides.

With the service stopped, by raw SQL: every column of every sealed table changed, rows swapped, a deleted row put back, an
older database put back. Either the start is refused with one sentence, or the row is refused: no request succeeds that
failed before, and nothing is founded or deleted anew.

Short form by default: one column of each table, by chance; CLAVIGER_LONG=1 changes every column.
"""

import os
import random
import shutil
import sqlite3
import subprocess
import tempfile
import unittest

from claviger_dev import BIN, LONG, Dev

TABLES = ("accounts", "principals", "access_keys", "keys", "materials", "aliases", "clusters", "hsms", "settings")
SEALS = ("version", "seal")


class Tamper(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="claviger-tamper-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.data = os.path.join(cls.folder, "data")
        cls.store = os.path.join(cls.data, "store.db")
        with Dev(data=cls.data) as dev:
            # The life clock's offset: the one setting that decides.
            subprocess.run([os.path.join(BIN, "claviger"), "dev", "clock", "advance", "1h", "--data", cls.data],
                           check=True, capture_output=True)
            cls.credentials = dev.settings()
            kms = dev.boto3()
            cls.good, cls.disabled, cls.other = (kms.create_key(Description=name)["KeyMetadata"]["KeyId"]
                                                 for name in ("good", "disabled", "other"))
            kms.create_alias(AliasName="alias/good", TargetKeyId=cls.good)
            kms.create_alias(AliasName="alias/other", TargetKeyId=cls.other)
            kms.create_alias(AliasName="alias/gone", TargetKeyId=cls.disabled)
            cls.sealed = kms.encrypt(KeyId=cls.disabled, Plaintext=b"must stay shut")["CiphertextBlob"]
            kms.disable_key(KeyId=cls.disabled)
        cls.older = cls.copy("older.db")
        with Dev(data=cls.data) as dev:
            dev.boto3().delete_alias(AliasName="alias/gone")
        cls.honest = cls.copy("honest.db")
        shutil.copytree(cls.data + "/audit", cls.folder + "/honest-audit")

    @classmethod
    def copy(cls, name):
        path = os.path.join(cls.folder, name)
        shutil.copy(cls.store, path)
        return path

    def setUp(self):
        self.put_back(self.honest)
        self.hsm_before = sorted(os.listdir(self.data + "/hsm/hsm-a/tokens"))

    def put_back(self, copy):
        for name in os.listdir(self.data):
            if name.startswith("store.db"):
                os.unlink(os.path.join(self.data, name))
        shutil.copy(copy, self.store)
        os.chmod(self.store, 0o600)
        shutil.rmtree(self.data + "/audit")  # a start writes a mark of the clock: the files would be newer than the store
        shutil.copytree(self.folder + "/honest-audit", self.data + "/audit")

    def sql(self, *statements):
        database = sqlite3.connect(self.store)
        with database:
            for statement in statements:
                self.assertGreater(database.execute(statement).rowcount, 0, statement)
        database.close()

    def rows(self, query):
        database = sqlite3.connect(self.store)
        try:
            return database.execute(query).fetchall()
        finally:
            database.close()

    def outcome(self):
        """Starts the service. Returns why it refused, or the sentences about refused rows of a service that started and in
        which nothing more is allowed than before."""
        dev = Dev(data=self.data)
        if os.path.exists(dev.log_path):
            os.unlink(dev.log_path)
        try:
            try:
                dev.start()
            except AssertionError as ended:
                lines = [line for line in str(ended).splitlines() if line.startswith("claviger: ")]
                self.assertEqual(len(lines), 1, str(ended))
                return lines
            values = {**self.credentials, **dev.settings()}  # a refused principal's key is announced no more
            dev.settings = lambda: values
            kms = dev.boto3()
            for attempt in (lambda: kms.decrypt(CiphertextBlob=self.sealed),
                            lambda: kms.encrypt(KeyId=self.disabled, Plaintext=b"x"),
                            lambda: kms.encrypt(KeyId="alias/gone", Plaintext=b"x")):
                with self.assertRaises(kms.exceptions.ClientError):
                    attempt()
            with open(dev.log_path, encoding="utf-8") as log:
                text = log.read()
            self.assertNotIn("founding", text)
            return [line for line in text.splitlines() if "refused" in line or "left_out" in line]
        finally:
            dev.stop()
            self.assertEqual(sorted(os.listdir(self.data + "/hsm/hsm-a/tokens")), self.hsm_before, "tokens were touched")

    def test_untouched_store_starts_without_a_finding(self):
        self.assertEqual(self.outcome(), [])
        with Dev(data=self.data) as dev:
            kms = dev.boto3()
            sealed = kms.encrypt(KeyId="alias/good", Plaintext=b"open")["CiphertextBlob"]
            self.assertEqual(kms.decrypt(CiphertextBlob=sealed)["Plaintext"], b"open")

    def test_every_column_of_every_sealed_table(self):
        for table in TABLES:
            columns = [row[1] for row in self.rows(f"PRAGMA table_info({table})") if row[1] not in SEALS]
            self.assertGreater(len(columns), 1, table)
            for column in columns if LONG else [random.choice(columns)]:
                with self.subTest(table=table, column=column):
                    self.put_back(self.honest)
                    kind = self.rows(f"SELECT typeof({column}) FROM {table} LIMIT 1")[0][0]
                    changed = {"text": f"{column} || 'x'", "integer": f"{column} + 1", "null": "1",
                               "blob": f"CAST({column} || x'00' AS BLOB)"}[kind]
                    keys = [row[1] for row in self.rows(f"PRAGMA table_info({table})") if row[5]]
                    row = " AND ".join(f"{key} = (SELECT {key} FROM {table} LIMIT 1)" for key in keys)
                    self.sql(f"UPDATE {table} SET {column} = {changed} WHERE {row}")
                    self.assertNotEqual(self.outcome(), [], "nobody noticed")

    def test_version_and_seal(self):
        for column, changed in (("version", "version + 1"), ("seal", "zeroblob(32)")):
            self.put_back(self.honest)
            self.sql(f"UPDATE keys SET {column} = {changed} WHERE id = '{self.disabled}'")
            self.assertNotEqual(self.outcome(), [], column)

    def test_a_disabled_key_set_to_enabled_stays_unusable(self):
        enabled = self.rows(f"SELECT state FROM keys WHERE id = '{self.good}'")[0][0]
        self.sql(f"UPDATE keys SET state = {enabled} WHERE id = '{self.disabled}'")
        self.assertNotEqual(self.outcome(), [])

    def test_whole_row_of_an_enabled_key_under_the_id_of_a_disabled_one(self):
        self.sql(f"DELETE FROM keys WHERE id = '{self.disabled}'",
                 f"UPDATE keys SET id = '{self.disabled}' WHERE id = '{self.good}'")
        self.assertNotEqual(self.outcome(), [])

    def swapped(self, table, column, key_column, one, two):
        a, b = (self.rows(f"SELECT {column} FROM {table} WHERE {key_column} = '{key}'")[0][0] for key in (one, two))
        database = sqlite3.connect(self.store)
        with database:
            for value, key in ((b, one), (a, two)):
                database.execute(f"UPDATE {table} SET {column} = ? WHERE {key_column} = ?", (value, key))
        database.close()
        self.assertNotEqual(a, b, "a swap of equals proves nothing")
        self.assertNotEqual(self.outcome(), [], f"{table}.{column}")

    def test_two_key_tokens_swapped(self):
        self.swapped("materials", "key_token", "key", self.good, self.disabled)

    def test_two_materials_swapped(self):
        self.swapped("keys", "current_material", "id", self.good, self.disabled)

    def test_two_policies_swapped(self):
        policy = self.rows(f"SELECT policy FROM keys WHERE id = '{self.good}'")[0][0]
        self.sql(f"UPDATE keys SET policy = '{policy} ' WHERE id = '{self.disabled}'")
        self.swapped("keys", "policy", "id", self.good, self.disabled)

    def test_two_aliases_swapped(self):
        self.swapped("aliases", "target", "name", "alias/good", "alias/other")

    def test_a_deleted_row_put_back(self):
        database = sqlite3.connect(self.store)
        database.execute("ATTACH ? AS older", (self.older,))
        with database:
            put = database.execute("INSERT INTO aliases SELECT * FROM older.aliases WHERE name = 'alias/gone'")
            self.assertEqual(put.rowcount, 1)
        database.close()
        self.assertNotEqual(self.outcome(), [])

    def test_a_row_taken_out(self):
        self.sql(f"DELETE FROM keys WHERE id = '{self.disabled}'")
        self.assertNotEqual(self.outcome(), [])

    def test_an_older_database_put_back(self):
        self.put_back(self.older)
        lines = self.outcome()
        self.assertEqual(len(lines), 1)
        self.assertIn("--accept-older-store", lines[0])

    def test_no_database_at_all(self):
        os.unlink(self.store)
        self.assertNotEqual(self.outcome(), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
