#include "hsm/pkcs8.hpp"

#include <algorithm>

namespace claviger::hsm {
namespace {

using Buffer = SecretBytes::Buffer;
using namespace std::string_view_literals;

// DER tags (X.690 section 8).
constexpr std::byte kInteger{0x02};
constexpr std::byte kBitString{0x03};
constexpr std::byte kOctetString{0x04};
constexpr std::byte kSequence{0x30};
constexpr std::byte kPublicPoint{0xa1};  // [1] EXPLICIT, RFC 5915

constexpr auto kRsaAlgorithm =
    "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00"sv;            // rsaEncryption, NULL
constexpr auto kEcAlgorithm = "\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"sv;  // id-ecPublicKey
constexpr auto kZero = "\x02\x01\x00"sv;
constexpr auto kOne = "\x02\x01\x01"sv;

void add(Buffer& to, ByteView bytes) {
    to.insert(to.end(), bytes.begin(), bytes.end());
}

void add_element(Buffer& to, std::byte tag, ByteView content) {
    to.push_back(tag);
    const std::size_t size = content.size();
    if (size >= 0x100) {
        add(to, std::array{std::byte{0x82}, static_cast<std::byte>(size >> 8), static_cast<std::byte>(size)});
    } else if (size >= 0x80) {
        add(to, std::array{std::byte{0x81}, static_cast<std::byte>(size)});
    } else {
        to.push_back(static_cast<std::byte>(size));
    }
    add(to, content);
}

void add_integer(Buffer& to, ByteView value) {
    while (value.size() > 1 && value.front() == std::byte{0}) {
        value = value.subspan(1);
    }
    Buffer content;
    content.reserve(value.size() + 1);
    if (value.empty() || (value.front() & std::byte{0x80}) != std::byte{0}) {
        content.push_back(std::byte{0});
    }
    add(content, value);
    add_element(to, kInteger, content);
}

// PrivateKeyInfo ::= SEQUENCE { version 0, algorithm, OCTET STRING of the key }
SecretBytes private_key_info(ByteView algorithm, ByteView key) {
    Buffer content;
    content.reserve(key.size() + 64);
    add(content, as_bytes(kZero));
    add_element(content, kSequence, algorithm);
    add_element(content, kOctetString, key);
    Buffer info;
    info.reserve(content.size() + 8);
    add_element(info, kSequence, content);
    return SecretBytes(ByteView(info));
}

}  // namespace

SecretBytes rsa_pkcs8(const RsaNumbers& numbers) {
    Buffer content;
    content.reserve(4096);
    add(content, as_bytes(kZero));
    for (const SecretBytes& number : numbers) {
        add_integer(content, number.reveal(SecretAccess()));
    }
    Buffer key;
    key.reserve(content.size() + 8);
    add_element(key, kSequence, content);
    return private_key_info(as_bytes(kRsaAlgorithm), key);
}

SecretBytes ec_pkcs8(const EcNumbers& numbers) {
    Bytes bits{std::byte{0}};  // no unused bits
    append(bits, numbers.point);
    Buffer point;
    add_element(point, kBitString, bits);
    Buffer content;
    content.reserve(512);
    add(content, as_bytes(kOne));
    add_element(content, kOctetString, numbers.scalar);
    add_element(content, kPublicPoint, point);
    Buffer key;
    key.reserve(content.size() + 8);
    add_element(key, kSequence, content);
    Bytes algorithm = to_bytes(as_bytes(kEcAlgorithm));
    append(algorithm, as_bytes(numbers.curve_oid));
    return private_key_info(algorithm, key);
}

}  // namespace claviger::hsm
