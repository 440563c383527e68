"""Installs the libraries, builds a stranger's program against them with find_package, and runs it on a token."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

MODULE = "/usr/lib/softhsm/libsofthsm2.so"


def run(*command, **more):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, **more)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


def make_token(room):
    """A SoftHSM token of its own; returns the environment that shows it, and its serial."""
    (room / "tokens").mkdir()
    (room / "softhsm2.conf").write_text(f"directories.tokendir = {room}/tokens\n")
    environment = {**os.environ, "SOFTHSM2_CONF": str(room / "softhsm2.conf")}
    run("softhsm2-util", "--init-token", "--free", "--label", "stranger", "--so-pin", "87654321", "--pin", "12345678",
        env=environment)
    slots = run("softhsm2-util", "--show-slots", env=environment)
    serials = re.findall(r"Serial number:\s+(\S+)\s.*?Label:\s+stranger", slots, re.DOTALL)
    assert len(serials) == 1, slots
    return environment, serials[0]


def main():
    build = pathlib.Path(sys.argv[1])
    stranger = pathlib.Path(__file__).parent / "stranger"
    with tempfile.TemporaryDirectory() as name:
        room = pathlib.Path(name)
        run("cmake", "--install", build, "--prefix", room / "prefix", "--component", "embed")
        run("cmake", "-S", stranger, "-B", room / "build", "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
            f"-DCMAKE_PREFIX_PATH={room / 'prefix'}")
        run("cmake", "--build", room / "build")
        environment, serial = make_token(room)
        said = run(room / "build" / "stranger", MODULE, serial, "12345678", env=environment)
        assert said == "random from stranger: 32 bytes\na cluster of nothing: bad_config\n", said
        refused = subprocess.run([room / "build" / "stranger", MODULE, serial, "00000000"], env=environment,
                                 capture_output=True, text=True, check=False)
        assert refused.returncode == 1 and "pin_refused" in refused.stderr, refused
    print("a stranger's program builds with find_package(claviger) and works")


if __name__ == "__main__":
    main()
