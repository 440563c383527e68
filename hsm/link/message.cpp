#include "hsm/link/message.hpp"

namespace claviger::link {

namespace {

using Writer = WireWriter<WipedBuffer>;

constexpr std::size_t kMaxAccount = 12;
constexpr std::size_t kMaxKeyId = 64;
constexpr std::size_t kMaxWord = 32;  // KMS enumeration values
constexpr std::size_t kMaxChallenge = 512;
constexpr std::size_t kMaxSignature = 1024;
constexpr std::size_t kMaxPublicKey = 2048;

// The last Errc; a value above it comes from a peer we do not know.
constexpr auto kLastErrc = static_cast<std::uint8_t>(Errc::integrity);

void put(Writer& to, const KeyName& name) {
    to.raw_bytes(name.key_tag).raw_bytes(name.material);
}
void put(Writer& to, const KeyUse& key) {
    put(to, key.name);
    to.bytes(key.token);
}
void get(WireReader& from, KeyName& name) {
    name.key_tag = from.array<16>();
    name.material = from.array<16>();
}
void get(WireReader& from, KeyUse& key) {
    get(from, key.name);
    key.token = from.bytes(kMaxKeyToken);
}

// Each message: what is written, and how it is read back. false: the content is outside the message's rules.
void put(Writer& to, const EncryptRequest& m) {
    put(to, m.key);
    to.bytes(m.plaintext).bytes(m.context);
}
bool get(WireReader& from, EncryptRequest& m) {
    get(from, m.key);
    m.plaintext = from.bytes(kMaxPlaintext);
    m.context = from.bytes(kMaxContext);
    return !m.plaintext.empty();
}

void put(Writer& to, const DecryptRequest& m) {
    put(to, m.key);
    to.bytes(m.blob).bytes(m.context);
}
bool get(WireReader& from, DecryptRequest& m) {
    get(from, m.key);
    m.blob = from.bytes(kMaxBlob);
    m.context = from.bytes(kMaxContext);
    return true;
}

void put(Writer& to, const ReEncryptRequest& m) {
    put(to, m.source);
    to.bytes(m.blob).bytes(m.source_context);
    put(to, m.destination);
    to.bytes(m.destination_context);
}
bool get(WireReader& from, ReEncryptRequest& m) {
    get(from, m.source);
    m.blob = from.bytes(kMaxBlob);
    m.source_context = from.bytes(kMaxContext);
    get(from, m.destination);
    m.destination_context = from.bytes(kMaxContext);
    return true;
}

bool is_random_size(std::uint16_t size) noexcept {
    return size > 0 && size <= kMaxRandom;
}

void put(Writer& to, const GenerateDataKeyRequest& m) {
    put(to, m.key);
    to.number(m.size).number(static_cast<std::uint8_t>(m.with_plaintext ? 1 : 0)).bytes(m.context);
}
bool get(WireReader& from, GenerateDataKeyRequest& m) {
    get(from, m.key);
    m.size = from.number<std::uint16_t>();
    const auto with_plaintext = from.number<std::uint8_t>();
    m.with_plaintext = with_plaintext == 1;
    m.context = from.bytes(kMaxContext);
    return is_random_size(m.size) && with_plaintext <= 1;
}

void put(Writer& to, const RandomRequest& m) {
    to.number(m.size);
}
bool get(WireReader& from, RandomRequest& m) {
    m.size = from.number<std::uint16_t>();
    return is_random_size(m.size);
}

void put(Writer& to, const CreateKeyRequest& m) {
    to.text(m.account).text(m.key_id).raw_bytes(m.material_id).text(m.spec).text(m.usage).text(m.origin);
}
bool get(WireReader& from, CreateKeyRequest& m) {
    m.account = from.text(kMaxAccount);
    m.key_id = from.text(kMaxKeyId);
    m.material_id = from.array<32>();
    m.spec = from.text(kMaxWord);
    m.usage = from.text(kMaxWord);
    m.origin = from.text(kMaxWord);
    return !m.account.empty() && !m.key_id.empty() && !m.spec.empty() && !m.usage.empty() &&
           !m.origin.empty();
}

void put(Writer& to, const LoadKeyRequest& m) {
    put(to, m.key);
}
bool get(WireReader& from, LoadKeyRequest& m) {
    get(from, m.key);
    return !m.key.token.empty();
}

void put(Writer& to, const DestroyKeyRequest& m) {
    put(to, m.name);
}
bool get(WireReader& from, DestroyKeyRequest& m) {
    get(from, m.name);
    return true;
}

void put(Writer& to, const MacRequest& m) {
    put(to, m.key);
    to.bytes(m.message);
}
bool get(WireReader& from, MacRequest& m) {
    get(from, m.key);
    m.message = from.bytes(kMaxMessage);
    return !m.message.empty();
}

bool get(WireReader& from, Hash& hash) {
    const auto raw = from.number<std::uint8_t>();
    hash = static_cast<Hash>(raw);
    return raw >= static_cast<std::uint8_t>(Hash::sha1) && raw <= static_cast<std::uint8_t>(Hash::sha512);
}

void put(Writer& to, const SignRequest& m) {
    put(to, m.key);
    to.number(static_cast<std::uint8_t>(m.kind.scheme)).number(static_cast<std::uint8_t>(m.kind.hash));
    to.bytes(m.digest);
}
bool get(WireReader& from, SignRequest& m) {
    get(from, m.key);
    const auto scheme = from.number<std::uint8_t>();
    m.kind.scheme = static_cast<SignatureScheme>(scheme);
    const bool known = get(from, m.kind.hash) &&
                       scheme >= static_cast<std::uint8_t>(SignatureScheme::rsa_pkcs1) &&
                       scheme <= static_cast<std::uint8_t>(SignatureScheme::ecdsa);
    m.digest = from.bytes(kMaxDigest);
    return known && m.digest.size() == digest_size(m.kind.hash);
}

bool is_oaep(Hash hash) noexcept {
    return hash == Hash::sha1 || hash == Hash::sha256;
}

void put(Writer& to, const RsaDecryptRequest& m) {
    put(to, m.key);
    to.number(static_cast<std::uint8_t>(m.hash)).bytes(m.ciphertext);
}
bool get(WireReader& from, RsaDecryptRequest& m) {
    get(from, m.key);
    const bool known = get(from, m.hash) && is_oaep(m.hash);
    m.ciphertext = from.bytes(kMaxBlob);
    return known;
}

void put(Writer& to, const DeriveRequest& m) {
    put(to, m.key);
    to.bytes(m.peer);
}
bool get(WireReader& from, DeriveRequest& m) {
    get(from, m.key);
    m.peer = from.bytes(kMaxPeerKey);
    return !m.peer.empty();
}

void put(Writer& to, const GeneratePairRequest& m) {
    to.text(m.spec);
}
bool get(WireReader& from, GeneratePairRequest& m) {
    m.spec = from.text(kMaxWord);
    return !m.spec.empty();
}

void put(Writer& to, const ImportKeyRequest& m) {
    to.bytes(m.wrapping_token).number(static_cast<std::uint8_t>(m.envelope));
    to.number(static_cast<std::uint8_t>(m.hash)).bytes(m.wrapped).raw_bytes(m.id_key);
    to.text(m.account).text(m.key_id).text(m.spec).text(m.usage).text(m.origin);
}
bool get(WireReader& from, ImportKeyRequest& m) {
    m.wrapping_token = from.bytes(kMaxKeyToken);
    m.envelope = static_cast<Envelope>(from.number<std::uint8_t>());
    const bool known = get(from, m.hash) && is_oaep(m.hash) &&
                       (m.envelope == Envelope::oaep || m.envelope == Envelope::oaep_and_key_wrap);
    m.wrapped = from.bytes(kMaxBlob);
    m.id_key = from.array<32>();
    m.account = from.text(kMaxAccount);
    m.key_id = from.text(kMaxKeyId);
    m.spec = from.text(kMaxWord);
    m.usage = from.text(kMaxWord);
    m.origin = from.text(kMaxWord);
    return known && !m.wrapping_token.empty() && !m.wrapped.empty() && !m.account.empty() &&
           !m.key_id.empty() && !m.spec.empty() && !m.usage.empty() && !m.origin.empty();
}

void put(Writer& to, const ProveRequest& m) {
    to.bytes(m.challenge);
}
bool get(WireReader& from, ProveRequest& m) {
    m.challenge = from.bytes(kMaxChallenge);
    return !m.challenge.empty();
}

void put(Writer&, const CanaryRequest&) {}
bool get(WireReader&, CanaryRequest&) {
    return true;
}

void put(Writer& to, const BlobReply& m) {
    to.bytes(m.blob);
}
bool get(WireReader& from, BlobReply& m) {
    m.blob = from.bytes(kMaxBlob);
    return true;
}

void put(Writer& to, const PlaintextReply& m) {
    to.bytes(m.plaintext);
}
bool get(WireReader& from, PlaintextReply& m) {
    m.plaintext = from.bytes(kMaxBlob);
    return true;
}

void put(Writer& to, const DataKeyReply& m) {
    to.bytes(m.plaintext).bytes(m.blob);
}
bool get(WireReader& from, DataKeyReply& m) {
    m.plaintext = from.bytes(kMaxRandom);
    m.blob = from.bytes(kMaxBlob);
    return true;
}

void put(Writer& to, const KeyTokenReply& m) {
    to.bytes(m.token).bytes(m.public_key);
}
bool get(WireReader& from, KeyTokenReply& m) {
    m.token = from.bytes(kMaxKeyToken);
    m.public_key = from.bytes(kMaxPublicKey);
    return !m.token.empty();
}

void put(Writer& to, const ImportReply& m) {
    to.bytes(m.token).bytes(m.public_key);
}
bool get(WireReader& from, ImportReply& m) {
    m.token = from.bytes(kMaxKeyToken);
    m.public_key = from.bytes(kMaxPublicKey);
    return true;
}

void put(Writer& to, const KeyPairReply& m) {
    to.bytes(m.private_key).bytes(m.public_key);
}
bool get(WireReader& from, KeyPairReply& m) {
    m.private_key = from.bytes(kMaxPlaintext);
    m.public_key = from.bytes(kMaxPublicKey);
    return !m.private_key.empty() && !m.public_key.empty();
}

void put(Writer& to, const SignatureReply& m) {
    to.bytes(m.signature);
}
bool get(WireReader& from, SignatureReply& m) {
    m.signature = from.bytes(kMaxSignature);
    return true;
}

void put(Writer&, const EmptyReply&) {}
bool get(WireReader&, EmptyReply&) {
    return true;
}

void put(Writer& to, const ErrorReply& m) {
    to.number(static_cast<std::uint8_t>(m.code)).number(m.ckr).text(m.detail);
}
bool get(WireReader& from, ErrorReply& m) {
    const auto code = from.number<std::uint8_t>();
    m.code = static_cast<Errc>(code);
    m.ckr = from.number<std::uint64_t>();
    m.detail = from.text(kMaxDetail);
    return code <= kLastErrc;
}

}  // namespace

template <class Message>
void encode(WipedBuffer& to, const Message& message) {
    Writer writer(to);
    put(writer, message);
}

template <class Message>
std::optional<Message> decode(ByteView payload) {
    WireReader reader(payload);
    Message message;
    if (!get(reader, message) || !reader.at_end()) {
        return std::nullopt;
    }
    return message;
}

#define CLAVIGER_LINK_MESSAGE(Message)                           \
    template void encode<Message>(WipedBuffer&, const Message&); \
    template std::optional<Message> decode<Message>(ByteView);

CLAVIGER_LINK_MESSAGE(EncryptRequest)
CLAVIGER_LINK_MESSAGE(DecryptRequest)
CLAVIGER_LINK_MESSAGE(ReEncryptRequest)
CLAVIGER_LINK_MESSAGE(GenerateDataKeyRequest)
CLAVIGER_LINK_MESSAGE(RandomRequest)
CLAVIGER_LINK_MESSAGE(CreateKeyRequest)
CLAVIGER_LINK_MESSAGE(LoadKeyRequest)
CLAVIGER_LINK_MESSAGE(DestroyKeyRequest)
CLAVIGER_LINK_MESSAGE(ProveRequest)
CLAVIGER_LINK_MESSAGE(CanaryRequest)
CLAVIGER_LINK_MESSAGE(MacRequest)
CLAVIGER_LINK_MESSAGE(SignRequest)
CLAVIGER_LINK_MESSAGE(RsaDecryptRequest)
CLAVIGER_LINK_MESSAGE(DeriveRequest)
CLAVIGER_LINK_MESSAGE(GeneratePairRequest)
CLAVIGER_LINK_MESSAGE(ImportKeyRequest)
CLAVIGER_LINK_MESSAGE(BlobReply)
CLAVIGER_LINK_MESSAGE(PlaintextReply)
CLAVIGER_LINK_MESSAGE(DataKeyReply)
CLAVIGER_LINK_MESSAGE(KeyTokenReply)
CLAVIGER_LINK_MESSAGE(ImportReply)
CLAVIGER_LINK_MESSAGE(KeyPairReply)
CLAVIGER_LINK_MESSAGE(SignatureReply)
CLAVIGER_LINK_MESSAGE(EmptyReply)
CLAVIGER_LINK_MESSAGE(ErrorReply)

#undef CLAVIGER_LINK_MESSAGE

}  // namespace claviger::link
