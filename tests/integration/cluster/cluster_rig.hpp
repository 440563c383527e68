// A cluster of real hosts on SoftHSM tokens in a temporary directory, founded once per test program run.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <claviger/base/clock.hpp>
#include <claviger/cluster/cluster.hpp>
#include <claviger/cluster/founding.hpp>

namespace claviger::testing {

class TemporaryDirectory {
public:
    TemporaryDirectory();
    ~TemporaryDirectory();
    TemporaryDirectory(const TemporaryDirectory&) = delete;  // two owners would remove it twice
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

// What founding answered, and where: enough to open the cluster again and again.
struct FoundedCluster {
    std::string cluster_id = "cluster-0123456789a";
    std::string anchor_pem;
    cluster::Founded founded;
    std::chrono::milliseconds took{0};
    std::vector<std::string> steps;
};

std::vector<cluster::HsmOptions> hsm_options(const std::filesystem::path& directory, std::size_t count);
Result<FoundedCluster> found(const std::filesystem::path& directory, std::size_t count);
Result<FoundedCluster> found(const std::filesystem::path& directory, std::vector<cluster::HsmOptions> hsms);
cluster::ClusterOptions cluster_options(const FoundedCluster& founded,
                                        const std::filesystem::path& directory);

// Runs `work` to its end on `io`, which nothing else runs meanwhile.
template <class T>
boost::asio::awaitable<void> keep(boost::asio::awaitable<T> work, std::optional<T>& result) {
    result.emplace(co_await std::move(work));
}
inline boost::asio::awaitable<void> keep_done(boost::asio::awaitable<void> work, bool& finished) {
    co_await std::move(work);
    finished = true;
}
inline void rethrow(std::exception_ptr failure) {
    if (failure) {
        std::rethrow_exception(failure);
    }
}
template <class T>
T run(boost::asio::io_context& io, boost::asio::awaitable<T> work) {
    std::optional<T> result;
    boost::asio::co_spawn(io, keep(std::move(work), result), rethrow);
    io.restart();
    while (!result) {
        io.run_one();
    }
    return *std::move(result);
}
inline void run(boost::asio::io_context& io, boost::asio::awaitable<void> work) {
    bool finished = false;
    boost::asio::co_spawn(io, keep_done(std::move(work), finished), rethrow);
    io.restart();
    while (!finished) {
        io.run_one();
    }
}

}  // namespace claviger::testing
