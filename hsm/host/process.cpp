#include "hsm/host/process.hpp"

#include <linux/close_range.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include <claviger/base/files.hpp>

namespace claviger::host {

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
        if (!options.operator_token && prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) {
            return os_error("PR_SET_PDEATHSIG");
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
