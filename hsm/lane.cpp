#include <algorithm>
#include <cstring>

#include "hsm/check_value.hpp"
#include "hsm/gcm.hpp"
#include "hsm/handles.hpp"
#include "hsm/nonce.hpp"
#include "hsm/repeat.hpp"
#include "hsm/state.hpp"

namespace claviger::hsm {
namespace {

constexpr std::size_t kRandomBatch = 8192;
constexpr std::size_t kAadRoom = link::kBlobHeader + link::kMaxContext;

static_assert(Lane::blob_size(1) == 1 + link::kBlobHeader + kGcmIv + link::kGcmTag);

bool is_key_fault(CK_RV rv) {
    return rv != CKR_OK && classify(rv).scope == FaultScope::key;
}

}  // namespace

Lane::Lane(Token& token)
    : token_(token), aad_(kAadRoom), random_batch_(kRandomBatch), random_used_(kRandomBatch) {}

Lane::~Lane() {
    if (session_ != CK_INVALID_HANDLE) {
        token_.state().p11->C_CloseSession(session_);
    }
}

Status<> Lane::renew_session() {
    Token::State& token = token_.state();
    if (session_ != CK_INVALID_HANDLE) {
        token.p11->C_CloseSession(session_);
        session_ = CK_INVALID_HANDLE;
    }
    const auto opened = open_session(token.p11, token.slot);
    if (!opened) {
        return opened.error();
    }
    session_ = *opened;
    ++counters_.sessions_opened;
    return done;
}

Status<> Lane::refill_random() {
    Token::State& token = token_.state();
    const std::span<std::byte> batch = random_batch_.reveal_mutable(SecretAccess());
    CK_RV rv = token.p11->C_GenerateRandom(session_, out_ptr(batch), batch.size());
    if (is_session_fault(rv) && renew_session()) {
        rv = token.p11->C_GenerateRandom(session_, out_ptr(batch), batch.size());
    }
    if (rv != CKR_OK) {
        return call_failed("C_GenerateRandom", rv);
    }
    random_used_ = 0;
    return done;
}

Status<> Lane::random(std::span<std::byte> out) {
    const std::span<std::byte> batch = random_batch_.reveal_mutable(SecretAccess());
    while (!out.empty()) {
        if (random_used_ == batch.size()) {
            const auto refilled = refill_random();
            if (!refilled) {
                return refilled.error();
            }
        }
        const std::span<std::byte> taken =
            batch.subspan(random_used_, std::min(out.size(), batch.size() - random_used_));
        std::ranges::copy(taken, out.begin());
        wipe(taken);
        random_used_ += taken.size();
        out = out.subspan(taken.size());
    }
    return done;
}

Status<> Lane::draw_iv(std::span<std::byte, 12> out) {
    Token::State& token = token_.state();
    if (token.options.iv == IvScheme::random96) {
        ++counters_.random_ivs;
        return random(out);
    }
    const std::uint64_t epoch = token.login_epoch.load(std::memory_order_relaxed);
    if (epoch != login_epoch_) {
        nonces_->forget();
        login_epoch_ = epoch;
    }
    if (nonces_->needs_prefix(token.clock)) {
        // Straight from the token, not from the batch: a batch drawn before a fork or a snapshot is shared.
        std::array<std::byte, 8> fresh;
        CK_RV rv = token.p11->C_GenerateRandom(session_, out_ptr(fresh), fresh.size());
        if (is_session_fault(rv) && renew_session()) {
            rv = token.p11->C_GenerateRandom(session_, out_ptr(fresh), fresh.size());
        }
        if (rv != CKR_OK) {
            return call_failed("C_GenerateRandom", rv);
        }
        nonces_->set_prefix(fresh, token.clock);
        wipe(fresh);
        ++counters_.nonce_draws;
    }
    nonces_->next(out);
    return done;
}

unsigned long Lane::encrypt_once(Key& key, ByteView plaintext, std::size_t aad, std::span<std::byte> out,
                                 unsigned long& size) {
    const std::span<std::byte> iv = out.subspan(link::kBlobHeader, kGcmIv);
    return gcm_encrypt(token_.state().p11, session_, key.state().handle,
                       gcm_params(iv, ByteView(aad_).first(aad)), plaintext,
                       out.subspan(link::kBlobHeader + kGcmIv), size);
}

Result<std::size_t> Lane::encrypt(Key& key, ByteView plaintext, ByteView context, std::span<std::byte> out) {
    const Key::State& k = key.state();
    if (k.kind->family != Family::aes) {
        return Error(Errc::unsupported, "not a symmetric encryption key");
    }
    if (plaintext.empty() || context.size() > link::kMaxContext || out.size() < blob_room(plaintext.size())) {
        return Error(Errc::internal, "encrypt: sizes out of bounds");
    }
    ++counters_.operations;
    std::memcpy(out.data(), k.blob_header.data(), link::kBlobHeader);
    std::memcpy(aad_.data(), k.blob_header.data(), link::kBlobHeader);
    if (!context.empty()) {
        std::memcpy(aad_.data() + link::kBlobHeader, context.data(), context.size());
    }
    const std::size_t aad = link::kBlobHeader + context.size();
    const auto iv = std::span<std::byte, kGcmIv>(out.data() + link::kBlobHeader, kGcmIv);
    const bool module_writes = token_.state().options.iv == IvScheme::module_writes;
    CK_RV rv = CKR_OK;
    for (int attempt = 0; attempt < 2; ++attempt) {
        if (module_writes) {
            std::ranges::fill(iv, std::byte{0});
            ++counters_.random_ivs;
        } else {
            const auto drawn = draw_iv(iv);
            if (!drawn) {
                return drawn.error();
            }
        }
        unsigned long size = 0;
        rv = encrypt_once(key, plaintext, aad, out, size);
        if (rv == CKR_OK) {
            const bool has_iv = std::ranges::any_of(iv, [](std::byte b) { return b != std::byte{0}; });
            if (size != plaintext.size() + link::kGcmTag || !has_iv) {
                return Error(Errc::hsm_fault, "C_Encrypt: output of another form than AES-GCM");
            }
            return blob_size(plaintext.size());
        }
        if (attempt != 0) {
            break;
        }
        Status<> again = call_failed("C_Encrypt", rv);
        if (is_session_fault(rv)) {
            again = renew_session();
        } else if (needs_check_value(rv)) {
            again = reload(key);  // encryption takes no input that could be bad: the handle or the token is
        }
        if (!again) {
            return again.error();
        }
    }
    return call_failed("C_Encrypt", rv);
}

unsigned long Lane::decrypt_once(Key& key, ByteView iv, ByteView sealed, std::size_t aad,
                                 std::span<std::byte> out, unsigned long& size) {
    std::array<std::byte, 16> iv_copy;
    std::ranges::copy(iv, iv_copy.begin());
    const auto params = gcm_params(std::span(iv_copy).first(iv.size()), ByteView(aad_).first(aad));
    const CK_RV rv = gcm_decrypt(token_.state().p11, session_, key.state().handle, params, sealed, out, size);
    if (rv == CKR_OK && size != sealed.size() - link::kGcmTag) {
        return CKR_GENERAL_ERROR;
    }
    return rv;
}

Result<Opening> Lane::try_decrypt(Key& key, ByteView blob, ByteView context, std::span<std::byte> out) {
    const Key::State& k = key.state();
    const auto view = link::parse_blob(blob);
    if (k.kind->family != Family::aes || !view || flat_name(view->name) != k.name || view->iv.size() > 16) {
        ++counters_.data_faults;
        return Error(Errc::data_invalid, "not a blob of this key");
    }
    if (context.size() > link::kMaxContext || out.size() < view->sealed.size()) {
        return Error(Errc::internal, "decrypt: sizes out of bounds");
    }
    ++counters_.operations;
    std::memcpy(aad_.data(), view->header.data(), link::kBlobHeader);
    if (!context.empty()) {
        std::memcpy(aad_.data() + link::kBlobHeader, context.data(), context.size());
    }
    const std::size_t aad = link::kBlobHeader + context.size();
    unsigned long size = 0;
    const auto attempt = [&] { return decrypt_once(key, view->iv, view->sealed, aad, out, size); };
    CK_RV rv = attempt();
    if (is_session_fault(rv) && renew_session()) {
        rv = attempt();
    }
    if (is_key_fault(rv)) {
        const auto reloaded = reload(key);
        if (!reloaded) {
            return reloaded.error();
        }
        rv = attempt();
    }
    if (rv == CKR_OK) {
        wipe(out.subspan(size));
        return Opening{.size = size};
    }
    if (is_key_fault(rv) || !needs_check_value(rv)) {
        return call_failed("C_Decrypt", rv);
    }
    return Opening{.refused = rv};
}

Result<std::size_t> Lane::decrypt(Key& key, ByteView blob, ByteView context, std::span<std::byte> out) {
    auto opening = try_decrypt(key, blob, context, out);
    if (opening && opening->refused != 0) {
        const auto settled = settle(key);
        if (!settled) {
            return settled.error();
        }
        opening = try_decrypt(key, blob, context, out);
    }
    if (!opening) {
        return opening.error();
    }
    return opening->refused == 0 ? Result<std::size_t>(opening->size) : not_authentic(*opening);
}

Error Lane::not_authentic(const Opening& refused) noexcept {
    ++counters_.data_faults;
    return Error(Errc::data_invalid, "ciphertext does not authenticate", refused.refused);
}

Status<> Lane::settle(Key& key) {
    ++counters_.key_checks;
    auto good = verify(key);
    if (!good && good.error().code == Errc::key_fault) {
        good = reload(key);
    }
    if (good) {
        key.state().settled_at = token_.state().clock.mono();
    }
    return good;
}

MonoTime Lane::settle_due(Key& key) noexcept {
    return key.state().settled_at + kSettleInterval;
}

Status<> Lane::verify(Key& key) {
    const Key::State& k = key.state();
    const CheckedKey checked{.kind = *k.kind,
                             .handle = k.handle,
                             .input = k.check_input,
                             .value = k.token.header.check_value,
                             .public_key = k.token.header.public_key};
    auto verified = verify_check_value(*this, checked);
    if (!verified && is_session_fault(verified.error().ckr)) {
        const auto renewed = renew_session();
        if (!renewed) {
            return renewed.error();
        }
        verified = verify_check_value(*this, checked);
    }
    return verified;
}

// The old handle is forgotten, not destroyed: a handle that is not this key may be somebody else's.
Status<> Lane::reload(Key& key) {
    Key::State& k = key.state();
    ++counters_.key_reloads;
    k.handle = CK_INVALID_HANDLE;
    const auto handle = unwrap_material(token_.state(), token_.capabilities(), k, Residency::session);
    if (!handle) {
        const Error& error = handle.error();
        // The key token opened before: that it no longer does says something about the HSM.
        return error.code == Errc::data_invalid ? Error(Errc::key_fault, error.detail, error.ckr) : error;
    }
    k.handle = *handle;
    return verify(key);
}

}  // namespace claviger::hsm
