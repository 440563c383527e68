// One-line checks of answers.
#pragma once

#include <ostream>

#include <gmock/gmock.h>

#include "tests/unit/kms/fakes.hpp"

namespace claviger::http {
inline void PrintTo(const Answer& answer, std::ostream* out) {
    *out << answer.status << ' ' << answer.body;
}
}  // namespace claviger::http

namespace claviger::kms::test {

MATCHER_P(HasType, name, "") {
    return arg.status != 200 && text_at(arg.body, "__type") == name;
}

MATCHER_P2(IsError, name, message, "") {
    return arg.status == 400 && text_at(arg.body, "__type") == name &&
           text_at(arg.body, "message") == message;
}

// The exceptions that say nothing at all.
MATCHER_P(IsBareError, name, "") {
    return arg.status == 400 && arg.body == "{\"__type\":\"" + std::string(name) + "\"}";
}

MATCHER(IsEmptySuccess, "") {
    return arg.status == 200 && arg.body.empty();
}

}  // namespace claviger::kms::test
