// What an operation is: one row of facts, one handler. And what a handler works with: the Call.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/json/value.hpp>

#include "src/api/wire.hpp"
#include "src/cloudhsm/error.hpp"
#include "src/cloudhsm/manager.hpp"
#include "src/http/api.hpp"
#include "src/model/shape.hpp"
#include "src/policy/action.hpp"

namespace claviger::cloudhsm {

using namespace api;
namespace asio = boost::asio;

enum class Access : std::uint8_t { read, write };  // `readOnly` of the audit record

struct Call;
using Run = asio::awaitable<Outcome<std::string>> (*)(Call& call);

struct Operation {
    std::string_view name;
    policy::Action action;
    std::string_view resource;  // the member that names what is acted on; empty: nothing that exists
    Access access;
    std::span<const std::string_view> audited;  // members that are recorded
    Run run;
};

// Sorted by name.
std::span<const Operation> operation_table() noexcept;
const Operation* find_operation(std::string_view name) noexcept;

// What a request contributes to its audit record while it runs.
struct AuditDraft {
    std::string resource_arn;
    std::string response_elements;  // a JSON object; empty: null
    bool committed = false;         // the record went into a store transaction
};

// One request on its way. Lives in the frame of CloudHsmService::call.
struct Call {
    Manager& manager;
    http::IoContext& io;
    const http::Call& http;
    const Operation* row = nullptr;
    const model::Operation* model = nullptr;
    const boost::json::value* input = nullptr;  // validated
    AuditDraft audit{};

    const AccountId& account() const { return http.principal.account; }
};

std::string audit_record(const Call& call, const Failure* failure);

// The caller's cluster. CloudHsmResourceNotFoundException also for one of somebody else.
Outcome<ClusterPtr> find_cluster(const Call& call, std::string_view id);

// The caller's backup, unless it is DELETED.
Outcome<BackupPtr> find_backup(const Call& call, std::string_view id);

// Decides on the writer thread, with rows read inside the transaction, so that two requests cannot both win;
// the request's audit record is written in the same transaction. A refusal rolls back.
using Decide = std::function<Outcome<Done>(store::Txn&)>;
asio::awaitable<Outcome<Done>> commit(Call& call, Decide decide);

// The cluster's row as this transaction sees it.
Outcome<store::CloudHsmClusterRecord> cluster_row(store::Txn& txn, const ClusterId& id);
// The same, if nobody changed it since `seen`, and raised: of two requests that decide on one view, the
// second is refused.
Outcome<Done> claim_cluster(store::Txn& txn, const ClusterView& seen);
// Changes a backup's row as the transaction sees it, and answers the row as it is now.
asio::awaitable<Outcome<BackupPtr>> change_backup(Call& call, const BackupPtr& backup,
                                                  std::function<Outcome<Done>(store::BackupRecord&)> change);
// CloudHsmInvalidRequestException naming both states.
Outcome<Done> must_be(const store::BackupRecord& backup, store::BackupState state);
// Writes a row; a failure of the store is CloudHsmInternalFailureException.
template <class Record>
Outcome<Done> put(store::Txn& txn, Record record) {
    if (auto written = txn.put(std::move(record)); !written) {
        return internal(written.error().describe());
    }
    return done;
}

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

}  // namespace claviger::cloudhsm
