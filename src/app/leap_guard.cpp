#include "src/app/leap_guard.hpp"

#include <algorithm>
#include <ctime>
#include <fstream>

#include <claviger/base/wire.hpp>

namespace claviger::app {
namespace {

constexpr std::string_view kMarkSetting = "wall_clock_mark";
constexpr std::size_t kMaxBoot = 64;

std::uint64_t to_number(WallTime time) {
    return static_cast<std::uint64_t>(time.time_since_epoch().count());
}
WallTime to_time(std::uint64_t number) {
    return WallTime(std::chrono::milliseconds(static_cast<std::int64_t>(number)));
}

}  // namespace

ClockReading read_clocks() {
    ClockReading reading;
    reading.wall = SystemClock().wall();
    timespec boot{};
    clock_gettime(CLOCK_BOOTTIME, &boot);
    reading.since_boot = std::chrono::milliseconds(boot.tv_sec * 1000 + boot.tv_nsec / 1'000'000);
    std::ifstream("/proc/sys/kernel/random/boot_id") >> reading.boot;
    return reading;
}

LeapGuard::Seen LeapGuard::observe(const ClockReading& now) {
    Seen seen = Seen::nothing;
    if (mark_) {
        const auto passed =
            mark_->boot == now.boot ? now.since_boot - mark_->since_boot : std::chrono::milliseconds(0);
        if (now.wall - mark_->wall > passed + kLeap) {
            hold_until_ = now.wall + kHold;
            seen = Seen::leap;
        }
    }
    mark_ = now;
    return seen;
}

Status<> LeapGuard::load(const store::Contents& contents) {
    const auto setting = std::ranges::find(contents.settings, kMarkSetting, &store::SettingRecord::name);
    if (setting == contents.settings.end()) {
        return done;
    }
    WireReader reader(setting->value);
    ClockReading mark;
    mark.wall = to_time(reader.number<std::uint64_t>());
    mark.since_boot = std::chrono::milliseconds(static_cast<std::int64_t>(reader.number<std::uint64_t>()));
    mark.boot = reader.text(kMaxBoot);
    const std::uint64_t hold = reader.number<std::uint64_t>();
    if (!reader.at_end()) {
        return Error(Errc::integrity, "the stored mark of the wall clock does not parse");
    }
    mark_ = std::move(mark);
    hold_until_ = to_time(hold);
    return done;
}

void LeapGuard::save(store::Store& store, std::function<void(Status<>)> saved) const {
    if (!mark_) {
        return;
    }
    Bytes value;
    WireWriter(value)
        .number(to_number(mark_->wall))
        .number(static_cast<std::uint64_t>(mark_->since_boot.count()))
        .text(std::string_view(mark_->boot).substr(0, kMaxBoot))
        .number(to_number(hold_until()));
    store.submit(
        [value = std::move(value)](store::Txn& txn) {
            auto row = txn.setting(kMarkSetting);
            if (!row) {
                return false;
            }
            store::SettingRecord setting = row->value_or(store::SettingRecord{});
            setting.name = kMarkSetting;
            setting.value = value;
            return txn.put(std::move(setting)).has_value();
        },
        [saved = std::move(saved)](Result<std::uint64_t> result) {
            saved(result ? Status<>(done) : Status<>(std::move(result).error()));
        });
}

}  // namespace claviger::app
