// One line of an audit file: the record, its place in the chain, and the hash that binds both to all lines
// before. The form is described in docs/decisions/0003-audit-files.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <claviger/base/digest.hpp>

namespace claviger::audit {

// Where a series stands: what the next line links to.
struct ChainHead {
    std::uint64_t number = 0;  // of the last line; 0: none yet
    Sha256Digest hash{};       // of the last line; zeros: none yet
    std::uint64_t outbox_id = 0;
    std::uint64_t store_sequence = 0;
};

// What stands in a line besides record and chain.
struct LineFacts {
    std::uint64_t store_sequence = 0;
    std::uint64_t outbox_id = 0;  // 0: not from the outbox
};

// Appends one line with its newline and moves the head to it. `record` is one JSON object without a newline.
void append_line(std::string& to, ChainHead& head, std::string_view writer, std::string_view record,
                 const LineFacts& facts);

// A line that has our form and whose hash is right; views the text it was read from.
struct Line {
    std::string_view record;
    std::string_view writer;
    std::uint64_t number = 0;
    LineFacts facts;
    Sha256Digest previous{};
    Sha256Digest hash{};

    ChainHead head() const noexcept { return {number, hash, facts.outbox_id, facts.store_sequence}; }
};
std::optional<Line> parse_line(std::string_view text);  // without the newline

}  // namespace claviger::audit
