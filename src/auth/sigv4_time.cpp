#include "src/auth/sigv4_time.hpp"

namespace claviger::auth {
namespace {

using std::chrono::sys_days;
using std::chrono::sys_seconds;

constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

// Reads fixed-width fields from left to right; one wrong byte spoils the whole.
class Reader {
public:
    explicit Reader(std::string_view text) : rest_(text) {}

    unsigned digits(std::size_t count) noexcept {
        unsigned value = 0;
        for (std::size_t i = 0; i < count; ++i) {
            if (i >= rest_.size() || rest_[i] < '0' || rest_[i] > '9') {
                good_ = false;
                return 0;
            }
            value = value * 10 + static_cast<unsigned>(rest_[i] - '0');
        }
        rest_.remove_prefix(count);
        return value;
    }
    void expect(std::string_view literal) noexcept {
        if (!rest_.starts_with(literal)) {
            good_ = false;
            return;
        }
        rest_.remove_prefix(literal.size());
    }
    template <std::size_t N>
    unsigned one_of(const std::array<std::string_view, N>& names) noexcept {
        for (unsigned i = 0; i < N; ++i) {
            if (rest_.starts_with(names[i])) {
                rest_.remove_prefix(names[i].size());
                return i;
            }
        }
        good_ = false;
        return 0;
    }
    void skip_fraction() noexcept {
        if (!rest_.starts_with('.')) {
            return;
        }
        rest_.remove_prefix(1);
        if (rest_.empty() || rest_.front() < '0' || rest_.front() > '9') {
            good_ = false;
        }
        while (!rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9') {
            rest_.remove_prefix(1);
        }
    }
    bool complete() const noexcept { return good_ && rest_.empty(); }

private:
    std::string_view rest_;
    bool good_ = true;
};

struct Fields {
    unsigned year, month, day, hour, minute, second;
};

std::optional<sys_seconds> to_time(const Fields& f) noexcept {
    const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(f.year)),
                                           std::chrono::month(f.month), std::chrono::day(f.day)};
    if (!date.ok() || f.hour > 23 || f.minute > 59 || f.second > 60) {
        return std::nullopt;
    }
    return sys_days(date) + std::chrono::hours(f.hour) + std::chrono::minutes(f.minute) +
           std::chrono::seconds(f.second);
}

void put_digits(std::string& out, unsigned value, std::size_t count) {
    const std::size_t at = out.size();
    out.resize(at + count);
    for (std::size_t i = count; i-- > 0; value /= 10) {
        out[at + i] = static_cast<char>('0' + value % 10);
    }
}

}  // namespace

std::optional<sys_seconds> parse_basic_time(std::string_view text) noexcept {
    Reader in(text);
    Fields f{};
    f.year = in.digits(4);
    f.month = in.digits(2);
    f.day = in.digits(2);
    in.expect("T");
    f.hour = in.digits(2);
    f.minute = in.digits(2);
    f.second = in.digits(2);
    in.expect("Z");
    return in.complete() ? to_time(f) : std::nullopt;
}

std::optional<sys_seconds> parse_extended_time(std::string_view text) noexcept {
    Reader in(text);
    Fields f{};
    f.year = in.digits(4);
    in.expect("-");
    f.month = in.digits(2);
    in.expect("-");
    f.day = in.digits(2);
    in.expect("T");
    f.hour = in.digits(2);
    in.expect(":");
    f.minute = in.digits(2);
    in.expect(":");
    f.second = in.digits(2);
    in.skip_fraction();
    in.expect("Z");
    return in.complete() ? to_time(f) : std::nullopt;
}

std::optional<sys_seconds> parse_http_date(std::string_view text) noexcept {
    Reader in(text);
    Fields f{};
    in.one_of(kDays);
    in.expect(", ");
    f.day = in.digits(2);
    in.expect(" ");
    f.month = in.one_of(kMonths) + 1;
    in.expect(" ");
    f.year = in.digits(4);
    in.expect(" ");
    f.hour = in.digits(2);
    in.expect(":");
    f.minute = in.digits(2);
    in.expect(":");
    f.second = in.digits(2);
    in.expect(" GMT");
    return in.complete() ? to_time(f) : std::nullopt;
}

std::string basic_time(sys_seconds time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(time - day);
    std::string out;
    out.reserve(16);
    put_digits(out, static_cast<unsigned>(static_cast<int>(date.year())), 4);
    put_digits(out, static_cast<unsigned>(date.month()), 2);
    put_digits(out, static_cast<unsigned>(date.day()), 2);
    out += 'T';
    put_digits(out, static_cast<unsigned>(clock.hours().count()), 2);
    put_digits(out, static_cast<unsigned>(clock.minutes().count()), 2);
    put_digits(out, static_cast<unsigned>(clock.seconds().count()), 2);
    out += 'Z';
    return out;
}

std::string http_date(sys_seconds time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(time - day);
    std::string out;
    out.reserve(29);
    out += kDays[std::chrono::weekday(day).c_encoding()];
    out += ", ";
    put_digits(out, static_cast<unsigned>(date.day()), 2);
    out += ' ';
    out += kMonths[static_cast<unsigned>(date.month()) - 1];
    out += ' ';
    put_digits(out, static_cast<unsigned>(static_cast<int>(date.year())), 4);
    out += ' ';
    put_digits(out, static_cast<unsigned>(clock.hours().count()), 2);
    out += ':';
    put_digits(out, static_cast<unsigned>(clock.minutes().count()), 2);
    out += ':';
    put_digits(out, static_cast<unsigned>(clock.seconds().count()), 2);
    out += " GMT";
    return out;
}

}  // namespace claviger::auth
