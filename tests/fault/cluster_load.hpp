// A running cluster of real hosts and loads on it, for tests of what happens while something goes wrong.
#pragma once

#include <gtest/gtest.h>

#include <signal.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>

#include "tests/integration/cluster/cluster_rig.hpp"
#include "tests/support/long_run.hpp"

namespace claviger::testing {

// What one group of coroutines met.
struct Tally {
    std::uint64_t done = 0;
    std::uint64_t failed = 0;
    std::uint64_t wrong = 0;
    std::vector<std::chrono::microseconds> took;
    std::string first_error;
    double seconds = 0;

    double rate() const { return seconds > 0 ? static_cast<double>(done) / seconds : 0; }
    std::chrono::microseconds percentile(double share) {
        std::ranges::sort(took);
        return took.empty() ? std::chrono::microseconds(0)
                            : took[static_cast<std::size_t>(share * static_cast<double>(took.size() - 1))];
    }
    void fail(const Error& error) {
        ++failed;
        if (first_error.empty()) {
            first_error = error.describe();
        }
    }
    void print(const char* name) {
        std::printf(
            "    %-22s %8llu (%6.0f/s)  failed %llu  wrong %llu  p50 %lld us  p99 %lld us  max %lld us\n",
            name, static_cast<unsigned long long>(done), rate(), static_cast<unsigned long long>(failed),
            static_cast<unsigned long long>(wrong), static_cast<long long>(percentile(0.5).count()),
            static_cast<long long>(percentile(0.99).count()),
            static_cast<long long>(percentile(1.0).count()));
        std::fflush(stdout);
    }
};

// Control work in a thread of its own; the client belongs to the test's thread.
class RunningCluster {
public:
    // `its_clock`: the cluster's, if it is not the machine's; outlives this.
    explicit RunningCluster(cluster::ClusterOptions options, const Clock* its_clock = nullptr) {
        auto made = cluster::Cluster::make(control_, std::move(options),
                                           its_clock != nullptr ? *its_clock : clock, random);
        if (!made) {
            ADD_FAILURE() << made.error().describe();
            std::abort();
        }
        cluster_ = *std::move(made);
        thread_ = std::thread([this] { control_.run(); });
        cluster_->start();
        EXPECT_TRUE(wait_serving(3));
        client_ = cluster_->client(io);
    }
    ~RunningCluster() {
        client_.reset();
        bool stopped = false;
        boost::asio::co_spawn(control_, keep_done(cluster_->stop(), stopped),
                              [this](std::exception_ptr) { guard_.reset(); });
        thread_.join();
    }
    RunningCluster(const RunningCluster&) = delete;  // owns a thread
    RunningCluster& operator=(const RunningCluster&) = delete;

    cluster::Client& client() { return *client_; }
    cluster::Cluster& cluster() { return *cluster_; }

    bool wait_serving(std::size_t count) {
        const MonoTime until = clock.mono() + std::chrono::seconds(20);
        while (cluster_->serving() < count && clock.mono() < until) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        return cluster_->serving() >= count;
    }

    // Kills one host and waits until its successor serves.
    void kill_host(std::size_t member) {
        const auto before = cluster_->members()[member].process;
        if (before != 0) {
            ::kill(static_cast<pid_t>(before), SIGKILL);
        }
        const MonoTime until = clock.mono() + std::chrono::seconds(20);
        const auto is_back = [&] {
            const cluster::MemberView view = cluster_->members()[member];
            return view.state == "serving" && view.process != 0 && view.process != before;
        };
        while (!is_back() && clock.mono() < until) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        EXPECT_TRUE(is_back());
    }

    std::shared_ptr<const cluster::KeyMaterial> make_key(const std::string& id) {
        cluster::NewKeyIdentity identity{"111122223333",    id,       {}, "SYMMETRIC_DEFAULT",
                                         "ENCRYPT_DECRYPT", "AWS_KMS"};
        random.fill(identity.material_id);
        const auto made = run(io, client_->create_key(identity, clock.mono() + std::chrono::seconds(20)));
        if (!made) {
            ADD_FAILURE() << made.error().describe();
            std::abort();
        }
        return *cluster::KeyMaterial::parse(made->token);
    }

    // Starts coroutines; run_all() runs them, and whatever they start, to their end.
    void spawn(boost::asio::awaitable<void> work) {
        ++running_;
        boost::asio::co_spawn(io, std::move(work), [this](std::exception_ptr failure) {
            rethrow(failure);
            --running_;
        });
    }
    void run_all() {
        io.restart();
        while (running_ > 0) {
            io.run_one();
        }
    }
    // The same while `disturb` runs in another thread; `go` becomes false when that ends.
    void run_all_during(std::atomic<bool>& go, const std::function<void()>& disturb) {
        std::thread other([&] {
            disturb();
            go = false;
        });
        run_all();
        other.join();
    }

    SystemClock clock;
    SystemRandom random;
    boost::asio::io_context io{1};

private:
    boost::asio::io_context control_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_{control_.get_executor()};
    std::thread thread_;
    std::unique_ptr<cluster::Cluster> cluster_;
    std::unique_ptr<cluster::Client> client_;
    int running_ = 0;
};

// No host was killed, suspected or accused since the cluster started.
inline void expect_nobody_ejected(cluster::Cluster& cluster) {
    for (const cluster::MemberView& member : cluster.members()) {
        EXPECT_EQ(member.state, "serving") << member.hsm_id << ": " << member.last_error;
        EXPECT_EQ(member.restarts, 0u) << member.hsm_id << ": " << member.last_error;
        EXPECT_EQ(member.faults, 0u) << member.hsm_id << ": " << member.last_error;
    }
}

}  // namespace claviger::testing
