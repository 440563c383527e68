// Any bytes as a ciphertext through the whole Decrypt path. Only the untouched blob may open.
#include <cstdint>

#include <claviger/base/encoding.hpp>

#include "tests/unit/kms/fakes.hpp"

namespace {

struct Fixture {
    Fixture() {
        api.audit.keeping = false;
        const std::string key = api.make_key();
        const std::string body = R"({"KeyId":")" + key + R"(","Plaintext":"c2VjcmV0"})";
        blob = *claviger::from_base64(
            claviger::kms::test::text_at(api.call("Encrypt", body).body, "CiphertextBlob"));
    }
    claviger::kms::test::Harness api;
    claviger::Bytes blob;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace claviger;
    static Fixture fixture;
    Bytes bytes = to_bytes(std::as_bytes(std::span(data, size)));
    // A first byte of 1 means: the rest is laid over the good blob, so that mutation reaches what lies behind
    // the tag.
    if (size > 1 && data[0] == 1) {
        bytes = fixture.blob;
        for (std::size_t i = 1; i < size; ++i) {
            bytes[(i - 1) % bytes.size()] ^= static_cast<std::byte>(data[i]);
        }
    }
    const http::Answer answer =
        fixture.api.call("Decrypt", R"({"CiphertextBlob":")" + to_base64(bytes) + "\"}");
    if ((answer.status == 200) != (bytes == fixture.blob)) {
        __builtin_trap();
    }
    return 0;
}
