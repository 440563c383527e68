// From a complete HTTP request to an answer: the straight line of the request path as far as HTTP knows it.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>

#include <claviger/base/clock.hpp>

#include "src/auth/verifier.hpp"
#include "src/http/api.hpp"
#include "src/http/request_head.hpp"

namespace claviger::http {

// Who is at the other end of the connection.
struct Peer {
    std::string address;      // "192.0.2.1"; "unix" for the Unix socket
    std::string tls_version;  // empty for plain HTTP
    std::string tls_cipher;
};

// A request with its body read, and what was fixed when it arrived. Views live until the answer is made.
struct Arrival {
    const RequestHead& head;
    ByteView body;
    const Peer& peer;
    std::string_view request_id;
    WallTime wall;
    MonoTime deadline;
};

// One per io thread.
class JsonApi {
public:
    JsonApi(std::span<JsonService* const> services, auth::Verifier& verifier, IoContext& io)
        : services_(services), verifier_(verifier), io_(io) {}

    // Never throws. Sets `persistence` to close for methods that have no business here.
    boost::asio::awaitable<Answer> answer(const Arrival& arrival, Persistence& persistence);

private:
    JsonService* find_service(std::string_view target) const noexcept;
    boost::asio::awaitable<Answer> refuse(JsonService& service, const Arrival& arrival,
                                          std::string_view operation, const auth::AuthError& error);

    std::span<JsonService* const> services_;
    auth::Verifier& verifier_;
    IoContext& io_;
};

}  // namespace claviger::http
