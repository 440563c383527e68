#include "src/observe/log.hpp"

#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <ctime>
#include <mutex>
#include <thread>
#include <utility>

#include <claviger/base/files.hpp>

namespace claviger::observe {
namespace {

constexpr std::size_t kQueueBytes = 1U << 20U;
constexpr std::chrono::seconds kPatience{1};  // with whoever reads our stderr, when the process ends
constexpr std::size_t kMaxValue = 2048;       // a value from outside must not fill the log

std::atomic<Level> threshold{Level::info};

std::string_view level_name(Level level) noexcept {
    switch (level) {
        case Level::debug: return "debug";
        case Level::info: return "info";
        case Level::warn: return "warn";
        case Level::error: return "error";
    }
    return "error";
}

void append_time(std::string& to) {
    const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
    const auto milliseconds = static_cast<int>(now.time_since_epoch().count() % 1000);
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    std::array<char, 40> text;
    const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
    to.append(text.data(), size);
    const std::string fraction = std::to_string(1000 + milliseconds);
    to += '.';
    to.append(fraction, 1, 3);
    to += 'Z';
}

bool is_plain(std::string_view text) noexcept {
    if (text.empty()) {
        return false;
    }
    for (const char c : text) {
        if (c <= ' ' || c == '"' || c == '\\' || c == '=' || c == '\x7f') {
            return false;
        }
    }
    return true;
}

void append_value(std::string& to, std::string_view text) {
    constexpr char kHex[] = "0123456789abcdef";
    text = text.substr(0, kMaxValue);
    if (is_plain(text)) {
        to += text;
        return;
    }
    to += '"';
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            to += '\\';
            to += c;
        } else if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') {
            to += "\\x";
            to += kHex[static_cast<unsigned char>(c) >> 4U];
            to += kHex[static_cast<unsigned char>(c) & 15U];
        } else {
            to += c;
        }
    }
    to += '"';
}

// The queue and its thread; the thread starts with the first line. Neither is ever ended: the thread may
// stand in write(2) for as long as nobody reads our stderr.
class Queue {
public:
    Queue() = default;
    Queue(const Queue&) = delete;
    Queue& operator=(const Queue&) = delete;

    void push(std::string_view line) {
        {
            const std::lock_guard lock(mutex_);
            if (text_.size() + line.size() > kQueueBytes) {
                ++dropped_;
                return;
            }
            text_ += line;
            if (!std::exchange(started_, true)) {
                std::thread([this] { run(); }).detach();
            }
        }
        changed_.notify_all();
    }

    void flush() {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, kPatience, [&] { return text_.empty() && !writing_; });
    }

    void set_sink(std::function<void(std::string_view)> sink) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return text_.empty() && !writing_; });
        sink_ = std::move(sink);
    }

private:
    [[noreturn]] void run() {
        std::unique_lock lock(mutex_);
        while (true) {
            changed_.wait(lock, [&] { return !text_.empty(); });
            std::string text = std::exchange(text_, {});
            const std::uint64_t dropped = std::exchange(dropped_, 0);
            writing_ = true;
            lock.unlock();
            if (dropped != 0) {
                append_time(text);
                text += " warn log.lines_dropped count=" + std::to_string(dropped) + "\n";
            }
            put(text);
            lock.lock();
            writing_ = false;
            changed_.notify_all();
        }
    }

    void put(std::string_view text) {
        if (!sink_) {
            // A failure has no other place where it could be told.
            (void)write_all(STDERR_FILENO, as_bytes(text));
            return;
        }
        while (!text.empty()) {
            const std::size_t end = text.find('\n');
            sink_(text.substr(0, end));
            text.remove_prefix(end + 1);
        }
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::string text_;  // guarded by mutex_, like all below
    std::uint64_t dropped_ = 0;
    bool writing_ = false;
    bool started_ = false;
    std::function<void(std::string_view)> sink_;  // changed only while nothing is written
};

Queue& queue() {
    static Queue& instance = *[] {
        std::atexit([] { queue().flush(); });
        return new Queue;
    }();
    return instance;
}

}  // namespace

void log(Level level, std::string_view event, std::initializer_list<Field> fields) {
    if (level < threshold.load(std::memory_order_relaxed)) {
        return;
    }
    std::string line;
    append_time(line);
    line += ' ';
    line += level_name(level);
    line += ' ';
    line += event;
    for (const Field& field : fields) {
        line += ' ';
        line += field.name();
        line += '=';
        append_value(line, field.text());
    }
    line += '\n';
    queue().push(line);
}

void set_log_level(Level level) noexcept {
    threshold.store(level, std::memory_order_relaxed);
}

std::optional<Level> parse_level(std::string_view text) noexcept {
    for (const Level level : {Level::debug, Level::info, Level::warn, Level::error}) {
        if (level_name(level) == text) {
            return level;
        }
    }
    return std::nullopt;
}

void set_log_sink(std::function<void(std::string_view line)> sink) {
    queue().set_sink(std::move(sink));
}
void flush_log() {
    queue().flush();
}

}  // namespace claviger::observe
