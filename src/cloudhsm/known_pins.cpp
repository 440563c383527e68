#include "src/cloudhsm/known_pins.hpp"

#include <sstream>

namespace claviger::cloudhsm {
namespace {

std::string known_pins_setting(const ClusterId& cluster) {
    return "known-pins/" + cluster.value();
}

}  // namespace

Result<std::set<HsmId>> read_known_pins(store::Txn& txn, const ClusterId& cluster) {
    const auto row = txn.setting(known_pins_setting(cluster));
    if (!row) {
        return row.error();
    }
    std::set<HsmId> hsms;
    std::istringstream text{*row ? std::string(as_text((*row)->value)) : std::string()};
    for (std::string id; text >> id;) {
        hsms.emplace(id);
    }
    return hsms;
}

Status<> write_known_pins(store::Txn& txn, const ClusterId& cluster, const std::set<HsmId>& hsms) {
    auto row = txn.setting(known_pins_setting(cluster));
    if (!row) {
        return std::move(row).error();
    }
    std::string text;
    for (const HsmId& hsm : hsms) {
        text.append(hsm.value()).append("\n");
    }
    store::SettingRecord record{known_pins_setting(cluster), to_bytes(as_bytes(text)),
                                *row ? (*row)->version : 0};
    return txn.put(std::move(record));
}

}  // namespace claviger::cloudhsm
