// DIR/admin.sock: one line in, one answer out, for the operator's subcommands. Mode 0600, and only the uid
// that runs the service is answered (SO_PEERCRED).
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include <claviger/base/result.hpp>

namespace claviger::app {

class AdminSocket {
public:
    // Answers a request line. Runs on the given io_context.
    using Handler = std::function<boost::asio::awaitable<Result<std::string>>(std::string request)>;

    // Replaces a socket file that an earlier process left.
    static Result<std::unique_ptr<AdminSocket>> listen(boost::asio::io_context& io,
                                                       const std::filesystem::path& path, Handler handler);
    ~AdminSocket();

private:
    struct Impl;
    explicit AdminSocket(std::shared_ptr<Impl> impl);
    std::shared_ptr<Impl> impl_;
};

// What an operator's command can take: it may wait for an HSM's turn and the HSM's own 300 s.
inline constexpr std::chrono::minutes kAnswerLimit{10};

// The other end: sends `request` and returns the answer. deadline_exceeded: none came, and the work may go
// on.
Result<std::string> ask_service(const std::filesystem::path& socket, const std::string& request,
                                std::chrono::milliseconds limit = kAnswerLimit);

}  // namespace claviger::app
