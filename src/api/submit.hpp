// A store transaction from a coroutine.
#pragma once

#include <cstdint>

#include <boost/asio/awaitable.hpp>

#include "src/store/store.hpp"

namespace claviger::api {

// Submits `work` and resumes on the caller's executor when it is durable or refused. What `work` refers to
// must live until then: the awaiting frame does.
boost::asio::awaitable<Result<std::uint64_t>> submit(store::Store& store, store::Store::Work work);

}  // namespace claviger::api
