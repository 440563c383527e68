#include "src/cloudhsm/key_ledger.hpp"

#include <algorithm>
#include <iomanip>
#include <iterator>
#include <sstream>

namespace claviger::cloudhsm {
namespace {

constexpr std::string_view kInStep = "in-step";
constexpr std::string_view kHeld = "held";
constexpr std::string_view kForget = "forget";

std::string setting_name(const ClusterId& cluster) {
    return "key-ledger/" + cluster.value();
}

}  // namespace

Result<KeyLedger> parse_ledger(std::string_view from) {
    KeyLedger ledger;
    std::istringstream text{std::string(from)};
    for (std::string what, name, label; text >> what;) {
        if (what == kInStep && text >> std::quoted(name)) {
            ledger.in_step.insert(name);
        } else if (what == kHeld && text >> std::quoted(name)) {
            ledger.held.insert(name);
        } else if (what == kForget && text >> std::quoted(name) >> std::quoted(label)) {
            ledger.tombstones.emplace(name, label);
        } else {
            return Error(Errc::integrity, "a key ledger does not parse");
        }
    }
    return ledger;
}

std::string to_text(const KeyLedger& ledger) {
    std::ostringstream text;
    for (const std::string& hsm : ledger.in_step) {
        text << kInStep << ' ' << std::quoted(hsm) << '\n';
    }
    for (const std::string& arn : ledger.held) {
        text << kHeld << ' ' << std::quoted(arn) << '\n';
    }
    for (const auto& [hsm, label] : ledger.tombstones) {
        text << kForget << ' ' << std::quoted(hsm) << ' ' << std::quoted(label) << '\n';
    }
    return text.str();
}

KeyLedger merge(KeyLedger now, const KeyLedger& before, const KeyLedger& after) {
    for (const auto& tombstone : before.tombstones) {
        if (!after.tombstones.contains(tombstone)) {
            now.tombstones.erase(tombstone);
        }
    }
    std::ranges::set_difference(after.tombstones, before.tombstones,
                                std::inserter(now.tombstones, now.tombstones.end()));
    now.in_step = after.in_step;
    std::ranges::set_difference(after.held, before.held, std::inserter(now.held, now.held.end()));
    return now;
}

Result<KeyLedger> read_ledger(store::Txn& txn, const ClusterId& cluster) {
    const auto row = txn.setting(setting_name(cluster));
    if (!row) {
        return row.error();
    }
    return *row ? parse_ledger(as_text((*row)->value)) : KeyLedger();
}

Status<> write_ledger(store::Txn& txn, const ClusterId& cluster, const KeyLedger& ledger) {
    auto row = txn.setting(setting_name(cluster));
    if (!row) {
        return std::move(row).error();
    }
    const std::string text = to_text(ledger);
    store::SettingRecord record{setting_name(cluster), to_bytes(as_bytes(text)), *row ? (*row)->version : 0};
    return txn.put(std::move(record));
}

Status<> bury(store::Txn& txn, const ClusterId& cluster, const std::vector<HsmId>& hsms,
              const std::string& arn) {
    auto ledger = read_ledger(txn, cluster);
    if (!ledger) {
        return std::move(ledger).error();
    }
    ledger->held.erase(arn);
    for (const HsmId& hsm : hsms) {
        ledger->tombstones.emplace(hsm.value(), arn);
    }
    return write_ledger(txn, cluster, *ledger);
}

}  // namespace claviger::cloudhsm
