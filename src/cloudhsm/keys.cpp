#include "src/cloudhsm/keys.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <boost/json.hpp>

#include "src/cloudhsm/operator_record.hpp"

namespace claviger::cloudhsm {
namespace {

namespace json = boost::json;
using boost::asio::awaitable;

// One key and the HSMs that hold it.
struct Listed {
    std::string id;  // hexadecimal
    std::set<std::string> hsms;
};
using Listing = std::map<std::string, Listed>;  // by label

Listing listing_of(const FoundObjects& found) {
    Listing all;
    for (const auto& [hsm, objects] : found) {
        for (const cluster::KeyObject& object : objects) {
            Listed& one = all[object.label];
            one.id = object.id;
            one.hsms.insert(hsm);
        }
    }
    return all;
}

// Handles differ from HSM to HSM: what names a key on all of them are the first bytes of its id.
std::string reference_of(const std::string& id) {
    return "0x" + id.substr(0, 16);
}

Result<bool> matches(const std::string& filter, const std::string& label, const std::string& id) {
    const std::size_t equals = filter.find('=');
    const std::string name = filter.substr(0, equals);
    const std::string value = equals == std::string::npos ? std::string() : filter.substr(equals + 1);
    if (filter.empty()) {
        return true;
    }
    if (name == "attr.label") {
        return value == label;
    }
    if (name == "attr.id") {
        return value == "0x" + id;
    }
    if (name == "key-reference") {
        return value == reference_of(id);
    }
    return Error(Errc::bad_config,
                 "The filter must be attr.label=VALUE, attr.id=0xVALUE or key-reference=0xVALUE.");
}

Result<Listing> filtered(Listing all, const std::string& filter) {
    for (auto one = all.begin(); one != all.end();) {
        const Result<bool> match = matches(filter, one->first, one->second.id);
        if (!match) {
            return match.error();
        }
        one = *match ? std::next(one) : all.erase(one);
    }
    return all;
}

// Attributes of every object the service makes: hsm/key_kind.cpp, for an AES key that encrypts.
json::object described(const std::string& label, const Listed& key, std::size_t hsms, bool verbose) {
    json::object one{{"key-reference", reference_of(key.id)}};
    json::object attributes{{"label", label}};
    if (verbose) {
        const std::string coverage = key.hsms.size() == hsms ? "full" : "inconsistent";
        one["key-info"] = {
            {"key-owners", {{{"username", "kmsuser"}, {"key-coverage", coverage}}}},
            {"shared-users", json::array()},
            {"key-quorum-values", {{"manage-key-quorum-value", 0}, {"use-key-quorum-value", 0}}},
            {"cluster-coverage", coverage}};
        attributes = {{"key-type", "aes"},     {"label", label},
                      {"id", "0x" + key.id},   {"class", "secret-key"},
                      {"encrypt", true},       {"decrypt", true},
                      {"token", true},         {"always-sensitive", false},
                      {"derive", false},       {"destroyable", true},
                      {"extractable", false},  {"local", false},
                      {"modifiable", true},    {"never-extractable", false},
                      {"private", true},       {"sensitive", true},
                      {"sign", false},         {"trusted", false},
                      {"unwrap", false},       {"verify", false},
                      {"wrap", false},         {"wrap-with-trusted", false},
                      {"key-length-bytes", 32}};
    }
    one["attributes"] = std::move(attributes);
    return one;
}

}  // namespace

awaitable<Result<json::value>> Keys::list(ClusterId cluster, Page page) {
    const FoundObjects found = co_await manager_.find_keys(cluster);
    Result<Listing> all = filtered(listing_of(found), page.filter);
    if (!all) {
        co_return std::move(all).error();
    }
    json::array keys;
    std::size_t index = 0;
    for (const auto& [label, key] : *all) {
        if (index >= page.first && keys.size() < page.most) {
            keys.push_back(described(label, key, found.size(), page.verbose));
        }
        ++index;
    }
    const std::size_t returned = keys.size();
    json::object answer{{"matched_keys", std::move(keys)},
                        {"total_key_count", all->size()},
                        {"returned_key_count", returned}};
    if (page.first + returned < all->size()) {
        answer["next-token"] = std::to_string(page.first + returned);
    }
    co_return json::value(std::move(answer));
}

awaitable<Status<>> Keys::remove(ClusterId cluster, std::string filter) {
    const FoundObjects found = co_await manager_.find_keys(cluster);
    const Result<Listing> all = filtered(listing_of(found), filter);
    if (!all) {
        co_return all.error();
    }
    if (filter.empty() || all->size() != 1) {
        co_return Error(Errc::conflict, all->empty()
                                            ? "No key matches the filter."
                                            : "The filter must match one key, and it matches several.");
    }
    std::string label = all->begin()->first;
    co_return co_await decide(cluster, "KeyDelete", std::move(label), true);
}

awaitable<Status<>> Keys::restore(ClusterId cluster, std::string filter) {
    std::vector<BookedKey> keys = manager_.parts().keys.keys(cluster);
    std::erase_if(keys, [&](const BookedKey& key) { return filter != "attr.label=" + key.arn; });
    if (keys.empty()) {
        co_return Error(Errc::not_found,
                        "No KMS key of this cluster has this label: the filter is attr.label=KEY_ARN.");
    }
    if (Status<> decided = co_await decide(cluster, "KeyRestore", keys.front().arn, false); !decided) {
        co_return decided;
    }
    cluster::Cluster* const running = manager_.cluster(cluster);
    std::size_t placed = 0;
    if (running != nullptr) {
        for (const cluster::MemberView& member : running->members()) {
            if (member.process != 0 && co_await running->place_key(member.hsm_id, keys.front().material)) {
                ++placed;
            }
        }
    }
    if (placed == 0) {
        co_return Error(Errc::no_hsm, "No HSM of the cluster took the key: cluster hsm-info says why.");
    }
    co_return done;
}

// The decision is durable, and audited, before any HSM hears of it.
awaitable<Status<>> Keys::decide(ClusterId cluster, std::string event, std::string label, bool bury_it) {
    const ClusterPtr view = manager_.parts().inventory.cluster(cluster);
    std::vector<HsmId> hsms;
    for (const Hsm& hsm : view->hsms) {
        hsms.push_back(hsm.record.id);
    }
    std::function<Status<>(store::Txn&)> work = [&](store::Txn& txn) -> Status<> {
        Result<KeyLedger> ledger = read_ledger(txn, cluster);
        if (!ledger) {
            return std::move(ledger).error();
        }
        if (!bury_it) {
            ledger->held.erase(label);  // it comes to the cluster anew
        }
        for (const HsmId& hsm : hsms) {
            if (bury_it) {
                ledger->tombstones.emplace(hsm.value(), label);
            } else {
                ledger->tombstones.erase({hsm.value(), label});
            }
        }
        if (Status<> written = write_ledger(txn, cluster, *ledger); !written) {
            return written;
        }
        return txn.audit(
            operator_record(manager_.parts(), view->record, event, {{"username", user_}, {"label", label}}));
    };
    if (Status<> recorded = co_await manager_.commit(std::move(work)); !recorded) {
        co_return recorded;
    }
    co_return co_await manager_.settle(cluster);
}

}  // namespace claviger::cloudhsm
