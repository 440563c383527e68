#include "hsm/host/pin_store.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <memory>

#include <claviger/base/clock.hpp>
#include <claviger/base/files.hpp>
#include <claviger/base/wire.hpp>

#include "hsm/host/files.hpp"

namespace claviger::host {

namespace {

constexpr std::string_view kMagic = "CLVPINS1";  // also the AAD: a file of another format does not open
constexpr std::size_t kKeySize = 32;
constexpr std::size_t kNonceSize = 12;
constexpr std::size_t kTagSize = 16;
constexpr std::size_t kMaxFile = 64 << 10;
constexpr std::size_t kMaxPin = 255;

using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

enum class Direction : int { open = 0, seal = 1 };

// AES-256-GCM over `text` in place (SP 800-38D). `tag` is read or written.
bool gcm(Direction direction, ByteView key, ByteView nonce, std::span<std::byte> text,
         std::span<std::byte> tag) {
    const CipherContext context(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
    const int enc = static_cast<int>(direction);
    int size = 0;
    if (!context ||
        EVP_CipherInit_ex2(context.get(), EVP_aes_256_gcm(), as_uchar(key), as_uchar(nonce), enc, nullptr) !=
            1 ||
        EVP_CipherUpdate(context.get(), nullptr, &size, as_uchar(as_bytes(kMagic)),
                         static_cast<int>(kMagic.size())) != 1 ||
        EVP_CipherUpdate(context.get(), as_uchar_out(text), &size, as_uchar(text),
                         static_cast<int>(text.size())) != 1) {
        return false;
    }
    const int tag_size = static_cast<int>(tag.size());
    if (direction == Direction::open &&
        EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, tag_size, tag.data()) != 1) {
        return false;
    }
    if (EVP_CipherFinal_ex(context.get(), as_uchar_out(text) + size, &size) != 1) {
        return false;
    }
    return direction == Direction::open ||
           EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, tag_size, tag.data()) == 1;
}

void put(WireWriter<SecretBytes::Buffer>& to, const std::optional<PinVersion>& pin) {
    to.number(static_cast<std::uint8_t>(pin ? 1 : 0));
    if (pin) {
        to.number(pin->version).bytes(pin->pin.reveal(SecretAccess()));
    }
}

std::optional<PinVersion> get(WireReader& from) {
    if (from.number<std::uint8_t>() == 0) {
        return std::nullopt;
    }
    PinVersion pin;
    pin.version = from.number<std::uint64_t>();
    pin.pin = SecretBytes(from.bytes(kMaxPin));
    return pin;
}

Result<SecretBytes> load_key(const std::string& directory) {
    Result<std::optional<SecretBytes>> found = read_file(directory + "/pins.key", kKeySize);
    if (!found) {
        return found.error();
    }
    if (*found) {
        if ((*found)->size() != kKeySize) {
            return Error(Errc::integrity,
                         directory + "/pins.key: wrong size; restore it or enrol this HSM again");
        }
        return std::move(**found);
    }
    SecretBytes fresh(kKeySize);
    SystemRandom().fill(fresh.reveal_mutable(SecretAccess()));
    const Status<> written = replace_file(directory + "/pins.key", fresh.reveal(SecretAccess()));
    if (!written) {
        return written.error();
    }
    return fresh;
}

}  // namespace

bool KeptPins::is_refused(std::uint64_t version) const noexcept {
    return std::find(refused.begin(), refused.end(), version) != refused.end();
}

Result<PinStore> PinStore::open(const std::string& directory) {
    PinStore store(directory);
    const Result<KeptPins> kept = store.read();
    if (!kept) {
        return kept.error();
    }
    return store;
}

Result<KeptPins> PinStore::read() const {
    const Result<SecretBytes> key = load_key(directory_);
    if (!key) {
        return key.error();
    }
    Result<std::optional<SecretBytes>> found = read_file(directory_ + "/pins", kMaxFile);
    if (!found) {
        return found.error();
    }
    if (!*found) {
        return KeptPins{};
    }
    const std::span<std::byte> file = (*found)->reveal_mutable(SecretAccess());
    const Error broken(Errc::integrity, directory_ +
                                            "/pins does not open with pins.key; restore both, or set a new "
                                            "user PIN as officer and enrol this HSM again");
    if (file.size() < kMagic.size() + kNonceSize + kTagSize || as_text(file.first(kMagic.size())) != kMagic) {
        return broken;
    }
    const ByteView nonce = file.subspan(kMagic.size(), kNonceSize);
    const std::span<std::byte> tag = file.last(kTagSize);
    const std::size_t overhead = kMagic.size() + kNonceSize;
    const std::span<std::byte> text = file.subspan(overhead, file.size() - overhead - kTagSize);
    if (!gcm(Direction::open, key->reveal(SecretAccess()), nonce, text, tag)) {
        return broken;
    }
    WireReader reader{ByteView(text)};
    KeptPins state;
    state.current = get(reader);
    state.next = get(reader);
    state.last_version = reader.number<std::uint64_t>();
    const auto count = reader.number<std::uint32_t>();
    for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
        state.refused.push_back(reader.number<std::uint64_t>());
    }
    if (!reader.at_end()) {
        return broken;
    }
    return state;
}

Status<> PinStore::save(const KeptPins& state) {
    const Result<SecretBytes> key = load_key(directory_);
    if (!key) {
        return key.error();
    }
    SecretBytes::Buffer file;
    file.reserve(kMaxFile);
    WireWriter writer(file);
    SystemRandom random;
    std::array<std::byte, kNonceSize> nonce;
    random.fill(nonce);
    writer.raw_bytes(as_bytes(kMagic)).raw_bytes(nonce);
    const std::size_t start = file.size();
    put(writer, state.current);
    put(writer, state.next);
    writer.number(state.last_version).number(static_cast<std::uint32_t>(state.refused.size()));
    for (const std::uint64_t version : state.refused) {
        writer.number(version);
    }
    std::array<std::byte, kTagSize> tag;
    if (!gcm(Direction::seal, key->reveal(SecretAccess()), nonce, std::span(file).subspan(start), tag)) {
        return Error(Errc::internal, "AES-256-GCM is not available");
    }
    writer.raw_bytes(tag);
    return replace_file(directory_ + "/pins", file);
}

}  // namespace claviger::host
