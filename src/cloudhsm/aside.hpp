// A thread for work that blocks: files of any size, and hashes of passwords, which are slow on purpose.
#pragma once

#include <optional>
#include <type_traits>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace claviger::cloudhsm {

// Any thread. Its end waits for the work that runs, so it goes before the io_contexts of those who wait.
class Aside {
public:
    // What `work()` returns; resumes on the caller's executor. One after the other. `work` is a name, not a
    // temporary: what it refers to, the awaiting frame holds.
    template <class Work>
    boost::asio::awaitable<std::invoke_result_t<Work&>> run(Work& work) {
        std::optional<std::invoke_result_t<Work&>> result;
        const auto there = [&]() -> boost::asio::awaitable<void> {
            result.emplace(work());
            co_return;
        };
        auto running = boost::asio::co_spawn(thread_, there(), boost::asio::use_awaitable);
        co_await std::move(running);
        co_return *std::move(result);
    }

private:
    boost::asio::thread_pool thread_{1};
};

}  // namespace claviger::cloudhsm
