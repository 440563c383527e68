// The KMS API from the inside: what development tools do goes through the same operations, checks and audit
// records as the requests of clients.
#pragma once

#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/json/object.hpp>

#include <claviger/base/result.hpp>

#include "src/http/api.hpp"

namespace claviger::dev {

// An answer other than 200.
struct Refused {
    http::Answer answer;
    std::string type() const;      // AlreadyExistsException
    std::string describe() const;  // "AlreadyExistsException: An alias …"
};
template <class T>
using Outcome = Result<T, Refused>;

// Calls in the name of one caller. Everything it is made of outlives it.
class Api {
public:
    // `like`: who calls and from where. Operation, body, time and deadline are set for each call.
    Api(http::JsonService& kms, http::IoContext& io, const http::Call& like)
        : kms_(kms), io_(io), like_(like) {}

    boost::asio::awaitable<Outcome<boost::json::object>> call(std::string_view operation,
                                                              boost::json::object input);

private:
    http::JsonService& kms_;
    http::IoContext& io_;
    const http::Call& like_;
};

}  // namespace claviger::dev
