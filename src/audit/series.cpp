#include "src/audit/series.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <ctime>
#include <optional>
#include <tuple>

#include <claviger/base/descriptor.hpp>
#include <claviger/base/files.hpp>

namespace claviger::audit {
namespace {

constexpr std::string_view kPrefix = "audit-";
constexpr std::string_view kSuffix = ".jsonl";
constexpr std::size_t kTimeSize = 16;  // 20261122T041200Z

struct ParsedName {
    std::string writer;
    std::uint64_t first_number = 0;
};

std::optional<ParsedName> parse_name(std::string_view name) {
    if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) {
        return std::nullopt;
    }
    name.remove_prefix(kPrefix.size());
    name.remove_suffix(kSuffix.size());
    if (name.size() < kTimeSize + 1 || name[name.size() - kTimeSize - 1] != '-') {
        return std::nullopt;
    }
    name.remove_suffix(kTimeSize + 1);
    const std::size_t dash = name.rfind('-');  // a writer's name may have dashes of its own
    if (dash == std::string_view::npos) {
        return std::nullopt;
    }
    ParsedName parsed{std::string(name.substr(0, dash)), 0};
    const std::string_view digits = name.substr(dash + 1);
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), parsed.first_number);
    if (error != std::errc{} || end != digits.data() + digits.size()) {
        return std::nullopt;
    }
    return parsed;
}

}  // namespace

Result<std::map<std::string, std::vector<SeriesFile>>> list_series(const std::filesystem::path& directory) {
    std::map<std::string, std::vector<SeriesFile>> all;
    std::error_code error;
    if (!std::filesystem::exists(directory, error) && !error) {
        return all;
    }
    for (std::filesystem::directory_iterator i(directory, error), end; !error && i != end;
         i.increment(error)) {
        const std::optional<ParsedName> parsed = parse_name(i->path().filename().string());
        if (parsed) {
            all[parsed->writer].push_back({parsed->first_number, i->path()});
        }
    }
    if (error) {
        return Error(Errc::io_error, "audit directory " + directory.string() + ": " + error.message());
    }
    for (auto& [writer, files] : all) {
        std::ranges::sort(files, [](const SeriesFile& a, const SeriesFile& b) {
            return std::tie(a.first_number, a.path) < std::tie(b.first_number, b.path);
        });
    }
    return all;
}

std::string file_name(const std::string& writer, std::uint64_t first_number, WallTime time) {
    const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    std::array<char, 20> stamp;
    std::strftime(stamp.data(), stamp.size(), "%Y%m%dT%H%M%SZ", &parts);
    std::array<char, 24> number;
    std::snprintf(number.data(), number.size(), "%012llu", static_cast<unsigned long long>(first_number));
    return std::string(kPrefix) + writer + "-" + number.data() + "-" + stamp.data() + std::string(kSuffix);
}

Result<std::string> read_whole(const std::filesystem::path& path) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat info {};
    if (!file || ::fstat(file.get(), &info) != 0) {
        return os_error("open audit file " + path.string());
    }
    std::string text(static_cast<std::size_t>(info.st_size), '\0');
    const bool complete = read_all(file.get(), std::as_writable_bytes(std::span(text))) == text.size();
    if (!complete) {
        return Error(Errc::io_error, "audit file " + path.string() + " cannot be read to its end");
    }
    return text;
}

}  // namespace claviger::audit
