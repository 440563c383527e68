"""What an idle service costs and how soon it serves: first provisioning, start on its own data, memory, CPU.

Figures hold on a machine that does nothing else; the median stands against a single disturbance."""

import statistics
import time

from claviger_dev import LONG, Dev

FIRST_SECONDS = 5.0  # provisioning three tokens and founding the cluster
AGAIN_SECONDS = 1.0  # a start on a provisioned data directory
IDLE_KIB = 40 * 1024
IDLE_CPU = 0.005
ROUNDS = 5 if LONG else 3
IDLE_SECONDS = 10 if LONG else 4
CPUCLOCK_SCHED = 2  # the kernel's encoding of a process's CPU clock, as clock_getcpuclockid(3) makes it


def memory_kib(pid):
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))


def family(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as children:
        return [pid] + [int(child) for child in children.read().split()]


def cpu_seconds(pids):
    """CPU time to the nanosecond: the ticks of proc(5) are 10 ms each, rounded for every process by itself."""
    return sum(time.clock_gettime((~pid << 3) | CPUCLOCK_SCHED) for pid in pids)


def main():
    first, again = [], []
    for round_number in range(ROUNDS):
        with Dev(key_store=True) as dev:
            first.append(dev.ready_seconds)
            dev.stop()
            dev.start()
            again.append(dev.ready_seconds)
            dev.key_store_made()
            if round_number + 1 == ROUNDS:
                memory = memory_kib(dev.process.pid)
                pids = family(dev.process.pid)
                before, began = cpu_seconds(pids), time.monotonic()
                time.sleep(IDLE_SECONDS)  # the measured interval itself, not a wait for something
                share = (cpu_seconds(pids) - before) / (time.monotonic() - began)
    print(f"first provisioning: median {statistics.median(first):.2f} s of {ROUNDS}, slowest {max(first):.2f} s")
    print(f"provisioned start:  median {statistics.median(again):.2f} s of {ROUNDS}, slowest {max(again):.2f} s")
    print(f"idle: claviger {memory / 1024:.1f} MiB resident, all {len(pids)} processes {100 * share:.2f} % CPU")
    assert statistics.median(first) < FIRST_SECONDS, "first provisioning takes too long"
    assert statistics.median(again) < AGAIN_SECONDS, "a start on a provisioned directory takes too long"
    assert memory <= IDLE_KIB, "the idle service holds too much memory"
    assert share < IDLE_CPU, "the idle service does not sleep"


if __name__ == "__main__":
    main()
