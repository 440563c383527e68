#include <algorithm>

#include <claviger/base/digest.hpp>
#include <claviger/base/encoding.hpp>
#include <claviger/base/wire.hpp>
#include <claviger/cluster/cluster.hpp>

#include "src/kms/commit.hpp"
#include "src/kms/context.hpp"
#include "src/kms/import_token.hpp"
#include "src/kms/imports.hpp"
#include "src/kms/key_spec.hpp"
#include "src/kms/multi_region.hpp"
#include "src/kms/operations/operations.hpp"
#include "src/kms/shared_imports.hpp"

namespace claviger::kms {
namespace {

constexpr std::chrono::days kLongestLife{365};
constexpr std::string_view kNew = "NEW_KEY_MATERIAL";
constexpr std::string_view kExisting = "EXISTING_KEY_MATERIAL";
constexpr std::string_view kExpires = "KEY_MATERIAL_EXPIRES";

struct ImportRequest {
    std::string_view key;  // as given: a refusal repeats it
    ByteView token;
    ByteView wrapped;
    std::string_view expiration = kExpires;
    std::optional<WallTime> valid_to;
    std::optional<std::string_view> type;
    std::optional<std::string_view> material;
    std::optional<std::string_view> description;

    static constexpr auto fields() {
        return std::tuple(
            field("KeyId", &ImportRequest::key), field("ImportToken", &ImportRequest::token),
            field("EncryptedKeyMaterial", &ImportRequest::wrapped),
            field("ExpirationModel", &ImportRequest::expiration), field("ValidTo", &ImportRequest::valid_to),
            field("ImportType", &ImportRequest::type), field("KeyMaterialId", &ImportRequest::material),
            field("KeyMaterialDescription", &ImportRequest::description));
    }
};

struct ImportResponse {
    std::string_view key;
    std::string material;

    static constexpr auto fields() {
        return std::tuple(field("KeyId", &ImportResponse::key),
                          field("KeyMaterialId", &ImportResponse::material));
    }
};

using Refused = std::optional<Failure>;
using Imported = store::ImportRecord;

Failure wrong_material(std::string text) {
    return {ErrorType::incorrect_key_material, std::move(text)};
}

Refused check_expiry(const ImportRequest& request, WallTime now) {
    if (request.expiration != kExpires) {
        return request.valid_to ? Refused(validation("A validTo date must not be set if the ExpirationModel "
                                                     "is KEY_MATERIAL_DOES_NOT_EXPIRE"))
                                : std::nullopt;
    }
    if (!request.valid_to) {
        return validation("A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES");
    }
    if (*request.valid_to <= now) {
        return validation("ValidTo must be in the future");
    }
    return *request.valid_to > now + kLongestLife
               ? Refused(validation("ValidTo must be within 365 days from now"))
               : std::nullopt;
}

Failure named_new_material() {
    return validation("KeyMaterialId is not valid with the ImportType NEW_KEY_MATERIAL.");
}

// Other kinds of key have one material for ever, so there is nothing to choose or to name.
Refused check_choice(const Key& key, const ImportRequest& request) {
    if (key.record.spec != kSymmetricDefault && (request.type || request.material || request.description)) {
        return validation(
            "ImportType, KeyMaterialId and KeyMaterialDescription are valid only for symmetric encryption "
            "keys.");
    }
    if (is_replica(key.record) && request.description) {
        return validation("KeyMaterialDescription can be set at the multi-Region primary key only.");
    }
    if (is_replica(key.record) && request.type == kNew) {
        return not_primary(key.arn);
    }
    return request.type == kNew && request.material ? Refused(named_new_material()) : std::nullopt;
}

// What names the material must not let anybody without the sealing key try out materials.
std::array<std::byte, 32> id_key(const Call& call) {
    Bytes text;
    WireWriter(text)
        .text("claviger-material-id-v1")
        .text(call.key().record.account.value())
        .text(call.key().record.id.value());
    return hmac_sha256(call.options.handle_key.reveal(SecretAccess()), text);
}

struct Opened {
    std::string id;
    cluster::NewKey key;
};

asio::awaitable<Outcome<Opened>> open(Call& call, const ImportRequest& request) {
    const auto token = read_import_token(call, request.token);
    const auto wrapping = token ? wrapping_of(token->algorithm) : std::nullopt;
    if (!wrapping) {
        co_return Failure(ErrorType::invalid_import_token, {});
    }
    if (token->expires <= call.parts.life.now()) {
        co_return Failure(ErrorType::expired_import_token, {});
    }
    const store::KeyRecord& key = call.key().record;
    const cluster::NewKeyIdentity identity{key.account.value(), key.id.value(), {}, key.spec,
                                           key.usage,           key.origin};
    const cluster::WrappedMaterial material{
        token->key_token, wrapping->key_wrap ? cluster::Envelope::oaep_and_key_wrap : cluster::Envelope::oaep,
        wrapping->hash, request.wrapped, id_key(call)};
    Result<cluster::NewKey> made =
        co_await call.io.cluster.import_key(identity, material, call.http.deadline);
    if (!made) {
        co_return call.failed(made.error());
    }
    if (made->token.empty()) {
        co_return wrong_material("The imported key material is not a key of the KeySpec " + key.spec + ".");
    }
    const auto parsed = cluster::KeyMaterial::parse(made->token);
    if (!parsed) {
        co_return internal(parsed.error().describe());
    }
    co_return Opened{to_hex((*parsed)->material_id()), *std::move(made)};
}

// Decides what the material is to the key, with the rows of one transaction.
class Adoption {
public:
    Adoption(Call& call, const ImportRequest& request, const Opened& opened, store::Txn& txn)
        : call_(call), request_(request), opened_(opened), txn_(txn) {}

    Outcome<Done> run() {
        Outcome<store::KeyRecord> row = current_row(call_, txn_, call_.key(), States::created);
        if (!row) {
            return std::move(row).error();
        }
        row_ = *std::move(row);
        auto imports = txn_.imports(row_.account, row_.region, row_.id);
        if (!imports) {
            return store_failed(call_, imports.error());
        }
        imports_ = *std::move(imports);
        Outcome<Imported> import = adopted();
        if (!import) {
            return std::move(import).error();
        }
        return write(*import);
    }

private:
    Imported* known() {
        const auto found = std::ranges::find(imports_, opened_.id, &Imported::material);
        return found == imports_.end() ? nullptr : &*found;
    }

    Outcome<Imported> adopted() {
        Imported* const before = known();
        const bool first = imports_.empty() && !is_replica(row_);
        if (request_.type.value_or(first ? kNew : kExisting) == kNew) {
            if (request_.material) {
                return named_new_material();  // the type was not given: only here it is known which one it is
            }
            if (before != nullptr) {
                return wrong_material("This key material is associated with the KMS key already.");
            }
            if (auto refused = clear_pending()) {
                return *std::move(refused);
            }
            Imported import;
            import.account = row_.account;
            import.region = row_.region;
            import.key = row_.id;
            import.material = opened_.id;
            import.status = first ? store::ImportStatus::associated : store::ImportStatus::pending_rotation;
            import.public_key = opened_.key.public_key;
            import.created = call_.parts.life.now();
            return described(std::move(import));
        }
        if (before == nullptr || (request_.material && *request_.material != opened_.id)) {
            return wrong_material(
                "The imported key material is not the key material that was imported into this KMS key "
                "before.");
        }
        return described(std::move(*before));
    }

    // One material may wait at a time. One whose bytes are gone waits for nothing.
    Refused clear_pending() {
        for (const Imported& import : imports_) {
            if (import.status == store::ImportStatus::associated) {
                continue;
            }
            const Result<bool> here = holds(import);
            if (!here) {
                return store_failed(call_, here.error());
            }
            if (*here) {
                return Failure(ErrorType::invalid_state,
                               "New key material (id: " + opened_.id + ") cannot be imported into KMS key " +
                                   std::string(request_.key) + ", because another key material (id: " +
                                   import.material + ") is pending rotation.");
            }
            Status<> erased = txn_.erase_import(row_.account, row_.region, row_.id, import.material);
            erased = erased ? forget_in_replicas(txn_, row_, import.material, Forget::name) : erased;
            if (!erased) {
                return store_failed(call_, erased.error());
            }
        }
        return std::nullopt;
    }

    Imported described(Imported import) const {
        import.valid_to = request_.valid_to;
        if (request_.description) {
            import.description = *request_.description;
        }
        return import;
    }

    Result<bool> holds(const Imported& import) {
        const auto material = txn_.material(row_.account, row_.region, row_.id, import.material);
        return material ? Result<bool>(material->has_value()) : Result<bool>(material.error());
    }

    Outcome<Done> write(const Imported& import) {
        auto old = txn_.material(row_.account, row_.region, row_.id, opened_.id);
        if (!old) {
            return store_failed(call_, old.error());
        }
        store::MaterialRecord material{.account = row_.account,
                                       .region = row_.region,
                                       .key = row_.id,
                                       .id = opened_.id,
                                       .key_token = opened_.key.token,
                                       .created = import.created,
                                       .version = *old ? (**old).version : 0};
        if (import.status == store::ImportStatus::associated) {
            if (row_.current_material.empty()) {
                row_.current_material = opened_.id;
            }
            const Result<bool> all = is_complete(txn_, row_, opened_.id);
            if (!all) {
                return store_failed(call_, all.error());
            }
            if (*all && row_.state == store::KeyState::pending_import) {
                row_.state = store::KeyState::enabled;
            }
        }
        Status<> written = txn_.put(std::move(material));
        written = written ? txn_.put(import) : written;
        written = written ? txn_.put(row_) : written;
        if (written && !is_replica(row_)) {
            written = share_import(txn_, row_, import);
        }
        written = written ? settle_pending(txn_, row_) : written;
        return written ? Outcome<Done>(done) : store_failed(call_, written.error());
    }

    Call& call_;
    const ImportRequest& request_;
    const Opened& opened_;
    store::Txn& txn_;
    store::KeyRecord row_;
    std::vector<Imported> imports_;
};

asio::awaitable<Outcome<ImportResponse>> handle_import_key_material(Call& call,
                                                                    const ImportRequest& request) {
    const Key& key = call.key();
    for (const Refused& refused :
         {check_imported(key), check_expiry(request, call.parts.life.now()), check_choice(key, request)}) {
        if (refused) {
            co_return *refused;
        }
    }
    const Outcome<Opened> opened = co_await open(call, request);
    if (!opened) {
        co_return opened.error();
    }
    const ImportResponse response{key.arn, opened->id};
    append_for_audit(call.audit.response_elements, response);
    Decide decide = [&](store::Txn& txn) { return Adoption(call, request, *opened, txn).run(); };
    Outcome<Done> committed = co_await commit(call, std::move(decide));
    if (!committed) {
        co_return std::move(committed).error();
    }
    co_return response;
}

}  // namespace

asio::awaitable<Outcome<std::string>> import_key_material(Call& call) {
    return run(call, handle_import_key_material);
}

}  // namespace claviger::kms
