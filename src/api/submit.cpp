#include "src/api/submit.hpp"

#include <memory>
#include <optional>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace claviger::api {

namespace asio = boost::asio;

asio::awaitable<Result<std::uint64_t>> submit(store::Store& store, store::Store::Work work) {
    std::optional<Result<std::uint64_t>> result;
    auto start = [&](auto handler) {
        // std::function must be copyable, a handler is not. The executor counts as busy until we have
        // resumed.
        auto executor =
            asio::prefer(asio::get_associated_executor(handler), asio::execution::outstanding_work.tracked);
        auto resume = std::make_shared<decltype(handler)>(std::move(handler));
        store.submit(std::move(work), [&result, resume, executor](Result<std::uint64_t> outcome) {
            result = std::move(outcome);
            asio::post(executor, [resume] { std::move (*resume)(); });
        });
    };
    co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(start, asio::use_awaitable);
    co_return std::move(*result);
}

}  // namespace claviger::api
