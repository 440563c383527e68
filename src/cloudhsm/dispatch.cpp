// The life of a CloudHSM v2 request, in one straight line.
#include <boost/json.hpp>

#include "src/api/audit_text.hpp"
#include "src/api/body.hpp"
#include "src/api/submit.hpp"
#include "src/audit/writer.hpp"
#include "src/base/json_string.hpp"
#include "src/cloudhsm/describe.hpp"
#include "src/cloudhsm/operation.hpp"
#include "src/cloudhsm/service.hpp"
#include "src/model/arena.hpp"
#include "src/policy/authorize.hpp"

namespace claviger::cloudhsm {
namespace {

using Refused = std::optional<Failure>;

constexpr std::string_view kAuditSource = "cloudhsm.amazonaws.com";

Refused find(Call& call) {
    call.model = model::cloudhsm().find(call.http.operation);
    if (call.model == nullptr) {
        return Failure(ErrorType::unknown_operation, {});
    }
    call.row = find_operation(call.http.operation);
    if (call.row == nullptr) {
        return invalid_request("Claviger does not implement " + std::string(call.http.operation) + " yet.");
    }
    return std::nullopt;
}

Refused read_input(Call& call, model::WipingArena& arena, std::optional<boost::json::value>& body) {
    if (auto wrong = read_body(model::cloudhsm(), call.model->input, call.http.body, arena, body)) {
        switch (wrong->kind) {
            case model::Violation::Kind::serialization:
                return Failure(ErrorType::serialization, std::move(wrong->message));
            case model::Violation::Kind::constraint: return invalid_request(std::move(wrong->message));
        }
    }
    call.input = &*body;
    return std::nullopt;
}

// "*" for a request that names nothing that exists.
std::string resource_of(const Call& call) {
    const auto* given =
        call.row->resource.empty() ? nullptr : call.input->get_object().if_contains(call.row->resource);
    if (given == nullptr) {
        return "*";
    }
    const std::string_view named = given->get_string();
    return named.starts_with("arn:") ? std::string(named) : arn_of(call.account(), call.http.region, named);
}

Refused authorise(Call& call) {
    const std::string arn = resource_of(call);
    if (arn != "*") {
        call.audit.resource_arn = arn;
    }
    const policy::Request request{call.http.principal, call.row->action, {call.account(), arn, {}}};
    const policy::Decision decision = policy::authorize(request);
    return decision ? Refused() : Failure(ErrorType::access_denied, policy::denial_text(request, decision));
}

asio::awaitable<Outcome<std::string>> process(Call& call, model::WipingArena& arena,
                                              std::optional<boost::json::value>& body) {
    if (auto refused = find(call)) {
        co_return *std::move(refused);
    }
    if (auto refused = read_input(call, arena, body)) {
        co_return *std::move(refused);
    }
    if (auto refused = authorise(call)) {
        co_return *std::move(refused);
    }
    if (!call.io.audit.accepting()) {
        co_return internal("the audit sink takes no records");
    }
    co_return co_await call.row->run(call);
}

http::Answer answer_of(const Failure& failure) {
    const ErrorRow& row = row_of(failure.type);
    return {row.status, error_body(row.name, "Message", failure.text())};
}

}  // namespace

CloudHsmService::CloudHsmService(ServiceOptions options, Manager& manager)
    : options_(std::move(options)), manager_(manager) {}

std::string_view CloudHsmService::target_prefix() const {
    return model::cloudhsm().target_prefix;
}

std::string_view CloudHsmService::signing_name() const {
    return "cloudhsm";
}

asio::awaitable<http::Answer> CloudHsmService::call(http::IoContext& io, const http::Call& http_call) {
    model::WipingArena arena;
    std::optional<boost::json::value> body;  // in the arena, so it goes first
    Call call{manager_, io, http_call};
    Outcome<std::string> outcome = co_await process(call, arena, body);
    if (!call.audit.committed) {
        const std::string record = audit_record(call, outcome ? nullptr : &outcome.error());
        Status<> recorded = co_await io.audit.append(record);
        if (!recorded && outcome) {
            outcome = internal(recorded.error().describe());
        }
    }
    if (!outcome) {
        if (options_.report && row_of(outcome.error().type).status >= 500) {
            options_.report(http_call, outcome.error());
        }
        co_return answer_of(outcome.error());
    }
    co_return http::Answer{200, *std::move(outcome)};
}

asio::awaitable<void> CloudHsmService::refused(http::IoContext& io, const http::Refusal& refusal) {
    const std::string record =
        refusal_record(refusal, kAuditSource, manager_.parts().random, manager_.parts().store.sequence());
    Status<> recorded = co_await io.audit.append(record);
    static_cast<void>(recorded);  // the request is refused either way, and the writer raises its own alarm
}

Outcome<ClusterPtr> find_cluster(const Call& call, std::string_view id) {
    ClusterPtr found = call.manager.find(call.account(), call.http.region, ClusterId(std::string(id)));
    if (!found) {
        return not_found("Cluster '" + std::string(id) + "' was not found.");
    }
    return found;
}

Outcome<BackupPtr> find_backup(const Call& call, std::string_view id) {
    const BackupPtr found = call.manager.parts().inventory.backup(BackupId(std::string(id)));
    const bool own = found && found->account == call.account() && found->region == call.http.region;
    if (!own || found->state == store::BackupState::deleted) {
        return not_found("Backup '" + std::string(id) + "' was not found.");
    }
    return found;
}

asio::awaitable<Outcome<BackupPtr>> change_backup(Call& call, const BackupPtr& backup,
                                                  std::function<Outcome<Done>(store::BackupRecord&)> change) {
    auto changed = std::make_shared<store::BackupRecord>();
    Decide decide = [&](store::Txn& txn) -> Outcome<Done> {
        auto row = txn.backup(backup->id);
        if (!row || !*row) {
            return row ? not_found("Backup '" + backup->id.value() + "' was not found.")
                       : internal(row.error().describe());
        }
        *changed = **std::move(row);
        const Outcome<Done> allowed = change(*changed);
        return allowed ? put(txn, *changed) : allowed;
    };
    Outcome<Done> committed = co_await commit(call, std::move(decide));
    if (!committed) {
        co_return std::move(committed).error();
    }
    co_return BackupPtr(std::move(changed));
}

Outcome<Done> must_be(const store::BackupRecord& backup, store::BackupState state) {
    if (backup.state != state) {
        return invalid_request("Backup '" + backup.id.value() + "' is in state " +
                               std::string(to_string(backup.state)) + "; it must be " +
                               std::string(to_string(state)) + ".");
    }
    return done;
}

Outcome<store::CloudHsmClusterRecord> cluster_row(store::Txn& txn, const ClusterId& id) {
    auto row = txn.cloudhsm_cluster(id);
    if (!row) {
        return internal(row.error().describe());
    }
    if (!*row) {
        return not_found("Cluster '" + id.value() + "' was not found.");
    }
    return **std::move(row);
}

Outcome<Done> claim_cluster(store::Txn& txn, const ClusterView& seen) {
    Outcome<store::CloudHsmClusterRecord> row = cluster_row(txn, seen.record.id);
    if (!row) {
        return std::move(row).error();
    }
    if (row->version != seen.record.version) {
        return invalid_request("Cluster '" + seen.record.id.value() +
                               "' was changed by another request at the same time. Try again.");
    }
    return put(txn, *std::move(row));
}

asio::awaitable<Outcome<Done>> commit(Call& call, Decide decide) {
    std::optional<Failure> refused;
    store::Store::Work work = [&](store::Txn& txn) {
        refused.reset();
        if (Outcome<Done> verdict = decide(txn); !verdict) {
            refused = std::move(verdict).error();
            return false;
        }
        if (auto written = txn.audit(audit_record(call, nullptr)); !written) {
            refused = internal(written.error().describe());
            return false;
        }
        return true;
    };
    Result<std::uint64_t> result = co_await submit(call.manager.parts().store, std::move(work));
    if (refused) {
        co_return *std::move(refused);
    }
    if (!result) {
        co_return internal(result.error().describe());
    }
    call.audit.committed = true;
    co_return done;
}

}  // namespace claviger::cloudhsm
