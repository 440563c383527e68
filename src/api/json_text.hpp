// JSON written by hand into one string: answers and audit records.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <claviger/base/bytes.hpp>
#include <claviger/base/clock.hpp>

#include "src/base/json_string.hpp"

namespace claviger::api {

void append_number(std::string& to, std::int64_t value);
// "1798859045.678": epoch seconds, always with milliseconds.
void append_timestamp(std::string& to, WallTime time);
// "2026-01-02T03:04:05Z"
void append_iso_time(std::string& to, WallTime time);
// "Aug 10, 2022, 10:38:27 PM": how CloudTrail prints dates inside parameters.
std::string trail_date(WallTime time);

// Commas and names of an object under construction; the caller writes each value.
class ObjectText {
public:
    explicit ObjectText(std::string& out) : out_(out) { out_ += '{'; }
    // Names are ours: plain ASCII.
    std::string& name(std::string_view name) {
        return append_json_name(out_, name, std::exchange(first_, false));
    }
    // A name that a caller chose.
    void pair(std::string_view name, std::string_view value) {
        out_ += first_ ? std::string_view() : std::string_view(",");
        first_ = false;
        append_json_string(out_, name);
        out_ += ':';
        append_json_string(out_, value);
    }
    void text(std::string_view name, std::string_view value) {
        append_json_text(out_, name, value, std::exchange(first_, false));
    }
    void time(std::string_view n, WallTime value) {
        std::string& out = name(n);
        out += '"';
        append_iso_time(out, value);
        out += '"';
    }
    void close() { out_ += '}'; }

private:
    std::string& out_;
    bool first_ = true;
};

}  // namespace claviger::api
