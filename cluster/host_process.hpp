// A claviger-hsm process that is our child: started, awaited, ended, never left behind.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <claviger/base/result.hpp>

namespace claviger::cluster {

// Belongs to the thread that runs `io`, which must be the thread that starts it and live as long as it does
// (prctl(2), PR_SET_PDEATHSIG). The destructor kills and reaps what still runs.
class HostProcess {
public:
    // The child gets the standard streams (input from /dev/null) and, as descriptor 3, `socket` if there is
    // one. Own process group: a terminal's interrupt is for us, and we end the hosts in order. bad_config:
    // cannot start.
    static Result<std::unique_ptr<HostProcess>> start(boost::asio::io_context& io,
                                                      const std::filesystem::path& program,
                                                      const std::vector<std::string>& arguments,
                                                      std::optional<int> socket);
    ~HostProcess();
    HostProcess(const HostProcess&) = delete;
    HostProcess& operator=(const HostProcess&) = delete;

    // Nobody cuts off what it does: end() sends it no signal, and leaves it alone after `grace`, as the
    // destructor does. It ends by itself when its socket is closed.
    void let_finish() noexcept { finishes_ = true; }

    pid_t pid() const noexcept { return pid_; }
    bool ended() noexcept;  // reaps
    // "exit code 2", "signal 9": how it ended
    const std::string& how() const noexcept { return how_; }
    // Of a process that ended by itself.
    std::optional<int> exit_code() const noexcept { return exit_code_; }
    // Completes when the process has ended, or with false when cancel_wait() was called.
    boost::asio::awaitable<bool> wait();
    void cancel_wait();
    void signal(int number) noexcept;
    // SIGTERM, then SIGKILL after `grace`; completes when it is reaped.
    boost::asio::awaitable<void> end(std::chrono::milliseconds grace);

private:
    HostProcess(boost::asio::io_context& io, pid_t pid, int pidfd);

    boost::asio::io_context& io_;
    boost::asio::posix::stream_descriptor handle_;  // readable when the process has ended (pidfd_open(2))
    pid_t pid_;
    bool reaped_ = false;
    bool finishes_ = false;
    std::string how_;
    std::optional<int> exit_code_;
};

}  // namespace claviger::cluster
