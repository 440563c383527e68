#include "src/audit/chain.hpp"

#include <array>
#include <charconv>

#include <claviger/base/encoding.hpp>

namespace claviger::audit {
namespace {

constexpr std::string_view kRecord = R"({"record":)";
constexpr std::string_view kChain = R"(,"chain":{"writer":")";
constexpr std::string_view kNumber = R"(","n":)";
constexpr std::string_view kStore = R"(,"store":)";
constexpr std::string_view kOutbox = R"(,"outbox":)";
constexpr std::string_view kPrevious = R"(,"prev":")";
constexpr std::string_view kHash = R"(","hash":")";
constexpr std::string_view kEnd = R"("}})";

void append_number(std::string& to, std::uint64_t number) {
    std::array<char, 20> text;
    const auto end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
    to.append(text.data(), end);
}

// Takes parts off the front of a text; fails for good at the first part that is not there.
class Scanner {
public:
    explicit Scanner(std::string_view text) noexcept : text_(text) {}

    bool literal(std::string_view expected) noexcept {
        if (!text_.starts_with(expected)) {
            return false;
        }
        text_.remove_prefix(expected.size());
        return true;
    }
    bool number(std::uint64_t& out) noexcept {
        const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), out);
        if (error != std::errc{}) {
            return false;
        }
        text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
        return true;
    }
    bool until(std::string_view stop, std::string_view& out) noexcept {
        const std::size_t at = text_.find(stop);
        if (at == std::string_view::npos) {
            return false;
        }
        out = text_.substr(0, at);
        text_.remove_prefix(at);
        return true;
    }
    bool digest(Sha256Digest& out) {
        const std::optional<Bytes> bytes = from_hex(text_.substr(0, 64));
        if (!bytes || bytes->size() != out.size()) {
            return false;
        }
        std::copy(bytes->begin(), bytes->end(), out.begin());
        text_.remove_prefix(64);
        return true;
    }
    bool at_end() const noexcept { return text_.empty(); }

private:
    std::string_view text_;
};

}  // namespace

void append_line(std::string& to, ChainHead& head, std::string_view writer, std::string_view record,
                 const LineFacts& facts) {
    const std::size_t start = to.size();
    to += kRecord;
    to += record;
    to += kChain;
    to += writer;
    to += kNumber;
    append_number(to, head.number + 1);
    to += kStore;
    append_number(to, facts.store_sequence);
    if (facts.outbox_id != 0) {
        to += kOutbox;
        append_number(to, facts.outbox_id);
    }
    to += kPrevious;
    append_hex(to, head.hash);
    head.hash = sha256(as_bytes(std::string_view(to).substr(start)));
    to += kHash;
    append_hex(to, head.hash);
    to += kEnd;
    to += '\n';
    ++head.number;
    head.store_sequence = facts.store_sequence;
    if (facts.outbox_id != 0) {
        head.outbox_id = facts.outbox_id;
    }
}

std::optional<Line> parse_line(std::string_view text) {
    // From the back: inside a JSON string a quote is escaped, and behind the record nothing but our chain
    // follows, so the last match is ours whatever the record holds.
    const std::size_t hash_at = text.rfind(kHash);
    const std::size_t chain_at = text.rfind(kChain);
    if (!text.starts_with(kRecord) || hash_at == std::string_view::npos ||
        chain_at == std::string_view::npos || chain_at < kRecord.size() || chain_at > hash_at) {
        return std::nullopt;
    }
    Line line;
    line.record = text.substr(kRecord.size(), chain_at - kRecord.size());
    Scanner scan(text.substr(chain_at));
    const bool head = scan.literal(kChain) && scan.until(kNumber, line.writer) && scan.literal(kNumber) &&
                      scan.number(line.number) && scan.literal(kStore) &&
                      scan.number(line.facts.store_sequence);
    if (!head || (scan.literal(kOutbox) && !scan.number(line.facts.outbox_id))) {
        return std::nullopt;
    }
    if (!scan.literal(kPrevious) || !scan.digest(line.previous) || !scan.literal(kHash) ||
        !scan.digest(line.hash) || !scan.literal(kEnd) || !scan.at_end()) {
        return std::nullopt;
    }
    if (sha256(as_bytes(text.substr(0, hash_at))) != line.hash) {
        return std::nullopt;
    }
    return line;
}

}  // namespace claviger::audit
