// What the fake host answers, and its cryptography that is none.
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include <claviger/base/digest.hpp>

#include "hsm/link/blob.hpp"
#include "hsm/link/key_token.hpp"
#include "tests/support/fake_host.hpp"

namespace claviger::testing {

using link::WipedBuffer;
namespace control = link::control;
using Clock = std::chrono::steady_clock;

namespace {

std::array<std::byte, link::kGcmTag> fake_tag(const link::KeyName& name, ByteView plaintext,
                                              ByteView context) {
    Bytes all(name.key_tag.begin(), name.key_tag.end());
    append(all, name.material);
    append(all, plaintext);
    append(all, context);
    const Sha256Digest digest = sha256(all);
    std::array<std::byte, link::kGcmTag> tag;
    std::copy_n(digest.begin(), tag.size(), tag.begin());
    return tag;
}

Bytes fake_encrypt(const link::KeyName& name, ByteView plaintext, ByteView context) {
    const auto header = link::blob_header(name, 12);
    Bytes blob(header.begin(), header.end());
    blob.resize(blob.size() + 12);
    for (const std::byte b : plaintext) {
        blob.push_back(b ^ std::byte{0x5a});
    }
    append(blob, fake_tag(name, plaintext, context));
    return blob;
}

std::optional<Bytes> fake_decrypt(const link::KeyName& name, ByteView blob, ByteView context) {
    const auto view = link::parse_blob(blob);
    const bool same_iv =
        view && std::all_of(view->iv.begin(), view->iv.end(), [](std::byte b) { return b == std::byte{0}; });
    if (!same_iv || view->name != name) {
        return std::nullopt;
    }
    Bytes plaintext;
    for (const std::byte b : view->ciphertext) {
        plaintext.push_back(b ^ std::byte{0x5a});
    }
    const auto tag = fake_tag(name, plaintext, context);
    if (!std::equal(tag.begin(), tag.end(), view->sealed.end() - link::kGcmTag)) {
        return std::nullopt;
    }
    return plaintext;
}

Bytes sign(EVP_PKEY* key, ByteView message) {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
    std::size_t size = 0;
    if (EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key) != 1 ||
        EVP_DigestSign(context.get(), nullptr, &size, as_uchar(message), message.size()) != 1) {
        std::abort();
    }
    Bytes signature(size);
    if (EVP_DigestSign(context.get(), as_uchar_out(signature), &size, as_uchar(message), message.size()) !=
        1) {
        std::abort();
    }
    signature.resize(size);
    return signature;
}

}  // namespace

bool FakeHost::use_key(WipedBuffer& out, std::uint64_t id, const link::KeyUse& use) {
    if (!use.token.empty()) {
        const auto token = link::parse_key_token(use.token);
        if (!token || link::key_name(token->header) != use.name) {
            link::append_error(out, id, Error(Errc::integrity, "token of another key"));
            return false;
        }
        keys_.insert(use.name);
    }
    if (!keys_.contains(use.name)) {
        link::append_error(out, id, Error(Errc::key_not_loaded, "send the token"));
        return false;
    }
    return true;
}

void FakeHost::work(WipedBuffer& out, const link::FrameView& frame) {
    const std::lock_guard lock(mutex_);
    const auto operation = static_cast<link::Operation>(frame.code);
    ++served_[operation];
    const link::OperationRow* row = link::find_operation(operation);
    if (row == nullptr || (row->gate == link::Gate::admitted && !admitted_)) {
        link::append_error(out, frame.id, Error(Errc::not_admitted, "closed"));
        return;
    }
    if (frame.deadline != 0 && link::from_wire(frame.deadline) < Clock::now()) {
        link::append_error(out, frame.id, Error(Errc::deadline_exceeded, "too old"));
        return;
    }
    switch (operation) {
        case link::Operation::encrypt: {
            const auto request = *link::decode<link::EncryptRequest>(frame.payload);
            if (use_key(out, frame.id, request.key)) {
                const Bytes blob = fake_encrypt(request.key.name, request.plaintext, request.context);
                link::append_reply(out, frame.id, link::BlobReply{blob});
            }
            return;
        }
        case link::Operation::decrypt: {
            const auto request = *link::decode<link::DecryptRequest>(frame.payload);
            if (!use_key(out, frame.id, request.key)) {
                return;
            }
            const auto plaintext = fake_decrypt(request.key.name, request.blob, request.context);
            if (plaintext) {
                link::append_reply(out, frame.id, link::PlaintextReply{*plaintext});
            } else {
                link::append_error(out, frame.id, Error(Errc::data_invalid, "bad tag"));
            }
            return;
        }
        case link::Operation::re_encrypt: {
            const auto request = *link::decode<link::ReEncryptRequest>(frame.payload);
            if (!use_key(out, frame.id, request.source) || !use_key(out, frame.id, request.destination)) {
                return;
            }
            const auto plaintext = fake_decrypt(request.source.name, request.blob, request.source_context);
            if (plaintext) {
                const Bytes blob =
                    fake_encrypt(request.destination.name, *plaintext, request.destination_context);
                link::append_reply(out, frame.id, link::BlobReply{blob});
            } else {
                link::append_error(out, frame.id, Error(Errc::data_invalid, "bad tag"));
            }
            return;
        }
        case link::Operation::generate_data_key: {
            const auto request = *link::decode<link::GenerateDataKeyRequest>(frame.payload);
            if (use_key(out, frame.id, request.key)) {
                const Bytes plaintext(request.size, std::byte{0x33});
                const Bytes blob = fake_encrypt(request.key.name, plaintext, request.context);
                const ByteView shown = request.with_plaintext ? ByteView(plaintext) : ByteView{};
                link::append_reply(out, frame.id, link::DataKeyReply{shown, blob});
            }
            return;
        }
        case link::Operation::random: {
            const Bytes plaintext(link::decode<link::RandomRequest>(frame.payload)->size, std::byte{0x44});
            link::append_reply(out, frame.id, link::PlaintextReply{plaintext});
            return;
        }
        case link::Operation::create_key: {
            const auto request = *link::decode<link::CreateKeyRequest>(frame.payload);
            const Bytes material(40, std::byte{0x77});
            link::KeyToken token;
            token.header = {.cluster_id = "cluster-fake",
                            .cwk_generation = 1,
                            .wrap_algorithm = link::kWrapRfc5649,
                            .account = request.account,
                            .key_id = request.key_id,
                            .material_id = request.material_id,
                            .origin = request.origin,
                            .spec = request.spec,
                            .usage = request.usage,
                            .public_key = {},
                            .check_value = {}};
            token.wrapped = material;
            const std::optional<Bytes> encoded = link::encode_key_token(token);
            if (encoded) {
                link::append_reply(out, frame.id, link::KeyTokenReply{*encoded, {}});
            } else {
                link::append_error(out, frame.id, Error(Errc::unsupported, "no such key"));
            }
            return;
        }
        case link::Operation::load_key: {
            const auto request = *link::decode<link::LoadKeyRequest>(frame.payload);
            if (use_key(out, frame.id, request.key)) {
                link::append_reply(out, frame.id, link::EmptyReply{});
            }
            return;
        }
        case link::Operation::destroy_key:
            keys_.erase(link::decode<link::DestroyKeyRequest>(frame.payload)->name);
            link::append_reply(out, frame.id, link::EmptyReply{});
            return;
        case link::Operation::prove: {
            const auto request = *link::decode<link::ProveRequest>(frame.payload);
            const Bytes signature = sign(options_.identity, request.challenge);
            link::append_reply(out, frame.id, link::SignatureReply{signature});
            return;
        }
        case link::Operation::mac: {
            const auto request = *link::decode<link::MacRequest>(frame.payload);
            if (use_key(out, frame.id, request.key)) {
                const Sha256Digest mac = sha256(request.message);
                link::append_reply(out, frame.id, link::SignatureReply{mac});
            }
            return;
        }
        case link::Operation::sign: {
            const auto request = *link::decode<link::SignRequest>(frame.payload);
            if (use_key(out, frame.id, request.key)) {
                link::append_reply(out, frame.id, link::SignatureReply{request.digest});
            }
            return;
        }
        case link::Operation::rsa_decrypt:
        case link::Operation::derive:
        case link::Operation::generate_pair:
        case link::Operation::import_key:
            link::append_error(out, frame.id, Error(Errc::unsupported, "not faked"));
            return;
        case link::Operation::canary: link::append_reply(out, frame.id, link::EmptyReply{}); return;
    }
}

void FakeHost::answer_control(WipedBuffer& out, const link::FrameView& frame) {
    const std::lock_guard lock(mutex_);
    const auto operation = static_cast<control::Operation>(frame.code);
    ++asked_[operation];
    const auto refusal = options_.refusals.find(operation);
    if (refusal != options_.refusals.end()) {
        link::append_error(out, frame.id, Error(refusal->second, "ordered"));
    } else if (operation == control::Operation::status) {
        control::Status status;
        status.serial = options_.serial;
        status.certificate = options_.certificate;
        status.process = static_cast<std::uint64_t>(::getpid());
        status.has_pin = true;
        status.counters.keys_loaded = keys_.size();
        control::append_reply(out, frame.id, status);
    } else if (operation == control::Operation::check_cluster) {
        const auto request = control::decode<control::CheckCluster>(frame.payload);
        if (request && request->check_token == options_.check_token) {
            control::append_reply(out, frame.id, control::Empty{});
        } else {
            link::append_error(out, frame.id, Error(Errc::data_invalid, "not our wrapping key"));
        }
    } else if (operation == control::Operation::list_objects) {
        control::append_reply(out, frame.id, control::ObjectList{});
    } else {
        admitted_ =
            operation == control::Operation::admit || (admitted_ && operation != control::Operation::refuse);
        control::append_reply(out, frame.id, control::Empty{});
    }
}

Bytes fake_key_token(std::string_view account, std::string_view key_id, std::byte material) {
    const Bytes wrapped(40, material);
    link::KeyToken token;
    token.header.cluster_id = "cluster-fake";
    token.header.cwk_generation = 1;
    token.header.wrap_algorithm = link::kWrapRfc5649;
    token.header.account = account;
    token.header.key_id = key_id;
    token.header.material_id.fill(material);
    token.header.origin = "AWS_KMS";
    token.header.spec = "SYMMETRIC_DEFAULT";
    token.header.usage = "ENCRYPT_DECRYPT";
    token.wrapped = wrapped;
    std::optional<Bytes> encoded = link::encode_key_token(token);
    if (!encoded) {
        std::abort();
    }
    return *std::move(encoded);
}

}  // namespace claviger::testing
