#include "cluster/host_process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

// glibc 2.36 forgot the linkage in this header.
extern "C" {
#include <sys/pidfd.h>
}

#include <cerrno>
#include <cstring>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace claviger::cluster {
namespace {

constexpr auto kAwait = boost::asio::as_tuple(boost::asio::use_awaitable);

struct SpawnPlan {
    SpawnPlan() {
        posix_spawn_file_actions_init(&actions);
        posix_spawnattr_init(&attributes);
    }
    ~SpawnPlan() {
        posix_spawn_file_actions_destroy(&actions);
        posix_spawnattr_destroy(&attributes);
    }
    SpawnPlan(const SpawnPlan&) = delete;  // glibc's structures own memory
    SpawnPlan& operator=(const SpawnPlan&) = delete;
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
};

}  // namespace

HostProcess::HostProcess(boost::asio::io_context& io, pid_t pid, int pidfd)
    : io_(io), handle_(io, pidfd), pid_(pid) {}

Result<std::unique_ptr<HostProcess>> HostProcess::start(boost::asio::io_context& io,
                                                        const std::filesystem::path& program,
                                                        const std::vector<std::string>& arguments,
                                                        std::optional<int> socket) {
    SpawnPlan plan;
    posix_spawn_file_actions_addopen(&plan.actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (socket) {
        posix_spawn_file_actions_adddup2(&plan.actions, *socket, 3);
    }
    posix_spawn_file_actions_addclosefrom_np(&plan.actions, socket ? 4 : 3);
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&plan.attributes, &none);
    posix_spawnattr_setsigdefault(&plan.attributes, &all);
    posix_spawnattr_setpgroup(&plan.attributes, 0);
    posix_spawnattr_setflags(&plan.attributes,
                             POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);

    const std::string name = program.string();
    // By number: a host that asked who its parent is after that had died would take the init process for its
    // supervisor, and live on with its token's lock.
    const std::string supervisor = "--supervisor-pid=" + std::to_string(::getpid());
    std::vector<char*> argv{const_cast<char*>(name.c_str()), const_cast<char*>(supervisor.c_str())};
    for (const std::string& argument : arguments) {
        argv.push_back(const_cast<char*>(argument.c_str()));
    }
    argv.push_back(nullptr);
    pid_t pid = 0;
    const int failed = posix_spawn(&pid, name.c_str(), &plan.actions, &plan.attributes, argv.data(), environ);
    if (failed != 0) {
        return Error(Errc::hsm_gone, "cannot start " + name + ": " + std::strerror(failed));
    }
    const int pidfd = pidfd_open(pid, 0);
    if (pidfd < 0) {
        const int number = errno;
        ::kill(pid, SIGKILL);
        ::waitpid(pid, nullptr, 0);
        return Error(Errc::hsm_gone, std::string("pidfd_open: ") + std::strerror(number));
    }
    return std::unique_ptr<HostProcess>(new HostProcess(io, pid, pidfd));
}

HostProcess::~HostProcess() {
    if (!reaped_ && !finishes_) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
}

bool HostProcess::ended() noexcept {
    if (reaped_) {
        return true;
    }
    siginfo_t info{};
    if (::waitid(P_PIDFD, static_cast<id_t>(handle_.native_handle()), &info, WEXITED | WNOHANG) == 0 &&
        info.si_pid == pid_) {
        reaped_ = true;
        if (info.si_code == CLD_EXITED) {
            exit_code_ = info.si_status;
        }
        how_ = (info.si_code == CLD_EXITED ? "exit code " : "signal ") + std::to_string(info.si_status);
    }
    return reaped_;
}

boost::asio::awaitable<bool> HostProcess::wait() {
    while (!ended()) {
        const auto [ec] =
            co_await handle_.async_wait(boost::asio::posix::stream_descriptor::wait_read, kAwait);
        if (ec) {
            co_return ended();
        }
    }
    co_return true;
}

void HostProcess::cancel_wait() {
    boost::system::error_code ignored;
    handle_.cancel(ignored);
}

void HostProcess::signal(int number) noexcept {
    if (!ended()) {
        ::kill(pid_, number);  // not reaped, so the number is still this process
    }
}

boost::asio::awaitable<void> HostProcess::end(std::chrono::milliseconds grace) {
    if (!finishes_) {
        signal(SIGTERM);
    }
    auto limit = std::make_shared<boost::asio::steady_timer>(io_, grace);
    // A timer that has expired but not yet run cannot be cancelled, and by then this process may be gone.
    const auto waiting = std::make_shared<bool>(true);
    limit->async_wait([limit, waiting, this](const boost::system::error_code& ec) {
        if (ec || !*waiting) {
            return;
        }
        if (finishes_) {
            *waiting = false;
            cancel_wait();
        } else {
            signal(SIGKILL);
        }
    });
    while (!co_await wait() && *waiting) {
    }
    *waiting = false;
    limit->cancel();
}

}  // namespace claviger::cluster
