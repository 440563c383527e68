#include "src/api/json_text.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <utility>

namespace claviger::api {
namespace {

struct Civil {
    int year;
    unsigned month, day, hour, minute, second;
};

Civil civil(WallTime time) noexcept {
    using namespace std::chrono;
    const auto seconds_total = floor<seconds>(time);
    const auto day = floor<days>(seconds_total);
    const year_month_day date(day);
    const hh_mm_ss clock(seconds_total - day);
    return {static_cast<int>(date.year()),
            static_cast<unsigned>(date.month()),
            static_cast<unsigned>(date.day()),
            static_cast<unsigned>(clock.hours().count()),
            static_cast<unsigned>(clock.minutes().count()),
            static_cast<unsigned>(clock.seconds().count())};
}

char* put_padded(char* to, unsigned value, unsigned digits) noexcept {
    for (unsigned i = digits; i-- > 0; value /= 10) {
        to[i] = static_cast<char>('0' + value % 10);
    }
    return to + digits;
}

void append_padded(std::string& to, unsigned value, unsigned digits) {
    std::array<char, 10> text;
    to.append(text.data(), put_padded(text.data(), value, digits));
}

}  // namespace

void append_number(std::string& to, std::int64_t value) {
    std::array<char, 20> text;
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
    to.append(text.data(), end);
}

void append_timestamp(std::string& to, WallTime time) {
    const auto whole = std::chrono::floor<std::chrono::seconds>(time);
    append_number(to, whole.time_since_epoch().count());
    to += '.';
    append_padded(to, static_cast<unsigned>((time - whole).count()), 3);
}

void append_iso_time(std::string& to, WallTime time) {
    const Civil c = civil(time);
    std::array<char, 20> text;
    char* at = put_padded(text.data(), static_cast<unsigned>(c.year), 4);
    for (const auto& [before, value] :
         {std::pair{'-', c.month}, {'-', c.day}, {'T', c.hour}, {':', c.minute}, {':', c.second}}) {
        *at++ = before;
        at = put_padded(at, value, 2);
    }
    *at++ = 'Z';
    to.append(text.data(), at);
}

std::string trail_date(WallTime time) {
    static constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const Civil c = civil(time);
    std::string out(kMonths[c.month - 1]);
    out += ' ';
    append_number(out, c.day);
    out += ", ";
    append_number(out, c.year);
    out += ", ";
    append_number(out, c.hour % 12 == 0 ? 12 : c.hour % 12);
    out += ':';
    append_padded(out, c.minute, 2);
    out += ':';
    append_padded(out, c.second, 2);
    out += c.hour < 12 ? " AM" : " PM";
    return out;
}

}  // namespace claviger::api
