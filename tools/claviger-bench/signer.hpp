// Signature Version 4 as a client makes it: a whole signed HTTP request in one buffer.
#pragma once

#include <array>
#include <chrono>
#include <string>
#include <string_view>

#include <claviger/base/digest.hpp>

namespace claviger::bench {

struct Credentials {
    std::string access_key_id;
    std::string secret_access_key;
    std::string region = "us-east-1";
};

// Signs with the wall clock's second at each call. Not thread-safe: one per thread.
class Signer {
public:
    Signer(Credentials credentials, std::string host);

    // POST / with the target "TrentService.<operation>"; overwrites `to`.
    void request(std::string& to, std::string_view operation, std::string_view body);

private:
    void renew(std::chrono::sys_seconds now);

    Credentials credentials_;
    std::string host_;
    std::chrono::sys_seconds second_{};
    std::string date_time_;  // 20260102T030405Z
    std::string scope_;      // 20260102/region/kms/aws4_request
    Sha256Digest signing_key_{};
    std::string canonical_;
};

}  // namespace claviger::bench
