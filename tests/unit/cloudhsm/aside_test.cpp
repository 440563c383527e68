// Work that blocks, off the thread of whoever waits for it.
#include "src/cloudhsm/aside.hpp"

#include <gtest/gtest.h>

#include <future>
#include <thread>

#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

namespace claviger::cloudhsm {
namespace {

namespace asio = boost::asio;

TEST(AsideTest, TheCallersThreadGoesOnAndGetsTheResult) {
    Aside aside;
    asio::io_context io;
    std::promise<void> other_work;
    std::thread::id resumed_on;
    int result = 0;
    const auto caller = [&]() -> asio::awaitable<void> {
        // Ends only when this thread has done something else meanwhile.
        const auto work = [&] {
            const auto done = other_work.get_future().wait_for(std::chrono::seconds(5));
            return done == std::future_status::ready ? 42 : -1;
        };
        result = co_await aside.run(work);
        resumed_on = std::this_thread::get_id();
    };
    asio::co_spawn(io, caller(), asio::detached);
    asio::post(io, [&] { other_work.set_value(); });
    io.run();
    EXPECT_EQ(result, 42);
    EXPECT_EQ(resumed_on, std::this_thread::get_id());
}

}  // namespace
}  // namespace claviger::cloudhsm
