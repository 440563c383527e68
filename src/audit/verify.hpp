// Reading audit files back: the chain, what it proves, and what a start needs to know from it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <claviger/base/result.hpp>

namespace claviger::audit {

// One verified line, as seen by a visitor; views live during the call.
struct RecordView {
    std::string_view writer;
    std::uint64_t number;  // in its series, from 1
    std::uint64_t store_sequence;
    std::string_view record;      // the JSON object as written
    std::string_view request_id;  // empty for events without one
    std::string_view event_id;
};

struct Verification {
    std::uint64_t files = 0;
    std::uint64_t series = 0;
    std::uint64_t records = 0;  // whole, valid JSON, hash and link right
    std::uint64_t newest_store_sequence = 0;
    std::optional<std::string> broken;  // the first thing wrong: "FILE line N: …"
};

// Walks every series of the directory in order and checks each line's hash, its link and its number. `visit`
// sees the good lines. Goes on behind a broken link, so `records` counts all good lines. An absent or
// unreadable directory is an error; a directory without files is not.
Result<Verification> verify_files(const std::filesystem::path& directory,
                                  const std::function<void(const RecordView&)>& visit = {});

// The newest store sequence in the files, from the last whole line of each file. 0 if there is none, as
// before the first start, which makes the directory.
Result<std::uint64_t> newest_store_sequence(const std::filesystem::path& directory);

}  // namespace claviger::audit
