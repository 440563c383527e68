// One event per line to stderr: "2026-11-22T04:12:00.123Z warn store.commit_failed reason=\"disk full\"".
//
// Any thread may log. Lines are queued and written by a thread of their own, so a slow reader of stderr never
// stops an io thread; when the queue is full the newest lines are dropped and counted. Values are quoted and
// control characters escaped, so nothing from outside can forge a line. Secrets have no Field constructor.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace claviger::observe {

enum class Level : std::uint8_t { debug, info, warn, error };

class Field {
public:
    Field(std::string_view name, std::string_view text) : name_(name), text_(text) {}
    Field(std::string_view name, const char* text) : name_(name), text_(text) {}
    Field(std::string_view name, const std::string& text) : name_(name), text_(text) {}
    template <std::integral T>
    Field(std::string_view name, T number) : name_(name), number_(std::to_string(number)) {}

    std::string_view name() const noexcept { return name_; }
    std::string_view text() const noexcept { return number_.empty() ? text_ : std::string_view(number_); }

private:
    std::string_view name_;
    std::string_view text_;
    std::string number_;
};

// `event` is a constant of the calling code, "part.what_happened"; what varies goes into the fields.
void log(Level level, std::string_view event, std::initializer_list<Field> fields = {});
inline void debug(std::string_view event, std::initializer_list<Field> fields = {}) {
    log(Level::debug, event, fields);
}
inline void info(std::string_view event, std::initializer_list<Field> fields = {}) {
    log(Level::info, event, fields);
}
inline void warn(std::string_view event, std::initializer_list<Field> fields = {}) {
    log(Level::warn, event, fields);
}
inline void error(std::string_view event, std::initializer_list<Field> fields = {}) {
    log(Level::error, event, fields);
}

void set_log_level(Level level) noexcept;  // info at start
std::optional<Level> parse_level(std::string_view text) noexcept;

// Where lines go instead of stderr, called in order on the log thread; empty: stderr again. Waits for lines
// under way.
void set_log_sink(std::function<void(std::string_view line)> sink);
// Waits until everything logged so far was written, at most a second: a reader of stderr that stands still
// holds nobody up. The end of the process does so, too.
void flush_log();

}  // namespace claviger::observe
