#include "tests/unit/kms/fakes.hpp"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <stdexcept>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>

#include "hsm/link/blob.hpp"
#include "hsm/link/key_token.hpp"
#include "src/kms/error.hpp"

namespace claviger::kms::test {
namespace {

namespace asio = boost::asio;

std::string key_of(const AccountId& account, std::string_view region, std::string_view name) {
    return account.value() + "/" + std::string(region) + "/" + std::string(name);
}

class FakeTxn final : public store::Txn {
public:
    FakeTxn(FakeStore::State& state, store::Change& change) : state_(state), change_(change) {}

    Result<std::optional<store::KeyRecord>> key(const AccountId& account, std::string_view region,
                                                const KeyId& id) override {
        return look_up(state_.keys, key_of(account, region, id.value()));
    }
    Result<std::vector<store::KeyRecord>> related_keys(const AccountId& account, const KeyId& id) override {
        std::vector<store::KeyRecord> found;
        for (const auto& [name, row] : state_.keys) {
            if (row.account == account && row.id == id && row.multi_region) {
                found.push_back(row);
            }
        }
        return found;
    }
    Result<std::optional<store::AliasRecord>> alias(const AccountId& account, std::string_view region,
                                                    std::string_view name) override {
        return look_up(state_.aliases, key_of(account, region, name));
    }
    Result<std::uint64_t> count_aliases(const AccountId& account, std::string_view region,
                                        const KeyId& id) override {
        std::uint64_t n = 0;
        for (const auto& [name, alias] : state_.aliases) {
            n += alias.account == account && alias.region == region && alias.target == id;
        }
        return n;
    }
    Result<std::uint64_t> count_keys(const AccountId&, std::string_view) override {
        return std::uint64_t{state_.keys.size()};
    }
    Result<std::optional<store::MaterialRecord>> material(const AccountId& account, std::string_view region,
                                                          const KeyId& key, std::string_view id) override {
        return look_up(state_.materials, row_of_key(account, region, key, id));
    }
    Result<std::vector<store::MaterialRecord>> materials(const AccountId& account, std::string_view region,
                                                         const KeyId& key) override {
        return of_key(state_.materials, account, region, key);
    }
    Result<std::vector<store::ImportRecord>> imports(const AccountId& account, std::string_view region,
                                                     const KeyId& key) override {
        return of_key(state_.imports, account, region, key);
    }
    Result<std::optional<store::GrantRecord>> grant(const AccountId& account, std::string_view region,
                                                    const KeyId& key, std::string_view id) override {
        return look_up(state_.grants, row_of_key(account, region, key, id));
    }
    Result<std::vector<store::GrantRecord>> grants_named(const AccountId& account, std::string_view region,
                                                         const KeyId& key, std::string_view name) override {
        std::vector<store::GrantRecord> found;
        for (const auto& grant : of_key(state_.grants, account, region, key)) {
            if (grant.name == name) {
                found.push_back(grant);
            }
        }
        return found;
    }
    Result<std::uint64_t> count_grants(const AccountId& account, std::string_view region,
                                       const KeyId& key) override {
        return std::uint64_t{of_key(state_.grants, account, region, key).size()};
    }
    Result<std::optional<store::RotationScheduleRecord>> rotation_schedule(const AccountId& account,
                                                                           std::string_view region,
                                                                           const KeyId& key) override {
        return look_up(state_.schedules, key_of(account, region, key.value()));
    }
    Result<std::vector<store::RotationRecord>> rotations(const AccountId& account, std::string_view region,
                                                         const KeyId& key) override {
        return of_key(state_.rotations, account, region, key);
    }
    Result<std::optional<store::KeyUsageRecord>> key_usage(const AccountId& account, std::string_view region,
                                                           const KeyId& key) override {
        return look_up(state_.usages, key_of(account, region, key.value()));
    }
    Result<std::optional<store::AccessKeyRecord>> access_key(std::string_view) override {
        return Error(Errc::unsupported, "not used");
    }
    Result<std::optional<store::ClusterRecord>> cluster(const ClusterId&) override {
        return Error(Errc::unsupported, "not used");
    }
    Result<std::optional<store::HsmRecord>> hsm(const HsmId&) override {
        return Error(Errc::unsupported, "not used");
    }
    Result<std::optional<store::KeyStoreRecord>> key_store(const AccountId& account, std::string_view region,
                                                           const KeyStoreId& id) override {
        return look_up(state_.key_stores, key_of(account, region, id.value()));
    }
    Result<std::vector<store::KeyStoreRecord>> key_stores(const AccountId& account,
                                                          std::string_view region) override {
        std::vector<store::KeyStoreRecord> found;
        for (const auto& [name, row] : state_.key_stores) {
            if (row.account == account && row.region == region) {
                found.push_back(row);
            }
        }
        return found;
    }
    Result<std::uint64_t> count_keys_in(const KeyStoreId& id) override {
        return static_cast<std::uint64_t>(std::ranges::count_if(
            state_.keys, [&](const auto& entry) { return entry.second.key_store == id; }));
    }
    Result<std::optional<store::SettingRecord>> setting(std::string_view name) override {
        return look_up(state_.settings, std::string(name));
    }
    Result<std::optional<store::BackupRecord>> backup(const BackupId&) override {
        return Error(Errc::unsupported, "not used");
    }
    Result<store::Contents> contents_of(const ClusterId&) override {
        return Error(Errc::unsupported, "not used");
    }
    Status<> put(store::KeyRecord record) override {
        return insert(state_.keys, key_of(record.account, record.region, record.id.value()), record,
                      change_.keys);
    }
    Status<> put(store::MaterialRecord record) override {
        return insert(state_.materials, row_of_key(record.account, record.region, record.key, record.id),
                      record, change_.materials);
    }
    Status<> put(store::ImportRecord record) override {
        return insert(state_.imports, row_of_key(record.account, record.region, record.key, record.material),
                      record, change_.imports);
    }
    Status<> put(store::AliasRecord record) override {
        return insert(state_.aliases, key_of(record.account, record.region, record.name), record,
                      change_.aliases);
    }
    Status<> put(store::GrantRecord record) override {
        return insert(state_.grants, row_of_key(record.account, record.region, record.key, record.id), record,
                      change_.grants);
    }
    Status<> put(store::RotationScheduleRecord record) override {
        return insert(state_.schedules, key_of(record.account, record.region, record.key.value()), record,
                      change_.rotation_schedules);
    }
    Status<> put(store::RotationRecord record) override {
        return insert(state_.rotations,
                      row_of_key(record.account, record.region, record.key, record.material), record,
                      change_.rotations);
    }
    Status<> put(store::KeyUsageRecord record) override {
        return insert(state_.usages, key_of(record.account, record.region, record.key.value()), record,
                      change_.key_usages);
    }
    Status<> put(store::AccountRecord) override { return Error(Errc::unsupported, "not used"); }
    Status<> put(store::PrincipalRecord) override { return Error(Errc::unsupported, "not used"); }
    Status<> put(store::AccessKeyRecord) override { return Error(Errc::unsupported, "not used"); }
    Status<> put(store::ClusterRecord) override { return Error(Errc::unsupported, "not used"); }
    Status<> put(store::HsmRecord) override { return Error(Errc::unsupported, "not used"); }
    Result<std::optional<store::CloudHsmClusterRecord>> cloudhsm_cluster(const ClusterId&) override {
        return Error(Errc::unsupported, "not used");
    }
    Result<std::optional<store::CloudHsmRecord>> cloudhsm_hsm(const HsmId&) override {
        return Error(Errc::unsupported, "not used");
    }
    Result<std::optional<store::ClusterUserRecord>> cluster_user(const ClusterId&,
                                                                 std::string_view) override {
        return Error(Errc::unsupported, "not used");
    }
    Status<> put(store::CloudHsmClusterRecord) override { return Error(Errc::unsupported, "not used"); }
    Status<> put(store::CloudHsmRecord) override { return Error(Errc::unsupported, "not used"); }
    Status<> put(store::ClusterUserRecord) override { return Error(Errc::unsupported, "not used"); }
    Status<> put(store::BackupRecord) override { return Error(Errc::unsupported, "not used"); }
    Status<> erase_hsm(const HsmId&) override { return Error(Errc::unsupported, "not used"); }
    Status<> erase_cluster_user(const ClusterId&, std::string_view) override {
        return Error(Errc::unsupported, "not used");
    }
    Status<> put(store::KeyStoreRecord record) override {
        return insert(state_.key_stores, key_of(record.account, record.region, record.id.value()), record,
                      change_.key_stores);
    }
    Status<> put(store::SettingRecord record) override {
        return insert(state_.settings, record.name, record, change_.settings);
    }
    Status<> erase_alias(const AccountId& account, std::string_view region, std::string_view name) override {
        const auto found = state_.aliases.find(key_of(account, region, name));
        change_.erased_aliases.push_back(found->second);
        state_.aliases.erase(found);
        return done;
    }
    Status<> erase_material(const AccountId& account, std::string_view region, const KeyId& key,
                            std::string_view id) override {
        return erase(state_.materials, row_of_key(account, region, key, id), change_.erased_materials);
    }
    Status<> erase_import(const AccountId& account, std::string_view region, const KeyId& key,
                          std::string_view material) override {
        return erase(state_.imports, row_of_key(account, region, key, material), change_.erased_imports);
    }
    Status<> erase_grant(const AccountId& account, std::string_view region, const KeyId& key,
                         std::string_view id) override {
        return erase(state_.grants, row_of_key(account, region, key, id), change_.erased_grants);
    }
    Status<> erase_rotation_schedule(const AccountId& account, std::string_view region,
                                     const KeyId& key) override {
        return erase(state_.schedules, key_of(account, region, key.value()),
                     change_.erased_rotation_schedules);
    }
    Status<> erase_key_store(const AccountId& account, std::string_view region,
                             const KeyStoreId& id) override {
        return erase(state_.key_stores, key_of(account, region, id.value()), change_.erased_key_stores);
    }
    Status<> erase_key(const AccountId& account, std::string_view region, const KeyId& id) override {
        const auto found = state_.keys.find(key_of(account, region, id.value()));
        change_.erased_keys.push_back(found->second);
        const auto is_here = [&](const auto& row) { return row.account == account && row.region == region; };
        const auto is_about = [&](const auto& entry) {
            return entry.second.key == id && is_here(entry.second);
        };
        std::erase_if(state_.aliases,
                      [&](const auto& entry) { return entry.second.target == id && is_here(entry.second); });
        std::erase_if(state_.grants, is_about);
        std::erase_if(state_.schedules, is_about);
        std::erase_if(state_.rotations, is_about);
        std::erase_if(state_.materials, is_about);
        std::erase_if(state_.imports, is_about);
        std::erase_if(state_.usages, is_about);
        state_.keys.erase(found);
        return done;
    }
    Status<> audit(std::string record) override {
        state_.outbox.push_back(std::move(record));
        return done;
    }

private:
    template <class T>
    static Result<std::optional<T>> look_up(const std::map<std::string, T>& rows, const std::string& key) {
        const auto found = rows.find(key);
        return found == rows.end() ? std::optional<T>{} : std::optional<T>{found->second};
    }
    static std::string row_of_key(const AccountId& account, std::string_view region, const KeyId& key,
                                  std::string_view id) {
        return key_of(account, region, key.value() + "/" + std::string(id));
    }
    template <class T>
    static std::vector<T> of_key(const std::map<std::string, T>& rows, const AccountId& account,
                                 std::string_view region, const KeyId& key) {
        std::vector<T> found;
        for (const auto& [name, row] : rows) {
            if (row.account == account && row.region == region && row.key == key) {
                found.push_back(row);
            }
        }
        return found;
    }
    template <class T>
    static Status<> erase(std::map<std::string, T>& rows, const std::string& name, std::vector<T>& erased) {
        const auto found = rows.find(name);
        if (found == rows.end()) {
            return Error(Errc::not_found, name);
        }
        erased.push_back(found->second);
        rows.erase(found);
        return done;
    }
    template <class T>
    static Status<> insert(std::map<std::string, T>& rows, const std::string& name, T& record,
                           std::vector<T>& changed) {
        const auto found = rows.find(name);
        if (record.version != (found == rows.end() ? 0 : found->second.version)) {
            return Error(Errc::conflict, "version of " + name);
        }
        ++record.version;
        changed.push_back(record);
        rows[name] = std::move(record);
        return done;
    }

    FakeStore::State& state_;
    store::Change& change_;
};

constexpr std::size_t kKey = 32;
constexpr std::size_t kIv = 12;

ByteView key_bytes(const cluster::KeyMaterial& key) {
    return link::parse_key_token(key.token())->wrapped;
}

link::KeyName name_of(const cluster::KeyMaterial& key) {
    link::KeyName name;
    std::copy_n(key.name().begin(), 16, name.key_tag.begin());
    std::copy_n(key.name().begin() + 16, 16, name.material.begin());
    return name;
}

struct CipherContext {
    EVP_CIPHER_CTX* raw = EVP_CIPHER_CTX_new();
    ~CipherContext() { EVP_CIPHER_CTX_free(raw); }
};

int length(ByteView bytes) {
    return static_cast<int>(bytes.size());
}

Bytes seal(const cluster::KeyMaterial& key, ByteView plaintext, ByteView context) {
    const auto header = link::blob_header(name_of(key), kIv);
    Bytes blob(header.begin(), header.end());
    blob.resize(header.size() + kIv + plaintext.size() + link::kGcmTag);
    unsigned char* const iv = as_uchar_out(std::span(blob).subspan(header.size()));
    RAND_bytes(iv, kIv);
    const CipherContext cipher;
    int n = 0;
    EVP_EncryptInit_ex(cipher.raw, EVP_aes_256_gcm(), nullptr, as_uchar(key_bytes(key)), iv);
    EVP_EncryptUpdate(cipher.raw, nullptr, &n, as_uchar(ByteView(blob).first(header.size())),
                      static_cast<int>(header.size()));
    if (!context.empty()) {
        EVP_EncryptUpdate(cipher.raw, nullptr, &n, as_uchar(context), length(context));
    }
    EVP_EncryptUpdate(cipher.raw, iv + kIv, &n, as_uchar(plaintext), length(plaintext));
    EVP_EncryptFinal_ex(cipher.raw, iv + kIv + n, &n);
    EVP_CIPHER_CTX_ctrl(cipher.raw, EVP_CTRL_GCM_GET_TAG, link::kGcmTag, iv + kIv + plaintext.size());
    return blob;
}

Result<SecretBytes> open(const cluster::KeyMaterial& key, ByteView blob, ByteView context) {
    const auto view = link::parse_blob(blob);
    if (!view || view->name != name_of(key)) {
        return Error(Errc::data_invalid, "not a blob of this key");
    }
    SecretBytes plaintext(view->ciphertext.size());
    const CipherContext cipher;
    int n = 0;
    Bytes tag = to_bytes(view->sealed.last(link::kGcmTag));
    EVP_DecryptInit_ex(cipher.raw, EVP_aes_256_gcm(), nullptr, nullptr, nullptr);
    EVP_CIPHER_CTX_ctrl(cipher.raw, EVP_CTRL_GCM_SET_IVLEN, length(view->iv), nullptr);
    EVP_DecryptInit_ex(cipher.raw, nullptr, nullptr, as_uchar(key_bytes(key)), as_uchar(view->iv));
    EVP_DecryptUpdate(cipher.raw, nullptr, &n, as_uchar(view->header), length(view->header));
    if (!context.empty()) {
        EVP_DecryptUpdate(cipher.raw, nullptr, &n, as_uchar(context), length(context));
    }
    unsigned char* const out = as_uchar_out(plaintext.reveal_mutable(SecretAccess()));
    EVP_DecryptUpdate(cipher.raw, out, &n, as_uchar(view->ciphertext), length(view->ciphertext));
    EVP_CIPHER_CTX_ctrl(cipher.raw, EVP_CTRL_GCM_SET_TAG, link::kGcmTag, tag.data());
    if (EVP_DecryptFinal_ex(cipher.raw, out + n, &n) != 1) {
        return Error(Errc::data_invalid, "tag");
    }
    return plaintext;
}

// Empty for secret keys; nullopt: nobody can make this spec.
std::optional<Bytes> public_part(std::string_view spec) {
    if (spec == "SYMMETRIC_DEFAULT" || spec.starts_with("HMAC_")) {
        return Bytes{};
    }
    if (spec.starts_with("RSA_")) {
        static const PublicKey key(EVP_RSA_gen(2048));  // one is enough: nobody looks at its size
        return *to_spki(key);
    }
    for (const auto& [name, curve] : {std::pair("ECC_NIST_P256", "P-256"),
                                      {"ECC_NIST_P384", "P-384"},
                                      {"ECC_NIST_P521", "P-521"},
                                      {"ECC_SECG_P256K1", "secp256k1"}}) {
        if (spec == name) {
            return *to_spki(PublicKey(EVP_EC_gen(curve)));
        }
    }
    return std::nullopt;
}

const boost::json::value* find_at(const boost::json::value& root, std::string_view path) {
    const boost::json::value* at = &root;
    while (!path.empty() && at != nullptr) {
        const std::string_view name = path.substr(0, path.find('.'));
        path.remove_prefix(std::min(name.size() + 1, path.size()));
        if (const auto* list = at->if_array()) {
            const auto index = static_cast<std::size_t>(std::stoul(std::string(name)));
            at = index < list->size() ? &(*list)[index] : nullptr;
        } else {
            at = at->is_object() ? at->get_object().if_contains(name) : nullptr;
        }
    }
    return at;
}

template <class T>
T wait_for(boost::asio::awaitable<T> work) {
    asio::io_context context;
    std::optional<T> result;
    auto body = [&]() -> asio::awaitable<void> { result = co_await std::move(work); };
    asio::co_spawn(context, std::move(body), [](std::exception_ptr failed) {
        if (failed) {
            std::rethrow_exception(failed);
        }
    });
    context.run();
    return std::move(*result);
}

// With the key in the clear.
Result<cluster::NewKey> token_of(const cluster::NewKeyIdentity& identity,
                                 const std::array<std::byte, 32>& material_id, const Bytes& key,
                                 const std::optional<Bytes>& public_key) {
    if (!public_key) {
        return Error(Errc::unsupported, "no HSM makes such keys");
    }
    link::KeyToken token;
    token.header.cluster_id = "cluster-abcdefghijk";
    token.header.cwk_generation = 1;
    token.header.wrap_algorithm = link::kWrapRfc5649;
    token.header.account = identity.account;
    token.header.key_id = identity.key_id;
    token.header.material_id = material_id;
    token.header.origin = identity.origin;
    token.header.spec = identity.spec;
    token.header.usage = identity.usage;
    token.header.check_value = ByteView(key).first(16);
    token.header.public_key = *public_key;
    token.wrapped = key;
    std::optional<Bytes> encoded = link::encode_key_token(token);
    if (!encoded) {
        return Error(Errc::internal, "key token out of limits");
    }
    return cluster::NewKey{*std::move(encoded), *public_key};
}

}  // namespace

FakeStore::FakeStore() : writer_([this] { run(); }) {}

FakeStore::~FakeStore() {
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
    }
    wake_.notify_one();
    writer_.join();
}

void FakeStore::submit(Work work, Completion completion) {
    {
        const std::lock_guard lock(mutex_);
        jobs_.push_back({std::move(work), std::move(completion)});
    }
    wake_.notify_one();
}

void FakeStore::before_next(Work work) {
    const std::lock_guard lock(mutex_);
    before_ = std::move(work);
}

std::vector<std::string> FakeStore::outbox() {
    const std::lock_guard lock(mutex_);
    return state_.outbox;
}

Result<store::Contents> FakeStore::load() {
    const std::lock_guard lock(mutex_);
    store::Contents contents;
    for (const auto& [name, key] : state_.keys) {
        contents.keys.push_back(key);
    }
    for (const auto& [name, material] : state_.materials) {
        contents.materials.push_back(material);
    }
    for (const auto& [name, import] : state_.imports) {
        contents.imports.push_back(import);
    }
    for (const auto& [name, alias] : state_.aliases) {
        contents.aliases.push_back(alias);
    }
    for (const auto& [name, grant] : state_.grants) {
        contents.grants.push_back(grant);
    }
    for (const auto& [name, schedule] : state_.schedules) {
        contents.rotation_schedules.push_back(schedule);
    }
    for (const auto& [name, rotation] : state_.rotations) {
        contents.rotations.push_back(rotation);
    }
    for (const auto& [name, usage] : state_.usages) {
        contents.key_usages.push_back(usage);
    }
    return contents;
}

void FakeStore::run() {
    std::unique_lock lock(mutex_);
    while (true) {
        wake_.wait(lock, [this] { return stop_ || !jobs_.empty(); });
        if (jobs_.empty()) {
            return;
        }
        Job job = std::move(jobs_.front());
        jobs_.pop_front();
        std::optional<Work> before = std::exchange(before_, std::nullopt);
        lock.unlock();
        if (before) {
            Job first{std::move(*before), [](const Result<std::uint64_t>&) {}};
            execute(first);
        }
        execute(job);
        lock.lock();
    }
}

void FakeStore::execute(Job& job) {
    store::Change change;
    std::unique_lock lock(mutex_);
    State copy = state_;
    FakeTxn txn(copy, change);
    const bool wanted = job.work(txn);
    if (wanted && failing_) {
        lock.unlock();
        job.completion(Error(Errc::io_error, "database or disk is full"));
        return;
    }
    if (wanted) {
        state_ = std::move(copy);
        ++sequence_;
    }
    lock.unlock();
    if (wanted && observer_) {
        observer_(change);
    }
    job.completion(sequence_.load());
}

asio::awaitable<Result<Bytes>> FakeClient::encrypt(const cluster::KeyMaterial& key, ByteView plaintext,
                                                   ByteView context, MonoTime) {
    ++calls;
    if (failure) {
        co_return Error(*failure, "as told");
    }
    co_return seal(key, plaintext, context);
}

asio::awaitable<Result<SecretBytes>> FakeClient::decrypt(const cluster::KeyMaterial& key, ByteView blob,
                                                         ByteView context, MonoTime) {
    ++calls;
    if (failure) {
        co_return Error(*failure, "as told");
    }
    co_return open(key, blob, context);
}

asio::awaitable<Result<Bytes>> FakeClient::re_encrypt(const cluster::KeyMaterial& source, ByteView blob,
                                                      ByteView source_context,
                                                      const cluster::KeyMaterial& destination,
                                                      ByteView destination_context, MonoTime) {
    ++calls;
    if (failure) {
        co_return Error(*failure, "as told");
    }
    const Result<SecretBytes> plaintext = open(source, blob, source_context);
    if (!plaintext) {
        co_return plaintext.error();
    }
    co_return seal(destination, plaintext->reveal(SecretAccess()), destination_context);
}

asio::awaitable<Result<cluster::DataKey>> FakeClient::generate_data_key(const cluster::KeyMaterial& key,
                                                                        std::uint16_t size,
                                                                        cluster::Plaintext want,
                                                                        ByteView context, MonoTime) {
    ++calls;
    if (failure) {
        co_return Error(*failure, "as told");
    }
    SecretBytes plaintext(size);
    RAND_bytes(as_uchar_out(plaintext.reveal_mutable(SecretAccess())), size);
    cluster::DataKey made;
    made.blob = seal(key, plaintext.reveal(SecretAccess()), context);
    if (want == cluster::Plaintext::include) {
        made.plaintext = std::move(plaintext);
    }
    co_return made;
}

asio::awaitable<Result<Bytes>> FakeClient::mac(const cluster::KeyMaterial& key, ByteView message, MonoTime) {
    ++calls;
    if (failure) {
        co_return Error(*failure, "as told");
    }
    co_return to_bytes(hmac_sha256(key_bytes(key), message));
}

asio::awaitable<Result<Bytes>> FakeClient::sign(const cluster::KeyMaterial&, SignatureKind, ByteView digest,
                                                MonoTime) {
    ++calls;
    if (failure) {
        co_return Error(*failure, "as told");
    }
    co_return to_bytes(digest);
}

asio::awaitable<Result<SecretBytes>> FakeClient::rsa_decrypt(const cluster::KeyMaterial&, Hash, ByteView,
                                                             MonoTime) {
    ++calls;
    co_return Error(failure.value_or(Errc::data_invalid), "not faked");
}

asio::awaitable<Result<SecretBytes>> FakeClient::derive(const cluster::KeyMaterial&, ByteView, MonoTime) {
    ++calls;
    if (failure) {
        co_return Error(*failure, "as told");
    }
    co_return SecretBytes(kKey);
}

asio::awaitable<Result<cluster::KeyPair>> FakeClient::generate_pair(std::string_view, MonoTime) {
    ++calls;
    if (failure) {
        co_return Error(*failure, "as told");
    }
    co_return cluster::KeyPair{SecretBytes(kKey), Bytes(kKey)};
}

asio::awaitable<Result<SecretBytes>> FakeClient::random(std::uint16_t size, MonoTime) {
    ++calls;
    if (throws) {
        throw std::bad_alloc();
    }
    if (failure) {
        co_return Error(*failure, "as told");
    }
    SecretBytes bytes(size);
    RAND_bytes(as_uchar_out(bytes.reveal_mutable(SecretAccess())), size);
    co_return bytes;
}

asio::awaitable<Result<cluster::NewKey>> FakeClient::create_key(const cluster::NewKeyIdentity& identity,
                                                                MonoTime) {
    ++calls;
    if (failure) {
        co_return Error(*failure, "as told");
    }
    Bytes key(kKey);
    RAND_bytes(as_uchar_out(key), kKey);
    co_return token_of(identity, identity.material_id, key,
                       public_key ? public_key : public_part(identity.spec));
}

// An envelope is the material itself, unless it is empty or begins with 0xff.
asio::awaitable<Result<cluster::NewKey>> FakeClient::import_key(const cluster::NewKeyIdentity& identity,
                                                                const cluster::WrappedMaterial& material,
                                                                MonoTime) {
    ++calls;
    if (failure || material.bytes.front() == std::byte{0xff}) {
        co_return Error(failure.value_or(Errc::data_invalid), "not an envelope");
    }
    if (material.bytes.size() != kKey) {
        co_return cluster::NewKey{};
    }
    co_return token_of(identity, hmac_sha256(material.id_key, material.bytes), to_bytes(material.bytes),
                       public_part(identity.spec));
}

asio::awaitable<Status<>> FakeClient::destroy_key(const cluster::KeyMaterial& key, MonoTime) {
    ++calls;
    if (failure) {
        co_return Error(*failure, "as told");
    }
    destroyed.push_back(key.key_id());
    co_return done;
}

asio::awaitable<Status<>> FakeAudit::append(std::string_view record) {
    if (failing) {
        co_return Error(Errc::io_error, "no space left on device");
    }
    if (keeping) {
        records.emplace_back(record);
    }
    co_return done;
}

cloudhsm::ClusterView& FakeClusters::add(std::string_view id, std::string_view certificate,
                                         std::string_view anchor, std::vector<std::string> zones) {
    auto view = std::make_shared<cloudhsm::ClusterView>();
    view->record.id = ClusterId(std::string(id));
    view->record.account = AccountId(kAccount);
    view->record.region = kRegion;
    view->record.state = store::ClusterState::active;
    view->certificate_pem = certificate;
    view->trust_anchor_pem = anchor;
    for (const std::string& zone : zones) {
        cloudhsm::Hsm hsm;
        hsm.record.id = HsmId("hsm-" + zone + std::to_string(view->hsms.size()));
        hsm.record.zone = zone;
        hsm.record.state = store::HsmState::active;
        view->hsms.push_back(std::move(hsm));
    }
    return *(clusters[std::string(id)] = std::move(view));
}

cloudhsm::ClusterPtr FakeClusters::find(const AccountId& account, std::string_view region,
                                        const ClusterId& id) const {
    const auto found = clusters.find(id.value());
    const bool ours = found != clusters.end() && found->second->record.account == account &&
                      found->second->record.region == region;
    return ours ? found->second : nullptr;
}

asio::awaitable<Result<Done, cloudhsm::LoginError>> FakeClusters::try_password(ClusterId,
                                                                               SecretBytes password) {
    passwords.emplace_back(as_text(password.reveal(SecretAccess())));
    if (login_failure) {
        co_return cloudhsm::LoginError{*login_failure, "as told"};
    }
    co_return done;
}

asio::awaitable<Result<Done, cloudhsm::LoginError>> FakeClusters::log_in(ClusterId) {
    ++logins;
    if (during_login) {
        std::exchange(during_login, nullptr)();
    }
    if (host_failure) {
        co_return cloudhsm::LoginError{*host_failure, "as told"};
    }
    co_return done;
}

asio::awaitable<Status<>> FakeClusters::log_out(ClusterId id) {
    logged_out.push_back(id.value());
    co_return done;
}

cluster::Client* FakeClusters::client(const ClusterId& id) {
    return clusters.contains(id.value()) ? &clients[id.value()] : nullptr;
}

void FakeClusters::settle() {
    control_->restart();
    control_->run();
}

namespace {

store::SealingKey make_sealing_key(Random& random) {
    std::string directory = (std::filesystem::temp_directory_path() / "claviger-XXXXXX").string();
    if (::mkdtemp(directory.data()) == nullptr) {
        throw std::runtime_error("mkdtemp");
    }
    const std::filesystem::path path = std::filesystem::path(directory) / "sealing.key";
    store::SealingKey key = store::SealingKey::create(path, random).value();
    std::filesystem::remove_all(directory);
    return key;
}

}  // namespace

Harness::Harness()
    : sealing_key(make_sealing_key(random)),
      jobs({store, catalogue, clusters, sealing_key, clock, random}),
      service(
          [this] {
              ServiceOptions options;
              options.cluster = ClusterId("cluster-abcdefghijk");
              options.handle_key = SecretBytes("0123456789abcdef0123456789abcdef");
              options.report = [this](const http::Call&, const Failure& failure) {
                  reported.push_back(failure.detail);
              };
              return options;
          }(),
          {store, catalogue, life, random, clusters, sealing_key}) {
    store.observe([this](const store::Change& change) {
        catalogue.apply(change);
        jobs.apply(change);
    });
}

http::Answer Harness::call(std::string_view operation, std::string_view body, std::string_view account,
                           std::string_view region) {
    policy::Principal principal;
    principal.account = AccountId(std::string(account));
    principal.arn = "arn:aws:iam::" + std::string(account) + ":user/alice";
    principal.principal_id = "AIDAEXAMPLE";
    principal.user_name = "alice";
    principal.access_key_id = "AKIAEXAMPLE";
    const http::Call request{operation,
                             as_bytes(body),
                             principal,
                             region,
                             "11111111-2222-4333-8444-555555555555",
                             "192.0.2.10",
                             "aws-cli/2.x",
                             "kms.test",
                             "TLSv1.3",
                             "TLS_AES_128_GCM_SHA256",
                             life.time,
                             std::chrono::steady_clock::now() + std::chrono::seconds(10)};
    return wait_for(service.call(io_, request));
}

void Harness::refuse(const http::Refusal& refusal) {
    asio::io_context context;
    asio::co_spawn(context, service.refused(io_, refusal), [](std::exception_ptr failed) {
        if (failed) {
            std::rethrow_exception(failed);
        }
    });
    context.run();
}

std::size_t Harness::reap() {
    Reaper reaper({store, catalogue, life, random, clusters, sealing_key});
    return wait_for(
        reaper.run_due(io_, std::chrono::steady_clock::now() + std::chrono::seconds(10), life.time));
}

std::size_t Harness::expire_due() {
    Expirer expirer({store, catalogue, life, random, clusters, sealing_key});
    return wait_for(
        expirer.run_due(io_, std::chrono::steady_clock::now() + std::chrono::seconds(10), life.time));
}

std::size_t Harness::rotate_due() {
    Rotator rotator({store, catalogue, life, random, clusters, sealing_key});
    return wait_for(
        rotator.run_due(io_, std::chrono::steady_clock::now() + std::chrono::seconds(10), life.time));
}

std::string Harness::make_key(std::string_view account, std::string_view region) {
    const http::Answer answer = call("CreateKey", "{}", account, region);
    if (answer.status != 200) {
        throw std::runtime_error(answer.body);
    }
    return text_at(answer.body, "KeyMetadata.KeyId");
}

std::string Harness::arn(std::string_view id, std::string_view account) const {
    return key_arn("aws", kRegion, account, id);
}

void Harness::change_key(std::string_view id, const std::function<void(store::KeyRecord&)>& change) {
    std::mutex mutex;
    std::condition_variable wake;
    bool finished = false;
    store.submit(
        [&](store::Txn& txn) {
            auto row = txn.key(AccountId(kAccount), kRegion, KeyId(std::string(id)));
            change(**row);
            return txn.put(**std::move(row)).has_value();
        },
        [&](const Result<std::uint64_t>&) {
            const std::lock_guard lock(mutex);
            finished = true;
            wake.notify_one();
        });
    std::unique_lock lock(mutex);
    wake.wait(lock, [&] { return finished; });
}

std::string key_body(std::string_view id, std::string_view more) {
    return R"({"KeyId":")" + std::string(id) + "\"" + std::string(more) + "}";
}

std::string text_at(std::string_view json, std::string_view path) {
    const boost::json::value root = boost::json::parse(json);
    const boost::json::value* found = find_at(root, path);
    return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string{};
}

std::string json_at(std::string_view json, std::string_view path) {
    const boost::json::value root = boost::json::parse(json);
    const boost::json::value* found = find_at(root, path);
    return found != nullptr ? boost::json::serialize(*found) : std::string{};
}

}  // namespace claviger::kms::test
