// An answer as bytes, built by hand in one buffer: a serializer costs 8 % of the throughput (docs/decisions).
#pragma once

#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include <claviger/base/clock.hpp>
#include <claviger/base/secret.hpp>

#include "src/http/request_head.hpp"
#include "src/http/server.hpp"

namespace claviger::http {

// Holds plaintexts in base64 for a moment; wiped when it grows, and by its owner after the send.
using WireBuffer = std::vector<char, WipingAllocator<char>>;

enum class BodyIs { sent, left_out };  // left_out: the answer to HEAD

struct ReplyHead {
    unsigned status = 200;
    std::string_view request_id;
    std::string_view date;
    Mode mode = Mode::production;
    Version version = Version::http_1_1;
    Persistence persistence = Persistence::keep_alive;
    BodyIs body = BodyIs::sent;
};

void append_reply(WireBuffer& out, const ReplyHead& head, std::string_view body);

// The name AWS services use for a refusal below the API.
std::string_view refusal_type(unsigned status) noexcept;

// "Fri, 02 Jan 2026 03:04:05 GMT", made anew once per second. One per io thread.
class DateCache {
public:
    std::string_view at(WallTime now);

private:
    std::chrono::sys_seconds second_{std::chrono::seconds(-1)};
    std::string text_;
};

// UUIDs from randomness drawn in batches: a system call per request would be a tenth of its cost. One per io
// thread.
class RequestIds {
public:
    explicit RequestIds(Random& random) : random_(random) {}
    std::string next();

private:
    Random& random_;
    std::array<std::byte, 1024> pool_{};
    std::size_t used_ = 1024;
};

}  // namespace claviger::http
