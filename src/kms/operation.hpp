// What an operation is: one row of facts, one handler. And what a handler works with: the Call.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include <boost/asio/awaitable.hpp>
#include <boost/json/value.hpp>

#include "src/attestation/document.hpp"
#include "src/http/api.hpp"
#include "src/kms/audit_record.hpp"
#include "src/kms/catalogue.hpp"
#include "src/kms/error.hpp"
#include "src/kms/service.hpp"
#include "src/kms/wire.hpp"
#include "src/model/shape.hpp"
#include "src/policy/action.hpp"

namespace claviger::kms {

namespace asio = boost::asio;

// How a key parameter may name its key.
enum class KeyForms : std::uint8_t {
    any,  // id, ARN, alias, alias ARN
    id_or_arn,
    alias_target,    // CreateAlias, UpdateAlias: as id_or_arn, with a refusal of its own for aliases
    existing_alias,  // the name of an alias; the key is the one it points at
};

enum class Need : std::uint8_t { required, optional };

// The states a key may be in; see state.hpp.
enum class States : std::uint8_t {
    any,
    usable,
    replicable,
    active,
    rotating,
    readable,
    not_pending_deletion,
    switchable,
    deletable,
    pending_deletion,
    settled,  // not in a transition
    created,
};

// A key that the operation acts on.
struct KeyParameter {
    std::string_view member;  // "KeyId"; empty ends a row's list
    KeyForms forms = KeyForms::any;
    Need need = Need::required;
    policy::Action action = policy::Action::describe_key;
    States states = States::any;
    std::string_view ciphertext;  // the member whose blob names the key too
    std::string_view algorithm;   // the member that says how it was made
};

enum class Subject : std::uint8_t {
    account,  // authorised on "*"
    keys,     // authorised on each key
    alias,    // authorised on the alias that AliasName names, and on each key
};

// `write` changes state; all else is `readOnly` in the audit record. `use` is a cryptographic use of the
// keys, which GetKeyLastUsage reports.
enum class Access : std::uint8_t { read, write, use };

struct Call;
using Run = asio::awaitable<Outcome<std::string>> (*)(Call& call);

struct Operation {
    std::string_view name;
    policy::Action action;
    Subject subject;
    std::array<KeyParameter, 2> keys;  // checked in this order
    Access access;
    std::span<const AuditField> audited;
    Run run;
};

// Sorted by name.
std::span<const Operation> operation_table() noexcept;
const Operation* find_operation(std::string_view name) noexcept;

// A busy HSM takes many seconds over an RSA pair, 4096 bits above all. Clients of AWS wait for a minute.
constexpr std::chrono::seconds kRsaGeneration{20};

// One request on its way. Lives in the frame of KmsService::call; handlers run on the call's io thread, and
// parts of it are read on the store's writer thread while the call waits for its commit.
struct Call {
    const ServiceOptions& options;
    const ServiceParts& parts;
    http::IoContext& io;
    const http::Call& http;
    const Operation* row = nullptr;
    const model::Operation* model = nullptr;
    const boost::json::value* input = nullptr;  // validated
    std::array<KeyPtr, 2> keys{};               // of row->keys; empty where an optional one was not given
    std::optional<attestation::Document> recipient{};  // verified
    AuditDraft audit{};

    const policy::Principal& principal() const { return http.principal; }
    const Key& key() const { return *keys[0]; }
    std::string_view account() const { return http.principal.account.value(); }
    // Until when the HSMs may make a key of this spec.
    MonoTime generation_deadline(std::string_view spec) const {
        return spec.starts_with("RSA_") ? http.deadline + kRsaGeneration : http.deadline;
    }
    Failure failed(const Error& error) const { return failure_of(error, *model); }
};

// Makes a Run of a handler: decode → H → encode. H takes (Call&, const Request&) and returns
// Outcome<Response> or an awaitable of it.
template <class Request, class Response>
asio::awaitable<Outcome<std::string>> run(Call& call,
                                          asio::awaitable<Outcome<Response>> (*handler)(Call&,
                                                                                        const Request&)) {
    const Request request = decode<Request>(*call.input);
    Outcome<Response> outcome = co_await handler(call, request);
    if (!outcome) {
        co_return std::move(outcome).error();
    }
    co_return encode(*outcome);
}

template <class Request, class Response>
asio::awaitable<Outcome<std::string>> run(Call& call, Outcome<Response> (*handler)(Call&, const Request&)) {
    const Request request = decode<Request>(*call.input);
    Outcome<Response> outcome = handler(call, request);
    if (!outcome) {
        co_return std::move(outcome).error();
    }
    co_return encode(*outcome);
}

}  // namespace claviger::kms
