"""Tokens of an operator: how they are given back, and who their officer is."""

import unittest

from operator_pool import OperatorPool


class Officers(OperatorPool):
    labels = ("plain", "anew")

    @classmethod
    def how(cls, label):
        return super().how(label) + ('\nwipe = "init-token"' if label == "anew" else "")

    def test_a_token_is_given_back_as_new_if_its_operator_says_so(self):
        for label, left in (("plain", "theirs"), ("anew", "")):
            cluster = self.empty_cluster()
            hsm = self.take(cluster, label)
            self.tokens.as_officer(label, "--write-object", self.tokens.pin_file(label), "--type", "data", "--label", "theirs")
            self.delete(cluster, hsm)
            self.assertNotIn("not_wiped", self.logged(hsm))
            token = self.tokens.token(label)
            self.assertIn(self.tokens.serials[label], token)
            self.assertEqual("PIN initialized" in token, label == "plain", token)
            objects = self.tokens.objects(label)
            self.assertIn(left, objects)
            self.assertEqual(objects == "", left == "", objects)
        cluster = self.empty_cluster()
        self.delete(cluster, self.take(cluster, "anew"))

    def test_nothing_is_initialised_that_was_never_taken(self):
        self.tokens.as_officer("anew", "--write-object", self.tokens.pin_file("anew"), "--type", "data", "--label", "theirs")
        self.assertIn("is not empty", self.why_not(self.empty_cluster(), "anew"))
        self.assertIn("theirs", self.tokens.objects("anew"))
        self.tokens.empty("anew")


if __name__ == "__main__":
    unittest.main(verbosity=2)
