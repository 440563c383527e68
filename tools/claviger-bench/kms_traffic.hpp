// KMS requests for the load generator, and what is remembered of their answers.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tools/claviger-bench/load.hpp"
#include "tools/claviger-bench/options.hpp"
#include "tools/claviger-bench/signer.hpp"

namespace claviger::bench {

using RequestId = std::array<std::byte, 16>;

// An answer kept to be decrypted after the load.
struct Sample {
    std::uint64_t number = 0;  // of its encryption context
    std::string body;
};

// One thread's memory. Request ids are kept of every answer: the audit must hold each once.
struct Tally {
    std::vector<RequestId> request_ids;
    std::uint64_t answers_without_id = 0;
    std::vector<Sample> samples;
};

// What requests are made of. `sealed[i]` is the blob of kPlaintext in context number i.
struct Fixture {
    std::string key_id;
    std::vector<std::string> sealed;                           // base64
    std::map<std::string, std::string, std::less<>> prepared;  // whole bodies of key operations, by name
};

// 64 bytes.
extern const std::string kPlaintextBase64;

// The JSON body of a request with the context of that number.
void append_body(std::string& to, const Fixture& fixture, const std::string& operation, std::uint64_t number);

// The id of an answer; all zero if it has none.
RequestId request_id_of(std::string_view head);

// `fixture` and `tally` must outlive it. `first` is the first context number: no two runs share numbers.
std::unique_ptr<Traffic> make_traffic(const Fixture& fixture, const std::string& operation, Signing signing,
                                      Signer signer, std::uint64_t first, Tally& tally);

}  // namespace claviger::bench
