#include "src/app/life_clock.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "src/app/commit.hpp"

namespace claviger::app {
namespace {

constexpr std::string_view kOffsetSetting = "life_clock_offset_ms";

}  // namespace

Status<> StoredLifeClock::load(const store::Contents& contents) {
    const auto setting = std::ranges::find(contents.settings, kOffsetSetting, &store::SettingRecord::name);
    if (setting == contents.settings.end()) {
        return done;
    }
    std::int64_t offset = 0;
    const std::string_view text = as_text(setting->value);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), offset);
    if (error != std::errc() || end != text.data() + text.size() || offset < 0) {
        return Error(Errc::integrity, "the stored offset of the life clock is not a number");
    }
    offset_ = offset;
    return done;
}

Status<> StoredLifeClock::advance(store::Store& store, std::chrono::milliseconds by) {
    std::int64_t fresh = 0;
    Status<> written = commit(store, [&](store::Txn& txn) -> Status<> {
        auto row = txn.setting(kOffsetSetting);
        if (!row) {
            return std::move(row).error();
        }
        store::SettingRecord setting = row->value_or(store::SettingRecord{});
        setting.name = kOffsetSetting;
        fresh = offset_ + by.count();
        setting.value = to_bytes(as_bytes(std::to_string(fresh)));
        return txn.put(std::move(setting));
    });
    if (written) {
        offset_ = fresh;
    }
    return written;
}

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
    constexpr std::int64_t kMostSeconds = 100LL * 366 * 86400;
    std::int64_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
    const std::int64_t seconds = unit == "d"   ? 86400
                                 : unit == "h" ? 3600
                                 : unit == "m" ? 60
                                 : unit == "s" ? 1
                                               : 0;
    if (error == std::errc() && seconds != 0 && count > kMostSeconds / seconds) {
        return Error(Errc::bad_config,
                     fmt::format("\"{}\" is more than the 100 years a step may have", text));
    }
    if (error != std::errc() || seconds == 0 || count <= 0) {
        return Error(Errc::bad_config,
                     fmt::format("\"{}\" is not a duration: write 8d, 36h, 90m or 30s", text));
    }
    return std::chrono::milliseconds(std::chrono::seconds(count * seconds));
}

}  // namespace claviger::app
