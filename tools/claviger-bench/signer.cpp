#include "tools/claviger-bench/signer.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <iterator>

#include <claviger/base/encoding.hpp>

namespace claviger::bench {
namespace {

constexpr std::string_view kSignedHeaders = "content-type;host;x-amz-date;x-amz-target";

}  // namespace

Signer::Signer(Credentials credentials, std::string host)
    : credentials_(std::move(credentials)), host_(std::move(host)) {}

void Signer::request(std::string& to, std::string_view operation, std::string_view body) {
    renew(std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));

    canonical_.clear();
    fmt::format_to(std::back_inserter(canonical_),
                   "POST\n/\n\ncontent-type:application/x-amz-json-1.1\nhost:{}\nx-amz-date:{}\n"
                   "x-amz-target:TrentService.{}\n\n{}\n",
                   host_, date_time_, operation, kSignedHeaders);
    append_hex(canonical_, sha256(as_bytes(body)));
    const Sha256Digest canonical_hash = sha256(as_bytes(canonical_));

    canonical_.clear();
    fmt::format_to(std::back_inserter(canonical_), "AWS4-HMAC-SHA256\n{}\n{}\n", date_time_, scope_);
    append_hex(canonical_, canonical_hash);
    const Sha256Digest signature = hmac_sha256(signing_key_, as_bytes(canonical_));

    to.clear();
    fmt::format_to(std::back_inserter(to),
                   "POST / HTTP/1.1\r\nHost: {}\r\nContent-Type: application/x-amz-json-1.1\r\n"
                   "X-Amz-Date: {}\r\nX-Amz-Target: TrentService.{}\r\nAuthorization: AWS4-HMAC-SHA256 "
                   "Credential={}/{}, SignedHeaders={}, Signature=",
                   host_, date_time_, operation, credentials_.access_key_id, scope_, kSignedHeaders);
    append_hex(to, signature);
    fmt::format_to(std::back_inserter(to), "\r\nContent-Length: {}\r\n\r\n{}", body.size(), body);
}

void Signer::renew(std::chrono::sys_seconds now) {
    if (now == second_) {
        return;
    }
    second_ = now;
    date_time_ = fmt::format("{:%Y%m%dT%H%M%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(now)));
    const std::string scope =
        fmt::format("{}/{}/kms/aws4_request", date_time_.substr(0, 8), credentials_.region);
    if (scope == scope_) {
        return;
    }
    scope_ = scope;
    const std::string secret = "AWS4" + credentials_.secret_access_key;
    signing_key_ = hmac_sha256(as_bytes(secret), as_bytes(date_time_.substr(0, 8)));
    signing_key_ = hmac_sha256(signing_key_, as_bytes(credentials_.region));
    signing_key_ = hmac_sha256(signing_key_, as_bytes("kms"));
    signing_key_ = hmac_sha256(signing_key_, as_bytes("aws4_request"));
}

}  // namespace claviger::bench
