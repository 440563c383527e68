// The parts of an audit record that are the same for every service, in CloudTrail's form (eventVersion 1.11).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <boost/json/fwd.hpp>

#include <claviger/base/clock.hpp>

#include "src/api/json_text.hpp"
#include "src/model/shape.hpp"
#include "src/policy/principal.hpp"

namespace claviger::http {
struct Refusal;
}

namespace claviger::api {

inline constexpr std::size_t kAuditTextLimit = 1024;  // errorMessage and userAgent, as CloudTrail cuts them

inline constexpr std::size_t kAuditNameLimit = 64;   // eventName: every operation's name fits
inline constexpr std::size_t kAuditHostLimit = 256;  // a host name has at most 253 bytes

// A fresh UUID for eventID.
std::string event_id(Random& random);

// A request member for requestParameters. Never writes what the model calls sensitive, nor blobs.
void append_value(std::string& out, const model::Service& service, const model::Shape& shape,
                  const boost::json::value& value);

void append_identity(std::string& out, const policy::Principal& principal);
void append_resource(std::string& out, std::string_view account, std::string_view type, std::string_view arn);
void append_sequence(ObjectText& record, std::uint64_t sequence);

// A refused request that never became a call. `source` is the eventSource: "kms.amazonaws.com".
std::string refusal_record(const http::Refusal& refusal, std::string_view source, Random& random,
                           std::uint64_t sequence);

// The members that every record about a request has, of a http::Call or of a http::Refusal. `error` empty: it
// succeeded.
template <class Source>
void append_origin(ObjectText& record, const Source& from, std::string_view source, std::string_view error,
                   std::string_view message) {
    record.time("eventTime", from.time);
    record.text("eventSource", source);
    record.text("eventName", from.operation.substr(0, kAuditNameLimit));
    record.text("awsRegion", from.region);
    record.text("sourceIPAddress", from.source_ip);
    record.text("userAgent", from.user_agent.substr(0, kAuditTextLimit));
    if (!error.empty()) {
        record.text("errorCode", error);
        if (!message.empty()) {
            record.text("errorMessage", message.substr(0, kAuditTextLimit));
        }
    }
}

template <class Source>
void append_transport(ObjectText& record, const Source& from) {
    if (from.tls_version.empty()) {
        return;
    }
    ObjectText tls(record.name("tlsDetails"));
    tls.text("tlsVersion", from.tls_version);
    tls.text("cipherSuite", from.tls_cipher);
    tls.text("clientProvidedHostHeader", from.host_header.substr(0, kAuditHostLimit));
    tls.close();
}

}  // namespace claviger::api
