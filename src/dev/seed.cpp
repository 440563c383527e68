#include "src/dev/seed.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>
#include <optional>

#include <boost/json/array.hpp>

#include <claviger/base/deleter.hpp>
#include <claviger/base/encoding.hpp>

#include "src/dev/import.hpp"

namespace claviger::dev {
namespace {

namespace json = boost::json;
namespace asio = boost::asio;

constexpr std::string_view kCustomId = "_custom_id_";

struct Step {
    std::string_view operation;
    json::object input;
    std::string_view settled_by;  // an error that says it was done before
};

Error failed(const config::SeedKey& key, std::string_view what, std::string_view why) {
    return Error(Errc::bad_config,
                 "seed: key " + key.id + ": " + std::string(what) + ": " + std::string(why));
}

// Without it OpenSSL asks at the terminal.
int no_passphrase(char*, int, int, void*) {
    return -1;
}

// PKCS#8 DER of a PEM private key of any form that OpenSSL reads. nullopt: it is none.
std::optional<Bytes> pkcs8_of(const std::string& pem) {
    const std::unique_ptr<BIO, Deleter<BIO_free>> in(
        BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    const std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>> key(
        PEM_read_bio_PrivateKey(in.get(), nullptr, no_passphrase, nullptr));
    const std::unique_ptr<PKCS8_PRIV_KEY_INFO, Deleter<PKCS8_PRIV_KEY_INFO_free>> info(
        key ? EVP_PKEY2PKCS8(key.get()) : nullptr);
    unsigned char* der = nullptr;
    const int size = info ? i2d_PKCS8_PRIV_KEY_INFO(info.get(), &der) : 0;
    if (size <= 0) {
        return std::nullopt;
    }
    Bytes out = to_bytes({reinterpret_cast<const std::byte*>(der), static_cast<std::size_t>(size)});
    OPENSSL_clear_free(der, static_cast<std::size_t>(size));
    return out;
}

Result<std::vector<Bytes>> materials_of(const config::SeedKey& key) {
    std::vector<Bytes> out;
    if (!key.pem.empty()) {
        std::optional<Bytes> material = pkcs8_of(key.pem);
        if (!material) {
            return failed(key, "pem", "not a private key in PEM form without a passphrase");
        }
        out.push_back(*std::move(material));
    }
    for (const std::string& text : key.materials) {
        auto material = from_base64(text);
        if (!material) {
            return failed(key, "materials", "not base64");
        }
        out.push_back(*std::move(material));
    }
    return out;
}

json::object object_of(const std::map<std::string, std::string>& pairs) {
    json::object out;
    for (const auto& [name, value] : pairs) {
        out[name] = value;
    }
    return out;
}

json::object creation_of(const config::SeedKey& key, bool imported) {
    json::array tags{{{"TagKey", kCustomId}, {"TagValue", key.id}}};
    for (const auto& [name, value] : key.tags) {
        tags.push_back({{"TagKey", name}, {"TagValue", value}});
    }
    json::object out{{"KeySpec", key.spec},
                     {"KeyUsage", key.usage},
                     {"Description", key.description},
                     {"Origin", imported ? "EXTERNAL" : "AWS_KMS"},
                     {"Tags", std::move(tags)}};
    if (!key.policy.empty()) {
        out["Policy"] = key.policy;
    }
    return out;
}

json::object grant_of(const config::SeedKey& key, const config::SeedGrant& grant) {
    json::object out{{"KeyId", key.id},
                     {"Name", grant.name},
                     {"GranteePrincipal", grant.grantee},
                     {"Operations", json::array(grant.operations.begin(), grant.operations.end())}};
    if (!grant.retiring.empty()) {
        out["RetiringPrincipal"] = grant.retiring;
    }
    json::object constraints;
    if (!grant.context_equals.empty()) {
        constraints["EncryptionContextEquals"] = object_of(grant.context_equals);
    }
    if (!grant.context_subset.empty()) {
        constraints["EncryptionContextSubset"] = object_of(grant.context_subset);
    }
    if (!constraints.empty()) {
        out["Constraints"] = std::move(constraints);
    }
    return out;
}

// What belongs to a key that is there, in an order that always works: a disabled key takes no grants.
std::vector<Step> belongings_of(const config::SeedKey& key) {
    std::vector<Step> steps;
    for (const std::string& alias : key.aliases) {
        steps.push_back(
            {"CreateAlias", {{"AliasName", alias}, {"TargetKeyId", key.id}}, "AlreadyExistsException"});
        steps.push_back({"UpdateAlias", {{"AliasName", alias}, {"TargetKeyId", key.id}}, {}});
    }
    if (!key.tags.empty()) {
        json::array tags;
        for (const auto& [name, value] : key.tags) {
            tags.push_back({{"TagKey", name}, {"TagValue", value}});
        }
        steps.push_back({"TagResource", {{"KeyId", key.id}, {"Tags", std::move(tags)}}, {}});
    }
    steps.push_back({"UntagResource", {{"KeyId", key.id}, {"TagKeys", {kCustomId}}}, {}});
    steps.push_back({"UpdateKeyDescription", {{"KeyId", key.id}, {"Description", key.description}}, {}});
    if (!key.policy.empty()) {
        steps.push_back({"PutKeyPolicy", {{"KeyId", key.id}, {"Policy", key.policy}}, {}});
    }
    steps.push_back({"EnableKey", {{"KeyId", key.id}}, {}});
    for (const config::SeedGrant& grant : key.grants) {
        steps.push_back({"CreateGrant", grant_of(key, grant), {}});
    }
    if (key.rotation_days != 0) {
        steps.push_back(
            {"EnableKeyRotation", {{"KeyId", key.id}, {"RotationPeriodInDays", key.rotation_days}}, {}});
    }
    if (!key.enabled) {
        steps.push_back({"DisableKey", {{"KeyId", key.id}}, {}});
    }
    return steps;
}

// Each material of a symmetric key after the first becomes the current one by a rotation. The first
// `imported` of them are there.
asio::awaitable<Status<>> import_all(const config::SeedKey& key, const std::vector<Bytes>& materials,
                                     std::size_t imported, Api& api) {
    for (std::size_t i = imported; i < materials.size(); ++i) {
        Outcome<json::object> done_one = co_await import_material(api, key.id, key.spec, materials[i]);
        if (done_one && i > 0) {
            json::object rotation{{"KeyId", key.id}};
            done_one = co_await api.call("RotateKeyOnDemand", std::move(rotation));
        }
        if (!done_one) {
            co_return failed(key, "import", done_one.error().describe());
        }
    }
    co_return done;
}

// A key that a start before this one left without all of its materials gets the others.
asio::awaitable<Status<>> import_rest(const config::SeedKey& key, const std::vector<Bytes>& materials,
                                      std::string_view state, Api& api) {
    const bool waits = state == "PendingImport";
    std::size_t imported = waits ? 0 : materials.size();
    if (key.spec == "SYMMETRIC_DEFAULT") {
        json::object wanted{{"KeyId", key.id}, {"IncludeKeyMaterial", "ALL_KEY_MATERIAL"}};
        const Outcome<json::object> found = co_await api.call("ListKeyRotations", std::move(wanted));
        if (!found) {
            co_return failed(key, "ListKeyRotations", found.error().describe());
        }
        const json::array& there = found->at("Rotations").as_array();
        imported = there.size();
        if (!there.empty() && there.back().at("KeyMaterialState").as_string() == "PENDING_ROTATION") {
            json::object rotation{{"KeyId", key.id}};
            const Outcome<json::object> rotated = co_await api.call("RotateKeyOnDemand", std::move(rotation));
            if (!rotated) {
                co_return failed(key, "RotateKeyOnDemand", rotated.error().describe());
            }
        }
    }
    if (waits && imported != 0) {
        co_return failed(key, "not usable", "its key material was deleted or has expired");
    }
    co_return co_await import_all(key, materials, imported, api);
}

// Is it the key that the file describes? Kind and origin never change. The state of the key.
asio::awaitable<Result<std::string>> check_kind(const config::SeedKey& key, bool imported, Api& api) {
    json::object wanted{{"KeyId", key.id}};
    Outcome<json::object> found = co_await api.call("DescribeKey", std::move(wanted));
    if (!found) {
        co_return failed(key, "DescribeKey", found.error().describe());
    }
    const json::object& metadata = found->at("KeyMetadata").as_object();
    const std::string_view state = metadata.at("KeyState").as_string();
    if (metadata.at("KeySpec").as_string() != key.spec || metadata.at("KeyUsage").as_string() != key.usage ||
        (metadata.at("Origin").as_string() == "EXTERNAL") != imported) {
        co_return failed(key, "differs",
                         "a key of this id with another spec, usage or origin is there; choose another id or "
                         "an empty data directory");
    }
    if (state != "Enabled" && state != "Disabled" && !(imported && state == "PendingImport")) {
        co_return failed(key, "not usable", "its state is " + std::string(state));
    }
    co_return std::string(state);
}

asio::awaitable<Status<>> apply_key(const config::SeedKey& key, Api& api) {
    const Result<std::vector<Bytes>> materials = materials_of(key);
    if (!materials) {
        co_return materials.error();
    }
    json::object creation = creation_of(key, !materials->empty());
    const Outcome<json::object> made = co_await api.call("CreateKey", std::move(creation));
    if (!made && made.error().type() != "AlreadyExistsException") {
        co_return failed(key, "CreateKey", made.error().describe());
    }
    Status<> ready = done;
    if (made) {
        ready = co_await import_all(key, *materials, 0, api);
    } else {
        const Result<std::string> state = co_await check_kind(key, !materials->empty(), api);
        ready = state ? Status<>(done) : state.error();
        if (state && !materials->empty()) {
            ready = co_await import_rest(key, *materials, *state, api);
        }
    }
    if (!ready) {
        co_return ready;
    }
    std::vector<Step> belongings = belongings_of(key);
    for (Step& step : belongings) {
        const Outcome<json::object> settled = co_await api.call(step.operation, std::move(step.input));
        if (!settled && settled.error().type() != step.settled_by) {
            co_return failed(key, step.operation, settled.error().describe());
        }
    }
    co_return done;
}

}  // namespace

asio::awaitable<Status<>> apply_seed(const config::Seed& seed, Api& api) {
    for (const config::SeedKey& key : seed.keys) {
        Status<> applied = co_await apply_key(key, api);
        if (!applied) {
            co_return applied;
        }
    }
    co_return done;
}

}  // namespace claviger::dev
