"""A client of its own: HTTP, JSON and Signature Version 4 from the standard library, nothing of an SDK and nothing
of the service under test. Bodies go out exactly as given, so that a test can send what no SDK would."""

import datetime
import hashlib
import hmac
import http.client
import json
import urllib.parse


class Answer:
    def __init__(self, status, headers, body, message_member="message"):
        self.status, self.headers, self.body, self.message_member = status, headers, body, message_member

    def json(self):
        return json.loads(self.body) if self.body else None

    @property
    def type(self):
        return (self.json() or {}).get("__type") if self.status != 200 else None

    @property
    def message(self):
        return (self.json() or {}).get(self.message_member) if self.status != 200 else None


class Client:
    service, prefix, message_member = "kms", "TrentService.", "message"

    def __init__(self, settings):
        url = urllib.parse.urlsplit(settings["AWS_ENDPOINT_URL"])
        self.host, self.region = url.netloc, settings["AWS_REGION"]
        self.key_id, self.secret = settings["AWS_ACCESS_KEY_ID"], settings["AWS_SECRET_ACCESS_KEY"]
        self.connection = http.client.HTTPConnection(url.hostname, url.port, timeout=60)
        self.day, self.signing_key = None, None

    def _key_of(self, day):
        if day != self.day:
            key = b"AWS4" + self.secret.encode()
            for part in (day, self.region, self.service, "aws4_request"):
                key = hmac.new(key, part.encode(), hashlib.sha256).digest()
            self.day, self.signing_key = day, key
        return self.signing_key

    def _signed(self, target, body):
        now = datetime.datetime.utcnow().strftime("%Y%m%dT%H%M%SZ")
        headers = {"content-type": "application/x-amz-json-1.1", "host": self.host, "x-amz-date": now,
                   "x-amz-target": target}
        names = ";".join(sorted(headers))
        canonical = "\n".join(["POST", "/", ""] + [f"{n}:{headers[n]}" for n in sorted(headers)] +
                              ["", names, hashlib.sha256(body).hexdigest()])
        scope = f"{now[:8]}/{self.region}/{self.service}/aws4_request"
        to_sign = "\n".join(["AWS4-HMAC-SHA256", now, scope, hashlib.sha256(canonical.encode()).hexdigest()])
        signature = hmac.new(self._key_of(now[:8]), to_sign.encode(), hashlib.sha256).hexdigest()
        headers["authorization"] = (f"AWS4-HMAC-SHA256 Credential={self.key_id}/{scope}, SignedHeaders={names}, "
                                    f"Signature={signature}")
        return headers

    def send(self, operation, body):
        """`body` as bytes, whatever they are."""
        self.connection.request("POST", "/", body, self._signed(self.prefix + operation, body))
        answer = self.connection.getresponse()
        return Answer(answer.status, dict(answer.getheaders()), answer.read(), self.message_member)

    def call(self, operation, **members):
        return self.send(operation, json.dumps(members).encode())

    def must(self, operation, **members):
        answer = self.call(operation, **members)
        assert answer.status == 200, (operation, members, answer.status, answer.body)
        return answer.json()


class CloudHsmClient(Client):
    service, prefix, message_member = "cloudhsm", "BaldrApiService.", "Message"
