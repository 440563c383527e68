#include "hsm/link/blob.hpp"

#include <algorithm>
#include <cstring>

#include <claviger/base/digest.hpp>

namespace claviger::link {

namespace {

constexpr std::size_t kTagAt = 1;
constexpr std::size_t kMaterialAt = kTagAt + 16;
constexpr std::size_t kIvSizeAt = kMaterialAt + 16;
constexpr std::size_t kMaxIv = 16;
static_assert(kIvSizeAt + 1 == kBlobHeader);

}  // namespace

std::optional<BlobView> parse_blob(ByteView blob) noexcept {
    if (blob.size() <= kBlobHeader || blob.size() > kMaxBlob || blob[0] != kBlobVersion) {
        return std::nullopt;
    }
    const std::size_t iv_size = std::to_integer<std::size_t>(blob[kIvSizeAt]);
    if (iv_size == 0 || iv_size > kMaxIv || blob.size() <= kBlobHeader + iv_size + kGcmTag) {
        return std::nullopt;
    }
    BlobView view;
    std::memcpy(view.name.key_tag.data(), blob.data() + kTagAt, view.name.key_tag.size());
    std::memcpy(view.name.material.data(), blob.data() + kMaterialAt, view.name.material.size());
    view.header = blob.first(kBlobHeader);
    view.iv = blob.subspan(kBlobHeader, iv_size);
    view.sealed = blob.subspan(kBlobHeader + iv_size);
    view.ciphertext = view.sealed.first(view.sealed.size() - kGcmTag);
    return view;
}

std::array<std::byte, kBlobHeader> blob_header(const KeyName& name, std::size_t iv_size) noexcept {
    std::array<std::byte, kBlobHeader> header{};
    header[0] = kBlobVersion;
    std::copy(name.key_tag.begin(), name.key_tag.end(), header.begin() + kTagAt);
    std::copy(name.material.begin(), name.material.end(), header.begin() + kMaterialAt);
    header[kIvSizeAt] = static_cast<std::byte>(iv_size);
    return header;
}

std::array<std::byte, 16> key_tag(std::string_view account, std::string_view key_id) noexcept {
    Sha256 hash;
    const Sha256Digest digest = hash.update(as_bytes(account)).update(as_bytes(key_id)).finish();
    std::array<std::byte, 16> tag;
    std::copy_n(digest.begin(), tag.size(), tag.begin());
    return tag;
}

void append_context(Bytes& to, std::span<const std::pair<std::string_view, std::string_view>> sorted) {
    WireWriter writer(to);
    for (const auto& [name, value] : sorted) {
        writer.text(name).text(value);
    }
}

}  // namespace claviger::link
