#include "src/cloudhsm/error.hpp"

#include <array>

namespace claviger::cloudhsm {
namespace {

// In the order of the enumeration.
constexpr std::array kErrors{
    ErrorRow{ErrorType::access_denied, "CloudHsmAccessDeniedException", 400, ""},
    ErrorRow{ErrorType::internal, "CloudHsmInternalFailureException", 500,
             "The request failed inside the service. You can retry it."},
    ErrorRow{ErrorType::invalid_request, "CloudHsmInvalidRequestException", 400, ""},
    ErrorRow{ErrorType::resource_limit, "CloudHsmResourceLimitExceededException", 400, ""},
    ErrorRow{ErrorType::not_found, "CloudHsmResourceNotFoundException", 400, ""},
    ErrorRow{ErrorType::tag, "CloudHsmTagException", 400, ""},
    ErrorRow{ErrorType::serialization, "SerializationException", 400, ""},
    ErrorRow{ErrorType::unknown_operation, "UnknownOperationException", 400, ""},
};
static_assert([] {
    for (std::size_t i = 0; i < kErrors.size(); ++i) {
        if (static_cast<std::size_t>(kErrors[i].type) != i) {
            return false;
        }
    }
    return kErrors.size() == static_cast<std::size_t>(ErrorType::unknown_operation) + 1;
}());

}  // namespace

const ErrorRow& row_of(ErrorType type) noexcept {
    return kErrors[static_cast<std::size_t>(type)];
}

std::span<const ErrorRow> error_table() noexcept {
    return kErrors;
}

Failure invalid_request(std::string text, std::source_location w) {
    return Failure(ErrorType::invalid_request, std::move(text), w);
}

Failure not_found(std::string text, std::source_location w) {
    return Failure(ErrorType::not_found, std::move(text), w);
}

Failure internal(std::string detail, std::source_location w) {
    Failure failure(ErrorType::internal, {}, w);
    failure.detail = std::move(detail);
    return failure;
}

}  // namespace claviger::cloudhsm
