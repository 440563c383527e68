#include "hsm/host/process.hpp"

#include <linux/close_range.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include <atomic>

#include <claviger/base/files.hpp>

namespace claviger::host {
namespace {

// SIGKILL needs nobody's consent; this one asks.
constexpr int kParentEnded = SIGHUP;
constexpr unsigned kSecondsToFinish = 1;

std::atomic<int> uncut_calls{0};
std::atomic<bool> orphaned{false};
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<bool>::is_always_lock_free);

// Async-signal-safe. Whoever sees both, this or the last call's end, ends the process: one of them does,
// because each writes its own side first.
void end_after_calls(int) {
    orphaned = true;
    if (uncut_calls == 0) {
        _exit(link::kExitOrphaned);
    }
    // A module is free to handle or block it.
    signal(SIGALRM, SIG_DFL);
    sigset_t end;
    sigemptyset(&end);
    sigaddset(&end, SIGALRM);
    pthread_sigmask(SIG_UNBLOCK, &end, nullptr);
    alarm(kSecondsToFinish);  // SIGALRM's default action
}

Status<> end_with_parent(const Options& options) {
    int with = SIGKILL;
    if (options.token_files == TokenFiles::none) {
        struct sigaction action {};
        action.sa_handler = end_after_calls;
        action.sa_flags = SA_RESTART;
        if (sigaction(kParentEnded, &action, nullptr) != 0) {
            return os_error("sigaction");
        }
        with = kParentEnded;
    }
    return prctl(PR_SET_PDEATHSIG, with, 0, 0, 0) == 0 ? Status<>(done) : os_error("PR_SET_PDEATHSIG");
}

}  // namespace

UncutCall::UncutCall() noexcept {
    ++uncut_calls;
}

UncutCall::~UncutCall() {
    if (--uncut_calls == 0 && orphaned) {
        _exit(link::kExitOrphaned);
    }
}

void close_descriptors_from(int first) {
    close_range(static_cast<unsigned>(first), ~0U, 0);
}

void silence_module_log() noexcept {
    setlogmask(LOG_UPTO(LOG_EMERG));
}

Status<> harden(const Options& options) {
    umask(077);
    signal(SIGPIPE, SIG_IGN);
    if (options.core == CoreDumps::never) {
        if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
            return os_error("PR_SET_DUMPABLE");
        }
        const rlimit no_core{.rlim_cur = 0, .rlim_max = 0};
        if (setrlimit(RLIMIT_CORE, &no_core) != 0) {
            return os_error("RLIMIT_CORE");
        }
    }
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return os_error("PR_SET_NO_NEW_PRIVS");
    }
    if (options.supervisor_is_parent) {
        // An officer's work on a token that he keeps elsewhere is not cut off: the end of its socket ends it.
        if (!options.operator_token) {
            const Status<> bound = end_with_parent(options);
            if (!bound) {
                return bound;
            }
        }
        // It may have ended before the request was in place: then nobody sends the signal.
        if (!has_supervisor(options)) {
            return Error(Errc::conflict, "the supervisor (pid " +
                                             std::to_string(options.supervisor.pid.value_or(0)) +
                                             ") is not our parent");
        }
    }
    return done;
}

bool has_supervisor(const Options& options) {
    return !options.supervisor_is_parent || getppid() == options.supervisor.pid;
}

}  // namespace claviger::host
