// The seam between HTTP and the services behind it (KMS, CloudHSM v2, STS): plain values, no Beast.
#pragma once

#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>

#include <claviger/base/bytes.hpp>
#include <claviger/base/clock.hpp>

#include "src/policy/principal.hpp"

namespace claviger::audit {
class Writer;
}
namespace claviger::cluster {
class Client;
}
namespace claviger::cloudhsm {
class ClientSource;
}

namespace claviger::http {

// What one io thread owns and lends to the calls it runs. Never crosses threads.
struct IoContext {
    cluster::Client& cluster;  // of the default key store
    audit::Writer& audit;
    cloudhsm::ClientSource* clusters = nullptr;  // of custom key stores; nullptr where there are none
};

// An authenticated call. Views live until the answer is written.
struct Call {
    std::string_view operation;  // after the dot of X-Amz-Target
    ByteView body;
    const policy::Principal& principal;
    std::string_view region;      // from the verified credential scope
    std::string_view request_id;  // UUID, also in x-amzn-RequestId
    std::string_view source_ip;
    std::string_view user_agent;
    std::string_view host_header;
    std::string_view tls_version;  // empty for plain HTTP
    std::string_view tls_cipher;
    WallTime time;  // the wall clock at arrival
    MonoTime deadline;
};

// The body is wiped by the HTTP layer after it was sent: it can hold a plaintext.
struct Answer {
    unsigned status = 200;
    std::string body;
};

// A refused request that never became a Call (bad signature, unknown key id): audited too.
struct Refusal {
    std::string_view operation;  // may be empty
    std::string_view error;      // __type
    std::string_view message;
    std::string_view access_key_id;  // as claimed; may be empty
    std::string_view region, request_id, source_ip, user_agent, host_header, tls_version, tls_cipher;
    WallTime time;
};

// One JSON 1.1 service. Thread-safe: called on every io thread.
class JsonService {
public:
    virtual ~JsonService() = default;
    virtual std::string_view target_prefix() const = 0;  // "TrentService"
    virtual std::string_view signing_name() const = 0;   // "kms"
    // Never throws for anything the outside can cause; an exception becomes InternalFailure 500.
    virtual boost::asio::awaitable<Answer> call(IoContext& io, const Call& call) = 0;
    virtual boost::asio::awaitable<void> refused(IoContext& io, const Refusal& refusal) = 0;
};

}  // namespace claviger::http
