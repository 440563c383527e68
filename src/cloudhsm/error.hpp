// The error catalogue of AWS CloudHSM v2.
#pragma once

#include <cstdint>
#include <source_location>
#include <span>
#include <string>
#include <string_view>

#include <claviger/base/result.hpp>

namespace claviger::cloudhsm {

enum class ErrorType : std::uint8_t {
    access_denied,
    internal,
    invalid_request,  // a bad parameter, a wrong state, a wrong kind of resource
    resource_limit,
    not_found,
    tag,
    serialization,
    unknown_operation,
};

struct ErrorRow {
    ErrorType type;
    std::string_view name;  // __type
    unsigned status;
    std::string_view message;  // said when the failure brings none
};

const ErrorRow& row_of(ErrorType type) noexcept;
std::span<const ErrorRow> error_table() noexcept;

// Why a request is refused. `message` reaches the caller, `detail` the log only.
struct Failure {
    ErrorType type;
    std::string message;
    std::string detail;
    std::source_location where;

    Failure(ErrorType t, std::string public_message, std::source_location w = std::source_location::current())
        : type(t), message(std::move(public_message)), where(w) {}

    std::string_view text() const noexcept { return message.empty() ? row_of(type).message : message; }
};

template <class T>
using Outcome = Result<T, Failure>;

Failure invalid_request(std::string text, std::source_location w = std::source_location::current());
Failure not_found(std::string text, std::source_location w = std::source_location::current());
Failure internal(std::string detail, std::source_location w = std::source_location::current());

}  // namespace claviger::cloudhsm
