#include "src/kms/commit.hpp"
#include "src/kms/imports.hpp"
#include "src/kms/multi_region.hpp"
#include "src/kms/operations/operations.hpp"
#include "src/kms/shared_imports.hpp"

namespace claviger::kms {
namespace {

struct DeleteImportedRequest {
    std::optional<std::string_view> material;

    static constexpr auto fields() {
        return std::tuple(field("KeyMaterialId", &DeleteImportedRequest::material));
    }
};

struct DeleteImportedResponse {
    std::string_view key;
    std::string_view material;

    static constexpr auto fields() {
        return std::tuple(field("KeyId", &DeleteImportedResponse::key),
                          field("KeyMaterialId", &DeleteImportedResponse::material));
    }
};

Outcome<Done> drop(const Call& call, store::Txn& txn, std::string_view material) {
    Outcome<store::KeyRecord> row = current_row(call, txn, call.key(), States::settled);
    if (!row) {
        return std::move(row).error();
    }
    auto imports = txn.imports(row->account, row->region, row->id);
    if (!imports) {
        return store_failed(call, imports.error());
    }
    Status<> dropped = done;
    for (const store::ImportRecord& import : *imports) {
        if (import.material != material) {
            continue;
        }
        dropped = drop_material(txn, *row, import);
        // What the primary key does not wait for any more no replica can use.
        if (dropped && import.status != store::ImportStatus::associated && !is_replica(*row)) {
            dropped = forget_in_replicas(txn, *row, material, Forget::bytes);
        }
    }
    const store::KeyRecord key = *row;
    dropped = dropped ? txn.put(*std::move(row)) : dropped;
    dropped = dropped ? settle_pending(txn, key) : dropped;
    return dropped ? Outcome<Done>(done) : store_failed(call, dropped.error());
}

asio::awaitable<Outcome<DeleteImportedResponse>> handle_delete_imported_key_material(
    Call& call, const DeleteImportedRequest& request) {
    const Key& key = call.key();
    if (auto refused = check_imported(key)) {
        co_return *std::move(refused);
    }
    const std::string_view material = request.material.value_or(key.record.current_material);
    if (request.material && find_import(key, material) == nullptr) {
        co_return not_found("The KMS key " + key.arn + " has no key material " + std::string(material) + ".");
    }
    const DeleteImportedResponse response{key.arn, material};
    append_for_audit(call.audit.response_elements, response);
    Decide decide = [&](store::Txn& txn) { return drop(call, txn, material); };
    Outcome<Done> committed = co_await commit(call, std::move(decide));
    if (!committed) {
        co_return std::move(committed).error();
    }
    co_await forget_material(call.io, key, material, call.http.deadline);
    co_return response;
}

}  // namespace

asio::awaitable<Outcome<std::string>> delete_imported_key_material(Call& call) {
    return run(call, handle_delete_imported_key_material);
}

}  // namespace claviger::kms
