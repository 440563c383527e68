"""Debian's AWS CLI without its start: one process has loaded it, and a child of it runs each command.

Also a program: what AwsCli starts, with the interpreter of the AWS CLI."""

import json
import os
import subprocess
import sys
import tempfile

AWS = "/usr/bin/aws"


class AwsCli:
    """Use as a context manager."""

    def __enter__(self):
        with open(AWS, encoding="utf-8") as program:
            interpreter = program.readline()[2:].split()
        self.process = subprocess.Popen([*interpreter, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"})
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(20)
        self.process.stdout.close()

    def run(self, words, env):
        """What `aws WORDS` does; a subprocess.CompletedProcess."""
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            path = f"/proc/{os.getpid()}/fd/"
            request = {"words": words, "env": env, "out": path + str(out.fileno()), "err": path + str(err.fileno())}
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
            status = int(self.process.stdout.readline())
            out.seek(0)
            err.seek(0)
            return subprocess.CompletedProcess(words, status, out.read(), err.read())


def serve():
    from awscli.clidriver import main
    for line in sys.stdin:
        request = json.loads(line)
        child = os.fork()
        if child == 0:
            for number, name in ((1, "out"), (2, "err")):
                os.dup2(os.open(request[name], os.O_WRONLY), number)
            os.environ.update(request["env"])
            sys.argv = ["aws", *request["words"]]
            status = 255
            try:
                status = main()
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(status)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    serve()
