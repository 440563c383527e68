// Client's operations: a request message, what its reply must look like, and one run of it.
#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "cluster/client.hpp"
#include "hsm/link/blob.hpp"
#include "hsm/link/key_token.hpp"
#include "hsm/link/message.hpp"

namespace claviger::cluster {
namespace {

link::KeyName link_name(const KeyMaterial& key) noexcept {
    return cluster::link_name(key.name());
}

// Replies are checked against their request: a host that mixes them up must not be believed.
bool is_blob_of(ByteView blob, const link::KeyName& name) noexcept {
    const std::optional<link::BlobView> view = link::parse_blob(blob);
    return view && view->name == name;
}

struct BlobOutput {
    link::KeyName name;
    Bytes blob;
    static bool accept(void* output, ByteView payload) {
        auto& self = *static_cast<BlobOutput*>(output);
        const auto reply = link::decode<link::BlobReply>(payload);
        if (!reply || !is_blob_of(reply->blob, self.name)) {
            return false;
        }
        self.blob = to_bytes(reply->blob);
        return true;
    }
};

struct PlaintextOutput {
    std::size_t size;  // the only size that is right, or npos
    SecretBytes plaintext;
    static constexpr std::size_t kAny = static_cast<std::size_t>(-1);
    static bool accept(void* output, ByteView payload) {
        auto& self = *static_cast<PlaintextOutput*>(output);
        const auto reply = link::decode<link::PlaintextReply>(payload);
        if (!reply || (self.size != kAny && reply->plaintext.size() != self.size)) {
            return false;
        }
        self.plaintext = SecretBytes(reply->plaintext);
        return true;
    }
};

struct DataKeyOutput {
    link::KeyName name;
    std::size_t size;  // of the plaintext; 0 if it was not asked for
    DataKey key;
    static bool accept(void* output, ByteView payload) {
        auto& self = *static_cast<DataKeyOutput*>(output);
        const auto reply = link::decode<link::DataKeyReply>(payload);
        if (!reply || reply->plaintext.size() != self.size || !is_blob_of(reply->blob, self.name)) {
            return false;
        }
        self.key.plaintext = SecretBytes(reply->plaintext);
        self.key.blob = to_bytes(reply->blob);
        return true;
    }
};

struct SignatureOutput {
    Bytes signature;
    static bool accept(void* output, ByteView payload) {
        auto& self = *static_cast<SignatureOutput*>(output);
        const auto reply = link::decode<link::SignatureReply>(payload);
        if (!reply || reply->signature.empty()) {
            return false;
        }
        self.signature = to_bytes(reply->signature);
        return true;
    }
};

struct KeyPairOutput {
    KeyPair pair;
    static bool accept(void* output, ByteView payload) {
        auto& self = *static_cast<KeyPairOutput*>(output);
        const auto reply = link::decode<link::KeyPairReply>(payload);
        if (!reply) {
            return false;
        }
        self.pair.private_key = SecretBytes(reply->private_key);
        self.pair.public_key = to_bytes(reply->public_key);
        return true;
    }
};

// The reply's key token is of the key that was asked for. Of an imported key the token says the material id.
bool is_token_of(const link::KeyTokenHeader& header, const NewKeyIdentity& wanted) {
    return header.account == wanted.account && header.key_id == wanted.key_id && header.spec == wanted.spec &&
           header.usage == wanted.usage && header.origin == wanted.origin;
}

struct NewKeyOutput {
    const NewKeyIdentity& identity;
    NewKey key;
    std::shared_ptr<const KeyMaterial> material;

    static bool accept(void* output, ByteView payload) {
        auto& self = *static_cast<NewKeyOutput*>(output);
        const auto reply = link::decode<link::KeyTokenReply>(payload);
        const auto token = reply ? link::parse_key_token(reply->token) : std::nullopt;
        return token && token->header.material_id == self.identity.material_id &&
               self.take(token->header, reply->token, reply->public_key);
    }
    static bool accept_imported(void* output, ByteView payload) {
        auto& self = *static_cast<NewKeyOutput*>(output);
        const auto reply = link::decode<link::ImportReply>(payload);
        if (reply && reply->token.empty()) {
            return true;
        }
        const auto token = reply ? link::parse_key_token(reply->token) : std::nullopt;
        return token && self.take(token->header, reply->token, reply->public_key);
    }

private:
    bool take(const link::KeyTokenHeader& header, ByteView token, ByteView public_key) {
        if (!is_token_of(header, identity)) {
            return false;
        }
        Result<std::shared_ptr<const KeyMaterial>> parsed = KeyMaterial::parse(to_bytes(token));
        if (!parsed) {
            return false;
        }
        material = std::move(*parsed);
        key.token = to_bytes(token);
        key.public_key = to_bytes(public_key);
        return true;
    }
};

bool accept_empty(void*, ByteView payload) {
    return link::decode<link::EmptyReply>(payload).has_value();
}

class ClientImpl final : public Client {
public:
    explicit ClientImpl(std::shared_ptr<ClientCore> core) : core_(std::move(core)) {}
    ~ClientImpl() override { core_->close(); }

    boost::asio::awaitable<Result<Bytes>> encrypt(const KeyMaterial& key, ByteView plaintext,
                                                  ByteView context, MonoTime deadline) override {
        link::EncryptRequest request{{link_name(key), {}}, plaintext, context};
        BlobOutput output{request.key.name, {}};
        Work work(link::Operation::encrypt, Encoder(request), deadline);
        work.keys[0] = &key;
        work.uses[0] = &request.key;
        work.accept = &BlobOutput::accept;
        work.output = &output;
        const Status<> ran = co_await core_->run(work);
        if (!ran) {
            co_return ran.error();
        }
        co_return std::move(output.blob);
    }

    boost::asio::awaitable<Result<SecretBytes>> decrypt(const KeyMaterial& key, ByteView blob,
                                                        ByteView context, MonoTime deadline) override {
        link::DecryptRequest request{{link_name(key), {}}, blob, context};
        PlaintextOutput output{PlaintextOutput::kAny, {}};
        Work work(link::Operation::decrypt, Encoder(request), deadline);
        work.keys[0] = &key;
        work.uses[0] = &request.key;
        work.accept = &PlaintextOutput::accept;
        work.output = &output;
        const Status<> ran = co_await core_->run(work);
        if (!ran) {
            co_return ran.error();
        }
        co_return std::move(output.plaintext);
    }

    boost::asio::awaitable<Result<Bytes>> re_encrypt(const KeyMaterial& source, ByteView blob,
                                                     ByteView source_context, const KeyMaterial& destination,
                                                     ByteView destination_context,
                                                     MonoTime deadline) override {
        link::ReEncryptRequest request{
            {link_name(source), {}}, blob, source_context, {link_name(destination), {}}, destination_context};
        BlobOutput output{request.destination.name, {}};
        Work work(link::Operation::re_encrypt, Encoder(request), deadline);
        work.keys = {&source, &destination};
        work.uses = {&request.source, &request.destination};
        work.accept = &BlobOutput::accept;
        work.output = &output;
        const Status<> ran = co_await core_->run(work);
        if (!ran) {
            co_return ran.error();
        }
        co_return std::move(output.blob);
    }

    boost::asio::awaitable<Result<DataKey>> generate_data_key(const KeyMaterial& key, std::uint16_t size,
                                                              Plaintext want, ByteView context,
                                                              MonoTime deadline) override {
        const bool wanted = want == Plaintext::include;
        link::GenerateDataKeyRequest request{{link_name(key), {}}, size, wanted, context};
        DataKeyOutput output{request.key.name, wanted ? size : std::size_t{0}, {}};
        Work work(link::Operation::generate_data_key, Encoder(request), deadline);
        work.keys[0] = &key;
        work.uses[0] = &request.key;
        work.accept = &DataKeyOutput::accept;
        work.output = &output;
        const Status<> ran = co_await core_->run(work);
        if (!ran) {
            co_return ran.error();
        }
        co_return std::move(output.key);
    }

    boost::asio::awaitable<Result<SecretBytes>> random(std::uint16_t size, MonoTime deadline) override {
        const link::RandomRequest request{size};
        PlaintextOutput output{size, {}};
        Work work(link::Operation::random, Encoder(request), deadline);
        work.accept = &PlaintextOutput::accept;
        work.output = &output;
        const Status<> ran = co_await core_->run(work);
        if (!ran) {
            co_return ran.error();
        }
        co_return std::move(output.plaintext);
    }

    boost::asio::awaitable<Result<Bytes>> mac(const KeyMaterial& key, ByteView message,
                                              MonoTime deadline) override {
        link::MacRequest request{{link_name(key), {}}, message};
        SignatureOutput output;
        Work work(link::Operation::mac, Encoder(request), deadline);
        const Status<> ran = co_await run_with_key(work, key, request.key, output);
        if (!ran) {
            co_return ran.error();
        }
        co_return std::move(output.signature);
    }

    boost::asio::awaitable<Result<Bytes>> sign(const KeyMaterial& key, SignatureKind kind, ByteView digest,
                                               MonoTime deadline) override {
        link::SignRequest request{{link_name(key), {}}, kind, digest};
        SignatureOutput output;
        Work work(link::Operation::sign, Encoder(request), deadline);
        const Status<> ran = co_await run_with_key(work, key, request.key, output);
        if (!ran) {
            co_return ran.error();
        }
        co_return std::move(output.signature);
    }

    boost::asio::awaitable<Result<SecretBytes>> rsa_decrypt(const KeyMaterial& key, Hash hash,
                                                            ByteView ciphertext, MonoTime deadline) override {
        link::RsaDecryptRequest request{{link_name(key), {}}, hash, ciphertext};
        PlaintextOutput output{PlaintextOutput::kAny, {}};
        Work work(link::Operation::rsa_decrypt, Encoder(request), deadline);
        const Status<> ran = co_await run_with_key(work, key, request.key, output);
        if (!ran) {
            co_return ran.error();
        }
        co_return std::move(output.plaintext);
    }

    boost::asio::awaitable<Result<SecretBytes>> derive(const KeyMaterial& key, ByteView peer,
                                                       MonoTime deadline) override {
        link::DeriveRequest request{{link_name(key), {}}, peer};
        PlaintextOutput output{PlaintextOutput::kAny, {}};
        Work work(link::Operation::derive, Encoder(request), deadline);
        const Status<> ran = co_await run_with_key(work, key, request.key, output);
        if (!ran) {
            co_return ran.error();
        }
        co_return std::move(output.plaintext);
    }

    boost::asio::awaitable<Result<KeyPair>> generate_pair(std::string_view spec, MonoTime deadline) override {
        const link::GeneratePairRequest request{spec};
        KeyPairOutput output;
        Work work(link::Operation::generate_pair, Encoder(request), deadline);
        work.accept = &KeyPairOutput::accept;
        work.output = &output;
        const Status<> ran = co_await core_->run(work);
        if (!ran) {
            co_return ran.error();
        }
        co_return std::move(output.pair);
    }

    boost::asio::awaitable<Result<NewKey>> create_key(const NewKeyIdentity& identity,
                                                      MonoTime deadline) override {
        const link::CreateKeyRequest request{identity.account, identity.key_id, identity.material_id,
                                             identity.spec,    identity.usage,  identity.origin};
        NewKeyOutput output{identity, {}, nullptr};
        Work work(link::Operation::create_key, Encoder(request), deadline);
        work.accept = &NewKeyOutput::accept;
        work.output = &output;
        const Status<> made = co_await core_->run(work);
        if (!made) {
            co_return made.error();
        }
        const Status<> good = co_await verify_elsewhere(*output.material, work.taken_by, deadline);
        if (!good) {
            co_return good.error();
        }
        co_return std::move(output.key);
    }

    boost::asio::awaitable<Result<NewKey>> import_key(const NewKeyIdentity& identity,
                                                      const WrappedMaterial& material,
                                                      MonoTime deadline) override {
        const link::ImportKeyRequest request{
            material.wrapping_token,
            material.envelope == Envelope::oaep ? link::Envelope::oaep : link::Envelope::oaep_and_key_wrap,
            material.hash,
            material.bytes,
            material.id_key,
            identity.account,
            identity.key_id,
            identity.spec,
            identity.usage,
            identity.origin};
        NewKeyOutput output{identity, {}, nullptr};
        Work work(link::Operation::import_key, Encoder(request), deadline);
        work.accept = &NewKeyOutput::accept_imported;
        work.output = &output;
        const Status<> made = co_await core_->run(work);
        if (!made) {
            co_return made.error();
        }
        if (output.material != nullptr) {
            const Status<> good = co_await verify_elsewhere(*output.material, work.taken_by, deadline);
            if (!good) {
                co_return good.error();
            }
        }
        co_return std::move(output.key);
    }

    boost::asio::awaitable<Status<>> destroy_key(const KeyMaterial& key, MonoTime deadline) override {
        const link::DestroyKeyRequest request{link_name(key)};
        Status<> outcome = done;
        for (std::uint32_t left = core_->reachable(); left != 0; left &= left - 1) {
            Work work(link::Operation::destroy_key, Encoder(request), deadline);
            work.accept = &accept_empty;
            work.among = left & (~left + 1);
            const Status<> ran = co_await core_->run(work);
            if (!ran && ran.error().code != Errc::key_not_loaded) {
                outcome = ran.error();
            }
        }
        co_return outcome;
    }

private:
    // Verified on a second HSM, of another zone if there is one, so that a key that only its maker can open
    // is never promised to anybody. Members that are absent or late are passed over; the word of one that
    // found the key bad is not outvoted by the maker.
    boost::asio::awaitable<Status<>> verify_elsewhere(const KeyMaterial& material, std::uint32_t maker,
                                                      MonoTime deadline) {
        Error last(Errc::no_hsm, "no HSM could verify the new key");
        for (const std::uint32_t among : verifiers(maker)) {
            link::LoadKeyRequest load{{link_name(material), material.token()}};
            Work verify(link::Operation::load_key, Encoder(load), deadline);
            verify.accept = &accept_empty;
            verify.among = among;
            const Status<> loaded = co_await core_->run(verify);
            if (loaded) {
                if (core_->key_objects() == KeyObjects::token) {
                    co_await place_beside(material, verify.taken_by, deadline);
                }
                co_return done;
            }
            last = loaded.error();
            if (verify.key_doubted) {
                co_return Error(Errc::key_fault, "a second HSM cannot use the new key: " + last.detail);
            }
        }
        co_return last;
    }

    // One run with the one key that `use` names in the request.
    template <class Output>
    boost::asio::awaitable<Status<>> run_with_key(Work& work, const KeyMaterial& key, link::KeyUse& use,
                                                  Output& output) {
        work.keys[0] = &key;
        work.uses[0] = &use;
        work.accept = &Output::accept;
        work.output = &output;
        return core_->run(work);
    }

    // On every other HSM that is fit: the key is safe without it, and what fails here is repaired later.
    boost::asio::awaitable<void> place_beside(const KeyMaterial& key, std::uint32_t holder,
                                              MonoTime deadline) {
        const link::LoadKeyRequest load{{link_name(key), key.token()}};
        for (std::uint32_t left = core_->reachable() & ~(1u << holder); left != 0; left &= left - 1) {
            if (core_->member(static_cast<std::uint32_t>(std::countr_zero(left)))->breaker.open()) {
                continue;
            }
            Work work(link::Operation::load_key, Encoder(load), deadline);
            work.accept = &accept_empty;
            work.among = left & (~left + 1);
            const Status<> ignored = co_await core_->run(work);
            static_cast<void>(ignored);
        }
    }

    // Groups of members to ask in this order: another zone, any other, the maker itself if it is alone.
    std::vector<std::uint32_t> verifiers(std::uint32_t maker) const {
        const std::uint32_t others = core_->reachable() & ~(1u << maker);
        std::uint32_t elsewhere = 0;
        std::uint32_t suspects = 0;
        for (std::uint32_t left = others; left != 0; left &= left - 1) {
            const auto index = static_cast<std::uint32_t>(std::countr_zero(left));
            if (core_->member(index)->breaker.open()) {
                suspects |= 1u << index;
            } else if (core_->member(index)->options().zone != core_->member(maker)->options().zone) {
                elsewhere |= 1u << index;
            }
        }
        std::vector<std::uint32_t> groups;
        for (const std::uint32_t group : {elsewhere, others & ~elsewhere & ~suspects, 1u << maker}) {
            if (group != 0) {
                groups.push_back(group);
            }
        }
        return groups;
    }

    std::shared_ptr<ClientCore> core_;
};

}  // namespace

std::unique_ptr<Client> make_client(boost::asio::io_context& io, Board& board, const Clock& clock,
                                    const ClientOptions& options) {
    auto core = std::make_shared<ClientCore>(io, board, clock, options);
    core->open();
    return std::make_unique<ClientImpl>(std::move(core));
}

}  // namespace claviger::cluster
