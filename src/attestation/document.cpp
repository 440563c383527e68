#include "src/attestation/document.hpp"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include <array>
#include <optional>
#include <set>
#include <vector>

#include <claviger/base/deleter.hpp>

#include "src/attestation/cbor.hpp"

namespace claviger::attestation {
namespace {

struct StackFree {
    void operator()(STACK_OF(X509) * stack) const noexcept { sk_X509_pop_free(stack, X509_free); }
};
using Bio = std::unique_ptr<BIO, Deleter<BIO_free>>;
using Certificate = std::unique_ptr<X509, Deleter<X509_free>>;
using Certificates = std::unique_ptr<STACK_OF(X509), StackFree>;
using StoreContext = std::unique_ptr<X509_STORE_CTX, Deleter<X509_STORE_CTX_free>>;

constexpr std::uint64_t kCoseSign1 = 18;  // the tag, which may be left out
constexpr std::uint64_t kAlgorithmHeader = 1;
constexpr std::uint64_t kEs384 = 34;  // -35 is stored as 34
constexpr std::size_t kSignatureSize = 96;
constexpr std::size_t kLargestCertificate = 8192;
constexpr std::size_t kLargestBundle = 8;
constexpr int kDeepestChain = 8;
constexpr std::uint64_t kPcrs = 32;

Error bad(std::string_view why) {
    return Error(Errc::data_invalid, "attestation document: " + std::string(why));
}

struct Signed {
    ByteView protected_header;
    ByteView payload;
    ByteView signature;
};

// The payload as it stands; views into the document.
struct Claims {
    std::string_view module_id;
    std::string_view digest;
    std::optional<std::uint64_t> timestamp;
    std::optional<Pcrs> pcrs;
    std::optional<Pcrs> nitrotpm_pcrs;
    ByteView certificate;
    std::vector<ByteView> bundle;  // root first
    ByteView public_key;
};

std::optional<Signed> read_signed(ByteView document) {
    CborReader in(document);
    if (const auto tag = in.take_tag(); tag && *tag != kCoseSign1) {
        return std::nullopt;
    }
    if (in.take_array() != 4) {
        return std::nullopt;
    }
    const auto header = in.take_bytes();
    const auto unprotected = header ? in.take_map() : std::nullopt;
    if (unprotected != 0) {
        return std::nullopt;
    }
    const auto payload = in.take_bytes();
    const auto signature = payload ? in.take_bytes() : std::nullopt;
    if (!signature || signature->size() != kSignatureSize || !in.at_end()) {
        return std::nullopt;
    }
    return Signed{*header, *payload, *signature};
}

bool is_es384(ByteView header) {
    CborReader in(header);
    return in.take_map() == 1 && in.take_number() == kAlgorithmHeader && in.take_negative() == kEs384 &&
           in.at_end();
}

std::optional<Pcrs> read_pcrs(CborReader& in) {
    const auto count = in.take_map();
    if (!count || *count == 0 || *count > kPcrs) {
        return std::nullopt;
    }
    Pcrs out;
    for (std::uint64_t i = 0; i < *count; ++i) {
        const auto index = in.take_number();
        const auto value = index ? in.take_bytes() : std::nullopt;
        if (!value || *index >= kPcrs ||
            (value->size() != 32 && value->size() != 48 && value->size() != 64) ||
            !out.emplace(static_cast<unsigned>(*index), to_bytes(*value)).second) {
            return std::nullopt;
        }
    }
    return out;
}

bool read_certificate(CborReader& in, ByteView& to) {
    const auto bytes = in.take_bytes();
    if (!bytes || bytes->empty() || bytes->size() > kLargestCertificate) {
        return false;
    }
    to = *bytes;
    return true;
}

bool read_bundle(CborReader& in, std::vector<ByteView>& to) {
    const auto count = in.take_array();
    if (!count || *count == 0 || *count > kLargestBundle) {
        return false;
    }
    to.resize(*count);
    for (ByteView& certificate : to) {
        if (!read_certificate(in, certificate)) {
            return false;
        }
    }
    return true;
}

bool read_claim(std::string_view name, CborReader& in, Claims& to) {
    if (name == "module_id" || name == "digest") {
        const auto text = in.take_text();
        (name == "digest" ? to.digest : to.module_id) = text.value_or("");
        return text.has_value();
    }
    if (name == "timestamp") {
        return (to.timestamp = in.take_number()).has_value();
    }
    if (name == "pcrs") {
        return (to.pcrs = read_pcrs(in)).has_value();
    }
    if (name == "nitrotpm_pcrs") {
        return (to.nitrotpm_pcrs = read_pcrs(in)).has_value();
    }
    if (name == "certificate") {
        return read_certificate(in, to.certificate);
    }
    if (name == "cabundle") {
        return read_bundle(in, to.bundle);
    }
    if (name == "public_key" && !in.take_null()) {
        const auto key = in.take_bytes();
        to.public_key = key.value_or(ByteView());
        return key.has_value();
    }
    return name == "public_key" || in.skip();  // user_data and nonce are the caller's own affair
}

std::optional<Claims> read_claims(ByteView payload) {
    CborReader in(payload);
    const auto count = in.take_map();
    if (!count) {
        return std::nullopt;
    }
    Claims out;
    std::set<std::string_view> seen;
    for (std::uint64_t i = 0; i < *count; ++i) {
        const auto name = in.take_text();
        if (!name || !seen.insert(*name).second || !read_claim(*name, in, out)) {
            return std::nullopt;
        }
    }
    const bool whole = in.at_end() && !out.module_id.empty() && out.digest == "SHA384" && out.timestamp &&
                       (out.pcrs || out.nitrotpm_pcrs) && !out.certificate.empty() && !out.bundle.empty();
    return whole ? std::optional(std::move(out)) : std::nullopt;
}

Certificate parse(ByteView der) {
    const unsigned char* at = as_uchar(der);
    Certificate out(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
    return at == as_uchar(der) + der.size() ? std::move(out) : nullptr;
}

// The document's certificate, once its chain to a root holds.
Result<Certificate> trusted_leaf(x509_store_st* roots, const Claims& claims, WallTime now) {
    Certificate leaf = parse(claims.certificate);
    const Certificates between(sk_X509_new_null());
    for (const ByteView der : claims.bundle) {
        Certificate one = parse(der);
        if (!one || !between || sk_X509_push(between.get(), one.get()) <= 0) {
            return bad("a certificate of its bundle does not parse");
        }
        static_cast<void>(one.release());  // the stack's now
    }
    const StoreContext context(X509_STORE_CTX_new());
    if (!leaf || !context || X509_STORE_CTX_init(context.get(), roots, leaf.get(), between.get()) != 1) {
        return bad("its certificate does not parse");
    }
    X509_VERIFY_PARAM* const rules = X509_STORE_CTX_get0_param(context.get());
    X509_VERIFY_PARAM_set_time(rules, std::chrono::system_clock::to_time_t(now));
    X509_VERIFY_PARAM_set_depth(rules, kDeepestChain);
    if (X509_verify_cert(context.get()) != 1) {
        const int why = X509_STORE_CTX_get_error(context.get());
        return bad(std::string("its certificate does not lead to a configured root: ") +
                   X509_verify_cert_error_string(why));
    }
    return leaf;
}

// Sig_structure of RFC 9052 section 4.4.
bool signature_holds(const Signed& document, const Certificate& leaf) {
    Bytes covered;
    append_cbor_head(covered, CborType::array, 4);
    append_cbor_text(covered, "Signature1");
    append_cbor_bytes(covered, document.protected_header);
    append_cbor_bytes(covered, {});
    append_cbor_bytes(covered, document.payload);
    EVP_PKEY* const borrowed = X509_get0_pubkey(leaf.get());
    if (borrowed == nullptr || EVP_PKEY_up_ref(borrowed) != 1) {
        return false;
    }
    const PublicKey key(borrowed);
    const Result<Bytes> signature = ecdsa_to_der(document.signature);
    std::array<std::byte, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    return ec_curve(key) == "secp384r1" && signature &&
           EVP_Digest(covered.data(), covered.size(), as_uchar_out(digest), &size, EVP_sha384(), nullptr) ==
               1 &&
           verifies(key, {SignatureScheme::ecdsa, Hash::sha384}, ByteView(digest).first(size), *signature);
}

Result<PublicKey> recipient_of(const Claims& claims) {
    if (claims.public_key.empty()) {
        return bad("it has no public key");
    }
    Result<PublicKey> key = parse_public_key(claims.public_key);
    if (!key || EVP_PKEY_get_base_id(key->get()) != EVP_PKEY_RSA || EVP_PKEY_get_bits(key->get()) < 2048 ||
        EVP_PKEY_get_bits(key->get()) > 4096) {
        return bad("its public key is not RSA with 2048 to 4096 bits");
    }
    return key;
}

}  // namespace

void Verifier::Free::operator()(x509_store_st* store) const noexcept {
    X509_STORE_free(store);
}

Result<Verifier> Verifier::from_pem(std::string_view roots) {
    std::unique_ptr<x509_store_st, Free> store(X509_STORE_new());
    const Bio in(BIO_new_mem_buf(roots.data(), static_cast<int>(roots.size())));
    if (!store || !in) {
        return Error(Errc::internal, "attestation roots: no memory");
    }
    ERR_clear_error();
    std::size_t count = 0;
    while (const Certificate one{PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr)}) {
        ++count;
        if (X509_STORE_add_cert(store.get(), one.get()) != 1) {
            return Error(Errc::internal, "certificate " + std::to_string(count) + " cannot be added");
        }
    }
    const unsigned long why = ERR_peek_last_error();
    ERR_clear_error();
    if (ERR_GET_LIB(why) != ERR_LIB_PEM || ERR_GET_REASON(why) != PEM_R_NO_START_LINE) {
        return Error(Errc::bad_config, "certificate " + std::to_string(count + 1) + " does not parse");
    }
    if (count == 0) {
        return Error(Errc::bad_config, "no certificate in PEM form");
    }
    return Verifier(std::move(store));
}

Result<Document> Verifier::verify(ByteView document, WallTime now) const {
    const std::optional<Signed> parts = read_signed(document);
    if (!parts || !is_es384(parts->protected_header)) {
        return bad("not a COSE_Sign1 with ES384");
    }
    std::optional<Claims> claims = read_claims(parts->payload);
    if (!claims) {
        return bad("its payload is not that of an attestation document");
    }
    const Result<Certificate> leaf = trusted_leaf(roots_.get(), *claims, now);
    if (!leaf) {
        return leaf.error();
    }
    if (!signature_holds(*parts, *leaf)) {
        return bad("its signature is not by its certificate");
    }
    Result<PublicKey> recipient = recipient_of(*claims);
    if (!recipient) {
        return recipient.error();
    }
    return Document{std::string(claims->module_id), std::move(claims->pcrs).value_or(Pcrs()),
                    std::move(claims->nitrotpm_pcrs).value_or(Pcrs()), *std::move(recipient)};
}

}  // namespace claviger::attestation
