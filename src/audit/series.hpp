// The files of one series by name: audit-WRITER-NUMBER-TIME.jsonl, NUMBER being that of its first line.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <claviger/base/clock.hpp>
#include <claviger/base/result.hpp>

namespace claviger::audit {

struct SeriesFile {
    std::uint64_t first_number = 0;
    std::filesystem::path path;
};

// By writer, each in the order of its lines. Other files are passed over. An absent directory has none.
Result<std::map<std::string, std::vector<SeriesFile>>> list_series(const std::filesystem::path& directory);

std::string file_name(const std::string& writer, std::uint64_t first_number, WallTime time);

// The whole file. io_error names it.
Result<std::string> read_whole(const std::filesystem::path& path);

}  // namespace claviger::audit
