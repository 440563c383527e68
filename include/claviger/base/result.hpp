// Errors as values. Named after std::expected, so that it can become that one day.
#pragma once

#include <type_traits>
#include <utility>
#include <variant>

#include <claviger/base/error.hpp>

namespace claviger {

// Holds a T or an E, never neither. Implicit from both, so `return value;` and `return Error(...)` read
// plainly. value() on an error and error() on a value are bugs and terminate.
template <class T, class E = Error>
class [[nodiscard]] Result {
    static_assert(!std::is_same_v<T, E>);

public:
    using value_type = T;
    using error_type = E;

    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(E error) : state_(std::in_place_index<1>, std::move(error)) {}

    bool has_value() const noexcept { return state_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }

    T& value() & noexcept { return std::get<0>(state_); }
    const T& value() const& noexcept { return std::get<0>(state_); }
    T&& value() && noexcept { return std::get<0>(std::move(state_)); }
    T& operator*() & noexcept { return value(); }
    const T& operator*() const& noexcept { return value(); }
    T&& operator*() && noexcept { return std::move(*this).value(); }
    T* operator->() noexcept { return &value(); }
    const T* operator->() const noexcept { return &value(); }

    E& error() & noexcept { return std::get<1>(state_); }
    const E& error() const& noexcept { return std::get<1>(state_); }
    E&& error() && noexcept { return std::get<1>(std::move(state_)); }

    // f: T -> Result<U, E>; an error passes through.
    template <class F>
    auto and_then(F&& f) && -> std::invoke_result_t<F, T> {
        if (!has_value()) {
            return std::move(*this).error();
        }
        return std::forward<F>(f)(std::move(*this).value());
    }

    // f: T -> U; an error passes through.
    template <class F>
    auto transform(F&& f) && -> Result<std::invoke_result_t<F, T>, E> {
        if (!has_value()) {
            return std::move(*this).error();
        }
        return std::forward<F>(f)(std::move(*this).value());
    }

    T value_or(T other) && { return has_value() ? std::move(*this).value() : std::move(other); }

private:
    std::variant<T, E> state_;
};

// The value of an operation that only succeeds or fails.
struct Done {};
inline constexpr Done done{};
template <class E = Error>
using Status = Result<Done, E>;

}  // namespace claviger
