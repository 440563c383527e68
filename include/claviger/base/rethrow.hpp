// What becomes of an exception that leaves a coroutine.
#pragma once

#include <exception>

namespace claviger {

// A completion handler for asio::co_spawn: the exception comes out of io_context::run(). Null: nothing.
inline void rethrow(const std::exception_ptr& failure) {
    if (failure) {
        std::rethrow_exception(failure);
    }
}

}  // namespace claviger
